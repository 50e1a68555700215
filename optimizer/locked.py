"""Turns the locked legs that open an aircraft's plan into one sortie, exactly as they were promised.

Locked legs are not judged here, only followed: where they leave the aircraft, what they book and achieve. A
lock that breaks a rule shows in `check.py` and is reported, because no plan could avoid it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from optimizer.craft import Craft
from optimizer.landing import Worn, booked, landed, turn_s
from optimizer.legs import Leg, LegKind
from optimizer.problem import NONE
from optimizer.sortie import Planner
from optimizer.timeline import Sortie, State, Where


def locked_sortie(planner: Planner, craft: Craft, state: State, legs: Sequence[Leg]) -> Sortie:
    """The locked legs as a sortie from the aircraft's first state."""
    replay = _Replay(planner, craft, state)
    for leg in _in_order(legs, state.free_s):
        replay.follow(leg)
    return replay.finish()


def followed_sortie(
    planner: Planner, craft: Craft, state: State, legs: Sequence[Leg], turn_s: float
) -> Sortie:
    """Legs of an earlier plan, from one stay at a base to the next, as they stand. `turn_s`: when the turn-round after
    them begins; infinity if there is none."""
    replay = _Replay(planner, craft, state)
    for leg in legs:
        replay.follow(leg)
    if state.refuelling:  # that turn-round was booked with the landing before it
        replay.at_fuel = [use for use in replay.at_fuel if use[:2] != (state.base, state.ground_from_s)]
    now = replay.state_now()
    worn = Worn(fuel_kg=now.fuel_kg, continuous_s=now.continuous_s, today_s=now.today_s)
    after = landed(craft, now.base, now.free_s, turn_s, worn)
    replay.at_fuel += booked(after)
    recovery = state.where is Where.AIR and not replay.at_scene
    return replace(replay.as_sortie(after), recovery=recovery)


def _in_order(legs: Sequence[Leg], free_s: float) -> list[Leg]:
    """Legs shifted, without changing their lengths, where one starts before the aircraft is free for it: a
    lock may start up to a minute late (the interchange format) but never before the leg before it ends."""
    shifted = []
    for leg in legs:
        late_s = max(0.0, free_s - leg.start_s)
        moved = leg
        if late_s > 0.0:
            moved = replace(leg, start_s=leg.start_s + late_s, end_s=leg.end_s + late_s)
        free_s = moved.end_s
        shifted.append(moved)
    return shifted


@dataclass(slots=True)
class _Replay:
    planner: Planner
    craft: Craft
    state: State
    where: Where = Where.AIR
    place: int = NONE
    base: int = NONE
    now_s: float = 0.0
    fuel_kg: float = 0.0
    continuous_s: float = 0.0
    flight_s: float = 0.0
    ready_from_s: float = math.inf
    patients: list[int] = field(default_factory=list)
    cargo: list[int] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    drops: list[tuple[int, float, tuple[float, ...]]] = field(default_factory=list)
    visits: list[tuple[int, float]] = field(default_factory=list)
    at_scene: list[tuple[int, float, float]] = field(default_factory=list)
    at_water: list[tuple[int, float, float]] = field(default_factory=list)
    at_fuel: list[tuple[int, float, float]] = field(default_factory=list)
    stood_ready: list[tuple[int, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        state = self.state
        self.where, self.place, self.base = state.where, state.place, state.base
        self.now_s, self.ready_from_s = state.free_s, state.ready_from_s
        self.fuel_kg, self.continuous_s = state.fuel_kg, state.continuous_s

    def follow(self, leg: Leg) -> None:
        """One leg on."""
        if self.where is Where.AIR and leg.start_s > self.now_s:
            self._burn(leg.start_s - self.now_s)
        self.legs.append(leg)
        if leg.kind is LegKind.FLY:
            self._leave_reserve(leg.start_s)
            self._burn(leg.end_s - leg.start_s)
            self._arrive(leg.place)
        elif leg.kind is LegKind.CYCLES:
            self._cycles(leg)
        elif leg.kind is LegKind.ON_SCENE:
            self._on_scene(leg)
        elif leg.kind is LegKind.HANDOVER:
            self._handover(leg)
        else:
            self._ground(leg)
        self.now_s = leg.end_s

    def finish(self) -> Sortie:
        """The sortie that the legs make, and a landing's refuelling where they end with one. Who has come to where they
        were to be brought gets off first."""
        last = self.legs[-1]
        if self.where is Where.BASE:
            self._let_off()
        after = self.state_now()
        if self.where is Where.BASE and last.kind is LegKind.FLY:
            problem, fuel = self.planner.problem, self.planner.ledgers.fuel
            worn = Worn(fuel_kg=self.fuel_kg, continuous_s=self.continuous_s, today_s=after.today_s)
            start_s = turn_s(problem, fuel, self.craft, self.base, self.now_s)
            after = landed(self.craft, self.base, self.now_s, start_s, worn)
            self.at_fuel += booked(after)
            after = replace(after, patients=tuple(self.patients), cargo=tuple(self.cargo))
        return self.as_sortie(after)

    def as_sortie(self, after: State) -> Sortie:
        """The legs so far as a sortie that ends in a state."""
        return Sortie(
            legs=tuple(self.legs),
            after=after,
            flight_s=self.flight_s,
            drops=tuple(self.drops),
            visits=tuple(self.visits),
            at_scene=tuple(self.at_scene),
            at_water=tuple(self.at_water),
            at_fuel=tuple(self.at_fuel),
            stood_ready=tuple(self.stood_ready),
            incidents=tuple(dict.fromkeys(scene[0] for scene in self.at_scene)),
        )

    def _let_off(self) -> None:
        problem = self.planner.problem
        for incident in [n for n in self.patients if problem.delivery_place(n) == self.base]:
            task = problem.incidents[incident].task
            until_s = self.now_s + (task.handover_s if task is not None else 0.0)
            self.follow(Leg(kind=LegKind.HANDOVER, start_s=self.now_s, end_s=until_s, incident=incident))

    def state_now(self) -> State:
        """The aircraft after the legs followed so far."""
        return State(
            where=self.where,
            place=self.place,
            base=self.base,
            free_s=self.now_s,
            ground_from_s=self.now_s,
            refuelling=False,
            ready_from_s=self.ready_from_s if self.where is Where.BASE else math.inf,
            fuel_kg=self.fuel_kg,
            continuous_s=self.continuous_s,
            today_s=self.state.today_s + self.flight_s,
            patients=tuple(self.patients),
            cargo=tuple(self.cargo),
        )

    def _burn(self, air_s: float) -> None:
        self.fuel_kg -= air_s * self.craft.row.burn_kgps
        self.continuous_s += air_s
        self.flight_s += air_s

    def _leave_reserve(self, at_s: float) -> None:
        if self.where is Where.BASE and self.ready_from_s < at_s:
            self.stood_ready.append((self.base, self.ready_from_s, at_s))
        self.ready_from_s = math.inf

    def _arrive(self, place: int) -> None:
        problem = self.planner.problem
        self.place, self.base, self.where = place, NONE, Where.AIR
        if place < len(problem.bases):
            self.base, self.where = place, Where.BASE
        elif problem.hospital_place(0) <= place < problem.incident_place(0):
            self.where = Where.PAD

    def _cycles(self, leg: Leg) -> None:
        problem, row = self.planner.problem, self.craft.row
        fire, distance_m = problem.incident_place(leg.incident), self.planner.distance_m
        fill_s, drop_s = (row.water.fill_s, row.water.drop_s) if row.water is not None else (0.0, 0.0)
        one_s = fill_s + distance_m[leg.place, fire] / row.loaded_mps + drop_s
        back_s = distance_m[fire, leg.place] / row.cruise_mps
        length_s = leg.drops * one_s + (leg.drops - 1) * back_s
        stretch = (leg.end_s - leg.start_s) / length_s if length_s > 0.0 else 0.0
        times = tuple(leg.start_s + stretch * (one_s + k * (one_s + back_s)) for k in range(leg.drops))
        self.drops.append((leg.incident, leg.litres_per_drop, times))
        self.at_scene.append((leg.incident, leg.start_s, leg.end_s))
        self.at_water.append((leg.place - problem.water_place(0), leg.start_s, leg.end_s))
        self._burn(leg.end_s - leg.start_s)
        self.where, self.place, self.base = Where.AIR, fire, NONE

    def _on_scene(self, leg: Leg) -> None:
        self._burn(leg.end_s - leg.start_s)
        self.at_scene.append((leg.incident, leg.start_s, leg.end_s))
        if leg.incident in self.cargo:
            self.cargo.remove(leg.incident)
        if self.planner.problem.delivery_place(leg.incident) != NONE:
            self.patients.append(leg.incident)
        else:
            self.visits.append((leg.incident, leg.end_s))

    def _handover(self, leg: Leg) -> None:
        self._leave_reserve(leg.start_s)
        if leg.incident in self.patients:
            self.patients.remove(leg.incident)
            self.visits.append((leg.incident, leg.end_s))
        else:
            self.cargo.append(leg.incident)

    def _ground(self, leg: Leg) -> None:
        if leg.refuel:
            turned_s = leg.start_s + self.craft.row.turnaround_s
            self.fuel_kg = self.craft.row.fuel_capacity_kg
            self.at_fuel.append((leg.place, leg.start_s, min(leg.end_s, turned_s)))
            self.ready_from_s = turned_s
        if leg.end_s - leg.start_s >= self.craft.min_rest_s:
            self.continuous_s = 0.0


def state_after(planner: Planner, craft: Craft, state: State, legs: Sequence[Leg]) -> State:
    """Where the locked legs leave the aircraft, before anything is decided about the ground time that follows."""
    replay = _Replay(planner, craft, state)
    for leg in _in_order(legs, state.free_s):
        replay.follow(leg)
    return replay.state_now()
