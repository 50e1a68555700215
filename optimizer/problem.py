"""One planning problem as frozen values. `parse` makes it from a scenario (format 1.0 or 1.1, a plain dict).

Positions WGS-84, SI units, litres of water. Every time is in seconds after the scenario's `now`, so that
`0.0` is the present and sums stay exact to the millisecond; `now_epoch_s` leads back to the calendar.
Things are known by their index in the problem's tuples; a *place* is a number over all of them in the order
bases, water points, hospitals, incidents, aircraft (where each stands at the start).
The rules themselves live in `sortie.py`, `capacity.py` and, told a second time, in `check.py`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from optimizer.legs import Leg

NONE = -1  # the index of nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of opening, seconds after now, both ends included."""

    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What all places share. No windows: always open."""

    id: str
    lon_deg: float
    lat_deg: float
    elevation_m: float
    windows: tuple[Window, ...] = ()

    def open_during(self, start_s: float, end_s: float) -> bool:
        """Whether one window holds the whole span."""
        return not self.windows or any(w.from_s <= start_s and end_s <= w.until_s for w in self.windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFly:
    """Airspace that nobody may pass from `from_s` to `until_s`, at any height. `polygon`: (lon, lat), not closed."""

    id: str
    polygon: tuple[tuple[float, float], ...]
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Base(Place):
    """Where aircraft stand, refuel and rest. `refuel_points` aircraft can be turned round at once."""

    name: str
    runway_m: float
    fuels: frozenset[str]
    refuel_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterPoint(Place):
    """Where water is taken. `pit` is loading on the ground."""

    name: str
    modes: frozenset[str]
    depth_m: float
    max_aircraft: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hospital(Place):
    """Where patients are handed over."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """Water owed: a debt now that grows until paid."""

    demand_l: float
    growth_lps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Visits to be made. `pickup_base`, `hospital` and `dropoff_base` are indices or NONE. `people`: to be lifted out in
    loads of the seats of whoever comes, instead of `visits`. `needs_pad`: nobody goes down without a pad but by rope.
    `continuous`: somebody is wanted on station all the time, each for `service_s`."""

    visits: int
    service_s: float
    needs: frozenset[str]
    seats: int
    cargo_kg: float
    pickup_base: int
    hospital: int
    handover_s: float
    people: int = 0
    dropoff_base: int = NONE
    needs_pad: bool = False
    continuous: bool = False

    @property
    def seats_needed(self) -> int:
        """Fewest seats with which an aircraft is of use."""
        return max(self.seats, 1 if self.people else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Place):
    """A fire or a task; exactly one of the two is given."""

    name: str
    kind: str
    reported_s: float
    weight: float
    life_at_risk: bool
    max_slots: int
    wind_mps: float
    visibility_m: float
    fire: Fire | None
    task: Task | None
    pad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterKit:
    """Bucket, tank or scoop. `lift`: (density altitude in metres, litres), ascending."""

    mode: str
    capacity_l: float
    fill_s: float
    drop_s: float
    min_depth_m: float
    lift: tuple[tuple[float, float], ...]

    def litres_at(self, density_altitude_m: float) -> float:
        """Litres per drop that can be lifted there; 0 above the last row of the table."""
        table = self.lift
        if density_altitude_m <= table[0][0]:
            return min(table[0][1], self.capacity_l)
        for (low_m, low_l), (high_m, high_l) in pairwise(table):
            if low_m < high_m and density_altitude_m <= high_m:
                share = (density_altitude_m - low_m) / (high_m - low_m)
                return min(low_l + (high_l - low_l) * share, self.capacity_l)
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aircraft:
    """One aircraft and its crew at the start. `at_base` NONE: in the air, as stated at `ready_s`.
    `rolling_left_s`: the least that the rolling hours of its crew leave, the plan's whole flying included."""

    id: str
    model: str
    serviceable: bool
    at_base: int
    lon_deg: float
    lat_deg: float
    ready_s: float
    cruise_mps: float
    loaded_mps: float
    fuel_type: str
    fuel_capacity_kg: float
    fuel_kg: float
    burn_kgps: float
    turnaround_s: float
    min_runway_m: float
    slots: int
    water: WaterKit | None
    seats: int
    cargo_kg: float
    capabilities: frozenset[str]
    max_wind_mps: float
    min_visibility_m: float
    flown_continuous_s: float
    flown_today_s: float
    duty_ends_s: float
    cost_per_hour: float
    rolling_left_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Crew and fuel limits, seconds of flight or rest."""

    max_continuous_flight_s: float
    min_rest_s: float
    max_daily_flight_s: float
    fuel_reserve_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a unit of each score term costs; `unserved_minutes` is charged for an incident never served."""

    life_weighted_minute: float
    fire_weighted_kl_hour: float
    task_weighted_minute: float
    reserve_shortage_hour: float
    cost_unit: float
    changed_assignment: float
    unserved_minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Aircraft that should stand ready at a base. `base` NONE: a base outside the scenario."""

    base: int
    capability: str
    min_aircraft: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything that is asked. `commitments`: aircraft index to its locked opening legs. Pairs are (aircraft,
    incident); a forbidden one with incident NONE keeps the aircraft from all. `cut_off`: (water point, fire) between
    which closed airspace lies (`shut.py`)."""

    schema_version: str
    id: str
    now_epoch_s: float
    horizon_s: float
    sea_level_temperature_c: float
    first_light_s: float
    last_light_s: float
    rules: Rules
    weights: Weights
    bases: tuple[Base, ...]
    water_points: tuple[WaterPoint, ...]
    hospitals: tuple[Hospital, ...]
    incidents: tuple[Incident, ...]
    aircraft: tuple[Aircraft, ...]
    reserves: tuple[Reserve, ...]
    commitments: Mapping[int, tuple[Leg, ...]]
    previous_pairs: frozenset[tuple[int, int]]
    forbidden: frozenset[tuple[int, int]] = frozenset()
    required: frozenset[tuple[int, int]] = frozenset()
    no_fly: tuple[NoFly, ...] = ()
    cut_off: frozenset[tuple[int, int]] = frozenset()

    def base_place(self, base: int) -> int:
        """The place number of a base."""
        return base

    def water_place(self, water_point: int) -> int:
        """The place number of a water point."""
        return len(self.bases) + water_point

    def hospital_place(self, hospital: int) -> int:
        """The place number of a hospital."""
        return len(self.bases) + len(self.water_points) + hospital

    def incident_place(self, incident: int) -> int:
        """The place number of an incident."""
        return len(self.bases) + len(self.water_points) + len(self.hospitals) + incident

    def aircraft_place(self, aircraft: int) -> int:
        """The place number of where an aircraft stands at the start."""
        return self.incident_place(len(self.incidents)) + aircraft

    def delivery_place(self, incident: int) -> int:
        """Where those fetched at an incident are handed over: a hospital's or base's place number, or NONE."""
        task = self.incidents[incident].task
        if task is None or task.hospital == NONE:
            return NONE if task is None else task.dropoff_base
        return self.hospital_place(task.hospital)

    def load(self, aircraft: int, incident: int) -> int:
        """What one visit of the aircraft counts: 1, or the people it can take."""
        task = self.incidents[incident].task
        return self.aircraft[aircraft].seats if task is not None and task.people else 1

    def density_altitude_m(self, elevation_m: float) -> float:
        """Elevation plus 36.6 m per degree above ISA (the interchange format's rule of thumb)."""
        return elevation_m + 36.6 * (self.sea_level_temperature_c - 15.0)

    def litres_per_drop(self, kit: WaterKit, water_point: int, incident: int) -> float:
        """What the kit lifts at the higher of the two places; 0 if nothing, or no water gets from one to the other, or it
        is filled and dropped on the spot in no time at all: nobody flies that, and no judge can time it."""
        if (water_point, incident) in self.cut_off:
            return 0.0
        point, scene = self.water_points[water_point], self.incidents[incident]
        on_the_spot = (point.lon_deg, point.lat_deg) == (scene.lon_deg, scene.lat_deg)
        if on_the_spot and kit.fill_s + kit.drop_s <= 0.0:
            return 0.0
        higher_m = max(point.elevation_m, scene.elevation_m)
        return kit.litres_at(self.density_altitude_m(higher_m))

    def water_suits(self, kit: WaterKit, water_point: int) -> bool:
        """Mode and depth."""
        point = self.water_points[water_point]
        return kit.mode in point.modes and point.depth_m >= kit.min_depth_m

    def day_limit_s(self, aircraft: int) -> float:
        """Most that may stand on the crew's clock for today when the plan ends: the day's limit, or sooner what the
        rolling hours leave."""
        row = self.aircraft[aircraft]
        return min(self.rules.max_daily_flight_s, row.flown_today_s + row.rolling_left_s)

    def is_forbidden(self, aircraft: int, incident: int) -> bool:
        """Whether somebody ruled this pair out."""
        return not self.forbidden.isdisjoint({(aircraft, incident), (aircraft, NONE)})

    def unfit_code(self, aircraft: int, incident: int) -> str:
        """Why this aircraft can never work at this incident, by the referee's code; empty if it can."""
        craft, scene = self.aircraft[aircraft], self.incidents[incident]
        if not craft.serviceable:
            return "UNSERVICEABLE"
        if scene.wind_mps > craft.max_wind_mps:
            return "WEATHER_WIND"
        if scene.visibility_m < craft.min_visibility_m:
            return "WEATHER_VISIBILITY"
        if craft.slots > scene.max_slots:
            return "INCIDENT_SLOTS"
        if scene.task is None:
            if craft.water is None:
                return "CAPABILITY"
        elif not scene.task.needs <= craft.capabilities:
            return "CAPABILITY"
        elif scene.task.needs_pad and not scene.pad and "rappel" not in craft.capabilities:
            return "NO_PAD"
        elif scene.task.seats_needed > craft.seats or scene.task.cargo_kg > craft.cargo_kg:
            return "CAPACITY"
        return "FORBIDDEN_ASSIGNMENT" if self.is_forbidden(aircraft, incident) else ""


def parse(scenario: Mapping[str, object]) -> Problem:
    """The problem that a scenario states. Raises Malformed, which names the field."""
    from optimizer.scenario import read_scenario  # the reader needs the values above

    return read_scenario(scenario)
