"""Carries a previous plan over into a new schedule: the same legs where they still can be flown (`unchanged.py`), else
the same aircraft to the same incidents, in their order, by the same water points, each sortie built anew against what
holds now. What no longer fits is left out.
"""

import math
from collections.abc import Mapping

from optimizer.choice import Candidate, Chooser, take
from optimizer.craft import Craft
from optimizer.fire_work import FireChoice
from optimizer.legs import Leg, LegKind
from optimizer.plan import Plan
from optimizer.redo import best_of
from optimizer.schedule import Schedule
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Departure, Sortie
from optimizer.unchanged import follow


def carry_over(schedule: Schedule, previous: Plan) -> None:
    """Append what still can be done of the previous plan: to the letter where that can be, the rest in the order in
    which its work begins."""
    build_again(schedule, previous, follow(schedule, previous))


def build_again(schedule: Schedule, previous: Plan, until_s: Mapping[int, float]) -> None:
    """The same for the work that begins later than what is followed to the letter, `until_s` of each aircraft."""
    work = sorted(
        (leg.start_s, aircraft, n)
        for aircraft, legs in previous.timelines.items()
        for n, leg in enumerate(legs)
        if leg.kind in (LegKind.CYCLES, LegKind.ON_SCENE)
        and leg.end_s > 0.0
        and leg.start_s >= until_s.get(aircraft, -math.inf)
    )
    for _, aircraft, n in work:
        candidate = _again(schedule, aircraft, previous.timelines[aircraft][n])
        if candidate is not None:
            take(schedule, candidate)


def _again(schedule: Schedule, aircraft: int, leg: Leg) -> Candidate | None:
    """The best way of doing the work of a leg once more, if it still lowers the score."""
    if leg.incident not in schedule.tables.fit_set[aircraft]:
        return None
    best = best_of(schedule, aircraft, lambda craft, way: _sorties_by(schedule, craft, way, leg))
    return best if best is not None and best.gain > 0.0 else None


def _sorties_by(schedule: Schedule, craft: Craft, way: Departure, leg: Leg) -> list[Sortie]:
    problem = schedule.problem
    if leg.kind is LegKind.ON_SCENE:
        if leg.incident not in schedule.tasks or not schedule.tasks[leg.incident].open_visits:
            return []
        sortie = task_sortie(schedule, craft, way, leg.incident, 1)[0]
        return [sortie] if sortie is not None else []
    water, kit = leg.place - problem.water_place(0), craft.row.water
    if leg.incident not in schedule.fires or kit is None or not problem.water_suits(kit, water):
        return []
    litres = problem.litres_per_drop(kit, water, leg.incident)
    if litres <= 0.0:
        return []
    return Chooser(schedule).fire_sorties(
        craft, way, FireChoice(fire=leg.incident, water=water, litres=litres), leg.drops
    )
