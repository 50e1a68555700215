"""How aircraft begin: the best first step of each from where it really is, and the whole timeline behind it.

A `Trace` follows the tables of `pricing.py` from the best opening on and writes down what happens, at the times
of the relaxed model. It is a column for `master.py`.
"""

from collections.abc import Iterator

import numpy as np

from optimizer.kinds import Kind, Matrix, Start, Whole
from optimizer.pricing import LOW, Grid, Programme, Worth


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
                leaves[line] = self.worth.ready_after(base, self.times[line] + self.grid.grain_s)
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
        row = grid.row_of(to, at_s)
        column = grid.column_of(to, self.flight_s - self.first_air_s[:, i])
        value: Matrix = np.empty_like(at_s)
        for programme, lines in self._by_programme():
            value[lines] = programme.chain[i][row[lines], column[lines][:, None]]
        value += self.worth.entry_worth(to, at_s, grid.own_s[i] * row) - self.leaves
        value -= self.kind.cost_per_s * self.first_air_s[:, i][:, None]
        return value

    def _by_programme(self) -> Iterator[tuple[Programme, list[int]]]:
        for programme in self.programmes:
            lines = [n for n, line in enumerate(self.lines) if self.programme(line[0], line[3]) is programme]
            if lines:
                yield programme, lines

    def land(self, line: int) -> Matrix:
        """[base, time]: the best that begins with a flight to a base; to stand there, rest or fill up."""
        grid, worth, kind = self.grid, self.worth, self.kind
        n, _, flight_s, _ = self.lines[line]
        land_s = kind.land_s[n]
        value = np.full((len(land_s), grid.steps + 1), LOW)
        bases = range(len(land_s)) if kind.starts[n].airborne else worth.reserve_bases.tolist()
        for base in bases:
            if not land_s[base] <= flight_s + 1e-9:
                continue
            at_s = self.times[line] + land_s[base]
            ready, rested = grid.step_of(at_s + kind.turn_s), grid.step_of(at_s + kind.rest_s)
            on = self.onward(line, base, ready, rested)
            on = np.where(at_s <= kind.latest_s, on, LOW if not kind.starts[n].airborne else 0.0)
            value[base] = (
                on + worth.standing[base][ready] - kind.cost_per_s * land_s[base] - self.leaves[line]
            )
        return value

    def onward(self, line: int, base: int, ready: Whole, rested: Whole) -> Matrix:
        """The best after landing at a base first of all, [time] where it can be ready and rested."""
        programme = self.programme(self.lines[line][0], self.lines[line][3])
        on = np.zeros(len(ready))
        if self.kind.rests:
            on = np.maximum(on, programme.depart[base][rested])
        if programme.turned is not None and base in programme.turn_bases:
            place = int(np.searchsorted(programme.turn_bases, base))
            on = np.maximum(on, programme.turned[place][ready, self.crew_level(line, base)])
        return on

    def crew_level(self, line: int, base: int) -> int:
        """The level of crew time left after landing at a base first of all."""
        n, _, flight_s, first_way = self.lines[line]
        left_s = flight_s - float(self.kind.land_s[n][base])
        return int(self.programme(n, first_way).crew_level(np.array(left_s)))
