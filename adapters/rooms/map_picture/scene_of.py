"""What the map of a consultation shows now: out of the world and the picture, without drawing anything.

Tracks that a partner gave are left out: whom they may be shown to is the partner's say, and who sits in the conference
is not known here.
"""

import math
from datetime import datetime
from typing import Any

import numpy as np

from adapters.rooms.map_picture.scene import STEPS_KM, Aircraft, Mark, Place, Scene, Spot
from dispatch.freshness import freshness
from dispatch.geo import Position, distance_m
from dispatch.kinds import AltitudeDatum, SourceKind, TaskingState, ThingKind
from dispatch.papers.words import BEIJING
from dispatch.picture import TrackPicture
from dispatch.records import Incident, Tasking
from dispatch.room_records import Room, RoomEntry, place
from dispatch.tracks import Track
from dispatch.world import World

MOST_AIRCRAFT = 60  # the nearest
MOST_MARKS = 300  # the newest
MARGIN = 1.2
_OVER = frozenset({TaskingState.DRAFT, TaskingState.ENDED, TaskingState.SETTLED, TaskingState.ARCHIVED})
_HEIGHT = {
    AltitudeDatum.MSL: "海拔",
    AltitudeDatum.AGL: "离地",
    AltitudeDatum.PRESSURE: "气压",
    AltitudeDatum.ELLIPSOID: "椭球",
}
_ON_THE_GROUND = frozenset({ThingKind.VEHICLE, ThingKind.TEAM, ThingKind.VESSEL, ThingKind.OBSTACLE})
_PROVINCES = {
    "33": "浙江",
    "34": "安徽",
    "35": "福建",
    "36": "江西",
    "42": "湖北",
    "43": "湖南",
    "44": "广东",
}
_SIGN = {
    "forest_fire": "火",
    "wildland_fire": "火",
    "building_fire": "火",
    "flood": "水",
    "earthquake": "震",
    "landslide": "坡",
    "hazmat": "危",
    "mine": "矿",
    "tailings_dam": "坝",
    "transport": "交",
    "medical": "医",
    "missing_person": "寻",
    "public_safety": "安",
}


class Drawn:
    """What was drawn in one room: looked for among all entries only when there is another."""

    def __init__(self, room_id: str) -> None:
        self._room_id = room_id
        self._entries: Any = None
        self._found: tuple[RoomEntry, ...] = ()

    def of(self, world: World) -> tuple[RoomEntry, ...]:
        """The marks that are not taken back, oldest first; the newest MOST_MARKS."""
        if self._entries is not world.room_entries:
            self._entries = world.room_entries
            found = [
                each
                for each in world.room_entries.values()
                if each.stroke is not None and each.room_id == self._room_id and each.undone_at is None
            ]
            self._found = tuple(sorted(found, key=place)[-MOST_MARKS:])
        return self._found


def scene_of(
    world: World,
    picture: TrackPicture,
    room: Room,
    now: datetime,
    *,
    drawn: tuple[RoomEntry, ...],
    site_name: str,
    demonstration: bool,
) -> Scene | None:
    """None where its incident is not known here."""
    incident = world.incidents.get(room.incident_id)
    if incident is None:
        return None
    marks = _marks(world, room, drawn, now)
    taskings = [
        each
        for each in world.taskings.values()
        if each.incident_id == incident.id and each.site == world.site and each.state not in _OVER
    ]
    centre = (incident.position.lon_deg, incident.position.lat_deg)
    tasked = _tasked(world, picture, taskings, now.timestamp())
    half_km = _half_km(
        centre, [*(at for each in marks for at in each.points), *(a.at for a in tasked.values())]
    )
    others, more = _others(picture, centre, half_km, set(tasked), now.timestamp())
    return Scene(
        title=f"{room.title} · 态势图",
        site=f"{site_name}（{world.site}）",
        at=f"{now + BEIJING:%Y-%m-%d %H:%M:%S}",
        incident=_named(incident),
        sign=_SIGN.get(str(incident.kind), "险"),
        centre=centre,
        half_km=half_km,
        simulated=room.simulated or incident.simulated or demonstration,
        aircraft=(*tasked.values(), *others),
        marks=marks,
        bases=tuple(
            Spot(at=(each.position.lon_deg, each.position.lat_deg), name=each.name)
            for each in world.bases.values()
            if _km(centre, (each.position.lon_deg, each.position.lat_deg)) < 2 * half_km
        ),
        more=more,
    )


def _named(incident: Incident) -> str:
    level = {1: "Ⅰ", 2: "Ⅱ", 3: "Ⅲ", 4: "Ⅳ"}.get(incident.level, "")
    return f"{incident.title or incident.place}（{level}级）"[:40]


def _marks(world: World, room: Room, drawn: tuple[RoomEntry, ...], now: datetime) -> tuple[Mark, ...]:
    partners = [each for each in room.sites if each != world.site]
    return tuple(
        Mark(
            kind=str(each.stroke.kind),
            points=tuple((at.lon_deg, at.lat_deg) for at in each.stroke.points),
            text=each.stroke.text,
            symbol=str(each.stroke.symbol or ""),
            hue=1 + partners.index(each.site) if each.site in partners else 0,
            whose="" if each.site == world.site else _province(each.site),
        )
        for each in drawn
        if each.stroke is not None and (each.stroke.valid_until is None or now < each.stroke.valid_until)
    )


def _province(site: str) -> str:
    return _PROVINCES.get(site[:2], site[:2]) + site[2:]


def _tasked(
    world: World, picture: TrackPicture, taskings: list[Tasking], now_s: float
) -> dict[str, Aircraft]:
    """By track."""
    made = {}
    for each in taskings:
        track = picture.of_icao24(each.aircraft_icao24) if each.aircraft_icao24 else None
        track = track or picture.get(f"registration:{each.aircraft_id}")
        craft = world.aircraft.get(each.aircraft_id)
        if track is not None:
            name = each.aircraft_id if craft is None else f"{craft.name} {craft.id}"
            shown = _aircraft(track, now_s, name=name)
            if shown is not None:
                made[track.id] = shown
    return made


def _others(
    picture: TrackPicture, centre: Place, half_km: float, known: set[str], now_s: float
) -> tuple[list[Aircraft], int]:
    """The nearest to the incident in the picture, and how many more there are."""
    things, rows = picture.things, picture.rows
    slots = np.flatnonzero(things.alive & (things.best_row >= 0))
    best = things.best_row[slots]
    shrink = math.cos(math.radians(centre[1]))
    away_km = 111.2 * np.hypot((rows.lon_deg[best] - centre[0]) * shrink, rows.lat_deg[best] - centre[1])
    near = slots[away_km < 1.6 * half_km]
    order = np.argsort(away_km[away_km < 1.6 * half_km])
    made: list[Aircraft] = []
    for slot in near[order][: MOST_AIRCRAFT + len(known)].tolist():
        track = picture.track_at(slot)
        if track.id in known or track.source_kind is SourceKind.PARTNER or track.on_ground:
            continue
        if track.thing_kind in _ON_THE_GROUND:
            continue
        shown = _aircraft(track, now_s)
        if shown is not None and shown.freshness != "lost":
            made.append(shown)
    return made, max(0, len(near) - MOST_AIRCRAFT - len(known))


def _aircraft(track: Track, now_s: float, name: str = "") -> Aircraft | None:
    if track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
        return None
    age_s = max(0.0, now_s - track.position_at_s)
    return Aircraft(
        at=(track.lon_deg, track.lat_deg),
        name=(name or track.name or track.callsign or track.registration or track.icao24 or track.id)[:24],
        track_deg=track.track_deg,
        altitude_m=track.altitude_m,
        above="" if track.altitude_datum is None else _HEIGHT[track.altitude_datum],
        speed_kmh=None if track.ground_speed_mps is None else track.ground_speed_mps * 3.6,
        age_s=round(age_s),
        freshness=str(freshness(age_s, track.source_kind)),
        tasked=bool(name),
        simulated=track.simulated,
    )


def _km(a: Place, b: Place) -> float:
    return distance_m(Position(lon_deg=a[0], lat_deg=a[1]), Position(lon_deg=b[0], lat_deg=b[1])) / 1000


def _half_km(centre: Place, places: Any) -> float:
    """The smallest step that shows all of it, as far as there is one."""
    far = max((_km(centre, each) for each in places), default=0.0) * MARGIN
    return next((each for each in STEPS_KM if far <= each), STEPS_KM[-1])
