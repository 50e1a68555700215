"""Records for the exercise's tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import adapters.data
from adapters.exercise.crew import Situation
from dispatch.geo import Position
from dispatch.kinds import (
    AirspaceKind,
    AirspaceState,
    AltitudeDatum,
    IncidentKind,
    IncidentState,
    TaskingState,
)
from dispatch.records import Aircraft, Airspace, AirspaceRequest, Base, Incident, Tasking, WaterPoint
from protocols.resources_csv import read_table

JIANGXI = Path(adapters.data.__file__).parent / "jiangxi"
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
FIRE = Position(lon_deg=115.2212, lat_deg=29.0624)


def shipped(kind: str) -> tuple[object, ...]:
    return read_table(kind, (JIANGXI / f"{kind}.csv").read_text(encoding="utf-8"), "36")


def incident(state: IncidentState = IncidentState.RESPONDING, *, simulated: bool = True) -> Incident:
    return Incident(
        id="36-INC-1",
        site="36",
        kind=IncidentKind.FOREST_FIRE,
        level=3,
        title="火情",
        place="三爪仑",
        position=FIRE,
        elevation_m=420.0,
        reported_at=NOW,
        reported_by="guancha",
        state=state,
        life_at_risk=False,
        demand_l=20_000,
        growth_lps=1.0,
        wind_mps=3.0,
        visibility_m=10_000,
        simulated=simulated,
    )


def tasking(state: TaskingState, *, operator_id: str = "OP1", simulated: bool = True) -> Tasking:
    return Tasking(
        id="36-TSK-1",
        site="36",
        number="GY-1124-01",
        incident_id="36-INC-1",
        incident_title="火情",
        incident_position=FIRE,
        plan_id="36-PLN-1",
        aircraft_id="B-70G1",
        aircraft_icao24="78f001",
        operator_id=operator_id,
        base_id="JX-JA",
        water_point_id="W-021",
        hospital_id="",
        take_off_at=NOW,
        on_scene_at=NOW + timedelta(minutes=10),
        land_at=NOW + timedelta(hours=1),
        drops=4,
        litres_per_drop=4000.0,
        state=state,
        airspace_request_ids=("36-ASP-1",),
        simulated=simulated,
    )


def request(state: AirspaceState, *, simulated: bool = True) -> AirspaceRequest:
    return AirspaceRequest(
        id="36-ASP-1",
        site="36",
        kind=AirspaceKind.PLAN,
        tasking_id="36-TSK-1",
        incident_id="36-INC-1",
        aircraft_id="B-70G1",
        airspace=Airspace(
            centre=FIRE,
            radius_m=9260.0,
            corridor_from=FIRE,
            corridor_half_width_m=2000.0,
            floor_m=0.0,
            ceiling_m=1000.0,
            datum=AltitudeDatum.MSL,
            active_from=NOW,
            active_until=NOW + timedelta(hours=2),
        ),
        filed_at=NOW,
        answer_due_at=NOW + timedelta(minutes=5),
        state=state,
        simulated=simulated,
    )


def situation(*taskings: Tasking, incidents: tuple[Incident, ...] | None = None) -> Situation:
    return Situation(
        aircraft={one.id: one for one in shipped("aircraft") if isinstance(one, Aircraft)},
        bases={one.id: one for one in shipped("bases") if isinstance(one, Base)},
        water_points={one.id: one for one in shipped("water_points") if isinstance(one, WaterPoint)},
        incidents={one.id: one for one in (incidents if incidents is not None else (incident(),))},
        taskings={one.id: one for one in taskings},
    )
