"""Drones in the airspace of an incident (无人机闯入): recorded by whoever hears of one, open until confirmed gone.

While one is open the incident's airspace is shown as suspended to everybody. It stops nobody: control aircraft, pilots
and ATC are told by people (DOMAIN §3).
"""

import math
from datetime import datetime, timedelta

from dispatch import access, ids
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.geo import distance_m
from dispatch.incident import LIFECYCLE
from dispatch.traffic_area_commands import ClearIntrusion, RecordIntrusion
from dispatch.traffic_area_facts import IntrusionCleared, IntrusionRecorded
from dispatch.traffic_area_records import Intrusion
from dispatch.world import World

MAX_NAME, MAX_NOTE, MAX_REASON, MAX_TRACK = 120, 500, 500, 80
LEAST_HEIGHT_M, MOST_HEIGHT_M = -500.0, 20_000.0
OLDEST = timedelta(hours=24)
AHEAD = timedelta(minutes=1)  # two clocks
MOST_AWAY_M = 100_000.0  # from the incident: further off it is another place
MOST_OPEN = 50  # of one incident
_TEXTS = (("seen_by", MAX_NAME), ("operator", MAX_NAME), ("track_id", MAX_TRACK), ("note", MAX_NOTE))


def decide_record(world: World, ask: Ask, command: RecordIntrusion, now: datetime) -> tuple[Fact, ...]:
    """A new one. Raises Malformed, Forbidden, Unknown or Refused."""
    access.require(ask, access.RECORD_INTRUSION, "recording a drone")
    incident = world.incidents.get(command.incident_id)
    if incident is None:
        raise Unknown("incident_id", f"no incident {command.incident_id}")
    if incident.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {incident.site}", field="incident_id")
    if LIFECYCLE.final(incident.state):
        raise Refused("NOT_NOW", f"incident {incident.id} is {incident.state}", field="incident_id")
    _check(command, now)
    if distance_m(incident.position, command.position) > MOST_AWAY_M:
        raise Refused("FAR_AWAY", "this is not where the incident is", field="position")
    going_on = [
        each
        for each in world.intrusions.values()
        if each.incident_id == incident.id and each.cleared_at is None
    ]
    if command.track_id and any(each.track_id == command.track_id for each in going_on):
        raise Refused("EXISTS", "this track is recorded already and not yet gone", field="track_id")
    if len(going_on) >= MOST_OPEN:
        raise Refused("TOO_MANY", f"{len(going_on)} are open for this incident", field="incident_id")
    return (
        IntrusionRecorded(
            intrusion=Intrusion(
                id=ids.derive(world.site, "UAV", f"{ask.actor}\0{ask.command_id}"),
                site=world.site,
                incident_id=incident.id,
                seen_at=command.seen_at,
                position=command.position,
                height_m=command.height_m,
                height_datum=command.height_datum,
                heading_deg=command.heading_deg,
                operator=command.operator,
                seen_by=command.seen_by,
                track_id=command.track_id,
                note=command.note,
                recorded_at=now,
                recorded_by=ask.actor,
            )
        ),
    )


def _check(command: RecordIntrusion, now: datetime) -> None:
    for name, longest in _TEXTS:
        if len(getattr(command, name)) > longest:
            raise Malformed(name, f"is over {longest} characters")
    if not command.seen_by.strip():
        raise Malformed("seen_by", "is empty")
    if (command.height_m is None) != (command.height_datum is None):
        raise Refused("HEIGHT", "a height and what it is measured from come together", field="height_datum")
    if command.height_m is not None and not LEAST_HEIGHT_M <= command.height_m <= MOST_HEIGHT_M:
        raise Malformed("height_m", f"is not within {LEAST_HEIGHT_M:g} to {MOST_HEIGHT_M:g}")
    heading = command.heading_deg
    if heading is not None and not (math.isfinite(heading) and 0.0 <= heading <= 360.0):
        raise Malformed("heading_deg", "is not within 0 to 360")
    if command.seen_at > now + AHEAD or command.seen_at < now - OLDEST:
        raise Refused("TIMES", "seen in the future, or over 24 h ago", field="seen_at")


def decide_clear(world: World, ask: Ask, command: ClearIntrusion) -> tuple[Fact, ...]:
    """Confirmed gone. Raises Malformed, Forbidden, Unknown or Refused."""
    access.require(ask, access.CLEAR_INTRUSION, "confirming that a drone is gone")
    present = world.intrusions.get(command.intrusion_id)
    if present is None:
        raise Unknown("intrusion_id", f"no intrusion {command.intrusion_id}")
    access.check_version(command.version_seen, present.version, f"intrusion {present.id}")
    if present.cleared_at is not None:
        raise Refused("NOT_NOW", "it is gone already", field="intrusion_id")
    if not command.reason.strip() or len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"is 1 to {MAX_REASON} characters")
    return (
        IntrusionCleared(
            intrusion_id=present.id,
            incident_id=present.incident_id,
            version=present.version + 1,
            reason=command.reason,
        ),
    )
