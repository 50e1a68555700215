"""The site's end of the process that reads the archive for partners (past_reader.py): one, and one question at a time.

It starts with the first question and goes when nobody has asked for IDLE_S. What waits is bounded by the partners, each
of whom has one question of its own and one of ours open at most.
"""

import json
import os
import sys
from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt
from twisted.internet.defer import Deferred, fail

from adapters.archive.past_rows import HELD
from adapters.archive.settings import ArchiveSettings
from adapters.asked_process import AskedProcess, Manner
from dispatch.errors import GanyingError

PATIENCE_S = 120.0  # for a stretch of the archive on a busy machine
IDLE_S = 120.0  # it may hold 200 MB of what was read last
POLICIES = 4  # that it keeps (past_reader.KEPT)


class Away(GanyingError):
    """The archive cannot be read now."""


class PastAsking:
    """Questions to the archive for partners."""

    def __init__(self, settings: ArchiveSettings, reactor: Any) -> None:
        self._settings, self._reactor = settings, reactor
        self._waiting: deque[tuple[bytes, Deferred[bytes]]] = deque()
        self._process: AskedProcess | None = None
        self._known: deque[str] = deque(maxlen=POLICIES)  # keys of policies that the process has
        self._idle: Any = None
        self._stopped = False

    async def part(self, key: str, policy: bytes, from_us: int, to_us: int, most_bytes: int) -> bytes:
        """A PastPart's frame. Fails with Away."""
        if key not in self._known:
            self._known.append(key)
            await self._ask(policy)
        question = _json(kind="part", key=key, from_us=from_us, to_us=to_us, most_bytes=most_bytes)
        try:
            return await self._ask(question)
        except Away:
            if key in self._known:
                self._known.remove(key)  # a process that has just begun may not have it
            raise

    async def held(self, source: str, from_us: int, to_us: int, addresses: list[int]) -> npt.NDArray[np.void]:
        """What is here of a partner in a time, as rows of HELD; of these aircraft, or of all. Fails with Away."""
        question = _json(kind="held", source=source, from_us=from_us, to_us=to_us, addresses=addresses)
        return np.frombuffer(await self._ask(question), HELD)

    def stop(self) -> None:
        """End the process; whoever waits is told."""
        self._stopped = True
        self._end()
        while self._waiting:
            self._waiting.popleft()[1].errback(_away("the site is being stopped"))

    def _ask(self, question: bytes) -> "Deferred[bytes]":
        if self._stopped:
            return fail(_away("the site is being stopped"))
        answer: Deferred[bytes] = Deferred()
        self._waiting.append((question, answer))
        self._hand_out()
        return answer

    def _hand_out(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if not self._waiting:
            if self._process is not None and not self._stopped:
                self._idle = self._reactor.callLater(IDLE_S, self._idled)
            return
        if self._process is None:
            self._process = self._start()
        if self._process.free:
            self._process.answer(*self._waiting.popleft())

    def _start(self) -> AskedProcess:
        process = AskedProcess(MANNER, self._reactor, self._hand_out, self._gone)
        arguments = [sys.executable, "-m", "adapters.archive.past_reader"]
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        self._reactor.spawnProcess(process, sys.executable, arguments, environment)
        process.send(json.dumps(self._settings.as_json()).encode())
        return process

    def _idled(self) -> None:
        self._idle = None
        self._end()

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._process is not None:
            self._process.kill()

    def _gone(self, process: AskedProcess) -> None:
        if self._process is process:
            self._process = None
            self._known.clear()
        if self._waiting and not self._stopped:
            self._hand_out()


def _json(**question: Any) -> bytes:
    return json.dumps(question).encode()


def _away(detail: str) -> Away:
    return Away("ARCHIVE_AWAY", detail)


MANNER = Manner(
    name="archive reader for partners",
    patience_s=PATIENCE_S,
    greets=False,
    error=lambda _code, detail, _field: _away(detail),
    slow=lambda: _away("it took too long"),
)
