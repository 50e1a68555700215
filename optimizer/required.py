"""Sees to it that aircraft work where somebody ordered them to, before anything else is planned.

An order comes first, whatever it costs in score. Where no sortie can keep it, nothing is placed, and the check names
the broken order in the finished plan.
"""

from collections.abc import Iterator
from functools import partial

from optimizer.choice import Chooser, take
from optimizer.craft import Craft
from optimizer.fire_work import FireChoice
from optimizer.redo import best_of
from optimizer.schedule import Schedule
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Departure, Sortie

_WATER_TRIED = 3


def serve_required(schedule: Schedule) -> None:
    """Append a sortie for each order that nothing keeps yet; lives at risk first, then by weight."""
    rows = schedule.problem.incidents

    def urgency(pair: tuple[int, int]) -> tuple[bool, float, int, int]:
        aircraft, incident = pair
        return not rows[incident].life_at_risk, -rows[incident].weight, incident, aircraft

    for aircraft, incident in sorted(schedule.missing_orders(), key=urgency):
        if incident not in schedule.tables.fit_set[aircraft]:
            continue
        candidate = best_of(schedule, aircraft, partial(sorties_at, schedule, incident))
        if candidate is not None:
            take(schedule, candidate)


def sorties_at(schedule: Schedule, incident: int, craft: Craft, way: Departure) -> Iterator[Sortie]:
    """Sorties of one departure that work at the incident."""
    if incident in schedule.tasks:
        sortie = task_sortie(schedule, craft, way, incident, 1)[0]
        if sortie is not None:
            yield sortie
        return
    table = schedule.tables.fire_water(craft.index)
    if table is None:
        return
    row = table.fires.tolist().index(incident)
    chooser, found = Chooser(schedule), 0
    for water, litres in zip(table.water[row].tolist(), table.litres[row].tolist(), strict=True):
        if litres <= 0.0 or found >= _WATER_TRIED:
            continue
        sorties = chooser.useful_sorties(craft, way, FireChoice(fire=incident, water=water, litres=litres))
        found += bool(sorties)
        yield from sorties
