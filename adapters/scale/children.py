"""Workers that the site starts on its own machine: made, told, read from, and made again when they die.

Their pipes are bounded by the system; while the site has enough to do, it does not read, and the worker's ring drops
its oldest. A child that dies is started again, each time a little later, until it has lived for STEADY_S.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from adapters.config import Config, FeedSection
from adapters.feeds.config import FeedKind
from adapters.scale.child import TO_SITE
from adapters.scale.frames import BrokenStream, Deframer, framed
from adapters.scale.order import order_line
from adapters.scale.pipe import PipeReader

log = structlog.get_logger()

FIRST_RETRY_S = 0.2
LAST_RETRY_S = 30.0
STEADY_S = 60.0  # who lived so long begins with the first pause again
STOP_S = 2.0  # after SIGTERM; then SIGKILL
HIGH_BYTES = 4 << 20  # of one child, waiting in the site's inbox: then its pipe is not read
LOW_BYTES = 1 << 20
# Formats that only speak to us. The others' lines are two-way, and their feeds stay where the site can answer.
SPREAD = frozenset((FeedKind.BEAST, FeedKind.AVR, FeedKind.SBS, FeedKind.ASTERIX, FeedKind.NMEA))

COMMAND: tuple[str, ...] = (sys.executable, "-m", "adapters.scale.child")

Received = Callable[["Child", bytes], None]


def shares(config: Config) -> Mapping[str, tuple[FeedSection, ...]]:
    """Which feeds each child gets, by its name: one after the other in turn. Children without a feed are not made."""
    count = config.worker.processes
    feeds = [feed for feed in config.feed if not feed.worker and feed.kind in SPREAD]
    made = {f"process-{number + 1}": tuple(feeds[number::count]) for number in range(count)}
    return {name: share for name, share in made.items() if share}


class Child:
    """One of them, through all its lives."""

    def __init__(
        self, config: Config, name: str, sections: Sequence[FeedSection], received: Received, reactor: Any
    ) -> None:
        self.name = name
        self.sections = sections
        self.began_s = 0.0  # of this life
        self.paused = False  # it is not read from at the moment
        self.waiting_bytes = 0  # taken from its pipe and not yet from the inbox
        self.deaths = 0
        self.last_words = ""  # why it died last
        self._broken = ""  # why we ended it
        self._order = order_line(config, name, sections)
        self._received = received
        self._reactor = reactor
        self._life: _Life | None = None
        self._pause_s = FIRST_RETRY_S
        self._again: IDelayedCall | None = None
        self._stopped: Deferred[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process there is now."""
        return None if self._life is None or self._life.transport is None else self._life.transport.pid

    def start(self) -> None:
        """Make the process."""
        self._again = None
        self.paused = False
        self.began_s = self._reactor.seconds()
        try:
            self._life = self._new_life()
        except OSError as error:  # no process or descriptor to be had just now
            self.ended(str(error))
            return
        self._life.say(self._order)

    def _new_life(self) -> "_Life":
        reads, writes = os.pipe()
        life = _Life(self, reads, self._reactor)
        try:
            self._reactor.spawnProcess(
                life, COMMAND[0], COMMAND, env=None, childFDs={0: "w", 1: 2, 2: 2, TO_SITE: writes}
            )
        except OSError:
            life.close()
            raise
        finally:
            os.close(writes)
        return life

    def stop(self) -> "Deferred[None]":
        """End it; fires when it has ended."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._life is None:
            return succeed(None)
        self._stopped = Deferred()
        self._life.resume()
        self._life.signal("TERM")
        kill = self._reactor.callLater(STOP_S, self._life.signal, "KILL")

        def ended(_: None) -> None:
            if kill.active():
                kill.cancel()

        return self._stopped.addCallback(ended)

    def say(self, message: bytes) -> None:
        """A message to it. What does not fit into its pipe waits here: a beat a second, 40 bytes."""
        if self._life is not None and not self.paused:
            self._life.say(framed(message))

    def received(self, message: bytes) -> None:
        """A message from it."""
        if self.waiting_bytes > HIGH_BYTES and self._stopped is not None:
            return  # its last words, and there are too many
        self.waiting_bytes += len(message)
        if self.waiting_bytes > HIGH_BYTES and not self.paused and self._stopped is None and self._life:
            self.paused = True
            self._life.pause()
        self._received(self, message)

    def taken(self, size: int) -> None:
        """So many bytes of it have left the inbox."""
        self.waiting_bytes -= size
        if self.paused and self.waiting_bytes < LOW_BYTES and self._life is not None:
            self.paused = False
            self._life.resume()

    def broken(self, why: str) -> None:
        """What it says makes no sense: an end and a new beginning."""
        self._broken = why
        if self._life is not None:
            self._life.signal("KILL")

    def ended(self, why: str) -> None:
        """The process is gone."""
        self._life = None
        if self._stopped is not None:
            self._stopped.callback(None)
            return
        self.deaths += 1
        self.last_words = why = self._broken or why
        self._broken = ""
        lived_s = self._reactor.seconds() - self.began_s
        pause_s = FIRST_RETRY_S if lived_s >= STEADY_S else self._pause_s
        self._pause_s = min(LAST_RETRY_S, pause_s * 2)
        log.warning("worker died", worker=self.name, why=why, again_in_s=pause_s)
        self._again = self._reactor.callLater(pause_s, self.start)


class _Life(ProcessProtocol):
    """One process of a child."""

    transport: Any  # twisted's Process; its interface is said in terms of transports

    def __init__(self, child: Child, descriptor: int, reactor: Any) -> None:
        self._child = child
        self._deframer = Deframer()
        self._broken = False
        self._reader = PipeReader(descriptor, self._read, reactor)

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """It runs."""
        self.resume()

    def _read(self, data: bytes) -> None:
        if self._broken:
            return
        try:
            messages = self._deframer.feed(data)
        except BrokenStream as error:
            self._broken = True
            self._child.broken(str(error))
            return
        for message in messages:
            self._child.received(message)

    def close(self) -> None:
        """It never began."""
        self._reader.connectionLost(None)

    def processEnded(self, reason: Failure) -> None:  # noqa: N802  # Twisted's name
        """Gone; its last words are still in the pipe."""
        self._reader.finish()
        self._child.ended(reason.getErrorMessage())

    def say(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def pause(self) -> None:
        self._reader.stopReading()  # type: ignore[no-untyped-call]  # twisted

    def resume(self) -> None:
        self._reader.startReading()  # type: ignore[no-untyped-call]  # twisted

    def signal(self, name: str) -> None:
        try:
            if self.transport is not None:
                self.transport.signalProcess(name)
        except ProcessExitedAlready:
            log.debug("worker ended as it was told to", worker=self._child.name)


class Children:
    """All of them."""

    def __init__(self, config: Config, received: Received, reactor: Any) -> None:
        self.all: Sequence[Child] = [
            Child(config, name, feeds, received, reactor) for name, feeds in shares(config).items()
        ]

    def start(self) -> None:
        """Make them."""
        for child in self.all:
            child.start()

    def stop(self) -> "Deferred[Any]":
        """End them; fires when all have."""
        return DeferredList([child.stop() for child in self.all])

    def say(self, message: bytes) -> None:
        """To all."""
        for child in self.all:
            child.say(message)
