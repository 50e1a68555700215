"""A feed's TCP and TLS connections: bytes to the channel, and no more bytes than the channel can hold.

-> bytes of a source; <- answers, in formats that have them. Reading stops while HIGH_BYTES wait (TCP then slows the
sender) and goes on below LOW_BYTES. Answers that the other side does not take wait in the transport, UNREAD_BYTES
beyond its own buffer at most: then the connection is dropped and counted.
"""

import math
from typing import TYPE_CHECKING, Any

import structlog
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from adapters import tls
from adapters.feeds.channel import Channel

if TYPE_CHECKING:
    from adapters.feeds.feed import Feed

# One read of Twisted's is 64 KB, so a connection holds at most HIGH_BYTES + 64 KB unread.
HIGH_BYTES = 128 * 1024
LOW_BYTES = 32 * 1024
# Formats read in columns cost a millisecond a piece whether it holds one frame or a hundred: after one, what trickles in
# is let gather for so long. An emergency on a busy line waits half of this on the average, on a quiet one not at all.
JOIN_S = 0.025
UNREAD_BYTES = 64 * 1024  # of answers, after the transport has said that its buffer (64 KB) is full

log = structlog.get_logger()


@implementer(IPushProducer)
class _Answers:
    """Counts what is written while the transport's buffer is full."""

    def __init__(self) -> None:
        self.full = False
        self.unread_bytes = 0

    def pauseProducing(self) -> None:  # noqa: N802  # Twisted's name
        """The transport's buffer is full."""
        self.full = True

    def resumeProducing(self) -> None:  # noqa: N802  # Twisted's name
        """It is empty."""
        self.full = False
        self.unread_bytes = 0

    def stopProducing(self) -> None:  # noqa: N802  # Twisted's name
        """The connection is going."""


@implementer(IHandshakeListener)
class Receiver(Protocol):
    """One connection. `feed` owns the limits and the totals."""

    transport: Any  # a TCP or TLS transport; ITransport alone lacks keep-alive, pause and abort

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed
        self.channel: Channel | None = None
        self._answers = _Answers()
        self._working = self._paused = self._gone = False
        self._idle: IDelayedCall | None = None
        self._joining: IDelayedCall | None = None
        self._read_at_s = -math.inf  # when a piece was last read

    @property
    def backlog_bytes(self) -> int:
        """Received and not yet read."""
        return 0 if self.channel is None else self.channel.backlog_bytes

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """Take a place, or go at once."""
        peer = self.transport.getPeer()
        self.channel = self._feed.opened(self, f"{peer.host}:{peer.port}", self.send)
        if self.channel is None:
            self.transport.abortConnection()
            return
        self.transport.setTcpKeepAlive(1)
        self.transport.registerProducer(self._answers, True)
        self._watch(self._feed.config.idle_timeout_s)
        self.channel.reader.opened(self._feed.now())

    def handshakeCompleted(self) -> None:  # noqa: N802  # Twisted's name
        """Of TLS: nothing of either side has gone through yet."""
        refused = self._feed.config.refused
        name = tls.peer_name(self.transport) if refused else ""
        if name in refused:
            self._feed.counts.refused_connections += 1
            self.drop(f"the certificate {name} is refused")

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """Queue it, and stop reading when that is enough."""
        if self.channel is None:
            return
        self._feed.counts.bytes += len(data)
        self.channel.take(data)
        self._begin_work()
        if not self._paused and self.channel.backlog_bytes > HIGH_BYTES:
            self._paused = True
            self.transport.pauseProducing()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802  # Twisted's name
        """What came before the end is still read; then the place is free."""
        self._gone = True
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        if self.channel is not None:
            if not isinstance(reason.value, ConnectionDone):
                self._feed.counts.trouble(reason.getErrorMessage())
            self.channel.end()
            self._begin_work()

    def send(self, data: bytes) -> None:
        """To the other side; drops the connection when it does not read what it is sent."""
        if self.channel is None or self._gone:
            return
        self.transport.write(data)
        if self._answers.full:
            self._answers.unread_bytes += len(data)
            if self._answers.unread_bytes > UNREAD_BYTES:
                self._feed.counts.peers_dropped += 1
                self.drop("it does not read its answers")

    def room(self) -> bool:
        """Whether the other side has taken what it was sent."""
        return not self._answers.full

    def drop(self, why: str) -> None:
        """Close at once and forget what waits."""
        self._feed.counts.trouble(why)
        self._release()
        if not self._gone:  # a TLS transport that is gone cannot be aborted once more
            self.transport.abortConnection()

    def _begin_work(self) -> None:
        if self._working or self.channel is None:
            return
        self._working = True
        reader = self.channel.reader
        wait_s = self._read_at_s + JOIN_S - self._feed.reactor.seconds()
        small = reader.joins_pieces and self.channel.backlog_bytes < reader.piece_bytes
        if small and wait_s > 0 and not self._gone:
            self._joining = self._feed.reactor.callLater(wait_s, self._feed.pump.add, self._work)
        else:
            self._feed.pump.add(self._work)

    def _work(self, until: float) -> bool:
        if self.channel is None:
            self._working = False
            return False
        self._read_at_s = self._feed.reactor.seconds()
        try:
            self._working = self.channel.work(until, self._feed.now())
        except (
            Exception
        ):  # a defect behind the sink must not stop the other connections: say it, drop this one
            log.exception("feed connection dropped by a defect", feed=self._feed.config.name)
            self.drop("a defect; see the log")
            return False
        if self._paused and not self._gone and self.backlog_bytes < LOW_BYTES:
            self._paused = False
            self.transport.resumeProducing()
        if self._gone and not self._working:
            self._release()
        return self._working

    def _watch(self, after_s: float) -> None:
        self._idle = self._feed.reactor.callLater(after_s, self._check_idle)

    def _check_idle(self) -> None:
        if self.channel is None:
            return
        left_s = self.channel.good_at_s + self._feed.config.idle_timeout_s - self._feed.now()
        if left_s > 0 or self._working:
            self._watch(max(left_s, 1.0))
        else:
            self.drop(f"no good frame for {self._feed.config.idle_timeout_s:g} s")

    def _release(self) -> None:
        channel = self.channel
        if channel is not None:
            if self._joining is not None and self._joining.active():
                self._joining.cancel()
            self._feed.closed(self)  # which still asks the reader for its clock
            self.channel = None
            channel.reader.closed()
