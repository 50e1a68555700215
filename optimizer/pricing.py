"""The best timeline of each kind of aircraft at given prices: a dynamic programme that never answers too little.

Backwards in time on the grids of `grid.py`, with what `worth.py` says of every event. What is worth most when it is
early (first drops, visits) is charged at the exact time for the first run of each aircraft. Waiting is free, everywhere.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.grid import Grid, Pairs
from optimizer.kinds import Matrix, Whole
from optimizer.worth import Worth

LOW = -1e18  # stands for what cannot be flown: a number, so that differences stay numbers


@dataclass(slots=True)
class Trace:
    """What the best timeline of one aircraft does, in the relaxed model. `drops`: (incident, litres, time);
    `firsts` and `visits`: (incident, time); `busy`: (incident, slots, start, end); `ready`: (base, from,
    until); `works`: whether there is any run."""

    drops: list[tuple[int, float, float]] = field(default_factory=list)
    firsts: list[tuple[int, float]] = field(default_factory=list)
    visits: list[tuple[int, float]] = field(default_factory=list)
    busy: list[tuple[int, int, float, float]] = field(default_factory=list)
    ready: list[tuple[int, float, float]] = field(default_factory=list)
    cost: float = 0.0
    works: bool = False


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
        self.waited = self.chain if not worth.waits.any() else np.full(self.chain.shape, LOW)
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
        more = self.waited[i[:, None], (j + grid.fine[i])[:, None], grid.shifted[i]]
        more = more - (kind.cost_per_s * kind.step_air_s[i])[:, None]
        more = np.where(kind.repeats[i][:, None], more, LOW)
        self.chain[i, j, 1:] = _tidy(worth.event[i, j][:, None] + np.maximum(exits, more))
        if self.waited is not self.chain:
            later = np.where(worth.waits[i][:, None], self.waited[i, j + 1], LOW)
            self.waited[i, j] = np.maximum(self.chain[i, j], later)

    def begin(self, i: Whole, at_s: Matrix, column: Whole) -> Matrix:
        """The best of a run whose first event can be at a time; `column` may have one more axis at its end."""
        grid, worth = self.grid, self.worth
        row = grid.row_of(i, at_s)
        extra = worth.entry_worth(i, at_s, grid.own_s[i] * row)
        if column.ndim > row.ndim:
            value = self.chain[i[..., None], row[..., None], column] + extra[..., None]
        else:
            value = self.chain[i, row, column] + extra
        if self.waited is self.chain:
            return value
        after = np.minimum(row + 1, grid.rows)
        extra = worth.late_worth(i, grid.own_s[i] * after)
        if column.ndim > row.ndim:
            return np.maximum(value, self.waited[i[..., None], after[..., None], column] + extra[..., None])
        return np.maximum(value, self.waited[i, after, column] + extra)

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
        air_s = float(kind.cross_air_s[i, k])
        column = grid.column_of(to, grid.own_s[i] * np.arange(grid.columns) - air_s)
        return self.begin(to, at_s, column) - kind.cost_per_s * air_s

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
        return self.begin(goal, at_s, pairs.column[chosen]) - pairs.cost[chosen][:, None]

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
        kind = grid.kind
        every = np.arange(len(kind.incidents))[None, :]
        at_s = t * grid.grain_s + kind.entry_s
        runs = self.begin(every, at_s, self._level) - kind.cost_per_s * kind.entry_air_s
        best = np.maximum(runs.max(axis=1, initial=LOW), self.ferry(t).max(axis=1, initial=LOW))
        self.depart[:, t] = _tidy(np.maximum(self.depart[:, t + 1], best - leaves))
        if self.turned is not None:
            some = self.turn_bases
            value = self.begin(every, at_s[some], self._turn_column)
            value = value - kind.cost_per_s * kind.entry_air_s[some][:, :, None]
            top = np.maximum(value.max(axis=1, initial=LOW), self.turned_ferry(t).max(axis=1, initial=LOW))
            self.turned[:, t] = _tidy(np.maximum(self.turned[:, t + 1], top - leaves[some][:, None]))

    def enter_from(self, t: int, base: int, flight_s: float) -> Matrix:
        """[i]: runs begun from one base with so much flight left."""
        grid, kind = self.grid, self.grid.kind
        every = np.arange(len(kind.incidents))
        column = grid.column_of(every, flight_s - kind.entry_air_s[base])
        value = self.begin(every, t * grid.grain_s + kind.entry_s[base], column)
        runs: Matrix = value - kind.cost_per_s * kind.entry_air_s[base]
        return runs

    def ferry(self, t: int) -> Matrix:
        """[base, goal]: only to another base, to stand ready, rest or fill up there."""
        grid, kind, between = self.grid, self.grid.kind, self.grid.between
        goal = np.arange(len(self.depart))[None, :]
        on = self._rested_at(t)
        if self.turned is not None:
            some = self.turn_bases
            level = self.crew_level(kind.block_s - between.way_s[:, some])
            again = np.minimum(t + between.turned[:, some], grid.steps)
            on[:, some] = np.maximum(on[:, some], self.turned[np.arange(len(some))[None, :], again, level])
        value = self.worth.standing[goal, np.minimum(t + between.ready, grid.steps)] - between.cost
        found: Matrix = np.where(between.can, value + on, LOW)
        return found

    def _rested_at(self, t: int) -> Matrix:
        """[base, goal]: the best after flying to another base and resting there; at least nothing."""
        grid, between = self.grid, self.grid.between
        if not grid.kind.rests:
            return np.zeros(between.way_s.shape)
        goal = np.arange(len(self.depart))[None, :]
        value: Matrix = np.maximum(0.0, self.depart[goal, np.minimum(t + between.rested, grid.steps)])
        return value

    def turned_ferry(self, t: int) -> Matrix:
        """[base, goal, level]: the same with tanks filled and so much crew time left."""
        grid, between, some = self.grid, self.grid.between, self.turn_bases
        if self.turned is None:
            return np.full((len(some), 0, len(self._crew_s)), LOW)
        goal = np.arange(len(self.depart))[None, :]
        on = np.repeat(self._rested_at(t)[some][:, :, None], len(self._crew_s), axis=2)
        pairs = np.ix_(some, some)
        level = np.maximum(0, np.arange(len(self._crew_s)) - between.flown[pairs][:, :, None])
        again = np.minimum(t + between.turned[pairs], grid.steps)[:, :, None]
        filled = self.turned[np.arange(len(some))[None, :, None], again, level]
        on[:, some] = np.maximum(on[:, some], filled)
        value = (
            self.worth.standing[goal, np.minimum(t + between.ready[some], grid.steps)] - between.cost[some]
        )
        can = between.can[some][:, :, None] & (between.way_s[some][:, :, None] <= self._crew_s + 1e-6)
        return np.where(can, value[:, :, None] + on, LOW)


def _tidy(value: Matrix) -> Matrix:
    """What cannot be flown stays exactly that, whatever was added to it."""
    tidied: Matrix = np.where(value < LOW / 10, LOW, value)
    return tidied
