"""Where a sortie leaves an aircraft: landed, and turned round at the first refuelling point that is free for it."""

import math
from dataclasses import dataclass

from optimizer.capacity import Ledger
from optimizer.craft import Craft
from optimizer.problem import Problem
from optimizer.timeline import State, Where


def turn_s(problem: Problem, fuel: list[Ledger], craft: Craft, base: int, land_s: float) -> float:
    """When the turn-round of an aircraft that lands then can begin; infinity if the base has no fuel for it."""
    if not craft.takes_fuel_at(problem, base):
        return math.inf
    return fuel[base].earliest_s(land_s, craft.row.turnaround_s, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """What a flight leaves of fuel (kg) and of the crew's hours (seconds flown without a rest, and today)."""

    fuel_kg: float
    continuous_s: float
    today_s: float


def landed(craft: Craft, base: int, land_s: float, start_s: float, worn: Worn) -> State:
    """The state after landing at a base, when the turn-round there begins at `start_s`."""
    row = craft.row
    turned = start_s < math.inf
    ready_s = start_s + row.turnaround_s
    return State(
        where=Where.BASE,
        place=base,
        base=base,
        free_s=ready_s if turned else land_s,
        ground_from_s=start_s if turned else land_s,
        refuelling=turned,
        ready_from_s=ready_s,
        fuel_kg=row.fuel_capacity_kg if turned else worn.fuel_kg,
        continuous_s=worn.continuous_s,
        today_s=worn.today_s,
    )


def booked(state: State) -> tuple[tuple[int, float, float], ...]:
    """The booking of a refuelling point that such a state stands for, if it has one."""
    return ((state.base, state.ground_from_s, state.free_s),) if state.refuelling else ()
