"""Fills what a site missed from the broker's memory: after a restart, after a cut line, after a loss on the way.

    line up -> make the stream -> wait for the workers' clocks -> read (through, last] -> through = last
    then, every few seconds: anything missing? read again : through = what was last a few seconds ago

Live messages go before those read back, a handful of which is asked for only when the last was taken: a site that has
enough to do falls behind here and nowhere else.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from nats.aio.client import Client
from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.task import deferLater

from adapters.config import BrokerSection
from adapters.scale import stream
from adapters.scale.broker import LINE_ERRORS, Broker
from adapters.scale.heard import Tops
from adapters.scale.inbox import Arrival, Inbox
from adapters.scale.marks import Marks
from adapters.scale.stream import Kept, NoStream, StreamState
from adapters.scale.subjects import Subjects

log = structlog.get_logger()

CLOCKS_S = 3.0  # after the line is up; workers answer our beat within one of theirs
LOOK_S = 5.0

T = TypeVar("T")


class Refill:
    """Runs while the line is up. `marks` say how far it is; `now_us` is our clock."""

    def __init__(
        self,
        *,
        broker: Broker,
        inbox: Inbox,
        marks: Marks,
        subjects: Subjects,
        section: BrokerSection,
        reactor: Any,
        now_us: Callable[[], int],
    ) -> None:
        self.lost = 0  # messages that will not come any more
        self.left = 0  # messages still to be read back
        self.passes = 0
        self.trouble = ""
        self._broker = broker
        self._inbox = inbox
        self._marks = marks
        self._subjects = subjects
        self._section = section
        self._reactor = reactor
        self._now_us = now_us
        self._running: Deferred[None] | None = None

    def line_up(self) -> None:
        """The line is up."""
        self.line_down()
        self._running = ensureDeferred(self._run())
        self._running.addErrback(self._ended)

    def line_down(self) -> None:
        """The line is down, or we end."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
        self.left = 0

    def _ended(self, failure: Any) -> None:
        if failure.check(CancelledError):
            return
        if failure.check(NoStream):
            self.trouble = str(failure.value)
            log.warning("nothing is kept for a site that is away", why=self.trouble)
        elif not failure.check(*LINE_ERRORS):
            log.error("defect in reading back", traceback=failure.getTraceback())

    async def _run(self) -> None:
        tops = (
            self._marks.heard.tops()
        )  # before the stream is asked: what is missing below is in it, or nowhere
        before = await self._call(lambda client: stream.open_stream(client, self._subjects, self._section))
        self.trouble = ""
        if before.identity != self._marks.stream:
            self._marks.stream, self._marks.through = before.identity, 0
        await self._pause(CLOCKS_S)
        await self._read_back(before, tops)
        overruns = self._overruns()
        while True:
            await self._pause(LOOK_S)
            tops = self._marks.heard.tops()
            now = await self._call(lambda client: stream.state(client, self._subjects))
            overruns, before_overruns = self._overruns(), overruns
            if self._marks.heard.missing or overruns != before_overruns:
                await self._read_back(now, tops)
            else:
                # what the stream had a while ago has been heard live, or it would be missing
                self._marks.through = max(self._marks.through, before.last)
            before = now

    def _overruns(self) -> int:
        """How often live messages came faster than they could be taken. The last of a feed leaves no hole behind it."""
        return self._inbox.dropped + self._broker.overruns

    async def _read_back(self, state: StreamState, tops: Tops) -> None:
        first = max(self._marks.through + 1, state.first)
        if first <= state.last:
            self.passes += 1
            self.left = state.last - first + 1
            reader = await self._call(lambda client: stream.open_reader(client, self._subjects, first))
            while self.left > 0:
                kept = await self._call(lambda _: stream.read(reader))
                if not kept:
                    break  # dropped by its age meanwhile
                await self._take(kept)
                self.left = max(0, state.last - kept[-1].number)
            await self._call(lambda _: stream.close_reader(reader))
        self.left = 0
        self.lost += self._marks.heard.give_up(tops)
        self._marks.through = max(self._marks.through, state.last)

    def _take(self, kept: list[Kept]) -> "Deferred[None]":
        taken: Deferred[None] = Deferred()
        at_us = self._now_us()
        arrivals = [
            Arrival(data=each.data, at_us=at_us, origin=Subjects.origin(each.subject), replayed=True)
            for each in kept
        ]
        self._inbox.replay(arrivals, lambda: None if taken.called else taken.callback(None))
        return taken

    def _call(self, work: Callable[[Client], Awaitable[T]]) -> "Deferred[T]":
        return self._broker.call(work)

    def _pause(self, seconds: float) -> "Deferred[None]":
        return deferLater(self._reactor, seconds)
