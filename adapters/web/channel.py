"""HTTP connections that cannot be held open for nothing: limits on header, body, time and number of connections.

Twisted's own idle timeout restarts with every byte, so a client that drips a byte a second keeps a socket for ever;
here a request has one deadline from its first byte to its last. A body that is too large is answered at once with
413, whether it announced its length or came in chunks, and what still arrives is dropped.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: twisted.web.http is not annotated

import resource
from collections import Counter
from typing import Any

import msgspec
from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import IResource
from twisted.web.server import Request as TwistedRequest
from twisted.web.server import Site as TwistedSite

from adapters.web.problems import HttpError, problem_of, status_of
from protocols.cap_xml import MAX_BYTES as MAX_ALARM_BYTES
from protocols.json_doors import MAX_BODY_BYTES

MAX_HEADER_BYTES = 16_384  # request line and headers together
MAX_HEADERS = 100
MAX_IMPORT_BYTES = 1_048_576  # a CSV import; everything else: MAX_BODY_BYTES
MAX_CHART_BYTES = 16_777_216  # a file of airspace volumes
MAX_ROOM_FILE_BYTES = 2_097_152  # a file put into a consultation
MAX_UPLINK_PICTURE_BYTES = 262_144  # a still for the field; over 200 KiB it is refused by its own code
CHARTS = b"/api/v1/volumes/import"
UPLINK_PICTURES = b"/api/v1/uplink-pictures"
WEATHER, HAZARDS = b"/api/v1/weather/", b"/api/v1/hazards"
ALARMS = b"/api/v1/alarms/"  # bodies of other systems: as large as the largest of their formats may be
REQUEST_DEADLINE_S = 20.0  # from a request's first byte to its last
IDLE_S = 60.0  # between requests on a kept connection
LINGER_S = 1.0  # so that a refusal is read before the socket goes
CONNECTION_SHARE = 0.75  # of the process's file descriptors; the rest is for feeds, links and the journal
MAX_CONNECTIONS = 8_192
# Of all connections, one address may hold this share: consoles behind one proxy fit, one flood does not fill it.
ADDRESS_SHARE = 0.5


def connection_limit() -> int:
    """How many connections fit beside everything else. Over it: closed at once, counted."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(16, min(MAX_CONNECTIONS, int(soft * CONNECTION_SHARE)))


def raw_answer(error: HttpError) -> bytes:
    """A whole response for where there is no request to answer on."""
    body = msgspec.json.encode(problem_of(error))
    head = (
        f"HTTP/1.1 {error.status} {problem_of(error).title}\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


class Request(TwistedRequest):
    """A request whose body is bounded while it arrives."""

    channel: "Channel"
    defaultContentType = b""  # noqa: N815 (Twisted's name)
    _received = 0
    _limit = MAX_BODY_BYTES

    def gotLength(self, length: int | None) -> None:  # noqa: N802 (Twisted's name)
        """The announced length, None for chunks."""
        self._limit = self.channel.body_limit()
        super().gotLength(0 if length is None else min(length, self._limit))
        if length is not None and length > self._limit:
            self.channel.refuse(too_large(self._limit))

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """More of the body."""
        self._received += len(data)
        if self._received > self._limit:
            self.channel.refuse(too_large(self._limit))
            return
        super().handleContentChunk(data)


def too_large(limit: int) -> HttpError:
    """413 with the limit."""
    return HttpError(413, "TOO_LARGE", f"the body is over {limit} bytes", field="body")


class Channel(HTTPChannel):
    """One connection: a deadline per request, typed refusals."""

    transport: Any
    maxHeaders = MAX_HEADERS  # noqa: N815 (Twisted's name)
    totalHeadersSize = MAX_HEADER_BYTES  # noqa: N815 (Twisted's name)
    site: "DoorSite"
    _deadline: IDelayedCall | None = None
    _refused = False
    upgraded = False

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's name)
        """Refuse at once over the limit."""
        super().connectionMade()
        if not self.site.admit(self.transport.getPeer()):
            self._refused = True
            self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """The first byte of a request starts its deadline."""
        if self._refused:
            return
        if self._deadline is None and not self._handlingRequest:
            self._deadline = self.callLater(REQUEST_DEADLINE_S, self._late)
        super().dataReceived(data)

    def allContentReceived(self) -> None:  # noqa: N802 (Twisted's name)
        """The whole request is here."""
        self._cancel_deadline()
        if not self._refused:
            super().allContentReceived()

    def allHeadersReceived(self) -> None:  # noqa: N802 (Twisted's name)
        """Neither length is a request without a body; go on unless the announced one was refused."""
        super().allHeadersReceived()
        if self._refused:
            self.length = None  # anything but 0: nothing is dispatched

    def hand_over(self) -> None:
        """The connection becomes a WebSocket: its limits are the console's from here on."""
        self.upgraded = True
        self.setTimeout(None)

    def body_limit(self) -> int:
        """Bytes this request's body may have."""
        path = self._path.split(b"?")[0]
        if path.startswith((ALARMS, WEATHER)) or path == HAZARDS:
            return MAX_ALARM_BYTES
        if path.startswith(b"/api/v1/rooms/") and path.endswith(b"/files"):
            return MAX_ROOM_FILE_BYTES
        if path == UPLINK_PICTURES:
            return MAX_UPLINK_PICTURE_BYTES
        if path == CHARTS:
            return MAX_CHART_BYTES
        return MAX_IMPORT_BYTES if path.endswith(b"/import") else MAX_BODY_BYTES

    def refuse(self, error: HttpError) -> None:
        """Answer outside of any request and close; what still comes is dropped."""
        if self._refused:
            return
        self._refused = True
        self._cancel_deadline()
        self.site.refused(status_of(error))
        self.setTimeout(None)
        self.transport.write(raw_answer(error))
        self.callLater(LINGER_S, self._leave)

    def _leave(self) -> None:
        if self.transport is not None:
            self.transport.abortConnection()

    def _late(self) -> None:
        self._deadline = None
        self.refuse(HttpError(408, "TOO_SLOW", f"the request took over {REQUEST_DEADLINE_S:.0f} s to arrive"))

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802 (Twisted's name and argument)
        """A header line longer than all headers together may be."""
        self._respondToBadRequestAndDisconnect()

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802 (Twisted's name)
        self.refuse(HttpError(400, "UNREADABLE", "not a readable HTTP request"))

    def _cancel_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 (Twisted's name)
        """Give the place back."""
        self._cancel_deadline()
        super().connectionLost(reason)
        self.site.gone(self)


class DoorSite(TwistedSite):
    """The listening factory: counts connections, holds the root resource."""

    protocol = Channel  # type: ignore[assignment]  # twisted declares its HTTP/2 wrapper, any HTTPChannel serves

    def __init__(self, root: IResource, *, reactor: Any, refused: Any, limit: int | None = None) -> None:
        super().__init__(
            root, requestFactory=Request, timeout=IDLE_S, reactor=reactor, parsePOSTFormSubmission=False
        )
        self.refused = refused  # called with a status
        self.limit = limit or connection_limit()
        self.held: Counter[str] = Counter()

    def admit(self, peer: IAddress) -> bool:
        """Count a connection in, if there is room."""
        host = str(getattr(peer, "host", ""))
        self.held[host] += 1
        if self.held.total() > self.limit or self.held[host] > max(8, self.limit * ADDRESS_SHARE):
            self.refused(0)
            return False
        return True

    def leave(self, host: str) -> None:
        """Count a connection out."""
        self.held[host] -= 1
        if self.held[host] <= 0:
            del self.held[host]

    def gone(self, channel: Channel) -> None:
        """An HTTP connection ended; one that became a WebSocket is counted out by its console."""
        if not channel.upgraded:
            self.leave(str(getattr(channel.getPeer(), "host", "")))

    def log(self, request: Any) -> None:
        """No access log: requests are metrics, acts are facts in the journal."""
