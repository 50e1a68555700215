"""The site's end of the reader processes: a question in, bytes out, never more waiting than can be answered soon.

A reader is started with the first question and stays. One that takes longer than PATIENCE_S is killed, and so is one
whose answer nobody could hold; the next question starts another.
"""

import json
import os
import sys
from collections import deque
from dataclasses import asdict
from typing import Any, Literal

import structlog
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from adapters.archive.query import Query
from adapters.archive.reader import LENGTH
from adapters.archive.settings import ArchiveSettings
from dispatch.errors import GanyingError, Malformed, Refused

log = structlog.get_logger()

WAITING = 16  # questions in the queue; one more is told to ask again
PATIENCE_S = 20.0  # for an answer, on a busy machine
MAX_ANSWER = 32 * 1024 * 1024  # bytes; 50,000 rows of columns have some 3 million
Form = Literal["json", "columns"]


class Readers:
    """Questions to the archive, answered by `settings.readers` processes."""

    def __init__(self, settings: ArchiveSettings, reactor: Any) -> None:
        self._settings = settings
        self._reactor = reactor
        self._waiting: deque[tuple[bytes, Deferred[bytes]]] = deque()
        self._readers: list[_Reader] = []
        self._stopped = False

    def ask(self, query: Query, form: Form) -> "Deferred[bytes]":
        """The answer's bytes. Fails with Malformed, Refused, or NoAnswer where asking again may help."""
        if self._stopped or len(self._waiting) >= WAITING:
            return fail(_busy())
        answer: Deferred[bytes] = Deferred()
        request = json.dumps({"query": asdict(query), "form": form}).encode()
        self._waiting.append((request, answer))
        self._hand_out()
        return answer

    def stop(self) -> None:
        """End the processes; whoever waits is told to ask again."""
        self._stopped = True
        while self._waiting:
            self._waiting.popleft()[1].errback(_busy())
        for reader in self._readers:
            reader.kill()

    def _hand_out(self) -> None:
        while self._waiting:
            free = next((reader for reader in self._readers if reader.free), None)
            if free is None:
                if len(self._readers) >= self._settings.readers:
                    return
                free = self._start()
            free.answer(*self._waiting.popleft())

    def _start(self) -> "_Reader":
        reader = _Reader(self._reactor, self._hand_out, self._gone)
        arguments = [sys.executable, "-m", "adapters.archive.reader"]
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        self._reactor.spawnProcess(reader, sys.executable, arguments, environment)
        reader.send(json.dumps(self._settings.as_json()).encode())
        self._readers.append(reader)
        return reader

    def _gone(self, reader: "_Reader") -> None:
        self._readers.remove(reader)
        if not self._stopped:
            self._hand_out()


class _Reader(ProcessProtocol):
    """One process, one question at a time."""

    def __init__(self, reactor: Any, freed: Any, gone: Any) -> None:
        self._reactor = reactor
        self._freed = freed
        self._gone = gone
        self._in = bytearray()
        self._accepted = False  # the head said that the answer follows
        self._answer: Deferred[bytes] | None = None
        self._limit: IDelayedCall | None = None
        self._ending = False

    @property
    def free(self) -> bool:
        """Whether it can be asked."""
        return self._answer is None and not self._ending

    def send(self, data: bytes) -> None:
        """One message to the process."""
        if self.transport is not None:
            self.transport.write(LENGTH.pack(len(data)) + data)

    def answer(self, request: bytes, answer: "Deferred[bytes]") -> None:
        """Ask it; call only when it is free."""
        self._answer = answer
        self._limit = self._reactor.callLater(PATIENCE_S, self._too_long)
        self.send(request)

    def kill(self) -> None:
        """End it."""
        self._ending = True
        try:
            if self.transport is not None:
                self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            log.info("an archive reader ended by itself")

    def _too_long(self) -> None:
        self._limit = None
        log.error("a question to the archive took too long", patience_s=PATIENCE_S)
        self.kill()

    def outReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Collect what it says, at most one answer."""
        self._in += data
        while len(self._in) >= LENGTH.size:
            size = LENGTH.unpack_from(self._in)[0]
            if size > MAX_ANSWER:
                log.error("an answer of the archive is too large", size=size)
                self.kill()
                return
            if len(self._in) < LENGTH.size + size:
                return
            message = bytes(memoryview(self._in)[LENGTH.size : LENGTH.size + size])
            del self._in[: LENGTH.size + size]
            self._heard(message)

    def _heard(self, message: bytes) -> None:
        if self._accepted:
            self._accepted = False
            self._done(message)
            return
        head = json.loads(message)
        if head["ok"]:
            self._accepted = True
        else:
            self._done(_error(head))

    def _done(self, result: bytes | Exception) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        answer, self._answer = self._answer, None
        if answer is not None:
            if isinstance(result, bytes):
                answer.callback(result)
            else:
                answer.errback(result)
        self._freed()

    def errReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Its last words, or a defect's."""
        log.error("an archive reader said", said=data.decode(errors="replace")[-2000:])

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 (Twisted's name)
        """Whoever waited for it is told."""
        if not self._ending:
            log.error("an archive reader ended", why=reason.getErrorMessage())
        self._ending = True
        self._gone(self)
        if self._answer is not None:
            self._done(Refused("ARCHIVE_SLOW", "the archive took too long; ask for less at once"))


def _error(head: dict[str, Any]) -> GanyingError:
    """The reader's error as one of ours."""
    code, detail, field = str(head["code"]), str(head["detail"]), str(head["field"])
    if code == "MALFORMED":
        return Malformed(field, detail)
    if code in ("TOO_MUCH", "BUSY_ARCHIVE"):
        return Refused(code, detail)
    return NoAnswer(code, detail)


class NoAnswer(GanyingError):
    """The archive cannot be read now; the same question may be asked again."""


def _busy() -> NoAnswer:
    return NoAnswer("ARCHIVE_BUSY", "too many questions to the archive are waiting; ask again")
