"""The best timeline of each kind of aircraft at given prices: a dynamic programme that never answers too little.

Every incident has a time grid of its own, a whole fraction of the time from one event to the next, so a run of any
length stays on its grid and is never rounded inside. Times are rounded down, and flight that is left is rounded
up, once where a run begins and once where its sortie lands. What is worth most when it is early (first drops,
visits) is charged at the exact time for the first run of each aircraft. Waiting is free, everywhere.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.kinds import LEAST_STEP_S, Fleet, Kind, Matrix, Whole
from optimizer.prices import Prices, served_early, tail

LOW = -1e18  # stands for what cannot be flown: a number, so that differences stay numbers


@dataclass(slots=True)
class Trace:
    """What the best timeline of one aircraft does, in the relaxed model. `drops`: (incident, litres, time);
    `firsts` and `visits`: (incident, time); `busy`: (incident, slots, start, end); `ready`: (base, from,
    until)."""

    drops: list[tuple[int, float, float]] = field(default_factory=list)
    firsts: list[tuple[int, float]] = field(default_factory=list)
    visits: list[tuple[int, float]] = field(default_factory=list)
    busy: list[tuple[int, int, float, float]] = field(default_factory=list)
    ready: list[tuple[int, float, float]] = field(default_factory=list)
    cost: float = 0.0
    flies: bool = False


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
        self.steps = max(1, math.ceil(horizon_s / grain_s))
        self.levels = max(1, math.ceil(kind.block_s / grain_s) + 1)
        self.base_s = grain_s * np.arange(self.steps + 1)
        least = np.minimum(np.minimum(grain_s, closest_s / 2), np.maximum(kind.step_s, LEAST_STEP_S))
        self.fine = np.ceil(np.maximum(kind.step_s, LEAST_STEP_S) / least - 1e-9).astype(np.int64)
        self.own_s = np.maximum(kind.step_s, LEAST_STEP_S) / self.fine
        self.count = np.ceil(horizon_s / self.own_s).astype(np.int64)
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
        self.ready = self.step_of(land_s + kind.turn_s)
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


class Worth:
    """What the prices make of time, for one kind: values of events on its grids, of readiness at its bases."""

    def __init__(self, fleet: Fleet, grid: Grid, prices: Prices) -> None:
        self.prices, self.grid = prices, grid
        problem, kind = fleet.problem, grid.kind
        self.edges_s = prices.edges_s
        self._debt = tail(prices.edges_s, prices.debt)
        self._layers = tail(prices.edges_s, prices.layers)
        self._early = served_early(problem)
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
        self._early_here = self._early[kind.incidents]
        self._claim_here = prices.claim[kind.incidents]
        self._task_here = self.is_task[kind.incidents]
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
        length_s, clear_s = float(kind.busy_s[i]), float(kind.clear_s[i])

        def cost(until_s: Matrix) -> Matrix:
            over: Matrix = np.interp(until_s - length_s, self.edges_s, self._layers[n], right=0.0)
            over -= np.interp(until_s, self.edges_s, self._layers[n], right=0.0)
            return over

        own_s = float(self.grid.own_s[i])
        best, when = cost(at_s - clear_s), at_s.copy()
        turns = np.concatenate([self.edges_s, self.edges_s + length_s]) + clear_s
        row = np.floor((turns - at_s[0]) / own_s).astype(np.int64)
        inside = (row >= 0) & (row < len(at_s))
        choices = [(np.arange(len(at_s)), at_s + own_s), (row[inside], turns[inside])]
        for rows, times in choices:
            for place, time, value in zip(rows, times, cost(times - clear_s), strict=True):
                if value < best[place]:
                    best[place], when[place] = value, time
        return best, when

    def entry_worth(self, i: Whole, at_s: Matrix, row_s: Matrix) -> Matrix:
        """What the first event of a run is worth at its own time beyond what its row of the grid says."""
        value: Matrix = self.claim(i, at_s) - np.where(self._task_here[i], self.claim(i, row_s), 0.0)
        return value


class Programme:
    """The tables of one kind. `chain` [i, row, column]: the best from a run's first event on, with so much
    flight left; `exits`: the same after its last event. `depart` [base, step]: from standing rested at a base.
    `cross` [i, step, level]: from the end of a run on without a rest. `turned` [base, step, level]: from a base
    with tanks filled and so much crew time left. All are filled backwards in time, in one sweep.
    """

    def __init__(
        self, grid: Grid, worth: Worth, before: "Programme | None" = None, overrun_s: float = 0.0
    ) -> None:
        """`before`: the tables of rested crews with full tanks; what is worked out then is only the first block
        of those whose crew may fly `overrun_s` longer than their tanks last."""
        self.grid, self.worth = grid, worth
        kind = grid.kind
        self._before = before
        self.overrun_s = overrun_s if before is not None else kind.overrun_s
        count, bases = len(kind.incidents), len(kind.entry_s)
        # filling up without a rest helps where tanks last less long than crews; else only to stand ready a while
        self.turn_bases = np.arange(bases) if kind.overrun_s > 0.0 else worth.reserve_bases
        self.chain = np.full((count, grid.rows + 1 + int(grid.fine.max(initial=0)), grid.columns + 1), LOW)
        self.exits = np.full((count, grid.rows, grid.columns), LOW)
        self.cross = np.full((count, grid.steps + 2, grid.levels), LOW)
        self._entries()
        self.depart: Matrix = np.full((bases, grid.steps + 2), LOW)
        self.turned: Matrix | None = None
        if before is not None:
            self.depart, self.turned = before.depart, before.turned
        elif len(self.turn_bases):
            self.turned = np.full((len(self.turn_bases), grid.steps + 2, len(self._crew_s)), LOW)
        self._sweep()

    def _entries(self) -> None:
        grid, kind = self.grid, self.grid.kind
        every = np.arange(len(kind.incidents))
        self._level = grid.column_of(every[None, :], kind.block_s - kind.entry_air_s)
        self._crew_s = grid.grain_s * np.arange(math.ceil((kind.block_s + kind.overrun_s) / grid.grain_s) + 2)
        if len(self.turn_bases):
            left_s = np.minimum(self._crew_s, kind.block_s)[None, None, :]
            left_s = left_s - kind.entry_air_s[self.turn_bases][:, :, None]
            self._turn_column = grid.column_of(every[None, :, None], left_s)
            home_s = kind.home_s[:, self.turn_bases]
            self._turn_home_s = np.where(home_s <= kind.block_s, home_s, 0.0)
            left_s = grid.grain_s * np.arange(grid.levels) - self._turn_home_s[:, :, None]
            self._turn_crew = self.crew_level(left_s)
            self._turn_never = (left_s < -1e-6) | (home_s > kind.block_s)[:, :, None]

    def crew_level(self, left_s: NDArray[np.floating]) -> Whole:
        """The level of crew time for so much flight left before a landing."""
        level = np.ceil((left_s + self.overrun_s) / self.grid.grain_s - 1e-9)
        found: Whole = np.clip(level, 0, len(self._crew_s) - 1).astype(np.int64)
        return found

    def _sweep(self) -> None:
        for t in range(self.grid.steps, -1, -1):
            self._cross(t)
            for i, j in self.grid.batches[t]:
                self._rows(t, i, j)
            # rows are rounded down by less than a step: those of a departure at t + 1 are complete now
            if self._before is None:
                self._leave(t + 1)
        if self._before is None:
            self._leave(0)

    # ---- a run --------------------------------------------------------------------------------------------
    def _rows(self, t: int, i: Whole, j: Whole) -> None:
        grid, worth, kind = self.grid, self.worth, self.grid.kind
        exits = self.cross[i[:, None], t, grid.to_level[i]]
        homes = np.maximum.accumulate(self.homes(i, j), axis=1)
        homes = np.concatenate([np.full((len(i), 1), LOW), homes], axis=1)
        exits = np.maximum(exits, np.take_along_axis(homes, grid.reach[i], axis=1))
        for k in grid.close[int(i[0])] if len(i) == 1 else ():
            exits = np.maximum(exits, self.close_to(int(i[0]), k, float(grid.times[i[0], j[0]]))[None, :])
        self.exits[i, j] = exits
        more = self.chain[i[:, None], (j + grid.fine[i])[:, None], grid.shifted[i]]
        more = more - (kind.cost_per_s * kind.step_air_s[i])[:, None]
        more = np.where(kind.repeats[i][:, None], more, LOW)
        self.chain[i, j, 1:] = _tidy(worth.event[i, j][:, None] + np.maximum(exits, more))

    def homes(self, i: Whole, j: Whole) -> Matrix:
        """[run, base]: the best after landing at each base near a run's end."""
        grid, worth = self.grid, self.worth
        near = grid.near[i]
        value = worth.standing[near, grid.ready[i, :, j]]
        value = value - grid.kind.cost_per_s * np.where(grid.far, 0.0, grid.home_s)[i]
        if grid.kind.rests:
            value = value + np.maximum(0.0, self.depart[near, grid.rested[i, :, j]])
        return np.where(grid.late[i, :, j], LOW, value)

    def close_to(self, i: int, k: int, from_s: float) -> Matrix:
        """[column]: on to a run so near that only its own grid is fine enough."""
        grid, kind = self.grid, self.grid.kind
        at_s, to = np.array(from_s + float(kind.cross_s[i, k])), np.array(k)
        row = int(grid.row_of(to, at_s))
        air_s = float(kind.cross_air_s[i, k])
        column = grid.column_of(to, grid.own_s[i] * np.arange(grid.columns) - air_s)
        extra = self.worth.entry_worth(to, at_s, grid.own_s[k] * row) - kind.cost_per_s * air_s
        value: Matrix = self.chain[k, row, column] + extra
        return value

    # ---- between runs -------------------------------------------------------------------------------------
    def _cross(self, t: int) -> None:
        """On to another incident without a rest: straight, or by a base with tanks filled."""
        grid = self.grid
        best = self._onward(grid.pairs, t, self.cross[:, t + 1])
        if self.turned is not None:
            best = np.maximum(best, self.by_base(t, slice(None)).max(axis=1))
        self.cross[:, t] = _tidy(best)

    def _onward(self, pairs: Pairs, t: int, later: Matrix) -> Matrix:
        best = later.copy()
        if len(pairs.goal):
            value = self.straight(pairs, t, slice(None))
            best[pairs.some] = np.maximum(best[pairs.some], np.maximum.reduceat(value, pairs.first, axis=0))
        return best

    def straight(self, pairs: Pairs, t: int, chosen: slice) -> Matrix:
        """[pair, level]: on from one run to another."""
        grid, goal = self.grid, pairs.goal[chosen]
        at_s = t * grid.grain_s + pairs.way_s[chosen]
        row = grid.row_of(goal, at_s)
        extra = self.worth.entry_worth(goal, at_s, grid.own_s[goal] * row) - pairs.cost[chosen]
        value: Matrix = self.chain[goal[:, None], row[:, None], pairs.column[chosen]]
        return value + extra[:, None]

    def by_base(self, t: int, runs: slice) -> Matrix:
        """[i, base, level]: on from the end of a run by a base with tanks filled, on the crew time left."""
        grid, kind = self.grid, self.grid.kind
        if self.turned is None:
            return np.full((0, 0, grid.levels), LOW)
        home_s = self._turn_home_s[runs]
        again = grid.step_of(t * grid.grain_s + home_s + kind.turn_s)
        ready = self.worth.standing[self.turn_bases[None, :], again] - kind.cost_per_s * home_s
        which = np.arange(len(self.turn_bases))[None, :, None]
        value = self.turned[which, again[:, :, None], self._turn_crew[runs]] + ready[:, :, None]
        return np.where(self._turn_never[runs], LOW, value)

    def _leave(self, t: int) -> None:
        """Departures at a step or later, less the readiness they end."""
        grid, worth = self.grid, self.worth
        if t > grid.steps:
            return
        leaves = worth.standing[:, min(t + 1, grid.steps)]
        row, extra = self._enter(t)
        every = np.arange(len(grid.kind.incidents))[None, :]
        best = (self.chain[every, row, self._level] + extra).max(axis=1, initial=LOW)
        for goal in worth.reserve_bases.tolist():
            best = np.maximum(best, self.ferry(goal, t))
        self.depart[:, t] = _tidy(np.maximum(self.depart[:, t + 1], best - leaves))
        if self.turned is not None:
            value = self.chain[every[:, :, None], row[self.turn_bases][:, :, None], self._turn_column]
            top = (value + extra[self.turn_bases][:, :, None]).max(axis=1, initial=LOW)
            top = top - leaves[self.turn_bases][:, None]
            self.turned[:, t] = _tidy(np.maximum(self.turned[:, t + 1], top))

    def _enter(self, t: int) -> tuple[Whole, Matrix]:
        """[base, i]: the rows that runs begun from bases at a step reach, and what their entry adds."""
        grid, kind = self.grid, self.grid.kind
        every = np.arange(len(kind.incidents))[None, :]
        at_s = t * grid.grain_s + kind.entry_s
        row = grid.row_of(every, at_s)
        extra = self.worth.entry_worth(every, at_s, grid.own_s[None, :] * row)
        return row, extra - kind.cost_per_s * kind.entry_air_s

    def enter_from(self, t: int, base: int, flight_s: float) -> Matrix:
        """[i]: runs begun from one base with so much flight left."""
        every = np.arange(len(self.grid.kind.incidents))
        row, extra = self._enter(t)
        column = self.grid.column_of(every, flight_s - self.grid.kind.entry_air_s[base])
        value: Matrix = self.chain[every, row[base], column] + extra[base]
        return value

    def ferry(self, goal: int, t: int) -> Matrix:
        """[base]: only to another base, to stand ready there."""
        grid, kind = self.grid, self.grid.kind
        way_s = kind.between_s[:, goal]
        at_s = t * grid.grain_s + way_s
        value = self.worth.standing[goal][grid.step_of(at_s + kind.turn_s)] - kind.cost_per_s * way_s
        if kind.rests:
            value = value + np.maximum(0.0, self.depart[goal][grid.step_of(at_s + kind.rest_s)])
        return np.where((way_s > 0.0) & (way_s <= kind.block_s), value, LOW)


def _tidy(value: Matrix) -> Matrix:
    """What cannot be flown stays exactly that, whatever was added to it."""
    tidied: Matrix = np.where(value < LOW / 10, LOW, value)
    return tidied
