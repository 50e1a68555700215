"""Our own judge: flies a finished plan leg by leg and lists every hard rule it breaks, with what it achieved.

Written against the interchange format's rules and not against `sortie.py`: nothing is shared with the
builders but the values of `problem.py`, so that a mistake in one is not repeated in the other. A plan that
breaks a rule is never handed out unless none can keep it. Tolerances are the format's: a leg may be 1 % and
2 s short, crew limits 0.5 % over, fuel reserve 1 % and 1 kg under.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.crossing import crossed, crossed_by_line, metres_between, way_m
from optimizer.legs import Leg, LegKind
from optimizer.plan import Plan
from optimizer.problem import NONE, Aircraft, Problem

_SHORT_SHARE, _SHORT_S = 0.01, 2.0
_ROUNDING_S = 1e-6  # sums of floating-point seconds
_CREW_SHARE = 1.005
_LOCK_LATE_S = 60.0
_OVERLAP_S = 1.0  # taken off both ends of a booking

Use = tuple[float, float, int, int]  # start, end, units, aircraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A broken rule by the referee's code; `aircraft` NONE for the plan as a whole."""

    code: str
    aircraft: int
    detail: str


@dataclass(slots=True)
class Findings:
    """What a plan breaks and what it achieves. `ready`: (base, aircraft, from, until); `loads`: of people lifted out,
    (handed over, seats)."""

    violations: list[Violation] = field(default_factory=list)
    drops: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    visits: dict[int, list[float]] = field(default_factory=dict)
    loads: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    pairs: set[tuple[int, int]] = field(default_factory=set)
    ready: list[tuple[int, int, float, float]] = field(default_factory=list)
    flight_s: float = 0.0
    cost: float = 0.0
    at_scene: dict[int, list[Use]] = field(default_factory=dict)
    at_water: dict[int, list[Use]] = field(default_factory=dict)
    at_fuel: dict[int, list[Use]] = field(default_factory=dict)


def inspect(problem: Problem, plan: Plan) -> Findings:
    """Fly the whole plan."""
    findings = Findings()
    for aircraft in range(len(problem.aircraft)):
        legs = plan.timelines.get(aircraft, ())
        if legs:
            _Flight(problem, aircraft, findings).fly(legs)
        else:
            _stays(problem, aircraft, findings)
    _capacities(problem, findings)
    _locks(problem, plan.timelines, findings)
    for aircraft, incident in sorted(problem.required - findings.pairs):
        detail = f"never works at {problem.incidents[incident].id}"
        findings.violations.append(Violation(code="REQUIRED_ASSIGNMENT", aircraft=aircraft, detail=detail))
    return findings


def breaks_alone(problem: Problem, aircraft: int, legs: Sequence[Leg]) -> bool:
    """Whether the legs of an aircraft break a rule, whatever the others do."""
    findings = Findings()
    _Flight(problem, aircraft, findings).fly(legs)
    return bool(findings.violations)


def _stays(problem: Problem, aircraft: int, findings: Findings) -> None:
    row = problem.aircraft[aircraft]
    if not row.serviceable:
        return
    if row.at_base == NONE:
        findings.violations.append(Violation(code="LEFT_IN_AIR", aircraft=aircraft, detail="has no legs"))
    else:
        findings.ready.append((row.at_base, aircraft, 0.0, problem.horizon_s))


def _capacities(problem: Problem, findings: Findings) -> None:
    limits = (
        (
            "INCIDENT_SLOTS",
            findings.at_scene,
            [row.max_slots for row in problem.incidents],
            problem.incidents,
        ),
        (
            "WATER_POINT_FULL",
            findings.at_water,
            [row.max_aircraft for row in problem.water_points],
            problem.water_points,
        ),
        ("REFUEL_FULL", findings.at_fuel, [row.refuel_points for row in problem.bases], problem.bases),
    )
    for code, uses, limit, rows in limits:
        for n, spans in uses.items():
            over = _first_over(spans, limit[n])
            if over != NONE:
                detail = f"{rows[n].id}: more than {limit[n]}"
                findings.violations.append(Violation(code=code, aircraft=over, detail=detail))


def _first_over(spans: Sequence[Use], limit: int) -> int:
    """The aircraft whose booking goes over the limit, or NONE."""
    for start_s, _, _, aircraft in spans:
        at_s = start_s + _OVERLAP_S
        used = sum(units for s, e, units, _ in spans if s + _OVERLAP_S <= at_s < e - _OVERLAP_S)
        if used > limit:
            return aircraft
    return NONE


def _locks(problem: Problem, timelines: Mapping[int, Sequence[Leg]], findings: Findings) -> None:
    for aircraft, locked in problem.commitments.items():
        legs = timelines.get(aircraft, ())
        for n, want in enumerate(locked):
            if n >= len(legs) or not _same_lock(want, legs[n]):
                detail = f"locked leg {n} is missing or changed"
                findings.violations.append(Violation(code="COMMITMENT", aircraft=aircraft, detail=detail))
                break


def _same_lock(want: Leg, got: Leg) -> bool:
    def facts(leg: Leg) -> tuple[object, ...]:
        return leg.kind, leg.place, leg.incident, leg.drops, leg.litres_per_drop, leg.refuel, leg.via

    return facts(want) == facts(got) and abs(want.start_s - got.start_s) <= _LOCK_LATE_S


class _Flight:
    """One aircraft, leg by leg."""

    def __init__(self, problem: Problem, aircraft: int, findings: Findings) -> None:
        self.problem, self.aircraft, self.findings = problem, aircraft, findings
        row = problem.aircraft[aircraft]
        self.row: Aircraft = row
        self.grounded = row.at_base != NONE
        self.place = row.at_base if self.grounded else NONE  # a place number; NONE: at its first position
        self.position = (row.lon_deg, row.lat_deg)
        self.now_s = 0.0 if self.grounded else max(0.0, row.ready_s)
        self.fuel_kg = row.fuel_kg
        self.continuous_s, self.today_s = row.flown_continuous_s, row.flown_today_s
        self.plan_s = 0.0
        self.ready_from_s = 0.0 if self.grounded else math.inf
        self.leaving = not self.grounded  # may fly out of what it is in as the plan begins
        self.cargo: set[int] = set()
        self.patients: set[int] = set()

    def fail(self, code: str, detail: str) -> bool:
        """Note a broken rule; False, for steps that cannot go on after it."""
        self.findings.violations.append(Violation(code=code, aircraft=self.aircraft, detail=detail))
        return False

    def fly(self, legs: Sequence[Leg]) -> None:
        """All legs, then what is left to be said at the end."""
        if not self.row.serviceable:
            self.fail("UNSERVICEABLE", "is not serviceable")
        if self.row.ready_s > legs[0].start_s + _SHORT_S:
            self.fail("NOT_READY", "leaves before it is ready")
        steps = {
            LegKind.FLY: self._fly,
            LegKind.CYCLES: self._cycles,
            LegKind.ON_SCENE: self._on_scene,
            LegKind.HANDOVER: self._handover,
            LegKind.GROUND: self._ground,
        }
        for leg in legs:
            self._clock(leg)
            if not steps[leg.kind](leg):
                return  # what the leg stands on is missing: nothing after it can be judged
            self._limits(leg)
            self.now_s = leg.end_s
        if not self._at_base():
            self.fail("ENDS_AWAY", "does not end at a base")
        elif self.ready_from_s < math.inf:
            self._was_ready(self.problem.horizon_s)
        if self.patients:
            self.fail("CARGO", "patients are never handed over")

    def _at_base(self) -> bool:
        return NONE < self.place < len(self.problem.bases)

    def _was_ready(self, until_s: float) -> None:
        if self.ready_from_s < math.inf and self._at_base():
            self.findings.ready.append((self.place, self.aircraft, self.ready_from_s, until_s))
        self.ready_from_s = math.inf

    def _clock(self, leg: Leg) -> None:
        if leg.start_s < self.now_s - _ROUNDING_S or leg.end_s < leg.start_s:
            self.fail("TIME_ORDER", f"{leg.kind} overlaps the leg before")
        if leg.start_s > self.now_s + _SHORT_S and not self.grounded:
            self._burn(leg.start_s - self.now_s)
            self._keep_clear((self.position,), self.now_s, leg.start_s)
        if leg.kind in (LegKind.FLY, LegKind.CYCLES, LegKind.ON_SCENE):
            first_s, last_s = self.problem.first_light_s, self.problem.last_light_s
            # a plan is written in milliseconds: what rounding took off is none
            light = leg.start_s >= first_s - _ROUNDING_S and leg.end_s <= last_s + _ROUNDING_S
            if not light and "night" not in self.row.capabilities:
                self.fail("DAYLIGHT", f"{leg.kind} outside first and last light")
            if leg.end_s > self.row.duty_ends_s:
                self.fail("CREW_DUTY", f"{leg.kind} after the end of duty")

    def _limits(self, leg: Leg) -> None:
        rules = self.problem.rules
        if self.continuous_s > rules.max_continuous_flight_s * _CREW_SHARE + _SHORT_S:
            self.fail("CREW_CONTINUOUS", f"{leg.kind}: {self.continuous_s:.0f} s without a rest")
        if self.today_s > rules.max_daily_flight_s * _CREW_SHARE + _SHORT_S:
            self.fail("CREW_DAILY", f"{leg.kind}: {self.today_s:.0f} s today")
        if self.plan_s > self.row.rolling_left_s * _CREW_SHARE + _SHORT_S:
            self.fail(
                "CREW_ROLLING", f"{leg.kind}: {self.plan_s:.0f} s, left were {self.row.rolling_left_s:.0f}"
            )
        if self.fuel_kg < 0.0:
            self.fail("FUEL", f"{leg.kind}: tanks empty")

    def _burn(self, air_s: float) -> None:
        self.fuel_kg -= self.row.burn_kgps * air_s
        self.continuous_s += air_s
        self.today_s += air_s
        self.plan_s += air_s
        self.findings.flight_s += air_s
        self.findings.cost += air_s / 3600 * self.row.cost_per_hour

    def _long_enough(self, leg: Leg, least_s: float, share: float = _SHORT_SHARE) -> None:
        if leg.end_s - leg.start_s < least_s * (1 - share) - _SHORT_S:
            self.fail("TOO_FAST", f"{leg.kind}: {leg.end_s - leg.start_s:.0f} s < {least_s:.0f} s")

    def _keep_clear(self, way: Sequence[tuple[float, float]], start_s: float, end_s: float) -> None:
        leaving, self.leaving = self.leaving, False
        volume = crossed(self.problem.no_fly, way, start_s, end_s, leaving=leaving)
        if volume:
            self.fail("NO_FLY", f"passes {volume} while it is closed")

    # ---- the kinds of leg ---------------------------------------------------------------------------------
    def _fly(self, leg: Leg) -> bool:
        self._was_ready(leg.start_s)
        goal = _position(self.problem, leg.place)
        way = (self.position, *leg.via, goal)
        self._long_enough(leg, way_m(way) / self.row.cruise_mps)
        self._keep_clear(way, leg.start_s, leg.end_s)
        self._burn(leg.end_s - leg.start_s)
        self.position, self.place, self.grounded = goal, leg.place, False
        bases = self.problem.bases
        if leg.place < len(bases):
            self.grounded = True
            if bases[leg.place].runway_m < self.row.min_runway_m:
                self.fail("BASE_RUNWAY", f"{bases[leg.place].id}: {bases[leg.place].runway_m:.0f} m")
            if not bases[leg.place].open_during(leg.end_s, leg.end_s):
                self.fail("CLOSED", f"{bases[leg.place].id} at landing")
        elif self.problem.hospital_place(0) <= leg.place < self.problem.incident_place(0):
            self.grounded = True
        reserve_kg = self.row.burn_kgps * self.problem.rules.fuel_reserve_s
        if self.grounded and self.fuel_kg < reserve_kg * 0.99 - 1:
            self.fail("FUEL", f"lands with {self.fuel_kg:.0f} kg, reserve {reserve_kg:.0f} kg")
        return True

    def _fit(self, incident: int, leg: Leg) -> None:
        code = self.problem.unfit_code(self.aircraft, incident)
        if code not in ("", "UNSERVICEABLE", "INCIDENT_SLOTS", "FORBIDDEN_ASSIGNMENT"):
            self.fail(code, f"at {self.problem.incidents[incident].id}")
        if self.problem.is_forbidden(self.aircraft, incident):
            self.fail("FORBIDDEN_ASSIGNMENT", f"may not work at {self.problem.incidents[incident].id}")
        if not self.problem.incidents[incident].open_during(leg.start_s, leg.end_s):
            self.fail("CLOSED", f"{self.problem.incidents[incident].id} during {leg.kind}")
        use = (leg.start_s, leg.end_s, self.row.slots, self.aircraft)
        self.findings.at_scene.setdefault(incident, []).append(use)
        self.findings.pairs.add((self.aircraft, incident))

    def _cycles(self, leg: Leg) -> bool:
        problem, kit = self.problem, self.row.water
        water = leg.place - len(problem.bases)
        point, fire = problem.water_points[water], problem.incidents[leg.incident]
        if fire.fire is None:
            return self.fail("UNKNOWN_ID", f"{fire.id} is no fire")
        if kit is None or not problem.water_suits(kit, water):
            return self.fail("WATER_UNSUITABLE", f"{point.id} for {fire.id}")
        if self.place != leg.place:
            self.fail("PLACE", f"cycles do not start at {point.id}")
        self._fit(leg.incident, leg)
        if not point.open_during(leg.start_s, leg.end_s):
            self.fail("CLOSED", f"{point.id} during cycles")
        if leg.litres_per_drop > problem.litres_per_drop(kit, water, leg.incident) * 1.001 + 1:
            self.fail("LIFT", f"{leg.litres_per_drop:.0f} l")
        gap_m = metres_between((point.lon_deg, point.lat_deg), (fire.lon_deg, fire.lat_deg))
        one_s = kit.fill_s + gap_m / self.row.loaded_mps + kit.drop_s
        back_s = gap_m / self.row.cruise_mps
        least_s = leg.drops * one_s + (leg.drops - 1) * back_s
        self._long_enough(leg, least_s)
        stretch = (leg.end_s - leg.start_s) / least_s if least_s > 0 else 1.0
        self.findings.drops.setdefault(leg.incident, []).extend(
            (leg.start_s + stretch * (n * one_s + (n - 1) * back_s), leg.litres_per_drop)
            for n in range(1, leg.drops + 1)
        )
        self._burn(leg.end_s - leg.start_s)
        ends = (point.lon_deg, point.lat_deg), (fire.lon_deg, fire.lat_deg)
        volume = crossed_by_line(problem.no_fly, *ends, leg.start_s, leg.end_s)
        if volume:
            self.fail("NO_FLY", f"passes {volume} while it is closed")
        use = (leg.start_s, leg.end_s, 1, self.aircraft)
        self.findings.at_water.setdefault(water, []).append(use)
        self.position, self.grounded = (fire.lon_deg, fire.lat_deg), False
        self.place = problem.incident_place(leg.incident)
        return True

    def _on_scene(self, leg: Leg) -> bool:
        scene = self.problem.incidents[leg.incident]
        task = scene.task
        if task is None:
            return self.fail("UNKNOWN_ID", f"{scene.id} is no task")
        if self.place != self.problem.incident_place(leg.incident):
            self.fail("PLACE", f"on_scene away from {scene.id}")
        self._fit(leg.incident, leg)
        self._long_enough(leg, task.service_s)
        if task.pickup_base != NONE and leg.incident not in self.cargo:
            self.fail("CARGO", f"{scene.id}: cargo not loaded")
        self._burn(leg.end_s - leg.start_s)
        self._keep_clear((self.position,), leg.start_s, leg.end_s)
        self.cargo.discard(leg.incident)
        if self.problem.delivery_place(leg.incident) != NONE:
            full = any(self._fills_up(other) for other in self.patients)
            if full or (task.people and self.patients):
                self.fail("CAPACITY", f"no seat is left for those at {scene.id}")
            self.patients.add(leg.incident)
        else:
            self.findings.visits.setdefault(leg.incident, []).append(leg.end_s)
        return True

    def _fills_up(self, incident: int) -> bool:
        """Whether those of an incident take all seats."""
        task = self.problem.incidents[incident].task
        return task is not None and task.people > 0

    def _handover(self, leg: Leg) -> bool:
        scene = self.problem.incidents[leg.incident]
        task = scene.task
        if task is None:
            return self.fail("UNKNOWN_ID", f"{scene.id} is no task")
        there = self.problem.delivery_place(leg.incident)
        delivers = there != NONE
        there = there if delivers else task.pickup_base
        if self.place != there:
            self.fail("PLACE", f"handover for {scene.id} elsewhere")
        self._long_enough(leg, task.handover_s, share=0.0)
        self._was_ready(leg.start_s)
        if not delivers:
            self.cargo.add(leg.incident)
        elif leg.incident in self.patients:
            self.patients.remove(leg.incident)
            self.findings.visits.setdefault(leg.incident, []).append(leg.end_s)
            if task.people:
                self.findings.loads.setdefault(leg.incident, []).append((leg.end_s, self.row.seats))
        else:
            self.fail("CARGO", f"{scene.id}: no patient on board")
        return True

    def _ground(self, leg: Leg) -> bool:
        base = self.problem.bases[leg.place]
        if self.place != leg.place:
            return self.fail("PLACE", f"ground leg away from {base.id}")
        if leg.refuel:
            if self.row.fuel_type not in base.fuels:
                self.fail("BASE_FUEL", f"{base.id} has no {self.row.fuel_type}")
            self._long_enough(leg, self.row.turnaround_s, share=0.0)
            self.fuel_kg = self.row.fuel_capacity_kg
            turned_s = leg.start_s + self.row.turnaround_s
            use = (leg.start_s, min(leg.end_s, turned_s), 1, self.aircraft)
            self.findings.at_fuel.setdefault(leg.place, []).append(use)
            self.ready_from_s = turned_s
        if leg.end_s - leg.start_s >= self.problem.rules.min_rest_s - _SHORT_S:
            self.continuous_s = 0.0
        return True


def _position(problem: Problem, place: int) -> tuple[float, float]:
    for rows in (problem.bases, problem.water_points, problem.hospitals, problem.incidents):
        if place < len(rows):
            return rows[place].lon_deg, rows[place].lat_deg
        place -= len(rows)
    raise ValueError(f"place {place} is no destination")
