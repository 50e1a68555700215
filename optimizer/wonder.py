"""Answers a what-if: the plan as things stand, the plan with the changes, and the difference. Pure.

Both are solved from the plan in force; the second starts from the first and is charged for every assignment that it
changes, so that what differs is due to the changes and not to chance.
"""

from collections.abc import Callable, Mapping
from typing import Any

from optimizer.answer import answer
from optimizer.check import inspect
from optimizer.difference import difference
from optimizer.legs import LegKind
from optimizer.plan import Plan, read_plan
from optimizer.problem import Problem, parse
from optimizer.score import Score, score
from optimizer.solve import solve
from optimizer.stop import Stop
from optimizer.what_if import changed


def wonder(
    scenario: Mapping[str, Any],
    changes: object,
    previous: Mapping[str, Any] | None,
    *,
    stops: tuple[Callable[[], Stop], Callable[[], Stop]],
    seed: int,
    listen: Callable[[Problem, Plan, Score], None],
    enough: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """`changes`, `difference` (optimizer/difference.py) and the changed plan's `answer`. `stops` make the stop of each
    solving when it begins; `listen` hears of the changed plan's improvements, `enough` ends its reasons. Raises Malformed."""
    twisted = changed(scenario, changes)
    problem = parse(scenario)
    before = read_plan(problem, previous) if previous is not None else None
    base = solve(problem, stops[0](), seed, before)
    pairs = _pairs(problem, base.plan)
    present = {row["id"] for row in twisted["aircraft"]}
    twisted["previous_assignments"] = [pair for pair in pairs if pair["aircraft_id"] in present]
    as_it_stands = parse({**scenario, "previous_assignments": pairs})
    if_so = parse(twisted)
    result = solve(
        if_so,
        stops[1](),
        seed,
        read_plan(if_so, base.plan.to_json(problem)),
        lambda plan, scored: listen(if_so, plan, scored),
    )
    before_plan = _better_as_it_stands(as_it_stands, base.plan, result.plan.to_json(if_so))
    return {
        "changes": changes,
        "difference": difference((as_it_stands, before_plan), (if_so, result.plan)),
        "answer": answer(if_so, result, seed, enough),
    }


def _better_as_it_stands(problem: Problem, plan: Plan, other: Mapping[str, Any]) -> Plan:
    """The changed plan where it is also the better one without the changes: it was only sought for longer, and a loss
    must not look like a gain."""
    read = read_plan(problem, other)
    if {entry["aircraft_id"] for entry in other["aircraft"]} != {
        problem.aircraft[n].id for n in read.timelines
    }:
        return plan
    found = inspect(problem, read)
    if found.violations or score(problem, found).total >= score(problem, inspect(problem, plan)).total:
        return plan
    return read


def _pairs(problem: Problem, plan: Plan) -> list[dict[str, str]]:
    found = {
        (aircraft, leg.incident)
        for aircraft, legs in plan.timelines.items()
        for leg in legs
        if leg.kind in (LegKind.CYCLES, LegKind.ON_SCENE)
    }
    return [
        {"aircraft_id": problem.aircraft[aircraft].id, "incident_id": problem.incidents[incident].id}
        for aircraft, incident in sorted(found)
    ]
