"""Why an aircraft does no work in a plan: the code that format 1.1 writes beside it.

What can be seen in the scenario alone comes first; `NO_GAIN` is left for aircraft that could work, of which the search
found no sortie that makes the plan better.
"""

from collections.abc import Mapping

from optimizer.legs import Leg, LegKind
from optimizer.problem import NONE, Problem


def unused(problem: Problem, timelines: Mapping[int, tuple[Leg, ...]]) -> list[tuple[int, str]]:
    """(aircraft, code) of all that work nowhere."""
    working = {
        aircraft
        for aircraft, legs in timelines.items()
        if any(leg.kind in (LegKind.CYCLES, LegKind.ON_SCENE) for leg in legs)
    }
    return [(n, _code(problem, n)) for n in range(len(problem.aircraft)) if n not in working]


def _code(problem: Problem, aircraft: int) -> str:
    row, rules = problem.aircraft[aircraft], problem.rules
    ready_s = max(0.0, row.ready_s)
    night = "night" in row.capabilities
    light = night or (problem.last_light_s > ready_s and problem.first_light_s < problem.horizon_s)
    unfit = [problem.unfit_code(aircraft, incident) for incident in range(len(problem.incidents))]
    reserved = any(
        reserve.base == row.at_base and reserve.min_aircraft > 0 and reserve.capability in row.capabilities
        for reserve in problem.reserves
    )
    because = (
        (not row.serviceable, "UNSERVICEABLE"),
        (row.at_base == NONE, "RETURNING"),
        (row.ready_s >= problem.horizon_s, "NOT_READY"),
        (row.duty_ends_s <= ready_s, "CREW_DUTY"),
        (row.flown_today_s >= rules.max_daily_flight_s, "CREW_DAILY"),
        (row.rolling_left_s <= 0.0, "CREW_ROLLING"),
        (not light, "DAYLIGHT"),
        (bool(unfit) and all(unfit), unfit[0] if unfit else ""),
        (reserved, "IN_RESERVE"),
    )
    return next((code for holds, code in because if holds), "NO_GAIN")
