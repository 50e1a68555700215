"""All links of a site: the listener, the dialling, who a socket belongs to, and what the console is told.

A socket belongs to the site that its certificate names, and only if that site is one of our `[[partner]]`s. Between
two sites one connection is enough: when both dial, the one that the lower site id dialled stays. Reconnecting is
Twisted's ClientService with a growing pause; a link that was refused waits longer, since people must change something.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from twisted.application.internet import ClientService
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.task import LoopingCall

from adapters.archive.archive import Archive
from adapters.clock import Clock
from adapters.config import Config, PartnerSection, split_address
from adapters.desk import Desk
from adapters.link.dialling import WhenNeeded, pause
from adapters.link.partners import Partners
from adapters.link.past_beyond import PastBeyond
from adapters.link.past_site import Past, PastTold
from adapters.link.peer import Peer
from adapters.link.received import House
from adapters.link.renewing import CertificateState, Renewing
from adapters.link.seals import Seals
from adapters.link.sharing import Sharing
from adapters.link.socket import FRAME_TOO_LARGE, AcceptingFactory, DiallingFactory, LinkSocket
from adapters.link.status import LinkStatus, refusals
from adapters.link.words import Words
from adapters.metrics import Metrics
from adapters.tls import Renewable, link_client_context, link_server_context, peer_certificate, peer_site
from dispatch.enrol_facts import SiteJoined, SiteShutOut
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.facts import Recorded
from dispatch.picture import TrackPicture
from dispatch.world import World
from protocols.codec.link import (
    CertificateAsk,
    CertificateGiven,
    Part,
    PastWord,
    SiteWord,
    VideoOver,
    VideoPiece,
    VideoPull,
    VideoTook,
    VideoWord,
    Word,
    WordPassed,
    encode,
)
from protocols.link_greeting import BEYOND, CAPABILITIES, Identity
from protocols.link_lanes import RELAYED
from protocols.link_relay import routes
from protocols.link_state import LinkState

TICK_S = 0.25  # beats are due every 2 s, tracks every 1 s
DIAL_WITHIN_S = 5.0
REMEMBERED_REASONS = (
    64  # refused handshakes are logged once per reason; the memory for that starts anew beyond this
)

log = structlog.get_logger()


class Links:
    """The links of one site. `start` after the desk, `stop` before it."""

    def __init__(
        self,
        *,
        desk: Desk,
        picture: TrackPicture,
        config: Config,
        metrics: Metrics,
        clock: Clock,
        archive: Archive | None = None,
    ) -> None:
        self.on_back: Callable[[str, datetime], None] = lambda _site, _since: (
            None
        )  # a line that was down since
        self.on_word: Callable[[str, SiteWord], None] = lambda _site, _word: None  # consultations
        self.on_passing: Callable[[WordPassed], bool] = lambda _passed: False  # of others; True: seen to
        self.on_video: Callable[[str, VideoWord], None] = lambda _site, _word: None
        self.on_free: Callable[[str], None] = lambda _site: None  # its socket has room again
        self._words: Words | None = None
        self._beyond: PastBeyond | None = None  # sites over a hub
        self._renewing: Renewing | None = None
        self._contexts: list[Renewable] = []
        self._desk, self._picture, self._config, self._clock = desk, picture, config, clock
        self._metrics, self._archive = metrics, archive
        self._past: Past | None = None
        self._peers: dict[str, Peer] = {}
        self._down_since: dict[str, datetime] = {}
        self._partners = Partners(config, lambda: desk.world)
        self._services: list[ClientService] = []
        self._listening: Any = None
        self._loop = LoopingCall(self._tick)
        self._sharing = Sharing(
            desk, [section.site for section in config.partner], clock, self._partners.beyond
        )
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
        self._past = Past(
            archive=self._archive,
            folder=self._config.data,
            hours=federation.track_history_hours,
            desk=self._desk,
            clock=self._clock,
            reactor=reactor,
        )
        self._words = Words(
            routes=self._house.routes,
            peers=self._peers,
            desk=self._desk,
            clock=self._clock,
            metrics=self._metrics,
            seals=self._house.seals,
            heard=self._heard_word,
            heard_past=self._heard_past,
            passing=self._passes_by,
        )
        self._beyond = PastBeyond(
            ((each.site, each.via) for each in self._config.partner if each.via),
            past=self._past,
            peers=self._peers,
            words=self._words,
            sharing=self._sharing,
            clock=self._clock,
            metrics=self._metrics,
        )
        for section in self._partners.sections().values():
            if not section.via:
                self._add(section)
        if federation.listen:
            host, port = split_address(federation.listen, "federation.listen")
            context = self._renewable(link_server_context)
            self._listening = reactor.listenSSL(
                port, AcceptingFactory(self, reactor), context, interface=host
            )
        for section in self._config.partner:
            if section.url and section.site in self._peers:
                self._services.append(self._dialler(section, reactor))
        self._renewing = Renewing(
            desk=self._desk,
            config=self._config,
            clock=self._clock,
            peers=self._peers,
            metrics=self._metrics,
            renewed=self._certificate_renewed,
        )
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
        for _, peer in self._present():
            peer.part("STOPPING", "the site is being stopped")
        closing = [maybeDeferred(service.stopService) for service in self._services]
        if self._past is not None:
            self._past.stop()
            closing.append(Deferred.fromCoroutine(self._past.save()))
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
            refused=dict(peer.refused + refusals(session.counts)),
            held=sum(session.heads.waiting(lane) for lane in RELAYED),
            down_since=self._down(section.site, session.state, now),
            agreement=section.agreement,
            flows=peer.flows.told(),
            past=self._past_told(section, peer, now),
        )

    def _past_told(self, section: PartnerSection, peer: Peer, now: datetime) -> PastTold | None:
        beyond = None if self._beyond is None else self._beyond.told(section.site, now)
        return beyond if section.via else peer.past.told(now)

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

    def _renewable(self, make: Callable[..., Any]) -> Any:
        context = Renewable(lambda: make(*self._files()))
        self._contexts.append(context)
        return context

    def _certificate_renewed(self) -> None:
        for context in self._contexts:
            context.renew()
        if self._house is not None and self._house.seals is not None:
            self._house.seals.renew()

    def certificate(self) -> CertificateState | None:
        """How our certificate stands; None: there are no links."""
        return None if self._renewing is None else self._renewing.state()

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
        assert self._past is not None  # noqa: S101  # the same
        self._peers[section.site] = self._peer(section, self._house, self._past)
        if self._partners.joined(section.site) is not None:
            self._sharing.add(section.site)

    def _peer(self, section: PartnerSection, house: House, past: Past) -> Peer:
        site = self._config.site
        return Peer(
            desk=self._desk,
            picture=self._picture,
            identity=Identity(
                site=site.id,
                name=site.name,
                agreement=section.agreement,
                epoch=self._desk.epoch,
                capabilities=(*CAPABILITIES, *BEYOND) if section.relay else CAPABILITIES,
                accept_older=section.accept_older,
            ),
            house=house,
            held=self._journals_grew,
            site=section.site,
            metrics=self._metrics,
            clock=self._clock,
            call_later=self._reactor.callLater,
            sharing=self._sharing,
            heard=self._said,
            past=past,
        )

    def _dialler(self, section: PartnerSection, reactor: Any) -> ClientService:
        try:
            factory = DiallingFactory(self, section.site, section.url, reactor)
        except Exception as error:  # autobahn raises bare Exception for an address it cannot read
            raise Malformed("partner.url", f"{section.url}: {error}") from None
        if not factory.isSecure:
            raise Malformed("partner.url", f"{section.url} is not wss://; links are always TLS")
        context: Any = self._renewable(link_client_context)
        host = HostnameEndpoint(reactor, factory.host.encode(), factory.port, timeout=DIAL_WITHIN_S)
        endpoint = WhenNeeded(wrapClientTLS(context, host), self._peers[section.site].linked)
        return ClientService(
            endpoint, factory, retryPolicy=pause(self._peers[section.site].session), clock=reactor
        )

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
        for _, peer in self._present():
            peer.received(socket, data)

    def closed(self, socket: LinkSocket, why: str) -> None:
        """Gone; one that never opened failed its handshake: a wrong certificate, another protocol, nothing at all."""
        if not socket.was_open and not socket.dialled:
            self._note("HANDSHAKE", why)
        now = self._clock()
        for site, peer in self._present():
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

    def say(self, site: str, word: SiteWord) -> bool:
        """To a partner, over a third site where it is reached so; whether it went out."""
        return self._words is not None and self._words.say(site, word)

    def say_video(self, site: str, word: VideoWord) -> bool:
        """To a partner that is linked directly; whether it went out."""
        peer = self._peers.get(site)
        return peer is not None and peer.say(word)

    def answer(self, asked: WordPassed, word: SiteWord) -> bool:
        """In place of the site that was asked, from what we keep of it."""
        return self._words is not None and self._words.answer(asked, word)

    def forward(self, passed: WordPassed) -> bool:
        """On towards the site it is for; it was judged when it came."""
        return self._words is not None and self._words.forward(passed)

    def _said(self, site: str, word: Word) -> None:
        if isinstance(word, CertificateAsk | CertificateGiven):
            if self._renewing is not None:
                self._renewing.heard(site, word)
        elif isinstance(word, VideoPull | VideoPiece | VideoTook | VideoOver):
            self.on_video(site, word)
        elif self._words is not None:
            self._words.heard(site, word)

    def _heard_word(self, site: str, word: SiteWord) -> None:
        self.on_word(site, word)  # as it is then: it is set after the links are made

    def _heard_past(self, site: str, word: PastWord) -> None:
        if self._beyond is not None:
            self._beyond.heard(site, word)

    def _passes_by(self, passed: WordPassed) -> bool:
        return self.on_passing(passed)

    def reached(self, site: str) -> bool:
        """Whether such words reach a partner now."""
        return self._words is not None and self._words.reached(site)

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
        for site, peer in self._present():
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
        for _, peer in self._present():
            peer.journal_grew()

    def _tick(self) -> None:
        now = self._clock()
        for site, peer in self._present():
            self._down(site, peer.session.state, now)
            peer.tick()
        if self._words is not None and self._beyond is not None:
            self._words.hub.flush()
            self._beyond.tick()
        if self._renewing is not None:
            self._renewing.tick()

    def _present(self) -> Iterator[tuple[str, Peer]]:
        """Every partner's; what is done for one may bring in or shut out another, whose turn then is not or no more."""
        for site, peer in tuple(self._peers.items()):
            if self._peers.get(site) is peer:
                yield site, peer
