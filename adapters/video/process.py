"""One video process through all its lives: made, told its streams, read from, and made again when it dies or hangs.

Its pipe is bounded by the system; what the reactor does not read waits in the process and is dropped there.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from adapters.scale.pipe import PipeReader
from adapters.video.order import REPORT, TO_SITE, BrokenPipe, Deframer, FromChild, Order, order_line

log = structlog.get_logger()

FIRST_RETRY_S = 0.2
LAST_RETRY_S = 30.0
STEADY_S = 60.0  # who lived so long begins with the first pause again
STOP_S = 2.0
SILENT_S = 15.0  # a process reports each second; one that does not is ended
LATE_S = 1.0  # then what it said while the site itself stood still is read first

COMMAND: tuple[str, ...] = (sys.executable, "-m", "adapters.video.child")


class VideoProcess:
    """`received` gets its messages; `died` is told with each death, with why."""

    def __init__(
        self,
        name: str,
        received: Callable[[FromChild], None],
        died: Callable[["VideoProcess"], None],
        reactor: Any,
        command: tuple[str, ...] | None = None,
    ) -> None:
        self.name = name
        self.slots: set[int] = set()
        self.deaths = 0
        self.silent_s = SILENT_S
        self.last_words = ""
        self._command = command or COMMAND
        self._received, self._told_died = received, died
        self._reactor = reactor
        self._life: _Life | None = None
        self._pause_s = FIRST_RETRY_S
        self._again: IDelayedCall | None = None
        self._watch: IDelayedCall | None = None
        self._stopped: Deferred[None] | None = None
        self._broken = ""
        self._began_s = 0.0
        self._order: Callable[[], msgspec.Struct] = Order

    @property
    def pid(self) -> int | None:
        """Of the process there is now."""
        return None if self._life is None or self._life.transport is None else self._life.transport.pid

    def start(self, order: Callable[[], msgspec.Struct]) -> None:
        """Make it; `order` says its streams, now and after each death."""
        self._order = order
        self._make()

    def tell(self) -> None:
        """Its streams are others."""
        if self._life is not None:
            self._life.say(order_line(self._order()))

    def stop(self) -> "Deferred[None]":
        """End it; fires when it has ended."""
        for timer in (self._again, self._watch):
            if timer is not None and timer.active():
                timer.cancel()
        self._again = None
        if self._life is None:
            return succeed(None)
        self._stopped = Deferred()
        self._life.signal("TERM")
        kill = self._reactor.callLater(STOP_S, self._life.signal, "KILL")

        def ended(_: None) -> None:
            if kill.active():
                kill.cancel()

        return self._stopped.addCallback(ended)

    def _make(self) -> None:
        self._again = None
        self._began_s = self._reactor.seconds()
        reads, writes = os.pipe()
        life = _Life(self, reads, self._reactor)
        try:
            self._reactor.spawnProcess(
                life,
                self._command[0],
                self._command,
                env=None,
                childFDs={0: "w", 1: 2, 2: 2, TO_SITE: writes},
            )
        except OSError as error:  # no process to be had just now
            life.close()
            self.ended(str(error))
            return
        finally:
            os.close(writes)
        self._life = life
        self._watch = self._reactor.callLater(self.silent_s, self._doubted)
        self.tell()

    def received(self, message: FromChild) -> None:
        """A message from it."""
        if message.kind == REPORT and self._watch is not None and self._watch.active():
            self._watch.cancel()
            self._watch = self._reactor.callLater(self.silent_s, self._doubted)
        if self._stopped is None:
            self._received(message)

    def _doubted(self) -> None:
        self._watch = self._reactor.callLater(LATE_S, self.broken, "says nothing")

    def broken(self, why: str) -> None:
        """It hangs, or what it says makes no sense: an end and a new beginning."""
        self._broken = why
        if self._life is not None:
            self._life.signal("KILL")

    def ended(self, why: str) -> None:
        """The process is gone."""
        self._life = None
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
        if self._stopped is not None:
            self._stopped.callback(None)
            return
        self.deaths += 1
        self.last_words, self._broken = self._broken or why, ""
        lived_s = self._reactor.seconds() - self._began_s
        pause_s = FIRST_RETRY_S if lived_s >= STEADY_S else self._pause_s
        self._pause_s = min(LAST_RETRY_S, pause_s * 2)
        log.warning("video process died", process=self.name, why=self.last_words, again_in_s=pause_s)
        self._again = self._reactor.callLater(pause_s, self._make)
        self._told_died(self)


class _Life(ProcessProtocol):
    """One process."""

    transport: Any  # twisted's Process; its interface is said in terms of transports

    def __init__(self, process: VideoProcess, descriptor: int, reactor: Any) -> None:
        self._process = process
        self._deframer = Deframer()
        self._broken = False
        self._reader = PipeReader(descriptor, self._read, reactor)

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """It runs."""
        self._reader.startReading()  # type: ignore[no-untyped-call]  # twisted

    def _read(self, data: bytes) -> None:
        if self._broken:
            return
        try:
            messages = self._deframer.feed(data)
        except BrokenPipe as error:
            self._broken = True
            self._process.broken(str(error))
            return
        for message in messages:
            self._process.received(message)

    def close(self) -> None:
        """It never began."""
        self._reader.connectionLost(None)

    def processEnded(self, reason: Failure) -> None:  # noqa: N802  # Twisted's name
        """Gone; what is left in the pipe is of a stream that begins anew."""
        self._reader.connectionLost(None)
        self._process.ended(reason.getErrorMessage())

    def say(self, data: bytes) -> None:
        """To it."""
        if self.transport is not None:
            self.transport.write(data)

    def signal(self, name: str) -> None:
        """End it."""
        try:
            if self.transport is not None:
                self.transport.signalProcess(name)
        except ProcessExitedAlready:
            log.debug("video process ended as it was told to", process=self._process.name)
