"""Incidents as the planner sees them: water owed, or visits to be made. Pure.

A fire's water comes from fire_need.py; what taskings under way bring is taken off what their fire owes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dispatch.errors import Refused
from dispatch.geo import distance_m
from dispatch.incident import PLANNABLE, own_incident
from dispatch.kinds import FIRES, Capability, IncidentKind
from dispatch.records import Hospital, Incident, Reason
from dispatch.world import ONGOING, World
from optimizer.fire_need import Need, as_of, need
from optimizer.situation_commitments import is_locked
from optimizer.situation_times import HORIZON, time_text

LEVEL_WEIGHT = {1: 8, 2: 4, 3: 2, 4: 1}  # proposed: a level up counts twice
MAX_SLOTS = 4  # height layers over one scene, as the shared scenarios


def planned_incidents(world: World, incident_ids: Sequence[str]) -> list[Incident]:
    """The named incidents, or all that wait for aircraft. Raises Refused and Unknown as situation()."""
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


def incident_entry(world: World, incident: Incident, now: datetime, still_l: float = 0.0) -> dict[str, Any]:
    """One incident of the scenario. `still_l`: litres that locked legs of the scenario will bring, so still owed."""
    entry: dict[str, Any] = {
        "id": incident.id,
        "name": incident.title,
        "lon": incident.position.lon_deg,
        "lat": incident.position.lat_deg,
        "elevation_m": incident.elevation_m,
        "reported_at": time_text(incident.reported_at),
        "weight": LEVEL_WEIGHT[incident.level],
        "life_at_risk": incident.life_at_risk,
        "max_slots": MAX_SLOTS,
        "wind_mps": incident.wind_mps,
        "visibility_m": incident.visibility_m,
    }
    deadline = time_text(now + HORIZON)
    if incident.kind in FIRES:
        asked = need(incident)
        fire = {"demand_l": _owed_l(world, incident, asked, now, still_l), "growth_lps": asked.growth_lps}
        return entry | {"kind": "fire", "fire": fire | {"deadline_at": deadline}}
    return entry | _task(world, incident)


def fire_reason(incident: Incident) -> Reason:
    """Whose figure a fire's water is."""
    asked = need(incident)
    return Reason(incident_id=incident.id, aircraft_id="", chosen=True, code=asked.code, text=asked.text)


def _owed_l(world: World, incident: Incident, asked: Need, now: datetime, still_l: float) -> float:
    """Water owed now: as last said, plus growth since, less what taskings done since or locked bring; never below zero."""
    said_at = as_of(incident)
    grown = asked.growth_lps * max((now - said_at).total_seconds(), 0.0)
    coming = sum(
        t.drops * t.litres_per_drop
        for t in world.taskings.values()
        if t.incident_id == incident.id
        and t.state not in ("ended", "draft")
        and is_locked(t, now)
        and (t.land_at > said_at or t.state in ONGOING)
    )
    return max(asked.demand_l + grown - coming + still_l, 0.0)


def _task(world: World, incident: Incident) -> dict[str, Any]:
    """What a scene that is not fought with water asks of an aircraft."""
    task: dict[str, Any] = {
        "visits": 1,
        "service_s": 1800,
        "needs": [str(Capability.RECON)],
        "seats": 0,
        "cargo_kg": 0,
        "deadline_at": time_text(incident.reported_at + HORIZON),
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
