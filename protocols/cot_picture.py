"""What field clients are sent: a track, an incident, an alarm, each as a CotEvent.

A track is stale when its source's limits say so (dispatch/freshness.py), counted from its measurement, never from our
sending. Its height is given as `hae` only where it was measured from the ellipsoid; others are said in the remarks
with what they are measured from. Its `ce` is one sigma of the 95 % radius that the source states.

Incidents and alarms stand until they are over: they are sent again within their stale time, and taken back by an
event of their own. Uids are `ganying.SITE.…`: an address, a registration, an identity or an incident as it is; keys
that would name a person's account, phone number or device (phone:, jt808:, report:, cot: …) as a digest.
"""

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import quote

from dispatch.freshness import LIMITS
from dispatch.kinds import AltitudeDatum, Doubt, SourceKind, ThingKind
from dispatch.records import Incident, Tasking
from dispatch.tracks import Track
from protocols import cot_types, cot_words
from protocols.cot_event import Aircraft, CotEvent, Detail, Link
from protocols.cot_sighting import SIGMAS_95

OUR_UIDS = "ganying."  # begins every uid of ours, at every site
STANDING_S = 300.0  # an incident or alarm not sent again for so long is stale: the line is down
ALARM_SUFFIX = "-9-1-1"  # as ATAK's own alarms
DELETE_VALID_S = 60.0
_MACHINE, _SIMULATED = "m-g", "m-s"  # CoT's how: from a satellite receiver or the like; simulated
_OPEN_SCHEMES = frozenset(("icao24", "registration", "radar", "track"))  # of keys that name no person
_DIGEST_BYTES = 8
# ARGB of a warning's four levels (国家突发公共事件总体应急预案 §3.1.1): red, orange, yellow, blue
_COLOURS = {1: -65536, 2: -35072, 3: -256, 4: -16776961}
_ROTOR, _UNMANNED = "A7", "B6"  # emitter categories, RTCA DO-260B §2.2.3.2.5.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Something that holds until it is taken back. `version` tells whether it has changed."""

    event: CotEvent
    over: CotEvent
    version: tuple[object, ...]


def uid_of_track(track_id: str, *, site: str, salt: bytes) -> str:
    """Our uid of a track. `salt` is the run's own secret: a digest without it could be guessed from a list of names."""
    scheme, colon, value = track_id.partition(":")
    if not colon:
        return f"{OUR_UIDS}{site}.{quote(track_id, safe='')}"  # an identity
    if scheme in _OPEN_SCHEMES:
        return f"{OUR_UIDS}{site}.{scheme}-{quote(value, safe='')}"
    digest = hashlib.blake2b(track_id.encode(), digest_size=_DIGEST_BYTES, key=salt).hexdigest()
    return f"{OUR_UIDS}{site}.{scheme}-{digest}"


def track_event(
    track: Track, *, uid: str, ours: bool, tasking: Tasking | None = None, now: float
) -> CotEvent | None:
    """A track with a position that is still good at `now`; None for others."""
    if track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
        return None
    stale_s = track.position_at_s + LIMITS[track.source_kind].stale_s
    if stale_s <= now:
        return None
    kind = thing_of(track)
    on_ellipsoid = track.altitude_datum is AltitudeDatum.ELLIPSOID
    return CotEvent(
        uid=uid,
        type=cot_types.type_of(kind, ours=ours),
        how=_SIMULATED if track.simulated else _MACHINE,
        made_s=track.position_at_s,
        start_s=track.position_at_s,
        stale_s=stale_s,
        lat_deg=round(track.lat_deg, 7),
        lon_deg=round(track.lon_deg, 7),
        hae_m=track.altitude_m if on_ellipsoid else None,
        circular_error_m=None if track.accuracy_m is None else track.accuracy_m / SIGMAS_95,
        detail=Detail(
            callsign=name_of(track, uid=uid, ours=ours),
            speed_mps=track.ground_speed_mps,
            course_deg=track.track_deg,
            remarks="；".join(_remarks(track, tasking)),
            aircraft=Aircraft(
                icao24=track.icao24,
                registration=track.registration or "",
                flight=track.callsign or "",
                squawk=track.squawk or "",
                category=track.emitter_category or "",
            )
            if track.icao24
            else None,
        ),
    )


def thing_of(track: Track) -> ThingKind | None:
    """What a track is: as said, else by its emitter category; with an address alone, some aircraft."""
    if track.thing_kind is not None:
        return track.thing_kind
    category = track.emitter_category or ""
    if category == _ROTOR:
        return ThingKind.HELICOPTER
    if category == _UNMANNED:
        return ThingKind.UAV
    if category in ("A1", "A2", "A3", "A4", "A5", "A6"):
        return ThingKind.AIRPLANE
    if category in ("C1", "C2"):
        return ThingKind.VEHICLE
    return ThingKind.OTHER_AIRCRAFT if track.icao24 else None


def name_of(track: Track, *, uid: str, ours: bool) -> str:
    """How a track is called: our own by their name, others by call sign. Never by an account or a phone number."""
    name = track.name if track.name and not _names_a_person(track, track.name) else None
    words = (name, track.callsign) if ours else (track.callsign, name)
    found = next((word for word in (*words, track.registration, track.icao24) if word), None)
    if found is None:
        kind = thing_of(track)
        found = f"{cot_words.THINGS[kind] if kind else '目标'} {uid[-4:]}"
    return f"{cot_words.SIMULATED} {found}" if track.simulated else found


def _names_a_person(track: Track, name: str) -> bool:
    """Whether a name is, or holds, what a private key stands for; phones have people's names."""
    if track.source_kind is SourceKind.PHONE:
        return True
    values = (key.partition(":") for key in track.keys)
    return any(scheme in ("phone", "jt808") and value in name for scheme, _, value in values)


def _remarks(track: Track, tasking: Tasking | None) -> list[str]:
    said = [cot_words.SIMULATED_NOTE] if track.simulated else []
    if track.emergency is not None:
        said.append(f"紧急 {cot_words.EMERGENCIES[track.emergency]}")
    if tasking is not None:
        state = cot_words.TASKING_STATES[tasking.state]
        said.append(f"任务 {tasking.number} {tasking.incident_title} {state}")
    if track.altitude_m is not None and track.altitude_datum is not None:
        said.append(f"{cot_words.HEIGHTS[track.altitude_datum]} {track.altitude_m:.0f} m")
    if track.doubts:
        doubts = (cot_words.DOUBTS[doubt] for doubt in Doubt if doubt in track.doubts)
        said.append(f"存疑 {'、'.join(doubts)}")
    return said


def alarm_of(track: Track, event: CotEvent, now: float) -> Standing | None:
    """The alarm of a track in distress, whose own event is `event`."""
    if track.emergency is None:
        return None
    uid = event.uid + ALARM_SUFFIX
    word = cot_words.EMERGENCIES[track.emergency]
    detail = Detail(
        callsign=f"{event.detail.callsign} {word}",
        emergency=f"{cot_words.SIMULATED} {word}" if track.simulated else word,
        links=(Link(uid=event.uid, type=event.type, relation="p-p"),),
        remarks=event.detail.remarks,
    )
    alarm = _standing(event, uid, "b-a-o-tbl", detail, now)
    over = _standing(
        event, uid, "b-a-o-can", Detail(callsign=event.detail.callsign, emergency_over=True), now
    )
    return Standing(event=alarm, over=over, version=(track.emergency, track.simulated))


def _standing(place: CotEvent, uid: str, code: str, detail: Detail, now: float) -> CotEvent:
    return CotEvent(
        uid=uid,
        type=code,
        how=place.how,
        made_s=now,
        start_s=now,
        stale_s=now + STANDING_S,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        hae_m=place.hae_m,
        circular_error_m=place.circular_error_m,
        detail=detail,
    )


def incident_of(incident: Incident, *, site: str, now: float) -> Standing:
    """An open incident as a spot on the map, coloured by its level."""
    uid = f"{OUR_UIDS}{site}.{quote(incident.id, safe='')}"
    colour = _COLOURS.get(incident.level)
    said = [cot_words.SIMULATED_NOTE] if incident.simulated else []
    said += [
        cot_words.INCIDENT_KINDS[incident.kind],
        cot_words.LEVELS.get(incident.level, f"{incident.level}级"),
        cot_words.INCIDENT_STATES[incident.state],
    ]
    if incident.place:
        said.append(incident.place)
    if incident.life_at_risk:
        said.append("有人员受困")
    title = incident.title or cot_words.INCIDENT_KINDS[incident.kind]
    marker = CotEvent(
        uid=uid,
        type=cot_types.MARKER,
        how=_SIMULATED if incident.simulated else _MACHINE,
        made_s=now,
        start_s=incident.reported_at.timestamp(),
        stale_s=now + STANDING_S,
        lat_deg=incident.position.lat_deg,
        lon_deg=incident.position.lon_deg,
        detail=Detail(
            callsign=f"{cot_words.SIMULATED} {title}" if incident.simulated else title,
            remarks="；".join(said),
            colour=colour,
            icon=f"COT_MAPPING_SPOTMAP/{cot_types.MARKER}/{colour}" if colour is not None else "",
        ),
    )
    return Standing(event=marker, over=_deleted(marker, now), version=(incident.version,))


def renewed(event: CotEvent, now: float, valid_s: float = DELETE_VALID_S) -> CotEvent:
    """An event made earlier, as of now: receivers throw away what is stale, words of taking back included."""
    return replace(event, made_s=now, start_s=now, stale_s=now + valid_s)


def _deleted(marker: CotEvent, now: float) -> CotEvent:
    """What takes a marker off the map: the uid to delete is in the link."""
    return CotEvent(
        uid=f"{marker.uid}.over",
        type=cot_types.DELETE,
        how=_MACHINE,
        made_s=now,
        start_s=now,
        stale_s=now + DELETE_VALID_S,
        lat_deg=marker.lat_deg,
        lon_deg=marker.lon_deg,
        detail=Detail(
            links=(Link(uid=marker.uid, type=marker.type, relation="p-p"),),
            force_delete=True,
        ),
    )
