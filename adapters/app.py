"""The whole server on one page: what is made, in which order, and what it is given.

Start: journal -> desk -> picture -> archive -> feeds, links, timers, planner -> doors. `ready URL` is printed when
the doors are open. Stop is the other way round, so that what is under way is answered before the journal closes.
"""

import json
import signal
import sys
from datetime import UTC, datetime
from typing import Any

import structlog
from twisted.internet.defer import Deferred, inlineCallbacks

from adapters import journal_key
from adapters.accounts import Accounts
from adapters.archive.archive import Archive, ArchiveCollector
from adapters.archive.settings import settings_of
from adapters.clock import utc_now
from adapters.config import Config
from adapters.desk import Desk
from adapters.feeds.cot_clients import FieldClients
from adapters.feeds.feed import Feed
from adapters.feeds.readers import Seen
from adapters.feeds.status import FeedStatus
from adapters.garbage import Garbage
from adapters.gauges import SiteCollector
from adapters.link import Links, LinkStatus
from adapters.local_socket import LocalSocket
from adapters.logs import set_up_logs
from adapters.metrics import Metrics
from adapters.planner.planner import Planner
from adapters.planner.replan import Replan
from adapters.scale.scale import Scale, own_feeds
from adapters.timers import Timers
from adapters.watch import Watch
from adapters.web.server import WebServer
from adapters.web.site import FeedState, LinkState, Site
from dispatch.errors import GanyingError
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting

log = structlog.get_logger()


class Server:
    """One running site."""

    def __init__(self, config: Config, reactor: Any) -> None:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.config = config
        self.metrics = Metrics()
        self.desk = Desk(
            url=config.database_url,
            site=config.site.id,
            key=journal_key.load_or_create(config.data),
            clock=utc_now,
            partners=frozenset(p.site for p in config.partner),
        )
        self.picture = TrackPicture()
        self.watch = Watch(self.picture, utc_now, self.metrics, self._clocks_off_s)
        self.metrics.registry.register(SiteCollector(self.desk, self.picture))
        self.archive = Archive(
            settings_of(config), self.picture.history, reactor, lambda: utc_now().timestamp()
        )
        self.metrics.registry.register(ArchiveCollector(self.archive))
        self.accounts = Accounts(config.data, reactor)
        self.planner = Planner(
            desk=self.desk,
            picture=self.picture,
            config=config.planner,
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
        )
        self.replan = Replan(self.desk, self.planner, config.planner, reactor)
        self.timers = Timers(self.desk, utc_now, reactor)
        self.links = Links(
            desk=self.desk, picture=self.picture, config=config, metrics=self.metrics, clock=utc_now
        )
        self.feeds = [Feed(config.feed_config(section), self.metrics) for section in own_feeds(config)]
        self.scale = Scale(
            config=config, picture=self.picture, sink=self._sighted, metrics=self.metrics, reactor=reactor
        )
        self.field = FieldClients(
            self.feeds,
            world=lambda: self.desk.world,
            picture=self.picture,
            clock=utc_now,
            metrics=self.metrics,
        )
        self.doors = WebServer(
            Site(
                desk=self.desk,
                picture=self.picture,
                feeds=lambda: [_feed_state(status) for status in self._statuses()],
                links=lambda: [_link_state(link) for link in self.links.statuses()],
                planner=self.planner,
                config=config,
                metrics=self.metrics,
                accounts=self.accounts,
                clock=utc_now,
                guide=_guide(config),
                archive=self.archive,
                watch=self.watch,
                services=self.scale.services,
            )
        )
        self.local = LocalSocket(self.desk, config, self.accounts)
        self.garbage = Garbage()
        self._reactor = reactor

    @inlineCallbacks
    def start(self) -> Any:
        """Open everything; fires with the URL of the doors. Fails with what kept it from starting."""
        yield self.desk.start()
        self.garbage.start(self._reactor)
        self.watch.start(self._reactor, self.desk.world)
        self.desk.subscribe(lambda world, _: self.watch.follow(world))
        self.archive.start()
        self.timers.start()
        self.planner.start()
        self.replan.start()
        self.local.start(self._reactor)
        for feed in self.feeds:
            yield feed.start(self._reactor, self._sighted)
        self.scale.start()
        self.field.start(self._reactor)
        yield self.links.start(self._reactor)
        url = yield self.doors.start(self._reactor)
        return url

    @inlineCallbacks
    def stop(self) -> Any:
        """Close the doors, then the sources, then the journal."""
        yield self.doors.stop()
        yield self.links.stop()
        self.field.stop()
        for feed in self.feeds:
            yield feed.stop()
        yield self.scale.stop()
        yield self.local.stop()
        self.timers.stop()
        self.replan.stop()
        yield self.planner.stop()
        self.watch.stop()
        self.accounts.stop()
        yield self.archive.stop()
        yield self.desk.stop()
        self.garbage.stop()

    def _clocks_off_s(self) -> dict[str, float]:
        """Feeds whose clock is off, and by how much."""
        return {each.name: each.clock_off_s for each in self._statuses() if each.clock_off_s is not None}

    def _statuses(self) -> list[FeedStatus]:
        """Our own feeds' and our workers'."""
        return [*(feed.status() for feed in self.feeds), *self.scale.feeds()]

    def _sighted(self, seen: Seen) -> None:
        now = utc_now().timestamp()
        if isinstance(seen, Sighting):
            self.picture.accept(seen, now)
        else:
            self.picture.accept_batch(seen, now)


def _feed_state(status: FeedStatus) -> FeedState:
    heard, off_s = status.last_heard_at_s, status.clock_off_s
    connected = "connected" if status.connected else ("listening" if status.listening else "down")
    return FeedState(
        name=status.name,
        kind=status.kind,
        state=connected,
        messages=status.frames,
        errors=status.crc_errors + status.framing_errors,
        heard_at=None if heard is None else datetime.fromtimestamp(heard, UTC),
        simulated=status.simulated,
        transport=status.transport,
        address=status.address,
        bytes=status.bytes,
        valid=status.valid,
        errors_by_code=status.errors,
        messages_by_kind=status.kinds,
        positions=status.positions,
        positions_refused=status.positions_refused,
        repeats=status.repeats,
        dropped=status.dropped,
        backlog_bytes=status.backlog_bytes,
        connections=status.connections,
        refused_connections=status.refused_connections,
        rate_per_s=status.rate_per_s,
        clock=status.source_clock,
        clock_off_s=off_s,
        last_error=status.last_error,
    )


def _link_state(status: LinkStatus) -> LinkState:
    return LinkState(
        site=status.site,
        name=status.name,
        state=str(status.state),
        lag_ms=status.lag_ms,
        queue=status.queue,
        skew_ms=status.skew_ms,
    )


def _guide(config: Config) -> Any:
    if not config.demonstration.enabled:
        return None
    if not config.demonstration.guide:
        return {"accounts": []}
    return json.loads(config.path(config.demonstration.guide).read_text())


def serve(config: Config) -> int:
    """Run a site until SIGTERM or Ctrl-C. Exit status 0 then, 1 when it could not start."""
    from twisted.internet import reactor

    set_up_logs()
    server = Server(config, reactor)
    status = 0

    def ready(url: str) -> None:
        print(f"ready {url}", flush=True)

    def failed(failure: Any) -> None:
        nonlocal status
        status = 1
        error = failure.value
        if isinstance(error, GanyingError | OSError):
            print(f"ganying: cannot start: {error}", file=sys.stderr)
        else:
            log.error("cannot start", traceback=failure.getTraceback())
        reactor.stop()

    def shut_down() -> Deferred[Any]:
        return server.stop().addErrback(
            lambda f: log.error("not stopped cleanly", traceback=f.getTraceback())
        )

    reactor.callWhenRunning(lambda: server.start().addCallbacks(ready, failed))
    reactor.addSystemEventTrigger("before", "shutdown", shut_down)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    reactor.run()
    return status
