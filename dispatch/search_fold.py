"""How facts about searches change the world; fold.py calls these."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch.facts import Recorded
from dispatch.records import Step
from dispatch.search_facts import SearchAmended, SearchDrawn, SearchWithdrawn
from dispatch.search_records import Search

if TYPE_CHECKING:
    from dispatch.world import World

MOST_STEPS = 50  # of one search in memory, the newest; the journal has all


def _put(world: "World", recorded: Recorded, search: Search, action: str, reason: str = "") -> "World":
    before = world.searches.get(search.id)
    step = Step(
        at=recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=action,
        state="withdrawn" if search.withdrawn_at is not None else "drawn",
        reason=reason,
    )
    history = (*(before.history if before is not None else ()), step)[-MOST_STEPS:]
    return replace(
        world,
        searches=world.searches.set(search.id, replace(search, history=history)),
        changed=world.changed.set(("searches", search.id), world.seq),
    )


def search_drawn(world: "World", recorded: Recorded, fact: SearchDrawn) -> "World":
    """A new one."""
    return _put(world, recorded, fact.search, "draw")


def search_amended(world: "World", recorded: Recorded, fact: SearchAmended) -> "World":
    """It is another now."""
    return _put(world, recorded, fact.search, "amend", ", ".join(fact.changed))


def search_withdrawn(world: "World", recorded: Recorded, fact: SearchWithdrawn) -> "World":
    """It stands no more."""
    present = world.searches.get(fact.search_id)
    if present is None:
        return world
    gone = replace(present, withdrawn_at=recorded.at, version=fact.version)
    return _put(world, recorded, gone, "withdraw", fact.reason)
