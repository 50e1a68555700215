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

from adapters.web.channel import DoorSite
from adapters.web.client_socket import ClientSocket, ClientSocketResource
from dispatch.errors import GanyingError
from protocols.client_session import SessionOver
from protocols.codec.video import MAX_ASK_BYTES, SUBPROTOCOL, decode, failure
from protocols.video_gop import ViewerQueue
from protocols.websocket_frame import binary_frame

# Less than a console's: what lies here is old when it is seen, and a slow viewer shall drop to the next key frame.
KERNEL_BUFFER_BYTES = 131_072


class VideoViewer(ClientSocket):
    """One viewer. `owner` is the Viewers that everything said is handed to."""

    subprotocol, hello = SUBPROTOCOL, "VideoHello"
    outbox: ViewerQueue
    kernel_buffer_bytes = KERNEL_BUFFER_BYTES

    def __init__(self, owner: Any, site: DoorSite | None, host: str) -> None:
        super().__init__(owner, site, host)
        self.queue = self.outbox = ViewerQueue(self._write)
        self.watched: dict[str, int] = {}  # streams -> slots
        self.asked: set[str] = set()  # streams whose viewing is being written down
        self.over = False

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
        """Say why, close."""
        if self.over or self.transport is None:
            return
        self.silence()
        self.owner.parted(self, code)
        self.say_goodbye(failure(code, detail), code)

    def silence(self) -> None:
        """Nothing is told any more."""
        self.over = True


def video_resource(owner: Any, reactor: Any) -> ClientSocketResource:
    """/ws/video."""
    return ClientSocketResource(
        lambda site, host: VideoViewer(owner, site, host), SUBPROTOCOL, MAX_ASK_BYTES, reactor
    )
