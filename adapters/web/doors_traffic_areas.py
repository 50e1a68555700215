"""Doors of incident airspace (现场交通区) and of drones in it: made, seen as it is now, amended, withdrawn."""

import math
from typing import Any

import numpy as np
from twisted.internet.threads import deferToThread

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door
from adapters.web.tracks_inside import inside
from dispatch import access
from dispatch.errors import Forbidden
from dispatch.geo import Position
from dispatch.kinds import ThingKind
from dispatch.terrain_path import highest_within
from dispatch.traffic_area_approved import approved
from dispatch.traffic_area_clearance import CircuitHazard, hazards
from dispatch.traffic_area_commands import GroundFound
from dispatch.traffic_area_facts import IntrusionRecorded, TrafficAreaMade
from dispatch.traffic_area_lines import MOST_LATITUDE_DEG, ring
from dispatch.traffic_area_records import Intrusion, TrafficArea
from dispatch.traffic_area_rows import rules_at
from dispatch.traffic_area_watch import (
    Seen,
    TrafficAreaNow,
    in_control,
    occupied,
    open_intrusions,
    out_of_date,
    stands,
)
from protocols.json_answers import Page
from protocols.json_traffic_areas import (
    IntrusionClearance,
    IntrusionDraft,
    TrafficAreaAmendment,
    TrafficAreaDraft,
    TrafficAreaQuery,
    TrafficAreaWithdrawal,
)

OLDEST_S = 30.0  # a track that was placed longer ago is in no zone any more
DEGREE_M = 111_195.0
NEARLY = 1.1  # the plane this is looked at on is off by less
ON_GROUND = frozenset({ThingKind.VEHICLE, ThingKind.TEAM, ThingKind.VESSEL, ThingKind.OBSTACLE})


async def _list(call: Call) -> Any:
    query: TrafficAreaQuery = call.query
    world = call.site.desk.world
    found = (
        each
        for each in shown(call, "traffic_areas")
        if (query.over or stands(world, each))
        and (not query.incident_id or each.incident_id == query.incident_id)
    )
    return page(found, lambda each: newest_first(each.made_at, each.id), query)


async def _one(call: Call) -> TrafficAreaNow:
    area: TrafficArea = one(call, "traffic_areas", call.path["id"])
    world = call.site.desk.world
    intrusions = open_intrusions(world, area.incident_id)
    counts = stands(world, area)
    return TrafficAreaNow(
        area=area,
        stands=counts,
        suspended=counts and bool(intrusions),
        intrusions=intrusions,
        approved=approved(world, area, call.site.clock()),
        in_control=in_control(world, area.incident_id),
        occupied=occupied(area, _seen(call, area)) if counts else (),
        out_of_date=out_of_date(world, area),
        circuit_hazards=await _hazards(call, area),
    )


async def _hazards(call: Call, area: TrafficArea) -> tuple[CircuitHazard, ...]:
    """What stands beside and under its circuits; looked up on a thread."""
    keeper, known = call.site.terrain, call.site.desk.world.obstacles
    if keeper is None or not area.circuits:
        return ()
    return await deferToThread(lambda: hazards(area, keeper.terrain, keeper.obstacles(known)))


def _seen(call: Call, area: TrafficArea) -> list[Seen]:
    """What is in the air in or beside the zones, of the live picture."""
    picture, now_s = call.site.picture, call.site.clock().timestamp()
    slots = inside(picture, None) if area.circuits else np.zeros(0, np.int64)
    best = picture.things.best_row[slots]
    slots, best = slots[best >= 0], best[best >= 0]
    lon, lat = picture.rows.lon_deg[best], picture.rows.lat_deg[best]
    squeeze = math.cos(math.radians(area.centre.lat_deg))
    near = np.zeros(len(slots), bool)
    for circuit in area.circuits:
        for zone in (circuit.dip, circuit.drop):
            east = (lon - zone.centre.lon_deg + 540.0) % 360.0 - 180.0
            away = np.hypot(east * squeeze, lat - zone.centre.lat_deg) * DEGREE_M
            near |= away <= zone.radius_m * NEARLY
    found = []
    for track in map(picture.track_at, slots[near].tolist()):
        if track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
            continue
        if track.on_ground or track.thing_kind in ON_GROUND or now_s - track.position_at_s > OLDEST_S:
            continue
        name = track.name or track.callsign or track.registration or track.id
        at = Position(lon_deg=track.lon_deg, lat_deg=track.lat_deg)
        found.append(Seen(track_id=track.id, name=name.strip(), position=at))
    return found


async def _ground(call: Call, centre: Position, working_m: float) -> GroundFound | None:
    """The highest ground and obstacle in a working ring; looked up on a thread. None: no fit terrain here."""
    keeper, known = call.site.terrain, call.site.desk.world.obstacles
    if keeper is None or not keeper.terrain.has_fit or abs(centre.lat_deg) > MOST_LATITUDE_DEG:
        return None

    def look() -> GroundFound:
        found = highest_within(keeper.terrain, keeper.obstacles(known), ring(centre, working_m))
        return GroundFound(
            highest_m=found.highest_m,
            unknown_share=found.unknown_share,
            obstacle_m=None if found.obstacle is None else found.obstacle.top_m,
        )

    return await deferToThread(look)


def _check_maker(call: Call) -> None:
    """Before anything is looked up for it."""
    if call.who.session.role not in access.MAKE_TRAFFIC_AREA:
        raise Forbidden("incident airspace is for the desk and observers")


async def _make(call: Call) -> TrafficArea:
    _check_maker(call)
    body: TrafficAreaDraft = call.body
    incident = one(call, "incidents", body.incident_id)
    working_m = body.working_m or rules_at(call.site.clock()).working_m
    command = body.command(await _ground(call, incident.position, working_m))
    answer = await call.site.desk.ask(call.ask(command))
    made = next(r.fact.area for r in answer.recorded if isinstance(r.fact, TrafficAreaMade))
    return call.site.desk.world.traffic_areas.get(made.id, made)


async def _amend(call: Call) -> Any:
    _check_maker(call)
    body: TrafficAreaAmendment = call.body
    area: TrafficArea = one(call, "traffic_areas", call.path["id"])
    incident = call.site.desk.world.incidents.get(area.incident_id)
    centre = incident.position if body.lay_out and incident is not None else area.centre
    command = body.command(area.id, await _ground(call, centre, body.working_m or area.working_m))
    await call.site.desk.ask(call.ask(command))
    return one(call, "traffic_areas", area.id)


async def _withdraw(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "traffic_areas", call.path["id"])


async def _intrusions(call: Call) -> Any:
    query: TrafficAreaQuery = call.query
    found = (
        each
        for each in shown(call, "intrusions")
        if (query.over or each.cleared_at is None)
        and (not query.incident_id or each.incident_id == query.incident_id)
    )
    return page(found, lambda each: newest_first(each.recorded_at, each.id), query)


async def _record(call: Call) -> Intrusion:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made = next(r.fact.intrusion for r in answer.recorded if isinstance(r.fact, IntrusionRecorded))
    return call.site.desk.world.intrusions.get(made.id, made)


async def _clear(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "intrusions", call.path["id"])


DOORS = (
    Door(
        method="GET",
        path="/traffic-areas",
        name="listTrafficAreas",
        text="Incident airspace of the caller's incidents, newest first; `over` adds what counts no more.",
        handler=_list,
        query=TrafficAreaQuery,
        answers=Page[TrafficArea],
    ),
    Door(
        method="POST",
        path="/traffic-areas",
        name="makeTrafficArea",
        text="Make the incident airspace of an incident from the dated rule, the ground and its ongoing taskings.",
        handler=_make,
        takes=TrafficAreaDraft,
        answers=TrafficArea,
        status=201,
    ),
    Door(
        method="GET",
        path="/traffic-areas/<id:id>",
        name="getTrafficArea",
        text="One with what changes by itself: what of it ATC has granted now and which layers that leaves, who is in control, who is in which dip or drop zone, whether it is suspended, what it was not made for.",
        handler=_one,
        answers=TrafficAreaNow,
    ),
    Door(
        method="POST",
        path="/traffic-areas/<id:id>/amend",
        name="amendTrafficArea",
        text="Change what is named; `lay_out` makes entries and circuits anew.",
        handler=_amend,
        takes=TrafficAreaAmendment,
        answers=TrafficArea,
    ),
    Door(
        method="POST",
        path="/traffic-areas/<id:id>/withdraw",
        name="withdrawTrafficArea",
        text="It counts no more, with a reason.",
        handler=_withdraw,
        takes=TrafficAreaWithdrawal,
        answers=TrafficArea,
    ),
    Door(
        method="GET",
        path="/intrusions",
        name="listIntrusions",
        text="Drones seen in incident airspace, newest first; `over` adds those that are gone.",
        handler=_intrusions,
        query=TrafficAreaQuery,
        answers=Page[Intrusion],
    ),
    Door(
        method="POST",
        path="/intrusions",
        name="recordIntrusion",
        text="A drone was seen: the airspace of its incident is suspended until it is confirmed gone.",
        handler=_record,
        takes=IntrusionDraft,
        answers=Intrusion,
        status=201,
    ),
    Door(
        method="POST",
        path="/intrusions/<id:id>/clear",
        name="clearIntrusion",
        text="It is confirmed gone, and how that is known.",
        handler=_clear,
        takes=IntrusionClearance,
        answers=Intrusion,
    ),
)
