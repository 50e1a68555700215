"""How aircraft begin: the best first step of each from where it really is, and the whole timeline behind it.

A `Trace` follows the tables of `pricing.py` from the best opening on and writes down what happens, at the times
of the relaxed model. It is a column for `master.py`.
"""

from collections.abc import Iterator

import numpy as np

from optimizer.grid import Grid
from optimizer.kinds import Kind, Matrix, Start, Whole
from optimizer.pricing import LOW, Programme
from optimizer.worth import Worth


class Openings:
    """The openings of all aircraft of a kind: rows are (aircraft, way of departing)."""

    def __init__(self, programmes: "list[Programme]", worth: Worth, grid: Grid) -> None:
        """`programmes`: that of rested crews first, then those for crews whose tanks last less long."""
        self.programmes, self.worth, self.grid = programmes, worth, grid
        self.kind: Kind = grid.kind
        self.lines = [
            (n, begin_s, flight_s, w == 0)
            for n, start in enumerate(self.kind.starts)
            for w, (begin_s, flight_s) in enumerate(start.ways)
        ]
        self.begin_s = np.array([line[1] for line in self.lines])
        self.flight_s = np.array([line[2] for line in self.lines])
        self.first_s = np.array([self.kind.first_s[line[0]] for line in self.lines])
        self.first_air_s = np.array([self.kind.first_air_s[line[0]] for line in self.lines])
        self.times = self.begin_s[:, None] + grid.base_s[None, :]
        self.leaves = self._leaves()

    def programme(self, n: int, first_way: bool) -> Programme:
        """The tables that hold for the first block of an aircraft."""
        overrun_s = self.kind.starts[n].overrun_s
        if not first_way:
            return self.programmes[0]
        return next(p for p in self.programmes if p.overrun_s >= overrun_s - 1e-9)

    def _leaves(self) -> Matrix:
        leaves: Matrix = np.zeros_like(self.times)
        for line, (n, _, _, _) in enumerate(self.lines):
            base = self.kind.starts[n].base
            if base >= 0 and self.worth.ready_tail[base, 0] > 0.0:
                until_s = np.maximum(self.times[line] + self.grid.grain_s, self.kind.starts[n].ready_s)
                leaves[line] = self.worth.ready_after(base, until_s)
        return leaves

    def staying(self, start: Start) -> float:
        """Points for never leaving; an aircraft in the air cannot stay."""
        if start.airborne:
            return LOW
        return (
            float(self.worth.ready_after(start.base, np.array([start.ready_s]))[0])
            if start.base >= 0
            else 0.0
        )

    def run(self, i: int) -> Matrix:
        """[line, time]: the best that begins with a run at an incident."""
        grid, to = self.grid, np.array(i)
        at_s = self.times + self.first_s[:, i][:, None]
        column = grid.column_of(to, self.flight_s - self.first_air_s[:, i])
        value: Matrix = np.empty_like(at_s)
        for programme, lines in self._by_programme():
            every = np.broadcast_to(to, at_s[lines].shape)
            level = np.broadcast_to(column[lines][:, None], at_s[lines].shape)
            value[lines] = programme.begin(every, at_s[lines], level)
        value -= self.leaves
        value -= self.kind.cost_per_s * self.first_air_s[:, i][:, None]
        return value

    def _by_programme(self) -> Iterator[tuple[Programme, list[int]]]:
        for programme in self.programmes:
            lines = [n for n, line in enumerate(self.lines) if self.programme(line[0], line[3]) is programme]
            if lines:
                yield programme, lines

    def land(self, line: int, kept: float, late: float) -> Matrix:
        """[base, time]: the best that begins with a flight to a base; to stand there, rest or fill up. `kept`:
        points if it does more after that, `late`: if it does not."""
        grid, worth, kind = self.grid, self.worth, self.kind
        n, _, flight_s, _ = self.lines[line]
        land_s, start = kind.land_s[n], kind.starts[n]
        can = land_s <= flight_s + 1e-9
        can[start.base : start.base + 1] &= start.airborne  # resting there is a way of leaving
        at_s = self.times[line] + np.where(can, land_s, 0.0)[:, None]
        on = np.maximum(late, self.onward(line, at_s) + kept)
        on = np.where(at_s <= kind.latest_s, on, LOW if not start.airborne else late)
        bases = np.arange(len(land_s))[:, None]
        value = on + worth.standing[bases, grid.step_of(at_s + grid.ready_after_s)] - self.leaves[line]
        return np.where(can[:, None], value - kind.cost_per_s * np.where(can, land_s, 0.0)[:, None], LOW)

    def onward(self, line: int, at_s: Matrix) -> Matrix:
        """[base, time]: the best after landing first of all at each base at a time, if it does more at all."""
        n, _, _, first_way = self.lines[line]
        programme, grid = self.programme(n, first_way), self.grid
        bases = np.arange(len(at_s))[:, None]
        on = np.full(at_s.shape, LOW)
        if self.kind.rests:
            on = np.maximum(on, programme.depart[bases, grid.step_of(at_s + self.kind.rest_s)])
        if programme.turned is not None:
            some = programme.turn_bases
            again, level = grid.step_of(at_s[some] + self.kind.turn_s), self.crew_level(line)[some][:, None]
            on[some] = np.maximum(on[some], programme.turned[np.arange(len(some))[:, None], again, level])
        return on

    def crew_level(self, line: int) -> Whole:
        """[base]: the level of crew time left after landing at a base first of all."""
        n, _, flight_s, first_way = self.lines[line]
        land_s = np.minimum(self.kind.land_s[n], flight_s)
        return self.programme(n, first_way).crew_level(flight_s - land_s)
