"""Prices of what aircraft share: the multipliers under a bound, each a step function of time or one number.

Every function here is exact in continuous time: a price is constant over a bin, so what a drop, a visit or a span
of minutes is worth is piecewise linear and is evaluated where it happens, never at the edge of a slot.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import NONE, Problem

Matrix = NDArray[np.float64]

LITRE_S_PER_KL_HOUR = 3.6e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """`edges_s`: float64[bin + 1], 0 to the horizon. Score points: `debt` [incident, bin] per litre-second owed,
    `claim` [incident] for the first drop where lives are at risk and for each visit of a task; `granted` [incident]:
    the share of what such claims could save at most that is given away, whatever is done, and not claimed; `together`:
    the same of all incidents with lives at risk; `layers`
    [incident, bin] per slot-second over the incident, `ready` [reserve, bin] per aircraft-second.
    """

    edges_s: Matrix
    debt: Matrix
    claim: Matrix
    granted: Matrix
    together: float
    layers: Matrix
    ready: Matrix

    def clipped(self, problem: Problem) -> "Prices":
        """The nearest prices that a bound may use: none below zero, none above what the score charges."""
        most_debt, most_ready = charges(problem)
        together = min(1.0, max(0.0, self.together))
        return Prices(
            edges_s=self.edges_s,
            debt=np.clip(self.debt, 0.0, most_debt[:, None]),
            claim=np.maximum(self.claim, 0.0),
            granted=np.clip(self.granted, 0.0, 1.0 - together * lives(problem)),
            together=together,
            layers=np.maximum(self.layers, 0.0),
            ready=np.clip(self.ready, 0.0, most_ready),
        )

    def blended(self, other: "Prices", share: float) -> "Prices":
        """Between these prices and others: `share` of these."""
        rest = 1.0 - share
        return Prices(
            edges_s=self.edges_s,
            debt=share * self.debt + rest * other.debt,
            claim=share * self.claim + rest * other.claim,
            granted=share * self.granted + rest * other.granted,
            together=share * self.together + rest * other.together,
            layers=share * self.layers + rest * other.layers,
            ready=share * self.ready + rest * other.ready,
        )


def charges(problem: Problem) -> tuple[Matrix, float]:
    """What the score charges: points per litre-second of each incident's debt, per aircraft-second short."""
    weights = problem.weights
    per_litre_s = weights.fire_weighted_kl_hour / LITRE_S_PER_KL_HOUR
    debt = np.array([row.weight * per_litre_s if row.fire else 0.0 for row in problem.incidents])
    return debt.reshape(-1), weights.reserve_shortage_hour / 3600


def served_early(problem: Problem) -> Matrix:
    """float64[incident]: points a second for the first drop (lives at risk) or, for tasks, for one visit."""
    weights = problem.weights
    rates = []
    for row in problem.incidents:
        minute = weights.life_weighted_minute if row.life_at_risk else 0.0
        if row.task is not None and not row.life_at_risk:
            minute = weights.task_weighted_minute
        share = row.task.visits if row.task is not None else 1
        rates.append(row.weight * minute / 60 / max(1, share))
    return np.array(rates).reshape(-1)


def wanted(problem: Problem) -> Matrix:
    """float64[incident]: how many claims pay: one first drop, or as many as the task has visits."""
    return np.array(
        [row.task.visits if row.task is not None else 1 for row in problem.incidents], dtype=float
    )


def lives(problem: Problem) -> Matrix:
    """float64[incident]: 1 where lives are at risk, else 0."""
    return np.array([float(row.life_at_risk) for row in problem.incidents]).reshape(-1)


def claimed(problem: Problem, prices: Prices) -> Matrix:
    """float64[incident]: points for each second that a first drop or a visit comes before `unserved_minutes`, as far
    as they are not granted anyway."""
    rate: Matrix = served_early(problem) * (1.0 - prices.granted - prices.together * lives(problem))
    return rate


def tail(edges_s: Matrix, price: Matrix) -> Matrix:
    """float64[..., bin + 1]: the integral of a price from each edge to the horizon."""
    parts = price * np.diff(edges_s)
    whole = np.cumsum(parts[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([whole, np.zeros((*whole.shape[:-1], 1))], axis=-1)


def owed(problem: Problem, edges_s: Matrix) -> Matrix:
    """float64[incident, bin], litre-seconds: the area under the debt curve of each fire if nobody came."""
    demand = np.array([row.fire.demand_l if row.fire else 0.0 for row in problem.incidents]).reshape(-1, 1)
    growth = np.array([row.fire.growth_lps if row.fire else 0.0 for row in problem.incidents]).reshape(-1, 1)
    area: Matrix = demand * np.diff(edges_s) + growth * np.diff(edges_s**2) / 2
    return area


def constant(problem: Problem, prices: Prices, most_saved: Matrix, most_together: float) -> float:
    """The part of a bound that no aircraft changes. `most_saved` [incident]: by claims, whatever is done;
    `most_together`: by all where lives are at risk."""
    width_s = np.diff(prices.edges_s)
    unserved_s = problem.weights.unserved_minutes * 60
    early, capacity = served_early(problem), wanted(problem)
    limits = np.array([row.max_slots for row in problem.incidents], dtype=float).reshape(-1)
    least = np.array([row.min_aircraft for row in problem.reserves], dtype=float).reshape(-1)
    live = sum(1 for pair in problem.previous_pairs if problem.aircraft[pair[0]].serviceable)
    return float(
        (early * capacity * unserved_s).sum()
        + (prices.debt * owed(problem, prices.edges_s)).sum()
        + ((prices.ready * width_s).sum(axis=1) * least).sum()
        + live * problem.weights.changed_assignment
        - (prices.claim * capacity).sum()
        - (prices.granted * most_saved).sum()
        - (prices.together * most_together if prices.together > 0.0 else 0.0)
        - ((prices.layers * width_s).sum(axis=1) * limits).sum()
    )


def outside(problem: Problem) -> list[bool]:
    """Per reserve, whether its base is no part of the scenario."""
    return [row.base == NONE for row in problem.reserves]
