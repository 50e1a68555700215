"""When an aircraft on task begins to send, the desk is told: once per start, not with each hiccup.

A start is the first picture for a tasking, or one after AGAIN_S without any. It is written into the journal, so a desk
that comes later knows, and a site that starts again tells nobody a second time.
"""

import uuid
from collections.abc import Iterable
from typing import Any

import structlog
from twisted.internet.defer import Deferred

from adapters.video.line import Line
from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.video_commands import NoteVideoBegan
from dispatch.video_discovery import on_task
from dispatch.video_kinds import VideoCarrier, VideoState
from dispatch.world import World

log = structlog.get_logger()

AGAIN_S = 60.0


class Starts:
    """Of one site."""

    def __init__(self, desk: Any, reactor: Any) -> None:
        self._desk, self._reactor = desk, reactor
        self._live_s: dict[str, float] = {}  # by stream: when it was last live
        self._asked: set[str] = set()
        self._taskings: Any = None  # for which _on_task was made
        self._on_task: dict[str, str] = {}  # aircraft -> tasking

    def look(self, lines: Iterable[Line]) -> None:
        """Twice a second."""
        now_s, world = self._reactor.seconds(), self._desk.world
        for line in lines:
            terms, stream_id = line.stream.terms, line.stream.id
            if line.state is not VideoState.LIVE or terms.carrier is not VideoCarrier.AIRCRAFT:
                continue
            last_s = self._live_s.get(stream_id)
            tasking = self._tasking(world, terms.carrier_id)
            again = last_s is not None and now_s - last_s > AGAIN_S
            if tasking and (again or line.stream.began_tasking_id != tasking):
                if stream_id in self._asked:
                    continue
                self._asked.add(stream_id)
                Deferred.fromCoroutine(self._note(stream_id))
            self._live_s[stream_id] = now_s

    def _tasking(self, world: World, aircraft_id: str) -> str:
        if world.taskings is not self._taskings:
            self._taskings = world.taskings
            self._on_task = {aircraft: each.id for aircraft, each in on_task(world).items()}
        return self._on_task.get(aircraft_id, "")

    async def _note(self, stream_id: str) -> None:
        command = NoteVideoBegan(stream_id=stream_id)
        try:
            await self._desk.ask(Ask(actor="site", role=None, command_id=uuid.uuid4().hex, command=command))
        except GanyingError as error:
            log.warning("the beginning of video was not written", stream=stream_id, why=error.code)
            self._reactor.callLater(AGAIN_S, self._asked.discard, stream_id)  # not twice a second
        else:
            self._asked.discard(stream_id)
