"""What an upper platform watches of ours: asked for with INVITE, written down, sent as PS over RTP, ended by either side.

    <- INVITE, SDP            we -> 100; the viewing goes into the journal, with purpose: no journal, no picture
                              we -> 200, SDP, again until ACK
    <- ACK                    pictures from the last key frame on
    <- BYE                    or we -> BYE: the stream is gone, the receiver's port is closed, the platform is silent

Only channels that the site's file names for this platform, only streams of this site's own, only to the platform's addresses.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall

from adapters.video.gb28181.endpoint import Endpoint
from adapters.video.gb28181.ports import Ports
from adapters.video.gb28181.sender import Connection, Datagrams, PsSender
from adapters.video.gb28181.tokens import branch, token
from adapters.video.gb28181.upstream import Upstream, allowed_hosts
from adapters.video.line import Line
from adapters.video.video import Video
from dispatch import video_above
from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.video_commands import BeginViewing
from protocols.gb28181 import sdp
from protocols.gb28181.errors import BadGb
from protocols.gb28181.registrar import Source
from protocols.gb28181.sdp import Sdp
from protocols.gb28181.sip import SipMessage
from protocols.gb28181.transactions import GIVE_UP_S, T1_S, T2_S
from protocols.gb28181.words import Dialog, Us

log = structlog.get_logger()

MOST_WATCHED = 16  # of one platform at once; more: 486
LOOK_EVERY_S = 1.0


class _Refused(Exception):
    """No, with what SIP says for it."""

    def __init__(self, status: int, reason: str, code: str) -> None:
        super().__init__(code)
        self.status, self.reason, self.code = status, reason, code


@dataclass(eq=False, slots=True, kw_only=True)
class Watched:
    """One viewing; a viewer of its line."""

    upstream: Upstream
    asked: SipMessage
    source: Source
    line: Line
    channel_id: str
    told: Sdp
    port: int
    tag: str
    since_s: float
    queue: PsSender = field(init=False)
    listening: Any = None
    acknowledged: bool = False
    written: bool = False
    answered: bool = False
    over: bool = False
    again: IDelayedCall | None = None

    @property
    def session(self) -> str:
        """By which the viewing is known (adapters/video/viewings.py)."""
        return f"gb28181:{self.upstream.section.id}:{self.asked.call_id}"

    @property
    def subject(self) -> str:
        """As the platform said it."""
        return self.asked.header("subject")[:120]


class WatchedFromAbove:
    """Of one site."""

    def __init__(
        self,
        *,
        us: Us,
        listen: str,
        desk: Any,
        video: Video,
        endpoint: Endpoint,
        ports: Ports,
        reactor: Any,
        counted: Any,
    ) -> None:
        self._us, self._listen, self._desk, self._video = us, listen, desk, video
        self._endpoint, self._ports, self._reactor, self._counted = endpoint, ports, reactor, counted
        self._all: dict[tuple[str, str], Watched] = {}
        self._turn = LoopingCall(self._look)
        self._turn.clock = reactor

    def start(self) -> None:
        """Look after them."""
        self._turn.start(LOOK_EVERY_S)

    def stop(self) -> None:
        """All end."""
        if self._turn.running:
            self._turn.stop()
        for each in tuple(self._all.values()):
            self._end(each, "site_stops", bye=True)

    def of(self, upstream: Upstream) -> Iterable[Watched]:
        """What a platform watches."""
        return [each for each in self._all.values() if each.upstream is upstream and each.acknowledged]

    def down(self, upstream: Upstream) -> None:
        """It does not hear us any more."""
        for each in tuple(self._all.values()):
            if each.upstream is upstream:
                self._end(each, "platform_down", bye=True)

    def invite(self, upstream: Upstream, asked: SipMessage, source: Source) -> None:
        """It wants to watch."""
        try:
            watched = self._checked(upstream, asked, source)
        except BadGb as error:
            self._endpoint.trouble(error.code, source.host, str(error))
            self._endpoint.answer(asked, source, 400, "Bad Request", tag=token())
            return
        except _Refused as no:
            self._counted.labels(no.code).inc()
            self._endpoint.trouble(no.code, source.host, asked.to.user)
            self._endpoint.answer(asked, source, no.status, no.reason, tag=token())
            return
        self._all[(upstream.section.id, asked.call_id)] = watched
        self._endpoint.answer(asked, source, 100, "Trying")
        Deferred.fromCoroutine(self._begin(watched)).addErrback(
            lambda failure: log.error("defect in a viewing from above", traceback=failure.getTraceback())
        )

    def _checked(self, upstream: Upstream, asked: SipMessage, source: Source) -> Watched:
        """Raises BadGb, _Refused."""
        if asked.to.tag or (upstream.section.id, asked.call_id) in self._all:
            raise _Refused(488, "Not Acceptable Here", "INVITED_AGAIN")
        told = sdp.read(asked.body)
        channel_id = asked.to.user
        line = self._line(upstream, channel_id)
        if told.session != "Play" or "PS" not in told.payloads.values():
            raise _Refused(488, "Not Acceptable Here", "NOT_SPOKEN")
        if told.address not in allowed_hosts(upstream.section):
            raise _Refused(403, "Forbidden", "OTHER_MEDIA_HOST")
        if sum(each.upstream is upstream for each in self._all.values()) >= MOST_WATCHED:
            raise _Refused(486, "Busy Here", "TOO_MANY_WATCHED")
        port = self._ports.take()
        if port is None:
            raise _Refused(486, "Busy Here", "NO_PORT")
        watched = Watched(
            upstream=upstream,
            asked=asked,
            source=source,
            line=line,
            channel_id=channel_id,
            told=told,
            port=port,
            tag=token(),
            since_s=self._reactor.seconds(),
        )
        try:
            self._open(watched)
        except (CannotListenError, OSError):
            self._ports.free(port)
            raise _Refused(486, "Busy Here", "NO_PORT") from None
        return watched

    def _line(self, upstream: Upstream, channel_id: str) -> Line:
        stream_id = upstream.section.channels.get(channel_id, "")
        code = video_above.why_not(self._desk.world, stream_id)
        if code == video_above.NOT_ENABLED:
            raise _Refused(480, "Temporarily Unavailable", code)
        line = self._video.line(stream_id)
        if code or line is None:
            raise _Refused(404, "Not Found", "NOT_SHARED")
        return line

    def _open(self, watched: Watched) -> None:
        """The way out. Raises CannotListenError."""
        told = watched.told
        ssrc = int(told.ssrc) if told.ssrc else watched.port
        if not told.tcp:
            out = Datagrams(told.address, told.port, lambda: self._end(watched, "port_closed", bye=True))
            watched.listening = self._reactor.listenUDP(watched.port, out, interface=self._listen)
            watched.queue = PsSender(out, ssrc, self._reactor)
            return
        connection = Connection(lambda: self._end(watched, "disconnected", bye=True))
        watched.queue = connection.sender = PsSender(connection, ssrc, self._reactor, ready=False)
        if told.setup == "active":  # it connects to us
            factory = _Once(connection, allowed_hosts(watched.upstream.section))
            watched.listening = self._reactor.listenTCP(watched.port, factory, interface=self._listen)

    async def _begin(self, watched: Watched) -> None:
        upstream = watched.upstream
        purpose = f"级联点播 {upstream.name} {watched.subject}".strip()
        command = BeginViewing(
            stream_id=watched.line.stream.id,
            address=watched.told.address,
            purpose=purpose[:200],
            platform=upstream.section.id,
        )
        try:
            await self._video.viewings.begin(
                watched.session,
                lambda asked: Ask(
                    actor=f"gb28181:{upstream.section.id}",
                    role=None,
                    command_id=uuid.uuid4().hex,
                    command=asked,
                ),
                command,
            )
        except GanyingError as error:
            log.warning("a viewing from above is not written", why=error.code)
            self._endpoint.answer(watched.asked, watched.source, 503, "Service Unavailable", tag=watched.tag)
            self._end(watched, "not_written")
            return
        watched.written = True
        if watched.over:  # ended while it was being written
            self._left(watched)
            return
        body = sdp.answer(
            owner=watched.channel_id,
            address=self._us.host,
            port=watched.port,
            asked=watched.told,
            setup="passive" if watched.told.setup == "active" else "active",
        )
        data = self._endpoint.answer(
            watched.asked,
            watched.source,
            200,
            "OK",
            tag=watched.tag,
            more=(("Contact", self._us.contact), ("Content-Type", sdp.CONTENT_TYPE)),
            body=body,
        )
        watched.answered = True
        self._say_again(watched, data, T1_S, self._reactor.seconds() + GIVE_UP_S)

    def _say_again(self, watched: Watched, data: bytes, pause_s: float, until_s: float) -> None:
        """Until it is acknowledged (§13.3.1.4)."""

        def again() -> None:
            watched.again = None
            if self._reactor.seconds() >= until_s:
                self._end(watched, "no_ack", bye=True)
                return
            self._endpoint.send(data, watched.source)
            self._say_again(watched, data, min(T2_S, pause_s * 2), until_s)

        watched.again = self._reactor.callLater(pause_s, again)

    def acknowledged(self, upstream: Upstream, asked: SipMessage) -> bool:
        """ACK; whether it is of a viewing."""
        watched = self._all.get((upstream.section.id, asked.call_id))
        if watched is None:
            return False
        if watched.answered and not watched.acknowledged:
            watched.acknowledged = True
            if watched.again is not None:
                watched.again.cancel()
                watched.again = None
            self._counted.labels("began").inc()
            log.info(
                "GB/T 28181 viewing", platform=upstream.section.id, stream=watched.line.stream.id, now="began"
            )
            if watched.told.tcp and watched.told.setup != "active":
                self._connect(watched)
            self._video.watch(watched, watched.line)
        return True

    def _connect(self, watched: Watched) -> None:
        from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

        connection: Any = watched.queue.out
        to = TCP4ClientEndpoint(self._reactor, watched.told.address, watched.told.port, timeout=5)

        def made(_: object) -> None:
            if watched.over:
                connection.close()

        connectProtocol(to, connection).addCallbacks(  # type: ignore[no-untyped-call]  # twisted
            made, lambda _: self._end(watched, "port_closed", bye=True)
        )

    def bye(self, upstream: Upstream, asked: SipMessage, source: Source) -> bool:
        """It watches no more; whether it did."""
        watched = self._all.get((upstream.section.id, asked.call_id))
        if watched is None:
            return False
        self._endpoint.answer(asked, source, 200, "OK")
        self._end(watched, "bye")
        return True

    def _look(self) -> None:
        for watched in tuple(self._all.values()):
            line = self._video.line(watched.line.stream.id)
            if line is not watched.line or video_above.why_not(self._desk.world, line.stream.id):
                self._end(watched, "stream_gone", bye=True)

    def _end(self, watched: Watched, why: str, *, bye: bool = False) -> None:
        if watched.over:
            return
        watched.over = True
        self._all.pop((watched.upstream.section.id, watched.asked.call_id), None)
        if watched.again is not None and watched.again.active():
            watched.again.cancel()
        if watched.acknowledged:
            self._video.unwatch(watched, watched.line)
        if bye and watched.answered:
            self._say_bye(watched)
        watched.queue.close()
        if watched.listening is not None:
            watched.listening.stopListening()
        self._ports.free(watched.port)
        self._counted.labels(why).inc()
        log.info(
            "GB/T 28181 viewing",
            platform=watched.upstream.section.id,
            stream=watched.line.stream.id,
            now="over",
            why=why,
            sent=watched.queue.sent,
        )
        if watched.written:
            self._left(watched)

    def _left(self, watched: Watched) -> None:
        self._video.viewings.leave(
            watched.session, watched.line.stream.id, watched.queue.sent, watched.queue.left_out, linger=False
        )

    def _say_bye(self, watched: Watched) -> None:
        asked, source = watched.asked, watched.source
        dialog = Dialog(
            us=self._us,
            transport="TCP" if source.connection else "UDP",
            call_id=asked.call_id,
            local=f"{asked.to.text};tag={watched.tag}",
            remote=asked.sender.text,
            target=f"sip:{watched.upstream.section.id}@{source.host}:{source.port}",
        )
        made = branch()
        self._endpoint.ask("BYE", made, dialog.bye(made), source, lambda _answer: None)


class _Once(Factory):
    """Lets in the one receiver that may connect: the first that comes from where it may."""

    noisy = False

    def __init__(self, connection: Connection, hosts: frozenset[str]) -> None:
        self._connection: Connection | None = connection
        self._hosts = hosts

    def buildProtocol(self, addr: Any) -> Connection | None:  # noqa: N802  # Twisted's name
        """None: it is closed."""
        if addr.host not in self._hosts:
            return None
        made, self._connection = self._connection, None
        return made
