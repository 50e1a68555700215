"""The score of a finished plan, term by term, as the interchange format defines it.

Told from what `check.py` saw the plan achieve, and apart from the running books of `books.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from optimizer.check import Findings
from optimizer.cover import uncovered_s
from optimizer.people import lifted_min
from optimizer.problem import Incident, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """`total` is the weighted sum of the terms; `flight_hours` is told beside it."""

    total: float
    life_weighted_minutes: float
    fire_weighted_kl_hours: float
    task_weighted_minutes: float
    reserve_shortage_hours: float
    cost: float
    flight_hours: float
    changed_assignments: int

    def to_json(self) -> dict[str, float]:
        """The terms by their names in the referee's answer, the sum as `score`."""
        return {
            "score": round(self.total, 3),
            "life_weighted_minutes": round(self.life_weighted_minutes, 2),
            "fire_weighted_kl_hours": round(self.fire_weighted_kl_hours, 3),
            "task_weighted_minutes": round(self.task_weighted_minutes, 2),
            "reserve_shortage_hours": round(self.reserve_shortage_hours, 3),
            "cost": round(self.cost, 2),
            "flight_hours": round(self.flight_hours, 2),
            "changed_assignments": self.changed_assignments,
        }


def score(problem: Problem, findings: Findings) -> Score:
    """The score of what a plan achieved."""
    weights = problem.weights
    life = fire = task = 0.0
    for n, row in enumerate(problem.incidents):
        if row.fire is not None:
            minutes, area = _fire_terms(problem, row, findings.drops.get(n, ()))
            fire += row.weight * area
            life += row.weight * minutes if row.life_at_risk else 0.0
        else:
            minutes = _task_minutes(problem, row, findings, n)
            life += row.weight * minutes if row.life_at_risk else 0.0
            task += 0.0 if row.life_at_risk else row.weight * minutes
    short = _reserve_hours(problem, findings)
    live = {pair for pair in problem.previous_pairs if problem.aircraft[pair[0]].serviceable}
    changed = len(live - findings.pairs)
    total = (
        weights.life_weighted_minute * life
        + weights.fire_weighted_kl_hour * fire
        + weights.task_weighted_minute * task
        + weights.reserve_shortage_hour * short
        + weights.cost_unit * findings.cost
        + weights.changed_assignment * changed
    )
    return Score(
        total=total,
        life_weighted_minutes=life,
        fire_weighted_kl_hours=fire,
        task_weighted_minutes=task,
        reserve_shortage_hours=short,
        cost=findings.cost,
        flight_hours=findings.flight_s / 3600,
        changed_assignments=changed,
    )


def _fire_terms(problem: Problem, row: Incident, drops: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(minutes to the first drop, kilolitre-hours under the debt curve)."""
    if row.fire is None:
        return 0.0, 0.0
    debt_l, at_s, litre_s = row.fire.demand_l, 0.0, 0.0
    counted = sorted(drop for drop in drops if drop[0] <= problem.horizon_s)
    for drop_s, drop_l in [*counted, (problem.horizon_s, 0.0)]:
        grown_l = row.fire.growth_lps * (drop_s - at_s)
        litre_s += (debt_l + grown_l / 2) * (drop_s - at_s)
        debt_l = max(0.0, debt_l + grown_l - drop_l)
        at_s = drop_s
    minutes = counted[0][0] / 60 if counted else problem.weights.unserved_minutes
    return minutes, litre_s / 3.6e6


def _task_minutes(problem: Problem, row: Incident, findings: Findings, incident: int) -> float:
    """Minutes to completion; partly the unserved minutes when visits are missing, or people not lifted out; minutes
    without anybody where somebody is wanted all the time."""
    if row.task is not None and row.task.people:
        loads = sorted(load for load in findings.loads.get(incident, ()) if load[0] <= problem.horizon_s)
        return lifted_min(loads, row.task.people, problem.weights.unserved_minutes)
    if row.task is not None and row.task.continuous:
        spans = ((use[0], use[1]) for use in findings.at_scene.get(incident, ()))
        return uncovered_s(spans, problem.horizon_s) / 60
    wanted = row.task.visits if row.task is not None else 0
    done = sorted(at_s for at_s in findings.visits.get(incident, ()) if at_s <= problem.horizon_s)
    if len(done) >= wanted:
        return done[wanted - 1] / 60
    share = len(done) / wanted
    last_min = done[-1] / 60 if done else 0.0
    return problem.weights.unserved_minutes * (1 - share) + last_min * share


def _reserve_hours(problem: Problem, findings: Findings) -> float:
    """Aircraft-hours short of the reserves wanted at the bases."""
    short_s = 0.0
    for reserve in problem.reserves:
        here = [
            (max(0.0, from_s), min(problem.horizon_s, until_s))
            for base, aircraft, from_s, until_s in findings.ready
            if base == reserve.base
            and problem.aircraft[aircraft].serviceable
            and reserve.capability in problem.aircraft[aircraft].capabilities
        ]
        edges = sorted(
            {0.0, problem.horizon_s, *(e for span in here for e in span if 0 <= e <= problem.horizon_s)}
        )
        for start_s, end_s in pairwise(edges):
            ready = sum(1 for from_s, until_s in here if from_s <= start_s and end_s <= until_s)
            short_s += max(0, reserve.min_aircraft - ready) * (end_s - start_s)
    return short_s / 3600
