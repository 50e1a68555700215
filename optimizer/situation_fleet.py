"""The fleet as the planner sees it: what is free, what is under way, and why an aircraft is left out. Pure.

Fuel and crew clocks are the record's, stated when the aircraft last stood; what it has flown since is taken off by the
clock of its taskings. After a landing and its turn-round at a base with its fuel the tanks are full again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch.fitness import spent, unfit
from dispatch.flown import flights, midnight, within_s
from dispatch.kinds import DutyMeasure, TaskingState
from dispatch.records import Aircraft, Incident, Reason, WaterGear
from dispatch.world import World
from optimizer.situation_closures import Lanes
from optimizer.situation_commitments import Commitment, Sighted, commitment, is_locked
from optimizer.situation_tasks import row_of
from optimizer.situation_times import time_text

READY_AFTER = timedelta(
    minutes=15
)  # order, answer, crew and airspace: readiness class of DOMAIN §6, proposed
DUTY = timedelta(hours=14)  # NWCG duty day, DOMAIN §2.3, until a crew's own end is stated
MAX_DAILY_FLIGHT_S = 28_800  # NWCG, until a site's own duty rule says less
REST_S = 2400.0  # a stand this long ends a continuous flight, as RULES of situation.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Aircraft that may be planned; `under_way`: what those of them still have to do first, by aircraft id."""

    planned: tuple[Aircraft, ...]
    under_way: Mapping[str, Commitment]
    left_out: Mapping[str, tuple[str, str]]  # aircraft id -> code and text

    def without(self, aircraft_id: str, code: str, text: str) -> "Fleet":
        """The same with one aircraft left out."""
        return Fleet(
            planned=tuple(a for a in self.planned if a.id != aircraft_id),
            under_way={k: v for k, v in self.under_way.items() if k != aircraft_id},
            left_out={**self.left_out, aircraft_id: (code, text)},
        )

    def reasons(self, incidents: Iterable[Incident]) -> tuple[Reason, ...]:
        """Why the others are left out, for each incident."""
        return tuple(
            Reason(incident_id=i.id, aircraft_id=aircraft_id, chosen=False, code=code, text=text)
            for aircraft_id, (code, text) in self.left_out.items()
            for i in incidents
        )


def fleet(
    world: World,
    tasks: Mapping[str, Mapping[str, Any] | None],
    now: datetime,
    seen: Mapping[str, Sighted],
    lanes: Lanes,
) -> Fleet:
    """Every own aircraft: planned, planned after what it is doing, or left out with the reason.

    `tasks`: the scenario's incidents by id (rows of situation_tasks.py), with what each asks where it is no fire. `seen`: where aircraft in the air
    were last seen, by id. `lanes`: the ways round closed airspace.
    """
    planned: list[Aircraft] = []
    under_way: dict[str, Commitment] = {}
    left_out: dict[str, tuple[str, str]] = {}
    for aircraft in world.aircraft.values():
        if aircraft.site != world.site:
            continue
        busy = world.ongoing_tasking(aircraft.id)
        if busy is None or not is_locked(busy, now):
            kept = next((one for one in unfit(world, aircraft, now) if one.code != "UNSERVICEABLE"), None)
            if kept is not None:  # the planner itself says UNSERVICEABLE
                left_out[aircraft.id] = (
                    kept.code,
                    " ".join(filter(None, (kept.who, kept.detail, kept.rule))),
                )
            elif aircraft.at_base_id in world.bases:
                planned.append(aircraft)
            else:
                left_out[aircraft.id] = ("NOT_AT_BASE", "")
            continue
        promised = None
        row = row_of(world, busy.incident_id, busy.task)
        # who goes, or stands, elsewhere is nobody's to plan with until it is back
        if busy.elsewhere is None and (row in tasks or busy.state is TaskingState.RETURNING):
            task = tasks.get(row)
            promised = commitment(world, busy, now, seen.get(aircraft.id), task, lanes=lanes)
        if promised is None:
            left_out[aircraft.id] = ("BUSY", busy.number)
        else:
            planned.append(aircraft)
            under_way[aircraft.id] = promised
    return Fleet(planned=tuple(planned), under_way=under_way, left_out=left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    """Fuel and crew clocks at the time from which an aircraft may be planned."""

    ready_at: datetime
    fuel_kg: float
    flown_continuous_s: float
    flown_today_s: float


def _condition(world: World, aircraft: Aircraft, promised: Commitment | None, now: datetime) -> _Condition:
    taskings = [t for t in world.taskings.values() if t.aircraft_id == aircraft.id and t.site == world.site]
    own = sorted(flight for tasking in taskings for flight in flights(tasking, now))
    today_s = within_s(own, midnight(now))
    ready_at = now + READY_AFTER if promised is None else promised.ready_at
    fuel_kg, continuous_s = aircraft.fuel_kg, 0.0
    base = world.bases.get(aircraft.at_base_id)
    for start, end in own:
        continuous_s = (continuous_s if _rested_less(own, start) else 0.0) + (end - start).total_seconds()
        fuel_kg -= (end - start).total_seconds() * aircraft.burn_kgps
        if base is not None and aircraft.fuel_type in base.fuels:
            fuel_kg = aircraft.fuel_capacity_kg
            ready_at = max(ready_at, end + timedelta(seconds=aircraft.turnaround_s))
    if own and (now - own[-1][1]).total_seconds() >= REST_S:
        continuous_s = 0.0
    return _Condition(
        ready_at=ready_at,
        fuel_kg=min(aircraft.fuel_capacity_kg, max(0.0, fuel_kg)),
        flown_continuous_s=continuous_s,
        flown_today_s=aircraft.flown_today_s + today_s,
    )


def _rested_less(flights: list[tuple[datetime, datetime]], start: datetime) -> bool:
    """Whether the stand before a flight was too short to rest."""
    before = max((end for begin, end in flights if begin < start), default=None)
    return before is not None and (start - before).total_seconds() < REST_S


def aircraft_entry(
    world: World, aircraft: Aircraft, now: datetime, promised: Commitment | None
) -> dict[str, Any]:
    """One aircraft of the scenario, as it is when it may first be planned."""
    condition = _condition(world, aircraft, promised, now)
    gear = aircraft.water
    in_the_air = promised is not None and promised.position is not None
    position = (
        promised.position
        if promised is not None and promised.position is not None
        else world.bases[aircraft.at_base_id].position
    )
    return {
        "id": aircraft.id,
        "model": aircraft.model,
        "kind": str(aircraft.kind),
        "operator": aircraft.operator_id,
        "province": aircraft.site,
        "serviceable": aircraft.serviceable or in_the_air,  # whoever is up must come home
        "home_base_id": aircraft.home_base_id,
        "at_base_id": None if in_the_air else aircraft.at_base_id,
        "lon": position.lon_deg,
        "lat": position.lat_deg,
        "ready_at": time_text(condition.ready_at),
        "cruise_mps": aircraft.cruise_mps,
        "loaded_mps": aircraft.loaded_mps,
        "fuel_type": str(aircraft.fuel_type),
        "fuel_capacity_kg": aircraft.fuel_capacity_kg,
        "fuel_kg": round(condition.fuel_kg, 1),
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
            "lift": _lift(gear),
        },
        "seats": aircraft.seats,
        "cargo_kg": aircraft.cargo_kg,
        "capabilities": [str(c) for c in aircraft.capabilities],
        "max_wind_mps": aircraft.max_wind_mps,
        "min_visibility_m": aircraft.min_visibility_m,
        "crew": _crew(world, aircraft, condition, now),
        "cost_per_hour": aircraft.cost_per_hour,
    }


def _lift(gear: WaterGear) -> list[dict[str, float]]:
    """What it lifts by density altitude; where nobody has stated that, what it holds."""
    points = sorted((point.density_altitude_m, point.litres) for point in gear.lift) or [
        (0.0, gear.capacity_l)
    ]
    return [{"density_altitude_m": height_m, "litres": litres} for height_m, litres in points]


def _crew(world: World, aircraft: Aircraft, condition: _Condition, now: datetime) -> dict[str, Any]:
    """Crew clocks: the aircraft's, and where its crew is known, of whoever has least left by each duty rule."""
    today_s, duty_ends_at = condition.flown_today_s, aircraft.duty_ends_at or now + DUTY
    rows: dict[str, dict[str, Any]] = {}
    for each in spent(world, aircraft.id, now):
        if each.rule.measure is DutyMeasure.DUTY_TIME:
            if each.rule.days == 1:
                duty_ends_at = min(duty_ends_at, now + timedelta(seconds=each.left_s))
        elif each.rule.days == 1:
            today_s = max(today_s, MAX_DAILY_FLIGHT_S - each.left_s)
        else:
            row = {"code": each.rule.id, "days": each.rule.days, "limit_s": each.rule.limit_s}
            used = rows.setdefault(each.rule.id, row | {"flown_s": 0})
            used["flown_s"] = max(used["flown_s"], round(each.used_s))
    clocks = {
        "flown_continuous_s": round(condition.flown_continuous_s),
        "flown_today_s": max(0, round(today_s)),
        "duty_ends_at": time_text(duty_ends_at),
    }
    return clocks | ({"rows": list(rows.values())} if rows else {})
