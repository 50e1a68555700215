"""What would be if one thing were otherwise: done to the schedule, looked at, and undone. Pure.

`otherwise` plans the work of a few aircraft anew under a ban, with a sortie that they must fly, or with more room, and
gives the score that comes of it. Unless it is kept, the schedule is afterwards what it was.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from optimizer.choice import Chooser
from optimizer.craft import Craft
from optimizer.fill import fill
from optimizer.fire_work import FireChoice, FireWork
from optimizer.problem import Problem
from optimizer.schedule import Schedule
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Departure, Sortie, Where

NEAR = 6  # idle aircraft that may step in, the nearest
_WATER_TRIED = 6
_FULL = 10**6


@dataclass(slots=True)
class Outcome:
    """The score as things would be. Set `keep` to leave them so."""

    score: float
    keep: bool = False


@contextmanager
def otherwise(
    schedule: Schedule,
    anew: Iterable[int],
    also: Iterable[int] = (),
    *,
    banned: frozenset[tuple[int, int]] = frozenset(),
    first: tuple[int, Sortie] | None = None,
) -> Iterator[Outcome]:
    """The schedule with the timelines of `anew` made anew, and those of `also` carried on where that pays.

    `first`: an aircraft of `anew` and the sortie that it flies before anything else.
    """
    before = {a: list(schedule.sorties[a]) for a in dict.fromkeys([*anew, *also])}
    for aircraft in dict.fromkeys(anew):
        schedule.cut(aircraft, schedule.fixed[aircraft])
    if first is not None:
        schedule.append(*first)
    for aircraft in dict.fromkeys(anew):
        schedule.bring_home(aircraft)
    fill(schedule, before, Chooser(schedule, banned=banned), lambda: False)
    outcome = Outcome(score=schedule.score())
    try:
        yield outcome
    finally:
        if not outcome.keep:
            _restore(schedule, before)


def _restore(schedule: Schedule, before: dict[int, list[Sortie]]) -> None:
    same: dict[int, int] = {}
    for aircraft, sorties in before.items():
        now = schedule.sorties[aircraft]
        pairs = zip(sorties, now, strict=False)
        same[aircraft] = next(
            (n for n, (a, b) in enumerate(pairs) if a is not b), min(len(sorties), len(now))
        )
        for _ in range(len(now) - same[aircraft]):
            schedule.pop(aircraft)
    for aircraft, sorties in before.items():
        for sortie in sorties[same[aircraft] :]:
            schedule.append(aircraft, sortie)


def works_at(schedule: Schedule, aircraft: int) -> list[int]:
    """The incidents that an aircraft's plan works at beyond what is locked, in their order."""
    own = schedule.sorties[aircraft][schedule.fixed[aircraft] :]
    return list(dict.fromkeys(n for sortie in own for n in sortie.incidents))


def stand_ins(schedule: Schedule, incident: int) -> list[int]:
    """Who may step in at an incident: those already there, and the nearest idle aircraft that fit."""
    place = schedule.problem.incident_place(incident)
    view = schedule.tables.distance_view
    there, idle = [], []
    for craft in schedule.crafts:
        if incident not in schedule.tables.fit_set[craft.index] or not craft.row.serviceable:
            continue
        work = works_at(schedule, craft.index)
        if incident in work:
            there.append(craft.index)
        elif not work:
            idle.append((view[schedule.state(craft.index).place, place] / craft.row.cruise_mps, craft.index))
    return [*there, *(index for _, index in sorted(idle)[:NEAR])]


def best_first(schedule: Schedule, aircraft: int, incident: int) -> tuple[Sortie | None, str]:
    """The sortie to an incident with which an aircraft would best begin, after what is locked, whatever it does to the
    score; or the code of the rule that keeps it away. Its timeline is cut to what is locked meanwhile."""
    code = schedule.problem.unfit_code(aircraft, incident)
    if code:
        return None, code
    own = schedule.cut(aircraft, schedule.fixed[aircraft])
    try:
        return _best(schedule, schedule.crafts[aircraft], incident)
    finally:
        for sortie in own:
            schedule.append(aircraft, sortie)


def _best(schedule: Schedule, craft: Craft, incident: int) -> tuple[Sortie | None, str]:
    best: tuple[float, Sortie] | None = None
    code = "OUT_OF_RANGE"
    for way in schedule.departures(craft.index):
        if max(way.earliest_s, craft.earliest_s) >= craft.latest_s:
            code = "CREW_DUTY" if craft.latest_s == craft.row.duty_ends_s else "DAYLIGHT"
            continue
        found, code = _sorties(schedule, craft, way, incident)
        for sortie in found:
            gain = schedule.gain(craft.index, sortie)
            if best is None or gain > best[0]:
                best = gain, sortie
    if best is not None:
        return best[1], ""
    return None, "OUT_OF_RANGE" if code == "FUEL" else code


def _sorties(schedule: Schedule, craft: Craft, way: Departure, incident: int) -> tuple[list[Sortie], str]:
    problem = schedule.problem
    if problem.incidents[incident].task is not None:
        if not schedule.tasks[incident].open_visits:
            return [], "SERVED"
        sortie, code = task_sortie(schedule, craft, way, incident, 1)
        return ([sortie] if sortie is not None else []), code
    kit, points = craft.row.water, schedule.tables.water_for(craft.index)
    if kit is None or not len(points):
        return [], "WATER_UNSUITABLE"
    found: list[Sortie] = []
    code = "LIFT"
    chooser = Chooser(schedule)
    for water in _nearest(schedule, craft, way, incident, points.tolist())[:_WATER_TRIED]:
        litres = problem.litres_per_drop(kit, water, incident)
        if litres <= 0.0:
            continue
        choice = FireChoice(fire=incident, water=water, litres=litres)
        for most in (_FULL, 1):
            found += chooser.fire_sorties(craft, way, choice, most)
        code = _why_none(schedule, craft, way, choice)
        if found and way.where is Where.AIR:
            break
    return found, code


def _why_none(schedule: Schedule, craft: Craft, way: Departure, choice: FireChoice) -> str:
    """INCIDENT_SLOTS where fuel, crew and light last for a drop: then it is room that is wanting."""
    problem, start_s = schedule.problem, max(way.earliest_s, craft.earliest_s)
    for base in schedule.tables.return_bases(craft.index, problem.incident_place(choice.fire)):
        work = FireWork.of(problem, schedule.tables.distance_view, craft, way, choice, base=base)
        soon_s = start_s + work.ferry_s + work.one_s
        if work.most_drops(start_s) >= 1 and soon_s <= problem.horizon_s:
            return "INCIDENT_SLOTS"
    return "OUT_OF_RANGE"


def _nearest(schedule: Schedule, craft: Craft, way: Departure, incident: int, points: list[int]) -> list[int]:
    """Water points by the time from the departure over the water to the incident."""
    problem: Problem = schedule.problem
    view, place = schedule.tables.distance_view, problem.incident_place(incident)
    cruise, loaded = craft.row.cruise_mps, craft.row.loaded_mps
    return sorted(
        points,
        key=lambda w: (
            view[way.place, problem.water_place(w)] / cruise + view[problem.water_place(w), place] / loaded
        ),
    )
