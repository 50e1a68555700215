"""Where a worker's sightings go: by a pipe to the site that started it, or to a broker.

Both take from the same Ring, so both keep the last seconds and drop the oldest; a worker does not know which it has.
"""

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from zope.interface import implementer

from adapters.scale.broker import Broker
from adapters.scale.credentials import BrokerAddress
from adapters.scale.frames import Deframer, framed
from adapters.scale.ring import Ring
from adapters.scale.subjects import Subjects
from dispatch.errors import Malformed
from protocols.codec import sightings
from protocols.codec.sightings import SiteBeat


class Uplink:
    """The way to the site. `echo` is the last word heard from it: its clock, and when that came by ours (us)."""

    def __init__(self, ring: Ring | None = None) -> None:
        self.ring = ring or Ring()
        self.echo: tuple[int, int] | None = None

    def put(self, feed: str, body: bytes, count: int) -> None:
        """Hand on an encoded batch of `count` sightings, soon."""
        self.ring.put(feed, body, count, time.monotonic())
        self._wake()

    def heard(self, data: bytes) -> None:
        """A message from the site's side: what is no beat of it is nothing."""
        try:
            message = sightings.decode(data)
        except Malformed:
            return
        if isinstance(message, SiteBeat):
            self.echo = (message.at_us, time.time_ns() // 1000)

    def start(self, reactor: Any) -> "Deferred[None]":
        """Begin. It fires at once: a worker hears its receivers whether the site is there or not."""
        raise NotImplementedError

    def stop(self) -> "Deferred[None]":
        """End."""
        raise NotImplementedError

    def send_beat(self, data: bytes) -> None:
        """Say that we are alive, now or not at all."""
        raise NotImplementedError

    def _wake(self) -> None:
        raise NotImplementedError


class BrokerUplink(Uplink):
    """By a broker."""

    def __init__(self, address: BrokerAddress, *, site: str, worker: str) -> None:
        super().__init__()
        self._address = address
        self._subjects = Subjects(site)
        self._worker = worker
        self.broker: Broker | None = None

    def start(self, reactor: Any) -> "Deferred[None]":
        """The line is kept up from now on."""
        subjects, worker = self._subjects, self._worker
        self.broker = Broker(
            self._address,
            name=f"ganying-{worker}",
            reactor=reactor,
            subscriptions={subjects.site: lambda _, data: reactor.callFromThread(self.heard, data)},
            outbox=self.ring,
            subject_of=lambda feed: subjects.sightings(worker, feed),
        )
        self.broker.start()
        return succeed(None)

    def stop(self) -> "Deferred[None]":
        """Close the line."""
        return succeed(None) if self.broker is None else self.broker.stop()

    def send_beat(self, data: bytes) -> None:
        """Nothing is said late: a beat that waited would tell a wrong time."""
        if self.broker is not None and self.broker.state.up:
            self.broker.send_beat(self._subjects.beat(self._worker), data)

    def _wake(self) -> None:
        if self.broker is not None:
            self.broker.wake()


@implementer(IPushProducer)
class _Pipes(Protocol):
    """Our end: written to while it takes, paused by Twisted when it does not."""

    transport: Any  # StandardIO; ITransport alone lacks registerProducer

    def __init__(self, uplink: "PipeUplink") -> None:
        self._uplink = uplink
        self._deframer = Deframer()
        self._takes = True

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        self.transport.registerProducer(self, True)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        for message in self._deframer.feed(data):
            self._uplink.heard(message)

    def connectionLost(self, _reason: Failure = connectionDone) -> None:  # noqa: N802  # Twisted's name
        self._takes = False
        self._uplink.lost()

    def say(self, data: bytes) -> None:
        if self._takes:
            self.transport.write(framed(data))

    def pour(self) -> None:
        ring = self._uplink.ring
        while self._takes and (parcel := ring.take(time.monotonic())) is not None:
            self.say(sightings.numbered(parcel.body, parcel.sequence))
            ring.confirm(1)  # a pipe loses nothing while both ends live, and ours ends with the other

    def pauseProducing(self) -> None:  # noqa: N802  # Twisted's name
        self._takes = False

    def resumeProducing(self) -> None:  # noqa: N802  # Twisted's name
        self._takes = True
        self.pour()

    def stopProducing(self) -> None:  # noqa: N802  # Twisted's name
        self._takes = False


class PipeUplink(Uplink):
    """By pipes from and to the site that started us. `on_lost` is told when it is gone: we end with it."""

    def __init__(self, *, from_site: int, to_site: int, on_lost: Callable[[], None]) -> None:
        super().__init__()
        self._descriptors = from_site, to_site
        self._on_lost = on_lost
        self._pipes: _Pipes | None = None
        self._stopping = False

    def start(self, reactor: Any) -> "Deferred[None]":
        """The pipes are there already."""
        from_site, to_site = self._descriptors
        self._pipes = _Pipes(self)
        make_line: Any = StandardIO  # its type depends on the system that checks it
        make_line(self._pipes, stdin=from_site, stdout=to_site, reactor=reactor)
        return succeed(None)

    def stop(self) -> "Deferred[None]":
        """Close; what was written before is still sent."""
        self._stopping = True
        if self._pipes is not None:
            self._pipes.pour()
            self._pipes.transport.unregisterProducer()
            self._pipes.transport.loseConnection()
        return succeed(None)

    def send_beat(self, data: bytes) -> None:
        """Nothing is said late: while the site does not take what we say, it hears no beat either."""
        if self._pipes is not None:
            self._pipes.say(data)

    def lost(self) -> None:
        """The site has closed its end."""
        if not self._stopping:
            self._stopping = True
            self._on_lost()

    def _wake(self) -> None:
        if self._pipes is not None:
            self._pipes.pour()
