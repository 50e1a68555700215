"""Two plans beside each other: what the second does otherwise, and what that is worth. Pure.

The plans may be of two scenarios (optimizer/what_if.py); things are matched by their ids. Minutes are from each
scenario's now; a score and its terms are as the referee has them, smaller is better.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.check import Findings, inspect
from optimizer.legs import LegKind
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.score import score

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    problem: Problem
    plan: Plan
    findings: Findings

    @staticmethod
    def of(problem: Problem, plan: Plan) -> "_Side":
        return _Side(problem=problem, plan=plan, findings=inspect(problem, plan))

    def work(self) -> dict[str, list[str]]:
        """Aircraft id -> incidents in the order of its work."""
        found: dict[str, list[str]] = {row.id: [] for row in self.problem.aircraft}
        for aircraft, legs in self.plan.timelines.items():
            named = [
                self.problem.incidents[leg.incident].id
                for leg in legs
                if leg.kind in (LegKind.CYCLES, LegKind.ON_SCENE)
            ]
            found[self.problem.aircraft[aircraft].id] = list(dict.fromkeys(named))
        return found

    def incidents(self) -> dict[str, dict[str, Any]]:
        """Incident id -> when first served or completed, the water by the horizon, the visits, who works there."""
        problem, work = self.problem, self.work()
        found: dict[str, dict[str, Any]] = {}
        for n, row in enumerate(problem.incidents):
            drops = [(at, litres) for at, litres in self.findings.drops.get(n, ()) if at <= problem.horizon_s]
            visits = sorted(at for at in self.findings.visits.get(n, ()) if at <= problem.horizon_s)
            first = (
                min((at for at, _ in drops), default=None) if row.fire else (visits[-1] if visits else None)
            )
            found[row.id] = {
                "first_min": None if first is None else round(first / _MINUTE_S, 1),
                "litres": round(sum(litres for _, litres in drops)),
                "visits": len(visits),
                "aircraft": sorted(name for name, named in work.items() if row.id in named),
            }
        return found


def difference(before: tuple[Problem, Plan], after: tuple[Problem, Plan]) -> dict[str, Any]:
    """What is otherwise in the second plan, as JSON: `terms` with both values, `incidents` and `aircraft` that
    differ only, each with `before` and `after`."""
    old, new = _Side.of(*before), _Side.of(*after)
    terms = [score(side.problem, side.findings).to_json() for side in (old, new)]
    return {
        "score": {"before": terms[0]["score"], "after": terms[1]["score"]},
        "terms": {
            key: {"before": value, "after": terms[1][key]}
            for key, value in terms[0].items()
            if key != "score"
        },
        "incidents": _differing(old.incidents(), new.incidents(), "incident_id"),
        "aircraft": _differing(old.work(), new.work(), "aircraft_id"),
        "violations": [{"code": row.code, "detail": row.detail} for row in new.findings.violations],
    }


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Rows of two tables that are not the same; None where one has no such row."""
    return [
        {key: name, "before": before.get(name), "after": after.get(name)}
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]
