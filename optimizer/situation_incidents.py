"""Incidents as the planner sees them: water owed, and visits to be made. Pure.

Which tasks an incident wants its run card says (dispatch/run_card.py); how they are told apart is situation_tasks.py's.
A fire's water comes from fire_need.py; what taskings under way bring is taken off what their fire owes.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from dispatch.errors import Refused
from dispatch.fire import owed_since
from dispatch.incident import PLANNABLE, own_incident
from dispatch.kinds import LiftTo, TaskKind
from dispatch.records import Aircraft, Incident, Reason
from dispatch.run_card import pad_of
from dispatch.run_card_records import TaskWant
from dispatch.traffic_area_watch import standing_area
from dispatch.world import ONGOING, World
from optimizer.fire_need import Need, need
from optimizer.situation_commitments import drops_by, is_locked
from optimizer.situation_tasks import (
    kind_word,
    nearest_base,
    nearest_hospital,
    open_wants,
    people_left,
    row_id,
    saves_lives,
    slots_of,
    visits_left,
)
from optimizer.situation_times import HORIZON, time_text

LEVEL_WEIGHT = {1: 8, 2: 4, 3: 2, 4: 1}  # proposed: a level up counts twice
MAX_SLOTS = 4  # height layers over a scene without incident airspace, as the shared scenarios
HANDOVER_S = 600  # of those who are lifted out, proposed


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


def incident_entries(
    world: World, incident: Incident, now: datetime, still_l: float = 0.0
) -> list[dict[str, Any]]:
    """The rows of one incident, one for each task that it still wants. `still_l`: litres that locked legs of the
    scenario will bring, so still owed."""
    return [_entry(world, incident, want, now, still_l) for want in open_wants(world, incident)]


def _entry(world: World, incident: Incident, want: TaskWant, now: datetime, still_l: float) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": row_id(incident, want.kind),
        "name": incident.title,
        "lon": incident.position.lon_deg,
        "lat": incident.position.lat_deg,
        "elevation_m": incident.elevation_m,
        "reported_at": time_text(incident.reported_at),
        "weight": LEVEL_WEIGHT[incident.level],
        "life_at_risk": saves_lives(incident, want),
        "max_slots": slots_of(incident, want, _layers(world, incident)),
        "wind_mps": incident.wind_mps,
        "visibility_m": incident.visibility_m,
        "kind": kind_word(want.kind),
    }
    if want.kind is TaskKind.WATER:
        asked = need(incident)
        fire = {"demand_l": _owed_l(world, incident, asked, now, still_l), "growth_lps": asked.growth_lps}
        return entry | {"fire": fire | {"deadline_at": time_text(now + HORIZON)}}
    if pad_of(world, incident, want, now) is not None:
        entry["pad"] = True
    return entry | {"task": _task(world, incident, want)}


def kept_away(world: World, incident: Incident, aircraft: Iterable[Aircraft]) -> Iterator[tuple[str, str]]:
    """(aircraft, row) of aircraft whose kind a task does not want."""
    for want in open_wants(world, incident):
        if not want.aircraft_kinds:
            continue
        for craft in aircraft:
            if craft.kind not in want.aircraft_kinds:
                yield craft.id, row_id(incident, want.kind)


def fire_reason(incident: Incident) -> Reason:
    """Whose figure a fire's water is."""
    asked = need(incident)
    return Reason(
        incident_id=incident.id,
        aircraft_id="",
        chosen=True,
        code=asked.code,
        text=asked.text,
        text_en=asked.text_en,
    )


def _layers(world: World, incident: Incident) -> int:
    """How many may be at work there at once, as the incident's airspace says."""
    area = standing_area(world, incident.id)
    return MAX_SLOTS if area is None else area.most_at_work


def _owed_l(world: World, incident: Incident, asked: Need, now: datetime, still_l: float) -> float:
    """Water owed now: as last said, plus growth since, less what taskings done since or locked bring; never below zero."""
    said_at = owed_since(incident)
    grown = asked.growth_lps * max((now - said_at).total_seconds(), 0.0)
    coming = sum(
        (t.drops - drops_by(world, t, said_at)) * t.litres_per_drop
        for t in world.taskings.values()
        if t.incident_id == incident.id
        and t.state not in ("ended", "draft")
        and is_locked(t, now)
        and (t.land_at > said_at or t.state in ONGOING)
    )
    return max(asked.demand_l + grown - coming + still_l, 0.0)


def _task(world: World, incident: Incident, want: TaskWant) -> dict[str, Any]:
    """What a row asks that is not fought with water. Words of format 1.1 stand in it only where they are needed."""
    task: dict[str, Any] = {
        "visits": max(1, visits_left(world, incident, want)),
        "service_s": want.stay_s,
        "needs": [str(capability) for capability in want.needs],
        "seats": 0,
        "cargo_kg": want.cargo_kg,
        "deadline_at": time_text(incident.reported_at + HORIZON),
        "pickup_base_id": None,
        "hospital_id": None,
        "handover_s": 0,
    }
    if want.cargo_kg:
        base = nearest_base(world, incident.position)
        task["pickup_base_id"] = base.id if base is not None else None
    if want.lift_to is not None:
        task |= _lifted(world, incident, want)
    if want.continuous:
        task["continuous"] = True
    if want.needs_pad:
        task["needs_pad"] = True
    return task


def _lifted(world: World, incident: Incident, want: TaskWant) -> dict[str, Any]:
    """Who is lifted out, and whither: to the nearest hospital or base; without a hospital to a base."""
    people = people_left(world, incident, want)
    lifted: dict[str, Any] = {"seats": 1, "handover_s": HANDOVER_S}
    if people > 1:
        lifted["people"] = people
    hospital = nearest_hospital(world, incident.position) if want.lift_to is LiftTo.HOSPITAL else None
    if hospital is not None:
        return lifted | {"hospital_id": hospital.id}
    base = nearest_base(world, incident.position)
    return lifted | {"dropoff_base_id": base.id} if base is not None else {}
