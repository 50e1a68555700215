"""From the live world to a planning scenario in the interchange format; proposal.py brings the answer back.

Pure. The incidents come from situation_incidents.py, the fleet from situation_fleet.py. Light comes from the sun over
the incidents; limits a site has not stated get the defaults below.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from astral import Observer
from astral.sun import sun

from dispatch.closure_reach import reached
from dispatch.errors import Malformed, Refused
from dispatch.kinds import TaskKind
from dispatch.records import Incident, Reason
from dispatch.water import banned, depth_now_m
from dispatch.weather import Weather
from dispatch.world import World
from optimizer.check import inspect
from optimizer.plan import Plan
from optimizer.problem import NONE, parse
from optimizer.scenario import SCHEMA_VERSION
from optimizer.situation_closures import VERSION, Lanes, closed_reasons, no_fly, standing_closures
from optimizer.situation_commitments import Sighted
from optimizer.situation_fleet import MAX_DAILY_FLIGHT_S, Fleet, aircraft_entry, fleet
from optimizer.situation_force import Basis, basis, movable_taskings, plan_in_force
from optimizer.situation_incidents import fire_reason, incident_entries, kept_away, planned_incidents
from optimizer.situation_tasks import open_wants, row_of
from optimizer.situation_times import HORIZON, time_text
from optimizer.situation_weather import judged, put_weather
from optimizer.versions import says_more
from optimizer.what_if import changed

Scenario = dict[str, Any]

TEMPERATURE_C = 25.0  # sea level, until weather is stated: costs lift as a warm day does
# NWCG 6 Minute for Safety carding figures, used until the operator's own are stated (DOMAIN §2.3): 8 h a day;
# two hours in one go and forty minutes of rest as the shared scenarios.
RULES = {
    "max_continuous_flight_s": 7200,
    "min_rest_s": 2400,
    "max_daily_flight_s": MAX_DAILY_FLIGHT_S,
    "fuel_reserve_s": 1800,
}
OBJECTIVE = {
    "life_weighted_minute": 100.0,
    "fire_weighted_kl_hour": 1.0,
    "task_weighted_minute": 2.0,
    "reserve_shortage_hour": 10.0,
    "cost_unit": 0.02,
    "changed_assignment": 3.0,
    "unserved_minutes": 360,
}  # the weights of the shared scenarios


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A scenario, the plan in force, and the reasons already known for aircraft that are not in it."""

    now: datetime
    scenario: Scenario
    incident_ids: tuple[str, ...]
    left_out: tuple[Reason, ...]
    fires: tuple[Reason, ...]  # where each fire's water comes from; of no aircraft, so their id is empty
    previous: Mapping[str, Any] | None  # the open proposals as one plan of the interchange format
    basis: Basis
    conditions: tuple[
        Mapping[str, Any], ...
    ]  # of the proposals in force, kept to; changes of optimizer/what_if.py
    standing: frozenset[
        tuple[str, str]
    ]  # (aircraft, row of situation_tasks.py) tasked already, though still movable


def situation(
    world: World,
    incident_ids: Sequence[str],
    now: datetime,
    *,
    seen: Mapping[str, Sighted] | None = None,
    weather: Weather | None = None,
    assume_daylight: bool = False,
    anew: bool = False,
) -> Situation:
    """The planning problem for the named incidents, or for all that wait for aircraft.

    `seen`: where the aircraft that are in the air were last seen, by aircraft id; the others' place is reckoned.
    A tasking under way is locked in; where what is left of it breaks a rule of the model (it flies past its crew's
    duty, say), its aircraft is left out as BUSY, or as CLOSED_WAY where closed airspace lies in its way, and the water it brings taken off what its fire owes.
    `weather`: what is known of it; below a hard minimum an aircraft is kept from the task and the limit named.
    `anew`: without the conditions of the proposals in force.
    Raises Refused(NOTHING_TO_PLAN) when there is none, and NOT_CONFIRMED for one that nobody has verified.
    """
    now = now.replace(microsecond=0)  # as the scenario says it
    incidents = planned_incidents(world, incident_ids)
    tasks = {row["id"]: row.get("task") for i in incidents for row in incident_entries(world, i, now)}
    if not tasks:
        raise Refused("NOTHING_TO_PLAN", "all that was wanted has been done", field="incident_ids")
    force = plan_in_force(world, tuple(i.id for i in incidents), now)
    closures = standing_closures(world, now)
    reached_ids = {one.aircraft_id for one in reached(world, now)}
    found = fleet(world, tasks, now, seen or {}, Lanes(closures, now))
    known = (weather or Weather()).with_entries(world)
    free = [one for one in found.planned if one.id not in found.under_way]
    below = judged(world, known, incidents, free, now, assume_daylight=assume_daylight)
    while True:
        scenario = _scenario(world, incidents, found, now, assume_daylight)
        _forbid(scenario, world, incidents, found, below.forbidden)
        put_weather(scenario, world, known, incidents, now)
        if closures:
            scenario["no_fly"] = no_fly(closures)
        if says_more(scenario):  # what nothing asks 1.1 of stays 1.0
            scenario["schema_version"] = VERSION
        scenario["previous_assignments"] = list(force.pairs)
        broken = _broken_lock(scenario, found)
        if broken is None:
            break
        code = "CLOSED_WAY" if broken in reached_ids else "BUSY"
        found = found.without(broken, code, found.under_way[broken].tasking.number)
    conditions: list[Mapping[str, Any]] = []
    for condition in () if anew else force.conditions:
        try:
            scenario = changed(scenario, [condition])
        except Malformed:
            continue  # what it names is over
        conditions.append(condition)
    return Situation(
        now=now,
        scenario=scenario,
        conditions=tuple(conditions),
        incident_ids=tuple(i.id for i in incidents),
        left_out=(*found.reasons(incidents), *closed_reasons(closures), *below.reasons),
        fires=tuple(fire_reason(i) for i in incidents if _fought(world, i)),
        previous=force.plan,
        basis=basis(world, tuple(i.id for i in incidents), now),
        standing=frozenset(
            (t.aircraft_id, row_of(world, t.incident_id, t.task)) for t in movable_taskings(world, now)
        ),
    )


def _fought(world: World, incident: Incident) -> bool:
    return any(want.kind is TaskKind.WATER for want in open_wants(world, incident))


def _scenario(
    world: World,
    incidents: Sequence[Incident],
    found: Fleet,
    now: datetime,
    assume_daylight: bool,
) -> Scenario:
    first, last = _light(incidents[0], now, assume_daylight)
    still_l: dict[str, float] = defaultdict(float)
    for promised in found.under_way.values():
        still_l[promised.tasking.incident_id] += promised.still_l
    promised_water = {promised.tasking.water_point_id for promised in found.under_way.values()}
    aircraft = [aircraft_entry(world, a, now, found.under_way.get(a.id)) for a in found.planned]
    return {
        "schema_version": SCHEMA_VERSION,
        "id": f"{world.site}-{now:%Y%m%dT%H%M%SZ}",
        "title": "live",
        "now": time_text(now),
        "horizon_end": time_text(now + HORIZON),
        "weather": {
            "temperature_c": TEMPERATURE_C,
            "first_light": time_text(first),
            "last_light": time_text(last),
        },
        "rules": dict(RULES),
        "objective": dict(OBJECTIVE),
        "bases": [_base(b) for b in world.bases.values() if b.site == world.site],
        "water_points": [
            _water(w, now)
            for w in world.water_points.values()
            if w.site == world.site and (w.id in promised_water or not banned(w, now))
        ],
        "hospitals": [_place(h) for h in world.hospitals.values() if h.site == world.site],
        "incidents": [row for i in incidents for row in incident_entries(world, i, now, still_l[i.id])],
        "aircraft": aircraft,
        "reserves": [],
        "commitments": [
            {"aircraft_id": aircraft_id, "legs": list(promised.legs)}
            for aircraft_id, promised in found.under_way.items()
        ],
        "previous_assignments": [],
    }


def _forbid(
    scenario: Scenario,
    world: World,
    incidents: Sequence[Incident],
    found: Fleet,
    below: Sequence[tuple[str, str]],
) -> None:
    """Aircraft of a kind that a task does not want, and those in weather `below` minima; but not those under way: what
    they do was ordered."""
    free = [one for one in found.planned if one.id not in found.under_way]
    pairs = [pair for incident in incidents for pair in kept_away(world, incident, free)]
    rows = [
        {"aircraft_id": aircraft_id, "incident_id": row}
        for aircraft_id, row in dict.fromkeys([*pairs, *below])
        if aircraft_id not in found.under_way
    ]
    if rows:
        scenario["forbidden_assignments"] = rows


def _broken_lock(scenario: Scenario, found: Fleet) -> str | None:
    """The aircraft whose locked legs break a rule, the first by the check's order; of a rule that several break
    together (a crowded fire), the one that was tasked last. None: all can be kept."""
    if not found.under_way:
        return None
    problem = parse(scenario)
    violations = inspect(problem, Plan(timelines=dict(problem.commitments))).violations
    locked = [problem.aircraft[n].id for n in problem.commitments]
    for violation in violations:
        if violation.aircraft != NONE and problem.aircraft[violation.aircraft].id in found.under_way:
            return problem.aircraft[violation.aircraft].id
    return max(locked, key=lambda one: found.under_way[one].tasking.number) if violations else None


def _light(incident: Incident, now: datetime, assume_daylight: bool) -> tuple[datetime, datetime]:
    """First and last light of the incident's present day: sunrise and sunset there."""
    if assume_daylight:
        return now - timedelta(hours=1), now + HORIZON + timedelta(hours=1)
    observer = Observer(latitude=incident.position.lat_deg, longitude=incident.position.lon_deg)
    for days in (0, 1):  # the UTC date of a Chinese afternoon is that morning's; of its night, the day before
        times = sun(observer, date=(now + timedelta(hours=8)).date() + timedelta(days=days))
        if times["sunset"] > now:
            return times["sunrise"], times["sunset"]
    return times["sunrise"], times["sunset"]


def _place(place: Any) -> dict[str, Any]:
    return {
        "id": place.id,
        "name": place.name,
        "lon": place.position.lon_deg,
        "lat": place.position.lat_deg,
        "elevation_m": place.elevation_m,
    }


def _base(base: Any) -> dict[str, Any]:
    return _place(base) | {
        "province": base.site,
        "runway_m": base.runway_m,
        "fuels": [str(f) for f in base.fuels],
        "refuel_points": base.refuel_points,
    }


def _water(point: Any, now: datetime) -> dict[str, Any]:
    return _place(point) | {
        "modes": [str(m) for m in point.modes],
        "depth_m": depth_now_m(point, now),
        "max_aircraft": point.max_aircraft,
    }
