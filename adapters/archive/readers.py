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

from twisted.internet.defer import Deferred, fail

from adapters.archive.query import Query
from adapters.archive.settings import ArchiveSettings
from adapters.asked_process import AskedProcess, Manner
from dispatch.errors import GanyingError, Malformed, Refused

WAITING = 16  # questions in the queue; one more is told to ask again
PATIENCE_S = 20.0  # for an answer, on a busy machine
Form = Literal["json", "columns"]


class Readers:
    """Questions to the archive, answered by `settings.readers` processes."""

    def __init__(self, settings: ArchiveSettings, reactor: Any) -> None:
        self._settings = settings
        self._reactor = reactor
        self._waiting: deque[tuple[bytes, Deferred[bytes]]] = deque()
        self._readers: list[AskedProcess] = []
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

    def _start(self) -> AskedProcess:
        reader = AskedProcess(MANNER, self._reactor, self._hand_out, self._gone)
        arguments = [sys.executable, "-m", "adapters.archive.reader"]
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        self._reactor.spawnProcess(reader, sys.executable, arguments, environment)
        reader.send(json.dumps(self._settings.as_json()).encode())
        self._readers.append(reader)
        return reader

    def _gone(self, reader: AskedProcess) -> None:
        self._readers.remove(reader)
        if not self._stopped:
            self._hand_out()


def _error(code: str, detail: str, field: str) -> GanyingError:
    """The reader's error as one of ours."""
    if code == "MALFORMED":
        return Malformed(field, detail)
    if code in ("TOO_MUCH", "BUSY_ARCHIVE"):
        return Refused(code, detail)
    return NoAnswer(code, detail)


class NoAnswer(GanyingError):
    """The archive cannot be read now; the same question may be asked again."""


def _busy() -> NoAnswer:
    return NoAnswer("ARCHIVE_BUSY", "too many questions to the archive are waiting; ask again")


def _slow() -> Refused:
    return Refused("ARCHIVE_SLOW", "the archive took too long; ask for less at once")


MANNER = Manner(name="archive reader", patience_s=PATIENCE_S, greets=False, error=_error, slow=_slow)
