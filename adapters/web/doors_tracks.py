"""Doors of the live picture: tracks as GeoJSON, what each source says of one."""

from collections.abc import Iterator

from twisted.internet.task import coiterate
from twisted.internet.threads import deferToThread

from adapters.web.site import Site
from adapters.web.table import Call, Door
from adapters.web.tracks_inside import inside
from dispatch.errors import Unknown
from dispatch.freshness import freshness
from dispatch.gate import Indices
from dispatch.ground_height import above
from dispatch.kinds import SourceKind
from dispatch.tracks import SourceTrack, Track
from dispatch.views import NO_OPERATIONS
from protocols.json_answers import (
    Page,
    Point,
    SourceTrackAnswer,
    TrackCollection,
    TrackFeature,
    TrackProperties,
)
from protocols.json_doors import TrackIdQuery, TrackQuery

SLICE_TRACKS = 50  # made between two turns of the reactor's cooperator, about a millisecond


def _feature(track: Track, now_s: float, ground_m: float | None) -> TrackFeature | None:
    if track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
        return None
    age_s = max(0.0, now_s - track.position_at_s)
    high = above(ground_m, track.altitude_m, track.altitude_datum)
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
            height_above_ground_m=None if high.height_m is None else round(high.height_m, 1),
            height_within_m=None if high.within_m is None else round(high.within_m),
            height_reason=high.reason,
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


async def _grounds(site: Site, slots: Indices) -> dict[int, float]:
    """The ground below things by their number, where it is known; looked up on a thread."""
    if site.terrain is None or not site.terrain.terrain.has_fit:
        return {}
    best = site.picture.things.best_row[slots]
    slots, best = slots[best >= 0], best[best >= 0]
    numbers = site.picture.things.number[slots].tolist()
    lon, lat = site.picture.rows.lon_deg[best], site.picture.rows.lat_deg[best]
    found = (await deferToThread(site.terrain.terrain.elevation_m, lon, lat, fit=True)).tolist()
    return {number: height for number, height in zip(numbers, found, strict=True) if height == height}  # noqa: PLR0124  # not NaN


async def _tracks(call: Call) -> TrackCollection:
    site, now = call.site, call.site.clock()
    features: list[TrackFeature] = []
    if call.who.session.role in NO_OPERATIONS:
        return TrackCollection(features=features, at=now, more=False)
    slots = inside(site.picture, call.query.bounds())
    grounds = await _grounds(site, slots)
    numbers = site.picture.things.number[slots].tolist()

    def make() -> Iterator[None]:
        for start in range(0, min(len(numbers), call.query.limit), SLICE_TRACKS):
            for number in numbers[start : min(start + SLICE_TRACKS, call.query.limit)]:
                track = site.picture.of_number(number)  # it may be gone since
                feature = None if track is None else _feature(track, now.timestamp(), grounds.get(number))
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
)
