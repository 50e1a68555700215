"""The site's end of the papers' process: a question in, bytes out, never more waiting than can be answered soon.

The process is started soon after the site is, so that it has read the journal before anybody asks and takes no processor
from a site that is just coming up; it answers one question after the other. One that takes longer than PATIENCE_S is ended with its process, and the next question starts another.
"""

import json
import os
import sys
from collections import deque
from dataclasses import asdict
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from adapters.asked_process import AskedProcess, Manner
from adapters.papers.questions import Question, Setup
from dispatch.errors import GanyingError, Malformed, Refused, Unknown

AHEAD_AFTER_S = 30.0  # of the site's start, unless somebody asks before
WAITING = 16  # questions in the queue; one more is told to ask again
PATIENCE_S = 30.0  # for an answer, on a busy machine; then the process is ended
WAIT_S = 15.0  # a caller is told to ask again after this; less than a console waits


class NoPaper(GanyingError):
    """The papers cannot be written now; the same question may be asked again."""


class Papers:
    """Questions about papers, answered by one process."""

    def __init__(self, setup: Setup, reactor: Any) -> None:
        self._setup = setup
        self._reactor = reactor
        self._waiting: deque[tuple[bytes, Deferred[bytes]]] = deque()
        self._child: AskedProcess | None = None
        self._stopped = False
        self._ahead: Any = None  # the call that starts it ahead
        self._ended: Deferred[None] | None = None  # somebody waits for the process to be gone

    def start_ahead(self) -> None:
        """Start the process ahead of the first question, once the site has come up."""
        self._ahead = self._reactor.callLater(AHEAD_AFTER_S, self.start)

    def start(self) -> None:
        """Start the process now, if it is not there."""
        if self._child is None and not self._stopped:
            self._child = AskedProcess(MANNER, self._reactor, self._hand_out, self._gone)
            arguments = [sys.executable, "-m", "adapters.papers.child"]
            self._reactor.spawnProcess(self._child, sys.executable, arguments, dict(os.environ))
            self._child.send(json.dumps(asdict(self._setup)).encode())

    def ask(self, question: Question) -> "Deferred[bytes]":
        """The answer's bytes. Fails with Unknown, Malformed, Refused, or NoPaper where asking again may help."""
        self._forget()
        if self._stopped or len(self._waiting) >= WAITING:
            return fail(_busy())
        answer: Deferred[bytes] = Deferred()
        answer.addTimeout(WAIT_S, self._reactor, _too_late)
        self._waiting.append((json.dumps(question.as_json()).encode(), answer))
        self.start()
        self._hand_out()
        return answer

    def stop(self) -> "Deferred[None]":
        """End the process; whoever waits is told to ask again. Fires when it is gone."""
        self._stopped = True
        if self._ahead is not None and self._ahead.active():
            self._ahead.cancel()
        while self._waiting:
            self._waiting.popleft()[1].errback(_busy())
        if self._child is None:
            return succeed(None)
        self._child.kill()
        self._ended = Deferred()
        return self._ended

    def _forget(self) -> None:
        """Questions of those who have been told to ask again; they are the oldest."""
        while self._waiting and self._waiting[0][1].called:
            self._waiting.popleft()

    def _hand_out(self) -> None:
        self._forget()
        if self._waiting and self._child is not None and self._child.free:
            self._child.answer(*self._waiting.popleft())

    def _gone(self, _: AskedProcess) -> None:
        was_ready = self._child is not None and self._child.ready
        self._child = None
        if self._ended is not None:
            self._ended.callback(None)
            return
        if self._waiting and was_ready and not self._stopped:
            self.start()
            return
        while self._waiting:  # it could not even begin: asking it at once again would not help
            self._waiting.popleft()[1].errback(NoPaper("PAPERS_DOWN", "the journal cannot be read now"))


def _error(code: str, detail: str, field: str) -> GanyingError:
    """The process's error as one of ours."""
    match code:
        case "MALFORMED":
            return Malformed(field, detail)
        case "UNKNOWN_ID":
            return Unknown(field, detail)
        case "TOO_MUCH":
            return Refused(code, detail, field=field)
        case _:
            return NoPaper(code, detail)


def _too_late(_: object, __: float) -> Any:
    """A long journal is being read through for the first time, or much is asked at once."""
    raise NoPaper("PAPERS_BUSY", "the journal is being read, or much is asked; ask again")


def _busy() -> NoPaper:
    return NoPaper("PAPERS_BUSY", "too many papers are being written; ask again")


def _slow() -> NoPaper:
    return NoPaper("PAPERS_SLOW", "it took too long; ask again, or for less")


MANNER = Manner(name="papers", patience_s=PATIENCE_S, greets=True, error=_error, slow=_slow)
