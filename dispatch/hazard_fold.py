"""How facts about hazards change the world; fold.py calls these."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch.facts import Recorded
from dispatch.hazard_facts import HazardEnded, HazardTaken
from dispatch.records import Step

if TYPE_CHECKING:
    from dispatch.world import World

MOST_STEPS = 50  # of one hazard in memory, the newest; the journal has all


def _step(recorded: Recorded, action: str, state: str, reason: str = "") -> Step:
    return Step(
        at=recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=action,
        state=state,
        reason=reason,
    )


def hazard_taken(world: "World", recorded: Recorded, fact: HazardTaken) -> "World":
    """It lies as it says."""
    new = fact.hazard
    before = world.hazards.get(new.id)
    past = () if before is None else before.history
    step = _step(recorded, "take" if before is None else "renew", "lies", new.terms.source)
    kept = replace(new, history=(*past, step)[-MOST_STEPS:])
    return replace(
        world,
        hazards=world.hazards.set(new.id, kept),
        changed=world.changed.set(("hazards", new.id), world.seq),
    )


def hazard_ended(world: "World", recorded: Recorded, fact: HazardEnded) -> "World":
    """It lies there no more."""
    present = world.hazards.get(fact.hazard_id)
    if present is None:
        return world
    step = _step(recorded, "end", "ended", fact.reason)
    ended = replace(
        present,
        ended_at=recorded.at,
        version=fact.version,
        history=(*present.history, step)[-MOST_STEPS:],
    )
    return replace(
        world,
        hazards=world.hazards.set(ended.id, ended),
        changed=world.changed.set(("hazards", ended.id), world.seq),
    )
