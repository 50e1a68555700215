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


@dataclass(slots=True, kw_only=True)
class FireWork:
    """The times of one aircraft's work between one water point and one fire.

    Not frozen: tens of thousands are made for one plan, and a frozen value takes three times as long to make.
    """

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
    cycle_s: float  # from one drop to the next
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
        out_s = work_s + distance_m[at_water, at_fire] / row.loaded_mps
        back_s = distance_m[at_fire, at_water] / row.cruise_mps
        return cls(
            craft=craft,
            way=way,
            incident=choice.fire,
            water=choice.water,
            base=base,
            litres=choice.litres,
            ferry_s=distance_m[way.place, at_water] / row.cruise_mps,
            one_s=out_s,
            back_s=back_s,
            return_s=distance_m[at_fire, base] / row.cruise_mps,
            cycle_s=out_s + back_s,
        )

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
        left_s = self.flight_left_s(leave_s) - self.ferry_s - self.return_s
        if self.cycle_s <= 0.0:
            return _MOST_DROPS if left_s >= 0.0 else 0
        return min(_MOST_DROPS, math.floor((left_s + self.back_s) / self.cycle_s))

    def flight_left_s(self, leave_s: float) -> float:
        """Seconds it may stay in the air by fuel, crew and light if it leaves then."""
        craft, way = self.craft, self.way
        left_s = craft.flight_left_s(way.fuel_kg, continuous_at(craft, way, leave_s), way.today_s)
        return min(left_s, craft.latest_s - leave_s)


@dataclass(slots=True, kw_only=True)
class Trial:
    """A work, or a first part of it, as it would be flown: what is asked of it before it is worth writing its legs.

    `turn_s`: when its turn-round at the base begins, infinity if the base has no fuel for it. Not frozen, as above.
    """

    work: FireWork
    drops: int
    land_s: float
    turn_s: float

    @property
    def leave_s(self) -> float:
        """When it leaves where it stood."""
        return self.work.begin_s - self.work.ferry_s

    @property
    def flight_s(self) -> float:
        """From leaving to landing."""
        return self.land_s - self.work.begin_s + self.work.ferry_s

    @property
    def ready_s(self) -> float:
        """When it can leave again with full tanks; infinity if never."""
        return self.turn_s + self.work.craft.row.turnaround_s

    @property
    def wait_s(self) -> float:
        """How long it stands and waits for places at the water or over the fire."""
        way = self.work.way
        return self.leave_s - max(way.earliest_s, self.work.craft.earliest_s)

    def times(self) -> tuple[float, ...]:
        """When its drops fall."""
        return tuple(self.work.times()[: self.drops])

    def at_fuel(self) -> tuple[tuple[int, float, float], ...]:
        """The bookings (base, start, end) of refuelling points: before it leaves, and after it lands."""
        filled = (self.work.way.filled,) if self.work.way.filled is not None else ()
        if self.turn_s == math.inf:
            return filled
        return (*filled, (self.work.base, self.turn_s, self.ready_s))
