"""The site's end of the processes that answer for recordings: never more waiting than can be answered soon.

Two of them: one for what somebody waits for at a screen, one for what takes long (a clip, keeping house), so that neither
holds up the other. Each is started with its first question; one that takes too long is ended, and the next starts another.
"""

import os
import sys
from collections import deque
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail

from adapters.asked_process import AskedProcess, Manner
from adapters.video.recording.child import Question
from adapters.video.recording.settings import RecordingSettings
from dispatch.errors import GanyingError, Malformed, Refused, Unknown

WAITING = 32  # a page of recordings asks for as many small pictures


class NoRecording(GanyingError):
    """Recordings cannot be read now; the same question may be asked again."""


class Asking:
    """Questions to one process. `patience_s`: for an answer, on a busy machine."""

    def __init__(self, name: str, patience_s: float, settings: RecordingSettings, reactor: Any) -> None:
        self._settings, self._reactor = settings, reactor
        self._waiting: deque[tuple[bytes, Deferred[bytes]]] = deque()
        self._process: AskedProcess | None = None
        self._stopped = False
        self._manner = Manner(name=name, patience_s=patience_s, greets=False, error=_error, slow=_slow)

    def ask(self, question: Question, body: bytes = b"") -> "Deferred[bytes]":
        """The answer's bytes. Fails with Unknown, Malformed, Refused or NoRecording."""
        if self._stopped or len(self._waiting) >= WAITING:
            return fail(_busy())
        answer: Deferred[bytes] = Deferred()
        self._waiting.append((msgspec.json.encode(question) + b"\n" + body, answer))
        self._hand_out()
        return answer

    def stop(self) -> None:
        """End the process; whoever waits is told to ask again."""
        self._stopped = True
        while self._waiting:
            self._waiting.popleft()[1].errback(_busy())
        if self._process is not None:
            self._process.kill()

    def _hand_out(self) -> None:
        if not self._waiting:
            return
        if self._process is None:
            self._process = AskedProcess(self._manner, self._reactor, self._hand_out, self._gone)
            arguments = [sys.executable, "-m", "adapters.video.recording.child"]
            self._reactor.spawnProcess(self._process, sys.executable, arguments, dict(os.environ))
            self._process.send(msgspec.json.encode(self._settings))
        if self._process.free:
            self._process.answer(*self._waiting.popleft())

    def _gone(self, _: AskedProcess) -> None:
        self._process = None
        if not self._stopped:
            self._hand_out()


def _error(code: str, detail: str, field: str) -> GanyingError:
    match code:
        case "UNKNOWN_ID":
            return Unknown(field, detail)
        case "MALFORMED":
            return Malformed(field, detail)
        case "DEFECT" | "RECORDINGS_UNREADABLE":
            return NoRecording(code, detail)
        case _:
            return Refused(code, detail, field=field)


def _busy() -> NoRecording:
    return NoRecording("RECORDINGS_BUSY", "too much is asked of the recordings; ask again")


def _slow() -> NoRecording:
    return NoRecording("RECORDINGS_SLOW", "it took too long; ask again, or for less")
