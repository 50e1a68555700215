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
from optimizer.stop import MaxIterations, Stop
from optimizer.what_if import HYPOTHETICAL, changed, kinds

_AT_ONCE = MaxIterations(iterations=0)


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
    present = {row["id"] for row in twisted["aircraft"]}
    # A lost aircraft's assignments are no charge on either side, or chance could make its loss a gain by their price.
    pairs = [pair for pair in _pairs(problem, base.plan) if pair["aircraft_id"] in present]
    twisted["previous_assignments"] = pairs
    as_it_stands = parse({**scenario, "previous_assignments": pairs})
    if_so = parse(twisted)
    said = base.plan.to_json(problem)
    result = solve(
        if_so, stops[1](), seed, read_plan(if_so, said), lambda plan, scored: listen(if_so, plan, scored)
    )
    after = result.plan.to_json(if_so)
    as_it_is = read_plan(as_it_stands, said)
    if isinstance(changes, list) and not kinds(changes) & HYPOTHETICAL:
        as_it_is = _best_as_it_stands(as_it_stands, as_it_is, after, seed)
    return {
        "changes": changes,
        "difference": difference((as_it_stands, as_it_is), (if_so, read_plan(if_so, after))),
        "answer": answer(if_so, result, seed, enough),
    }


def _best_as_it_stands(problem: Problem, plan: Plan, other: Mapping[str, Any], seed: int) -> Plan:
    """The changed plan where it is also the better one without the changes, as it is or carried over to what they took
    away: it was only sought for longer, and a loss must not look like a gain."""
    read = read_plan(problem, other)
    if score(problem, inspect(problem, read)).total >= score(problem, inspect(problem, plan)).total:
        return plan
    carried = solve(problem, _AT_ONCE, seed, read).plan.to_json(problem)
    return min((plan, read, read_plan(problem, carried)), key=lambda each: _rank(problem, each))


def _rank(problem: Problem, plan: Plan) -> tuple[int, float]:
    found = inspect(problem, plan)
    return len(found.violations), score(problem, found).total


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
