"""Where cameras look: of each stream the newest KLV, worked out over the terrain on a thread, told to who watches it.

A camera says it some twenty times a second, a map needs it a few times, and a picture with the horizon in it takes 10 ms:
of what comes between two looks only the newest is kept. Nobody watches: nothing is worked out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool

from adapters.metrics import Metrics
from adapters.video.line import Line
from dispatch.terrain import Terrain
from protocols.codec import video as codec
from protocols.frames import BadFrame
from protocols.klv import KlvError, decode, footprint, split
from protocols.websocket_frame import binary_frame

log = structlog.get_logger()

LOOK_EVERY_S = 0.5
MOST_CODES = 1_000  # faults that were logged once; then all are forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """`told`: a VideoTold message, None where there is nothing to draw; `faults`: codes of what could not be read."""

    told: bytes | None
    faults: tuple[str, ...] = ()


class Looking:
    """Of one site."""

    def __init__(
        self,
        *,
        line: Callable[[str], Line | None],
        terrain: Callable[[], Terrain],
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        self._line, self._terrain, self._reactor = line, terrain, reactor
        self._newest: dict[str, bytes] = {}
        self._busy: set[str] = set()
        self._logged: set[tuple[str, str]] = set()
        self._counted = metrics.counter(
            "ganying_video_klv", "KLV packets that were looked at, by what came of it", ("result",)
        )
        self._turn = LoopingCall(self._look)
        self._turn.clock = reactor

    def start(self) -> None:
        """From now on."""
        self._turn.start(LOOK_EVERY_S, now=False)

    def stop(self) -> None:
        """No more."""
        if self._turn.running:
            self._turn.stop()

    def heard(self, line: Line, message: bytes) -> None:
        """KLV of a stream: a VideoTold message with `klv`."""
        if line.viewers:
            self._newest[line.stream.id] = message

    def _look(self) -> None:
        for stream_id in [each for each in self._newest if each not in self._busy]:
            message = self._newest.pop(stream_id)
            self._busy.add(stream_id)
            working = deferToThreadPool(
                self._reactor, self._reactor.getThreadPool(), worked_out, message, self._terrain()
            )
            working.addCallback(self._told, stream_id)
            working.addErrback(_defect)
            working.addBoth(self._done, stream_id)

    def _done(self, _result: object, stream_id: str) -> None:
        self._busy.discard(stream_id)

    def _told(self, found: _Found, stream_id: str) -> None:
        for code in found.faults:
            self._counted.labels(code).inc()
            if (stream_id, code) not in self._logged:
                if len(self._logged) >= MOST_CODES:
                    self._logged.clear()
                self._logged.add((stream_id, code))
                log.warning("KLV of a stream cannot be read", stream=stream_id, code=code)
        line = self._line(stream_id)
        if found.told is not None and line is not None:
            self._counted.labels("drawn").inc()
            line.beside(binary_frame(found.told))


def worked_out(message: bytes, terrain: Terrain) -> _Found:
    """The newest packet of a message that can be read, as it is told; what was wrong with others."""
    said = codec.read_klv(message)
    faults: list[str] = []
    frame = None
    for packet in split(said.data):
        if isinstance(packet, BadFrame):
            faults.append(packet.code)
            continue
        try:
            frame = decode(packet)
        except KlvError as error:
            faults.append(error.code)
    if frame is None:
        return _Found(told=None, faults=tuple(faults))
    seen = footprint(frame, lambda lon_deg, lat_deg: float(terrain.elevation_m(lon_deg, lat_deg)[0]))
    return _Found(told=None if seen is None else codec.look(said, frame, seen), faults=tuple(faults))


def _defect(failure: Any) -> None:
    log.error("defect in working out where a camera looks", traceback=failure.getTraceback())
