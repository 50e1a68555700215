"""One solver process through all its lives: given lines, heard line by line, made again when it dies.

It dies of itself, by the pool's hand when a job takes far too long, or when what it says makes no sense. Each death
within STEADY_S of the one before makes the pause before the next life longer.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import structlog
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from adapters.planner.talk import MAX_LINE_BYTES, Order, Unreadable, Word, line_of, read_word

log = structlog.get_logger()

COMMAND: tuple[str, ...] = (sys.executable, "-m", "adapters.planner.child")
FIRST_PAUSE_S = 0.1
LAST_PAUSE_S = 30.0
STEADY_S = 60.0  # who lived so long begins with the first pause again
LAST_WORDS_BYTES = 2_000  # of standard error, for the log


class Worker:
    """`heard` gets every word, `died` is called when a life ends unasked, `alive` when the next has begun."""

    def __init__(
        self,
        name: str,
        *,
        heard: Callable[["Worker", Word], None],
        died: Callable[["Worker", str], None],
        alive: Callable[["Worker"], None],
        reactor: Any,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self.name = name
        self.deaths = 0
        self._heard, self._died, self._alive = heard, died, alive
        self._reactor = reactor
        self._command = command
        self._life: _Life | None = None
        self._began_s = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._again: IDelayedCall | None = None
        self._stopped: Deferred[None] | None = None
        self._why = ""

    @property
    def ready(self) -> bool:
        """Whether there is a process to give work to."""
        return self._life is not None

    @property
    def pid(self) -> int | None:
        """Of the process there is now."""
        transport = None if self._life is None else self._life.transport
        return None if transport is None else transport.pid

    def start(self) -> None:
        """Make the process. Where none can be had just now, again after a pause."""
        self._again = None
        self._began_s = self._reactor.seconds()
        life = _Life(self)
        # one thread for numpy's libraries: the reactor keeps a core to itself
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        try:
            self._reactor.spawnProcess(life, self._command[0], self._command, env=environment)
        except OSError as error:
            self.ended(str(error))
            return
        self._life = life
        self._alive(self)

    def stop(self) -> "Deferred[None]":
        """End it; fires when it has ended."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        self._stopped = Deferred()
        if self._life is None:
            return succeed(None)
        self._life.kill()
        return self._stopped

    def say(self, order: Order) -> None:
        """A line to it."""
        if self._life is not None and self._life.transport is not None:
            self._life.transport.write(line_of(order))

    def kill(self, why: str) -> None:
        """End this life; the next begins by itself."""
        self._why = why
        if self._life is not None:
            self._life.kill()

    def line(self, line: bytes) -> None:
        """It says a line."""
        try:
            word = read_word(line)
        except Unreadable as error:
            self.kill(f"it says what cannot be read: {error}")
            return
        self._heard(self, word)

    def ended(self, why: str) -> None:
        """The process is gone."""
        self._life = None
        if self._stopped is not None:
            self._stopped.callback(None)
            return
        self.deaths += 1
        why, self._why = self._why or why, ""
        lived_s = self._reactor.seconds() - self._began_s
        pause_s = FIRST_PAUSE_S if lived_s >= STEADY_S else self._pause_s
        self._pause_s = min(LAST_PAUSE_S, 2 * pause_s)
        log.warning("solver process died", worker=self.name, why=why, again_in_s=pause_s)
        self._again = self._reactor.callLater(pause_s, self.start)
        self._died(self, why)


class _Life(ProcessProtocol):
    """One process of a worker."""

    transport: Any  # twisted's Process; its interface is said in terms of transports

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._parts: list[bytes] = []
        self._bytes = 0
        self._said = b""

    def outReceived(self, data: bytes) -> None:  # noqa: N802 - twisted's name
        """Whole lines go on; a line without end ends the process."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            whole, self._parts, self._bytes = b"".join((*self._parts, line)), [], 0
            self._worker.line(whole)
        if rest:
            self._parts.append(rest)
            self._bytes += len(rest)
            if self._bytes > MAX_LINE_BYTES:
                self._parts, self._bytes = [], 0
                self._worker.kill("it says more than a line can hold")

    def errReceived(self, data: bytes) -> None:  # noqa: N802 - twisted's name
        """Keep the last words for the log."""
        self._said = (self._said + data)[-LAST_WORDS_BYTES:]

    def kill(self) -> None:
        try:
            if self.transport is not None:
                self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            log.debug("solver process ended before it was told to")

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 - twisted's name
        """Gone."""
        said = self._said.decode(errors="replace").strip()
        self._worker.ended(f"{reason.getErrorMessage()} {said}".strip())
