"""A result as the one JSON object that `ganying plan --explain` writes and the server's solver process sends."""

from optimizer.explain import explain
from optimizer.problem import Problem
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


def answer(problem: Problem, result: Result, seed: int) -> dict[str, object]:
    """Plan, scores, reasons and what is proven; scores rounded to the thousandth."""
    return {
        "plan": result.plan.to_json(problem),
        "score": result.score.to_json(),
        "human_score": round(result.human.total, 3),
        "explanation": explain(problem, result),
        "violations": broken_rules(problem, result),
        "method": result.method,
        "iterations": result.iterations,
        "seed": seed,
        "bound": None if result.bound is None else round(result.bound, 3),
    }
