"""One console's, phone's or ATC desk's side of `/ws`, without a socket.

    -> Hello(token, resume_after, epoch)
    <- Welcome, Alerts(whole), Records(whole, or what changed since resume_after)
    -> Subscribe(viewport, tracks)       <- Tracks(whole)
    <- Records, Alerts, Tracks, Status   as they come
    -> Command                           <- Answer with the same command_id
    -> Ping                              <- Pong
    <- Failure(code, detail)             and the socket closes

`receive` takes a whole binary message and says what to do; `Outbox` decides what a client that reads slowly still
gets. Who a token is, what commands do and what a record looks like are left to others.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dispatch.errors import GanyingError, Malformed
from protocols.codec.client import MAX_MESSAGE_BYTES, Asked, Hello, Ping, Received, Subscribe, decode
from protocols.codec.client_view import RoomGesture

HELLO_WITHIN_S = 10.0  # a socket that says nothing is closed
MAX_PENDING = 64  # commands of one client under way; full: that command is answered BUSY, the others go on
# Waiting in our memory beyond what the kernel takes. Full: a record cannot be left out, so the client is told SLOW
# and comes back for what it missed; tracks are never kept waiting, a newer one follows.
MAX_BACKLOG_BYTES = 1_048_576


class SessionOver(GanyingError):
    """The dialogue cannot go on; `code` and `detail` are sent as Failure, then the socket closes."""


class Phase(StrEnum):
    """Where the dialogue is."""

    SILENT = "silent"  # nothing said yet
    GREETED = "greeted"  # Hello read, being answered
    OPEN = "open"
    OVER = "over"


@dataclass(slots=True, kw_only=True)
class ClientSession:
    """The dialogue's state: `through` is the journal row up to which this client has been sent every record, `tick` the
    tick up to which it has been sent every change of the tracks in its viewport; 0: none.
    """

    phase: Phase = Phase.SILENT
    through: int = 0
    tick: int = 0
    subscribed: Subscribe | None = None
    pending: int = 0

    def receive(self, data: bytes) -> Received:
        """What the client says. Raises SessionOver where it breaks the dialogue."""
        if self.phase is Phase.OVER:
            raise SessionOver("OVER", "the session has ended")
        if len(data) > MAX_MESSAGE_BYTES:
            raise SessionOver("TOO_LARGE", f"{len(data)} bytes, at most {MAX_MESSAGE_BYTES}")
        try:
            said = decode(data)
        except Malformed as error:
            raise SessionOver("MALFORMED", f"{error.field}: {error.detail}") from None
        match said:
            case Hello() if self.phase is Phase.SILENT:
                self.phase = Phase.GREETED
            case Hello():
                raise SessionOver("OUT_OF_TURN", "Hello is said once")
            case Subscribe() | Asked() | RoomGesture() if self.phase is not Phase.OPEN:
                raise SessionOver("OUT_OF_TURN", "Hello and its Welcome come first")
            case Subscribe():
                self.subscribed = said
            case Ping() | Asked() | RoomGesture():
                pass
        return said

    def welcomed(self, through: int) -> None:
        """Welcome and the first Records were sent."""
        self.phase, self.through = Phase.OPEN, through

    def over(self) -> None:
        """Nothing more is said."""
        self.phase = Phase.OVER

    @property
    def crowded(self) -> bool:
        """Whether one more command would be too many."""
        return self.pending >= MAX_PENDING


class Outbox:
    """What is sent now, what waits, and what is left out, for one client."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self.blocked = False
        self.tracks_left_out = 0

    @property
    def waiting_bytes(self) -> int:
        """Bytes held back for this client."""
        return self._waiting_bytes

    def must(self, message: bytes) -> None:
        """Send in order, now or when the client reads again. Raises SessionOver(SLOW) when too much waits."""
        if not self.blocked and not self._waiting:
            self._send(message)
            return
        if self._waiting_bytes + len(message) > MAX_BACKLOG_BYTES:
            raise SessionOver("SLOW", "you read too slowly; come back with resume_after")
        self._waiting.append(message)
        self._waiting_bytes += len(message)

    def may(self, message: bytes) -> bool:
        """Send if nothing waits; whether it was sent. What is left out is replaced by something newer."""
        if self.blocked or self._waiting:
            self.tracks_left_out += 1
            return False
        self._send(message)
        return True

    def block(self) -> None:
        """The socket's buffer is full."""
        self.blocked = True

    def unblock(self) -> None:
        """The socket takes bytes again; what waits goes out until it is full once more."""
        self.blocked = False
        while self._waiting and not self.blocked:
            message = self._waiting.popleft()
            self._waiting_bytes -= len(message)
            self._send(message)

    def drop(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._waiting_bytes = 0
