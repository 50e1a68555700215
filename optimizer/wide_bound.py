"""A proven lower bound on every plan's score where `bound.py` takes too long (national scale): no timelines, only how
much water an aircraft could drop if each of its drops followed the quickest way to one.

It holds for the same plans as that of `bound.py` and by the same weak duality: debt and layers are set free against
prices, what early claims can save is granted whatever is done (`lives_granted.py`). What is left is each aircraft
alone, and its worth is bounded by an integral:

- Between two of its drops, or before one on fire i after anything else, an aircraft needs at least `spacing` s: the
  quickest cycle at i or the quickest way to a drop on i from where any other run ends. A landing in between is longer
  (no closed airspace here). So each drop has the `spacing` seconds before it to itself.
- So each of those seconds, at s, may stand for 1 / `spacing` of the most that a drop from s to s + `spacing` is worth, its
  litres' worth less what its time over the fire costs.
- So the drops together are worth no more than the integral over time of the best rate of any fire, as soon as its first
  drop could begin, until the horizon or the end of duty. Its flight between drops is at least the same seconds, so no
  more of them count than its crew may fly, one spacing more for the first drop, whose way is charged apart.
- All of it is piecewise linear in time, so the most of a cell of the grid is at its ends or where a price changes.

Prices come from `wide_master.py`. Each round gives a bound that holds by itself.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from optimizer.kinds import Fleet, Kind, Matrix, Start
from optimizer.lives_granted import most_saved_by_turns
from optimizer.lock_worth import locked_points
from optimizer.prices import Prices, charges, constant, lives, tail
from optimizer.problem import Problem
from optimizer.travel import Tables
from optimizer.wide_master import Group, WideMaster

_CELL_S = 300.0
_BIN_S = 1800.0
_FIRST, _MORE = 12, 3  # fires of a place and bin that the master learns of at once


class WideBounder:
    """Raises the bound round by round."""

    def __init__(self, problem: Problem, tables: Tables) -> None:
        self.problem = problem
        self.fleet = Fleet(problem, tables, refuels=False)
        self.together = most_saved_by_turns(problem, self.fleet)
        bins = max(1, round(problem.horizon_s / _BIN_S))
        self.edges_s = np.linspace(0.0, problem.horizon_s, bins + 1)
        cells = max(1, round(problem.horizon_s / _CELL_S))
        self.cell_s = problem.horizon_s / cells
        longest_s = max((float(kind.step_s.max(initial=0.0)) for kind in self.fleet.kinds), default=0.0)
        # the time that a first drop has to itself may begin before now
        first = -math.ceil(longest_s / self.cell_s)
        self.cells_s: Matrix = self.cell_s * np.arange(first, cells + 1, dtype=np.float64)
        groups = (self._group(kind) for kind in self.fleet.kinds)
        self.groups = [group for group in groups if len(group.fires)]
        self.bound = -np.inf

    def _group(self, kind: Kind) -> Group:
        problem = self.problem
        is_fire = np.array(
            [problem.incidents[n].fire is not None for n in kind.incidents.tolist()], dtype=bool
        )
        is_fire &= ~np.isin(kind.incidents, sorted(self.fleet.free))
        here = np.flatnonzero(is_fire)
        others_s = np.where(np.eye(len(kind.incidents), dtype=bool), np.inf, kind.cross_s)
        spacing_s = np.minimum(kind.step_s, others_s.min(axis=0, initial=np.inf))[here]
        litres, busy_s = kind.litres[here], kind.busy_s[here]
        left_s, right_s = self.cells_s[:-1], self.cells_s[1:]
        open_, cells, fixed = [], [], []
        for n, start in enumerate(kind.starts):
            soonest_s = start.soonest_s[here]
            in_time = right_s[None, :] > (soonest_s - spacing_s)[:, None] - 1e-6
            in_time &= left_s[None, :] <= kind.latest_s
            in_time &= (soonest_s <= min(problem.horizon_s, kind.latest_s))[:, None]
            open_.append(in_time)
            air_s = self._most_air_s(kind, start) + float(spacing_s.max(initial=0.0))
            cells.append(min(len(left_s), int(np.ceil(air_s / self.cell_s + 1e-6))))
            first_s = (kind.first_air_s[n][here] - spacing_s).min(initial=np.inf)
            first_s = min(first_s, kind.first_air_s[n][~is_fire].min(initial=np.inf))  # to a task before
            ways_s = first_s + kind.home_s.min(initial=np.inf)
            fixed.append(kind.cost_per_s * ways_s if np.isfinite(ways_s) else 0.0)
        return Group(
            kind=kind,
            fires=kind.incidents[here],
            spacing_s=spacing_s,
            litres=litres,
            busy_s=busy_s,
            open=np.array(open_),
            cells=np.array(cells, dtype=np.int64),
            fixed=np.array(fixed),
        )

    def _most_air_s(self, kind: Kind, start: Start) -> float:
        """The most an aircraft can be in the air until the horizon: blocks of flight with rests between them."""
        block_s = max([kind.block_s, *(flight_s for _, flight_s in start.ways)]) + start.overrun_s
        begin_s = min(at_s for at_s, _ in start.ways)
        if not kind.rests:
            return block_s
        left_s, air_s = max(0.0, self.problem.horizon_s - begin_s), 0.0
        while left_s > 0.0:
            flown_s = min(block_s, left_s)
            air_s += flown_s
            left_s -= flown_s + kind.rest_s
            if flown_s <= 0.0:
                break
        return air_s

    # ---- one round ----------------------------------------------------------------------------------------
    def prices(self, debt: Matrix, layers: Matrix) -> Prices:
        """Prices for water and layers; what early claims can save is granted."""
        told, count = float(np.isfinite(self.together)), len(self.problem.incidents)
        debt = debt.copy()
        debt[sorted(self.fleet.free)] = 0.0
        prices = Prices(
            edges_s=self.edges_s,
            debt=debt,
            claim=np.zeros(count),
            granted=1.0 - told * lives(self.problem),
            together=told,
            layers=layers,
            ready=np.zeros((len(self.problem.reserves), len(self.edges_s) - 1)),
        )
        return prices.clipped(self.problem)

    def evaluate(self, prices: Prices) -> float:
        """The bound at these prices."""
        total = constant(self.problem, prices, self.fleet.most_saved, self.together)
        for group in self.groups:
            total -= self._alone(group, self.rates(group, prices))
        for kind in self.fleet.kinds:
            for start in kind.starts:
                total -= start.pairs * self.problem.weights.changed_assignment  # any work may keep them
                total -= locked_points(self.problem, prices, start, _nothing)
        self.bound = max(self.bound, total)
        return total

    def rates(self, group: Group, prices: Prices) -> Matrix:
        """[f, cell]: points a second, at most."""
        debt, layers = tail(self.edges_s, prices.debt), tail(self.edges_s, prices.layers)
        ends_s, edges_s = self.cells_s, self.edges_s
        cells = len(ends_s) - 1
        rates = np.zeros((len(group.fires), cells))
        for f, n in enumerate(group.fires.tolist()):
            busy_s, spacing_s = float(group.busy_s[f]), float(group.spacing_s[f])
            turns_s = np.concatenate([edges_s, edges_s + busy_s])
            at_s = np.concatenate([ends_s, turns_s])
            price = np.interp(at_s - busy_s, edges_s, layers[n], right=0.0)
            price -= np.interp(at_s, edges_s, layers[n], right=0.0)
            worth = group.litres[f] * np.interp(at_s, edges_s, debt[n], right=0.0) - group.kind.slots * price
            most = np.maximum(worth[:cells], worth[1 : cells + 1])
            place = np.floor((turns_s - ends_s[0]) / self.cell_s).astype(np.int64)
            inside = (place >= 0) & (place < cells)
            np.maximum.at(most, place[inside], worth[cells + 1 :][inside])
            best = most.copy()
            for k in range(1, math.ceil(spacing_s / self.cell_s) + 1):
                best[:-k] = np.maximum(best[:-k], most[k:])
            rates[f] = best / spacing_s - group.kind.cost_per_s
        return rates

    def _alone(self, group: Group, rates: Matrix) -> float:
        """What the aircraft of a group are worth at most."""
        most = np.where(group.open, np.maximum(rates, 0.0)[None, :, :], 0.0).max(axis=1, initial=0.0)
        value = -np.sort(-most, axis=1) * self.cell_s
        counts = np.arange(value.shape[1])[None, :] < group.cells[:, None]
        works: Matrix = (value * counts).sum(axis=1) - group.fixed
        return float(np.maximum(works, 0.0).sum())

    # ---- all rounds ---------------------------------------------------------------------------------------
    def rounds(self, stopped: Callable[[int], bool]) -> Iterator[float]:
        """After each round the best bound so far. `stopped` is asked with the number of rounds made; the first one, of
        early claims alone, is made in any case."""
        zero = np.zeros((len(self.problem.incidents), len(self.edges_s) - 1))
        self.evaluate(self.prices(zero, zero))
        yield self.bound
        done = 1
        if stopped(done):
            return
        most_debt, _ = charges(self.problem)
        master = WideMaster(self.problem, self.groups, self.edges_s, self.cells_s)
        full = self.prices(most_debt[:, None] + zero, zero)
        master.grow([self.rates(group, full) for group in self.groups], _FIRST)
        while not stopped(done):
            solved = master.solve()
            if solved is None:
                return
            prices = self.prices(*solved)
            rates = [self.rates(group, prices) for group in self.groups]
            self.evaluate(prices)
            done += 1
            yield self.bound
            if not master.grow(rates, _MORE):
                return


def _nothing(_: int, at_s: Matrix) -> Matrix:
    """Standing ready has no price here."""
    return np.zeros_like(at_s)
