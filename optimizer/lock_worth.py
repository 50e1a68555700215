"""What locked legs are worth at prices: it comes whatever is decided."""

from collections.abc import Callable

import numpy as np

from optimizer.kinds import Matrix, Start
from optimizer.prices import Prices, claimed, tail
from optimizer.problem import Problem


def locked_points(
    problem: Problem, prices: Prices, start: Start, ready_after: Callable[[int, Matrix], Matrix]
) -> float:
    """Points for what the locked legs of one aircraft bring. `ready_after`: points for standing ready at a base from
    each of some times to the horizon."""
    debt = tail(prices.edges_s, prices.debt)
    early = claimed(problem, prices)
    unserved_s = problem.weights.unserved_minutes * 60
    points = start.lock_pairs * problem.weights.changed_assignment - start.lock_cost
    layers = tail(prices.edges_s, prices.layers)
    for n, from_s, until_s in start.lock_busy:
        over = np.interp((from_s, until_s), prices.edges_s, layers[n], right=0.0)
        points -= problem.aircraft[start.aircraft].slots * float(over[0] - over[1])
    for n, litres, times in start.lock_drops:
        at = np.array([t for t in times if t <= problem.horizon_s])
        points += litres * float(np.interp(at, prices.edges_s, debt[n], right=0.0).sum())
        if len(at):
            points += max(0.0, float(early[n] * (unserved_s - at.min()) - prices.claim[n]))
    for n, at_s in start.lock_visits:
        if at_s <= problem.horizon_s:
            points += max(0.0, float(early[n] * (unserved_s - at_s) - prices.claim[n]))
    for base, from_s, until_s in start.lock_ready:
        points += float(ready_after(base, np.array([from_s]))[0])
        points -= float(ready_after(base, np.array([until_s]))[0])
    return points
