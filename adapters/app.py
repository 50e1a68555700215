"""The whole server on one page: what is made, in which order, and what it is given.

Start: journal -> desk -> picture -> archive -> feeds, links, timers, planner -> doors. `ready URL` is printed when
the doors are open. Stop is the other way round, so that what is under way is answered before the journal closes.
"""

import json
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.threads import deferToThread

from adapters import journal_key, uplink_files
from adapters.accounts import Accounts
from adapters.archive.archive import Archive, ArchiveCollector
from adapters.archive.settings import settings_of
from adapters.callout.callouts import Callouts
from adapters.clock import utc_now
from adapters.config import Config
from adapters.desk import Desk
from adapters.feeds.cot_clients import FieldClients
from adapters.feeds.feed import Feed
from adapters.feeds.field_reports import FieldReports
from adapters.feeds.field_uplinks import FieldUplinks
from adapters.feeds.readers import Seen
from adapters.feeds.status import FeedStatus
from adapters.garbage import Garbage
from adapters.gauges import SiteCollector
from adapters.link import Links, LinkStatus
from adapters.link.enrolling import Enrolling
from adapters.local_socket import LocalSocket
from adapters.logs import set_up_logs
from adapters.metrics import Metrics
from adapters.papers.papers import Papers
from adapters.papers.questions import Setup
from adapters.planner.planner import Planner
from adapters.planner.replan import Replan
from adapters.rooms.conferencing import Conferencing
from adapters.rooms.files import RoomFiles
from adapters.rooms.giver import RoomGiver
from adapters.rooms.over_links import RoomsOverLinks
from adapters.rooms.taken_back import FilesTakenBack
from adapters.safety_rows import parameters_of
from adapters.scale.scale import Scale, own_feeds
from adapters.terrain.keeper import TerrainKeeper
from adapters.timers import Timers
from adapters.video.federation.federation import VideoFederation
from adapters.video.gb28181.service import gb28181_of
from adapters.video.video import Video
from adapters.watch import Watch
from adapters.weather.board import Board
from adapters.web.server import WebServer
from adapters.web.site import FeedState, LinkState, ServiceState, Site
from dispatch import minima_gate
from dispatch.commands import Ask
from dispatch.errors import Forbidden, GanyingError
from dispatch.facts import Fact
from dispatch.kinds import Role
from dispatch.picture import TrackPicture
from dispatch.safety.sky import Skies
from dispatch.sighting import Sighting
from dispatch.world import World
from protocols.gb28181.errors import BadGb
from protocols.gb28181.registrar import Source

log = structlog.get_logger()


class Server:
    """One running site."""

    def __init__(self, config: Config, reactor: Any) -> None:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.config = config
        self.metrics = Metrics()
        self.board = Board()
        self.desk = Desk(
            url=config.database_url,
            site=config.site.id,
            key=journal_key.load_or_create(config.data),
            clock=utc_now,
            partners=frozenset(p.site for p in config.partner),
            decide=self._decide,
        )
        self.picture = TrackPicture()
        self.terrain = TerrainKeeper(config, utc_now, reactor)
        self.watch = Watch(
            self.picture,
            utc_now,
            self.metrics,
            clocks_off_s=self._clocks_off_s,
            terrain=lambda: self.terrain.terrain,
            obstacles=self.terrain.obstacles,
            weather=lambda: self.board.told,
            skies=Skies(
                parameters_of(config.path(config.safety.parameters) if config.safety.parameters else None)
            ),
            simulated=config.demonstration.enabled,
        )
        self.metrics.registry.register(SiteCollector(self.desk, self.picture))
        self.archive = Archive(
            settings_of(config), self.picture.history, reactor, lambda: utc_now().timestamp()
        )
        self.metrics.registry.register(ArchiveCollector(self.archive))
        self.papers = Papers(
            Setup(url=config.database_url, site=config.site.id, issuer=config.site.name), reactor
        )
        self.accounts = Accounts(config.data, reactor)
        self.planner = Planner(
            desk=self.desk,
            picture=self.picture,
            config=config.planner,
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
            weather=lambda: self.board.told,
        )
        self.replan = Replan(self.desk, self.planner, config.planner, reactor)
        self.board.subscribe(self.replan.nudge)
        self.timers = Timers(self.desk, utc_now, reactor, self.watch.to_note, self.watch.alerts_to_note)
        self.links = Links(
            desk=self.desk,
            picture=self.picture,
            config=config,
            metrics=self.metrics,
            clock=utc_now,
            archive=self.archive,
        )
        self.enrolling = Enrolling(
            desk=self.desk,
            config=config,
            metrics=self.metrics,
            clock=utc_now,
            link_port=lambda: self.links.port,
            note=self._turned_away,
        )
        self.feeds = [Feed(config.feed_config(section), self.metrics) for section in own_feeds(config)]
        self.scale = Scale(
            config=config, picture=self.picture, sink=self._sighted, metrics=self.metrics, reactor=reactor
        )
        self.field_reports = FieldReports(self.desk.ask, clock=utc_now, metrics=self.metrics, reactor=reactor)
        self.field_uplinks = FieldUplinks(
            self.desk.ask, world=lambda: self.desk.world, clock=utc_now, metrics=self.metrics, reactor=reactor
        )
        for feed in self.feeds:
            feed.reports, feed.uplinks = self.field_reports, self.field_uplinks
        self.field = FieldClients(
            self.feeds,
            world=lambda: self.desk.world,
            picture=self.picture,
            clock=utc_now,
            metrics=self.metrics,
            uplinks=self.field_uplinks,
        )
        self.callouts = Callouts(
            desk=self.desk,
            config=config,
            open_operators=self._open_operators,
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
        )
        self.giver = RoomGiver(self.desk, reactor)
        self.files_taken_back = FilesTakenBack(self.desk, RoomFiles(config.data / "rooms"))
        self.rooms = RoomsOverLinks(
            desk=self.desk,
            lines=self.links,
            files=RoomFiles(config.data / "rooms"),
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
        )
        self.links.on_word, self.links.on_back = self.rooms.heard, self.rooms.back
        self.links.on_passing = self.rooms.passing
        self.video = Video(
            config=config,
            desk=self.desk,
            terrain=lambda: self.terrain.terrain,
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
        )
        self.conferencing = Conferencing(
            config=config,
            desk=self.desk,
            video=self.video,
            picture=self.picture,
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
        )
        self.video_federation = VideoFederation(
            desk=self.desk,
            video=self.video,
            lines=self.links,
            hop=self.links.hop,
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
        )
        self.video.elsewhere = self.video_federation
        self.gb28181 = gb28181_of(
            config=config,
            desk=self.desk,
            video=self.video,
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
        )
        self.links.on_video, self.links.on_free = self.video_federation.heard, self.video_federation.free
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
                enrol_code=self.enrolling.code if config.federation.enrol else None,
                archive=self.archive,
                papers=self.papers,
                watch=self.watch,
                terrain=self.terrain,
                board=self.board,
                conference=self.conferencing.called,
                rooms_over_links=self.rooms,
                video=self.video,
                gb28181=self.gb28181,
                callouts=self.callouts if self.callouts.settings is not None else None,
                services=lambda: (
                    *self.scale.services(),
                    *self.callouts.services(),
                    *_certificate(self.links),
                ),
            )
        )
        if self.gb28181 is not None:
            self.gb28181.devices.on_refused = self._device_refused
        self.local = LocalSocket(self.desk, config, self.accounts)
        self.garbage = Garbage()
        self._reactor = reactor

    @inlineCallbacks
    def start(self) -> Any:
        """Open everything; fires with the URL of the doors. Fails with what kept it from starting."""
        yield self.desk.start()
        self.garbage.start(self._reactor)
        self.terrain.start()
        self.watch.start(self._reactor, self.desk.world)
        self.desk.subscribe(lambda world, _: self.watch.follow(world))
        self.archive.start()
        self.papers.start_ahead()
        self.timers.start()
        self.planner.start()
        self.replan.start()
        self.local.start(self._reactor)
        for feed in self.feeds:
            yield feed.start(self._reactor, self._sighted)
        self.scale.start()
        self.field.start(self._reactor)
        yield self.files_taken_back.start()
        yield deferToThread(uplink_files.forget_unnamed, self.doors.site.uplink_files, self.desk.world)
        yield self.links.start(self._reactor)
        if self.gb28181 is not None:
            self.gb28181.start()
        self.video.start()
        self.video_federation.start()
        self.conferencing.start()
        self.enrolling.start(self._reactor)
        url = yield self.doors.start(self._reactor)
        self.callouts.start()
        self.giver.start()
        return url

    @inlineCallbacks
    def stop(self) -> Any:
        """Close the doors, then the sources, then the journal."""
        yield self.enrolling.stop()
        yield self.doors.stop()
        yield self.conferencing.stop()
        self.video_federation.stop()
        if self.gb28181 is not None:
            yield self.gb28181.stop()
        yield self.video.stop()
        self.giver.stop()
        self.rooms.stop()
        self.files_taken_back.stop()
        yield self.links.stop()
        self.field.stop()
        self.field_reports.stop()
        self.field_uplinks.stop()
        for feed in self.feeds:
            yield feed.stop()
        yield self.scale.stop()
        yield self.local.stop()
        yield Deferred.fromCoroutine(self.callouts.stop())
        self.timers.stop()
        self.replan.stop()
        yield self.planner.stop()
        self.watch.stop()
        self.accounts.stop()
        yield self.papers.stop()
        yield self.archive.stop()
        yield self.desk.stop()
        self.garbage.stop()

    def _decide(self, world: World, ask: Ask, now: datetime, partners: frozenset[str]) -> tuple[Fact, ...]:
        """On the writer thread: `told` is an immutable value, swapped by the reactor thread."""
        known = minima_gate.Known(
            weather=self.board.told, assume_daylight=self.config.planner.assume_daylight
        )
        return minima_gate.decide(world, ask, now, partners, known)

    async def _turned_away(self, address: str, error: GanyingError) -> None:
        """A newcomer that was refused, for the auditor."""
        await self.doors.site.refusals.note("enrol", Role.PARTNER, "", ("joinSite", address), error)

    def _device_refused(self, who: str, source: Source, error: BadGb) -> None:
        """A forged REGISTER, for the auditor."""
        told = Forbidden(f"{error.code} {source.host}: {error}")
        noted = self.doors.site.refusals.note("gb28181", Role.PARTNER, "", ("registerDevice", who[:20]), told)
        Deferred.fromCoroutine(noted).addErrback(
            lambda failure: log.error("defect in noting a refusal", traceback=failure.getTraceback())
        )

    def _open_operators(self) -> frozenset[str]:
        return self.doors.open_operators()

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


def _certificate(links: Links) -> Iterator[ServiceState]:
    """The certificate that partners know us by, where there are links."""
    held = links.certificate()
    if held is not None:
        days = {
            "days_left": float(held.left // timedelta(days=1)),
            "since_s": round((held.until - held.left - held.since).total_seconds()),
        }
        yield ServiceState(
            name="certificate", kind="certificate", state=held.state, detail=held.why, figures=days
        )


def _link_state(status: LinkStatus) -> LinkState:
    return LinkState(
        site=status.site,
        name=status.name,
        state=str(status.state),
        lag_ms=status.lag_ms,
        queue=status.queue,
        skew_ms=status.skew_ms,
        down_since=status.down_since,
        reason=status.reason,
        detail=status.detail,
        via=status.via,
        held=status.held,
        bytes_out=status.bytes_out,
        bytes_in=status.bytes_in,
        version=status.version,
        capabilities=status.capabilities,
        agreement=status.agreement,
        flows=status.flows,
        past=status.past,
        refused=status.refused,
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
