"""The master problem under `wide_bound.py`: GLOP spreads the time of aircraft over fires and tells the prices of water and
layers. Its answer only steers: a bound is worked out from its prices anew.

Aircraft of a kind that begin at the same place are one block. Rows: the seconds of a block in a bin; litre-seconds owed per
fire and bin; slot-seconds over each fire and bin. Columns: seconds of a block at a fire in a bin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp

from optimizer.kinds import Kind, Matrix, Whole
from optimizer.prices import LITRE_S_PER_KL_HOUR, charges, owed
from optimizer.problem import Problem

_HALF = 0.5  # of a block's aircraft can be there


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The aircraft of one kind on its fires. Per fire [f]: `fires` (incident), `spacing_s`, `litres` a drop, `busy_s` over
    the fire for it. Per aircraft [a]: `open` [a, f, cell], `cells` (how many may count), `fixed` (points for its first
    way and its last)."""

    kind: Kind
    fires: Whole
    spacing_s: Matrix
    litres: Matrix
    busy_s: Matrix
    open: NDArray[np.bool_]
    cells: Whole
    fixed: Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    group: int
    members: list[int]
    open: NDArray[np.bool_]


class WideMaster:
    """The linear programme, grown by the fires that are worth most."""

    def __init__(self, problem: Problem, groups: Sequence[Group], edges_s: Matrix, cells_s: Matrix) -> None:
        self._groups, self._count = groups, len(problem.incidents)
        self._bins, self._cell_s = len(edges_s) - 1, float(cells_s[1] - cells_s[0])
        later_s = edges_s[None, 1:] - cells_s[:-1, None]
        self._after_s = np.clip(later_s, 0.0, np.diff(edges_s)[None, :])  # [cell, bin]
        bin_of = np.floor(cells_s[:-1] / (edges_s[1] - edges_s[0])).astype(np.int64)
        self._bin_of = np.clip(bin_of, 0, self._bins - 1)
        self._lp = pywraplp.Solver.CreateSolver("GLOP")
        self._goal = self._lp.Objective()
        self._goal.SetMinimization()
        self._debt_rows: dict[tuple[int, int], object] = {}
        self._layer_rows: dict[tuple[int, int], object] = {}
        self._time_rows: dict[tuple[int, int], object] = {}
        self._seen: set[tuple[int, int, int]] = set()
        self._blocks: list[_Block] = []
        self._shared(problem, edges_s)
        for g, group in enumerate(groups):
            places: dict[int, list[int]] = {}
            for a, start in enumerate(group.kind.starts):
                places.setdefault(start.place, []).append(a)
            for members in places.values():
                self._blocks.append(
                    _Block(group=g, members=members, open=group.open[members].mean(axis=0) >= _HALF)
                )

    def _shared(self, problem: Problem, edges_s: Matrix) -> None:
        area, infinity = owed(problem, edges_s) / LITRE_S_PER_KL_HOUR, self._lp.infinity()
        most_debt, _ = charges(problem)
        for n in sorted({n for group in self._groups for n in group.fires.tolist()}):
            for m, width_s in enumerate(np.diff(edges_s).tolist()):
                line = self._lp.Constraint(float(area[n, m]), infinity)
                short = self._lp.NumVar(0.0, infinity, "")
                line.SetCoefficient(short, 1.0)
                self._goal.SetCoefficient(short, float(most_debt[n]) * LITRE_S_PER_KL_HOUR)
                self._debt_rows[n, m] = line
                room = float(problem.incidents[n].max_slots * width_s)
                self._layer_rows[n, m] = self._lp.Constraint(-infinity, room)

    def grow(self, rates: Sequence[Matrix], most: int) -> int:
        """Columns for the fires that are worth most at rates [group][f, cell]; how many are new."""
        fresh = 0
        for b, block in enumerate(self._blocks):
            rate = np.where(block.open, rates[block.group], 0.0)
            for m in range(self._bins):
                here = self._bin_of == m
                best = rate[:, here].max(axis=1, initial=0.0)
                for f in np.argsort(-best, kind="stable")[:most].tolist():
                    fresh += best[f] > 0.0 and self._add(b, block, f, m)
        return fresh

    def _add(self, b: int, block: _Block, f: int, m: int) -> bool:
        if (b, f, m) in self._seen:
            return False
        self._seen.add((b, f, m))
        group, lp, count = self._groups[block.group], self._lp, len(block.members)
        here = self._bin_of == m
        cells = np.flatnonzero(here & block.open[f])
        seconds = lp.NumVar(0.0, float(len(cells) * self._cell_s * count), "")
        if (b, m) not in self._time_rows:
            room = float(here.sum() * self._cell_s * count)
            self._time_rows[b, m] = lp.Constraint(-lp.infinity(), room)
        self._time_rows[b, m].SetCoefficient(seconds, 1.0)  # type: ignore[attr-defined]  # ortools has no types here
        n, spacing_s = int(group.fires[f]), float(group.spacing_s[f])
        paid = group.litres[f] / spacing_s * self._after_s[cells].mean(axis=0) / LITRE_S_PER_KL_HOUR
        for k in np.flatnonzero(paid > 0.0).tolist():
            self._debt_rows[n, k].SetCoefficient(seconds, float(paid[k]))  # type: ignore[attr-defined]  # the same
        share = group.kind.slots * float(group.busy_s[f]) / spacing_s
        self._layer_rows[n, m].SetCoefficient(seconds, share)  # type: ignore[attr-defined]  # the same
        self._goal.SetCoefficient(seconds, group.kind.cost_per_s)
        return True

    def solve(self) -> tuple[Matrix, Matrix] | None:
        """Prices (debt, layers) [incident, bin] per litre-second and slot-second, or None if GLOP gave up."""
        if self._lp.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        debt, layers = np.zeros((self._count, self._bins)), np.zeros((self._count, self._bins))
        for (n, m), row in self._debt_rows.items():
            debt[n, m] = row.dual_value() / LITRE_S_PER_KL_HOUR  # type: ignore[attr-defined]  # the same
        for (n, m), row in self._layer_rows.items():
            layers[n, m] = -row.dual_value()  # type: ignore[attr-defined]  # the same
        return debt, layers
