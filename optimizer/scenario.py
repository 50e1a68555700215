"""Reads a scenario of format 1.0 or 1.1 into a `Problem`, field by field; refuses what the schema refuses.

Beyond the schema it refuses what contradicts itself: an id used twice, a base, hospital or incident that a
row names and the scenario does not have. Two references stay free because the referee never follows them:
an aircraft's home base, and previous assignments of things that are gone.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from dispatch.errors import Malformed
from optimizer.legs import Leg, LegKind
from optimizer.plan_json import LegReader
from optimizer.problem import (
    NONE,
    Aircraft,
    Base,
    Fire,
    Hospital,
    Incident,
    Problem,
    Reserve,
    Rules,
    Task,
    WaterKit,
    WaterPoint,
    Weights,
    Window,
)
from optimizer.reading import Fields, shown
from optimizer.versions import (
    VERSIONS,
    Version,
    read_continuous,
    read_no_fly,
    read_orders,
    read_people,
    rolling_left_s,
    version_of,
)

SCHEMA_VERSION = "1.0"  # what the server writes
_LATEST_NOW_S = 221_845_392_000.0  # the year 9000: a millennium for plans before calendars end
_MOST_VISITS = 1_000  # of one task: a town flown out by tens; more is a slip of the pen
_SLOWEST_MPS = 0.1  # a walk; the other side of the Earth in six years, which still has a date
_LOCK_FAR_S = 30 * 86_400.0  # promises are of today; beyond a month either way it is a wrong date
_FUELS = ("jet", "avgas")
_MODES = ("bucket", "snorkel", "scoop", "pit")
_TOP = (
    "schema_version id title now horizon_end weather rules objective bases water_points hospitals "
    "incidents aircraft reserves commitments previous_assignments"
)
_PLACE = "id name lon lat elevation_m "
_AIRCRAFT = (
    "id model kind operator province serviceable home_base_id at_base_id lon lat ready_at cruise_mps "
    "loaded_mps fuel_type fuel_capacity_kg fuel_kg burn_kgps turnaround_s min_runway_m slots water seats "
    "cargo_kg capabilities max_wind_mps min_visibility_m crew cost_per_hour"
)


def read_scenario(scenario: Mapping[str, object]) -> Problem:
    """The problem a scenario states. Raises Malformed naming the first wrong field."""
    version = version_of(scenario)
    top = Fields(scenario, "", f"{_TOP} {version.top}")
    top.text("schema_version", VERSIONS)
    return _Reader(top, version).problem()


class _Reader:
    """Holds the present and the ids read so far, which later rows refer to."""

    def __init__(self, top: Fields, version: Version) -> None:
        self._top, self._version = top, version
        self._now_s = top.begin_s("now")
        if not 0.0 <= self._now_s <= _LATEST_NOW_S:
            raise Malformed("now", "is not between 1970 and 9000")
        self._bases: dict[str, int] = {}
        self._waters: dict[str, int] = {}
        self._hospitals: dict[str, int] = {}
        self._incidents: dict[str, int] = {}
        self._aircraft: dict[str, int] = {}

    def problem(self) -> Problem:
        """All of it, in the order of reference."""
        top = self._top
        if top.has("title"):
            top.words("title")
        horizon_s = self._after_now(top, "horizon_end")
        if horizon_s < 0.0:
            raise Malformed("horizon_end", "is before now")
        weather = top.child("weather", "temperature_c first_light last_light")
        bases, waters, hospitals = self._places()
        incidents = tuple(
            self._incident(row)
            for row in top.children(
                "incidents",
                _PLACE
                + "kind reported_at weight life_at_risk max_slots wind_mps visibility_m available fire task "
                + self._version.incident,
            )
        )
        self._number("incidents", incidents, self._incidents)
        aircraft = tuple(self._craft(row) for row in top.children("aircraft", _AIRCRAFT))
        self._number("aircraft", aircraft, self._aircraft)
        return Problem(
            schema_version=top.text("schema_version"),
            id=top.text("id"),
            now_epoch_s=self._now_s,
            horizon_s=horizon_s,
            sea_level_temperature_c=weather.number("temperature_c"),
            first_light_s=self._from(weather, "first_light"),
            last_light_s=self._after_now(weather, "last_light"),
            rules=self._rules(),
            weights=self._weights(),
            bases=bases,
            water_points=waters,
            hospitals=hospitals,
            incidents=incidents,
            aircraft=aircraft,
            reserves=self._reserves(),
            commitments=self._commitments(incidents),
            previous_pairs=frozenset(self._previous()),
            forbidden=read_orders(top, "forbidden_assignments", self._aircraft, self._incidents),
            no_fly=read_no_fly(top, self._now_s),
            required=read_orders(top, "required_assignments", self._aircraft, self._incidents),
        )

    def _places(self) -> tuple[tuple[Base, ...], tuple[WaterPoint, ...], tuple[Hospital, ...]]:
        top = self._top
        bases = tuple(
            self._base(row)
            for row in top.children("bases", _PLACE + "province runway_m fuels refuel_points available")
        )
        self._number("bases", bases, self._bases)
        waters = tuple(
            self._water(row)
            for row in top.children("water_points", _PLACE + "modes depth_m max_aircraft available")
        )
        self._number("water_points", waters, self._waters)
        hospitals = tuple(self._hospital(row) for row in top.children("hospitals", _PLACE))
        self._number("hospitals", hospitals, self._hospitals)
        return bases, waters, hospitals

    def _base(self, row: Fields) -> Base:
        row.words("province")
        return Base(
            id=row.text("id"),
            name=row.words("name"),
            lon_deg=row.number("lon", -180, 180),
            lat_deg=row.number("lat", -90, 90),
            elevation_m=row.number("elevation_m"),
            windows=self._windows(row),
            runway_m=row.number("runway_m", 0),
            fuels=row.texts("fuels", _FUELS),
            refuel_points=row.whole("refuel_points", 0),
        )

    def _water(self, row: Fields) -> WaterPoint:
        modes = row.texts("modes", _MODES)
        if not modes:
            raise Malformed(row.at("modes"), "is empty")
        return WaterPoint(
            id=row.text("id"),
            name=row.words("name"),
            lon_deg=row.number("lon", -180, 180),
            lat_deg=row.number("lat", -90, 90),
            elevation_m=row.number("elevation_m"),
            windows=self._windows(row),
            modes=modes,
            depth_m=row.number("depth_m", 0),
            max_aircraft=row.whole("max_aircraft", 1),
        )

    def _hospital(self, row: Fields) -> Hospital:
        return Hospital(
            id=row.text("id"),
            name=row.words("name"),
            lon_deg=row.number("lon", -180, 180),
            lat_deg=row.number("lat", -90, 90),
            elevation_m=row.number("elevation_m"),
        )

    def _incident(self, row: Fields) -> Incident:
        if row.has("fire") == row.has("task"):
            raise Malformed(row.at("fire"), "exactly one of fire and task must be given")
        return Incident(
            id=row.text("id"),
            name=row.words("name"),
            lon_deg=row.number("lon", -180, 180),
            lat_deg=row.number("lat", -90, 90),
            elevation_m=row.number("elevation_m"),
            windows=self._windows(row),
            kind=row.text("kind", self._version.kinds),
            reported_s=self._after_now(row, "reported_at"),
            weight=row.positive("weight"),
            life_at_risk=row.flag("life_at_risk"),
            max_slots=row.whole("max_slots", 1),
            wind_mps=row.number("wind_mps", 0),
            visibility_m=row.number("visibility_m", 0),
            fire=self._fire(row) if row.has("fire") else None,
            task=self._task(row) if row.has("task") else None,
            pad=row.has("pad") and row.flag("pad"),
        )

    def _fire(self, row: Fields) -> Fire:
        fire = row.child("fire", "demand_l growth_lps deadline_at")
        fire.time_s("deadline_at")
        return Fire(demand_l=fire.number("demand_l", 0), growth_lps=fire.number("growth_lps", 0))

    def _task(self, row: Fields) -> Task:
        task = row.child(
            "task",
            "visits service_s needs seats cargo_kg deadline_at pickup_base_id hospital_id handover_s "
            + self._version.task,
        )
        task.time_s("deadline_at")
        visits = task.whole("visits", 1)
        if visits > _MOST_VISITS:
            raise Malformed(task.at("visits"), f"{visits} is more than {_MOST_VISITS}")
        return Task(
            visits=visits,
            service_s=task.duration_s("service_s"),
            needs=task.texts("needs", self._version.capabilities),
            seats=task.whole("seats", 0),
            cargo_kg=task.number("cargo_kg", 0),
            pickup_base=self._refer_or_none(task, "pickup_base_id", self._bases),
            hospital=self._refer_or_none(task, "hospital_id", self._hospitals),
            handover_s=task.duration_s("handover_s"),
            people=read_people(task),
            dropoff_base=self._refer_or_none(task, "dropoff_base_id", self._bases)
            if task.has("dropoff_base_id")
            else NONE,
            continuous=read_continuous(task),
            needs_pad=task.has("needs_pad") and task.flag("needs_pad"),
        )

    def _craft(self, row: Fields) -> Aircraft:
        row.text("kind", ("helicopter", "fixed_wing"))
        row.text("home_base_id")
        for free_text in ("operator", "province"):
            row.words(free_text)
        crew = row.child("crew", f"flown_continuous_s flown_today_s duty_ends_at {self._version.crew}")
        ready_s = self._from(row, "ready_at")
        if row.raw("at_base_id") is None and ready_s > _LOCK_FAR_S:
            raise Malformed(row.at("ready_at"), "is more than a month from now, in the air")
        return Aircraft(
            id=row.text("id"),
            model=row.words("model"),
            serviceable=row.flag("serviceable"),
            at_base=self._refer_or_none(row, "at_base_id", self._bases),
            lon_deg=row.number("lon", -180, 180),
            lat_deg=row.number("lat", -90, 90),
            ready_s=ready_s,
            cruise_mps=row.number("cruise_mps", _SLOWEST_MPS),
            loaded_mps=row.number("loaded_mps", _SLOWEST_MPS),
            fuel_type=row.text("fuel_type", _FUELS),
            fuel_capacity_kg=row.positive("fuel_capacity_kg"),
            fuel_kg=row.number("fuel_kg", 0),
            burn_kgps=row.positive("burn_kgps"),
            turnaround_s=row.duration_s("turnaround_s"),
            min_runway_m=row.number("min_runway_m", 0),
            slots=row.whole("slots", 1),
            water=self._kit(row) if row.raw("water") is not None else None,
            seats=row.whole("seats", 0),
            cargo_kg=row.number("cargo_kg", 0),
            capabilities=row.texts("capabilities", self._version.capabilities),
            max_wind_mps=row.number("max_wind_mps", 0),
            min_visibility_m=row.number("min_visibility_m", 0),
            flown_continuous_s=crew.number("flown_continuous_s", 0),
            flown_today_s=crew.number("flown_today_s", 0),
            duty_ends_s=self._after_now(crew, "duty_ends_at"),
            cost_per_hour=row.number("cost_per_hour", 0),
            rolling_left_s=rolling_left_s(crew),
        )

    def _kit(self, row: Fields) -> WaterKit:
        kit = row.child("water", "mode capacity_l fill_s drop_s min_depth_m lift")
        lift = tuple(
            (step.number("density_altitude_m"), step.number("litres", 0))
            for step in kit.children("lift", "density_altitude_m litres")
        )
        if not lift or any(low[0] > high[0] for low, high in pairwise(lift)):
            raise Malformed(kit.at("lift"), "is empty or not ascending")
        return WaterKit(
            mode=kit.text("mode", _MODES),
            capacity_l=kit.positive("capacity_l"),
            fill_s=kit.duration_s("fill_s"),
            drop_s=kit.duration_s("drop_s"),
            min_depth_m=kit.number("min_depth_m", 0),
            lift=lift,
        )

    def _rules(self) -> Rules:
        rules = self._top.child(
            "rules", "max_continuous_flight_s min_rest_s max_daily_flight_s fuel_reserve_s"
        )
        return Rules(
            max_continuous_flight_s=rules.positive("max_continuous_flight_s"),
            min_rest_s=rules.positive("min_rest_s"),
            max_daily_flight_s=rules.positive("max_daily_flight_s"),
            fuel_reserve_s=rules.number("fuel_reserve_s", 0),
        )

    def _weights(self) -> Weights:
        names = (
            "life_weighted_minute fire_weighted_kl_hour task_weighted_minute reserve_shortage_hour "
            "cost_unit changed_assignment unserved_minutes"
        )
        row = self._top.child("objective", names)
        return Weights(
            life_weighted_minute=row.number("life_weighted_minute", 0),
            fire_weighted_kl_hour=row.number("fire_weighted_kl_hour", 0),
            task_weighted_minute=row.number("task_weighted_minute", 0),
            reserve_shortage_hour=row.number("reserve_shortage_hour", 0),
            cost_unit=row.number("cost_unit", 0),
            changed_assignment=row.number("changed_assignment", 0),
            unserved_minutes=row.positive("unserved_minutes"),
        )

    def _reserves(self) -> tuple[Reserve, ...]:
        return tuple(
            Reserve(
                base=self._bases.get(row.text("base_id"), NONE),
                capability=row.text("capability", self._version.capabilities),
                min_aircraft=row.whole("min_aircraft", 0),
            )
            for row in self._top.children("reserves", "base_id capability min_aircraft")
        )

    def _commitments(self, incidents: tuple[Incident, ...]) -> dict[int, tuple[Leg, ...]]:
        legs = LegReader(
            now_epoch_s=self._now_s,
            bases=self._bases,
            water_points=self._waters,
            hospitals=self._hospitals,
            incidents=self._incidents,
            turns=self._version.turns,
        )
        locked: dict[int, tuple[Leg, ...]] = {}
        for row in self._top.children("commitments", "aircraft_id legs"):
            aircraft = self._refer(row, "aircraft_id", self._aircraft)
            if aircraft in locked:
                raise Malformed(row.at("aircraft_id"), "has two commitments")
            locked[aircraft] = tuple(legs.read_all(row.items("legs"), row.at("legs")))
            for n, leg in enumerate(locked[aircraft]):
                if leg.start_s < -_LOCK_FAR_S or leg.end_s > _LOCK_FAR_S:
                    raise Malformed(row.at(f"legs[{n}]"), "is not within a month of now")
                drops = leg.kind is LegKind.CYCLES
                if leg.incident != NONE and drops == (incidents[leg.incident].fire is None):
                    raise Malformed(row.at(f"legs[{n}].incident_id"), "is no fire" if drops else "is no task")
        return {aircraft: legs_ for aircraft, legs_ in locked.items() if legs_}

    def _previous(self) -> Iterable[tuple[int, int]]:
        for row in self._top.children("previous_assignments", "aircraft_id incident_id"):
            aircraft = self._aircraft.get(row.text("aircraft_id"), NONE)
            incident = self._incidents.get(row.text("incident_id"), NONE)
            if NONE not in {aircraft, incident}:
                yield aircraft, incident

    def _windows(self, row: Fields) -> tuple[Window, ...]:
        if not row.has("available"):
            return ()
        return tuple(
            Window(from_s=self._from(span, "from"), until_s=self._after_now(span, "until"))
            for span in row.children("available", "from until")
        )

    def _after_now(self, row: Fields, key: str) -> float:
        return row.time_s(key) - self._now_s

    def _from(self, row: Fields, key: str) -> float:
        return row.begin_s(key) - self._now_s

    def _refer(self, row: Fields, key: str, known: Mapping[str, int]) -> int:
        name = row.text(key)
        if name not in known:
            raise Malformed(row.at(key), f"{shown(name)} is not in the scenario")
        return known[name]

    def _refer_or_none(self, row: Fields, key: str, known: Mapping[str, int]) -> int:
        return NONE if row.raw(key) is None else self._refer(row, key, known)

    @staticmethod
    def _number(
        key: str, rows: Iterable[Base | WaterPoint | Hospital | Incident | Aircraft], into: dict[str, int]
    ) -> None:
        for n, row in enumerate(rows):
            if row.id in into:
                raise Malformed(f"{key}[{n}].id", f"{shown(row.id)} is used twice")
            into[row.id] = n
