"""The most that can be saved where lives are at risk, all such incidents together: an upper limit for any plan.

The prices under a bound see each aircraft alone, and of a task of several visits the mean where the last visit
counts; what is dear (lives) needs more. Here every aircraft's ways of serving one such incident after another are
listed (`_Lists`), with patients and goods on board as they really are, times no longer than any legal plan's, and with
no charge for what else the aircraft could do. CP-SAT then picks one list per aircraft so that most is saved; what
counts is its own upper limit, whether or not it proves it reached. Layers, places and refuelling points have no queue.

A list is not followed beyond the K-th soonest time at which a different aircraft each could serve an incident first,
K being the number of visits wanted anywhere: one of those K would then be idle, and sooner there.
"""

import math
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from ortools.sat.python import cp_model

from optimizer.kinds import Fleet, Kind, Start
from optimizer.prices import served_early, wanted
from optimizer.problem import NONE, Problem
from optimizer.travel import Tables

_SCALE = 100  # CP-SAT works in whole numbers: a hundredth of a point, rounded up
_DETERMINISTIC_LIMIT = 3.0  # CP-SAT's own deterministic seconds
_MOST_LABELS = 4000  # of one aircraft; beyond that nothing is said
_MOST_SIZE = 10_000  # incidents times aircraft

Times = tuple[tuple[int, float], ...]
Path = tuple[tuple["Stop", int], ...]


class Stop(Enum):
    """What is done at a stop for an incident: goods loaded, the scene visited, patients delivered, water dropped."""

    LOAD = "load"
    SCENE = "scene"
    DELIVER = "deliver"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """`points`: no plan saves more where lives are at risk; infinity if nothing is said. `paths`: aircraft index to
    its stops, of the choice of lists that came nearest to it."""

    points: float
    paths: dict[int, Path]


_NOTHING = Rescue(points=math.inf, paths={})


@dataclass(slots=True)
class _Label:
    """An aircraft on its way: `left_s` of flight until it must land, `crew_s` until its crew must rest, `done`
    (incident, time) so far, `aboard`: the incidents whose goods or patients it has. Not frozen: hundreds of thousands
    are made, and a frozen value takes three times as long to make."""

    at_s: float
    left_s: float
    crew_s: float
    place: int
    done: Times = ()
    aboard: frozenset[int] = frozenset()
    path: Path = ()

    def beats(self, other: "_Label") -> bool:
        """No later, with no less flight left and no visit later. Both did the same."""
        return (
            self.at_s <= other.at_s
            and self.left_s >= other.left_s
            and self.crew_s >= other.crew_s
            and all(a[1] <= b[1] for a, b in zip(sorted(self.done), sorted(other.done), strict=True))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """Seconds from one place to another: straight; by the base that is least out of the way; of flight to the base
    nearest to the one, and from the base nearest to the other."""

    straight_s: float
    by_base_s: float
    out_s: float
    back_s: float


class _Chart:
    """Ways of one kind of aircraft, worked out once."""

    def __init__(self, fleet: Fleet, kind: Kind) -> None:
        self._fleet, self._kind = fleet, kind
        self._lands = np.flatnonzero(kind.ways.lands)
        self._legs: dict[tuple[int, int, int], _Leg] = {}
        self._home_s: dict[int, float] = {}

    def leg(self, place: int, goal: int, fire: int) -> _Leg:
        """To a place; to the first drop if it is a `fire` (else NONE)."""
        key = (place, goal, fire)
        if key not in self._legs:
            ways = self._kind.ways
            start = np.array([place], dtype=np.int64)
            there, to = (ways.to_place, goal) if fire == NONE else (ways.to_fire, fire)
            straight_s = float(there(start, to)[0])
            back_s = there(self._lands, to)
            out_s = ways.tables.distance_m[place, self._lands] / ways.craft.row.cruise_mps
            self._legs[key] = _Leg(
                straight_s=straight_s,
                by_base_s=float((out_s + back_s).min(initial=np.inf)),
                out_s=float(out_s.min(initial=np.inf)),
                back_s=float(back_s.min(initial=np.inf)),
            )
        return self._legs[key]

    def home_s(self, place: int) -> float:
        """To the nearest base."""
        if place not in self._home_s:
            away_s = self._kind.ways.to_place(self._lands, place)
            self._home_s[place] = float(away_s.min(initial=np.inf))
        return self._home_s[place]


@dataclass(slots=True)
class _Lists:
    """All lists of one aircraft."""

    fleet: Fleet
    kind: Kind
    start: Start
    chart: "_Chart"
    latest_s: dict[int, float]
    lists: list[tuple[Times, Path]] = field(default_factory=list)
    many: bool = False

    def find(self) -> None:
        """Fill `lists`, or give up as `many`."""
        known: dict[tuple[object, ...], list[_Label]] = {}
        begun = [
            _Label(
                at_s,
                flight_s,
                flight_s + (self.kind.overrun_s if n else self.start.overrun_s),
                self.start.place,
                aboard=frozenset(self.start.aboard),
            )
            for n, (at_s, flight_s) in enumerate(self.start.ways)
        ]
        count = 0
        while begun:
            label = begun.pop()
            for after in self._steps(label):
                done = tuple(sorted(n for n, _ in after.done))
                same = known.setdefault((after.place, after.aboard, done), [])
                if any(other.beats(after) for other in same):
                    continue
                same[:] = [other for other in same if not after.beats(other)]
                same.append(after)
                begun.append(after)
                count += 1
                if count > _MOST_LABELS:
                    self.many = True
                    return
        best: dict[tuple[int, ...], list[tuple[Times, Path]]] = {}
        for labels in known.values():
            for label in labels:
                if label.done:
                    times = tuple(sorted(label.done))
                    best.setdefault(tuple(n for n, _ in times), []).append((times, label.path))
        self.lists = [row for same in best.values() for row in _undominated(same)]

    def _steps(self, label: _Label) -> list[_Label]:
        found: list[_Label] = []
        problem, aboard = self.fleet.problem, label.aboard
        done = [n for n, _ in label.done]
        for n, latest_s in self.latest_s.items():
            if label.at_s > latest_s:
                continue
            task, scene = problem.incidents[n].task, problem.incident_place(n)
            if task is None:
                if n not in done:
                    self._on(found, label, Stop.DROP, n, scene)
                continue
            if n in done and done.count(n) >= task.visits:
                continue
            if task.hospital != NONE and n in aboard:
                goal = problem.hospital_place(task.hospital)
                self._on(found, label, Stop.DELIVER, n, goal, ground_s=task.handover_s)
            elif task.hospital != NONE:
                self._on(found, label, Stop.SCENE, n, scene, air_s=task.service_s, loads=True)
            elif task.pickup_base != NONE and n not in aboard:
                waits_s = self.start.lead_s if label.place == self.start.place and not done else 0.0
                hand_s = max(0.0, task.handover_s - waits_s)
                self._on(found, label, Stop.LOAD, n, task.pickup_base, ground_s=hand_s, loads=True)
            else:
                self._on(found, label, Stop.SCENE, n, scene, air_s=task.service_s)
        return found

    def _on(
        self,
        found: list[_Label],
        label: _Label,
        stop: Stop,
        n: int,
        goal: int,
        *,
        air_s: float = 0.0,
        ground_s: float = 0.0,
        loads: bool = False,
    ) -> None:
        """From a label to a stop: straight, or by a base with a rest or tanks filled; those that are in time join
        `found`. `loads`: it is no claim yet."""
        kind, latest_s = self.kind, self.fleet.problem.horizon_s
        if not loads:
            latest_s = min(latest_s, self.latest_s[n])
        begin_s = label.at_s + air_s + ground_s
        if begin_s > latest_s:
            return
        leg = self.chart.leg(label.place, goal, n if stop is Stop.DROP else NONE)
        if begin_s + leg.straight_s > latest_s:
            return  # nothing is sooner than straight
        least_s, flown_s = self.chart.home_s(goal) - 1e-6, leg.straight_s + air_s
        ways = [(begin_s + leg.straight_s, label.left_s - flown_s, label.crew_s - flown_s)]
        if kind.rests and leg.out_s <= label.left_s + 1e-6:
            begin_s, fresh_s = begin_s + leg.by_base_s, kind.block_s - leg.back_s - air_s
            ways.append((begin_s + kind.rest_s, fresh_s, fresh_s + kind.overrun_s))
            ways.append((begin_s + kind.turn_s, fresh_s, label.crew_s - leg.by_base_s - air_s))
        for at_s, left_s, crew_s in ways:
            if at_s <= latest_s and left_s >= least_s and crew_s >= least_s:
                done = label.done if loads else (*label.done, (n, at_s))
                aboard = label.aboard | {n} if loads else label.aboard - {n}
                path = (*label.path, (stop, n))
                found.append(_Label(at_s, min(left_s, crew_s), crew_s, goal, done, aboard, path))


def _undominated(same: list[tuple[Times, Path]]) -> list[tuple[Times, Path]]:
    """Of lists of the same incidents those that no other is at least as early as everywhere."""
    kept: list[tuple[Times, Path]] = []
    for times, path in sorted(same, key=lambda row: sum(at for _, at in row[0])):
        if not any(all(a[1] <= b[1] for a, b in zip(other, times, strict=True)) for other, _ in kept):
            kept.append((times, path))
    return kept


# ---- all aircraft together ---------------------------------------------------------------------------------
def most_saved_together(problem: Problem, tables: Tables) -> Rescue:
    """The most that first drops and visits can save where lives are at risk."""
    lives = [n for n, row in enumerate(problem.incidents) if row.life_at_risk]
    if not lives or len(problem.incidents) * len(problem.aircraft) > _MOST_SIZE:
        return _NOTHING
    fleet = Fleet(problem, tables, refuels=True, only=frozenset(lives))
    charts = [(kind, _Chart(fleet, kind)) for kind in fleet.kinds]
    latest_s = _latest(fleet, charts, lives)
    lists: list[tuple[int, list[tuple[Times, Path]]]] = []
    for kind, chart in charts:
        here = {n: latest_s[n] for n in lives if n in kind.incidents}
        for start in kind.starts:
            found = _Lists(fleet, kind, start, chart, here)
            found.find()
            if found.many:
                return _NOTHING
            lists += [(start.aircraft, found.lists), *_locked(start, lives)]
    return _pick(fleet, lives, lists)


def _latest(fleet: Fleet, charts: Sequence[tuple[Kind, "_Chart"]], lives: Sequence[int]) -> dict[int, float]:
    """Beyond which time a claim is better left to an aircraft that is idle."""
    need = int(wanted(fleet.problem)[list(lives)].sum())
    latest_s = {}
    for n in lives:
        rivals = []
        for kind, chart in charts:
            for i in np.flatnonzero(kind.incidents == n).tolist():
                rivals += [(float(start.soonest_s[i]), kind, chart, start) for start in kind.starts]
        times: list[
            float
        ] = []  # the soonest so far; who can only be later by the first look is not looked at again
        for soonest_s, kind, chart, start in sorted(rivals, key=lambda row: row[0]):
            if len(times) >= need and times[need - 1] <= soonest_s:
                break
            alone = _Lists(fleet, kind, start, chart, {n: math.inf})
            alone.find()
            found = [at_s for row, _ in alone.lists for _, at_s in row]
            if found:
                insort(times, min(found))
        latest_s[n] = times[need - 1] if len(times) >= need else math.inf
    return latest_s


def _locked(start: Start, lives: Sequence[int]) -> list[tuple[int, list[tuple[Times, Path]]]]:
    """What locked legs bring, each as if an aircraft of its own: it counts or, where others do better, it does not."""
    firsts = [(n, min(times)) for n, _, times in start.lock_drops if times]
    return [(NONE, [(((n, at_s),), ())]) for n, at_s in (*firsts, *start.lock_visits) if n in lives]


def _pick(fleet: Fleet, lives: Sequence[int], lists: list[tuple[int, list[tuple[Times, Path]]]]) -> Rescue:
    """What one list for each aircraft can save. Of choices that save the same, one with few aircraft."""
    problem, model = fleet.problem, cp_model.CpModel()
    early, visits = served_early(problem), wanted(problem)
    unserved_s, horizon_s = problem.weights.unserved_minutes * 60, problem.horizon_s
    most = {n: math.ceil(_SCALE * fleet.most_saved[n]) for n in lives}
    saved = {n: model.new_int_var(0, most[n], "") for n in lives}
    terms: dict[int, list[tuple[int, int, cp_model.IntVar]]] = {n: [] for n in lives}
    every: list[tuple[int, Path, cp_model.IntVar]] = []
    for aircraft, rows in lists:
        picked = [model.new_bool_var("") for _ in rows]
        model.add_at_most_one(picked)
        for (times, path), chosen in zip(rows, picked, strict=True):
            every.append((aircraft, path, chosen))
            points: dict[int, int] = {}
            counts: dict[int, int] = {}
            for n, at_s in times:
                gain = max(0.0, float(early[n]) * (unserved_s - at_s)) if at_s <= horizon_s else 0.0
                points[n] = points.get(n, 0) + math.ceil(_SCALE * gain)
                counts[n] = counts.get(n, 0) + 1
                if visits[n] > 1 and gain > 0.0:
                    # with this visit among those that count, the last of them is no sooner
                    last = math.ceil(_SCALE * gain * float(visits[n]))
                    model.add(saved[n] <= last).only_enforce_if(chosen)
            for n, gain_points in points.items():
                terms[n].append((gain_points, counts[n], chosen))
    for n in lives:
        model.add(saved[n] <= sum(points * chosen for points, _, chosen in terms[n]))
        # what is done beyond the visits wanted saves nothing, and what is left out delays nothing
        model.add(sum(made * chosen for _, made, chosen in terms[n]) <= int(visits[n]))
    # no more aircraft than visits are of use: what picking them costs the limit is given back
    model.maximize(sum(saved.values()) - sum(chosen for _, _, chosen in every))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2  # picking lists is all but a linear programme
    solver.parameters.max_deterministic_time = _DETERMINISTIC_LIMIT
    solved = solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    most_points = (float(solver.best_objective_bound) + float(visits[list(lives)].sum())) / _SCALE
    paths = {a: path for a, path, chosen in every if solved and a != NONE and solver.value(chosen)}
    return Rescue(points=most_points, paths=paths)
