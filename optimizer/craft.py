"""What one aircraft may do, worked out once: light, duty, fuel and rest limits as plain seconds and kilograms."""

import math
from dataclasses import dataclass

from optimizer.capacity import Ledger
from optimizer.problem import NONE, Aircraft, Problem
from optimizer.timeline import Departure, State, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Craft:
    """Limits of one aircraft. It flies only within [`earliest_s`, `latest_s`] (light and crew duty)."""

    index: int
    row: Aircraft
    earliest_s: float
    latest_s: float
    reserve_kg: float
    max_continuous_s: float
    max_daily_s: float
    min_rest_s: float

    @classmethod
    def of(cls, problem: Problem, index: int) -> "Craft":
        """The limits of the problem's aircraft number `index`."""
        row, rules = problem.aircraft[index], problem.rules
        night = "night" in row.capabilities
        return cls(
            index=index,
            row=row,
            earliest_s=-math.inf if night else problem.first_light_s,
            latest_s=row.duty_ends_s if night else min(row.duty_ends_s, problem.last_light_s),
            reserve_kg=row.burn_kgps * rules.fuel_reserve_s,
            max_continuous_s=rules.max_continuous_flight_s,
            max_daily_s=problem.day_limit_s(index),
            min_rest_s=rules.min_rest_s,
        )

    @property
    def day_code(self) -> str:
        """The rule behind `max_daily_s`."""
        rolling = self.row.flown_today_s + self.row.rolling_left_s <= self.max_daily_s
        return "CREW_ROLLING" if rolling else "CREW_DAILY"

    def flight_left_s(self, fuel_kg: float, continuous_s: float, today_s: float) -> float:
        """Seconds it may stay in the air until a landing, by fuel and crew; may be negative."""
        return min(
            (fuel_kg - self.reserve_kg) / self.row.burn_kgps,
            self.max_continuous_s - continuous_s,
            self.max_daily_s - today_s,
        )

    def takes_fuel_at(self, problem: Problem, base: int) -> bool:
        """Whether the base has its fuel and any refuelling point."""
        return self.row.fuel_type in problem.bases[base].fuels and problem.bases[base].refuel_points > 0


def first_state(problem: Problem, craft: Craft) -> State:
    """Where the aircraft stands, or hangs in the air, when the plan begins."""
    row = craft.row
    free_s = max(0.0, row.ready_s)
    grounded = row.at_base != NONE
    return State(
        where=Where.BASE if grounded else Where.AIR,
        place=problem.aircraft_place(craft.index),
        base=row.at_base,
        free_s=free_s,
        ground_from_s=free_s,
        refuelling=False,
        ready_from_s=0.0 if grounded else math.inf,
        fuel_kg=row.fuel_kg,
        continuous_s=row.flown_continuous_s,
        today_s=row.flown_today_s,
    )


def departures(problem: Problem, craft: Craft, state: State, fuel_points: list[Ledger]) -> list[Departure]:
    """The ways of leaving a state: at once, rested, with tanks filled first, filled and rested."""
    plain = Departure(
        where=state.where,
        place=state.place,
        base=state.base,
        earliest_s=state.free_s,
        ground_from_s=state.ground_from_s,
        refuelling=state.refuelling,
        ground_leg=state.refuelling,
        fuel_kg=state.fuel_kg,
        continuous_s=state.continuous_s,
        today_s=state.today_s,
        ready_from_s=state.ready_from_s,
        cargo=state.cargo,
    )
    if state.where is not Where.BASE:
        return [plain]
    ways = [plain]
    if not state.refuelling and craft.takes_fuel_at(problem, state.base):
        filled = _filled(craft, state, plain, fuel_points[state.base])
        ways += [filled] if filled is not None else []
    return ways + [_rested(craft, way) for way in ways if way.continuous_s > 0.0]


def _filled(craft: Craft, state: State, plain: Departure, points: Ledger) -> Departure | None:
    row = craft.row
    if state.fuel_kg >= row.fuel_capacity_kg:
        return None
    start_s = points.earliest_s(state.free_s, row.turnaround_s, 1)
    if start_s == math.inf:
        return None
    return Departure(
        where=plain.where,
        place=plain.place,
        base=plain.base,
        earliest_s=start_s + row.turnaround_s,
        ground_from_s=start_s,
        refuelling=True,
        ground_leg=True,
        fuel_kg=row.fuel_capacity_kg,
        continuous_s=plain.continuous_s,
        today_s=plain.today_s,
        ready_from_s=start_s + row.turnaround_s,
        filled=(plain.base, start_s, start_s + row.turnaround_s),
        cargo=plain.cargo,
    )


def _rested(craft: Craft, way: Departure) -> Departure:
    return Departure(
        where=way.where,
        place=way.place,
        base=way.base,
        earliest_s=max(way.earliest_s, way.ground_from_s + craft.min_rest_s),
        ground_from_s=way.ground_from_s,
        refuelling=way.refuelling,
        ground_leg=True,
        fuel_kg=way.fuel_kg,
        continuous_s=0.0,
        today_s=way.today_s,
        ready_from_s=way.ready_from_s,
        filled=way.filled,
        cargo=way.cargo,
    )
