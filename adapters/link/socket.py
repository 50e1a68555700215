"""The socket of one link, dialled or accepted: frames to its owner, frames out. It knows nothing of what they say."""

# mypy: disable-error-code="no-untyped-call,misc"
# reason: autobahn is not annotated, so its classes are Any

from typing import Any, Protocol

from autobahn.twisted.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from protocols.codec.link import MAX_MESSAGE_BYTES, SUBPROTOCOL

PATH = "/link"
HANDSHAKE_WITHIN_S = 5.0  # TCP, TLS and WebSocket together; a slow-loris is gone then
GOODBYE_WITHIN_S = 1.0  # for the last frame to leave; then the socket is cut
FRAME_TOO_LARGE = "FRAME_TOO_LARGE"  # why a socket was closed: the head of a frame said more than is read
MAX_CONNECTIONS = 64  # accepted at once, greeted or not; beyond it the handshake answers 503


class Owner(Protocol):
    """Whose sockets they are (links.py)."""

    def opened(self, socket: "LinkSocket") -> None:
        """The handshakes are through."""

    def received(self, socket: "LinkSocket", data: bytes) -> None:
        """One binary frame."""

    def line_changed(self, socket: "LinkSocket") -> None:
        """`socket.congested` has changed."""

    def closed(self, socket: "LinkSocket", why: str) -> None:
        """Gone; `socket.was_open` tells whether it ever was open."""


@implementer(IPushProducer)
class LinkSocket:
    """What both ends have in common. `congested` while the transport holds more than it likes (64 KiB)."""

    transport: Any
    factory: Any
    dialled: bool
    expected: str  # site that was dialled; empty: somebody came
    was_open = False
    congested = False

    def onOpen(self) -> None:  # noqa: N802 (autobahn's name)
        """Both handshakes are through."""
        self.was_open = True
        self.transport.setTcpNoDelay(True)  # autobahn never does, and Nagle costs 40 ms
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        self.factory.owner.opened(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's names)
        """Text is no link message: it is handed on as bytes that do not read."""
        self.factory.owner.received(self, payload if isBinary else b"\xff")

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: ARG002, N802, N803
        """Gone, whoever ended it."""
        too_large = self.wasMaxFramePayloadSizeExceeded or self.wasMaxMessagePayloadSizeExceeded  # type: ignore[attr-defined]  # autobahn's
        self.factory.owner.closed(self, FRAME_TOO_LARGE if too_large else reason or "")

    def send(self, data: bytes) -> None:
        """Put one frame out; a socket that is closing drops it."""
        if self.is_usable():
            self.sendMessage(data, isBinary=True)  # type: ignore[attr-defined]  # autobahn's, mixed in below

    def is_usable(self) -> bool:
        """Whether frames still go out."""
        return bool(self.state == self.STATE_OPEN)  # type: ignore[attr-defined]  # the same

    def leave_unread(self) -> None:
        """Take nothing more from the transport: the partner's own buffers fill up then."""
        if self.is_usable():
            self.transport.pauseProducing()

    def read_again(self) -> None:
        """Go on reading."""
        if self.is_usable():
            self.transport.resumeProducing()

    def close(self) -> None:
        """Let what was sent leave, then close."""
        if self.is_usable():
            self.sendClose(1000)  # type: ignore[attr-defined]  # the same

    def pauseProducing(self) -> None:  # noqa: N802 (twisted's name)
        """The transport's buffer is full."""
        self.congested = True
        self.factory.owner.line_changed(self)

    def resumeProducing(self) -> None:  # noqa: N802 (twisted's name)
        """It has room again."""
        self.congested = False
        self.factory.owner.line_changed(self)

    def stopProducing(self) -> None:  # noqa: N802 (twisted's name)
        """The transport is gone."""
        self.congested = True


class AcceptedSocket(LinkSocket, WebSocketServerProtocol):
    """A partner that dialled us."""

    dialled = False
    expected = ""

    def onConnect(self, request: Any) -> str:  # noqa: N802 (autobahn's name)
        """Only `/link` with our subprotocol."""
        if request.path != PATH:
            raise ConnectionDeny(404, "only /link is here")
        if SUBPROTOCOL not in request.protocols:
            raise ConnectionDeny(400, f"speak {SUBPROTOCOL}")
        return SUBPROTOCOL


class DialledSocket(LinkSocket, WebSocketClientProtocol):
    """A partner we dialled."""

    dialled = True

    @property
    def expected(self) -> str:  # type: ignore[override]  # read-only here
        """The site we meant."""
        return str(self.factory.expected)

    def onConnect(self, response: Any) -> None:  # noqa: N802 (autobahn's name)
        """A server that does not speak our subprotocol is no partner."""
        if response.protocol != SUBPROTOCOL:
            self.dropConnection(abort=True)


class AcceptingFactory(WebSocketServerFactory):
    """Sockets for those who dial us."""

    protocol = AcceptedSocket

    def __init__(self, owner: Owner, reactor: Any) -> None:
        super().__init__(protocols=[SUBPROTOCOL], reactor=reactor)
        self.owner = owner
        self.setProtocolOptions(maxConnections=MAX_CONNECTIONS, **_OPTIONS)


class DiallingFactory(WebSocketClientFactory):
    """Sockets towards one partner."""

    protocol = DialledSocket

    def __init__(self, owner: Owner, expected: str, url: str, reactor: Any) -> None:
        super().__init__(url=url, protocols=[SUBPROTOCOL], reactor=reactor)
        self.owner = owner
        self.expected = expected
        self.setProtocolOptions(**_OPTIONS)


_OPTIONS: dict[str, Any] = {
    "maxMessagePayloadSize": MAX_MESSAGE_BYTES,
    "maxFramePayloadSize": MAX_MESSAGE_BYTES,
    "openHandshakeTimeout": HANDSHAKE_WITHIN_S,
    "closeHandshakeTimeout": GOODBYE_WITHIN_S,
    "failByDrop": True,
}
