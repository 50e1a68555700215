"""The socket of one console: bytes to its session, its outbox to the transport. What is said is Consoles' affair.

Frames are made once and shared by many consoles (protocols/websocket_frame.py); direct_socket.py sends them.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: autobahn is not annotated

from typing import Any

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from adapters.web.channel import DoorSite
from adapters.web.direct_socket import DirectSocket
from adapters.web.site import Principal
from dispatch.errors import GanyingError
from protocols.client_cells import Window
from protocols.client_session import HELLO_WITHIN_S, ClientSession, Outbox, Phase, SessionOver
from protocols.codec.client import MAX_MESSAGE_BYTES, SUBPROTOCOL, failure
from protocols.websocket_frame import binary_frame

GOODBYE_WITHIN_S = 2.0  # for the last message to leave; then the socket is cut
PING_EVERY_S = 20.0  # a console whose machine went to sleep is let go after two of these
HANDSHAKE_WITHIN_S = 10.0


class Console(DirectSocket):
    """One console. `owner` is the Consoles that everything said is handed to."""

    outbox: Outbox

    def __init__(self, owner: Any, site: DoorSite | None, host: str) -> None:
        super().__init__()
        self.owner, self._site, self._host = owner, site, host
        self.session = ClientSession()
        self.outbox = Outbox(self._write)
        self.principal: Principal | None = None
        self.window: Window | None = None  # where it looks; None: everywhere
        self.slot = -1
        self._timer: Any = None

    def onConnect(self, request: Any) -> str | None:  # noqa: N802 (autobahn's name)
        """Only our subprotocol; without it the handshake goes through and the first message is Failure."""
        return SUBPROTOCOL if SUBPROTOCOL in request.protocols else None

    def onOpen(self) -> None:  # noqa: N802 (autobahn's name)
        """Hello must come soon."""
        self.take_socket()
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

    def be_patient(self) -> None:
        """No timer runs out any more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

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
