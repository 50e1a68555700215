"""The timelines of all aircraft while a plan is being made: bookings and score kept true at every change.

`Schedule` is the one mutable thing of the optimizer. It books what is appended and unbooks what is cut off,
and answers what a sortie would gain. It does not choose: `human.py`, `life.py`, `fill.py` and `search.py` do.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from optimizer.books import FireBook, ReserveBook, TaskBook
from optimizer.cover import CoverBook
from optimizer.craft import Craft, departures, first_state
from optimizer.fire_work import Trial
from optimizer.leaving import stood_ready
from optimizer.legs import Leg, LegKind
from optimizer.locked import locked_sortie
from optimizer.people import PeopleBook
from optimizer.problem import NONE, Problem, Task
from optimizer.sortie import Ledgers, Planner
from optimizer.timeline import Departure, Sortie, State, Where
from optimizer.travel import Tables

Stood = tuple[tuple[int, float, float], ...]  # (base, from, until): spans of standing ready
ORDER_BROKEN = 1e9  # points: no plan is better for breaking an order


def book_for(task: Task) -> type[TaskBook]:
    """The kind of book that tells what a task is charged."""
    if task.continuous:
        return CoverBook
    return PeopleBook if task.people else TaskBook


class Schedule:
    """Starts with the locked sorties, and with every airborne aircraft on its way home."""

    def __init__(self, problem: Problem, tables: Tables, split: bool = False) -> None:
        """`split`: aircraft take turns over a fire, drop by drop (`sortie.py`)."""
        self.problem, self.tables = problem, tables
        self.crafts = tables.crafts
        self.ledgers = Ledgers.of(problem)
        self.planner = Planner(problem, tables.distance_view, self.crafts, self.ledgers, split)
        horizon_s, weights = problem.horizon_s, problem.weights
        self.fires = {
            n: FireBook(row, weights, horizon_s) for n, row in enumerate(problem.incidents) if row.fire
        }
        self.tasks = {
            n: book_for(row.task)(row, row.task, weights, horizon_s)
            for n, row in enumerate(problem.incidents)
            if row.task is not None
        }
        self.reserves = [ReserveBook(row.min_aircraft, weights, horizon_s) for row in problem.reserves]
        self._reserves_at: dict[int, list[int]] = {}
        for n, row in enumerate(problem.reserves):
            self._reserves_at.setdefault(row.base, []).append(n)
        self.sorties: list[list[Sortie]] = [[] for _ in self.crafts]
        self._first = [first_state(problem, craft) for craft in self.crafts]
        self._pairs: dict[tuple[int, int], int] = {}
        self.flight_charge = 0.0
        self.version = 0
        self.onward = False  # while work is chosen: whether more may follow it without landing (`onward.py`)
        self._open_reserves()
        self._lock()
        self.fixed = [len(sorties) for sorties in self.sorties]
        for craft in self.crafts:
            self.bring_home(craft.index)

    # ---- questions ----------------------------------------------------------------------------------------
    def state(self, aircraft: int) -> State:
        """Where the aircraft is after its last sortie."""
        sorties = self.sorties[aircraft]
        return sorties[-1].after if sorties else self._first[aircraft]

    def state_after(self, aircraft: int, sorties: int) -> State:
        """Where the aircraft is after its first so many sorties; 0 for when the plan begins."""
        return self.sorties[aircraft][sorties - 1].after if sorties else self._first[aircraft]

    def departures(self, aircraft: int) -> list[Departure]:
        """The ways it may leave from there; none with patients on board."""
        state = self.state(aircraft)
        if state.patients:
            return []
        return departures(self.problem, self.crafts[aircraft], state, self.ledgers.fuel)

    def ends_with_recovery(self, aircraft: int) -> bool:
        """Whether its last sortie only brings it home, so that another may take its place."""
        sorties = self.sorties[aircraft]
        return bool(sorties) and sorties[-1].recovery

    def reserves_of(self, aircraft: int, base: int) -> list[ReserveBook]:
        """The reserves wanted at a base that the aircraft counts for."""
        can = self.crafts[aircraft].row.capabilities
        wanted = self.problem.reserves
        return [self.reserves[n] for n in self._reserves_at.get(base, ()) if wanted[n].capability in can]

    def score(self) -> float:
        """The whole score, as the referee sums it, and far more than any where an order is not kept."""
        weights = self.problem.weights
        missing = sum(1 for pair in self._live_pairs() if not self._pairs.get(pair))
        return (
            sum(book.charge for book in self.fires.values())
            + sum(book.charge for book in self.tasks.values())
            + sum(book.charge for book in self.reserves)
            + self.flight_charge
            + missing * weights.changed_assignment
            + len(self.missing_orders()) * ORDER_BROKEN
        )

    def missing_orders(self) -> list[tuple[int, int]]:
        """The (aircraft, incident) pairs ordered that no sortie keeps."""
        return [pair for pair in self.problem.required if not self._pairs.get(pair)]

    def fits(self, aircraft: int, sortie: Sortie) -> bool:
        """Whether the bookings of a sortie, built earlier, are still free."""
        slots, ledgers = self.crafts[aircraft].row.slots, self.ledgers
        return (
            all(ledgers.scene[n].fits(start_s, end_s, slots) for n, start_s, end_s in sortie.at_scene)
            and all(ledgers.water[n].fits(start_s, end_s, 1) for n, start_s, end_s in sortie.at_water)
            and all(ledgers.fuel[n].fits(start_s, end_s, 1) for n, start_s, end_s in sortie.at_fuel)
        )

    def gain(self, aircraft: int, sortie: Sortie) -> float:
        """By how much the score falls if the sortie is appended; negative if it rises."""
        row, weights = self.crafts[aircraft].row, self.problem.weights
        gain = -sortie.flight_s / 3600 * row.cost_per_hour * weights.cost_unit
        for incident, litres, times in sortie.drops:
            book = self.fires[incident]
            gain += book.charge - book.with_drops(litres, times)[0]
        visits: dict[int, list[float]] = {}
        for incident, at_s in sortie.visits:
            visits.setdefault(incident, []).append(at_s)
        for incident, done in visits.items():
            load = self.problem.load(aircraft, incident)
            gain += self.tasks[incident].charge - self.tasks[incident].with_visits(done, load)
        gain += sum(self._pair_gain(aircraft, incident) for incident in sortie.incidents)
        for n, (gone, come) in self._reserve_changes_of(aircraft, sortie).items():
            gain -= self.reserves[n].difference(gone, come)
        return gain

    def gain_of(self, trial: Trial, fire_charge: float) -> float:
        """The same for fire work not yet written down. `fire_charge`: what its fire will be charged then."""
        work = trial.work
        row, aircraft = work.craft.row, work.craft.index
        cost = trial.flight_s / 3600 * row.cost_per_hour * self.problem.weights.cost_unit
        gain = (
            self.fires[work.incident].charge - fire_charge - cost + self._pair_gain(aircraft, work.incident)
        )
        if not self._reserves_at:
            return gain
        stood = stood_ready(work.way, trial.leave_s)
        return gain + self._reserve_gain(aircraft, stood, work.base, trial.ready_s)

    def _pair_gain(self, aircraft: int, incident: int) -> float:
        pair = (aircraft, incident)
        if pair in self.problem.previous_pairs and not self._pairs.get(pair):
            return self.problem.weights.changed_assignment
        return 0.0

    def _reserve_gain(self, aircraft: int, stood: Stood, base: int, ready_s: float) -> float:
        gain = 0.0
        for n, (gone, come) in self._reserve_changes(aircraft, stood, base, ready_s).items():
            gain -= self.reserves[n].difference(gone, come)
        return gain

    # ---- changes ------------------------------------------------------------------------------------------
    def append(self, aircraft: int, sortie: Sortie) -> None:
        """Book a sortie at the end of an aircraft's timeline."""
        for n, (gone, come) in self._reserve_changes_of(aircraft, sortie).items():
            self.reserves[n].change(gone, come)
        self.sorties[aircraft].append(sortie)
        self._book(aircraft, sortie, 1)

    def pop(self, aircraft: int) -> Sortie:
        """Unbook the last sortie of an aircraft's timeline."""
        sortie = self.sorties[aircraft].pop()
        self._book(aircraft, sortie, -1)
        for n, (gone, come) in self._reserve_changes_of(aircraft, sortie).items():
            self.reserves[n].change(come, gone)
        return sortie

    @contextmanager
    def without_recovery(self, aircraft: int) -> Iterator[float]:
        """The schedule as if the recovery at the end of a timeline were not there; gives its gain. What was
        worked out before still holds after, so versions and stamps stay."""
        version = self.version
        stamps = {base: self.ledgers.fuel[base].stamp for base, _, _ in self.sorties[aircraft][-1].at_fuel}
        home = self.pop(aircraft)
        try:
            yield self.gain(aircraft, home)
        finally:
            self.append(aircraft, home)
            self.version = version
            for base, stamp in stamps.items():
                self.ledgers.fuel[base].stamp = stamp

    def cut(self, aircraft: int, keep: int) -> list[Sortie]:
        """Unbook all sorties after the first `keep` (never the locked ones); answers them in their order."""
        keep = max(keep, self.fixed[aircraft])
        gone = [self.pop(aircraft) for _ in range(len(self.sorties[aircraft]) - keep)]
        return gone[::-1]

    def bring_home(self, aircraft: int) -> None:
        """If the aircraft is left in the air, on a pad or with people on board, append the legs that take them where
        they belong and it to a base."""
        state = self.state(aircraft)
        craft = self.crafts[aircraft]
        if (state.where is Where.BASE and not state.patients) or (
            not craft.row.serviceable and not self.sorties[aircraft]
        ):
            return
        sortie = self._recovery(craft, state)
        if sortie is not None:
            self.append(aircraft, sortie)

    def _recovery(self, craft: Craft, state: State) -> Sortie | None:
        way = departures(self.problem, craft, state, self.ledgers.fuel)[0]
        place = state.place
        if state.patients:
            delivery = self.problem.delivery_place(state.patients[-1])
            place = delivery if delivery != NONE else place
        near = self.tables.bases_near(craft.index, place)
        with_fuel = [base for base in near if craft.takes_fuel_at(self.problem, base)]
        ranked = [*with_fuel[:3], *near] if with_fuel else near
        for base in ranked:
            sortie = self.planner.recovery(craft, way, state, base, strict=True)
            if sortie is not None:
                return sortie
        # nothing is legal: still bring it down at the nearest runway, and let the check say what breaks
        for base in near or self.tables.all_bases_near(place):
            return self.planner.recovery(craft, way, state, base, strict=False)
        return None

    def _book(self, aircraft: int, sortie: Sortie, sign: int) -> None:
        self.version += 1
        slots = self.crafts[aircraft].row.slots
        lists = (
            (self.ledgers.scene, sortie.at_scene, slots),
            (self.ledgers.water, sortie.at_water, 1),
            (self.ledgers.fuel, sortie.at_fuel, 1),
        )
        for ledgers, spans, units in lists:
            for n, start_s, end_s in spans:
                (ledgers[n].add if sign > 0 else ledgers[n].remove)(start_s, end_s, units)
        for incident, litres, times in sortie.drops:
            book = self.fires[incident]
            (book.add if sign > 0 else book.remove)(litres, times, aircraft)
        for incident, at_s in sortie.visits:
            task = self.tasks[incident]
            (task.add if sign > 0 else task.remove)((at_s,), self.problem.load(aircraft, incident))
        for incident in sortie.incidents:
            pair = (aircraft, incident)
            self._pairs[pair] = self._pairs.get(pair, 0) + sign
        hours = sortie.flight_s / 3600
        charge = hours * self.crafts[aircraft].row.cost_per_hour * self.problem.weights.cost_unit
        self.flight_charge += sign * charge

    def _reserve_changes(
        self, aircraft: int, stood: Stood, base: int, ready_s: float
    ) -> dict[int, tuple[list[tuple[float, float]], list[tuple[float, float]]]]:
        """Per reserve the spans of readiness that go and come when a sortie is appended that ends the standing
        ready of `stood` and is ready again at `base` from `ready_s` on."""
        changes: dict[int, tuple[list[tuple[float, float]], list[tuple[float, float]]]] = {}
        row, wanted, before = self.crafts[aircraft].row, self._reserves_at, self.state(aircraft)
        if not row.serviceable or not (
            wanted.keys() & {before.base, base} or any(s[0] in wanted for s in stood)
        ):
            return changes
        for at_base, from_s, until_s, come in _ready_spans(before, stood, base, ready_s):
            for n in wanted.get(at_base, ()):
                if self.problem.reserves[n].capability in row.capabilities:
                    changes.setdefault(n, ([], []))[1 if come else 0].append((from_s, until_s))
        return changes

    def _reserve_changes_of(
        self, aircraft: int, sortie: Sortie
    ) -> dict[int, tuple[list[tuple[float, float]], list[tuple[float, float]]]]:
        after = sortie.after
        base = after.base if after.where is Where.BASE else NONE
        return self._reserve_changes(aircraft, sortie.stood_ready, base, after.ready_from_s)

    def _open_reserves(self) -> None:
        for craft, state in zip(self.crafts, self._first, strict=True):
            if craft.row.serviceable and state.where is Where.BASE:
                for n in self._reserves_at.get(state.base, ()):
                    if self.problem.reserves[n].capability in craft.row.capabilities:
                        self.reserves[n].change((), ((state.ready_from_s, math.inf),))
        for book in self.reserves:
            book.change((), ())

    def _lock(self) -> None:
        for aircraft, legs in self.problem.commitments.items():
            craft = self.crafts[aircraft]
            self.append(aircraft, locked_sortie(self.planner, craft, self._first[aircraft], legs))

    def _live_pairs(self) -> Iterable[tuple[int, int]]:
        return (pair for pair in self.problem.previous_pairs if self.crafts[pair[0]].row.serviceable)

    # ---- the answer ---------------------------------------------------------------------------------------
    def legs(self, aircraft: int) -> list[Leg]:
        """The aircraft's legs, with the last refuelling written down; none if it stays where it is."""
        legs = [leg for sortie in self.sorties[aircraft] for leg in sortie.legs]
        state = self.state(aircraft)
        if legs and state.where is Where.BASE and state.refuelling:
            legs.append(
                Leg(
                    kind=LegKind.GROUND,
                    start_s=state.ground_from_s,
                    end_s=state.free_s,
                    place=state.base,
                    refuel=True,
                )
            )
        return legs


def _ready_spans(
    before: State, stood: Stood, base: int, ready_s: float
) -> Iterable[tuple[int, float, float, bool]]:
    """(base, from, until, comes): the open span that ends, those the sortie closes, the new open one."""
    if before.where is Where.BASE and before.ready_from_s < math.inf:
        yield before.base, before.ready_from_s, math.inf, False
    for at_base, from_s, until_s in stood:
        yield at_base, from_s, until_s, True
    if base != NONE and ready_s < math.inf:
        yield base, ready_s, math.inf, True
