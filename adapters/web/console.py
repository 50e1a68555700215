"""The socket of one console: bytes to its session, its outbox to the transport. What is said is Consoles' affair.

Frames are made once and shared by many consoles (protocols/websocket_frame.py), so autobahn's own way of sending, which
makes each anew, is gone round: a frame goes straight to the socket where nothing waits before it. What the kernel does
not take is Twisted's to send on; until that is gone, nothing more is sent (Outbox), so that at most one frame waits
there. Over TLS frames go through the transport as usual.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: autobahn is not annotated

import socket
from typing import Any

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from adapters.web.channel import DoorSite
from adapters.web.site import Principal
from dispatch.errors import GanyingError
from protocols.client_cells import Window
from protocols.client_session import HELLO_WITHIN_S, ClientSession, Outbox, Phase, SessionOver
from protocols.codec.client import MAX_MESSAGE_BYTES, SUBPROTOCOL, failure
from protocols.websocket_frame import binary_frame

GOODBYE_WITHIN_S = 2.0  # for the last message to leave; then the socket is cut
PING_EVERY_S = 20.0  # a console whose machine went to sleep is let go after two of these
HANDSHAKE_WITHIN_S = 10.0
# What the kernel may hold for a console that does not read: a few seconds of a busy viewport. Left to itself it takes
# 4 MiB, a minute of old states that a console would have to read before it sees a new one.
KERNEL_BUFFER_BYTES = 262_144


@implementer(IPushProducer)
class Console(WebSocketServerProtocol):
    """One console. `owner` is the Consoles that everything said is handed to."""

    transport: Any

    def __init__(self, owner: Any, site: DoorSite | None, host: str) -> None:
        super().__init__()
        self.owner, self._site, self._host = owner, site, host
        self.session = ClientSession()
        self.outbox = Outbox(self._write)
        self.principal: Principal | None = None
        self.window: Window | None = None  # where it looks; None: everywhere
        self.slot = -1
        self._socket: socket.socket | None = None  # to send on directly
        self._timer: Any = None

    def onConnect(self, request: Any) -> str | None:  # noqa: N802 (autobahn's name)
        """Only our subprotocol; without it the handshake goes through and the first message is Failure."""
        return SUBPROTOCOL if SUBPROTOCOL in request.protocols else None

    def onOpen(self) -> None:  # noqa: N802 (autobahn's name)
        """Hello must come soon."""
        self.transport.setTcpNoDelay(True)  # autobahn never does, and Nagle costs 40 ms
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        tls = ISSLTransport.providedBy(self.transport)
        handle = (self.transport.transport if tls else self.transport).getHandle()
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        if not tls:
            self._socket = handle
            self._wait()  # for the handshake's answer, which has not left yet
        self.owner.opened(self)
        if self.websocket_protocol_in_use != SUBPROTOCOL:
            self.part("WRONG_SUBPROTOCOL", f"speak {SUBPROTOCOL}")
            return
        self._timer = self.owner.reactor.callLater(
            HELLO_WITHIN_S, self.part, "NO_HELLO", f"no Hello within {HELLO_WITHIN_S:.0f} s"
        )

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's names)
        """One message of the client."""
        try:
            if not isBinary:
                raise SessionOver("MALFORMED", "messages are binary")
            self.owner.said(self, self.session.receive(payload))
        except GanyingError as error:
            self.part(error.code, error.detail)

    def part(self, code: str, detail: str) -> None:
        """Say why, close; cut the socket if the client does not let it go."""
        if self.session.phase == "over" or self.transport is None:
            return
        self.session.over()
        self.be_patient()
        self.outbox.drop()
        self.owner.parted(code)
        self._write(binary_frame(failure(code, detail)))
        self.sendClose(4000, code)
        self._timer = self.owner.reactor.callLater(GOODBYE_WITHIN_S, self.transport.abortConnection)

    def must(self, frame: bytes) -> None:
        """Send what may not be left out; a console that cannot take it is let go."""
        if self.session.phase is not Phase.OPEN:
            return
        try:
            self.outbox.must(frame)
        except SessionOver as over:
            self.part(over.code, over.detail)

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: ARG002, N802
        """What autobahn itself sends (handshake, pings, closing) goes the same way, in order."""
        self._write(data)

    def _write(self, frame: bytes) -> None:
        if self._socket is None:
            self.transport.write(frame)
            return
        if not self.outbox.blocked:
            try:
                sent = self._socket.send(frame)
            except OSError:  # nothing taken now, or the line is dead: the transport finds out which
                sent = 0
            if sent == len(frame):
                return
            frame = frame[sent:]
        self.transport.write(frame)
        self._wait()

    def _wait(self) -> None:
        """Until the transport is empty: it would say so only to a producer that it paused itself, above 64 KiB."""
        self.transport.producerPaused = True
        self.outbox.block()

    def be_patient(self) -> None:
        """No timer runs out any more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """The socket's buffer is full."""
        self.outbox.block()

    def resumeProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """It takes bytes again; a console that missed tracks gets them all with the next turn of its slot."""
        self.outbox.unblock()

    def stopProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """The socket is going."""
        self.outbox.drop()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 (Twisted's name)
        """Gone."""
        self.be_patient()
        self.session.over()
        super().connectionLost(reason)
        self.owner.closed(self)
        if self._site is not None:
            self._site.leave(self._host)


class _Factory(WebSocketServerFactory):
    """Makes consoles for one owner."""

    def __init__(self, owner: Any, reactor: Any) -> None:
        super().__init__(protocols=[SUBPROTOCOL], server="ganying", reactor=reactor)
        self.owner = owner
        self.site: DoorSite | None = None
        self.setProtocolOptions(
            webStatus=False,
            maxFramePayloadSize=MAX_MESSAGE_BYTES,
            maxMessagePayloadSize=MAX_MESSAGE_BYTES,
            openHandshakeTimeout=HANDSHAKE_WITHIN_S,
            closeHandshakeTimeout=GOODBYE_WITHIN_S,
            autoPingInterval=PING_EVERY_S,
            autoPingTimeout=PING_EVERY_S,
        )

    def buildProtocol(self, addr: Any) -> Console:  # noqa: N802 (Twisted's name)
        """A console for a connection that Twisted's HTTP hands over."""
        console = Console(self.owner, self.site, str(getattr(addr, "host", "")))
        console.factory = self
        return console


class SocketResource(WebSocketResource):
    """/ws: takes the connection out of HTTP's hands, and keeps it counted."""

    def __init__(self, owner: Any, reactor: Any) -> None:
        self._made = _Factory(owner, reactor)
        self._made.startFactory()
        super().__init__(self._made)

    def attach(self, site: DoorSite) -> None:
        """Whose count the connections are in."""
        self._made.site = site

    def render(self, request: Any) -> Any:
        """Hand over."""
        request.channel.hand_over()
        return super().render(request)
