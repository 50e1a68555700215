"""One stream as the site has it: its pictures since the last key frame, its viewers, how it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from dispatch.video_kinds import VideoState
from dispatch.video_records import VideoStream
from protocols.codec.video import VideoStanding
from protocols.video_gop import GopCache, ViewerQueue
from protocols.video_sets import PictureFormat

STALLED_S = 2.0  # without a picture: the last one is old
DOWN_S = 10.0  # without a picture: there is none
WORKER_DOWN = "worker_down"
NOT_ENABLED = "not_enabled"


class Watching(Protocol):
    """A viewer, as a stream knows it."""

    @property
    def queue(self) -> ViewerQueue:
        """What it is sent."""


@dataclass(slots=True, kw_only=True)
class Line:
    """`since`: when the present state began. `slot`: names it in pictures, for as long as the site runs."""

    stream: VideoStream
    slot: int
    since: datetime
    state: VideoState = VideoState.DOWN
    reason: str = "no_sender"
    epoch: int = 0
    format: PictureFormat | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    gop: GopCache = field(default_factory=GopCache)
    viewers: set[Watching] = field(default_factory=set)
    picture_at_s: float | None = None  # of the reactor's clock
    fps: float = 0.0
    kbps: float = 0.0
    _units: int = 0
    _bytes: int = 0
    _measured_at_s: float = 0.0

    def picture(self, frame: bytes, *, key: bool, epoch: int, now_s: float) -> None:
        """On to whoever watches. A new epoch begins at a key frame."""
        self.epoch = max(self.epoch, epoch)
        self.picture_at_s = now_s
        self._units += 1
        self._bytes += len(frame)
        self.gop.add(frame, key=key)
        for viewer in self.viewers:
            viewer.queue.unit(self.slot, frame, key=key)

    def beside(self, frame: bytes) -> None:
        """What goes with the pictures, such as KLV; new viewers get it too."""
        self.gop.add(frame, key=False)
        for viewer in self.viewers:
            viewer.queue.unit(self.slot, frame, key=False)

    def broken(self, reason: str) -> None:
        """Its process is gone: what comes next begins at a key frame."""
        self.reason = reason
        self.gop.clear()
        for viewer in self.viewers:
            viewer.queue.broken(self.slot)

    def look(self, now_s: float, now: datetime) -> bool:
        """Measure; whether the state is another."""
        span_s = now_s - self._measured_at_s
        if span_s >= 1.0:
            self.fps, self.kbps = round(self._units / span_s, 1), round(self._bytes / span_s * 8 / 1000, 1)
            self._units, self._bytes, self._measured_at_s = 0, 0, now_s
        silent_s = DOWN_S if self.picture_at_s is None else now_s - self.picture_at_s
        state = (
            VideoState.LIVE
            if silent_s < STALLED_S
            else VideoState.STALLED
            if silent_s < DOWN_S
            else VideoState.DOWN
        )
        if state is self.state:
            return False
        if state is VideoState.DOWN:
            self.gop.clear()  # nobody is shown a picture of long ago as if it were one of now
        self.state, self.since = state, now
        return True

    def standing(self) -> VideoStanding:
        """How it does."""
        live = self.state is VideoState.LIVE
        counts = dict(self.counts)
        if self.gop.too_long:
            counts["group_too_long"] = self.gop.too_long
        return VideoStanding(
            stream_id=self.stream.id,
            slot=self.slot,
            state=self.state,
            since=self.since,
            reason="" if live else self.reason,
            viewers=len(self.viewers),
            fps=self.fps,
            kbps=self.kbps,
            format=self.format,
            counts=counts,
        )
