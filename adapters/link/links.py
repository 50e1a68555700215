"""All links of a site: the listener, the dialling, who a socket belongs to, and what the console is told.

A socket belongs to the site that its certificate names, and only if that site is one of our `[[partner]]`s. Between
two sites one connection is enough: when both dial, the one that the lower site id dialled stays. Reconnecting is
Twisted's ClientService with a growing pause; a link that was refused waits longer, since people must change something.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
from adapters.link.partners import Partners
from adapters.link.peer import Peer
from adapters.link.received import House
from adapters.link.seals import Seals
from adapters.link.sharing import Sharing
from adapters.link.socket import FRAME_TOO_LARGE, AcceptingFactory, DiallingFactory, LinkSocket
from adapters.metrics import Metrics
from adapters.tls import link_client_context, link_server_context, peer_certificate, peer_site
from dispatch.enrol_facts import SiteJoined, SiteShutOut
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.facts import Recorded
from dispatch.picture import TrackPicture
from dispatch.world import World
from protocols.codec.link import Part, RoomWord, VideoWord, encode
from protocols.link_greeting import CAPABILITIES, RELAY, ROOMS, Identity
from protocols.link_lanes import RELAYED
from protocols.link_relay import routes
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
    detail: str = ""
    via: str = ""  # reached over this partner, whose link's state this is
    version: str = ""  # of the dialogue that the partner speaks, `major.minor`
    capabilities: tuple[str, ...] = ()
    bytes_out: Mapping[str, int] = field(default_factory=dict)  # by class of traffic, since the start
    bytes_in: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)  # rows and messages, by reason
    held: int = 0  # rows of third sites that wait for it
    down_since: datetime | None = None  # since it was first seen not live
    agreement: str = ""
    flows: tuple[dict[str, Any], ...] = ()  # by class of object, since the start


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
        self.on_back: Callable[[str, datetime], None] = lambda _site, _since: (
            None
        )  # a line that was down since
        self.on_word: Callable[[str, RoomWord], None] = lambda _site, _word: None  # consultations
        self.on_video: Callable[[str, VideoWord], None] = lambda _site, _word: None
        self.on_free: Callable[[str], None] = lambda _site: None  # its socket has room again
        self._desk, self._picture, self._config, self._clock = desk, picture, config, clock
        self._metrics = metrics
        self._peers: dict[str, Peer] = {}
        self._down_since: dict[str, datetime] = {}
        self._partners = Partners(config, lambda: desk.world)
        self._services: list[ClientService] = []
        self._listening: Any = None
        self._loop = LoopingCall(self._tick)
        self._sharing = Sharing(desk, [section.site for section in config.partner], clock)
        self._house: House | None = None
        self._reactor: Any = None
        self._unsubscribe: Callable[[], None] | None = None
        self._logged: set[str] = set()
        self._refused = metrics.counter(
            "ganying_link_refused", "Connections that never became a link, by reason", ("reason",)
        )

    # Life

    def start(self, reactor: Any) -> Deferred[None]:
        """Listen and dial as the config says. Raises Malformed for a certificate or address that does not serve."""
        federation = self._config.federation
        if not federation.listen and not self._config.partner:
            return succeed(None)
        self._house, self._reactor = self._furnish(), reactor
        for section in self._partners.sections().values():
            if not section.via:
                self._add(section)
        if federation.listen:
            host, port = split_address(federation.listen, "federation.listen")
            context = link_server_context(*self._files())
            self._listening = reactor.listenSSL(
                port, AcceptingFactory(self, reactor), context, interface=host
            )
        for section in self._config.partner:
            if section.url and section.site in self._peers:
                self._services.append(self._dialler(section, reactor))
        self._unsubscribe = self._desk.subscribe(self._recorded)
        self._loop.clock = reactor
        self._loop.start(TICK_S, now=False)
        self._sharing.start(reactor)
        for service in self._services:
            service.startService()
        return succeed(None)

    def stop(self) -> Deferred[None]:
        """Say good-bye and close; fires when every dialled socket is gone."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._loop.running:
            self._loop.stop()
        self._sharing.stop()
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
        """Every partner's link, in the order of the config, then of joining."""
        now = self._clock()
        return [
            self._status(section, peer, now)
            for section in self._partners.sections().values()
            if (peer := self._peers.get(section.via or section.site)) is not None
        ]

    def _status(self, section: PartnerSection, peer: Peer, now: datetime) -> LinkStatus:
        session = peer.session
        peering = session.peering
        return LinkStatus(
            site=section.site,
            name=section.name,
            via=section.via,
            state=session.state,
            lag_ms=min(session.lag(now) // timedelta(milliseconds=1), 2**32 - 1),
            queue=session.queue,
            skew_ms=round((session.skew.offset_us or 0) / 1000),
            reason=session.reason,
            detail=session.detail,
            version=".".join(map(str, peering.version)) if peering.version[0] else "",
            capabilities=tuple(sorted(peering.capabilities)),
            bytes_out=dict(session.bytes_out),
            bytes_in=dict(session.bytes_in),
            refused=dict(peer.refused + _refusals(session.counts)),
            held=sum(session.heads.waiting(lane) for lane in RELAYED),
            down_since=self._down(section.site, session.state, now),
            agreement=section.agreement,
            flows=peer.flows.told(),
        )

    def _down(self, site: str, state: LinkState, now: datetime) -> datetime | None:
        """Since when a link is not live; trying again in between does not begin it anew."""
        if state is LinkState.LIVE:
            self._down_since.pop(site, None)
            return None
        return self._down_since.setdefault(site, now)

    def _files(self) -> tuple[Any, Any, Any]:
        federation = self._config.federation
        return tuple(  # type: ignore[return-value]  # three of them
            self._config.path(each) for each in (federation.certificate, federation.key, federation.ca)
        )

    def _furnish(self) -> House:
        sections = self._config.partner
        known = {section.site: section for section in sections}
        for index, each in enumerate(sections):
            over = known.get(each.via)
            if each.via and (over is None or over.via or not over.relay):
                detail = f"site {each.via!r} is no direct partner with relay = true"
                raise Malformed(f"partner[{index}].via", detail)
        way = routes(self._config.site.id, ((each.site, each.via, each.relay) for each in sections))
        return House(
            routes=way,
            seals=Seals(*self._files()) if way.relaying else None,
            known=frozenset(known),  # whoever joined has a link of its own, and nothing of it is passed on
        )

    def _add(self, section: PartnerSection) -> None:
        assert self._house is not None  # noqa: S101  # since the start
        self._peers[section.site] = self._peer(section, self._house, self._reactor)
        if self._partners.joined(section.site) is not None:
            self._sharing.add(section.site)

    def _peer(self, section: PartnerSection, house: House, reactor: Any) -> Peer:
        site = self._config.site
        return Peer(
            desk=self._desk,
            picture=self._picture,
            identity=Identity(
                site=site.id,
                name=site.name,
                agreement=section.agreement,
                epoch=self._desk.epoch,
                capabilities=(*CAPABILITIES, RELAY) if section.relay else CAPABILITIES,
                accept_older=section.accept_older,
            ),
            house=house,
            held=self._journals_grew,
            site=section.site,
            metrics=self._metrics,
            clock=self._clock,
            call_later=reactor.callLater,
            sharing=self._sharing,
            heard=self._said,
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
        try:
            self._partners.check(site, peer_certificate(socket.transport))
        except Refused as error:
            self._turn_away(socket, error.code, error.detail)
            return
        peer = self._peers.get(socket.expected or site)
        if peer is None:
            self._turn_away(socket, "UNKNOWN_SITE", f"site {site} is no partner here")
        elif peer.linked() and not self._wins(socket, peer):
            self._turn_away(socket, "DUPLICATE", "a connection of this link is up")
        else:
            lost_at = self._down_since.get(site)
            if lost_at is not None and not peer.linked():
                self.on_back(site, lost_at)  # before anything that was said meanwhile comes
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
        now = self._clock()
        for site, peer in self._peers.items():
            peer.closed(socket, too_large=why == FRAME_TOO_LARGE)
            self._down(site, peer.session.state, now)

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

    # Consultations and video beside the rows

    def say(self, site: str, word: RoomWord | VideoWord) -> bool:
        """To a partner that is linked directly; whether it went out."""
        peer = self._peers.get(site)
        return peer is not None and peer.say(word)

    def _said(self, site: str, word: RoomWord | VideoWord) -> None:
        # as they are then: they are set after the links are made
        if isinstance(word, RoomWord):
            self.on_word(site, word)
        else:
            self.on_video(site, word)

    def reached(self, site: str) -> bool:
        """Whether such words reach a partner now."""
        peer = self._peers.get(site)
        if peer is None or peer.session.state not in (LinkState.CATCHING_UP, LinkState.LIVE):
            return False
        return peer.session.peering.can(ROOMS, peer.session.identity)

    def full(self, site: str) -> bool:
        """Whether a partner's socket holds more than it likes, or is not there."""
        peer = self._peers.get(site)
        return peer is None or peer.socket is None or peer.socket.congested

    def connection(self, site: str) -> int:
        """The number of a partner's present connection that has greeted; 0: none."""
        peer = self._peers.get(site)
        up = peer is not None and peer.session.state in (LinkState.CATCHING_UP, LinkState.LIVE)
        return peer.session.number if up and peer is not None else 0

    def skew_us(self, site: str) -> int:
        """How far a partner's clock is ahead of ours, as far as known."""
        peer = self._peers.get(site)
        return 0 if peer is None else peer.session.skew.offset_us or 0

    def count_refused(self, site: str, code: str, count: int) -> None:
        """For the link page: so much of a partner's was not taken."""
        peer = self._peers.get(site)
        if peer is not None:
            peer.refused[code] += count

    def hop(self, site: str) -> str:
        """The partner over whose link a site is reached."""
        section = self._partners.sections().get(site)
        return section.via or site if section is not None else site

    # What happens meanwhile

    def line_changed(self, socket: LinkSocket) -> None:
        """A socket is full, or has room again."""
        for site, peer in self._peers.items():
            peer.line_changed(socket)
            if peer.socket is socket and not socket.congested:
                self.on_free(site)

    def _recorded(self, _world: World, facts: tuple[Recorded, ...]) -> None:
        if any(isinstance(each.fact, SiteJoined | SiteShutOut) for each in facts):
            self._partners_changed()
        self._journals_grew()

    def _partners_changed(self) -> None:
        """Somebody joined or was shut out: its link begins, or ends at once."""
        wanted = self._partners.sections()
        for site in [site for site in self._peers if site not in wanted]:
            peer = self._peers.pop(site)
            self._down_since.pop(site, None)
            peer.part("SHUT_OUT", "this site was shut out")
            if peer.socket is not None:
                peer.closed(peer.socket)
        for section in wanted.values():
            if not section.via and section.site not in self._peers:
                self._add(section)

    def _journals_grew(self) -> None:
        for peer in self._peers.values():
            peer.journal_grew()

    def _tick(self) -> None:
        now = self._clock()
        for site, peer in self._peers.items():
            self._down(site, peer.session.state, now)
            peer.tick()


def _refusals(counts: Counter[str]) -> Counter[str]:
    """What a session counted of messages that were not taken, by the reason people read."""
    reasons = {
        "malformed": "MALFORMED",
        "unknown_message": "UNKNOWN_MESSAGE",
        "tracks_refused": "TRACKS_TOO_OFTEN",
        "paused": "TOO_MANY_FRAMES",
        "oversize": FRAME_TOO_LARGE,
    }
    return Counter({reason: counts[event] for event, reason in reasons.items() if counts[event]})
