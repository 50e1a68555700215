"""What prices make of time, for one kind of aircraft: events over incidents, readiness at bases, layers taken."""

import numpy as np

from optimizer.grid import Grid
from optimizer.kinds import Fleet, Matrix, Whole
from optimizer.prices import Prices, claimed, tail


class Worth:
    """What the prices make of time, for one kind: values of events on its grids, of readiness at its bases."""

    def __init__(self, fleet: Fleet, grid: Grid, prices: Prices) -> None:
        self.prices, self.grid = prices, grid
        problem, kind = fleet.problem, grid.kind
        self.edges_s = prices.edges_s
        self._debt = tail(prices.edges_s, prices.debt)
        self._layers = tail(prices.edges_s, prices.layers)
        self._unserved_s = problem.weights.unserved_minutes * 60
        self.horizon_s = problem.horizon_s
        self.is_task = np.array([row.task is not None for row in problem.incidents], dtype=bool)
        bases = len(problem.bases)
        ready = np.zeros((bases, len(prices.edges_s)))
        ready_tail = tail(prices.edges_s, prices.ready)
        for n in kind.reserves:
            ready[problem.reserves[n].base] += ready_tail[n]
        self.ready_tail = ready
        self.standing = np.array(
            [np.interp(grid.base_s, prices.edges_s, ready[b], right=0.0) for b in range(bases)]
        ).reshape(bases, grid.steps + 1)
        self.reserve_bases = np.flatnonzero(ready[:, 0] > 0.0)
        self._early_here = claimed(problem, prices)[kind.incidents]
        self._claim_here = prices.claim[kind.incidents]
        self._task_here = self.is_task[kind.incidents]
        # where layers cost something, it may be worth waiting over an incident for cheaper ones
        self.waits = (self._layers[kind.incidents, 0] > 0.0) & (kind.busy_s > 0.0)
        events = [self._event(i, grid.times[i]) for i in range(len(kind.incidents))]
        self.event = np.array(events).reshape(len(kind.incidents), grid.rows)

    def claim(self, i: Whole, at_s: Matrix) -> Matrix:
        """Points for a first drop or a visit at a time, the claim's price paid."""
        at_s = np.maximum(at_s, self.grid.soonest_s[i])
        gain = self._early_here[i] * (self._unserved_s - at_s) - self._claim_here[i]
        value: Matrix = np.where(at_s <= self.horizon_s, np.maximum(gain, 0.0), 0.0)
        return value

    def ready_after(self, base: int, at_s: Matrix) -> Matrix:
        """Points for standing ready at a base from a time to the horizon."""
        value: Matrix = np.interp(at_s, self.edges_s, self.ready_tail[base], right=0.0)
        return value

    def _event(self, i: int, at_s: Matrix) -> Matrix:
        """Points for an event on the grid, and the least that its time over the incident can cost."""
        kind, n = self.grid.kind, int(self.grid.kind.incidents[i])
        if self.is_task[n]:
            value = self.claim(np.array(i), at_s)
        else:
            value = kind.litres[i] * np.interp(at_s, self.edges_s, self._debt[n], right=0.0)
        if self._layers[n, 0] > 0.0:
            value = value - kind.slots * self.busy_cost(i, at_s)[0]
        return value

    def busy_cost(self, i: int, at_s: Matrix) -> tuple[Matrix, Matrix]:
        """The least that an event in each row costs at the incident, per slot, and the time when it is least.
        The cost is piecewise linear in time: it is least at an end of the row or where a price changes."""
        kind, n = self.grid.kind, int(self.grid.kind.incidents[i])
        length_s = float(kind.busy_s[i])

        def cost(until_s: Matrix) -> Matrix:
            over: Matrix = np.interp(until_s - length_s, self.edges_s, self._layers[n], right=0.0)
            over -= np.interp(until_s, self.edges_s, self._layers[n], right=0.0)
            return over

        own_s = float(self.grid.own_s[i])
        best, when = cost(at_s), at_s.copy()
        turns = np.concatenate([self.edges_s, self.edges_s + length_s])
        row = np.floor((turns - at_s[0]) / own_s).astype(np.int64)
        inside = (row >= 0) & (row < len(at_s))
        choices = [(np.arange(len(at_s)), at_s + own_s), (row[inside], turns[inside])]
        for rows, times in choices:
            for place, time, value in zip(rows, times, cost(times), strict=True):
                if value < best[place]:
                    best[place], when[place] = value, time
        return best, when

    def late_worth(self, i: Whole, row_s: Matrix) -> Matrix:
        """The same of a first event at the time of its row."""
        value: Matrix = np.where(self._task_here[i], 0.0, self.claim(i, row_s))
        return value

    def entry_worth(self, i: Whole, at_s: Matrix, row_s: Matrix) -> Matrix:
        """What the first event of a run is worth at its own time beyond what its row of the grid says."""
        value: Matrix = self.claim(i, at_s) - np.where(self._task_here[i], self.claim(i, row_s), 0.0)
        return value
