"""Doors of what is now: tracks, partners, health, and the demonstration's guide."""

import ipaddress
from datetime import datetime
from typing import Any

from adapters.web import status_line
from adapters.web.table import Call, Door
from adapters.web.version import version
from dispatch.freshness import freshness
from dispatch.kinds import SourceKind
from dispatch.tracks import Track
from dispatch.views import NO_OPERATIONS
from protocols.json_answers import (
    FeedAnswer,
    GuideAnswer,
    HealthAnswer,
    Page,
    PartnerAnswer,
    Point,
    SourceAnswer,
    TrackCollection,
    TrackFeature,
    TrackProperties,
)
from protocols.json_doors import PageQuery, TrackQuery


def _feature(track: Track, now_s: float) -> TrackFeature:
    if track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
        raise LookupError(f"{track.icao24} has no position")
    age_s = max(0.0, now_s - track.position_at_s)
    return TrackFeature(
        id=track.icao24,
        geometry=Point(coordinates=(round(track.lon_deg, 7), round(track.lat_deg, 7))),
        properties=TrackProperties(
            icao24=track.icao24,
            callsign=track.callsign or "",
            age_s=round(age_s, 3),
            freshness=freshness(age_s, track.source_kind).value,
            source=track.source,
            source_kind=track.source_kind.value,
            altitude_m=track.altitude_m,
            altitude_datum=track.altitude_datum,
            ground_speed_mps=track.ground_speed_mps,
            track_deg=track.track_deg,
            vertical_rate_mps=track.vertical_rate_mps,
            squawk=track.squawk or "",
            on_ground=bool(track.on_ground),
            simulated=track.simulated,
            site=track.source if track.source_kind is SourceKind.PARTNER else "",
        ),
    )


def _inside(track: Track, bounds: tuple[float, float, float, float] | None) -> bool:
    if track.lon_deg is None or track.lat_deg is None:
        return False
    if bounds is None:
        return True
    west, south, east, north = bounds
    across = west <= track.lon_deg <= east if west <= east else not east < track.lon_deg < west
    return across and south <= track.lat_deg <= north


async def _tracks(call: Call) -> TrackCollection:
    if call.who.session.role in NO_OPERATIONS:
        return TrackCollection(features=[], at=call.site.clock())
    bounds, now = call.query.bounds(), call.site.clock()
    found = (track for track in call.site.picture.tracks() if _inside(track, bounds))
    return TrackCollection(features=[_feature(track, now.timestamp()) for track in found], at=now)


async def _partners(call: Call) -> Page[PartnerAnswer]:
    links = sorted(call.site.links(), key=lambda link: link.site)
    items = [
        PartnerAnswer(
            site=link.site,
            name=link.name,
            state=link.state,
            lag_ms=link.lag_ms,
            queue=link.queue,
            skew_ms=link.skew_ms,
        )
        for link in links
        if link.site > call.query.cursor
    ]
    more = len(items) > call.query.limit
    shown = items[: call.query.limit]
    return Page(items=shown, next=shown[-1].site if more else None)


async def _feeds(call: Call) -> Page[SourceAnswer]:
    now = call.site.clock()
    feeds = sorted(status_line.sources(call.site), key=lambda feed: feed.name)
    items = [
        SourceAnswer(
            heard_age_s=_age_s(feed.heard_at, now),
            errors_by_code=dict(feed.errors_by_code),
            messages_by_kind=dict(feed.messages_by_kind),
            **{name: getattr(feed, name) for name in _FEED_PLAIN},
        )
        for feed in feeds
        if feed.name > call.query.cursor
    ]
    shown = items[: call.query.limit]
    return Page(items=shown, next=shown[-1].name if len(items) > call.query.limit else None)


_FEED_PLAIN = frozenset(SourceAnswer.__struct_fields__) - {
    "heard_age_s",
    "errors_by_code",
    "messages_by_kind",
}


def _age_s(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())


async def _health(call: Call) -> HealthAnswer:
    site, now = call.site, call.site.clock()
    feeds = [
        FeedAnswer(
            name=feed.name,
            kind=feed.kind,
            state=feed.state,
            messages=feed.messages,
            errors=feed.errors,
            heard_age_s=_age_s(feed.heard_at, now),
            simulated=feed.simulated,
        )
        for feed in site.feeds()
    ]
    well = str(site.desk.state) in HEALTHY_JOURNAL and all(feed.state != "down" for feed in feeds)
    return HealthAnswer(
        status="ok" if well else "degraded",
        site=site.config.site.id,
        version=version(),
        journal=str(site.desk.state),
        journal_seq=site.desk.world.seq,
        at=now,
        feeds=feeds,
    )


HEALTHY_JOURNAL = frozenset({"open", "ok", "ready"})


async def _guide(call: Call) -> Any:
    try:
        near = ipaddress.ip_address(call.address).is_loopback
    except ValueError:
        near = False
    if call.site.guide is None or not near:
        # the sign-in page asks before it can know; a 404 would stand in every browser's console
        return {"accounts": []}
    return call.site.guide


DOORS = (
    Door(
        method="GET",
        path="/tracks",
        name="listTracks",
        text="Every aircraft that is followed, as GeoJSON, with age and source; `bbox` = west,south,east,north.",
        handler=_tracks,
        query=TrackQuery,
        answers=TrackCollection,
    ),
    Door(
        method="GET",
        path="/partners",
        name="listPartners",
        text="Partner sites and the state of the link to each.",
        handler=_partners,
        query=PageQuery,
        answers=Page[PartnerAnswer],
    ),
    Door(
        method="GET",
        path="/feeds",
        name="listFeeds",
        text="Every source of tracks: what came from it, what was wrong with it, how its clock is.",
        handler=_feeds,
        query=PageQuery,
        answers=Page[SourceAnswer],
    ),
    Door(
        method="GET",
        path="/health",
        name="health",
        text="Whether the server can do its work. Needs no session.",
        handler=_health,
        answers=HealthAnswer,
        open=True,
    ),
    Door(
        method="GET",
        path="/guide",
        name="guide",
        text="The demonstration's accounts; only there, and only on loopback, else none.",
        handler=_guide,
        answers=GuideAnswer,
        open=True,
    ),
)
