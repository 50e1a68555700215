"""How facts about incident airspace change the world; fold.py calls these."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dispatch.facts import Recorded
from dispatch.records import Step
from dispatch.traffic_area_facts import (
    IntrusionCleared,
    IntrusionRecorded,
    TrafficAreaAmended,
    TrafficAreaMade,
    TrafficAreaWithdrawn,
)

if TYPE_CHECKING:
    from dispatch.world import World

MOST_STEPS = 50  # of one record in memory, the newest; the journal has all


def _put(world: "World", recorded: Recorded, table: str, record: Any, did: tuple[str, ...]) -> "World":
    action, state, *reasons = did
    before = getattr(world, table).get(record.id)
    step = Step(
        at=recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=action,
        state=state,
        reason="".join(reasons),
    )
    history = (*(before.history if before is not None else ()), step)[-MOST_STEPS:]
    return replace(
        world,
        **{table: getattr(world, table).set(record.id, replace(record, history=history))},
        changed=world.changed.set((table, record.id), world.seq),
    )


def area_made(world: "World", recorded: Recorded, fact: TrafficAreaMade) -> "World":
    """A new one."""
    return _put(world, recorded, "traffic_areas", fact.area, ("make", "standing"))


def area_amended(world: "World", recorded: Recorded, fact: TrafficAreaAmended) -> "World":
    """It is another now."""
    return _put(world, recorded, "traffic_areas", fact.area, ("amend", "standing", ", ".join(fact.changed)))


def area_withdrawn(world: "World", recorded: Recorded, fact: TrafficAreaWithdrawn) -> "World":
    """It counts no more."""
    present = world.traffic_areas.get(fact.area_id)
    if present is None:
        return world
    gone = replace(present, withdrawn_at=recorded.at, version=fact.version)
    return _put(world, recorded, "traffic_areas", gone, ("withdraw", "withdrawn", fact.reason))


def intrusion_recorded(world: "World", recorded: Recorded, fact: IntrusionRecorded) -> "World":
    """A drone was seen."""
    return _put(world, recorded, "intrusions", fact.intrusion, ("record", "open"))


def intrusion_cleared(world: "World", recorded: Recorded, fact: IntrusionCleared) -> "World":
    """It is gone."""
    present = world.intrusions.get(fact.intrusion_id)
    if present is None:
        return world
    gone = replace(present, cleared_at=recorded.at, version=fact.version)
    return _put(world, recorded, "intrusions", gone, ("clear", "cleared", fact.reason))
