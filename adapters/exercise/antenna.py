"""The exercise's end of a feed's socket: frames in BEAST form, connected and reconnected, dropped when nobody reads.

A feed that cannot keep up must not make the exercise grow: while the transport is full, whole ticks are dropped and
counted, as a radio would lose them.
"""

from typing import Any, cast

from twisted.application.internet import ClientService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IConsumer, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer


@implementer(IPushProducer)
class _Wire(Protocol):
    """One connection; remembers whether its transport can take more."""

    def __init__(self, antenna: "Antenna") -> None:
        self._antenna = antenna
        self.full = False

    def connectionMade(self) -> None:  # noqa: N802 - twisted's name
        """Ready to send."""
        cast("IConsumer", self.transport).registerProducer(self, True)
        self._antenna.wire = self

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002, N802 - twisted's
        """Gone; the service connects again."""
        if self._antenna.wire is self:
            self._antenna.wire = None

    def pauseProducing(self) -> None:  # noqa: N802 - twisted's name
        """The transport's buffer is full."""
        self.full = True

    def resumeProducing(self) -> None:  # noqa: N802 - twisted's name
        """It has room again."""
        self.full = False

    def stopProducing(self) -> None:  # noqa: N802 - twisted's name
        """It is closing."""
        self.full = True


class Antenna:
    """Sends to one feed for as long as it runs."""

    def __init__(self, reactor: Any, host: str, port: int) -> None:
        self.wire: _Wire | None = None
        self.sent = 0
        self.dropped = 0
        factory = Factory.forProtocol(lambda: _Wire(self))
        self._service = ClientService(TCP4ClientEndpoint(reactor, host, port), factory, clock=reactor)

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._service.startService()

    def stop(self) -> "Deferred[None]":
        """Disconnect."""
        stopped: Deferred[None] = self._service.stopService()
        return stopped

    def send(self, frames: bytes, count: int) -> None:
        """Some frames at once, or none of them."""
        if self.wire is None or self.wire.full or self.wire.transport is None:
            self.dropped += count
            return
        self.wire.transport.write(frames)
        self.sent += count
