"""One aircraft's work between one water point and one fire: how long each part takes and when its drops fall."""

import math
from dataclasses import dataclass

from optimizer.craft import Craft
from optimizer.leaving import continuous_at
from optimizer.problem import Problem
from optimizer.timeline import Departure

_MOST_DROPS = 500  # an end for aircraft that burn next to nothing beside the water


@dataclass(frozen=True, slots=True, kw_only=True)
class FireChoice:
    """Which fire, by which water point, with how many litres a drop."""

    fire: int
    water: int
    litres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FireWork:
    """The times of one aircraft's work between one water point and one fire."""

    craft: Craft
    way: Departure
    incident: int
    water: int
    base: int
    litres: float
    ferry_s: float
    one_s: float
    back_s: float
    return_s: float
    begin_s: float = 0.0
    drops: int = 0
    starts: tuple[float, ...] = ()  # of each drop's own leg; empty: one leg for all

    def spans(self, drops: int) -> list[tuple[float, float]]:
        """When its legs between water and fire begin and end."""
        if self.starts:
            return [(at_s, at_s + self.one_s) for at_s in self.starts[:drops]]
        return [(self.begin_s, self.begin_s + self.length_s(drops))]

    def times(self) -> list[float]:
        """When its drops fall."""
        if self.starts:
            return [at_s + self.one_s for at_s in self.starts[: self.drops]]
        first_s = self.begin_s + self.one_s
        return [first_s + k * self.cycle_s for k in range(self.drops)]

    @classmethod
    def of(
        cls,
        problem: Problem,
        distance_m: memoryview,
        craft: Craft,
        way: Departure,
        choice: FireChoice,
        *,
        base: int,
    ) -> "FireWork":
        """The times of one such work, before a start is chosen for it."""
        row = craft.row
        at_water, at_fire = problem.water_place(choice.water), problem.incident_place(choice.fire)
        kit = row.water
        work_s = kit.fill_s + kit.drop_s if kit is not None else math.inf
        return cls(
            craft=craft,
            way=way,
            incident=choice.fire,
            water=choice.water,
            base=base,
            litres=choice.litres,
            ferry_s=distance_m[way.place, at_water] / row.cruise_mps,
            one_s=work_s + distance_m[at_water, at_fire] / row.loaded_mps,
            back_s=distance_m[at_fire, at_water] / row.cruise_mps,
            return_s=distance_m[at_fire, base] / row.cruise_mps,
        )

    @property
    def cycle_s(self) -> float:
        """From one drop to the next."""
        return self.one_s + self.back_s

    @property
    def land_s(self) -> float:
        """When it lands after all its drops."""
        return self.begin_s + self.length_s(self.drops) + self.return_s

    def length_s(self, drops: int) -> float:
        """Of the whole work between water and fire."""
        if self.starts:
            return self.starts[drops - 1] + self.one_s - self.begin_s
        return drops * self.one_s + (drops - 1) * self.back_s

    def most_drops(self, leave_s: float) -> int:
        """By fuel, crew and light for a departure at `leave_s`."""
        craft, way = self.craft, self.way
        left_s = craft.flight_left_s(way.fuel_kg, continuous_at(craft, way, leave_s), way.today_s)
        left_s = min(left_s, craft.latest_s - leave_s) - self.ferry_s - self.return_s
        if self.cycle_s <= 0.0:
            return _MOST_DROPS if left_s >= 0.0 else 0
        return min(_MOST_DROPS, math.floor((left_s + self.back_s) / self.cycle_s))
