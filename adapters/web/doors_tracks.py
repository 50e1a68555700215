"""Doors of the live picture: tracks as GeoJSON, what each source says of one, alerts going on now."""

from collections.abc import Iterator
from datetime import UTC, datetime

from twisted.internet.task import coiterate

from adapters.web.site import Site
from adapters.web.table import Call, Door
from dispatch.alerts import Alert
from dispatch.errors import Unknown
from dispatch.freshness import freshness
from dispatch.gate import Indices
from dispatch.kinds import SourceKind
from dispatch.tracks import SourceTrack, Track
from dispatch.views import NO_OPERATIONS
from protocols.json_answers import (
    AlertAnswer,
    Page,
    Point,
    SourceTrackAnswer,
    TrackCollection,
    TrackFeature,
    TrackProperties,
)
from protocols.json_doors import PageQuery, TrackIdQuery, TrackQuery

SLICE_TRACKS = 50  # made between two turns of the reactor's cooperator, about a millisecond


def _feature(track: Track, now_s: float) -> TrackFeature | None:
    if track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
        return None
    age_s = max(0.0, now_s - track.position_at_s)
    return TrackFeature(
        id=track.id,
        geometry=Point(coordinates=(round(track.lon_deg, 7), round(track.lat_deg, 7))),
        properties=TrackProperties(
            icao24=track.icao24,
            keys=list(track.keys),
            callsign=track.callsign or "",
            registration=track.registration or "",
            name=track.name or "",
            thing_kind=track.thing_kind,
            age_s=round(age_s, 3),
            freshness=freshness(age_s, track.source_kind).value,
            source=track.source,
            source_kind=track.source_kind.value,
            sources=track.sources,
            accuracy_m=track.accuracy_m,
            altitude_m=track.altitude_m,
            altitude_datum=track.altitude_datum,
            ground_speed_mps=track.ground_speed_mps,
            track_deg=track.track_deg,
            vertical_rate_mps=track.vertical_rate_mps,
            squawk=track.squawk or "",
            emergency=track.emergency,
            on_ground=bool(track.on_ground),
            simulated=track.simulated,
            doubts=sorted(doubt.value for doubt in track.doubts),
            site=track.source if track.source_kind is SourceKind.PARTNER else "",
        ),
    )


def _inside(site: Site, bounds: tuple[float, float, float, float] | None) -> Indices:
    """Places in `things` of those inside the bounds."""
    picture = site.picture
    slots = picture.changed(0).slots
    if bounds is None:
        return slots
    west, south, east, north = bounds
    best = picture.things.best_row[slots]
    lon, lat = picture.rows.lon_deg[best], picture.rows.lat_deg[best]
    across = (west <= lon) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
    return slots[across & (south <= lat) & (lat <= north)]


async def _tracks(call: Call) -> TrackCollection:
    site, now = call.site, call.site.clock()
    features: list[TrackFeature] = []
    if call.who.session.role in NO_OPERATIONS:
        return TrackCollection(features=features, at=now, more=False)
    slots = _inside(site, call.query.bounds())
    numbers = site.picture.things.number[slots].tolist()

    def make() -> Iterator[None]:
        for start in range(0, min(len(numbers), call.query.limit), SLICE_TRACKS):
            for number in numbers[start : min(start + SLICE_TRACKS, call.query.limit)]:
                track = site.picture.of_number(number)  # it may be gone since
                feature = None if track is None else _feature(track, now.timestamp())
                if feature is not None:
                    features.append(feature)
            yield

    await coiterate(make())
    return TrackCollection(features=features, at=now, more=len(numbers) > call.query.limit)


async def _track_sources(call: Call) -> Page[SourceTrackAnswer]:
    said = call.site.picture.sources_of(call.query.id)
    if not said or call.who.session.role in NO_OPERATIONS:
        raise Unknown("id", f"nothing is followed as {call.query.id[:80]!r}")
    now_s = call.site.clock().timestamp()
    return Page(items=[_said(each, now_s) for each in said], next=None)


def _said(said: SourceTrack, now_s: float) -> SourceTrackAnswer:
    at_s = said.position_at_s
    return SourceTrackAnswer(
        source=said.source,
        source_kind=said.source_kind.value,
        key=said.key,
        heard_age_s=max(0.0, round(now_s - said.heard_at_s, 3)),
        position_age_s=None if at_s is None else max(0.0, round(now_s - at_s, 3)),
        position=None
        if said.lon_deg is None or said.lat_deg is None
        else Point(coordinates=(round(said.lon_deg, 7), round(said.lat_deg, 7))),
        accuracy_m=said.accuracy_m,
        altitude_m=said.altitude_m,
        altitude_datum=said.altitude_datum,
        chosen=said.chosen,
    )


async def _alerts(call: Call) -> Page[AlertAnswer]:
    shown = call.who.session.role not in NO_OPERATIONS
    alerts = sorted(call.site.watch.present(), key=lambda alert: alert.id) if shown else []
    after = [alert for alert in alerts if alert.id > call.query.cursor]
    page = after[: call.query.limit]
    return Page(items=[_alert(alert) for alert in page], next=page[-1].id if len(after) > len(page) else None)


def _alert(alert: Alert) -> AlertAnswer:
    return AlertAnswer(
        id=alert.id,
        kind=alert.kind.value,
        severity=alert.severity,
        code=alert.code,
        track_ids=list(alert.track_ids),
        source=alert.source,
        began_at=datetime.fromtimestamp(alert.began_at_s, UTC),
        figures=dict(alert.figures),
    )


DOORS = (
    Door(
        method="GET",
        path="/tracks",
        name="listTracks",
        text="Everything that is followed and has a position, as GeoJSON, with age, sources and doubts; "
        "`bbox` = west,south,east,north. `more`: there are more than `limit`.",
        handler=_tracks,
        query=TrackQuery,
        answers=TrackCollection,
    ),
    Door(
        method="GET",
        path="/tracks/sources",
        name="listTrackSources",
        text="What each source says of one thing now, the chosen one first; `id` is its identity or any of its keys.",
        handler=_track_sources,
        query=TrackIdQuery,
        answers=Page[SourceTrackAnswer],
        statuses=(404,),
    ),
    Door(
        method="GET",
        path="/alerts",
        name="listAlerts",
        text="Alerts of the picture going on now. Each is an aid and replaces no control.",
        handler=_alerts,
        query=PageQuery,
        answers=Page[AlertAnswer],
    ),
)
