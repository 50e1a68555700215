"""What every console is told once a second: how each source does, each link, each service of the site.

Sources are the feeds, the phones and gateways behind the position doors, and the partners. How many things each of
them hears now is read from the picture.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from adapters.archive.writer import ArchiveState
from adapters.web.reports import Reporting
from adapters.web.site import FeedState, ServiceState, Site
from dispatch.freshness import LIMITS
from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.tracks import Verdict
from protocols.codec import client
from protocols.codec.client import FeedLine, LinkLine, ServiceLine

_CARRIED = frozenset(FeedLine.__dataclass_fields__) - {"heard_age_ms", "clock_off_ms", "heard_at"}


def heard_now(picture: TrackPicture) -> Mapping[str, int]:
    """How many things each source hears, by the source's name."""
    rows = picture.rows
    counts = np.bincount(rows.source[rows.alive], minlength=len(picture.sources)).tolist()
    found: dict[str, int] = {}
    for source, count in zip(picture.sources, counts, strict=True):
        found[source.name] = found.get(source.name, 0) + int(count)
    return found


def sources(site: Site) -> Iterator[FeedState]:
    """Feeds first, then phones and gateways; each with the things it hears now."""
    heard, now = heard_now(site.picture), site.clock()
    for feed in site.feeds():
        yield replace(feed, tracks=heard.get(feed.name, 0))
    for reporting in site.reports:
        yield _reporting(site, reporting, heard.get(reporting.name, 0), now)


def _reporting(site: Site, source: Reporting, tracks: int, now: datetime) -> FeedState:
    verdicts = source.verdicts
    limit_s = LIMITS[source.kind].lost_s
    recent = source.heard_at is not None and (now - source.heard_at).total_seconds() < limit_s
    return FeedState(
        name=source.name,
        kind=source.kind.value,
        # nobody has to report: silence here is no fault of a line
        state="connected" if recent else "listening",
        messages=source.messages,
        errors=source.errors.total(),
        heard_at=source.heard_at,
        simulated=source.simulated,
        transport="https" if site.config.tls else "http",
        address="/api/v1/positions",
        valid=source.messages,
        errors_by_code=tuple(source.errors.items()),
        messages_by_kind=tuple((verdict.value, count) for verdict, count in verdicts.items()),
        positions=verdicts[Verdict.ACCEPTED] + verdicts[Verdict.BACKFILL],
        positions_refused=verdicts[Verdict.IMPLAUSIBLE]
        + verdicts[Verdict.FUTURE]
        + verdicts[Verdict.REFUSED],
        repeats=verdicts[Verdict.DUPLICATE],
        rate_per_s=source.rate_per_s(now),
        tracks=tracks,
        clock="utc",
        last_error=source.last_error,
    )


def _archive(site: Site, now: datetime) -> Iterator[ServiceState]:
    """The archive as a service of the site, where it keeps one."""
    if site.archive is None:
        return
    status = site.archive.status()
    if status.state is ArchiveState.OFF:
        return
    figures: dict[str, float] = {
        "rows": status.rows,
        "backlog_rows": status.queued_rows,
        "dropped_rows": status.dropped_rows,
        "failures": status.failures,
    }
    if status.held_bytes is not None:
        figures["held_bytes"] = status.held_bytes
    if status.oldest_at_s is not None:
        figures["oldest_age_s"] = round(now.timestamp() - status.oldest_at_s)
    if status.last_write_at_s is not None:
        figures["written_age_s"] = round(max(0.0, now.timestamp() - status.last_write_at_s), 1)
    yield ServiceState(
        name="archive",
        kind="archive",
        state="ok" if status.state is ArchiveState.OK else "down",
        detail=status.detail,
        figures=figures,
    )


def recording(site: Site, now: datetime) -> Iterator[ServiceState]:
    """The recording of video as a service of the site, where it records."""
    if site.video is None:
        return
    status = site.video.recordings.status()
    if status.state == "off":
        return
    figures: dict[str, float] = {
        "streams": status.streams,
        "bytes": status.bytes,
        "dropped_units": status.dropped,
        "removed": status.removed,
        "damaged": status.damaged,
    }
    if status.held_bytes is not None:
        figures["held_bytes"] = status.held_bytes
    if status.oldest_at_s is not None:
        figures["oldest_age_s"] = round(now.timestamp() - status.oldest_at_s)
    yield ServiceState(
        name="recording",
        kind="recording",
        state={"ok": "ok", "over": "degraded"}.get(status.state, "down"),
        detail={"full": "disk_full", "over": "over_quota"}.get(status.state, status.detail),
        figures=figures,
    )


def site_services(site: Site) -> Iterator[ServiceState]:
    """All services of the site."""
    now = site.clock()
    yield from _archive(site, now)
    yield from recording(site, now)
    yield from site.services()


def _age_ms(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds() * 1000))


def message(site: Site) -> bytes:
    """The Status message, the same for everybody."""
    now, heard = site.clock(), heard_now(site.picture)
    last_heard = {
        source.name: at_s
        for source, at_s in zip(site.picture.sources, site.picture.roster.last_heard_s, strict=True)
        if source.kind is SourceKind.PARTNER
    }
    feeds = [
        FeedLine(
            heard_age_ms=_age_ms(feed.heard_at, now),
            heard_at=feed.heard_at,
            clock_off_ms=None if feed.clock_off_s is None else round(feed.clock_off_s * 1000),
            **{name: getattr(feed, name) for name in _CARRIED},
        )
        for feed in sources(site)
    ]
    links = [
        LinkLine(
            site=link.site,
            name=link.name,
            state=link.state,
            lag_ms=link.lag_ms,
            queue=link.queue,
            skew_ms=link.skew_ms,
            tracks=heard.get(link.site, 0),
            heard_age_ms=(
                max(0, int((now.timestamp() - last_heard[link.site]) * 1000))
                if link.site in last_heard
                else None
            ),
            down_since=link.down_since,
        )
        for link in site.links()
    ]
    services = [
        ServiceLine(
            name=service.name,
            kind=service.kind,
            state=service.state,
            detail=service.detail,
            figures=tuple(service.figures.items()),
        )
        for service in site_services(site)
    ]
    at = site.desk.world.volumes_at
    return client.status(now, feeds, links, len(site.picture), services, volumes_at=at)
