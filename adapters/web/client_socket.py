"""What the socket of a console (`/ws`, console.py) and of a viewer of video (`/ws/video`, viewer.py) have in common: how
they begin, are let go and are counted. What is said on them is their owners' affair.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: autobahn is not annotated

from collections.abc import Callable
from typing import Any

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from adapters.web.channel import DoorSite
from adapters.web.direct_socket import DirectSocket
from adapters.web.site import Principal
from protocols.client_session import HELLO_WITHIN_S
from protocols.websocket_frame import binary_frame

GOODBYE_WITHIN_S = 2.0  # for the last message to leave; then the socket is cut
PING_EVERY_S = 20.0  # a client whose machine went to sleep is let go after two of these
HANDSHAKE_WITHIN_S = 10.0


class ClientSocket(DirectSocket):
    """One client. `owner` hears of its opening and closing; `outbox` is set by the subclass."""

    subprotocol: str
    hello: str  # the message that must come first

    def __init__(self, owner: Any, site: DoorSite | None, host: str) -> None:
        super().__init__()
        self.owner, self._site, self.host = owner, site, host
        self.principal: Principal | None = None
        self._timer: Any = None

    def part(self, code: str, detail: str) -> None:
        """Say why, close."""
        raise NotImplementedError

    def silence(self) -> None:
        """Nothing that still comes is listened to."""
        raise NotImplementedError

    def onConnect(self, request: Any) -> str | None:  # noqa: N802 (autobahn's name)
        """Only our subprotocol; without it the handshake goes through and the first message says what was wrong."""
        return self.subprotocol if self.subprotocol in request.protocols else None

    def onOpen(self) -> None:  # noqa: N802 (autobahn's name)
        """The first message must come soon."""
        self.take_socket()
        self.owner.opened(self)
        if self.websocket_protocol_in_use != self.subprotocol:
            self.part("WRONG_SUBPROTOCOL", f"speak {self.subprotocol}")
            return
        self._timer = self.owner.reactor.callLater(
            HELLO_WITHIN_S, self.part, "NO_HELLO", f"no {self.hello} within {HELLO_WITHIN_S:.0f} s"
        )

    def say_goodbye(self, last: bytes, code: str) -> None:
        """The last message, and close; cut the socket if the client does not let it go."""
        self.be_patient()
        self.outbox.drop()
        self._write(binary_frame(last))
        self.sendClose(4000, code)
        self._timer = self.owner.reactor.callLater(GOODBYE_WITHIN_S, self.transport.abortConnection)

    def be_patient(self) -> None:
        """No timer runs out any more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 (Twisted's name)
        """Gone."""
        self.be_patient()
        self.silence()
        super().connectionLost(reason)
        self.owner.closed(self)
        if self._site is not None:
            self._site.leave(self.host)


class _Factory(WebSocketServerFactory):
    """Makes the sockets of one kind for one owner."""

    def __init__(
        self,
        make: Callable[[DoorSite | None, str], ClientSocket],
        subprotocol: str,
        most_bytes: int,
        reactor: Any,
    ) -> None:
        super().__init__(protocols=[subprotocol], server="ganying", reactor=reactor)
        self._make = make
        self.site: DoorSite | None = None
        self.setProtocolOptions(
            webStatus=False,
            maxFramePayloadSize=most_bytes,
            maxMessagePayloadSize=most_bytes,
            openHandshakeTimeout=HANDSHAKE_WITHIN_S,
            closeHandshakeTimeout=GOODBYE_WITHIN_S,
            autoPingInterval=PING_EVERY_S,
            autoPingTimeout=PING_EVERY_S,
        )

    def buildProtocol(self, addr: Any) -> ClientSocket:  # noqa: N802 (Twisted's name)
        """A socket for a connection that Twisted's HTTP hands over."""
        made = self._make(self.site, str(getattr(addr, "host", "")))
        made.factory = self
        return made


class ClientSocketResource(WebSocketResource):
    """Where they are opened: takes the connection out of HTTP's hands, and keeps it counted. `most_bytes`: of a message."""

    def __init__(
        self,
        make: Callable[[DoorSite | None, str], ClientSocket],
        subprotocol: str,
        most_bytes: int,
        reactor: Any,
    ) -> None:
        self._made = _Factory(make, subprotocol, most_bytes, reactor)
        self._made.startFactory()
        super().__init__(self._made)

    def attach(self, site: DoorSite) -> None:
        """Whose count the connections are in."""
        self._made.site = site

    def render(self, request: Any) -> Any:
        """Hand over."""
        request.channel.hand_over()
        return super().render(request)
