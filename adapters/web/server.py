"""The web server of a site: one port for doors, pages, metrics and the console's WebSocket. Composition only."""

# mypy: disable-error-code="no-untyped-call"
# reason: twisted.web is not annotated

from functools import cache
from pathlib import Path
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread
from twisted.web.resource import Resource

from adapters import tls
from adapters.config import split_address
from adapters.web import (
    doors_accounts,
    doors_aid,
    doors_alarms,
    doors_alerts,
    doors_audit,
    doors_callouts,
    doors_clearance,
    doors_clips,
    doors_closures,
    doors_conference,
    doors_deconfliction,
    doors_devices,
    doors_drops,
    doors_duty,
    doors_enrol,
    doors_flight_messages,
    doors_gb28181,
    doors_hazards,
    doors_history,
    doors_identities,
    doors_incidents,
    doors_links,
    doors_papers,
    doors_picture,
    doors_planner,
    doors_plans,
    doors_positions,
    doors_recordings,
    doors_resources,
    doors_rooms,
    doors_run_cards,
    doors_searches,
    doors_session,
    doors_tables,
    doors_taskings,
    doors_terrain,
    doors_tracks,
    doors_traffic_areas,
    doors_uplink,
    doors_video,
    doors_video_senders,
    doors_video_share,
    doors_volumes,
    doors_weather,
)
from adapters.web.api import Api
from adapters.web.channel import DoorSite
from adapters.web.console import console_resource
from adapters.web.consoles import Consoles
from adapters.web.openapi import document
from adapters.web.pages import MetricsPage, Pages
from adapters.web.sessions import lock_idle
from adapters.web.site import Site
from adapters.web.table import Call, Door
from adapters.web.viewer import video_resource
from adapters.web.viewers import Viewers

DIST = Path(__file__).resolve().parents[2] / "webui" / "dist"

log = structlog.get_logger(__name__)

IDLE_LOOK_EVERY_S = 15.0  # how late a desk may lock

_DOORS = (
    *doors_history.DOORS,
    *doors_session.DOORS,
    *doors_accounts.DOORS,
    *doors_incidents.DOORS,
    *doors_rooms.DOORS,
    *doors_conference.DOORS,
    *doors_run_cards.DOORS,
    *doors_clearance.DOORS,
    *doors_closures.DOORS,
    *doors_deconfliction.DOORS,
    *doors_searches.DOORS,
    *doors_traffic_areas.DOORS,
    *doors_weather.DOORS,
    *doors_hazards.DOORS,
    *doors_aid.DOORS,
    *doors_devices.DOORS,
    *doors_duty.DOORS,
    *doors_alarms.DOORS,
    *doors_alerts.DOORS,
    *doors_callouts.DOORS,
    *doors_taskings.DOORS,
    *doors_flight_messages.DOORS,
    *doors_drops.DOORS,
    *doors_plans.DOORS,
    *doors_planner.DOORS,
    *doors_resources.DOORS,
    *doors_tables.DOORS,
    *doors_picture.DOORS,
    *doors_tracks.DOORS,
    *doors_terrain.DOORS,
    *doors_positions.DOORS,
    *doors_identities.DOORS,
    *doors_papers.DOORS,
    *doors_audit.DOORS,
    *doors_links.DOORS,
    *doors_video.DOORS,
    *doors_video_senders.DOORS,
    *doors_gb28181.DOORS,
    *doors_recordings.DOORS,
    *doors_clips.DOORS,
    *doors_uplink.DOORS,
    *doors_video_share.DOORS,
    *doors_enrol.DOORS,
    *doors_volumes.DOORS,
)


def all_doors() -> tuple[Door, ...]:
    """The table, with the door that describes the others."""

    @cache
    def described() -> dict[str, Any]:
        return document(doors)

    async def describe(_: Call) -> Any:
        return await deferToThread(described)  # a tenth of a second, the first time

    own = Door(
        method="GET",
        path="/openapi.json",
        name="openapi",
        text="This description.",
        handler=describe,
        answers=dict[str, Any],
        open=True,
    )
    doors = (*_DOORS, own)
    return doors


class Root(Resource):
    """Chooses by the first part of the path; whatever has no door is a page or 404."""

    def __init__(self, api: Resource, metrics: Resource, socket: Any, video: Any, pages: Resource) -> None:
        super().__init__()
        self._api, self._pages = api, pages
        self._exact = {b"/metrics": metrics, b"/ws": socket, b"/ws/video": video}

    def getChildWithDefault(self, path: bytes, request: Any) -> Any:  # noqa: ARG002, N802 (Twisted's name and arguments)
        """The resource for a request."""
        if request.path.startswith(b"/api/"):
            return self._api
        return self._exact.get(request.path, self._pages)


class WebServer:
    """Start it with a reactor, stop it before the desk."""

    def __init__(self, site: Site, *, dist: Path | None = None) -> None:
        self.site = site
        self._dist = dist or DIST
        # here, before any thread runs: the router compiles its rules, which CPython 3.11 cannot do in two threads at once
        self._api = Api(site, all_doors())
        self._port: Any = None
        self._idle = LoopingCall(self._lock_idle)
        self._consoles: Consoles | None = None
        self._viewers: Viewers | None = None

    def start(self, reactor: Any) -> "Deferred[str]":
        """Listen; the URL. Fails with twisted's CannotListenError, or Malformed for a bad certificate."""
        return Deferred.fromCoroutine(self._start(reactor))

    async def _start(self, reactor: Any) -> str:
        config, metrics = self.site.config, self.site.metrics
        host, port = split_address(config.http.listen, "http.listen")
        refused = metrics.counter(
            "ganying_http_refused", "Connections refused before a request was read, by status", ("status",)
        )
        self._consoles = Consoles(self.site, reactor)
        socket = console_resource(self._consoles, reactor)
        self._viewers = Viewers(self.site, self.site.video, reactor)
        video = video_resource(self._viewers, reactor)
        root = Root(self._api, MetricsPage(self.site), socket, video, Pages(self._dist))
        doors = DoorSite(root, reactor=reactor, refused=lambda status: refused.labels(str(status)).inc())
        socket.attach(doors)
        video.attach(doors)
        if config.tls:
            context = tls.server_context(config.path(config.http.certificate), config.path(config.http.key))
            self._port = reactor.listenSSL(port, doors, context, interface=host)
        else:
            self._port = reactor.listenTCP(port, doors, interface=host)
        self._consoles.start()
        self._viewers.start()
        self.site.refusals.start(reactor)
        self.site.presence.begin(self.site.clock())
        self._idle.clock = reactor
        self._idle.start(IDLE_LOOK_EVERY_S, now=False)
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if config.tls else 'http'}://{shown}:{self._port.getHost().port}"

    def open_operators(self) -> frozenset[str]:
        """The operators who have a page open now."""
        return frozenset() if self._consoles is None else self._consoles.open_operators()

    def stop(self) -> "Deferred[None]":
        """Stop listening and close every console."""
        return Deferred.fromCoroutine(self._stop())

    def _lock_idle(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(lock_idle(self.site)).addErrback(
            lambda failure: log.error("defect in locking idle desks", traceback=failure.getTraceback())
        )

    async def _stop(self) -> None:
        if self._idle.running:
            self._idle.stop()
        if self._consoles is not None:
            self._consoles.stop()
        if self._viewers is not None:
            self._viewers.stop()
        if self._port is not None:
            await self._port.stopListening()
            self._port = None
        await self.site.refusals.stop()
