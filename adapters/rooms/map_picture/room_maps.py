"""Maps of consultations as lines of video, for whoever pulls them: drawn each second while somebody does, else not at all.

    world, picture -> Scene -> process (child.py) -> access unit -> Line -> queue of each puller

One process for all maps. A picture that it has not made when the next is due is waited for, the next left out and counted.
"""

import os
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from adapters.asked_process import AskedProcess, Manner
from adapters.clock import Clock
from adapters.config import Config
from adapters.metrics import Metrics
from adapters.rooms.map_picture.scene import Ask, encode
from adapters.rooms.map_picture.scene_of import Drawn, scene_of
from adapters.video.line import Line, Watching
from dispatch.errors import GanyingError
from dispatch.picture import TrackPicture
from dispatch.video_kinds import VideoCarrier, VideoSource
from dispatch.video_records import VideoStream, VideoTerms
from protocols.codec import video as codec
from protocols.codec.common import to_us
from protocols.mpegts_tables import StreamKind
from protocols.video_units import VideoUnits
from protocols.websocket_frame import binary_frame

log = structlog.get_logger(__name__)

EVERY_S = 1.0
MOST_MAPS = 4  # at once
KEPT_S = 10.0  # without a puller
AGAIN_S = 5.0  # between two processes
PATIENCE_S = 20.0


@dataclass(eq=False, slots=True, kw_only=True)
class _Map:
    """One room's. `begun`: the process that has its encoder."""

    room_id: str
    line: Line
    drawn: Drawn
    units: VideoUnits = field(default_factory=lambda: VideoUnits(StreamKind.H264))
    begun: AskedProcess | None = None
    asked: bool = False
    seq: int = 0
    watched_at_s: float = 0.0


class RoomMaps:
    """Of one site. Nothing runs until somebody asks for a map."""

    def __init__(
        self,
        *,
        desk: Any,
        picture: TrackPicture,
        clock: Clock,
        config: Config,
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        self._desk, self._picture, self._clock, self._reactor = desk, picture, clock, reactor
        self._name, self._demonstration = config.site.name, config.demonstration.enabled
        self._maps: dict[str, _Map] = {}
        self._waiting: list[_Map] = []
        self._child: AskedProcess | None = None
        self._ended: Deferred[None] | None = None
        self._next_slot = 1
        self._made_at_s = -AGAIN_S
        self._beat = LoopingCall(self._draw)
        self._beat.clock = reactor
        self._drawn = metrics.counter("ganying_conference_maps", "Pictures of consultations' maps", ("what",))

    # For pullers

    def line(self, source_id: str) -> Line | None:
        """The map of a room; None where there are too many, or nothing to show."""
        found = self._maps.get(source_id)
        if found is None:
            room = self._desk.world.rooms.get(source_id)
            if room is None or room.incident_id not in self._desk.world.incidents:
                return None
            if len(self._maps) >= MOST_MAPS:
                return None
            stream = VideoStream(
                id=source_id,
                site=self._desk.world.site,
                terms=VideoTerms(
                    name=f"{room.title} 态势图",
                    source=VideoSource.RTSP,
                    address="",
                    carrier=VideoCarrier.FIXED,
                ),
                saved_at=room.opened_at,
                saved_by="",
            )
            line = Line(stream=stream, slot=self._next_slot, since=self._clock())
            self._next_slot += 1
            found = self._maps[source_id] = _Map(room_id=source_id, line=line, drawn=Drawn(source_id))
        found.watched_at_s = self._reactor.seconds()
        if not self._beat.running:
            self._beat.start(EVERY_S)
        return found.line

    def watch(self, viewer: Watching, line: Line) -> None:
        """From the last key frame on."""
        viewer.queue.watch(line.slot, line.gop.frames)
        line.viewers.add(viewer)

    def unwatch(self, viewer: Watching, line: Line) -> None:
        """No more."""
        line.viewers.discard(viewer)
        viewer.queue.unwatch(line.slot)

    def stop(self) -> "Deferred[None]":
        """End the process; fires when it is gone."""
        self._maps.clear()
        if self._beat.running:
            self._beat.stop()
        if self._child is None:
            return succeed(None)
        self._ended = Deferred()
        self._child.kill()
        return self._ended

    # Drawing

    def _draw(self) -> None:
        now_s = self._reactor.seconds()
        for each in tuple(self._maps.values()):
            if each.line.viewers:
                each.watched_at_s = now_s
            elif now_s - each.watched_at_s > KEPT_S:
                del self._maps[each.room_id]
                continue
            if each.asked:
                self._drawn.labels("late").inc()
            elif each not in self._waiting:
                self._waiting.append(each)
        if not self._maps:
            self._waiting.clear()
            self._beat.stop()
            if self._child is not None:
                self._child.kill()
            return
        self._ask()

    def _ask(self) -> None:
        if self._child is None:
            if self._reactor.seconds() - self._made_at_s < AGAIN_S:
                return
            self._made_at_s = self._reactor.seconds()
            self._child = AskedProcess(MANNER, self._reactor, self._ask, self._gone)
            arguments = [sys.executable, "-m", "adapters.rooms.map_picture.child"]
            self._reactor.spawnProcess(self._child, sys.executable, arguments, dict(os.environ))
        while self._waiting and self._child.free:
            self._one(self._child, self._waiting.pop(0))

    def _one(self, child: AskedProcess, of: _Map) -> None:
        world = self._desk.world
        room = world.rooms.get(of.room_id)
        scene = (
            None
            if room is None
            else scene_of(
                world,
                self._picture,
                room,
                self._clock(),
                drawn=of.drawn.of(world),
                site_name=self._name,
                demonstration=self._demonstration,
            )
        )
        if scene is None:
            return
        of.asked = True
        answer: Deferred[bytes] = Deferred()
        answer.addCallbacks(partial(self._got, of), partial(self._not_got, of))
        answer.addErrback(lambda failure: log.error("defect in a map", traceback=failure.getTraceback()))
        question = encode(Ask(of=of.room_id, first=of.begun is not child, scene=scene))
        of.begun = child
        child.answer(question, answer)

    def _got(self, of: _Map, data: bytes) -> None:
        of.asked = False
        now_s = self._reactor.seconds()
        ticks = int(now_s * 90_000)
        unit = of.units.take(data, ticks, ticks)
        if unit is None or self._maps.get(of.room_id) is not of:
            return
        of.seq += 1
        if unit.format is not None:
            of.line.format = unit.format
        message = codec.picture(of.line.slot, of.seq, unit, to_us(self._clock()))
        of.line.picture(binary_frame(message), key=unit.key, epoch=unit.epoch, now_s=now_s)
        self._drawn.labels("drawn").inc()

    def _not_got(self, of: _Map, failure: Failure) -> None:
        of.asked, of.begun = False, None
        self._drawn.labels("failed").inc()
        if not isinstance(failure.value, GanyingError):
            log.error("defect in a map", traceback=failure.getTraceback())

    def _gone(self, child: AskedProcess) -> None:
        if self._child is child:
            self._child = None
        for each in self._maps.values():
            each.begun = None
        if self._ended is not None and not self._ended.called:
            self._ended.callback(None)


def _error(code: str, detail: str, field: str) -> GanyingError:
    return GanyingError(code, detail, field=field)


MANNER = Manner(
    name="map",
    patience_s=PATIENCE_S,
    greets=False,
    error=_error,
    slow=lambda: GanyingError("MAP_SLOW", "the map was not drawn in time"),
)
