"""Kinds of aircraft as a bound sees them: those whose every timeline could be flown by one another, but for where
and when they begin. Times and air times here are never longer than any legal plan's, limits never shorter.

Work at an incident is a *run*: one or more events (drops, or visits of a task) one after the other. What happens
on the way from one event to the next is folded into `step_s`; the way from any place to a run's first event into
`entry`. A fire's water points are folded away too: the first drop by the quickest of them from where the aircraft
is, the next ones by the quickest between water and fire, each with as much as any of them lets it lift. Water
points and refuelling points have no queue here, and no place closes. See `bound.py` for why all that is sound.
"""

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.craft import Craft, first_state
from optimizer.locked import state_after
from optimizer.prices import served_early, wanted
from optimizer.problem import NONE, Problem
from optimizer.schedule import Schedule
from optimizer.timeline import State, Where
from optimizer.travel import Tables

Matrix = NDArray[np.float64]
Whole = NDArray[np.int64]

_LATEST_STEP_S = 1800.0  # ends of duty are told apart no finer than this, rounded up
LEAST_STEP_S = 20.0  # an incident with quicker events than this is given up: nothing is charged for it
LEAST_TURN_S = 120.0
_AFTER_S = 7200.0  # landings later than this after the horizon are not told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One aircraft where its own decisions begin. `ways`: (earliest departure, seconds it may then fly).
    `pairs`: previous assignments it may keep beside the `lock_pairs` that its locked legs keep; `late_cost`: the
    least that keeping one costs when nothing else comes of it. `lead_s`: from when it is free to first light;
    `aboard`: incidents whose goods or patients it has. `lock_drops` (incident, litres, times),
    `lock_visits`, `lock_busy` (incident, from, until) and `lock_ready` are what its locked legs bring whatever is
    decided."""

    aircraft: int
    place: int
    base: int
    airborne: bool
    ready_s: float
    ways: tuple[tuple[float, float], ...]
    overrun_s: float
    pairs: int
    soonest_s: Matrix
    late_cost: float
    lead_s: float
    aboard: tuple[int, ...]
    lock_pairs: int = 0
    lock_drops: tuple[tuple[int, float, tuple[float, ...]], ...] = ()
    lock_visits: tuple[tuple[int, float], ...] = ()
    lock_busy: tuple[tuple[int, float, float], ...] = ()
    lock_ready: tuple[tuple[int, float, float], ...] = ()
    lock_cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`incidents`: those it can work at, [i]. Per run: `step_s`, `step_air_s`, `litres`, `busy_s` (over the
    incident before each event), `repeats`. `entry_s`, `entry_air_s` [base, i]; `cross_s`,
    `cross_air_s` [i, i]; `home_s` [i, base], infinite where it cannot land; `between_s` [base, base], 0 where it cannot. `block_s`: flight between rests.
    `overrun_s`: how much more the crew may fly than the tanks allow. Without `rests`, a block is the day.
    """

    incidents: Whole
    step_s: Matrix
    step_air_s: Matrix
    litres: Matrix
    busy_s: Matrix
    repeats: NDArray[np.bool_]
    entry_s: Matrix
    entry_air_s: Matrix
    cross_s: Matrix
    cross_air_s: Matrix
    home_s: Matrix
    between_s: Matrix
    block_s: float
    overrun_s: float
    rests: bool
    latest_s: float
    turn_s: float
    rest_s: float
    slots: int
    cost_per_s: float
    reserves: tuple[int, ...]
    ways: "Ways"
    starts: list[Start] = field(default_factory=list)
    first_s: list[Matrix] = field(default_factory=list)
    first_air_s: list[Matrix] = field(default_factory=list)
    land_s: list[Matrix] = field(default_factory=list)


class Fleet:
    """All kinds of a problem, and the incidents given up (`free`: nothing is charged for them)."""

    def __init__(
        self, problem: Problem, tables: Tables, refuels: bool, only: Container[int] | None = None
    ) -> None:
        """`refuels`: tell tanks from crew time (dearer); else tanks are taken to last as long as the crew. `only`: the
        incidents looked at."""
        self.problem, self.tables, self._only = problem, tables, only
        quickest_s = min((c.row.turnaround_s for c in tables.crafts), default=0.0)
        # a turn-round of no time at all would let the programme go in circles: not told then
        self.turns = self._refuels = refuels and quickest_s >= LEAST_TURN_S
        self.kinds: list[Kind] = []
        self.free: set[int] = set()
        self._schedule = Schedule(problem, tables)

        groups: dict[tuple[object, ...], list[tuple[Craft, State]]] = {}
        for craft in tables.crafts:
            if craft.row.serviceable or craft.index in problem.commitments:
                state = self._state(craft)
                groups.setdefault(self._key(craft, state), []).append((craft, state))
        for members in groups.values():
            self.kinds.append(self._kind(members))
        for kind in self.kinds:
            others = kind.cross_s + np.where(np.eye(len(kind.cross_s), dtype=bool), np.inf, 0.0)
            quick = kind.repeats & (kind.step_s < LEAST_STEP_S)
            quick |= others.min(axis=0, initial=np.inf) < LEAST_STEP_S
            self.free |= set(kind.incidents[quick].tolist())
        self.most_saved = self._most_saved()

    def _most_saved(self) -> Matrix:
        """float64[incident], points: the most that a first drop or the visits of a task can save. The k-th visit of
        all is no sooner than the k-th of all times at which any aircraft could make its first, second, ... one."""
        problem = self.problem
        early, unserved_s = served_early(problem), problem.weights.unserved_minutes * 60
        saved = np.zeros(len(problem.incidents))
        for n, visits in enumerate(wanted(problem).astype(int).tolist()):
            times = []
            for kind in self.kinds:
                here = np.flatnonzero(kind.incidents == n)
                for start in kind.starts:
                    times += [at_s for m, at_s in start.lock_visits if m == n]
                    times += [min(drops) for m, _, drops in start.lock_drops if m == n and drops]
                    for i in here.tolist():
                        times += [start.soonest_s[i] + k * kind.step_s[i] for k in range(visits)]
            soonest = np.array([at_s for at_s in sorted(times)[:visits] if at_s <= problem.horizon_s])
            gains = early[n] * np.arange(1, len(soonest) + 1) * (unserved_s - soonest)
            saved[n] = gains.max(initial=0.0)
        return saved

    # ---- limits -------------------------------------------------------------------------------------------
    def _state(self, craft: Craft) -> State:
        state = first_state(self.problem, craft)
        legs = self.problem.commitments.get(craft.index)
        return state_after(self._schedule.planner, craft, state, legs) if legs else state

    def _limits(self, craft: Craft, state: State) -> tuple[float, bool, float]:
        """(block, whether rests begin a new one, overrun) of a rested crew with full tanks."""
        horizon_s = self.problem.horizon_s
        full_s = (craft.row.fuel_capacity_kg - craft.reserve_kg) / craft.row.burn_kgps
        full_s = max(full_s, (state.fuel_kg - craft.reserve_kg) / craft.row.burn_kgps)
        day_s = max(0.0, craft.max_daily_s - state.today_s)
        if day_s <= craft.max_continuous_s and day_s < horizon_s:
            return day_s, False, 0.0
        crew_s = craft.max_continuous_s
        if not self._refuels or full_s >= crew_s:
            return crew_s, True, 0.0
        return max(0.0, full_s), True, crew_s - max(0.0, full_s)

    def _key(self, craft: Craft, state: State) -> tuple[object, ...]:
        row = craft.row
        block_s, rests, overrun_s = self._limits(craft, state)
        wanted = {row.capability for row in self.problem.reserves}
        late_s = math.ceil(craft.latest_s / _LATEST_STEP_S) * _LATEST_STEP_S
        return (
            row.cruise_mps,
            row.loaded_mps,
            row.water,
            row.min_runway_m,
            row.burn_kgps,
            row.turnaround_s,
            row.slots,
            row.cost_per_hour,
            tuple(self.tables.fit[craft.index]),
            row.capabilities & wanted,
            min(late_s, self.problem.horizon_s + _AFTER_S),
            block_s,
            rests,
            overrun_s,
        )

    def _start(self, craft: Craft, state: State, kind: Kind, ways: "Ways") -> Start:
        problem, row = self.problem, craft.row
        block_s, rests = kind.block_s, kind.rests
        first_s, first_air_s = ways.first(state, craft.earliest_s)
        kind.first_s.append(first_s)
        kind.first_air_s.append(first_air_s)
        legs = problem.commitments.get(craft.index, ())
        airborne = state.where is Where.AIR
        begin_s = max(state.free_s, craft.earliest_s)
        crew_s = craft.max_continuous_s - state.continuous_s
        fuel_s = (state.fuel_kg - craft.reserve_kg) / row.burn_kgps
        day_s = max(0.0, craft.max_daily_s - state.today_s)
        whole_s = max(0.0, min(crew_s, day_s)) if rests else day_s
        tank_s = max(0.0, min(whole_s, fuel_s)) if self._refuels and rests else whole_s
        found = [(begin_s, tank_s)]
        if state.where is Where.BASE:
            ground_s = state.free_s
            if legs and legs[-1].kind.value == "ground":
                ground_s = self._schedule.sorties[craft.index][0].legs[-1].start_s
            full_s = min(crew_s, day_s, block_s) if rests else day_s
            if full_s > found[0][1]:
                found.append((max(state.free_s + row.turnaround_s, craft.earliest_s), full_s))
            if rests and block_s > full_s:
                found.append((max(ground_s + craft.min_rest_s, craft.earliest_s), min(block_s, day_s)))
        locked = self._schedule.sorties[craft.index][:1] if legs else []
        horizon_s = problem.horizon_s
        wanted = {n for a, n in problem.previous_pairs if a == craft.index}
        kept = wanted & {n for sortie in locked for n, _, _ in sortie.at_scene}
        may_keep = np.isin(kind.incidents, list(wanted - kept))
        least_air_s = np.minimum(first_air_s, kind.entry_air_s.min(axis=0, initial=np.inf))
        least_air_s = least_air_s + kind.home_s.min(axis=1, initial=np.inf)
        least_s = float(least_air_s[may_keep].min(initial=np.inf))
        return Start(
            aircraft=craft.index,
            place=state.place,
            base=state.base if state.where is Where.BASE else NONE,
            airborne=state.where is not Where.BASE,
            ready_s=min(state.ready_from_s, state.free_s + row.turnaround_s)
            if state.where is Where.BASE
            else horizon_s,
            ways=tuple(found),
            overrun_s=whole_s - tank_s,
            pairs=int(may_keep.sum()),
            soonest_s=(begin_s if airborne or not legs else state.free_s) + first_s,
            late_cost=kind.cost_per_s * least_s if least_s < math.inf else math.inf,
            lead_s=max(0.0, craft.earliest_s - state.free_s),
            aboard=(*state.cargo, *state.patients),
            lock_pairs=len(kept),
            lock_drops=tuple(drop for sortie in locked for drop in sortie.drops),
            lock_visits=tuple(visit for sortie in locked for visit in sortie.visits),
            lock_busy=tuple(span for sortie in locked for span in sortie.at_scene),
            lock_ready=tuple(span for sortie in locked for span in sortie.stood_ready),
            lock_cost=sum(sortie.flight_s for sortie in locked)
            / 3600
            * row.cost_per_hour
            * problem.weights.cost_unit,
        )

    # ---- one kind -----------------------------------------------------------------------------------------
    def _kind(self, members: list[tuple[Craft, State]]) -> Kind:
        problem = self.problem
        craft, state = members[0]
        row = craft.row
        ways = Ways(problem, self.tables, craft, self._only)
        block_s, rests, overrun_s = self._limits(craft, state)
        bases, lands = np.arange(len(problem.bases)), ways.lands
        exits = ways.exits()
        home_s = self.tables.distance_m[np.ix_(exits, bases)] / row.cruise_mps
        home_s = np.where(lands[None, :], home_s, np.inf).reshape(len(exits), len(bases))
        entry_s, entry_air_s = ways.later(bases)
        cross_s, cross_air_s = ways.later(exits)
        kind = Kind(
            incidents=np.array(ways.incidents, dtype=np.int64),
            step_s=ways.step_s,
            step_air_s=ways.step_air_s,
            litres=ways.litres,
            busy_s=ways.busy_s,
            repeats=ways.repeats,
            entry_s=entry_s,
            entry_air_s=entry_air_s,
            cross_s=cross_s,
            cross_air_s=cross_air_s,
            home_s=home_s,
            between_s=np.where(
                lands, self.tables.distance_m[: len(bases), : len(bases)] / row.cruise_mps, 0.0
            ),
            block_s=block_s,
            overrun_s=overrun_s,
            rests=rests,
            latest_s=max(c.latest_s for c, _ in members),
            turn_s=row.turnaround_s,
            rest_s=craft.min_rest_s,
            slots=row.slots,
            cost_per_s=row.cost_per_hour * problem.weights.cost_unit / 3600,
            reserves=tuple(
                n
                for n, reserve in enumerate(problem.reserves)
                if reserve.capability in row.capabilities and reserve.base != NONE
            ),
            ways=ways,
        )
        for one, at in members:
            kind.starts.append(self._start(one, at, kind, ways))
            land = self.tables.distance_m[at.place, : len(problem.bases)] / row.cruise_mps
            kind.land_s.append(np.where(lands, land, np.inf))
        return kind


class Ways:
    """The ways of one kind of aircraft to and between the incidents it can work at."""

    def __init__(
        self, problem: Problem, tables: Tables, craft: Craft, only: Container[int] | None = None
    ) -> None:
        self.problem, self.tables, self.craft = problem, tables, craft
        row, kit = craft.row, craft.row.water
        self.lands = np.array([base.runway_m >= row.min_runway_m for base in problem.bases], dtype=bool)
        self.water = tables.water_for(craft.index)
        water_places = self.water + problem.water_place(0)
        self.incidents: list[int] = []
        self._one_s: dict[int, Matrix] = {}
        steps: list[tuple[float, float, float, float, bool]] = []
        for n in tables.fit[craft.index]:
            if only is not None and n not in only:
                continue
            scene, place = problem.incidents[n], problem.incident_place(n)
            if scene.task is not None:
                self.incidents.append(n)
                steps.append(self._task_step(n))
                continue
            if kit is None or not len(self.water):
                continue
            litres = tables.litres_per_drop(kit, n)[self.water]
            gap_m = tables.distance_m[place, water_places]
            one_s = np.where(litres > 0.0, kit.fill_s + kit.drop_s + gap_m / row.loaded_mps, np.inf)
            if not np.isfinite(one_s).any():
                continue
            cycle_s = one_s + gap_m / row.cruise_mps
            # points so far off that the shortest block has no room for one drop do not count for the lift
            near = one_s <= craft.max_continuous_s
            if not near.any():
                continue
            self.incidents.append(n)
            self._one_s[n] = one_s
            step_s = float(cycle_s.min())
            steps.append((step_s, step_s, float(litres[near].max()), float(one_s.min()), True))
        columns = list(zip(*steps, strict=True)) if steps else [()] * 5
        self.step_s, self.step_air_s, self.litres, self.busy_s = (
            np.array(column, dtype=float) for column in columns[:4]
        )
        self.repeats = np.array(columns[4], dtype=bool)

    def _task_step(self, n: int) -> tuple[float, float, float, float, bool]:
        task = self.problem.incidents[n].task
        if task is None:
            raise ValueError(f"incident {n} is no task")
        place, cruise = self.problem.incident_place(n), self.craft.row.cruise_mps
        view = self.tables.distance_view
        away_s, ground_s, busy_s = 0.0, 0.0, task.service_s
        if task.hospital != NONE:
            away_s = 2 * view[place, self.problem.hospital_place(task.hospital)] / cruise
            ground_s = task.handover_s
            busy_s = (
                0.0  # at the scene at some time before, that other pick-ups may come after: it cannot be told
            )
        elif task.pickup_base != NONE:
            away_s, ground_s = 2 * view[place, task.pickup_base] / cruise, task.handover_s
        air_s = task.service_s + away_s
        # one load or patient of an incident at a time: from one visit to the next it is always the whole way
        return air_s + ground_s, air_s, 0.0, busy_s, task.visits > 1

    def exits(self) -> Whole:
        """Where each run ends: over the incident, or at the hospital."""
        ends = []
        for n in self.incidents:
            task = self.problem.incidents[n].task
            hospital = task.hospital if task is not None else NONE
            ends.append(
                self.problem.hospital_place(hospital) if hospital != NONE else self.problem.incident_place(n)
            )
        return np.array(ends, dtype=np.int64)

    def to_place(self, places: Whole, goal: int) -> Matrix:
        """Seconds from places to a place."""
        way_s: Matrix = self.tables.distance_m[places, goal] / self.craft.row.cruise_mps
        return way_s

    def to_fire(self, places: Whole, n: int) -> Matrix:
        """Seconds from places to the first drop on a fire."""
        water_places = self.water + self.problem.water_place(0)
        ferry_s = self.tables.distance_m[np.ix_(places, water_places)] / self.craft.row.cruise_mps
        quickest: Matrix = (ferry_s + self._one_s[n][None, :]).min(axis=1)
        return quickest

    def later(self, places: Whole) -> tuple[Matrix, Matrix]:
        """(seconds, seconds in the air) from places to each first event, of aircraft that may carry goods or
        patients of any incident already: then nothing but the last way, and the service or handover at its end,
        is certain to come after what was done before."""
        time_s = np.zeros((len(places), len(self.incidents)))
        air_s = np.zeros_like(time_s)
        cruise = self.craft.row.cruise_mps
        for i, n in enumerate(self.incidents):
            task = self.problem.incidents[n].task
            if task is None:
                time_s[:, i] = air_s[:, i] = self.to_fire(places, n)
                continue
            if task.hospital != NONE:
                goal = self.problem.hospital_place(task.hospital)
                air_s[:, i] = self.tables.distance_m[places, goal] / cruise
                time_s[:, i] = air_s[:, i] + task.handover_s
                continue
            scene_s = self.tables.distance_m[places, self.problem.incident_place(n)] / cruise
            time_s[:, i] = air_s[:, i] = scene_s + task.service_s
        return time_s, air_s

    def first(self, state: State, light_s: float) -> tuple[Matrix, Matrix]:
        """The same from an aircraft's own start, with the goods and patients it has then. What it waits for
        the light there, until `light_s`, is time enough to load goods."""
        places = np.array([state.place], dtype=np.int64)
        time_s, air_s = (both[0] for both in self.later(places))
        view, cruise, problem = self.tables.distance_view, self.craft.row.cruise_mps, self.problem
        for i, n in enumerate(self.incidents):
            task = problem.incidents[n].task
            if task is None or n in state.cargo or n in state.patients:
                continue
            scene, place = problem.incident_place(n), state.place
            if task.hospital != NONE:
                goal = problem.hospital_place(task.hospital)
                air = (view[place, scene] + view[scene, goal]) / cruise + task.service_s
                time_s[i], air_s[i] = air + task.handover_s, air
            elif task.pickup_base != NONE:
                air = (
                    view[place, task.pickup_base] + view[task.pickup_base, scene]
                ) / cruise + task.service_s
                waits_s = max(0.0, light_s - state.free_s) if state.base == task.pickup_base else 0.0
                time_s[i], air_s[i] = air + max(0.0, task.handover_s - waits_s), air
        return time_s, air_s


def aircraft_in(kinds: Iterable[Kind]) -> int:
    """How many aircraft the kinds hold."""
    return sum(len(kind.starts) for kind in kinds)
