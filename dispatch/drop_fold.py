"""How facts about water, findings and hours change the world; fold.py calls these."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch import drop_facts
from dispatch.device_records import ActStamp
from dispatch.drop_records import WaterChange, WaterLoad
from dispatch.facts import Recorded
from dispatch.kinds import TaskingState
from dispatch.records import Tasking

if TYPE_CHECKING:
    from dispatch.world import World

MOST_EVENTS = 500  # kept of one tasking, the oldest goes
FORGOTTEN_IN = frozenset({TaskingState.SETTLED, TaskingState.ARCHIVED, TaskingState.ENDED})


def _put(world: "World", tasking: Tasking) -> "World":
    return replace(
        world,
        taskings=world.taskings.set(tasking.id, tasking),
        changed=world.changed.set(("taskings", tasking.id), world.seq),
    )


def voided(tasking: Tasking, recorded: Recorded) -> Tasking:
    """What was signed has changed: the signatures stay to be read and hold no more."""
    if all(each.voided_at is not None for each in tasking.signatures):
        return tasking
    signatures = (
        each if each.voided_at is not None else replace(each, voided_at=recorded.at)
        for each in tasking.signatures
    )
    return replace(tasking, signatures=tuple(signatures))


def water_recorded(world: "World", recorded: Recorded, fact: drop_facts.WaterRecorded) -> "World":
    """One load more."""
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None or any(each.id == fact.load.id for each in tasking.water):
        return world
    load = replace(
        fact.load,
        key=recorded.command_id,
        recorded_at=recorded.at,
        by=recorded.actor,
        role=recorded.role,
    )
    told = replace(tasking, water=(*tasking.water, load), timers=fact.timers)
    return _put(world, voided(told, recorded))


def water_corrected(world: "World", recorded: Recorded, fact: drop_facts.WaterCorrected) -> "World":
    """A load with one correction more."""
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world

    def corrected(load: WaterLoad) -> WaterLoad:
        change = WaterChange(
            at=recorded.at,
            by=recorded.actor,
            role=recorded.role,
            reason=fact.reason,
            before_at=load.at,
            before_litres=load.litres,
            struck=fact.struck,
        )
        return replace(
            load,
            sortie=fact.sortie,
            at=fact.at,
            litres=fact.litres,
            struck=fact.struck,
            version=fact.version,
            changes=(*load.changes, change),
        )

    water = tuple(corrected(each) if each.id == fact.load_id else each for each in tasking.water)
    return _put(world, voided(replace(tasking, water=water), recorded))


def hours_signed(world: "World", recorded: Recorded, fact: drop_facts.HoursSigned) -> "World":
    """One signature more; an older one of the same role stays below it."""
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    signature = replace(fact.signature, by=recorded.actor, at=recorded.at)
    return _put(world, replace(tasking, signatures=(*tasking.signatures, signature)))


def track_events_noted(world: "World", _: Recorded, fact: drop_facts.TrackEventsNoted) -> "World":
    """Findings that wait for people."""
    known = world.track_events.get(fact.tasking_id, ())
    new = tuple(each for each in fact.events if each.id not in {one.id for one in known})
    kept = (*known, *new)[-MOST_EVENTS:]
    return replace(world, track_events=world.track_events.set(fact.tasking_id, kept))


def track_events_rejected(
    world: "World", recorded: Recorded, fact: drop_facts.TrackEventsRejected
) -> "World":
    """Findings that somebody has said no to."""
    gone = set(fact.event_ids)
    kept = tuple(
        replace(each, rejected_at=recorded.at, rejected_by=recorded.actor) if each.id in gone else each
        for each in world.track_events.get(fact.tasking_id, ())
    )
    return replace(world, track_events=world.track_events.set(fact.tasking_id, kept))


def forget_events(world: "World", tasking: Tasking) -> "World":
    """Nobody is asked any more once a tasking is settled or ended."""
    if tasking.state not in FORGOTTEN_IN or tasking.id not in world.track_events:
        return world
    return replace(world, track_events=world.track_events.delete(tasking.id))


def stamped(
    world: "World", tasking_id: str, stamp: ActStamp, water_ids: tuple[str, ...], *, hours: bool
) -> "World":
    """Loads, or the last signature, came so from a device."""
    tasking = world.taskings.get(tasking_id)
    if tasking is None:
        return world
    water = tuple(replace(each, stamp=stamp) if each.id in water_ids else each for each in tasking.water)
    signatures = tasking.signatures
    if hours and signatures:
        signatures = (*signatures[:-1], replace(signatures[-1], stamp=stamp))
    return _put(world, replace(tasking, water=water, signatures=signatures))
