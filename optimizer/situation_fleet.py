"""The fleet as the planner sees it, and why an aircraft is left out. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from dispatch.records import Aircraft, Incident, Reason
from dispatch.world import World
from optimizer.situation_times import time_text

READY_AFTER = timedelta(
    minutes=15
)  # order, answer, crew and airspace: readiness class of DOMAIN §6, proposed
DUTY = timedelta(hours=14)  # NWCG duty day, DOMAIN §2.3, until a crew's own end is stated


def planned_aircraft(
    world: World, incidents: Iterable[Incident]
) -> tuple[list[Aircraft], tuple[Reason, ...]]:
    """The aircraft that may be planned, and why the others may not."""
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


def aircraft_entry(world: World, aircraft: Aircraft, now: datetime) -> dict[str, Any]:
    """One aircraft of the scenario."""
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
        "ready_at": time_text(now + READY_AFTER),
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
            "duty_ends_at": time_text(aircraft.duty_ends_at or now + DUTY),
        },
        "cost_per_hour": aircraft.cost_per_hour,
    }
