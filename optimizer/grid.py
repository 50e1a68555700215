"""The grids of time and flight left on which the timelines of one kind of aircraft are priced (`pricing.py`).

Every incident has a time grid of its own, a whole fraction of the time from one event to the next, so a run of any
length stays on its grid and is never rounded inside. Times are rounded down, and flight that is left is rounded
up, once where a run begins and once where its sortie lands.
"""

import math

import numpy as np
from numpy.typing import NDArray

from optimizer.kinds import LEAST_STEP_S, Kind, Matrix, Whole


class Grid:
    """The part of a kind that no price changes: its grids, and where each step leads on them.

    Arrays are padded to common sizes: [i] incidents, `rows` of time, `columns` of flight left. Column 0 of every
    table is what cannot be flown; column c + 1 stands for c times the incident's own step.
    """

    def __init__(self, kind: Kind, horizon_s: float, grain_s: float, turns: bool) -> None:
        """`turns`: whether filling up without a rest will be told."""
        self.kind, self.horizon_s = kind, horizon_s
        count = len(kind.incidents)
        others = kind.cross_s + np.where(np.eye(count, dtype=bool), np.inf, 0.0)
        closest_s = np.maximum(others.min(axis=0, initial=np.inf), LEAST_STEP_S)
        # landing must lead to a later step of the grid, and so must going to and fro between incidents
        again_s = min(kind.rest_s, kind.turn_s) if turns else kind.rest_s
        self.grain_s = grain_s = max(1.0, min(grain_s, again_s / 2))
        # ready no later than it may leave again, so that leaving never ends more readiness than there was
        self.ready_after_s = min(kind.turn_s, kind.rest_s)
        self.between = Between(kind, grain_s, self.ready_after_s)
        self.steps = max(1, math.ceil(horizon_s / grain_s))
        self.levels = max(1, math.ceil(kind.block_s / grain_s) + 1)
        self.base_s = grain_s * np.arange(self.steps + 1)
        least = np.minimum(np.minimum(grain_s, closest_s / 2), np.maximum(kind.step_s, LEAST_STEP_S))
        self.fine = np.ceil(np.maximum(kind.step_s, LEAST_STEP_S) / least - 1e-9).astype(np.int64)
        self.own_s = np.maximum(kind.step_s, LEAST_STEP_S) / self.fine
        self.count = np.floor(horizon_s / self.own_s + 1e-9).astype(np.int64) + 1
        self.rows = int(self.count.max(initial=1))
        self.columns = max(1, math.ceil(kind.block_s / float(self.own_s.min(initial=grain_s)) - 1e-9) + 1)
        same = kind.step_air_s == kind.step_s
        self.fewer = np.where(same, self.fine, (kind.step_air_s / self.own_s).astype(np.int64))
        self.soonest_s = np.min([start.soonest_s for start in kind.starts], axis=0)
        index = np.arange(self.columns)
        self.shifted = np.maximum(0, index[None, :] + 1 - self.fewer[:, None])
        level = np.ceil(self.own_s[:, None] * index[None, :] / grain_s - 1e-9)
        self.to_level = np.minimum(level, self.levels - 1).astype(np.int64)
        self.times = self.own_s[:, None] * np.arange(self.rows)[None, :]
        self._land()
        self._pair(grain_s)
        self._batch()

    def _land(self) -> None:
        """Bases near each run's end, the nearest first; when an aircraft that lands there is ready, or rested."""
        kind = self.kind
        order = np.argsort(kind.home_s, axis=1, kind="stable")
        home_s = np.take_along_axis(kind.home_s, order, axis=1)
        most = int((home_s <= kind.block_s + 1e-9).sum(axis=1).max(initial=0))
        self.near, self.home_s = order[:, :most], home_s[:, :most]
        self.far = self.home_s > kind.block_s + 1e-9
        land_s = self.times[:, None, :] + np.where(self.far, 0.0, self.home_s)[:, :, None]
        self.ready = self.step_of(land_s + self.ready_after_s)
        self.rested = self.step_of(land_s + kind.rest_s)
        self.late = (land_s > kind.latest_s) | self.far[:, :, None]
        flight_s = self.own_s[:, None] * np.arange(self.columns)[None, :]
        self.reach = (self.home_s[:, None, :] <= flight_s[:, :, None] + 1e-6).sum(axis=2)

    def _pair(self, grain_s: float) -> None:
        """Ways on from one run to another: those the coarse grid can tell (`pairs`), and the `close` ones."""
        kind, count = self.kind, len(self.kind.incidents)
        within = kind.cross_air_s <= kind.block_s
        near = kind.cross_s <= grain_s + self.own_s[None, :] + 1.0
        same = np.eye(count, dtype=bool)
        self.close = [np.flatnonzero(within[i] & (near & ~same)[i]).tolist() for i in range(count)]
        self.pairs = Pairs(self, within & ~near & ~same, grain_s)

    def _batch(self) -> None:
        """Per step of the coarse grid, its rows in an order in which each needs only earlier ones."""
        self.batches: list[list[tuple[Whole, Whole]]] = [[] for _ in range(self.steps + 1)]
        step = self.step_of(self.times)
        alone = any(self.close)
        for t in range(self.steps + 1):
            i, j = np.nonzero((step == t) & (np.arange(self.rows)[None, :] < self.count[:, None]))
            if not len(i):
                continue
            if alone:
                order = np.argsort(-self.times[i, j], kind="stable")
                self.batches[t] = [(i[n : n + 1], j[n : n + 1]) for n in order.tolist()]
                continue
            last = np.zeros(len(self.count), dtype=np.int64)
            np.maximum.at(last, i, j)
            depth = last[i] - j
            self.batches[t] = [(i[depth == d], j[depth == d]) for d in range(int(depth.max()) + 1)]

    def step_of(self, at_s: Matrix) -> Whole:
        """The step of the coarse grid at or before a time; the last one stands for all after the horizon."""
        step: Whole = np.minimum(at_s / self.grain_s + 1e-9, self.steps).astype(np.int64)
        return step

    def row_of(self, i: Whole, at_s: Matrix) -> Whole:
        """The row of a run's own grid at or before a time; `rows` if it is after the horizon."""
        row: Whole = np.minimum(at_s / self.own_s[i] + 1e-9, self.rows).astype(np.int64)
        return np.where((at_s > self.horizon_s) | (row >= self.count[i]), self.rows, row)

    def column_of(self, i: Whole, left_s: Matrix) -> Whole:
        """The column for so much flight left, rounded up; 0 if there is none."""
        column = np.minimum(np.ceil(left_s / self.own_s[i] - 1e-9), self.columns - 1)
        return np.where(left_s >= -1e-9, np.maximum(column, 0.0) + 1, 0).astype(np.int64)


class Between:
    """Flights from base to base, [base, goal], and how many steps later an aircraft is ready, rested or turned
    round there."""

    def __init__(self, kind: Kind, grain_s: float, ready_after_s: float) -> None:
        self.way_s = kind.between_s
        self.can = (self.way_s > 0.0) & (self.way_s <= kind.block_s)
        self.cost = kind.cost_per_s * self.way_s

        def later(after_s: float) -> Whole:
            steps: Whole = np.floor((self.way_s + after_s) / grain_s + 1e-9).astype(np.int64)
            return steps

        self.ready, self.rested, self.turned = later(ready_after_s), later(kind.rest_s), later(kind.turn_s)
        self.flown = np.floor(self.way_s / grain_s + 1e-9).astype(np.int64)


class Pairs:
    """Ways on from one run to another: [pair] with `origin` and `goal`; `column` [pair, level] where it begins."""

    def __init__(self, grid: Grid, chosen: NDArray[np.bool_], grain_s: float) -> None:
        kind = grid.kind
        self.origin, self.goal = np.nonzero(chosen)
        air_s = kind.cross_air_s[self.origin, self.goal]
        self.way_s = kind.cross_s[self.origin, self.goal]
        self.air_s, self.cost = air_s, air_s * kind.cost_per_s
        left_s = grain_s * np.arange(grid.levels)[None, :] - air_s[:, None]
        self.column = grid.column_of(self.goal[:, None], left_s)
        self.some, self.first = np.unique(self.origin, return_index=True)

    def of(self, i: int) -> slice:
        """The pairs that begin at a run."""
        return slice(int(np.searchsorted(self.origin, i)), int(np.searchsorted(self.origin, i, side="right")))
