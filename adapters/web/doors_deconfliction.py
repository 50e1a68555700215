"""Doors of strategic deconfliction: what a planned flight meets, before ATC is asked and at ATC's desk.

Computed on a thread from one world; the picture's traffic is taken before.
"""

import math
from datetime import datetime, timedelta

from twisted.internet.threads import deferToThread

from adapters.web.lists import one
from adapters.web.table import Call, Door
from adapters.web.tracks_inside import inside
from dispatch import access
from dispatch.alternatives import alternatives
from dispatch.deconfliction import Limits, Moving, conflicts
from dispatch.errors import Forbidden
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum
from dispatch.planned_flight import SLOWEST_HOME_MPS, PlannedFlight, flights, of_tasking
from dispatch.records import Tasking
from protocols.json_deconfliction import ConflictsAnswer

MOST_TRAFFIC = 300  # nearest the take-off is not looked for: within the flight's bounds
FRESH_S = 60.0
MARGIN_DEG = 0.2


def _limits(call: Call) -> Limits:
    said = call.site.config.deconfliction
    return Limits(**{name: getattr(said, name) for name in said.__struct_fields__})


async def _of_tasking(call: Call) -> ConflictsAnswer:
    return await _told(call, one(call, "taskings", call.path["id"]))


async def _of_request(call: Call) -> ConflictsAnswer:
    request = one(call, "requests", call.path["id"])
    return await _told(call, one(call, "taskings", request.tasking_id))


async def _told(call: Call, tasking: Tasking) -> ConflictsAnswer:
    if call.who.session.role not in access.SEE_CONFLICTS:
        raise Forbidden(f"seeing what plans meet is for {', '.join(sorted(access.SEE_CONFLICTS))}")
    world, now, limits = call.site.desk.world, call.site.clock(), _limits(call)
    flight = of_tasking(world, tasking)
    if flight is None:
        return ConflictsAnswer.of(tasking.id, now, limits)
    traffic = _traffic(call, flight, now, limits)
    aircraft = world.aircraft.get(tasking.aircraft_id)
    cruise_mps = SLOWEST_HOME_MPS if aircraft is None else aircraft.cruise_mps

    def look() -> ConflictsAnswer:
        others = [each for each in flights(world) if each.tasking_id != flight.tasking_id]
        shut = call.site.shut_air.of(world)
        found = conflicts(flight, others, shut, limits, traffic)
        made = alternatives(flight, found, others, shut, limits, cruise_mps=cruise_mps, now=now)
        return ConflictsAnswer.of(flight.tasking_id, now, limits, flight, found=found, made=made)

    return await deferToThread(look)


def _traffic(call: Call, flight: PlannedFlight, now: datetime, limits: Limits) -> list[Moving]:
    """What moves near the flight's way now, if the flight is that near in time."""
    if flight.take_off_at > now + timedelta(seconds=limits.traffic_s) or flight.land_at < now:
        return []
    points = (*flight.out, *flight.home)
    lons, lats = [each.lon_deg for each in points], [each.lat_deg for each in points]
    west, east = min(lons) - MARGIN_DEG, max(lons) + MARGIN_DEG
    picture = call.site.picture
    bounds = (west, min(lats) - MARGIN_DEG, east, max(lats) + MARGIN_DEG)
    aircraft = call.site.desk.world.aircraft.get(flight.aircraft_id)
    own = "" if aircraft is None else aircraft.icao24
    found: list[Moving] = []
    for number in picture.things.number[inside(picture, bounds)[:MOST_TRAFFIC]].tolist():
        track = picture.of_number(number)
        if track is None or track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
            continue
        if (
            now.timestamp() - track.position_at_s > FRESH_S
            or track.on_ground
            or (own and track.icao24 == own)
        ):
            continue
        speed, course = track.ground_speed_mps or 0.0, math.radians(track.track_deg or 0.0)
        found.append(
            Moving(
                key=track.id,
                name=track.name or track.callsign or track.id,
                position=Position(lon_deg=track.lon_deg, lat_deg=track.lat_deg),
                east_mps=speed * math.sin(course),
                north_mps=speed * math.cos(course),
                altitude_m=track.altitude_m if track.altitude_datum is AltitudeDatum.MSL else None,
                at=now,
            )
        )
    return found


DOORS = (
    Door(
        method="GET",
        path="/airspace/<id:id>/conflicts",
        name="getAirspaceConflicts",
        text="What the planned flight of a request meets: other plans, closures, barring volumes, traffic; alternatives.",
        handler=_of_request,
        answers=ConflictsAnswer,
    ),
    Door(
        method="GET",
        path="/taskings/<id:id>/conflicts",
        name="getTaskingConflicts",
        text="What the planned flight of a tasking meets, before ATC is asked; each alternative is free of conflict.",
        handler=_of_tasking,
        answers=ConflictsAnswer,
    ),
)
