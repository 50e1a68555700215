"""From the live world to a planning scenario in the interchange format; proposal.py brings the answer back.

Pure. A fire's water comes from fire_need.py. Aircraft that already fly a tasking are left out with reason BUSY, and
the water they bring is taken off what their fire owes. Light comes from the sun over the incidents; limits a site has
not stated get the defaults below.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from astral import Observer
from astral.sun import sun

from dispatch.errors import Refused
from dispatch.geo import distance_m
from dispatch.incident import PLANNABLE, own_incident
from dispatch.kinds import FIRES, Capability, IncidentKind
from dispatch.records import Aircraft, Hospital, Incident, Reason
from dispatch.world import World
from optimizer.fire_need import Need, need

Scenario = dict[str, Any]

HORIZON = timedelta(hours=4)  # as the shared planning scenarios
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
LEVEL_WEIGHT = {1: 8, 2: 4, 3: 2, 4: 1}  # proposed: a level up counts twice
MAX_SLOTS = 4  # height layers over one scene, as the shared scenarios
READY_AFTER = timedelta(
    minutes=15
)  # order, answer, crew and airspace: readiness class of DOMAIN §6, proposed
DUTY = timedelta(hours=14)  # NWCG duty day, DOMAIN §2.3, until a crew's own end is stated


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
    incidents = _incidents(world, incident_ids)
    free, left_out = _aircraft(world, incidents)
    first, last = _light(incidents[0], now, assume_daylight)
    fires = tuple(_fire_reason(i) for i in incidents if i.kind in FIRES)
    scenario: Scenario = {
        "schema_version": "1.0",
        "id": f"{world.site}-{now:%Y%m%dT%H%M%SZ}",
        "title": "live",
        "now": _time(now),
        "horizon_end": _time(now + HORIZON),
        "weather": {"temperature_c": TEMPERATURE_C, "first_light": _time(first), "last_light": _time(last)},
        "rules": dict(RULES),
        "objective": dict(OBJECTIVE),
        "bases": [_base(b) for b in world.bases.values() if b.site == world.site],
        "water_points": [_water(w) for w in world.water_points.values() if w.site == world.site],
        "hospitals": [_place(h) for h in world.hospitals.values() if h.site == world.site],
        "incidents": [_incident(world, i, now) for i in incidents],
        "aircraft": [_craft(world, a, now) for a in free],
        "reserves": [],
        "commitments": [],
        "previous_assignments": [],
    }
    return Situation(
        scenario=scenario, incident_ids=tuple(i.id for i in incidents), left_out=left_out, fires=fires
    )


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def _incidents(world: World, incident_ids: Sequence[str]) -> list[Incident]:
    if incident_ids:
        chosen = [own_incident(world, i) for i in dict.fromkeys(incident_ids)]
        for incident in chosen:
            if incident.state not in PLANNABLE:
                raise Refused(
                    "NOT_CONFIRMED",
                    f"{incident.id} is {incident.state}; confirm it first",
                    field="incident_ids",
                )
    else:
        chosen = [i for i in world.incidents.values() if i.site == world.site and i.state in PLANNABLE]
    if not chosen:
        raise Refused("NOTHING_TO_PLAN", "no confirmed incident waits for aircraft", field="incident_ids")
    return chosen


def _aircraft(world: World, incidents: Iterable[Incident]) -> tuple[list[Aircraft], tuple[Reason, ...]]:
    free: list[Aircraft] = []
    left_out: list[Reason] = []
    for aircraft in world.aircraft.values():
        if aircraft.site != world.site:
            continue
        busy = world.ongoing_tasking(aircraft.id)
        if busy is None and aircraft.at_base_id in world.bases:
            free.append(aircraft)
            continue
        text = f"执行任务 {busy.number}" if busy else "不在已知基地"
        code = "BUSY" if busy else "NOT_AT_BASE"
        left_out.extend(
            Reason(incident_id=i.id, aircraft_id=aircraft.id, chosen=False, code=code, text=text)
            for i in incidents
        )
    return free, tuple(left_out)


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


def _incident(world: World, incident: Incident, now: datetime) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": incident.id,
        "name": incident.title,
        "lon": incident.position.lon_deg,
        "lat": incident.position.lat_deg,
        "elevation_m": incident.elevation_m,
        "reported_at": _time(incident.reported_at),
        "weight": LEVEL_WEIGHT[incident.level],
        "life_at_risk": incident.life_at_risk,
        "max_slots": MAX_SLOTS,
        "wind_mps": incident.wind_mps,
        "visibility_m": incident.visibility_m,
    }
    deadline = _time(now + HORIZON)
    if incident.kind in FIRES:
        asked = need(incident)
        fire = {"demand_l": _owed_l(world, incident, asked, now), "growth_lps": asked.growth_lps}
        return entry | {"kind": "fire", "fire": fire | {"deadline_at": deadline}}
    return entry | _task(world, incident)


def _fire_reason(incident: Incident) -> Reason:
    asked = need(incident)
    return Reason(incident_id=incident.id, aircraft_id="", chosen=True, code=asked.code, text=asked.text)


def _owed_l(world: World, incident: Incident, asked: Need, now: datetime) -> float:
    """Water owed now: at the report, plus growth, less what taskings under way or done bring; never below zero."""
    grown = asked.growth_lps * max((now - incident.reported_at).total_seconds(), 0.0)
    coming = sum(
        t.drops * t.litres_per_drop
        for t in world.taskings.values()
        if t.incident_id == incident.id and t.state not in ("ended", "draft")
    )
    return max(asked.demand_l + grown - coming, 0.0)


def _task(world: World, incident: Incident) -> dict[str, Any]:
    """What a scene that is not fought with water asks of an aircraft."""
    task: dict[str, Any] = {
        "visits": 1,
        "service_s": 1800,
        "needs": [str(Capability.RECON)],
        "seats": 0,
        "cargo_kg": 0,
        "deadline_at": _time(incident.reported_at + HORIZON),
        "pickup_base_id": None,
        "hospital_id": None,
        "handover_s": 0,
    }
    kind = "recon"
    if incident.kind is IncidentKind.MISSING_PERSON:
        kind = "search"
        task |= {"needs": [str(Capability.SEARCH)]}
    hospital = _nearest_hospital(world, incident)
    if incident.kind is IncidentKind.MEDICAL and hospital is not None:
        kind = "medevac"
        task |= {"needs": [str(Capability.MEDICAL)], "seats": 1, "service_s": 600}
        task |= {"hospital_id": hospital.id, "handover_s": 600}
    return {"kind": kind, "task": task}


def _nearest_hospital(world: World, incident: Incident) -> Hospital | None:
    return min(
        world.hospitals.values(), key=lambda h: distance_m(h.position, incident.position), default=None
    )


def _craft(world: World, aircraft: Aircraft, now: datetime) -> dict[str, Any]:
    base = world.bases[aircraft.at_base_id]
    gear = aircraft.water
    return {
        "id": aircraft.id,
        "model": aircraft.model,
        "kind": str(aircraft.kind),
        "operator": aircraft.operator_id,
        "province": aircraft.site,
        "serviceable": aircraft.serviceable,
        "home_base_id": aircraft.home_base_id,
        "at_base_id": aircraft.at_base_id,
        "lon": base.position.lon_deg,
        "lat": base.position.lat_deg,
        "ready_at": _time(now + READY_AFTER),
        "cruise_mps": aircraft.cruise_mps,
        "loaded_mps": aircraft.loaded_mps,
        "fuel_type": str(aircraft.fuel_type),
        "fuel_capacity_kg": aircraft.fuel_capacity_kg,
        "fuel_kg": aircraft.fuel_kg,
        "burn_kgps": aircraft.burn_kgps,
        "turnaround_s": aircraft.turnaround_s,
        "min_runway_m": aircraft.min_runway_m,
        "slots": aircraft.slots,
        "water": None
        if gear is None
        else {
            "mode": str(gear.mode),
            "capacity_l": gear.capacity_l,
            "fill_s": gear.fill_s,
            "drop_s": gear.drop_s,
            "min_depth_m": gear.min_depth_m,
            "lift": [{"density_altitude_m": p.density_altitude_m, "litres": p.litres} for p in gear.lift],
        },
        "seats": aircraft.seats,
        "cargo_kg": aircraft.cargo_kg,
        "capabilities": [str(c) for c in aircraft.capabilities],
        "max_wind_mps": aircraft.max_wind_mps,
        "min_visibility_m": aircraft.min_visibility_m,
        "crew": {
            "flown_continuous_s": 0,
            "flown_today_s": aircraft.flown_today_s,
            "duty_ends_at": _time(aircraft.duty_ends_at or now + DUTY),
        },
        "cost_per_hour": aircraft.cost_per_hour,
    }
