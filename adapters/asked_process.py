"""A child process that is asked one question at a time (`answering.py`): the site's side of the pipe."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from adapters.answering import LENGTH
from dispatch.errors import GanyingError

log = structlog.get_logger()

MAX_ANSWER = 32 * 1024 * 1024  # bytes; a paper has some 30,000, a page of the archive some 3 million


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a kind of process is asked. `name`: for the log. `patience_s`: for an answer, on a busy machine; then the process
    is ended. `greets`: it says a word before it may be asked. `error`: its error as one of ours. `slow`: for whoever
    waits when it ends."""

    name: str
    patience_s: float
    greets: bool
    error: Callable[[str, str, str], GanyingError]
    slow: Callable[[], GanyingError]


class AskedProcess(ProcessProtocol):
    """One process. `freed()` when it may be asked, `gone(self)` when it has ended."""

    def __init__(
        self,
        manner: Manner,
        reactor: Any,
        freed: Callable[[], None],
        gone: "Callable[[AskedProcess], None]",
    ) -> None:
        self.ready = not manner.greets
        self._manner = manner
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
        return self.ready and self._answer is None and not self._ending

    def send(self, data: bytes) -> None:
        """One message to the process."""
        if self.transport is not None:
            self.transport.write(LENGTH.pack(len(data)) + data)

    def answer(self, request: bytes, answer: "Deferred[bytes]") -> None:
        """Ask it; call only when it is free."""
        self._answer = answer
        self._limit = self._reactor.callLater(self._manner.patience_s, self._too_long)
        self.send(request)

    def kill(self) -> None:
        """End it."""
        self._ending = True
        try:
            if self.transport is not None:
                self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            log.info("a process ended by itself", process=self._manner.name)

    def _too_long(self) -> None:
        self._limit = None
        log.error("an answer took too long", process=self._manner.name, patience_s=self._manner.patience_s)
        self.kill()

    def outReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Collect what it says, at most one answer."""
        self._in += data
        while len(self._in) >= LENGTH.size:
            size = LENGTH.unpack_from(self._in)[0]
            if size > MAX_ANSWER:
                log.error("an answer is too large", process=self._manner.name, size=size)
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
        elif not self.ready:
            self.ready = True
            self._freed()
        elif (head := json.loads(message))["ok"]:
            self._accepted = True
        else:
            self._done(self._manner.error(str(head["code"]), str(head["detail"]), str(head["field"])))

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
        log.error("a process said", process=self._manner.name, said=data.decode(errors="replace")[-2000:])

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 (Twisted's name)
        """Whoever waited for it is told."""
        if not self._ending:
            log.error("a process ended", process=self._manner.name, why=reason.getErrorMessage())
        self._ending = True
        if self._answer is not None:
            self._done(self._manner.slow())
        self._gone(self)
