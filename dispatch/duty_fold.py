"""How facts about the roster, the handover and the logbook change the world."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from immutables import Map

from dispatch import duty_facts
from dispatch.duty_records import HandoverRead
from dispatch.facts import Recorded
from dispatch.kinds import HandoverState
from dispatch.world import World, put, step_of


def _duty_shift_saved(world: World, _: Recorded, fact: duty_facts.DutyShiftSaved) -> World:
    return put(world, "shifts", fact.shift.id, fact.shift)


KEPT_MISSED = timedelta(days=2)  # that a shift was not handed over is told of the last ones


KEPT_HANDOVERS = 90  # finished ones in memory: a month of three shifts a day


# in memory, the newest, up to twice as many: what may still be corrected and what a shift hands over
KEPT_NOTES = 500


_FINISHED = (HandoverState.DONE, HandoverState.WITHDRAWN)


def _handover_opened(world: World, recorded: Recorded, fact: duty_facts.HandoverOpened) -> World:
    handover = fact.handover
    step = step_of(recorded, "open", handover.state)
    finished = sorted(
        (each for each in world.handovers.values() if each.state in _FINISHED),
        key=lambda each: each.opened_at,
    )
    kept = world.handovers.mutate()
    for old in finished[: max(0, len(finished) - KEPT_HANDOVERS)]:
        del kept[old.id]
    world = replace(world, handovers=kept.finish())
    return put(world, "handovers", handover.id, replace(handover, history=(*handover.history, step)))


def _with_handover(world: World, recorded: Recorded, handover_id: str, action: str, **changes: Any) -> World:
    """A handover with changes and, where an action is named, one line more of history."""
    handover = world.handovers.get(handover_id)
    if handover is None:
        return world
    changed = replace(handover, **changes)
    if action:
        step = step_of(recorded, action, changed.state, str(changes.get("remarks", "")))
        changed = replace(changed, history=(*handover.history, step))
    return put(world, "handovers", handover_id, changed)


def _handover_signed(world: World, recorded: Recorded, fact: duty_facts.HandoverSigned) -> World:
    return _with_handover(
        world,
        recorded,
        fact.handover_id,
        "sign",
        state=HandoverState.SIGNED,
        version=fact.version,
        items=fact.items,
        left_out=fact.left_out,
        remarks=fact.remarks,
        signed_at=recorded.at,
        signed_by=recorded.actor,
    )


def _handover_items_read(world: World, recorded: Recorded, fact: duty_facts.HandoverItemsRead) -> World:
    handover = world.handovers.get(fact.handover_id)
    if handover is None:
        return world
    new = tuple(HandoverRead(account=recorded.actor, key=key, at=recorded.at) for key in fact.keys)
    return _with_handover(world, recorded, handover.id, "", reads=(*handover.reads, *new))


def _handover_taken(world: World, recorded: Recorded, fact: duty_facts.HandoverTaken) -> World:
    return _with_handover(
        world,
        recorded,
        fact.handover_id,
        "take",
        state=HandoverState.DONE,
        version=fact.version,
        changes=fact.changes,
        taken_at=recorded.at,
        taken_by=recorded.actor,
        taken_remarks=fact.remarks,
    )


def _handover_withdrawn(world: World, recorded: Recorded, fact: duty_facts.HandoverWithdrawn) -> World:
    return _with_handover(
        world, recorded, fact.handover_id, "withdraw", state=HandoverState.WITHDRAWN, version=fact.version
    )


def _handover_escalated(world: World, recorded: Recorded, fact: duty_facts.HandoverEscalated) -> World:
    return _with_handover(
        world, recorded, fact.handover_id, "overdue", version=fact.version, escalated_at=recorded.at
    )


def _handover_missed(world: World, recorded: Recorded, fact: duty_facts.HandoverMissed) -> World:
    newest = {each: at for each, at in world.missed_handovers.items() if recorded.at - at <= KEPT_MISSED}
    return replace(world, missed_handovers=Map({**newest, **dict.fromkeys(fact.shift_ids, recorded.at)}))


def _note_added(world: World, _: Recorded, fact: duty_facts.NoteAdded) -> World:
    notes = world.notes.set(fact.note.id, fact.note)
    if len(notes) >= 2 * KEPT_NOTES:  # seldom, so that a long journal folds as fast as a short one
        newest = sorted(notes.values(), key=lambda note: (note.at, note.id))[-KEPT_NOTES:]
        notes = Map({note.id: note for note in newest})
    return replace(world, notes=notes)


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    duty_facts.DutyShiftSaved: _duty_shift_saved,
    duty_facts.HandoverOpened: _handover_opened,
    duty_facts.HandoverSigned: _handover_signed,
    duty_facts.HandoverItemsRead: _handover_items_read,
    duty_facts.HandoverTaken: _handover_taken,
    duty_facts.HandoverWithdrawn: _handover_withdrawn,
    duty_facts.HandoverEscalated: _handover_escalated,
    duty_facts.HandoverMissed: _handover_missed,
    duty_facts.NoteAdded: _note_added,
}
