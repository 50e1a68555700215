"""All links of a site: the listener, the dialling, who a socket belongs to, and what the console is told.

A socket belongs to the site that its certificate names, and only if that site is one of our `[[partner]]`s. Between
two sites one connection is enough: when both dial, the one that the lower site id dialled stays. Reconnecting is
Twisted's ClientService with a growing pause; a link that was refused waits longer, since people must change something.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from twisted.application.internet import ClientService
from twisted.internet.defer import Deferred, DeferredList, fail, maybeDeferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import LoopingCall
from zope.interface import implementer

from adapters.clock import Clock
from adapters.config import Config, PartnerSection, split_address
from adapters.desk import Desk
from adapters.link.peer import Peer
from adapters.link.socket import AcceptingFactory, DiallingFactory, LinkSocket
from adapters.metrics import Metrics
from adapters.tls import link_client_context, link_server_context, peer_site
from dispatch.errors import GanyingError, Malformed
from dispatch.facts import Recorded
from dispatch.picture import TrackPicture
from dispatch.world import World
from protocols.codec.link import Part, encode
from protocols.link_session import Identity
from protocols.link_state import LinkState

TICK_S = 0.25  # beats are due every 2 s, tracks every 1 s
FIRST_PAUSE_S = 0.25
PAUSE_FACTOR = 1.6
LONGEST_PAUSE_S = 10.0  # a neighbour that comes back is heard within this
REFUSED_PAUSE_S = 15.0
DIAL_WITHIN_S = 5.0
REMEMBERED_REASONS = (
    64  # refused handshakes are logged once per reason; the memory for that starts anew beyond this
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """One link as the console shows it. `reason` is the code of what ended it last, empty while all is well."""

    site: str
    name: str
    state: LinkState
    lag_ms: int
    queue: int
    skew_ms: int
    reason: str


class AlreadyLinked(Exception):
    """The partner's own connection serves; ours is not needed now."""


@implementer(IStreamClientEndpoint)
class _WhenNeeded:
    """An endpoint that does not dial while the link is up by the other side's connection."""

    def __init__(self, endpoint: Any, linked: Callable[[], bool]) -> None:
        self._endpoint, self._linked = endpoint, linked

    def connect(self, factory: Any) -> Deferred[Any]:
        """Dial, or fail at once with AlreadyLinked."""
        if self._linked():
            return fail(AlreadyLinked())
        dialled: Deferred[Any] = self._endpoint.connect(factory)
        return dialled


class Links:
    """The links of one site. `start` after the desk, `stop` before it."""

    def __init__(
        self, *, desk: Desk, picture: TrackPicture, config: Config, metrics: Metrics, clock: Clock
    ) -> None:
        self._desk, self._picture, self._config, self._clock = desk, picture, config, clock
        self._metrics = metrics
        self._peers: dict[str, Peer] = {}
        self._sections = {section.site: section for section in config.partner}
        self._services: list[ClientService] = []
        self._listening: Any = None
        self._loop = LoopingCall(self._tick)
        self._unsubscribe: Callable[[], None] | None = None
        self._logged: set[str] = set()
        self._refused = metrics.counter(
            "ganying_link_refused", "Connections that never became a link, by reason", ("reason",)
        )

    # Life

    def start(self, reactor: Any) -> Deferred[None]:
        """Listen and dial as the config says. Raises Malformed for a certificate or address that does not serve."""
        federation = self._config.federation
        if not federation.listen and not self._sections:
            return succeed(None)
        for section in self._config.partner:
            self._peers[section.site] = self._peer(section, reactor)
        if federation.listen:
            host, port = split_address(federation.listen, "federation.listen")
            context = link_server_context(*self._files())
            self._listening = reactor.listenSSL(
                port, AcceptingFactory(self, reactor), context, interface=host
            )
        for section in self._config.partner:
            if section.url:
                self._services.append(self._dialler(section, reactor))
        self._unsubscribe = self._desk.subscribe(self._recorded)
        self._loop.clock = reactor
        self._loop.start(TICK_S, now=False)
        for service in self._services:
            service.startService()
        return succeed(None)

    def stop(self) -> Deferred[None]:
        """Say good-bye and close; fires when every dialled socket is gone."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._loop.running:
            self._loop.stop()
        for peer in self._peers.values():
            peer.part("STOPPING", "the site is being stopped")
        closing = [maybeDeferred(service.stopService) for service in self._services]
        if self._listening is not None:
            closing.append(maybeDeferred(self._listening.stopListening))
        return DeferredList(closing, consumeErrors=True).addCallback(lambda _: None)

    @property
    def port(self) -> int:
        """Where partners connect; 0 when nobody may."""
        return 0 if self._listening is None else int(self._listening.getHost().port)

    def statuses(self) -> list[LinkStatus]:
        """Every configured partner's link, in the order of the config."""
        now = self._clock()
        return [
            LinkStatus(
                site=section.site,
                name=section.name,
                state=peer.session.state,
                lag_ms=min(peer.session.lag(now) // timedelta(milliseconds=1), 2**32 - 1),
                queue=peer.session.queue,
                skew_ms=round((peer.session.skew.offset_us or 0) / 1000),
                reason=peer.session.reason,
            )
            for section in self._config.partner
            if (peer := self._peers.get(section.site)) is not None
        ]

    def _files(self) -> tuple[Any, Any, Any]:
        federation = self._config.federation
        return tuple(  # type: ignore[return-value]  # three of them
            self._config.path(each) for each in (federation.certificate, federation.key, federation.ca)
        )

    def _peer(self, section: PartnerSection, reactor: Any) -> Peer:
        site = self._config.site
        return Peer(
            desk=self._desk,
            picture=self._picture,
            identity=Identity(
                site=site.id, name=site.name, agreement=section.agreement, epoch=self._desk.epoch
            ),
            site=section.site,
            metrics=self._metrics,
            clock=self._clock,
            call_later=reactor.callLater,
        )

    def _dialler(self, section: PartnerSection, reactor: Any) -> ClientService:
        try:
            factory = DiallingFactory(self, section.site, section.url, reactor)
        except Exception as error:  # autobahn raises bare Exception for an address it cannot read
            raise Malformed("partner.url", f"{section.url}: {error}") from None
        if not factory.isSecure:
            raise Malformed("partner.url", f"{section.url} is not wss://; links are always TLS")
        context: Any = link_client_context(*self._files())
        host = HostnameEndpoint(reactor, factory.host.encode(), factory.port, timeout=DIAL_WITHIN_S)
        endpoint = _WhenNeeded(wrapClientTLS(context, host), self._peers[section.site].linked)
        return ClientService(endpoint, factory, retryPolicy=self._pause(section.site), clock=reactor)

    def _pause(self, site: str) -> Callable[[int], float]:
        session = self._peers[site].session

        def pause_s(attempt: int) -> float:
            if session.state is LinkState.REFUSED:
                return REFUSED_PAUSE_S
            tries = min(max(attempt, session.fruitless), 20)
            pause = min(FIRST_PAUSE_S * PAUSE_FACTOR ** (tries - 1), LONGEST_PAUSE_S)
            return pause * random.uniform(0.8, 1.2)  # noqa: S311  # spreads two sites' attempts, no secret

        return pause_s

    # Sockets

    def opened(self, socket: LinkSocket) -> None:
        """Find whose socket it is, or send it away."""
        try:
            site = peer_site(socket.transport)
        except GanyingError as error:
            self._turn_away(socket, "CERTIFICATE", error.detail)
            return
        peer = self._peers.get(socket.expected or site)
        if peer is None:
            self._turn_away(socket, "UNKNOWN_SITE", f"site {site} is no partner here")
        elif peer.linked() and not self._wins(socket, peer):
            self._turn_away(socket, "DUPLICATE", "a connection of this link is up")
        else:
            peer.opened(socket, site)

    def _wins(self, socket: LinkSocket, peer: Peer) -> bool:
        """A newer connection of the same direction replaces; of two directions the lower site's stays."""
        present = peer.socket
        if present is None or present.dialled == socket.dialled:
            return True
        return socket.dialled == (self._config.site.id < peer.site)

    def received(self, socket: LinkSocket, data: bytes) -> None:
        """One frame, for whoever owns the socket."""
        for peer in self._peers.values():
            peer.received(socket, data)

    def closed(self, socket: LinkSocket, why: str) -> None:
        """Gone; one that never opened failed its handshake: a wrong certificate, another protocol, nothing at all."""
        if not socket.was_open and not socket.dialled:
            self._note("HANDSHAKE", why)
        for peer in self._peers.values():
            peer.closed(socket)

    def _turn_away(self, socket: LinkSocket, code: str, detail: str) -> None:
        self._note(code, detail)
        socket.send(encode(Part(code=code, detail=detail)))
        socket.close()

    def _note(self, code: str, detail: str) -> None:
        self._refused.labels(code).inc()
        if len(self._logged) >= REMEMBERED_REASONS:
            self._logged.clear()
        reason = f"{code} {detail}"
        if reason not in self._logged:
            self._logged.add(reason)
            log.warning("connection refused on the link door", code=code, detail=detail)

    # What happens meanwhile

    def _recorded(self, _world: World, _facts: tuple[Recorded, ...]) -> None:
        for peer in self._peers.values():
            peer.journal_grew()

    def _tick(self) -> None:
        for peer in self._peers.values():
            peer.tick()
