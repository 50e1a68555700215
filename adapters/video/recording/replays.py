"""Who watches which recording, written into the journal before the first part is sent, and when they stop.

A recording is fetched part by part; so it is one watching while parts of a stream are asked for by the same session, and
it ends LINGER_S after the last.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall

from adapters.video.recording.parts import Part
from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.video_commands import BeginReplay, EndReplay
from dispatch.video_facts import VideoReplayBegan
from protocols.video_segment import US

log = structlog.get_logger()

LINGER_S = 60.0  # somebody who pauses for longer watches anew

Key = tuple[str, str]  # session's digest, stream


@dataclass(slots=True)
class _Replay:
    id: str
    began_s: float
    first_us: int
    last_us: int
    end: IDelayedCall
    sent: int = 0


class Replays:
    """All of a site."""

    def __init__(self, desk: Any, reactor: Any) -> None:
        self._desk, self._reactor = desk, reactor
        self._all: dict[Key, _Replay] = {}

    async def begin(self, session: str, ask: Callable[[BeginReplay], Ask], command: BeginReplay) -> None:
        """Write it down, or go on with the one there is. Raises GanyingError: then nothing may be shown."""
        key = (session, command.stream_id)
        if key in self._all:
            self._all[key].end.reset(LINGER_S)
            return
        answer = await self._desk.ask(ask(command))
        made = next(r.fact.replay for r in answer.recorded if isinstance(r.fact, VideoReplayBegan))
        if key in self._all:  # two parts asked for at the same time: the first one counts
            return
        at_us = round(command.from_at.timestamp() * US)
        end = self._reactor.callLater(LINGER_S, self._end, key)
        self._all[key] = _Replay(made.id, self._reactor.seconds(), at_us, at_us, end)

    def sent(self, session: str, stream_id: str, part: Part) -> None:
        """A part was handed over."""
        present = self._all.get((session, stream_id))
        if present is None:
            return
        present.sent += part.pictures
        present.first_us = min(present.first_us, part.from_us)
        present.last_us = max(present.last_us, part.through_us)

    def goes_on(self, session: str, stream_id: str) -> None:
        """They watch still."""
        if (session, stream_id) in self._all:
            self._all[(session, stream_id)].end.reset(LINGER_S)

    def leave(self, session: str, stream_id: str) -> None:
        """They have said that they watch no more."""
        if (session, stream_id) in self._all:
            self._end((session, stream_id))

    def stop(self) -> "Deferred[Any]":
        """Write the ends of all; fires when they are written."""
        return DeferredList([self._end(key) for key in tuple(self._all)])

    def _end(self, key: Key) -> "Deferred[Any]":
        ended = self._all.pop(key)
        if ended.end.active():
            ended.end.cancel()
        command = EndReplay(
            replay_id=ended.id,
            stream_id=key[1],
            lasted_s=self._reactor.seconds() - ended.began_s,
            first_at=datetime.fromtimestamp(ended.first_us / US, UTC),
            last_at=datetime.fromtimestamp(ended.last_us / US, UTC),
            sent=ended.sent,
        )
        return Deferred.fromCoroutine(
            self._written(Ask(actor="site", role=None, command_id=uuid.uuid4().hex, command=command))
        )

    async def _written(self, ask: Ask) -> None:
        try:
            await self._desk.ask(ask)
        except GanyingError as error:  # the beginning stands in the journal
            log.warning("end of a replay not written", why=error.code)
