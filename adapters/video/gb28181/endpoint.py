"""SIP over UDP and TCP at one address: bytes to messages, messages to bytes, ours said again until they are answered.

What may be heard from where is protocols/gb28181/guard.py; what is said is devices.py, calls.py and upstream.py.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog
from twisted.internet.protocol import DatagramProtocol, Factory, Protocol
from twisted.internet.task import LoopingCall

from adapters.metrics import Metrics
from protocols.gb28181.errors import BadGb
from protocols.gb28181.guard import Guard
from protocols.gb28181.registrar import Source
from protocols.gb28181.sip import SipMessage, SipStream, parse, response_to
from protocols.gb28181.transactions import Answering, Asking, Full

log = structlog.get_logger()

TICK_S = 0.1
MOST_CONNECTIONS = 256  # of TCP; one more is closed at once, counted
UDP_AT_ONCE_BYTES = 32 << 10  # read before the reactor sees to others
MOST_LOGGED = (
    200  # lines within LOGGED_S; more are counted alone, as who floods may write any address on his words
)
LOGGED_S = 600.0
SILENT_S = 180.0  # a connection that says nothing for so long is closed
MOST_UNSENT_BYTES = 256 << 10  # of a connection that takes nothing: it is closed

Handler = Callable[[SipMessage, Source], None]


class Endpoint:
    """`on_request` gets requests that are new; answers go to who asked, `on_again` gets those that come once more."""

    def __init__(self, *, known: Callable[[str], bool], metrics: Metrics, reactor: Any) -> None:
        self.on_request: Handler = lambda _message, _source: None
        self.on_again: Callable[[SipMessage, Source], bool] = lambda _message, _source: False
        self.on_gone: Callable[[int], None] = lambda _connection: None
        self.port = 0
        self.counts: Counter[str] = Counter()
        self._known, self._reactor = known, reactor
        self._guard, self._asking, self._answering = Guard(), Asking(), Answering()
        self._udp: Any = None
        self._tcp: Any = None
        self._talk: _Datagrams | None = None
        self._connections: dict[int, _Connection] = {}
        self._last_connection = 0
        self._logged: set[tuple[str, str]] = set()
        self._logged_s = reactor.seconds()  # since when
        self._tick = LoopingCall(self._due)
        self._tick.clock = reactor
        self._counted = metrics.counter(
            "ganying_gb28181_messages", "SIP messages by direction and kind", ("direction", "kind")
        )
        self._refused = metrics.counter(
            "ganying_gb28181_refused", "What came in over SIP and was not believed, by code", ("code",)
        )

    def start(self, host: str, port: int) -> None:
        """Listen. Raises CannotListenError."""
        self._talk = _Datagrams(self)
        self._udp = self._reactor.listenUDP(port, self._talk, interface=host, maxPacketSize=65_535)
        self._udp.maxThroughput = UDP_AT_ONCE_BYTES
        self.port = self._udp.getHost().port
        factory = Factory.forProtocol(lambda: _Connection(self))
        self._tcp = self._reactor.listenTCP(self.port, factory, interface=host)
        self._tick.start(TICK_S)

    def stop(self) -> list[Any]:
        """Close all; Deferreds that fire when it is."""
        if self._tick.running:
            self._tick.stop()
        for each in tuple(self._connections.values()):
            each.close()
        return [port.stopListening() for port in (self._udp, self._tcp) if port is not None]

    # Out

    def send(self, data: bytes, to: Source) -> None:
        """Bytes to where something came from, or a platform is."""
        if to.connection:
            connection = self._connections.get(to.connection)
            if connection is not None:
                connection.say(data)
        elif self._talk is not None and self._talk.transport is not None:
            try:
                self._talk.transport.write(data, (to.host, to.port))
            except OSError as error:
                self.trouble("CANNOT_SEND", to.host, str(error))

    def ask(
        self,
        method: str,
        branch: str,
        data: bytes,
        to: Source,
        heard: Callable[[SipMessage | None], None],
    ) -> None:
        """A request of ours; `heard` gets its answers, and None when there is none."""
        self._counted.labels("out", method).inc()
        try:
            self._asking.ask(
                (branch, method),
                data,
                now_s=self._reactor.seconds(),
                send=lambda again: self.send(again, to),
                heard=heard,
                reliable=bool(to.connection),
            )
        except Full:
            self.trouble("TOO_MANY_ASKED", to.host, method)
            self._reactor.callLater(0, heard, None)

    def answer(
        self,
        request: SipMessage,
        source: Source,
        status: int,
        reason: str,
        *,
        tag: str = "",
        more: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        keep: bool = True,
    ) -> bytes:
        """An answer to theirs; `keep`: the same again when they ask again. What is not believed is not kept."""
        data = response_to(
            request, status, reason, tag=tag, came_from=(source.host, source.port), more=more, body=body
        )
        if keep:
            self._answering.keep(Answering.key(request, source.host), data, self._reactor.seconds())
        self.send(data, source)
        return data

    def connect(
        self, host: str, port: int, ready: Callable[[int], None], failed: Callable[[str], None]
    ) -> None:
        """A TCP connection of our own; `ready` gets its number."""
        from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

        made = connectProtocol(  # type: ignore[no-untyped-call]  # twisted
            TCP4ClientEndpoint(self._reactor, host, port, timeout=5), _Connection(self, ours=True)
        )
        made.addCallbacks(
            lambda connection: ready(connection.number), lambda why: failed(type(why.value).__name__)
        )

    # In

    def heard(self, data: bytes, source: Source) -> None:
        """One message, from anybody."""
        now_s = self._reactor.seconds()
        if not self._guard.allows(source.host, now_s, known=self._known(source.host)):
            self.trouble("FLOOD", source.host, "more than is listened to")
            return
        if not data.strip(b"\r\n\x00 "):
            return  # keeps a NAT open
        try:
            message = parse(data)
        except BadGb as error:
            self.trouble(error.code, source.host, str(error))
            return
        if message.status:
            self._counted.labels("in", "response").inc()
            if not self._asking.answered(message, now_s) and not self.on_again(message, source):
                self.trouble("UNASKED", source.host, f"{message.status} to nothing of ours")
            return
        self._counted.labels("in", message.method if message.method in _METHODS else "other").inc()
        before = self._answering.before(Answering.key(message, source.host), now_s)
        if before is not None:
            self.send(before, source)
            return
        try:
            self.on_request(message, source)
        except BadGb as error:
            self.trouble(error.code, source.host, str(error))
            if message.method != "ACK":
                self.answer(message, source, 400, "Bad Request", keep=False)
        except Exception:  # a defect of ours: this request has no answer, the others do
            log.exception("defect in answering SIP")

    def trouble(self, code: str, host: str, detail: str) -> None:
        """Counted each time, logged once for each code and address."""
        self._refused.labels(code).inc()
        self.counts[code] += 1
        now_s = self._reactor.seconds()
        if now_s - self._logged_s > LOGGED_S:
            self._logged, self._logged_s = set(), now_s
        if (code, host) not in self._logged and len(self._logged) < MOST_LOGGED:
            self._logged.add((code, host))
            log.warning("GB/T 28181: not believed", code=code, host=host, detail=detail[:200])

    def _due(self) -> None:
        now_s = self._reactor.seconds()
        self._asking.due(now_s)
        for each in tuple(self._connections.values()):
            each.look(now_s)

    # Connections

    def opened(self, connection: "_Connection") -> int:
        """A number for it; 0: there are too many."""
        if len(self._connections) >= MOST_CONNECTIONS:
            self.trouble("TOO_MANY_CONNECTIONS", connection.host, "")
            return 0
        self._last_connection += 1
        self._connections[self._last_connection] = connection
        return self._last_connection

    def closed(self, number: int) -> None:
        """It is gone."""
        if self._connections.pop(number, None) is not None:
            self.on_gone(number)


_METHODS = frozenset(
    {"REGISTER", "MESSAGE", "INVITE", "ACK", "BYE", "CANCEL", "INFO", "SUBSCRIBE", "NOTIFY", "OPTIONS"}
)


class _Datagrams(DatagramProtocol):
    """SIP over UDP."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:  # noqa: N802  # Twisted's name
        """One message."""
        self._endpoint.heard(datagram, Source(host=addr[0], port=addr[1]))


class _Connection(Protocol):
    """SIP over one TCP connection."""

    def __init__(self, endpoint: Endpoint, *, ours: bool = False) -> None:
        self._endpoint, self._ours = endpoint, ours
        self._stream = SipStream()
        self.number = 0
        self.host = ""
        self._port = 0
        self._heard_s: float | None = None

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """It is open."""
        peer: Any = self.transport.getPeer()  # type: ignore[union-attr]  # there is one by now
        self.host, self._port = peer.host, peer.port
        self.number = self._endpoint.opened(self)
        if not self.number:
            self.close()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """Some of it."""
        self._heard_s = None
        try:
            messages = self._stream.feed(data)
        except BadGb as error:
            self._endpoint.trouble(error.code, self.host, str(error))
            self.close()
            return
        for message in messages:
            self._endpoint.heard(message, Source(host=self.host, port=self._port, connection=self.number))

    def look(self, now_s: float) -> None:
        """Close one that says nothing."""
        if self._heard_s is None:
            self._heard_s = now_s
        elif now_s - self._heard_s > SILENT_S and not self._ours:
            self.close()

    def say(self, data: bytes) -> None:
        """To it."""
        transport: Any = self.transport
        if transport is None or not transport.connected:
            return
        if sum(len(each) for each in getattr(transport, "_tempDataBuffer", ())) > MOST_UNSENT_BYTES:
            transport.abortConnection()
            return
        transport.write(data)

    def close(self) -> None:
        """No more of it."""
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]  # of every TCP transport

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802, ARG002  # Twisted's name
        """Gone."""
        if self.number:
            self._endpoint.closed(self.number)
