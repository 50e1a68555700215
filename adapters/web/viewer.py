"""The socket of one viewer of video, `/ws/video`: apart from `/ws`, so that pictures never hold up the desk's records.

    -> VideoHello(token)                        <- VideoWelcome, VideoStandings
    -> VideoWatch(stream), VideoUnwatch         <- VideoPicture from the last key frame on; VideoKlv; VideoRefused
                                                <- VideoStandings each second
    -> VideoPing                                <- VideoPong
    <- VideoFailure(code, detail)               and the socket closes

What is said is Viewers' affair.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: autobahn is not annotated

from typing import Any

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from adapters.web.channel import DoorSite
from adapters.web.console import GOODBYE_WITHIN_S, HANDSHAKE_WITHIN_S, PING_EVERY_S
from adapters.web.direct_socket import DirectSocket
from adapters.web.site import Principal
from dispatch.errors import GanyingError
from protocols.client_session import HELLO_WITHIN_S, SessionOver
from protocols.codec.video import MAX_ASK_BYTES, SUBPROTOCOL, decode, failure
from protocols.video_gop import ViewerQueue
from protocols.websocket_frame import binary_frame

# Less than a console's: what lies here is old when it is seen, and a slow viewer shall drop to the next key frame.
KERNEL_BUFFER_BYTES = 131_072


class VideoViewer(DirectSocket):
    """One viewer. `owner` is the Viewers that everything said is handed to."""

    outbox: ViewerQueue
    kernel_buffer_bytes = KERNEL_BUFFER_BYTES

    def __init__(self, owner: Any, site: DoorSite | None, host: str) -> None:
        super().__init__()
        self.owner, self._site, self.host = owner, site, host
        self.queue = self.outbox = ViewerQueue(self._write)
        self.principal: Principal | None = None
        self.watched: dict[str, int] = {}  # streams -> slots
        self.asked: set[str] = set()  # streams whose viewing is being written down
        self.over = False
        self._timer: Any = None

    def onConnect(self, request: Any) -> str | None:  # noqa: N802 (autobahn's name)
        """Only our subprotocol; without it the handshake goes through and the first message is VideoFailure."""
        return SUBPROTOCOL if SUBPROTOCOL in request.protocols else None

    def onOpen(self) -> None:  # noqa: N802 (autobahn's name)
        """VideoHello must come soon."""
        self.take_socket()
        self.owner.opened(self)
        if self.websocket_protocol_in_use != SUBPROTOCOL:
            self.part("WRONG_SUBPROTOCOL", f"speak {SUBPROTOCOL}")
            return
        self._timer = self.owner.reactor.callLater(
            HELLO_WITHIN_S, self.part, "NO_HELLO", f"no VideoHello within {HELLO_WITHIN_S:.0f} s"
        )

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's names)
        """One message of the viewer."""
        if self.over:
            return
        try:
            if not isBinary:
                raise SessionOver("MALFORMED", "messages are binary")
            self.owner.said(self, decode(payload))
        except GanyingError as error:
            self.part(error.code, error.detail)

    def tell(self, message: bytes) -> None:
        """Send what may not be left out; a viewer that cannot take it is let go."""
        if self.over:
            return
        try:
            self.queue.must(binary_frame(message))
        except SessionOver as slow:
            self.part(slow.code, slow.detail)

    def part(self, code: str, detail: str) -> None:
        """Say why, close; cut the socket if the viewer does not let it go."""
        if self.over or self.transport is None:
            return
        self.over = True
        self.be_patient()
        self.owner.parted(self, code)
        self.queue.drop()
        self._write(binary_frame(failure(code, detail)))
        self.sendClose(4000, code)
        self._timer = self.owner.reactor.callLater(GOODBYE_WITHIN_S, self.transport.abortConnection)

    def be_patient(self) -> None:
        """No timer runs out any more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 (Twisted's name)
        """Gone."""
        self.be_patient()
        self.over = True
        super().connectionLost(reason)
        self.owner.closed(self)
        if self._site is not None:
            self._site.leave(self.host)


class _Factory(WebSocketServerFactory):
    """Makes viewers for one owner."""

    def __init__(self, owner: Any, reactor: Any) -> None:
        super().__init__(protocols=[SUBPROTOCOL], server="ganying", reactor=reactor)
        self.owner = owner
        self.site: DoorSite | None = None
        self.setProtocolOptions(
            webStatus=False,
            maxFramePayloadSize=MAX_ASK_BYTES,
            maxMessagePayloadSize=MAX_ASK_BYTES,
            openHandshakeTimeout=HANDSHAKE_WITHIN_S,
            closeHandshakeTimeout=GOODBYE_WITHIN_S,
            autoPingInterval=PING_EVERY_S,
            autoPingTimeout=PING_EVERY_S,
        )

    def buildProtocol(self, addr: Any) -> VideoViewer:  # noqa: N802 (Twisted's name)
        """A viewer for a connection that Twisted's HTTP hands over."""
        viewer = VideoViewer(self.owner, self.site, str(getattr(addr, "host", "")))
        viewer.factory = self
        return viewer


class VideoResource(WebSocketResource):
    """/ws/video: takes the connection out of HTTP's hands, and keeps it counted."""

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
