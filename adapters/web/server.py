"""The web server of a site: one port for doors, pages, metrics and the console's WebSocket. Composition only."""

# mypy: disable-error-code="no-untyped-call"
# reason: twisted.web is not annotated

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.resource import Resource

from adapters import tls
from adapters.config import split_address
from adapters.web import (
    doors_history,
    doors_identities,
    doors_incidents,
    doors_picture,
    doors_planner,
    doors_plans,
    doors_positions,
    doors_resources,
    doors_session,
    doors_taskings,
    doors_tracks,
)
from adapters.web.api import Api
from adapters.web.channel import DoorSite
from adapters.web.console import SocketResource
from adapters.web.consoles import Consoles
from adapters.web.openapi import document
from adapters.web.pages import MetricsPage, Pages
from adapters.web.site import Site
from adapters.web.table import Call, Door

DIST = Path(__file__).resolve().parents[2] / "webui" / "dist"

_DOORS = (
    *doors_history.DOORS,
    *doors_session.DOORS,
    *doors_incidents.DOORS,
    *doors_taskings.DOORS,
    *doors_plans.DOORS,
    *doors_planner.DOORS,
    *doors_resources.DOORS,
    *doors_picture.DOORS,
    *doors_tracks.DOORS,
    *doors_positions.DOORS,
    *doors_identities.DOORS,
)


def all_doors() -> tuple[Door, ...]:
    """The table, with the door that describes the others."""
    described: dict[str, Any] = {}

    async def describe(_: Call) -> Any:
        return described

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
    described.update(document(doors))
    return doors


class Root(Resource):
    """Chooses by the first part of the path; whatever has no door is a page or 404."""

    def __init__(self, api: Resource, metrics: Resource, socket: Any, pages: Resource) -> None:
        super().__init__()
        self._api, self._metrics, self._socket, self._pages = api, metrics, socket, pages

    def getChildWithDefault(self, path: bytes, request: Any) -> Any:  # noqa: ARG002, N802 (Twisted's name and arguments)
        """The resource for a request."""
        if request.path.startswith(b"/api/"):
            return self._api
        return {b"/metrics": self._metrics, b"/ws": self._socket}.get(request.path, self._pages)


class WebServer:
    """Start it with a reactor, stop it before the desk."""

    def __init__(self, site: Site, *, dist: Path | None = None) -> None:
        self.site = site
        self._dist = dist or DIST
        self._port: Any = None
        self._consoles: Consoles | None = None

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
        socket = SocketResource(self._consoles, reactor)
        root = Root(Api(self.site, all_doors()), MetricsPage(self.site), socket, Pages(self._dist))
        doors = DoorSite(root, reactor=reactor, refused=lambda status: refused.labels(str(status)).inc())
        socket.attach(doors)
        if config.tls:
            context = tls.server_context(config.path(config.http.certificate), config.path(config.http.key))
            self._port = reactor.listenSSL(port, doors, context, interface=host)
        else:
            self._port = reactor.listenTCP(port, doors, interface=host)
        self._consoles.start()
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if config.tls else 'http'}://{shown}:{self._port.getHost().port}"

    def stop(self) -> "Deferred[None]":
        """Stop listening and close every console."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._consoles is not None:
            self._consoles.stop()
        if self._port is not None:
            await self._port.stopListening()
            self._port = None
