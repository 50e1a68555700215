"""Starts the process that keeps house (keeping.py): when a segment is full, every KEEP_S, and after a start."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from adapters.archive.keeping import Report
from adapters.archive.settings import ArchiveSettings

log = structlog.get_logger()

LIMIT_S = 1800.0  # one run; over it, it is killed and the next begins where it was
MAX_SAID = 65_536  # bytes of a report or of last words


class Keeper:
    """At most one run at a time; what is asked meanwhile is done after it."""

    def __init__(self, settings: ArchiveSettings, reactor: Any, clock_s: Callable[[], float]) -> None:
        self.last: Report | None = None
        self.removed_bytes = 0
        self.removed_rows = 0
        self.failures = 0
        self._settings = settings
        self._reactor = reactor
        self._clock_s = clock_s
        self._running: _Run | None = None
        self._next: int | None = None
        self._stopped = False

    def keep(self, through: int) -> None:
        """Keep house, with segments up to `through` closed."""
        if self._stopped:
            return
        if self._running is not None:
            self._next = through
            return
        asked = {
            "settings": self._settings.as_json(),
            "through": through,
            "now_us": round(self._clock_s() * 1_000_000),
        }
        self._running = _Run(json.dumps(asked).encode(), self._done)
        arguments = [sys.executable, "-m", "adapters.archive.keeping"]
        self._reactor.spawnProcess(self._running, sys.executable, arguments, dict(os.environ))
        self._running.limit(self._reactor)

    def stop(self) -> None:
        """A run that is under way is killed: it may be, at any moment."""
        self._stopped = True
        if self._running is not None:
            self._running.kill()

    def _done(self, said: bytes, ended: Failure, last_words: str) -> None:
        self._running = None
        if self._stopped:
            return
        report = None
        if isinstance(ended.value, ProcessDone):
            try:
                report = msgspec.json.decode(said, type=Report)
            except msgspec.DecodeError:
                last_words = "its report cannot be read"
        if report is None:
            self.failures += 1
            log.error("the archive's house was not kept", why=ended.getErrorMessage(), said=last_words)
        elif not report.busy:
            self._tell(report)
        if self._next is not None:
            through, self._next = self._next, None
            self.keep(through)

    def _tell(self, report: Report) -> None:
        self.last = report
        self.removed_bytes += report.removed_bytes
        self.removed_rows += report.removed_rows
        self.failures += len(report.failed)
        for removal in report.removed:
            log.warning("archived reports were removed", what=removal)
        for failure in report.failed:
            log.error("a part of the archive was not kept", what=failure)


class _Run(ProcessProtocol):
    def __init__(self, asked: bytes, done: Callable[[bytes, Failure, str], None]) -> None:
        self._asked = asked
        self._done = done
        self._said = bytearray()
        self._last_words = bytearray()
        self._limit: Any = None

    def limit(self, reactor: Any) -> None:
        """Kill it if it takes longer than LIMIT_S."""
        self._limit = reactor.callLater(LIMIT_S, self._too_long)

    def _too_long(self) -> None:
        self._limit = None
        self.kill()

    def kill(self) -> None:
        """End it."""
        try:
            if self.transport is not None:
                self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            log.info("keeping house ended by itself")

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's name)
        """Say what to do."""
        if self.transport is not None:
            self.transport.write(self._asked)
            self.transport.closeStdin()

    def outReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """The report."""
        self._said = (self._said + data)[-MAX_SAID:]

    def errReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """What went wrong."""
        self._last_words = (self._last_words + data)[-2000:]

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 (Twisted's name)
        """Over."""
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        self._done(bytes(self._said), reason, self._last_words.decode(errors="replace"))
