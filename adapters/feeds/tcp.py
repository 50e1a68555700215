"""A feed's TCP connections: bytes to the channel, and no more bytes than the channel can hold.

-> bytes of a receiver; nothing is ever sent back. Reading stops while HIGH_BYTES wait (TCP then slows the sender) and
goes on below LOW_BYTES.
"""

from typing import TYPE_CHECKING, Any

import structlog
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from adapters.feeds.channel import Channel

if TYPE_CHECKING:
    from adapters.feeds.feed import Feed

# One read of Twisted's is 64 KB, so a connection holds at most HIGH_BYTES + 64 KB unread.
HIGH_BYTES = 128 * 1024
LOW_BYTES = 32 * 1024

log = structlog.get_logger()


class Receiver(Protocol):
    """One connection. `feed` owns the limits and the totals."""

    transport: Any  # a TCP transport; ITransport alone lacks keep-alive, pause and abort

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed
        self._channel: Channel | None = None
        self._working = self._paused = self._gone = False
        self._idle: IDelayedCall | None = None

    @property
    def backlog_bytes(self) -> int:
        """Received and not yet read."""
        return 0 if self._channel is None else self._channel.backlog_bytes

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """Take a place, or go at once."""
        self._channel = self._feed.opened(self)
        if self._channel is None:
            self.transport.abortConnection()
            return
        self.transport.setTcpKeepAlive(1)
        self._watch(self._feed.config.idle_timeout_s)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """Queue it, and stop reading when that is enough."""
        if self._channel is None:
            return
        self._channel.take(data)
        if not self._working:
            self._working = True
            self._feed.pump.add(self._work)
        if not self._paused and self._channel.backlog_bytes > HIGH_BYTES:
            self._paused = True
            self.transport.pauseProducing()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802  # Twisted's name
        """What came before the end is still read; then the place is free."""
        self._gone = True
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        if self._channel is not None and not isinstance(reason.value, ConnectionDone):
            self._feed.counts.last_error = reason.getErrorMessage()
        if not self._working:
            self._release()

    def drop(self, why: str) -> None:
        """Close at once and forget what waits."""
        self._feed.counts.last_error = why
        self._release()
        self.transport.abortConnection()

    def _work(self, until: float) -> bool:
        if self._channel is None:
            return False
        try:
            self._working = self._channel.work(until, self._feed.now())
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
        if self._channel is None:
            return
        left_s = self._channel.good_at_s + self._feed.config.idle_timeout_s - self._feed.now()
        if left_s > 0 or self._working:
            self._watch(max(left_s, 1.0))
        else:
            self.drop(f"no good frame for {self._feed.config.idle_timeout_s:g} s")

    def _release(self) -> None:
        if self._channel is not None:
            self._channel = None
            self._feed.closed(self)
