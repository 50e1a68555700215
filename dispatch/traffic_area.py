"""Incident airspace (现场交通区, Fire Traffic Area): made for an incident in one act, amended, withdrawn.

What is made is kept whole, with the dated row of defaults it was made by, so that what a crew was given stays what it
was. It approves nothing: what of it may be flown in is what ATC has granted (traffic_area_approved.py).
"""

import math
from dataclasses import fields, replace
from datetime import datetime

from dispatch import access, ids
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.geo import Position
from dispatch.incident import LIFECYCLE
from dispatch.intrusion import decide_clear, decide_record
from dispatch.kinds import Role
from dispatch.records import Incident
from dispatch.traffic_area_commands import (
    AmendTrafficArea,
    ClearIntrusion,
    GroundFound,
    MakeTrafficArea,
    RecordIntrusion,
    TrafficCommand,
    TrafficWish,
    WithdrawTrafficArea,
)
from dispatch.traffic_area_facts import TrafficAreaAmended, TrafficAreaMade, TrafficAreaWithdrawn
from dispatch.traffic_area_kinds import GroundBasis
from dispatch.traffic_area_lines import MOST_LATITUDE_DEG, circuits, entries
from dispatch.traffic_area_records import TrafficArea
from dispatch.traffic_area_rows import rules_at
from dispatch.traffic_area_stack import stack
from dispatch.traffic_area_watch import ongoing_for, standing_area
from dispatch.world import World

MAX_FREQUENCY, MAX_REMARK, MAX_REASON = 80, 500, 500
LEAST_RING_M, MOST_RING_M = 500.0, 100_000.0
MOST_SPEED_MPS = 200.0
MOST_AT_WORK = 20
LEAST_GROUND_M, MOST_GROUND_M = -500.0, 9_000.0
_BOUNDS = {
    "call_m": (LEAST_RING_M, MOST_RING_M),
    "hold_m": (LEAST_RING_M, MOST_RING_M),
    "working_m": (LEAST_RING_M, MOST_RING_M),
    "speed_mps": (1.0, MOST_SPEED_MPS),
    "most_at_work": (1, MOST_AT_WORK),
    "ground_m": (LEAST_GROUND_M, MOST_GROUND_M),
}


def decide(world: World, ask: Ask, command: TrafficCommand, now: datetime) -> tuple[Fact, ...]:
    """Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case RecordIntrusion():
            return decide_record(world, ask, command, now)
        case ClearIntrusion():
            return decide_clear(world, ask, command)
        case _:
            access.require(ask, access.MAKE_TRAFFIC_AREA, "incident airspace")
    match command:
        case MakeTrafficArea():
            return _make(world, ask, command, now)
        case AmendTrafficArea():
            return _amend(world, command)
        case WithdrawTrafficArea():
            present = _standing(world, command.area_id, command.version_seen)
            if not command.reason.strip() or len(command.reason) > MAX_REASON:
                raise Malformed("reason", f"is 1 to {MAX_REASON} characters")
            return (
                TrafficAreaWithdrawn(
                    area_id=present.id,
                    incident_id=present.incident_id,
                    version=present.version + 1,
                    reason=command.reason,
                ),
            )


def _make(world: World, ask: Ask, command: MakeTrafficArea, now: datetime) -> tuple[Fact, ...]:
    incident = _incident(world, command.incident_id)
    present = standing_area(world, incident.id)
    if present is not None:
        raise Refused("EXISTS", f"{present.id} stands for this incident", field="incident_id")
    wish, rules = checked(command.wish), rules_at(now)
    area = TrafficArea(
        id=ids.derive(world.site, "FTA", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        incident_id=incident.id,
        centre=incident.position,
        rules=rules,
        call_m=rules.call_m,
        hold_m=rules.hold_m,
        working_m=rules.working_m,
        speed_mps=rules.speed_mps,
        most_at_work=rules.most_at_work,
        frequency="",
        remark="",
        ground_m=0.0,
        ground_basis=GroundBasis.INCIDENT,
        ground_unknown_share=1.0,
        made_at=now,
        made_by=ask.actor,
        made_as=ask.role or Role.DISPATCHER,
    )
    area = _laid_out(world, _grounded(_wished(area, wish), incident, wish, command.ground), incident)
    if wish.most_at_work is None and area.circuits:  # no more than the circuits hold, one behind the other
        held = sum(each.in_trail for each in area.circuits)
        area = replace(area, most_at_work=max(1, min(area.most_at_work, held)))
    return (TrafficAreaMade(area=area),)


def _amend(world: World, command: AmendTrafficArea) -> tuple[Fact, ...]:
    present = _standing(world, command.area_id, command.version_seen)
    incident = _incident(world, present.incident_id)
    wish = checked(command.wish)
    area = _wished(present, wish)
    if command.lay_out:
        area = replace(area, centre=incident.position)
    if command.lay_out or wish.ground_m is not None or area.working_m != present.working_m:
        area = _grounded(area, incident, wish, command.ground)
    if command.lay_out or area.hold_m != present.hold_m or area.working_m != present.working_m:
        area = _laid_out(world, area, incident)
    changed = tuple(
        each.name for each in fields(TrafficArea) if getattr(area, each.name) != getattr(present, each.name)
    )
    if not changed:
        raise Refused("NOTHING_CHANGED", "everything is as it was", field="area_id")
    amended = replace(area, version=present.version + 1, history=())  # the fold has the history
    return (TrafficAreaAmended(area=amended, changed=changed),)


def checked(wish: TrafficWish) -> TrafficWish:
    """The same wish. Raises Malformed, naming the field."""
    for name, (least, most) in _BOUNDS.items():
        value = getattr(wish, name)
        if value is not None and not (math.isfinite(value) and least <= value <= most):
            raise Malformed(name, f"{value:g} is not within {least:g} to {most:g}")
    for name, longest in (("frequency", MAX_FREQUENCY), ("remark", MAX_REMARK)):
        if len(getattr(wish, name) or "") > longest:
            raise Malformed(name, f"is over {longest} characters")
    return wish


def _wished(area: TrafficArea, wish: TrafficWish) -> TrafficArea:
    """With what is wished; but for the ground, which has its own rule. Raises Refused where rings are not nested."""
    said = {
        each.name: getattr(wish, each.name)
        for each in fields(TrafficWish)
        if each.name != "ground_m" and getattr(wish, each.name) is not None
    }
    area = replace(area, **said)
    if not area.working_m < area.hold_m < area.call_m:
        raise Refused("RINGS", "each ring lies within the next: working, holding, first call", field="hold_m")
    return area


def _grounded(
    area: TrafficArea, incident: Incident, wish: TrafficWish, found: GroundFound | None
) -> TrafficArea:
    """With its highest ground and the stack above it. Terrain counts only where it knows the whole ring."""
    stated = wish.ground_m
    if stated is None and area.ground_basis is GroundBasis.STATED:
        stated = area.ground_m
    unknown, highest = (1.0, None) if found is None else (found.unknown_share, found.highest_m)
    if stated is not None:
        ground_m, basis = stated, GroundBasis.STATED
    elif highest is not None and unknown == 0.0:
        ground_m, basis = highest, GroundBasis.TERRAIN
    else:
        ground_m = max(incident.elevation_m, highest if highest is not None else incident.elevation_m)
        basis = GroundBasis.INCIDENT
    return replace(
        area,
        ground_m=ground_m,
        ground_basis=basis,
        ground_unknown_share=unknown,
        obstacle_m=None if found is None else found.obstacle_m,
        layers=stack(ground_m, area.rules),
    )


def _laid_out(world: World, area: TrafficArea, incident: Incident) -> TrafficArea:
    """With entries and circuits for the taskings that go on."""
    bases: list[tuple[str, Position]] = []
    water: dict[str, tuple[str, str, Position, Position]] = {}
    for tasking in ongoing_for(world, incident.id):
        aircraft = world.aircraft.get(tasking.aircraft_id)
        start = (aircraft.at_base_id or aircraft.home_base_id) if aircraft is not None else ""
        for base_id in (tasking.base_id, start):
            base = world.bases.get(base_id)
            if base is not None:
                bases.append((base.id, base.position))
        point = world.water_points.get(tasking.water_point_id)
        if point is not None:  # the last one ordered says where its water goes
            water[point.id] = (point.id, point.name, point.position, tasking.incident_position)
    return replace(
        area,
        entries=entries(area.centre, area.hold_m, bases, area.rules.merge_deg),
        circuits=circuits(area.centre, area.working_m, list(water.values()), area.rules),
    )


def _incident(world: World, incident_id: str) -> Incident:
    incident = world.incidents.get(incident_id)
    if incident is None:
        raise Unknown("incident_id", f"no incident {incident_id}")
    if incident.site != world.site:
        raise Refused(
            "NOT_OWNER", f"incident {incident_id} belongs to site {incident.site}", field="incident_id"
        )
    if LIFECYCLE.final(incident.state):
        raise Refused("NOT_NOW", f"incident {incident_id} is {incident.state}", field="incident_id")
    if abs(incident.position.lat_deg) > MOST_LATITUDE_DEG:
        raise Refused("NEAR_POLE", f"beyond {MOST_LATITUDE_DEG:g}° of latitude", field="incident_id")
    return incident


def _standing(world: World, area_id: str, version_seen: int) -> TrafficArea:
    present = world.traffic_areas.get(area_id)
    if present is None:
        raise Unknown("area_id", f"no incident airspace {area_id}")
    access.check_version(version_seen, present.version, f"incident airspace {area_id}")
    if present.withdrawn_at is not None:
        raise Refused("NOT_NOW", f"incident airspace {area_id} was withdrawn", field="area_id")
    return present
