"""Doors of how the site does: partners, feeds, health, and the demonstration's guide."""

import ipaddress
from datetime import datetime
from typing import Any

from adapters.archive.archive import ArchiveStatus
from adapters.archive.writer import ArchiveState
from adapters.web import status_line
from adapters.web.table import Call, Door
from adapters.web.version import version
from protocols.json_answers import (
    ArchiveAnswer,
    FeedAnswer,
    GuideAnswer,
    HealthAnswer,
    Page,
    PartnerAnswer,
    ServiceAnswer,
    SourceAnswer,
)
from protocols.json_doors import PageQuery


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
    services = [
        ServiceAnswer(name=each.name, kind=each.kind, state=each.state)  # type: ignore[arg-type]  # one of the three
        for each in (*status_line.recording(site, now), *site.services())
    ]
    archive = None if site.archive is None else site.archive.status()
    well = (
        str(site.desk.state) in HEALTHY_JOURNAL
        and all(feed.state != "down" for feed in feeds)
        and (archive is None or archive.state in HEALTHY_ARCHIVE)
        and all(service.state == "ok" for service in services)
    )
    return HealthAnswer(
        status="ok" if well else "degraded",
        site=site.config.site.id,
        version=version(),
        journal=str(site.desk.state),
        journal_seq=site.desk.world.seq,
        at=now,
        feeds=feeds,
        archive=None if archive is None else _archive(archive, now.timestamp()),
        services=services,
    )


def _archive(status: ArchiveStatus, now_s: float) -> ArchiveAnswer:
    written_s = status.last_write_at_s
    return ArchiveAnswer(
        state=str(status.state),
        written_age_s=None if written_s is None else max(0.0, now_s - written_s),
        queued_rows=status.queued_rows,
        dropped_rows=status.dropped_rows,
    )


HEALTHY_ARCHIVE = frozenset({ArchiveState.OK, ArchiveState.OFF})
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
