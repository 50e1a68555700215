"""Why the plan sends whom where: for each incident the aircraft chosen, those passed over, and the reason.

Each option is measured as if the aircraft left its first position now for this incident alone; the code of an
aircraft that was not chosen is the first rule that keeps it away, `BUSY` with what the plan gives it
instead, or `SLOWER` when it could come but would be there later than those who go. Codes are the referee's
where it has one. Sentences are left to whoever shows this: codes and figures only, so every language can.
"""

from dataclasses import dataclass

from optimizer.check import inspect
from optimizer.choice import Chooser
from optimizer.craft import Craft
from optimizer.fire_work import FireChoice
from optimizer.legs import Leg, LegKind
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.schedule import Schedule
from optimizer.shut import shut_in
from optimizer.solve import Result
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Sortie, Where
from optimizer.travel import Tables

OPTIONS_SHOWN = 8  # per incident, the chosen ones first; the rest is counted by code
NEAREST_WATER = 6  # water points that the earliest drop is looked for at
_FULL = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """One aircraft's earliest sortie for one incident, or the code of what keeps it away."""

    aircraft: int
    code: str
    sortie: Sortie | None = None

    @property
    def first_s(self) -> float:
        """First drop, or completion of the first visit."""
        assert self.sortie is not None  # noqa: S101 - asked only of options that can fly
        times = [times[0] for _, _, times in self.sortie.drops] + [at_s for _, at_s in self.sortie.visits]
        return min(times)


def explain(problem: Problem, result: Result) -> dict[str, object]:
    """Reasons per incident and uses per aircraft, as a JSON object with ids, codes and figures."""
    shut = shut_in(problem)
    empty = Schedule(shut, Tables(shut))
    given = _given(result.plan)
    achieved = inspect(problem, result.plan)
    incidents = []
    for n, row in enumerate(problem.incidents):
        chosen = [a for a, work in given.items() if n in work]
        first = achieved.visits.get(n) or [drop[0] for drop in achieved.drops.get(n, ())]
        incidents.append(
            {
                "incident_id": row.id,
                "served": bool(first),
                "first_min": round(min(first) / 60, 1) if first else None,
                "litres": round(sum(drop[1] for drop in achieved.drops.get(n, ()))),
                "sorties": [
                    sortie for a in chosen for sortie in _sorties(problem, a, n, result.plan.timelines[a])
                ],
                **_options(problem, empty, n, chosen, given),
            }
        )
    return {
        "incidents": incidents,
        "aircraft": [_use(problem, n, given) for n in range(len(problem.aircraft))],
    }


def _given(plan: Plan) -> dict[int, list[int]]:
    """Per aircraft, the incidents its plan works at, in order."""
    return {
        aircraft: [leg.incident for leg in legs if leg.kind in (LegKind.CYCLES, LegKind.ON_SCENE)]
        for aircraft, legs in plan.timelines.items()
    }


def _use(problem: Problem, aircraft: int, given: dict[int, list[int]]) -> dict[str, object]:
    row, work = problem.aircraft[aircraft], given.get(aircraft)
    if work:
        code = "ASSIGNED"
    elif not row.serviceable:
        code = "UNSERVICEABLE"
    else:
        code = "RETURNING" if work is not None else "IN_RESERVE"
    return {
        "aircraft_id": row.id,
        "code": code,
        "incident_ids": [problem.incidents[n].id for n in dict.fromkeys(work or ())],
    }


def _sorties(
    problem: Problem, aircraft: int, incident: int, legs: tuple[Leg, ...]
) -> list[dict[str, object]]:
    """What one aircraft does at one incident, sortie by sortie."""
    rows: list[dict[str, object]] = []
    for n, leg in enumerate(legs):
        if leg.incident != incident or leg.kind not in (LegKind.CYCLES, LegKind.ON_SCENE):
            continue
        home = next((later for later in legs[n:] if later.place in range(len(problem.bases))), None)
        water = leg.place - problem.water_place(0) if leg.kind is LegKind.CYCLES else -1
        rows.append(
            {
                "aircraft_id": problem.aircraft[aircraft].id,
                "water_point_id": problem.water_points[water].id if water >= 0 else None,
                "base_id": problem.bases[home.place].id if home is not None else None,
                "start_min": round(leg.start_s / 60, 1),
                "end_min": round(leg.end_s / 60, 1),
                "drops": leg.drops,
                "litres": round(leg.drops * leg.litres_per_drop),
            }
        )
    return rows


def _options(
    problem: Problem, empty: Schedule, incident: int, chosen: list[int], given: dict[int, list[int]]
) -> dict[str, object]:
    """The chosen options, the best of the others, and how many others each code keeps away."""
    measured = [_measure(empty, craft, incident) for craft in empty.crafts]
    counts: dict[str, int] = {}
    shown: list[tuple[int, float, dict[str, object]]] = []
    for option in measured:
        if option.aircraft in chosen:
            code = "CHOSEN"
        elif option.sortie is None:
            code = option.code
        else:
            code = "BUSY" if given.get(option.aircraft) else "SLOWER"
        if code != "CHOSEN":
            counts[code] = counts.get(code, 0) + 1
        order = 0 if code == "CHOSEN" else 1 if option.sortie is not None else 2
        at_s = option.first_s if option.sortie is not None else 0.0
        shown.append((order, at_s, _row(problem, option, incident, code, given)))
    shown.sort(key=lambda entry: (entry[0], entry[1]))
    return {"options": [row for _, _, row in shown[: max(OPTIONS_SHOWN, len(chosen))]], "passed_over": counts}


def _row(
    problem: Problem, option: _Option, incident: int, code: str, given: dict[int, list[int]]
) -> dict[str, object]:
    row: dict[str, object] = {"aircraft_id": problem.aircraft[option.aircraft].id, "code": code}
    elsewhere = [
        problem.incidents[n].id for n in dict.fromkeys(given.get(option.aircraft, ())) if n != incident
    ]
    if code == "BUSY":
        row["busy_with"] = elsewhere
    sortie = option.sortie
    if sortie is None:
        return row
    craft = problem.aircraft[option.aircraft]
    row["from_base_id"] = problem.bases[craft.at_base].id if craft.at_base >= 0 else None
    row["to_base_id"] = problem.bases[sortie.after.base].id
    row["first_min"] = round(option.first_s / 60, 1)
    row["cost"] = round(sortie.flight_s / 3600 * craft.cost_per_hour, 2)
    if sortie.drops:
        _, litres, times = sortie.drops[0]
        working_s = max(1.0, sortie.at_water[0][2] - sortie.at_water[0][1])
        row["water_point_id"] = problem.water_points[sortie.at_water[0][0]].id
        row["drops"] = len(times)
        row["litres_per_hour"] = round(litres * len(times) / working_s * 3600)
    return row


def _measure(empty: Schedule, craft: Craft, incident: int) -> _Option:
    """The earliest first sortie of an aircraft for an incident, straight from the air if it hangs there."""
    problem = empty.problem
    code = problem.unfit_code(craft.index, incident)
    if code:
        return _Option(aircraft=craft.index, code=code)
    home = empty.pop(craft.index) if empty.ends_with_recovery(craft.index) else None
    best, code = _earliest(empty, craft, incident)
    if home is not None:
        empty.append(craft.index, home)
    if best is None:
        return _Option(aircraft=craft.index, code=code)
    return _Option(aircraft=craft.index, code="", sortie=best)


def _earliest(empty: Schedule, craft: Craft, incident: int) -> tuple[Sortie | None, str]:
    code = "OUT_OF_RANGE"
    for way in empty.departures(craft.index):
        if max(way.earliest_s, craft.earliest_s) >= craft.latest_s:
            code = "CREW_DUTY" if craft.latest_s == craft.row.duty_ends_s else "DAYLIGHT"
            continue
        if empty.problem.incidents[incident].task is not None:
            sortie, code = task_sortie(empty, craft, way, incident, 1)
        else:
            sortie, code = _earliest_drop(empty, craft, incident, way is not None and way.where is Where.AIR)
        if sortie is not None:
            return sortie, ""
    return None, "OUT_OF_RANGE" if code == "FUEL" else code


def _earliest_drop(empty: Schedule, craft: Craft, fire: int, airborne: bool) -> tuple[Sortie | None, str]:
    problem, kit = empty.problem, craft.row.water
    points = empty.tables.water_for(craft.index)
    if kit is None or not len(points):
        return None, "WATER_UNSUITABLE"
    ways = empty.departures(craft.index)
    way_s = empty.tables.round_by_water_s(craft.index, ways[0].place, problem.incident_place(fire))
    nearest: list[int] = points[way_s.argsort(kind="stable")[:NEAREST_WATER]].tolist()
    chooser, code = Chooser(empty), "LIFT"
    for water in nearest:
        litres = problem.litres_per_drop(kit, water, fire)
        for way in ways[:1] if airborne else ways:
            found = (
                chooser.fire_sorties(craft, way, FireChoice(fire=fire, water=water, litres=litres), _FULL)
                if litres > 0.0
                else []
            )
            if found:
                return found[0], ""
        code = "OUT_OF_RANGE" if litres > 0.0 else code
    return None, code
