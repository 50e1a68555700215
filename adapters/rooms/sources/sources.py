"""All that the conference system pulls of a site: what it may, what is in the journal, and that it ends at once.

    offer (dispatch/conference.py) -> signed POST with paths -> RTSP -> Puller -> Pull, a viewer of a Line

Whether a source may be pulled is looked at with every fact and every second: a consultation that ends, a source that is
taken back, a stream that is removed, a grant that is over closes the connection. A partner's stream is fetched only
while somebody watches, so its pull is written down before it is described; the others' before they are played.
"""

import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.internet.task import LoopingCall

from adapters.clock import Clock
from adapters.metrics import Metrics
from adapters.rooms.sources.pull import Pull
from adapters.rooms.sources.puller import Puller
from adapters.rooms.sources.settings import Named, SourceSettings
from adapters.video.line import Line, Watching
from dispatch import conference
from dispatch.commands import Ask
from dispatch.conference_commands import BeginPull, EndPull
from dispatch.conference_facts import ConferencePullBegan
from dispatch.conference_records import MAP
from dispatch.errors import GanyingError, Refused, Unknown
from dispatch.facts import Recorded
from dispatch.world import World
from protocols import rtcp
from protocols.codec import video as codec
from protocols.codec.common import to_us
from protocols.codec.video import PictureOfStream
from protocols.websocket_frame import message_of

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 64
MOST_OF_ONE = 24  # of one address
LOOK_EVERY_S = 1.0
PICTURE_WITHIN_S = 8.0  # a source is waited for so long, then there is none
_LOOKS_FOR_PICTURE_S = 0.1
DATAGRAM_BUFFER_BYTES = 1 << 20
ACTOR = "conference"


class Lines(Protocol):
    """Where pictures come from: the site's video, or the maps of its rooms."""

    def line(self, source_id: str) -> Line | None:
        """One of them, if there is one."""

    def watch(self, viewer: Watching, line: Line) -> None:
        """Send it."""

    def unwatch(self, viewer: Watching, line: Line) -> None:
        """No more."""


class _Nothing:
    """A queue that takes nothing (protocols/video_gop.py)."""

    def watch(self, *_: Any, **__: Any) -> None:
        """Nothing."""

    unwatch = broken = unit = watch


@dataclass(eq=False, slots=True)
class _Holding:
    """Watches a line, throwing away what comes, so that one which is fetched only while it is watched goes on."""

    queue: Any = field(default_factory=_Nothing)


@dataclass(eq=False, slots=True, kw_only=True)
class Source:
    """What one connection pulls. `pull_id`: of what is in the journal. `holding`: until it is played."""

    named: Named
    name: str
    line: Line
    lines: Lines
    key_unit: PictureOfStream
    holding: _Holding = field(default_factory=_Holding)
    pull_id: str = ""
    began_s: float = 0.0


class Sources:
    """Of one site. Start it after the desk, its video and the rooms' maps; stop it before them."""

    def __init__(
        self,
        *,
        settings: SourceSettings,
        desk: Any,
        video: Lines,
        maps: Lines,
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        self.settings, self.reactor = settings, reactor
        self._desk, self._video, self._maps, self._clock = desk, video, maps, clock
        self._connections: set[Puller] = set()
        self._sources: dict[Puller, Source] = {}
        self._ports: list[Any] = []
        self._datagrams: dict[str, tuple[Any, Any]] = {}
        self._logged: set[tuple[str, str]] = set()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._looking = LoopingCall(self._look)
        self._looking.clock = reactor
        self._open = metrics.gauge("ganying_conference_connections", "RTSP connections of conference systems")
        self._playing = metrics.gauge("ganying_conference_pulls", "Sources that conference systems pull")
        self._refused = metrics.counter(
            "ganying_conference_refused", "RTSP requests refused and connections closed, by code", ("code",)
        )
        self._pictures = metrics.counter(
            "ganying_conference_pictures", "Pictures for conference systems", ("what",)
        )

    def start(self) -> None:
        """Listen. Pulls that a crash left open are over."""
        for call in self._desk.world.conference_calls.values():
            for each in call.pulls:
                if each.ended_at is None:
                    self._say(EndPull(call_id=call.id, pull_id=each.id))
        factory = _Factory(self)
        for host in self.settings.listen:
            self._ports.append(self.reactor.listenTCP(self.settings.port, factory, interface=host))
            if self.settings.udp_port:
                media = self.reactor.listenUDP(self.settings.udp_port, _Reports(self), interface=host)
                reports = self.reactor.listenUDP(self.settings.udp_port + 1, _Reports(self), interface=host)
                self._ports += [media, reports]
                self._datagrams[host] = (media, reports)
        self._unsubscribe = self._desk.subscribe(self._committed)
        self._looking.start(LOOK_EVERY_S, now=False)

    def stop(self) -> "Deferred[Any]":
        """Close all; fires when the ends of all pulls are written."""
        self._unsubscribe()
        if self._looking.running:
            self._looking.stop()
        ends = [self._leave(each) for each in tuple(self._sources)]
        for each in tuple(self._connections):
            each.part("STOPPING")
        closed = [port.stopListening() for port in self._ports]
        return DeferredList([each for each in (*ends, *closed) if each is not None])

    def now_us(self) -> int:
        """The site's clock."""
        return to_us(self._clock())

    # Connections

    def opened(self, puller: Puller) -> None:
        """A connection; at most so many."""
        self._connections.add(puller)
        self._open.set(len(self._connections))
        of_one = sum(1 for each in self._connections if each.host == puller.host)
        if len(self._connections) > MOST_CONNECTIONS or of_one > MOST_OF_ONE:
            puller.part("TOO_MANY")

    def closed(self, puller: Puller) -> None:
        """It is gone."""
        self._connections.discard(puller)
        self._open.set(len(self._connections))

    def parted(self, puller: Puller, code: str) -> None:
        """It goes, `code` empty: by itself."""
        self._leave(puller)
        if code:
            self.refused(puller, code, "")

    def refused(self, puller: Puller, code: str, about: str) -> None:
        """Counted; logged once for an address."""
        self._refused.labels(code).inc()
        if (puller.host, code) not in self._logged and len(self._logged) < 1_000:
            self._logged.add((puller.host, code))
            log.warning("conference system refused", address=puller.host, code=code, about=about)

    def datagrams(self, puller: Puller) -> tuple[Any, Any] | None:
        """The two ports of the interface that it came in by, where there are any."""
        transport: Any = puller.transport
        return self._datagrams.get(transport.getHost().host)

    def reported(self, host: str, data: bytes) -> None:
        """A datagram: whoever pulls datagrams from there is there still."""
        if rtcp.is_report(data):
            for puller in tuple(self._sources):
                if puller.host == host:
                    puller.heard()

    # What is pulled

    async def source(self, puller: Puller, uri: str) -> Source:
        """What a path names, with a key frame. Raises Unknown, or Refused with why not."""
        named = self.settings.named(uri)
        if named is None:
            raise Unknown("uri", "no such source")
        self._check(named)
        lines = self._maps if named.source_id == MAP else self._video
        line = lines.line(named.room if named.source_id == MAP else named.source_id)
        if line is None:
            raise Refused("NO_PICTURE", "it does not come in", field="uri")
        source = Source(
            named=named,
            name=line.stream.terms.name,
            line=line,
            lines=lines,
            key_unit=PictureOfStream(epoch=0, key=False, pts_us=0, dts_us=0, data=b""),
        )
        self._sources[puller] = source
        try:
            if line.stream.id in self._desk.world.shown_videos:
                await self.begin(puller, source)
            source.key_unit = await self._key_unit(puller, source)
        except BaseException:
            self._leave(puller)
            raise
        return source

    def _check(self, named: Named) -> None:
        code = conference.why_not(self._desk.world, named.call_id, named.source_id, self._clock())
        call = self._desk.world.conference_calls.get(named.call_id)
        if code == conference.NOT_OFFERED or call is None or named.room not in ("", call.room_id):
            raise Unknown("uri", "no such source")
        if code:
            raise Refused(code, "it is over", field="uri")

    async def _key_unit(self, puller: Puller, source: Source) -> PictureOfStream:
        """The last key frame; waited for where nobody watched yet."""
        line = source.line
        source.lines.watch(source.holding, line)
        for _ in range(round(PICTURE_WITHIN_S / _LOOKS_FOR_PICTURE_S)):
            if self._sources.get(puller) is not source:
                raise Refused("GONE", "it is over", field="uri")
            if line.gop.frames:
                return codec.read_picture(message_of(line.gop.frames[0]))
            await self._pause(_LOOKS_FOR_PICTURE_S)
        raise Refused("NO_PICTURE", f"none came within {PICTURE_WITHIN_S:.0f} s", field="uri")

    def _pause(self, seconds: float) -> "Deferred[None]":
        waited: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, waited.callback, None)
        return waited

    def pull_of(self, puller: Puller, source: Source) -> Pull:
        """Its way out."""
        return Pull(
            line=source.line,
            key_unit_codec=source.key_unit.codec,
            over=puller.part,
            reactor=self.reactor,
            name=f"ganying-{self._desk.world.site}",
            now_us=self.now_us,
        )

    async def begin(self, puller: Puller, source: Source) -> None:
        """Written down, before the first picture; once for a connection. Raises GanyingError: nothing may be sent."""
        if source.pull_id:
            return
        command = BeginPull(
            call_id=source.named.call_id, source_id=source.named.source_id, address=puller.host
        )
        answer = await self._desk.ask(_ask(command))
        made = next(r.fact.pull for r in answer.recorded if isinstance(r.fact, ConferencePullBegan))
        source.pull_id, source.began_s = made.id, self.reactor.seconds()
        if puller.over or self._sources.get(puller) is not source:  # it went meanwhile
            self._end(source, 0, 0)
            raise Refused("GONE", "the connection is gone", field="uri")

    def play(self, puller: Puller) -> None:
        """Pictures, from the last key frame on."""
        source = self._sources.get(puller)
        if source is None or puller.pull is None:
            return
        source.lines.watch(puller.pull, source.line)
        source.lines.unwatch(source.holding, source.line)
        self._count()

    def _leave(self, puller: Puller) -> "Deferred[Any] | None":
        source, pull = self._sources.pop(puller, None), puller.pull
        if source is None:
            return None
        sent = left_out = 0
        source.lines.unwatch(source.holding, source.line)
        if pull is not None:
            pull.stop()
            source.lines.unwatch(pull, source.line)
            sent, left_out = pull.sent, pull.left_out
            self._pictures.labels("sent").inc(sent)
            self._pictures.labels("left_out").inc(left_out)
        self._count()
        return self._end(source, sent, left_out)

    def _count(self) -> None:
        self._playing.set(sum(1 for each in self._sources if each.pull is not None and each.pull.playing))

    def _end(self, source: Source, sent: int, left_out: int) -> "Deferred[Any] | None":
        if not source.pull_id:
            return None
        command = EndPull(
            call_id=source.named.call_id,
            pull_id=source.pull_id,
            lasted_s=self.reactor.seconds() - source.began_s,
            sent=sent,
            left_out=left_out,
        )
        source.pull_id = ""
        return self._say(command)

    def _say(self, command: EndPull) -> "Deferred[Any]":
        def not_written(failure: Any) -> None:
            if isinstance(failure.value, GanyingError):  # the beginning stands in the journal
                log.warning("end of a pull not written", why=failure.value.code)
            else:
                log.error("defect in a pull", traceback=failure.getTraceback())

        asked: Deferred[Any] = self._desk.ask(_ask(command))
        return asked.addErrback(not_written)

    # What ends it

    def _committed(self, _: World, recorded: tuple[Recorded, ...]) -> None:
        if self._sources and recorded:
            self._look()

    def _look(self) -> None:
        world, now = self._desk.world, self._clock()
        for puller, source in tuple(self._sources.items()):
            code = conference.why_not(world, source.named.call_id, source.named.source_id, now)
            if not code and source.named.source_id != MAP:
                present = source.lines.line(source.named.source_id)
                code = "" if present is source.line else conference.NO_STREAM
            if code:
                puller.part(code)


def _ask(command: BeginPull | EndPull) -> Ask:
    return Ask(actor=ACTOR, role=None, command_id=uuid.uuid4().hex, command=command)


class _Factory(Factory):
    """Connections of one site."""

    noisy = False

    def __init__(self, owner: Sources) -> None:
        self._owner = owner

    def buildProtocol(self, addr: Any) -> Puller:  # noqa: N802 (Twisted's name)
        """One."""
        return Puller(self._owner, str(addr.host))


class _Reports(DatagramProtocol):
    """What comes back: receivers say how it went, and so that they are there."""

    noisy = False

    def __init__(self, owner: Sources) -> None:
        self._owner = owner

    def startProtocol(self) -> None:  # noqa: N802 (Twisted's name)
        """A key frame goes out at once."""
        transport: Any = self.transport
        transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, DATAGRAM_BUFFER_BYTES)

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:  # noqa: N802 (Twisted's name)
        """Anybody's; only whether it is a report is looked at."""
        self._owner.reported(str(addr[0]), datagram)
