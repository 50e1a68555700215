"""The socket of one console: bytes to its session, its outbox to the transport. What is said is Consoles' affair.

Frames are made once and shared by many consoles (protocols/websocket_frame.py); direct_socket.py sends them.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: autobahn is not annotated

from typing import Any

from adapters.web.channel import DoorSite
from adapters.web.client_socket import ClientSocket, ClientSocketResource
from dispatch.errors import GanyingError
from protocols.client_cells import Window
from protocols.client_session import ClientSession, Outbox, Phase, SessionOver
from protocols.codec.client import MAX_MESSAGE_BYTES, SUBPROTOCOL, failure


class Console(ClientSocket):
    """One console. `owner` is the Consoles that everything said is handed to."""

    subprotocol, hello = SUBPROTOCOL, "Hello"
    outbox: Outbox

    def __init__(self, owner: Any, site: DoorSite | None, host: str) -> None:
        super().__init__(owner, site, host)
        self.session = ClientSession()
        self.outbox = Outbox(self._write)
        self.window: Window | None = None  # where it looks; None: everywhere
        self.slot = -1

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's names)
        """One message of the client."""
        try:
            if not isBinary:
                raise SessionOver("MALFORMED", "messages are binary")
            self.owner.said(self, self.session.receive(payload))
        except GanyingError as error:
            self.part(error.code, error.detail)

    def part(self, code: str, detail: str) -> None:
        """Say why, close."""
        if self.session.phase == "over" or self.transport is None:
            return
        self.silence()
        self.owner.parted(code)
        self.say_goodbye(failure(code, detail), code)

    def silence(self) -> None:
        """The session is over."""
        self.session.over()

    def must(self, frame: bytes) -> None:
        """Send what may not be left out; a console that cannot take it is let go."""
        if self.session.phase is not Phase.OPEN:
            return
        try:
            self.outbox.must(frame)
        except SessionOver as over:
            self.part(over.code, over.detail)


def console_resource(owner: Any, reactor: Any) -> ClientSocketResource:
    """/ws."""
    return ClientSocketResource(
        lambda site, host: Console(owner, site, host), SUBPROTOCOL, MAX_MESSAGE_BYTES, reactor
    )
