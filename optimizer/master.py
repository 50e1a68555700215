"""The master problem under a bound: GLOP mixes whole timelines of the aircraft and tells the prices of what they
share. Its answer only steers: a bound is worked out from its prices anew, whatever GLOP's tolerances were.

Rows: one timeline per aircraft; litre-seconds owed per fire and bin; claims and their points per
incident; slot-seconds over each
incident and bin; aircraft-seconds ready per reserve and bin.
"""

from collections.abc import Iterable

import numpy as np
from ortools.linear_solver import pywraplp

from optimizer.prices import LITRE_S_PER_KL_HOUR, Matrix, Prices, charges, lives, owed, served_early, wanted
from optimizer.pricing import Trace
from optimizer.problem import Problem

_SMALL = 1e-9


class Master:
    """The linear programme, grown column by column."""

    def __init__(self, problem: Problem, edges_s: Matrix, most_saved: Matrix, most_together: float) -> None:
        self.problem, self.edges_s, self._most_saved = problem, edges_s, most_saved
        self._lp = pywraplp.Solver.CreateSolver("GLOP")
        self._goal = self._lp.Objective()
        self._goal.SetMinimization()
        self._early = served_early(problem)
        self._rows_of: dict[int, object] = {}
        self._columns: list[tuple[int, object, Trace]] = []
        self._seen: set[tuple[object, ...]] = set()
        self._debt_rows: dict[tuple[int, int], object] = {}
        self._layer_rows: dict[tuple[int, int], object] = {}
        self._ready_rows: dict[tuple[int, int], object] = {}
        self._claim_rows: dict[int, object] = {}
        self._saved_rows: dict[int, object] = {}
        infinity = self._lp.infinity()
        self._together_row = self._lp.Constraint(-infinity, min(most_together, infinity))
        self._shared()

    def _shared(self) -> None:
        problem, lp = self.problem, self._lp
        infinity = lp.infinity()
        area = owed(problem, self.edges_s) / LITRE_S_PER_KL_HOUR
        most_debt, most_ready = charges(problem)
        width_s = np.diff(self.edges_s)
        capacity = wanted(problem)
        for n, row in enumerate(problem.incidents):
            if row.fire is not None:
                for m in range(len(width_s)):
                    line = lp.Constraint(float(area[n, m]), infinity)
                    short = lp.NumVar(0.0, infinity, "")
                    line.SetCoefficient(short, 1.0)
                    self._goal.SetCoefficient(short, float(most_debt[n]) * LITRE_S_PER_KL_HOUR)
                    self._debt_rows[n, m] = line
            if self._early[n]:
                self._claim_rows[n] = lp.Constraint(-infinity, float(capacity[n]))
                saved = lp.NumVar(0.0, float(self._most_saved[n]), "")
                line = self._saved_rows[n] = lp.Constraint(0.0, infinity)
                line.SetCoefficient(saved, -1.0)
                self._goal.SetCoefficient(saved, -1.0)
                if row.life_at_risk:
                    self._together_row.SetCoefficient(saved, 1.0)
            for m in range(len(width_s)):
                self._layer_rows[n, m] = lp.Constraint(-infinity, float(row.max_slots))
        for n, reserve in enumerate(problem.reserves):
            for m in range(len(width_s)):
                line = lp.Constraint(float(reserve.min_aircraft), infinity)
                short = lp.NumVar(0.0, infinity, "")
                line.SetCoefficient(short, 1.0)
                self._goal.SetCoefficient(short, most_ready * float(width_s[m]))
                self._ready_rows[n, m] = line

    def add(self, aircraft: int, trace: Trace, bonus: float) -> bool:
        """One more timeline; whether it is a new one. `bonus`: what it saves by keeping previous assignments."""
        key = (
            aircraft,
            tuple((n, round(at)) for n, _, at in trace.drops),
            tuple((n, round(at)) for n, at in trace.visits),
            tuple((n, round(at)) for n, at in trace.firsts),
            tuple((b, round(f), round(u)) for b, f, u in trace.ready),
        )
        if key in self._seen:
            return False
        self._seen.add(key)
        lp = self._lp
        variable = lp.NumVar(0.0, lp.infinity(), "")
        self._columns.append((aircraft, variable, trace))
        row = self._rows_of.get(aircraft)
        if row is None:
            row = self._rows_of[aircraft] = lp.Constraint(1.0, 1.0)
        row.SetCoefficient(variable, 1.0)  # type: ignore[attr-defined]  # ortools has no types here
        unserved_s = self.problem.weights.unserved_minutes * 60
        cost = trace.cost - bonus
        saved: dict[int, float] = {}
        for n, at_s in (*trace.firsts, *trace.visits):
            saved[n] = saved.get(n, 0.0) + float(self._early[n]) * (unserved_s - at_s)
        for n, points in saved.items():
            if n in self._saved_rows:
                self._saved_rows[n].SetCoefficient(variable, points)  # type: ignore[attr-defined]  # the same
        self._goal.SetCoefficient(variable, cost)
        self._fill(variable, self._debt_rows, self._debt(trace))
        self._fill(variable, self._layer_rows, self._layers(trace))
        self._fill(variable, self._ready_rows, self._ready(trace, aircraft))
        claims_of: dict[int, float] = {}
        for n, _ in (*trace.firsts, *trace.visits):
            claims_of[n] = claims_of.get(n, 0.0) + 1.0
        for n, count in claims_of.items():
            if n in self._claim_rows:
                self._claim_rows[n].SetCoefficient(variable, count)  # type: ignore[attr-defined]  # the same
        return True

    def _fill(
        self, variable: object, rows: dict[tuple[int, int], object], parts: Iterable[tuple[int, Matrix]]
    ) -> None:
        whole: dict[int, Matrix] = {}
        for n, part in parts:
            whole[n] = whole[n] + part if n in whole else part
        for n, part in whole.items():
            for m in np.flatnonzero(np.abs(part) > _SMALL).tolist():
                row = rows.get((n, m))
                if row is not None:
                    row.SetCoefficient(variable, float(part[m]))  # type: ignore[attr-defined]  # the same

    def _overlap_s(self, from_s: float, until_s: float) -> Matrix:
        low, high = self.edges_s[:-1], self.edges_s[1:]
        parts: Matrix = np.maximum(0.0, np.minimum(high, until_s) - np.maximum(low, from_s))
        return parts

    def _debt(self, trace: Trace) -> Iterable[tuple[int, Matrix]]:
        horizon_s = float(self.edges_s[-1])
        for n, litres, at_s in trace.drops:
            yield n, litres * self._overlap_s(at_s, horizon_s) / LITRE_S_PER_KL_HOUR

    def _layers(self, trace: Trace) -> Iterable[tuple[int, Matrix]]:
        width_s = np.diff(self.edges_s)
        for n, slots, from_s, until_s in trace.busy:
            yield n, slots * self._overlap_s(from_s, until_s) / width_s

    def _ready(self, trace: Trace, aircraft: int) -> Iterable[tuple[int, Matrix]]:
        width_s = np.diff(self.edges_s)
        capabilities = self.problem.aircraft[aircraft].capabilities
        for base, from_s, until_s in trace.ready:
            for n, reserve in enumerate(self.problem.reserves):
                if reserve.base == base and reserve.capability in capabilities:
                    yield n, self._overlap_s(from_s, until_s) / width_s

    def solve(self) -> tuple[float, Prices] | None:
        """(value beside the constant of unserved incidents, prices), or None if GLOP gave up."""
        if self._lp.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        bins = len(self.edges_s) - 1
        width_s = np.diff(self.edges_s)
        incidents, reserves = len(self.problem.incidents), len(self.problem.reserves)
        debt, layers = np.zeros((incidents, bins)), np.zeros((incidents, bins))
        ready, claim, granted = np.zeros((reserves, bins)), np.zeros(incidents), np.zeros(incidents)
        for (n, m), row in self._debt_rows.items():
            debt[n, m] = row.dual_value() / LITRE_S_PER_KL_HOUR  # type: ignore[attr-defined]  # the same
        for (n, m), row in self._layer_rows.items():
            layers[n, m] = -row.dual_value() / width_s[m]  # type: ignore[attr-defined]  # the same
        for (n, m), row in self._ready_rows.items():
            ready[n, m] = row.dual_value() / width_s[m]  # type: ignore[attr-defined]  # the same
        for n, row in self._claim_rows.items():
            claim[n] = -row.dual_value()  # type: ignore[attr-defined]  # the same
        for n, row in self._saved_rows.items():
            granted[n] = 1.0 - row.dual_value()  # type: ignore[attr-defined]  # the same
        together = -float(self._together_row.dual_value())
        granted -= together * lives(self.problem)
        prices = Prices(
            edges_s=self.edges_s,
            debt=debt,
            claim=claim,
            granted=granted,
            together=together,
            layers=layers,
            ready=ready,
        )
        return float(self._goal.Value()), prices.clipped(self.problem)

    def shares(self) -> list[tuple[int, float, Trace]]:
        """(aircraft, share of its day, timeline) of every timeline in the mix."""
        used = [(n, float(v.solution_value()), t) for n, v, t in self._columns]  # type: ignore[attr-defined]  # the same
        return [row for row in used if row[1] > 1e-6]
