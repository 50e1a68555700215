"""From the live world to a planning scenario in the interchange format; proposal.py brings the answer back.

Pure. The incidents come from situation_incidents.py, the fleet from situation_fleet.py. Light comes from the sun over
the incidents; limits a site has not stated get the defaults below.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from astral import Observer
from astral.sun import sun

from dispatch.kinds import FIRES
from dispatch.records import Incident, Reason
from dispatch.world import World
from optimizer.situation_fleet import aircraft_entry, planned_aircraft
from optimizer.situation_incidents import fire_reason, incident_entry, planned_incidents
from optimizer.situation_times import HORIZON, time_text

Scenario = dict[str, Any]

TEMPERATURE_C = 25.0  # sea level, until weather is stated: costs lift as a warm day does
# NWCG 6 Minute for Safety carding figures, used until the operator's own are stated (DOMAIN §2.3): 8 h a day;
# two hours in one go and forty minutes of rest as the shared scenarios.
RULES = {
    "max_continuous_flight_s": 7200,
    "min_rest_s": 2400,
    "max_daily_flight_s": 28800,
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
    """A scenario and the reasons already known for aircraft that are not in it."""

    scenario: Scenario
    incident_ids: tuple[str, ...]
    left_out: tuple[Reason, ...]
    fires: tuple[Reason, ...]  # where each fire's water comes from; of no aircraft, so their id is empty


def situation(
    world: World, incident_ids: Sequence[str], now: datetime, *, assume_daylight: bool = False
) -> Situation:
    """The planning problem for the named incidents, or for all that wait for aircraft.

    Raises Refused(NOTHING_TO_PLAN) when there is none, and NOT_CONFIRMED for one that nobody has verified.
    """
    incidents = planned_incidents(world, incident_ids)
    free, left_out = planned_aircraft(world, incidents)
    first, last = _light(incidents[0], now, assume_daylight)
    fires = tuple(fire_reason(i) for i in incidents if i.kind in FIRES)
    scenario: Scenario = {
        "schema_version": "1.0",
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
        "water_points": [_water(w) for w in world.water_points.values() if w.site == world.site],
        "hospitals": [_place(h) for h in world.hospitals.values() if h.site == world.site],
        "incidents": [incident_entry(world, i, now) for i in incidents],
        "aircraft": [aircraft_entry(world, a, now) for a in free],
        "reserves": [],
        "commitments": [],
        "previous_assignments": [],
    }
    return Situation(
        scenario=scenario, incident_ids=tuple(i.id for i in incidents), left_out=left_out, fires=fires
    )


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


def _water(point: Any) -> dict[str, Any]:
    return _place(point) | {
        "modes": [str(m) for m in point.modes],
        "depth_m": point.depth_m,
        "max_aircraft": point.max_aircraft,
    }
