"""A proven lower bound on the score of every plan, in continuous time: no plan that keeps the rules scores less.

What is bounded: plans whose legs take at least their true time (great circle over speed), with locked legs as
written, by the rules of the interchange format. The referee's pardons (a leg one per cent and two seconds short,
crews half a per cent over, a lock a minute off) are for rounding; no plan of ours uses them, and a plan that made
the most of every one of them could score below the bound.

Why it holds. Write the score as a sum over fires, tasks, reserves and aircraft. Aircraft meet only in four places,
and there each is set free against a price (`prices.py`), which is weak duality and true for any prices ≥ 0:

- Debt. A fire's debt at t is at least demand + growth·t − litres dropped by t, and at least 0 (waste only adds to
  it). For a price μ(t) between 0 and what a litre-second is charged, the charge is at least the integral of μ times
  that. So a drop at t is worth its litres times the integral of μ from t to the horizon: exact for any t, linear in
  the drops, whoever makes them.
- Claims. A first drop at t saves at most λ + max(0, rate·(unserved − t) − λ), and the second part is left to whoever
  drops first. Of a task of n visits, k done, the last at v, the saving is k/n·rate·(unserved − v), at most the sum
  over its visits of 1/n·rate·(unserved − own time): n claims, one a visit. Claims see the mean of the visits
  where the last one counts; so a share of what they could save at most (`Fleet.most_saved`, from the soonest times
  of all aircraft; `most_saved.py` for all lives together) may be granted whatever is done, and only the rest is
  claimed.
- Layers. At most `max_slots` at all times means at most that on average over a bin. An aircraft is counted only from
  filling to drop, and on scene, because the way back can be flown between two legs.
- Reserves. The shortage is at least wanted − ready, and at least 0.

What is left is each aircraft alone: the timeline worth most at these prices. `pricing.py` answers with no less than
that, because its world holds every legal timeline, perhaps moved to earlier times, and all values but prices of
layers only grow when things happen earlier. Where layers have a price, an event may wait for the very row of the
grid that holds its true time, and is charged the least of that row. In detail (`kinds.py`):

- A leg flown longer than it must is a wait; a wait before the leg instead is as good and burns nothing.
- Bases: from any to any, to rest, fill up or stand ready there, whether or not work comes before or after.
- Water: the first drop by the quickest point from where the aircraft is, the next ones by the quickest cycle, both
  with the most that any point in reach lets it lift. Points have room for all. Windows of opening are not looked at.
- Crew and tanks: flight between rests of `min_rest_s` is at most what crew and, if told apart, tanks allow. Filling
  up without a rest is a way of its own (`turned`); where tanks outlast crews it gains nothing but standing ready,
  and where it is not told, reserves are not charged for. Any base with a runway fills tanks, at once. A crew near
  its day's limit has that as its only block.
- Goods and patients may be on board for several tasks at once, loaded before other work. So of a task after another
  run only the last way is charged for certain, with the service (goods) or handover (patients) at its end; and when
  patients were fetched cannot be told, so their scene takes no layers. But one load of an incident at a time is on
  board, so from one visit of it to the next it is the whole way. The first run of an aircraft has its whole way to
  fly, and no visit is sooner than the soonest of its kind could make it from the start; a wait for first light is
  time enough to load.
- Rounding: times down and flight left up, on grids described in `grid.py`.
- Previous assignments: any run keeps all that an aircraft may keep. Who makes none may still fly out after the
  horizon for them, which costs at least the shortest such flight. Those of locked legs are kept.

So bound = constant − Σ best of each aircraft, summed at once from the prices, in `evaluate`. Column generation only
looks for good prices: GLOP's master (`master.py`) mixes the timelines found so far, its prices are cleaned of
anything a bound may not use, and every pass gives a bound that holds by itself, converged or not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from optimizer.grid import Grid
from optimizer.kinds import Fleet, Kind, Start
from optimizer.lock_worth import locked_points
from optimizer.master import Master
from optimizer.most_saved import most_saved_together
from optimizer.openings import Openings
from optimizer.prices import Prices, charges, constant, lives, outside, served_early, wanted
from optimizer.pricing import LOW, Programme, Trace
from optimizer.problem import NONE, Problem
from optimizer.schedule import Schedule
from optimizer.trace import Tracer
from optimizer.travel import Tables
from optimizer.worth import Worth

LEAST_REST_S = 120.0  # a shorter rest would let the programme go in circles
_QUICK = 600  # incidents times aircraft
TOO_WIDE = 10_000  # the same: beyond it one pass takes the better part of a minute
_COLUMNS = 5  # timelines per aircraft and pass: its best ones by where they begin
_STAY, _LATE, _LAND = -1, -2, -3  # openings that are no run; landings at base n are _LAND - n
_STEEP = 3  # passes that take the master's prices as they are; later ones stay near the best so far
_RIVALS = 20  # aircraft that may contend for being first at one incident, before the first pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grain:
    """How finely a bound is worked out. `grain_s`: times and flight left; `bin_s`: prices; `refuels`: tell tanks
    from crew time; `smooth`: share of the best prices so far in the next ones."""

    grain_s: float
    bin_s: float
    refuels: bool
    smooth: float = 0.3


def proves_quickly(problem: Problem) -> bool:
    """Whether a pass takes about a second or less."""
    return len(problem.incidents) * len(problem.aircraft) <= _QUICK


def grain_for(problem: Problem) -> Grain:
    """What a problem of its size affords."""
    size = len(problem.incidents) * len(problem.aircraft)
    if size <= _QUICK:
        return Grain(grain_s=90.0, bin_s=600.0, refuels=True)
    if size <= TOO_WIDE:
        return Grain(grain_s=200.0, bin_s=900.0, refuels=False)
    return Grain(grain_s=600.0, bin_s=1800.0, refuels=False)  # `solve` uses `wide_bound.py` instead


class Bounder:
    """Raises a proven bound pass by pass, by column generation."""

    def __init__(self, problem: Problem, tables: Tables, grain: Grain) -> None:
        self.problem, self.grain = problem, grain
        self.fleet = Fleet(problem, tables, grain.refuels)
        bins = max(1, round(problem.horizon_s / grain.bin_s))
        self.edges_s = np.linspace(0.0, problem.horizon_s, bins + 1)
        self.grids = [
            Grid(kind, problem.horizon_s, grain.grain_s, self.fleet.turns) for kind in self.fleet.kinds
        ]
        self.most_together = most_saved_together(problem, tables).points
        self.master = Master(problem, self.edges_s, self.fleet.most_saved, self.most_together)
        self.bound = -np.inf
        self.best_prices: Prices | None = None

    # ---- columns from plans -------------------------------------------------------------------------------
    def learn(self, schedule: Schedule) -> None:
        """Take every timeline of a schedule as a column; its score is then an upper limit of the master's."""
        for kind in self.fleet.kinds:
            for start in kind.starts:
                self._add(start, _as_trace(schedule, start.aircraft, kind))

    def _first_steps(self) -> None:
        """For each incident where being early counts, the aircraft that can be there first, as columns."""
        early, capacity = served_early(self.problem), wanted(self.problem)
        soonest: dict[int, list[tuple[float, int, int, int]]] = {}
        for k, kind in enumerate(self.fleet.kinds):
            for n, start in enumerate(kind.starts):
                for i in np.flatnonzero(early[kind.incidents] > 0.0).tolist():
                    if kind.first_air_s[n][i] <= start.ways[0][1]:
                        soonest.setdefault(int(kind.incidents[i]), []).append(
                            (float(start.soonest_s[i]), k, n, i)
                        )
        for incident, found in soonest.items():
            for at_s, k, n, i in sorted(found)[: _RIVALS + int(capacity[incident])]:
                kind, trace = self.fleet.kinds[k], Trace(works=True)
                if at_s > self.problem.horizon_s:
                    break
                trace.cost = kind.cost_per_s * float(kind.first_air_s[n][i])
                if self.problem.incidents[incident].task is None:
                    trace.firsts.append((incident, at_s))
                    trace.drops.append((incident, float(kind.litres[i]), at_s))
                else:
                    trace.visits.append((incident, at_s))
                self._lock(trace, kind.starts[n])
                self._add(kind.starts[n], trace)

    def _kept(self, start: Start) -> tuple[float, float]:
        """(points for the previous assignments that an aircraft may keep by work before the horizon; by nothing
        but a flight after it)."""
        points = start.pairs * self.problem.weights.changed_assignment
        return points, max(0.0, points - start.late_cost)

    def _add(self, start: Start, trace: Trace) -> bool:
        points, late = self._kept(start)
        locked = start.lock_pairs * self.problem.weights.changed_assignment
        return self.master.add(start.aircraft, trace, locked + (points if trace.works else late))

    # ---- one pass -----------------------------------------------------------------------------------------
    def first_prices(self, schedule: Schedule) -> Prices:
        """Prices read off a plan: water is worth its full charge while a fire owes anything in that plan."""
        problem = self.problem
        most_debt, most_ready = charges(problem)
        bins = len(self.edges_s) - 1
        debt = np.zeros((len(problem.incidents), bins))
        for n, book in schedule.fires.items():
            for m in range(bins):
                later = book.value_after(self.edges_s[m]) - book.value_after(self.edges_s[m + 1])
                debt[n, m] = most_debt[n] if later > 1e-6 else 0.0
        early, claim = served_early(problem), np.zeros(len(problem.incidents))
        unserved_s = problem.weights.unserved_minutes * 60
        for n, book in schedule.fires.items():
            claim[n] = early[n] * max(0.0, unserved_s - book.first_s) if book.drops else 0.0
        for n, task in schedule.tasks.items():
            claim[n] = early[n] * unserved_s - task.charge / max(1.0, wanted(problem)[n])
        middle_s = (self.edges_s[:-1] + self.edges_s[1:]) / 2
        ready = np.zeros((len(problem.reserves), bins))
        for n, (reserve, row) in enumerate(zip(schedule.reserves, problem.reserves, strict=True)):
            here = sum(((at <= middle_s) & (middle_s < until)).astype(int) for at, until in reserve.spans)
            ready[n] = np.where(here < row.min_aircraft, most_ready, 0.0)
        layers, granted = np.zeros((len(problem.incidents), bins)), np.zeros(len(problem.incidents))
        return Prices(
            edges_s=self.edges_s,
            debt=debt,
            claim=claim,
            granted=granted,
            together=0.0,
            layers=layers,
            ready=ready,
        )

    def _granted(self, first: Prices) -> None:
        """The bound where all that can be saved early is granted and nothing else has a price: what is left to an
        aircraft then is to keep its assignments. It takes no pass, and at national scale is most of the bound."""
        told, risk = bool(np.isfinite(self.most_together)), lives(self.problem)
        prices = replace(
            first,
            debt=np.zeros_like(first.debt),
            claim=np.zeros_like(first.claim),
            granted=1.0 - (risk if told else 0.0 * risk),
            together=float(told),
            ready=np.where(np.array(outside(self.problem)).reshape(-1, 1), first.ready, 0.0),
        )
        total = constant(self.problem, prices, self.fleet.most_saved, self.most_together)
        for kind in self.fleet.kinds:
            for start in kind.starts:
                locked = start.lock_pairs * self.problem.weights.changed_assignment - start.lock_cost
                total -= self._kept(start)[0] + locked
        if total > self.bound:
            self.bound, self.best_prices = total, prices

    def _begun(self, first: Prices, solved: Prices | None) -> Prices:
        """The prices of the first pass: a plan's for the water, the master's for claims, but all of the most that
        can be saved granted where lives are at risk, together or else one by one: a fair bound at once, which claims
        only raise."""
        if solved is not None:
            first = replace(first, claim=solved.claim, granted=solved.granted, together=solved.together)
        told, risk = bool(np.isfinite(self.most_together)), lives(self.problem)
        granted = first.granted * (1.0 - risk) + (0.0 if told else risk)
        return replace(first, claim=first.claim * (1.0 - risk), granted=granted, together=float(told))

    def evaluate(self, prices: Prices, stopped: Callable[[], bool]) -> tuple[float, int] | None:
        """(bound at these prices, columns that were new), or None if stopped."""
        prices = self._free(prices.clipped(self.problem))
        total = constant(self.problem, prices, self.fleet.most_saved, self.most_together)
        fresh = 0
        for grid in self.grids:
            if stopped():
                return None
            worth = Worth(self.fleet, grid, prices)
            best = self._price(grid, worth)
            total -= best[0]
            fresh += best[1]
        if total > self.bound:
            self.bound, self.best_prices = total, prices
        return total, fresh

    def _free(self, prices: Prices) -> Prices:
        """Nothing is charged for incidents that the relaxed model cannot price, nor, where turn-rounds are not
        told, for reserves that aircraft could stand in for."""
        given_up = sorted(self.fleet.free)
        if not self.fleet.turns:
            inside = ~np.array(outside(self.problem), dtype=bool)
            prices = replace(prices, ready=np.where(inside.reshape(-1, 1), 0.0, prices.ready))
        if not given_up:
            return prices
        debt, claim, layers = prices.debt.copy(), prices.claim.copy(), prices.layers.copy()
        granted = prices.granted.copy()
        debt[given_up], layers[given_up], claim[given_up], granted[given_up] = 0.0, 0.0, 0.0, 1.0
        granted = np.minimum(granted, 1.0 - prices.together * lives(self.problem))
        return replace(prices, debt=debt, claim=claim, layers=layers, granted=granted)

    def _price(self, grid: Grid, worth: Worth) -> tuple[float, int]:
        """(what all aircraft of a kind are worth, new columns)."""
        rested = Programme(grid, worth)
        programmes = [rested]
        most_s = max(start.overrun_s for start in grid.kind.starts)
        if most_s > rested.overrun_s + 1e-9:
            programmes.append(Programme(grid, worth, rested, most_s))
        openings = Openings(programmes, worth, grid)
        found = self._candidates(grid, openings)
        total, fresh = 0.0, 0
        for n, start in enumerate(grid.kind.starts):
            options = sorted(found[n], reverse=True)[:_COLUMNS]
            # one that cannot land within its limits is charged nothing
            value = options[0][0] if options and options[0][0] > LOW / 10 else 0.0
            standing = openings.staying(start) if start.base >= 0 else 0.0
            total += value + standing + locked_points(self.problem, worth.prices, start, worth.ready_after)
            for value, line, target, k in options:
                if value < LOW / 10:
                    continue
                tracer = Tracer(openings, line)
                if target in (_STAY, _LATE):
                    trace = tracer.stay()
                elif target <= _LAND:
                    trace = tracer.land(_LAND - target, k, *self._kept(start))
                else:
                    trace = tracer.run(target, k)
                self._lock(trace, start)
                fresh += self._add(start, trace)
        return total, fresh

    def _candidates(self, grid: Grid, openings: Openings) -> list[list[tuple[float, int, int, int]]]:
        """Per aircraft (value, line, target, time) of its best opening towards each incident and base."""
        found: list[list[tuple[float, int, int, int]]] = [[] for _ in grid.kind.starts]
        every = np.arange(len(openings.lines))
        kept = [self._kept(start) for start in grid.kind.starts]
        for i in range(len(grid.kind.incidents)):
            value = openings.run(i)
            at = value.argmax(axis=1)
            top = value[every, at].tolist()
            for line, (n, _, _, _) in enumerate(openings.lines):
                found[n].append((top[line] + kept[n][0], line, i, int(at[line])))
        for line, (n, _, _, first) in enumerate(openings.lines):
            land = openings.land(line, *kept[n])
            if land.size:
                base, k = divmod(int(land.argmax()), grid.steps + 1)
                found[n].append((float(land[base, k]), line, _LAND - base, k))
            if first and not grid.kind.starts[n].airborne:
                found[n].append((kept[n][1], line, _LATE if kept[n][1] > 0.0 else _STAY, 0))
        return found

    def _lock(self, trace: Trace, start: Start) -> None:
        for n, litres, times in start.lock_drops:
            trace.drops += [(n, litres, at_s) for at_s in times]
            trace.firsts.append((n, min(times)))
        trace.visits += list(start.lock_visits)
        slots = self.problem.aircraft[start.aircraft].slots
        trace.busy += [(n, slots, from_s, until_s) for n, from_s, until_s in start.lock_busy]
        trace.ready += list(start.lock_ready)
        trace.cost += start.lock_cost

    # ---- all passes ---------------------------------------------------------------------------------------
    def passes(self, schedules: Sequence[Schedule], stopped: Callable[[int], bool]) -> Iterator[float]:
        """After each pass the best bound so far. `schedules`: plans to begin with, the best one last; `stopped`
        is asked with the number of passes made, also within one."""
        for schedule in schedules:
            self.learn(schedule)
        self._first_steps()
        done = 0
        self._granted(self.first_prices(schedules[-1]))
        while not stopped(done):
            solved = self.master.solve()
            prices = solved[1] if solved is not None else None
            if done == 0:
                prices = self._begun(self.first_prices(schedules[-1]), prices)
            elif prices is not None and self.best_prices is not None and done >= _STEEP:
                prices = self.best_prices.blended(prices, self.grain.smooth)
            if prices is None or self.evaluate(prices, partial(stopped, done)) is None:
                if done == 0:
                    yield self.bound
                return
            done += 1
            yield self.bound


def _as_trace(schedule: Schedule, aircraft: int, kind: Kind) -> Trace:
    """One real timeline as a column."""
    trace = Trace()
    sorties = schedule.sorties[aircraft]
    problem = schedule.problem
    first: dict[int, float] = {}
    for sortie in sorties:
        trace.cost += sortie.flight_s * kind.cost_per_s
        trace.works |= bool(sortie.incidents)
        for n, litres, times in sortie.drops:
            trace.drops += [(n, litres, at_s) for at_s in times if at_s <= problem.horizon_s]
            for at_s in times:
                if at_s <= problem.horizon_s:
                    first[n] = min(first.get(n, at_s), at_s)
        trace.visits += [(n, at_s) for n, at_s in sortie.visits if at_s <= problem.horizon_s]
        trace.busy += [(n, kind.slots, from_s, until_s) for n, from_s, until_s in sortie.at_scene]
        trace.ready += list(sortie.stood_ready)
    # only the first of all drops claims; a tie goes to both only where GLOP mixes them
    trace.firsts = [(n, at_s) for n, at_s in first.items() if schedule.fires[n].drops[0][2] == aircraft]
    state = schedule.state(aircraft)
    if state.base != NONE and state.ready_from_s <= problem.horizon_s:
        trace.ready.append((state.base, state.ready_from_s, problem.horizon_s))
    return trace
