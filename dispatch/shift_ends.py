"""The end of a shift that nobody hands over: cried out once for all who left then (`HandoverMissed`); nothing is decided.

Only the posts that hand over the desk count, and only who leaves: somebody who goes on in the next row, at whatever post
of the desk, has handed over nothing yet. A handover of that shift, or one opened in its second half, is the answer to it;
whether that one is finished in time is handover.py's clock.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from dispatch import access
from dispatch.commands import Ask
from dispatch.duty_commands import EscalateMissedHandover
from dispatch.duty_facts import HandoverMissed
from dispatch.errors import Refused
from dispatch.facts import Fact
from dispatch.kinds import HandoverState
from dispatch.shifts import ALWAYS, planned
from dispatch.staff_records import DutyShift
from dispatch.world import World

# An older end is history: a roster that is brought in later, or a site that stood still, cries out nothing.
NO_NEWS = timedelta(hours=6)


def due(world: World, now: datetime) -> Iterator[EscalateMissedHandover]:
    """Ends of shifts without a handover that nobody has been told of yet, the oldest first."""
    ended = [
        each
        for each in planned(world)
        if each.post in ALWAYS
        and now - NO_NEWS < each.ends_at <= now
        and each.id not in world.missed_handovers
    ]
    left = [each for each in ended if not _goes_on(world, each) and not _handed_over(world, each)]
    for ended_at in sorted({each.ends_at for each in left}):
        ids = tuple(sorted(each.id for each in left if each.ends_at == ended_at))
        yield EscalateMissedHandover(shift_ids=ids, ended_at=ended_at)


def missed(world: World) -> list[DutyShift]:
    """Shifts that were cried out and that nobody has handed over since, the last first."""
    found = (world.shifts.get(each) for each in world.missed_handovers)
    waiting = [each for each in found if each is not None and not _handed_over(world, each)]
    return sorted(waiting, key=lambda each: (each.ends_at, each.id), reverse=True)


def _goes_on(world: World, shift: DutyShift) -> bool:
    return any(
        each.account == shift.account
        and each.post in ALWAYS
        and each.begins_at <= shift.ends_at < each.ends_at
        for each in planned(world)
    )


def _handed_over(world: World, shift: DutyShift) -> bool:
    middle = shift.begins_at + (shift.ends_at - shift.begins_at) / 2
    return any(
        each.state is not HandoverState.WITHDRAWN
        and (each.due_at == shift.ends_at or each.opened_at >= middle)
        for each in world.handovers.values()
    )


def decide_escalate(
    world: World, ask: Ask, command: EscalateMissedHandover, now: datetime
) -> tuple[Fact, ...]:
    """Record that nobody handed over. Raises Forbidden or Refused(NOT_NOW)."""
    access.require_site(ask, "crying out a shift that was not handed over")
    if command not in due(world, now):
        raise Refused("NOT_NOW", "the shift was handed over, or is cried out already")
    return (HandoverMissed(shift_ids=command.shift_ids, ended_at=command.ended_at),)
