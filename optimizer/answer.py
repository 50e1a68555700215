"""A result as the one JSON object that `ganying plan --explain` writes and the server's solver process sends."""

from collections.abc import Callable

from optimizer.explain import explain
from optimizer.problem import Problem
from optimizer.reasons import explained
from optimizer.solve import Result


def broken_rules(problem: Problem, result: Result) -> list[dict[str, object]]:
    """Each rule that even the best plan breaks: its code, the aircraft (None: of no single one) and what happened."""
    return [
        {
            "code": row.code,
            "aircraft_id": problem.aircraft[row.aircraft].id if row.aircraft >= 0 else None,
            "detail": row.detail,
        }
        for row in result.violations
    ]


def answer(
    problem: Problem, result: Result, seed: int, enough: Callable[[], bool] = lambda: False
) -> dict[str, object]:
    """Plan, scores, reasons and what is proven; scores rounded to the thousandth. `enough` ends the reasons that are
    found by forcing (`reasons.py`); what they find better is in the plan."""
    result, forced = explained(result, enough)
    return {
        "plan": result.plan.to_json(problem),
        "score": result.score.to_json(),
        "human_score": round(result.human.total, 3),
        "explanation": explain(problem, result) | forced,
        "violations": broken_rules(problem, result),
        "method": result.method,
        "iterations": result.iterations,
        "seed": seed,
        "bound": None if result.bound is None else round(result.bound, 3),
    }
