"""Where a sortie leaves an aircraft: landed, and turned round at the first refuelling point that is free for it."""

import math

from optimizer.capacity import Ledger
from optimizer.craft import Craft
from optimizer.problem import Problem
from optimizer.timeline import State, Where


def turned_s(problem: Problem, fuel: list[Ledger], craft: Craft, base: int, land_s: float) -> float:
    """When an aircraft that lands then could leave again with full tanks; infinity if never."""
    if not craft.takes_fuel_at(problem, base):
        return math.inf
    turnaround_s = craft.row.turnaround_s
    return fuel[base].earliest_s(land_s, turnaround_s, 1) + turnaround_s


def landed(
    problem: Problem,
    fuel: list[Ledger],
    craft: Craft,
    base: int,
    *,
    land_s: float,
    fuel_kg: float,
    continuous_s: float,
    today_s: float,
) -> tuple[State, tuple[tuple[int, float, float], ...]]:
    """The state after landing at a base, and the booking of a refuelling point if it gets one."""
    row = craft.row
    start_s = math.inf
    if craft.takes_fuel_at(problem, base):
        start_s = fuel[base].earliest_s(land_s, row.turnaround_s, 1)
    turned = start_s < math.inf
    ready_s = start_s + row.turnaround_s if turned else math.inf
    state = State(
        where=Where.BASE,
        place=base,
        base=base,
        free_s=ready_s if turned else land_s,
        ground_from_s=start_s if turned else land_s,
        refuelling=turned,
        ready_from_s=ready_s,
        fuel_kg=row.fuel_capacity_kg if turned else fuel_kg,
        continuous_s=continuous_s,
        today_s=today_s,
    )
    return state, ((base, start_s, ready_s),) if turned else ()
