"""How facts about weather change the world; fold.py calls these."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch.facts import Recorded
from dispatch.weather_facts import MinimaOverridden, MinimumSaved, WeatherEntered

if TYPE_CHECKING:
    from dispatch.world import World

MOST_ENTRIES = 200  # by hand, in memory, the newest; the journal has all


def weather_entered(world: "World", _: Recorded, fact: WeatherEntered) -> "World":
    """The entry is known."""
    kept = world.weather.set(fact.report.id, fact.report)
    if len(kept) > MOST_ENTRIES:
        oldest = min(kept.values(), key=lambda each: (each.observed_at, each.id))
        kept = kept.delete(oldest.id)
    return replace(world, weather=kept)


def minimum_saved(world: "World", _: Recorded, fact: MinimumSaved) -> "World":
    """The row is as it says."""
    return replace(
        world,
        minima=world.minima.set(fact.minimum.id, fact.minimum),
        changed=world.changed.set(("minima", fact.minimum.id), world.seq),
    )


def minima_overridden(world: "World", _recorded: Recorded, _fact: MinimaOverridden) -> "World":
    """Nothing but the record of it."""
    return world
