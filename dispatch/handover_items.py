"""What is open at a desk: gathered from the world, not remembered by people. Pure.

Each open thing is one item with a key that stays the same while the thing is open, so that two gatherings can be
compared. What the world does not hold (links, services) is handed in as `observed`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from dispatch.closure import is_active, is_over
from dispatch.duty_records import HandoverChange, HandoverItem
from dispatch.fitness import unfit
from dispatch.incident import LIFECYCLE
from dispatch.kinds import AirspaceState, HandoverChangeKind, HandoverItemKind, IncidentState
from dispatch.world import ONGOING, World

MOST_ITEMS = 300  # on one sheet; more is counted
TITLE_CHARACTERS = 120
OVERDUE = "overdue_"  # how the history of a tasking begins a passed timer's line (tasking_fold.py)
_WAITING = frozenset({AirspaceState.FILED, AirspaceState.COUNTERED})
_ORDER = {kind: place for place, kind in enumerate(HandoverItemKind)}


def gather(
    world: World,
    now: datetime,
    *,
    since: datetime,
    until: datetime,
    observed: Iterable[HandoverItem] = (),
) -> tuple[tuple[HandoverItem, ...], int]:
    """Everything open at `now`, by kind and time, at most MOST_ITEMS, and how many are left out.

    `since` is when the shift began, `until` when the next one ends: what runs out by then is told.
    """
    found = [
        *_incidents(world),
        *_taskings(world, since),
        *_card_lines(world, since),
        *_missed(world, since),
        *_airspace(world),
        *_closures(world, now),
        *_aircraft(world, now),
        *_expiring(world, now, until),
        *_notes(world, since),
        *observed,
    ]
    found.sort(key=lambda item: (_ORDER[item.kind], item.at is None, item.at or now, item.key))
    return tuple(found[:MOST_ITEMS]), max(0, len(found) - MOST_ITEMS)


def compare(before: Iterable[HandoverItem], after: Iterable[HandoverItem]) -> tuple[HandoverChange, ...]:
    """What is new, gone or in another state. A time that runs on is no change."""
    old, new = {each.key: each for each in before}, {each.key: each for each in after}
    changes = [
        HandoverChange(kind=HandoverChangeKind.NEW, item=item) for key, item in new.items() if key not in old
    ]
    changes += [
        HandoverChange(kind=HandoverChangeKind.GONE, item=item) for key, item in old.items() if key not in new
    ]
    changes += [
        HandoverChange(kind=HandoverChangeKind.CHANGED, item=item)
        for key, item in new.items()
        if key in old and (old[key].state, old[key].detail) != (item.state, item.detail)
    ]
    return tuple(changes)


def _item(kind: HandoverItemKind, record_id: str, title: str, **more: object) -> HandoverItem:
    part = f":{more.pop('part')}" if "part" in more else ""
    return HandoverItem(
        key=f"{kind}:{record_id}{part}",
        kind=kind,
        record_id=record_id,
        title=title[:TITLE_CHARACTERS],
        **more,  # type: ignore[arg-type]  # state, detail, at
    )


def _incidents(world: World) -> Iterator[HandoverItem]:
    for each in world.incidents.values():
        if not LIFECYCLE.final(each.state):
            alarm = each.state is IncidentState.REPORTED
            yield _item(
                HandoverItemKind.ALARM if alarm else HandoverItemKind.INCIDENT,
                each.id,
                each.title,
                state=str(each.state),
                detail=str(each.level),
                at=each.reported_at,
            )


def _taskings(world: World, since: datetime) -> Iterator[HandoverItem]:
    """Ongoing ones with the timer that runs out first; of all, what passed in this shift."""
    for each in world.taskings.values():
        if each.site != world.site:
            continue
        aircraft = world.aircraft.get(each.aircraft_id)
        title = f"{each.number} {aircraft.name if aircraft else ''} {each.aircraft_id}"
        if each.state in ONGOING:
            timer = min(each.timers, key=lambda one: one.due_at, default=None)
            yield _item(
                HandoverItemKind.TASKING,
                each.id,
                title,
                state=str(each.state),
                detail=str(timer.kind) if timer else "",
                at=timer.due_at if timer else None,
            )
        for step in each.history:
            if step.action.startswith(OVERDUE) and step.at >= since:
                yield _item(
                    HandoverItemKind.ESCALATION,
                    each.id,
                    title,
                    part=f"{step.action}:{step.at:%m%dT%H%M%S}",
                    state=step.action.removeprefix(OVERDUE),
                    at=step.at,
                )


CARD_LINE, MISSED = "run_card", "handover"  # states of an escalation that is of no timer


def _card_lines(world: World, since: datetime) -> Iterator[HandoverItem]:
    """Lines of run cards whose clock passed: those of this shift, and whatever of them is still to be done."""
    for each in world.incidents.values():
        card = each.run_card
        if card is None or each.site != world.site or LIFECYCLE.final(each.state):
            continue
        for one in card.items:
            if one.escalated_at is not None and (one.done_at is None or one.escalated_at >= since):
                yield _item(
                    HandoverItemKind.ESCALATION,
                    each.id,
                    each.title,
                    part=f"card:{one.key}",
                    state=CARD_LINE,
                    detail=one.item.text,
                    at=one.escalated_at,
                )


def _missed(world: World, since: datetime) -> Iterator[HandoverItem]:
    """Shifts that ended without a handover, about when this one began or since."""
    for shift_id, at in world.missed_handovers.items():
        shift = world.shifts.get(shift_id)
        if shift is not None and at >= since:
            account = world.accounts.get(shift.account)
            name = account.display_name if account is not None else shift.account
            yield _item(HandoverItemKind.ESCALATION, shift_id, name, state=MISSED, at=at)


def _airspace(world: World) -> Iterator[HandoverItem]:
    for each in world.requests.values():
        if each.site == world.site and each.state in _WAITING:
            tasking = world.taskings.get(each.tasking_id)
            yield _item(
                HandoverItemKind.AIRSPACE,
                each.id,
                f"{tasking.number if tasking else ''} {each.aircraft_id}".strip(),
                state=str(each.state),
                detail=str(each.kind),
                at=each.answer_due_at,
            )


def _closures(world: World, now: datetime) -> Iterator[HandoverItem]:
    for each in world.closures.values():
        if not is_over(each, now):
            active = is_active(each, now)
            yield _item(
                HandoverItemKind.CLOSURE,
                each.id,
                each.name,
                state="active" if active else "coming",
                detail=str(each.kind),
                at=each.active_until if active else each.active_from,
            )


def _aircraft(world: World, now: datetime) -> Iterator[HandoverItem]:
    for each in world.aircraft.values():
        if each.site != world.site:
            continue
        title = f"{each.name} {each.id}"
        for why in unfit(world, each, now):
            if why.code == "UNSERVICEABLE":
                yield _item(HandoverItemKind.UNSERVICEABLE, each.id, title, detail=why.detail)
            else:
                yield _item(
                    HandoverItemKind.UNFIT,
                    each.id,
                    title,
                    part=f"{why.code}:{why.who}:{why.rule}",
                    state=why.code,
                    detail=why.who,
                )


# table of the world, its field with a time through which it holds
_RUNS_OUT = (
    ("aircraft", "certificate_until"),
    ("aircraft", "inspection_due_at"),
    ("crew", "licence_until"),
    ("crew", "medical_until"),
    ("operators", "certificate_until"),
    ("contracts", "valid_until"),
    ("equipment", "usable_until"),
)


def _expiring(world: World, now: datetime, until: datetime) -> Iterator[HandoverItem]:
    for table, name in _RUNS_OUT:
        for each in getattr(world, table).values():
            at = getattr(each, name)
            if each.site == world.site and at is not None and now < at <= until:
                title = f"{each.name} {each.id}"
                yield _item(
                    HandoverItemKind.EXPIRING, each.id, title, part=f"{table}.{name}", state=name, at=at
                )


def _notes(world: World, since: datetime) -> Iterator[HandoverItem]:
    """What was left for the next shift, and whatever was written in this one; not what a later note put right."""
    corrected = {each.corrects for each in world.notes.values()}
    for each in world.notes.values():
        if each.at >= since and each.id not in corrected:
            yield _item(
                HandoverItemKind.NOTE,
                each.id,
                each.text,
                state="for_next" if each.for_next else "",
                detail=each.author,
                at=each.at,
            )
