"""Flies a sortie step by step, for all that is not fire work: tasks, their handovers, and bringing aircraft home."""

import math
from dataclasses import dataclass, field

from optimizer.capacity import Ledger
from optimizer.craft import Craft
from optimizer.hours import opening_s
from optimizer.landing import Worn, booked, landed, turn_s
from optimizer.leaving import continuous_at, ground_before, stood_ready
from optimizer.legs import Leg, LegKind
from optimizer.problem import NONE, Problem
from optimizer.timeline import Departure, Sortie, Where

SLACK_S = 1e-6  # rounding of sums of seconds; the referee forgives two whole seconds


@dataclass(slots=True)
class Walk:
    """Flies a sortie step by step, for all that is not fire work. Each step answers the code of the rule it
    would break, or nothing."""

    problem: Problem
    distance_m: memoryview
    fuel: list[Ledger]
    craft: Craft
    way: Departure
    leave_s: float
    strict: bool = True
    now_s: float = 0.0
    place: int = 0
    flying: bool = False
    fuel_kg: float = 0.0
    continuous_s: float = 0.0
    flight_s: float = 0.0
    first_busy_s: float = math.inf
    legs: list[Leg] = field(default_factory=list)
    visits: list[tuple[int, float]] = field(default_factory=list)
    at_scene: list[tuple[int, float, float]] = field(default_factory=list)
    at_fuel: list[tuple[int, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now_s = self.leave_s
        self.place = self.way.place
        self.flying = self.way.where is Where.AIR
        self.fuel_kg = self.way.fuel_kg
        self.continuous_s = continuous_at(self.craft, self.way, self.leave_s)
        self.legs = ground_before(self.way, self.leave_s)

    def make_visits(self, incident: int, visits: int, refuel_on_the_way: bool) -> str:
        """All steps of a task's visits, up to the last handover."""
        problem = self.problem
        task = problem.incidents[incident].task
        if task is None:
            return "CAPABILITY"
        for n in range(visits):
            loaded = n == 0 and incident in self.way.cargo
            if task.pickup_base != NONE and not loaded:
                code = self._load(incident, task.pickup_base, refuel_on_the_way)
                if code:
                    return code
            code = self._visit(incident, task.service_s)
            if not code and problem.delivery_place(incident) != NONE:
                code = self.deliver(incident)
            elif not code:
                self.visits.append((incident, self.now_s))
            if code:
                return code
        return ""

    def _load(self, incident: int, base: int, refuel: bool) -> str:
        task = self.problem.incidents[incident].task
        standing_there = not self.legs_flown() and self.way.where is Where.BASE and self.way.base == base
        if not standing_there:
            code = self.land_at(base)
            if code:
                return code
            if refuel:
                code = self._fill(base)
                if code:
                    return code
        elif refuel:
            return "FUEL"  # filling before the first departure is a departure of its own
        self._stay(LegKind.HANDOVER, task.handover_s if task is not None else 0.0, incident=incident)
        return ""

    def _fill(self, base: int) -> str:
        row = self.craft.row
        if not self.craft.takes_fuel_at(self.problem, base):
            return "BASE_FUEL"
        start_s = self.fuel[base].earliest_s(self.now_s, row.turnaround_s, 1)
        if start_s == math.inf:
            return "REFUEL_FULL"
        self.at_fuel.append((base, start_s, start_s + row.turnaround_s))
        self.now_s = start_s
        self._stay(LegKind.GROUND, row.turnaround_s, place=base, refuel=True)
        self.fuel_kg = row.fuel_capacity_kg
        if row.turnaround_s >= self.craft.min_rest_s:
            self.continuous_s = 0.0
        return ""

    def _visit(self, incident: int, service_s: float) -> str:
        code = self._fly(self.problem.incident_place(incident))
        if code:
            return code
        begin_s = self.now_s
        self._stay(LegKind.ON_SCENE, service_s, incident=incident)
        self._burn(service_s)
        self.at_scene.append((incident, begin_s, self.now_s))
        return self._limits()

    def deliver(self, incident: int) -> str:
        """To the hospital or base, and hand the people over."""
        task, goal = self.problem.incidents[incident].task, self.problem.delivery_place(incident)
        code = (
            self.land_at(goal) if goal < len(self.problem.bases) else self._fly(goal) or self._landing_code()
        )
        if code:
            return code
        self.flying = False
        self._stay(LegKind.HANDOVER, task.handover_s if task is not None else 0.0, incident=incident)
        self.visits.append((incident, self.now_s))
        return ""

    def land_at(self, base: int, hold: bool = False) -> str:
        """Fly to a base and land. `hold`: wait in the air until it opens."""
        row = self.problem.bases[base]
        if self.place == base and not self.flying and self.legs_flown():
            return ""  # it has landed there to hand people over
        fly_s = self.distance_m[self.place, base] / self.craft.row.cruise_mps
        wait_s = opening_s(row, self.now_s + fly_s, 0.0) - self.now_s - fly_s if hold else 0.0
        code = self._fly(base, wait_s if wait_s < math.inf else 0.0) or self._landing_code()
        if code:
            return code
        self.flying = False
        if self.strict and row.runway_m < self.craft.row.min_runway_m:
            return "BASE_RUNWAY"
        return "CLOSED" if self.strict and not row.open_during(self.now_s, self.now_s) else ""

    def legs_flown(self) -> bool:
        """Whether anything but the ground leg before the departure has been done."""
        return any(leg.kind is not LegKind.GROUND for leg in self.legs)

    def finish(self, base: int, recovery: bool = False) -> Sortie:
        """The sortie, after the last landing."""
        way = self.way
        worn = Worn(fuel_kg=self.fuel_kg, continuous_s=self.continuous_s, today_s=way.today_s + self.flight_s)
        start_s = turn_s(self.problem, self.fuel, self.craft, base, self.now_s)
        after = landed(self.craft, base, self.now_s, start_s, worn)
        return Sortie(
            legs=tuple(self.legs),
            after=after,
            flight_s=self.flight_s,
            visits=tuple(self.visits),
            at_scene=tuple(self.at_scene),
            at_fuel=(*((way.filled,) if way.filled else ()), *self.at_fuel, *booked(after)),
            stood_ready=stood_ready(way, self.leave_s),
            incidents=tuple(dict.fromkeys(scene[0] for scene in self.at_scene)),
            recovery=recovery,
        )

    def _fly(self, place: int, hold_s: float = 0.0) -> str:
        if self.flying and place == self.place:
            return ""
        fly_s = self.distance_m[self.place, place] / self.craft.row.cruise_mps + hold_s
        start_s = self.now_s
        self.now_s += fly_s
        self.legs.append(Leg(kind=LegKind.FLY, start_s=start_s, end_s=self.now_s, place=place))
        self._burn(fly_s)
        self.place, self.flying = place, True
        return self._limits()

    def _stay(
        self, kind: LegKind, length_s: float, place: int = NONE, incident: int = NONE, refuel: bool = False
    ) -> None:
        end_s = self.now_s + length_s
        self.legs.append(
            Leg(kind=kind, start_s=self.now_s, end_s=end_s, place=place, incident=incident, refuel=refuel)
        )
        self.now_s = end_s

    def _burn(self, air_s: float) -> None:
        self.fuel_kg -= air_s * self.craft.row.burn_kgps
        self.continuous_s += air_s
        self.flight_s += air_s

    def _limits(self) -> str:
        craft = self.craft
        if not self.strict:
            return ""
        if self.leave_s < craft.earliest_s - SLACK_S:
            return "DAYLIGHT"
        if self.now_s > craft.latest_s + SLACK_S:
            return "CREW_DUTY" if self.now_s > craft.row.duty_ends_s else "DAYLIGHT"
        if self.continuous_s > craft.max_continuous_s + SLACK_S:
            return "CREW_CONTINUOUS"
        if self.way.today_s + self.flight_s > craft.max_daily_s + SLACK_S:
            return craft.day_code
        return "FUEL" if self.fuel_kg < 0.0 else ""

    def _landing_code(self) -> str:
        return "FUEL" if self.strict and self.fuel_kg < self.craft.reserve_kg - SLACK_S else ""
