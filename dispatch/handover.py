"""Shift handover (交接班): who goes opens and signs it, who comes reads every item and signs; only then it is done.

    open –sign (its opener)→ signed –take (another desk)→ done          open, signed –withdraw→ withdrawn

The open items are gathered by the site at the opening and again at the first signature; what is otherwise at the
second one is marked in the record. One handover at a time. Past the end of the shift an unfinished one is cried out
once (`HandoverEscalated`); nothing is decided by it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch import access, ids, shifts
from dispatch.commands import Ask
from dispatch.duty_commands import (
    EscalateHandover,
    OpenHandover,
    ReadHandoverItems,
    SignHandover,
    TakeHandover,
    WithdrawHandover,
)
from dispatch.duty_facts import (
    HandoverEscalated,
    HandoverItemsRead,
    HandoverOpened,
    HandoverSigned,
    HandoverTaken,
    HandoverWithdrawn,
)
from dispatch.duty_records import Handover, HandoverChange, HandoverItem
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.handover_items import compare, gather
from dispatch.kinds import HandoverAction, HandoverState, Role
from dispatch.lifecycle import Lifecycle
from dispatch.world import World

MAX_REMARKS = 2000
MAX_REASON = 500
UNPLANNED = timedelta(minutes=30)  # to hand over where the roster says no end of the shift
LOOK_BACK = timedelta(hours=12)  # how far the shift is taken to reach where nothing says so
NEXT_SHIFT = timedelta(hours=12)  # what runs out in it is told; where the roster plans none

LIFECYCLE: Lifecycle[HandoverState, HandoverAction] = Lifecycle(
    name="handover",
    initial=HandoverState.OPEN,
    table={
        (HandoverState.OPEN, HandoverAction.SIGN): HandoverState.SIGNED,
        (HandoverState.SIGNED, HandoverAction.TAKE): HandoverState.DONE,
        (HandoverState.OPEN, HandoverAction.WITHDRAW): HandoverState.WITHDRAWN,
        (HandoverState.SIGNED, HandoverAction.WITHDRAW): HandoverState.WITHDRAWN,
    },
)

HandoverCommand = (
    OpenHandover | SignHandover | ReadHandoverItems | TakeHandover | WithdrawHandover | EscalateHandover
)


def decide(world: World, ask: Ask, command: HandoverCommand, now: datetime) -> tuple[Fact, ...]:
    """The facts of a step of a handover. Raises Malformed, Forbidden, Unknown or Refused."""
    if isinstance(command, EscalateHandover):
        return _escalate(world, ask, command, now)
    access.require(ask, access.HAND_OVER, "handing over a shift")
    match command:
        case OpenHandover():
            return _open(world, ask, command, now)
        case SignHandover():
            return _sign(world, ask, command, now)
        case ReadHandoverItems():
            return _read(world, ask, command)
        case TakeHandover():
            return _take(world, ask, command, now)
        case WithdrawHandover():
            return _withdraw(world, ask, command)


def unfinished(world: World) -> Handover | None:
    """The handover under way, if any."""
    return next((each for each in world.handovers.values() if not LIFECYCLE.final(each.state)), None)


def unread(handover: Handover, account: str) -> tuple[str, ...]:
    """Keys of the items that an account has not ticked."""
    read = {each.key for each in handover.reads if each.account == account}
    return tuple(item.key for item in handover.items if item.key not in read)


def gathered(
    world: World, handover: Handover, now: datetime, observed: Iterable[HandoverItem]
) -> tuple[tuple[HandoverItem, ...], int]:
    """What is open now, as this handover would tell it."""
    return gather(
        world, now, since=handover.since, until=_next_end(world, handover.due_at), observed=observed
    )


def changed_since_signed(
    world: World, handover: Handover, now: datetime, observed: Iterable[HandoverItem]
) -> tuple[HandoverChange, ...]:
    """What is otherwise now than on the signed sheet."""
    return compare(handover.items, gathered(world, handover, now, observed)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    since: datetime
    due_at: datetime


def _span(world: World, account: str, now: datetime) -> _Span:
    """The shift that is handed over: by the roster, else since the last handover, to be done soon."""
    shift = shifts.shift_of(world, account, now)
    if shift is not None:
        return _Span(since=shift.begins_at, due_at=shift.ends_at)
    taken = [each.taken_at for each in world.handovers.values() if each.taken_at is not None]
    since = max((*taken, now - LOOK_BACK))
    return _Span(since=since, due_at=now + UNPLANNED)


def _next_end(world: World, due_at: datetime) -> datetime:
    """When the next shift ends: of what the roster has begin about then, else a usual shift later."""
    near = timedelta(hours=1)
    ends = [
        each.ends_at
        for each in shifts.planned(world)
        if abs(each.begins_at - due_at) <= near and each.post in shifts.ALWAYS
    ]
    return max(ends, default=due_at + NEXT_SHIFT)


def _open(world: World, ask: Ask, command: OpenHandover, now: datetime) -> tuple[Fact, ...]:
    present = unfinished(world)
    if present is not None:
        raise Refused("HANDOVER_OPEN", f"{present.opened_by} has {present.id} open", field="handover_id")
    span = _span(world, ask.actor, now)
    until = _next_end(world, span.due_at)
    items, left_out = gather(world, now, since=span.since, until=until, observed=command.observed)
    handover = Handover(
        id=ids.derive(world.site, "HND", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        state=HandoverState.OPEN,
        opened_at=now,
        opened_by=ask.actor,
        since=span.since,
        due_at=span.due_at,
        items=items,
        left_out=left_out,
        remarks=_text(command.remarks, "remarks", MAX_REMARKS),
    )
    return (HandoverOpened(handover=handover),)


def _known(world: World, handover_id: str) -> Handover:
    handover = world.handovers.get(handover_id)
    if handover is None:
        raise Unknown("handover_id", f"no handover {handover_id}")
    return handover


def _sign(world: World, ask: Ask, command: SignHandover, now: datetime) -> tuple[Fact, ...]:
    handover = _known(world, command.handover_id)
    LIFECYCLE.advance(handover.state, HandoverAction.SIGN)
    access.check_version(command.version_seen, handover.version, f"handover {handover.id}")
    if handover.opened_by != ask.actor:
        raise Refused(
            "NOT_YOURS", f"{handover.opened_by} opened it and signs it; or withdraw it", field="handover_id"
        )
    items, left_out = gathered(world, handover, now, command.observed)
    return (
        HandoverSigned(
            handover_id=handover.id,
            version=handover.version + 1,
            items=items,
            left_out=left_out,
            remarks=_text(command.remarks, "remarks", MAX_REMARKS),
        ),
    )


def _read(world: World, ask: Ask, command: ReadHandoverItems) -> tuple[Fact, ...]:
    handover = _known(world, command.handover_id)
    if handover.state is not HandoverState.SIGNED:
        raise Refused(
            "NOT_NOW", f"handover is {handover.state}: items are read once it is signed", field="keys"
        )
    _not_own(handover, ask)
    known, waiting = {item.key for item in handover.items}, unread(handover, ask.actor)
    for key in command.keys:
        if key not in known:
            raise Unknown("keys", f"no item {key[:80]!r}")
    new = tuple(key for key in waiting if key in command.keys)
    if not new:
        raise Refused("NOTHING_CHANGED", "they are read already", field="keys")
    return (HandoverItemsRead(handover_id=handover.id, keys=new),)


def _not_own(handover: Handover, ask: Ask) -> None:
    if ask.actor in (handover.signed_by, handover.opened_by):
        raise Refused("OWN_HANDOVER", "who hands over does not take over as well", field="handover_id")


def _take(world: World, ask: Ask, command: TakeHandover, now: datetime) -> tuple[Fact, ...]:
    handover = _known(world, command.handover_id)
    LIFECYCLE.advance(handover.state, HandoverAction.TAKE)
    _not_own(handover, ask)
    access.check_version(command.version_seen, handover.version, f"handover {handover.id}")
    waiting = unread(handover, ask.actor)
    if waiting:
        raise Refused("UNREAD_ITEMS", f"{len(waiting)} of {len(handover.items)} are not read", field="keys")
    return (
        HandoverTaken(
            handover_id=handover.id,
            version=handover.version + 1,
            changes=changed_since_signed(world, handover, now, command.observed),
            remarks=_text(command.remarks, "remarks", MAX_REMARKS),
        ),
    )


def _withdraw(world: World, ask: Ask, command: WithdrawHandover) -> tuple[Fact, ...]:
    handover = _known(world, command.handover_id)
    LIFECYCLE.advance(handover.state, HandoverAction.WITHDRAW)
    access.check_version(command.version_seen, handover.version, f"handover {handover.id}")
    if ask.actor != handover.opened_by and ask.role is not Role.DUTY_CHIEF:
        raise Forbidden(f"{handover.opened_by} or the duty chief withdraws it")
    reason = _text(command.reason, "reason", MAX_REASON)
    if not reason:
        raise Malformed("reason", "withdrawing needs a reason")
    return (HandoverWithdrawn(handover_id=handover.id, version=handover.version + 1, reason=reason),)


def due(world: World, now: datetime) -> Iterator[EscalateHandover]:
    """Handovers whose shift is over and that nobody has been told of yet."""
    for each in world.handovers.values():
        if not LIFECYCLE.final(each.state) and each.escalated_at is None and each.due_at <= now:
            yield EscalateHandover(handover_id=each.id)


def _escalate(world: World, ask: Ask, command: EscalateHandover, now: datetime) -> tuple[Fact, ...]:
    access.require_site(ask, "crying out a late handover")
    handover = _known(world, command.handover_id)
    if command not in due(world, now):
        raise Refused("NOT_NOW", f"handover {handover.id} is not late")
    return (HandoverEscalated(handover_id=handover.id, version=handover.version),)


def _text(text: str, field: str, most: int) -> str:
    if len(text) > most:
        raise Malformed(field, f"{len(text)} characters, at most {most}")
    return text.strip()
