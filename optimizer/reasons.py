"""Why this plan: what each assignment is worth against its runner-up, why the others stand, and what is short. Pure.

Every figure is found by forcing (`forcing.py`): the aircraft is kept from the incident, or more room is given, the work
nearby is planned anew, and the whole plan is scored again. Where forcing finds a better plan, that plan is taken: a
plan that is explained is at least as good as the alternatives that its reasons name. Codes, ids and figures only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from optimizer.check import inspect
from optimizer.forcing import Outcome, best_first, otherwise, stand_ins, works_at
from optimizer.schedule import Schedule
from optimizer.score import Score, score
from optimizer.solve import Result, plan_of

LEAST_WORTH_SHARE = 0.0005  # of the score: less room is not worth telling of
MOST_SHORT = 5
_LEAST_GAIN = 1e-6
_SAME = 1e-3  # the books' sum and the judge's agree within this

Enough = Callable[[], bool]


@dataclass(slots=True)
class _Asked:
    """The schedule that is asked, the score that stands, and what was found."""

    schedule: Schedule
    stands: Score
    enough: Enough
    better: bool = False
    assignments: list[dict[str, Any]] = field(default_factory=list)
    unused: list[dict[str, Any]] = field(default_factory=list)
    short: list[dict[str, Any]] = field(default_factory=list)


def explained(result: Result, enough: Enough = lambda: False) -> tuple[Result, dict[str, Any]]:
    """The result, or the better one that forcing found, and its reasons.

    `enough` is asked between two forcings and ends them; the most important ones come first, so that a short time
    gives the reasons that matter most. `assignments`: per aircraft and incident of the plan the runner-up and what it
    would cost; `unused`: per aircraft without work the first rule that keeps it away or what its best use would cost;
    `short`: room that one more of would be worth something. Differences are of the score: more is worse.
    """
    schedule = result.schedule
    empty = {"assignments": [], "unused": [], "short": [], "complete": False}
    if (
        schedule is None
        or result.violations
        or abs(schedule.score() - result.score.total) > _SAME * (1.0 + abs(result.score.total))
    ):
        return result, empty
    asked = _Asked(schedule=schedule, stands=result.score, enough=enough)
    _assignments(asked)
    _unused(asked)
    _short(asked)
    found = {
        "assignments": asked.assignments,
        "unused": asked.unused,
        "short": asked.short,
        "complete": not enough(),
    }
    return (_judged(result, schedule) if asked.better else result), found


def _judged(result: Result, schedule: Schedule) -> Result:
    plan = plan_of(schedule)
    findings = inspect(schedule.problem, plan)
    scored = score(schedule.problem, findings)
    if findings.violations or scored.total >= result.score.total:
        return result
    return Result(
        plan=plan,
        score=scored,
        human=result.human,
        violations=(),
        method=result.method + "+reasons",
        iterations=result.iterations,
        bound=result.bound,
        schedule=schedule,
    )


def _scored(schedule: Schedule) -> Score | None:
    """The judge's score of the schedule as it is now; None where it breaks a rule."""
    findings = inspect(schedule.problem, plan_of(schedule))
    return None if findings.violations else score(schedule.problem, findings)


def _keep(asked: _Asked, outcome: Outcome) -> bool:
    """Whether forcing found a better plan, which then stands."""
    if outcome.score >= asked.stands.total - _LEAST_GAIN:
        return False
    found = _scored(asked.schedule)
    if found is None or found.total >= asked.stands.total - _LEAST_GAIN:
        return False
    outcome.keep = asked.better = True
    asked.stands = found
    return True


def _terms(before: Score, after: Score) -> dict[str, float]:
    """What becomes more (worse) or less, by the terms of the score that change."""
    old, new = before.to_json(), after.to_json()
    names = (
        "life_weighted_minutes",
        "fire_weighted_kl_hours",
        "task_weighted_minutes",
        "reserve_shortage_hours",
        "cost",
    )
    return {name: round(new[name] - old[name], 3) for name in names if abs(new[name] - old[name]) >= 0.005}


def _assignments(asked: _Asked) -> None:
    schedule = asked.schedule
    problem = schedule.problem
    ranked = sorted(
        range(len(problem.incidents)),
        key=lambda n: (not problem.incidents[n].life_at_risk, -problem.incidents[n].weight, n),
    )
    for incident in ranked:
        for craft in schedule.crafts:
            if incident not in works_at(schedule, craft.index):
                continue
            if asked.enough():
                return
            asked.assignments.append(_against_runner_up(asked, craft.index, incident))


def _against_runner_up(asked: _Asked, aircraft: int, incident: int) -> dict[str, Any]:
    """One assignment and who would do its work, or what its aircraft would do, were it forbidden."""
    schedule, problem = asked.schedule, asked.schedule.problem
    helpers = [a for a in stand_ins(schedule, incident) if a != aircraft]
    drops = {a: _work(schedule, a, incident) for a in helpers}
    row: dict[str, Any] = {
        "aircraft_id": problem.aircraft[aircraft].id,
        "incident_id": problem.incidents[incident].id,
        "runner_up_aircraft_id": None,
        "runner_up_incident_id": None,
    }
    with otherwise(schedule, [aircraft], helpers, banned=frozenset({(aircraft, incident)})) as outcome:
        more = {a: _work(schedule, a, incident) - drops[a] for a in helpers}
        stepped_in = max(helpers, key=lambda a: more[a], default=None)
        if stepped_in is not None and more[stepped_in] > 0:
            row["runner_up_aircraft_id"] = problem.aircraft[stepped_in].id
        elsewhere = next(iter(works_at(schedule, aircraft)), None)
        if elsewhere is not None:
            row["runner_up_incident_id"] = problem.incidents[elsewhere].id
        row["difference"] = round(outcome.score - asked.stands.total, 3)
        found = _scored(schedule)
        row["terms"] = {} if found is None else _terms(asked.stands, found)
        if _keep(asked, outcome):
            row |= {"difference": 0.0, "terms": {}, "replaced": True}
    return row


def _work(schedule: Schedule, aircraft: int, incident: int) -> float:
    """Litres or visits of an aircraft at an incident."""
    return sum(
        sum(litres * len(times) for n, litres, times in sortie.drops if n == incident)
        + sum(1 for n, _ in sortie.visits if n == incident)
        for sortie in schedule.sorties[aircraft]
    )


def _unused(asked: _Asked) -> None:
    schedule, problem = asked.schedule, asked.schedule.problem
    for craft in schedule.crafts:
        if works_at(schedule, craft.index) or craft.index in problem.commitments:
            continue
        if asked.enough():
            return
        asked.unused.append(_use(asked, craft.index))


def _use(asked: _Asked, aircraft: int) -> dict[str, Any]:
    """Why an aircraft stands: what keeps it from every incident, or what its best use would cost."""
    schedule, problem = asked.schedule, asked.schedule.problem
    row: dict[str, Any] = {"aircraft_id": problem.aircraft[aircraft].id, "incident_id": None}
    if not problem.aircraft[aircraft].serviceable:
        return row | {"code": "UNSERVICEABLE"}
    codes: dict[str, int] = {}
    best: tuple[float, int] | None = None
    for incident in range(len(problem.incidents)):
        sortie, code = best_first(schedule, aircraft, incident)
        if sortie is None:
            codes[code] = codes.get(code, 0) + 1
            continue
        gain = schedule.gain(aircraft, sortie)
        if best is None or gain > best[0]:
            best = gain, incident
    if best is None:
        code = max(codes, key=lambda one: (codes[one], one), default="PLACE")
        return row | {"code": code, "codes": codes}
    incident = best[1]
    sortie, _ = best_first(schedule, aircraft, incident)
    row |= {"code": "NOT_NEEDED", "incident_id": problem.incidents[incident].id}
    if sortie is None:
        return row
    with otherwise(schedule, [aircraft], first=(aircraft, sortie)) as outcome:
        row["difference"] = round(outcome.score - asked.stands.total, 3)
        found = _scored(schedule)
        row["terms"] = {} if found is None else _terms(asked.stands, found)
        if _keep(asked, outcome):
            row |= {"code": "ASSIGNED", "difference": 0.0, "terms": {}}
    return row


def _short(asked: _Asked) -> None:
    """Room of which there is none left at some time, and what one more would be worth."""
    schedule, problem = asked.schedule, asked.schedule.problem
    ledgers = schedule.ledgers
    places: list[tuple[str, int, str, list[int]]] = []
    for n, incident in enumerate(problem.incidents):
        places.append(("layers", n, incident.id, _at(schedule, "scene", n)))
    for n, point in enumerate(problem.water_points):
        places.append(("water", n, point.id, _at(schedule, "water", n)))
    for n, base in enumerate(problem.bases):
        places.append(("refuel", n, base.id, _at(schedule, "fuel", n)))
    tables = {"layers": ledgers.scene, "water": ledgers.water, "refuel": ledgers.fuel}
    found: list[dict[str, Any]] = []
    for kind, n, place_id, users in places:
        ledger = tables[kind][n]
        if not users or not ledger.full():
            continue
        if asked.enough():
            break
        incidents = [n] if kind == "layers" else sorted({i for a in users for i in works_at(schedule, a)})
        helpers = dict.fromkeys(a for incident in incidents for a in stand_ins(schedule, incident))
        ledger.widen(1)
        try:
            with otherwise(schedule, users, [a for a in helpers if a not in users]) as outcome:
                gain = outcome.score - asked.stands.total
                if gain < -LEAST_WORTH_SHARE * asked.stands.total:
                    row = {"kind": kind, "place_id": place_id, "limit": ledger.limit - 1}
                    plan_terms = score(problem, inspect(problem, plan_of(schedule)))
                    found.append(
                        row | {"difference": round(gain, 3), "terms": _terms(asked.stands, plan_terms)}
                    )
        finally:
            ledger.widen(-1)
    asked.short = sorted(found, key=lambda row: row["difference"])[:MOST_SHORT]


def _at(schedule: Schedule, what: str, place: int) -> list[int]:
    """Aircraft whose own work uses a place."""
    return [
        craft.index
        for craft in schedule.crafts
        if any(
            place == n
            for sortie in schedule.sorties[craft.index][schedule.fixed[craft.index] :]
            for n, _, _ in getattr(sortie, f"at_{what}")
        )
    ]
