"""Who watches what, written into the journal before the first picture, and when they stop.

A viewer whose line is cut comes back within seconds; that is the same viewing. So an end is written only when nobody
of that session has watched the stream for LINGER_S.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall

from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.video_commands import BeginViewing, EndViewing
from dispatch.video_facts import VideoViewingBegan

log = structlog.get_logger()

LINGER_S = 30.0

Key = tuple[str, str]  # session's digest, stream


@dataclass(slots=True)
class _Viewing:
    id: str
    began_s: float
    watching: int = 1
    sent: int = 0
    left_out: int = 0
    end: IDelayedCall | None = None


class Viewings:
    """All of a site."""

    def __init__(self, desk: Any, reactor: Any) -> None:
        self._desk, self._reactor = desk, reactor
        self._all: dict[Key, _Viewing] = {}

    async def begin(self, session: str, ask: Callable[[BeginViewing], Ask], command: BeginViewing) -> None:
        """Write it down, or go on with the one there is. Raises GanyingError: then nothing may be shown."""
        key = (session, command.stream_id)
        present = self._all.get(key)
        if present is not None:
            present.watching += 1
            if present.end is not None and present.end.active():
                present.end.cancel()
            return
        answer = await self._desk.ask(ask(command))
        made = next(r.fact.viewing for r in answer.recorded if isinstance(r.fact, VideoViewingBegan))
        twice = self._all.get(key)  # two sockets of one session at the same time: the first one counts
        if twice is not None:
            twice.watching += 1
            return
        self._all[key] = _Viewing(made.id, self._reactor.seconds())

    def leave(self, session: str, stream_id: str, sent: int, left_out: int, *, linger: bool = True) -> None:
        """One watches no more; without `linger` nobody comes back to it."""
        present = self._all.get((session, stream_id))
        if present is None:
            return
        present.watching -= 1
        present.sent += sent
        present.left_out += left_out
        if present.watching <= 0 and not linger:
            self._end((session, stream_id))
        elif present.watching <= 0:
            present.end = self._reactor.callLater(LINGER_S, self._end, (session, stream_id))

    def stop(self) -> "Deferred[Any]":
        """Write the ends of all; fires when they are written."""
        return DeferredList([self._end(key) for key in tuple(self._all)])

    def _end(self, key: Key) -> "Deferred[Any]":
        ended = self._all.pop(key)
        if ended.end is not None and ended.end.active():
            ended.end.cancel()
        command = EndViewing(
            viewing_id=ended.id,
            stream_id=key[1],
            lasted_s=self._reactor.seconds() - ended.began_s,
            sent=ended.sent,
            left_out=ended.left_out,
        )
        ask = Ask(actor="site", role=None, command_id=uuid.uuid4().hex, command=command)
        return Deferred.fromCoroutine(self._written(ask))

    async def _written(self, ask: Ask) -> None:
        try:
            await self._desk.ask(ask)
        except GanyingError as error:  # the beginning stands in the journal
            log.warning("end of a viewing not written", why=error.code)
