"""Writes what a video process takes in: one thread for all its streams, behind a bounded queue.

    Intake ── put ──► queue (QUEUE_BYTES) ──► thread ──► SegmentFile of each stream

Live comes first: nobody waits for the disk. A queue that is full loses the stream up to its next key frame, counted. A
disk that is full, or cannot be written, stops recording by name and is tried again every RETRY_S.

A segment ends at the first key frame after `segment_s`; with its epoch (another size or codec, another connection);
where the clock is put back or leaps; after IDLE_S without a picture; and at MOST_BYTES, wherever that is.
"""

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from adapters.video.recording.segment_file import SegmentFile
from adapters.video.recording.settings import RecordingSettings
from protocols.video_segment import US, SegmentInfo
from protocols.video_sets import PictureFormat

log = structlog.get_logger()

QUEUE_BYTES = 32 << 20  # 8 streams of 4 Mbit/s for 8 s; fuller: that stream is lost to its next key frame
MOST_BYTES = 1 << 30  # of a segment without a key frame to cut it at
IDLE_S = 10.0
LEAP_US = 10 * US
RETRY_S = 10.0
ROOM_EVERY_S = 5.0
TURN_S = 1.0
STOP_S = 1.5  # how long a stop waits for what is left; a process has 2 s in all
FULL = (errno.ENOSPC, errno.EDQUOT)


class RecordOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A stream to be recorded."""

    slot: int
    info: SegmentInfo


class RecordingReport(msgspec.Struct, frozen=True, kw_only=True):
    """How recording does in one process. `state`: off, ok, full, down."""

    state: str = "off"
    detail: str = ""
    streams: int = 0  # with an open segment
    bytes: int = 0
    units: int = 0
    dropped: int = 0  # units that never got to disk
    lag_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class _Unit:
    slot: int
    at_us: int
    body: bytes
    picture: bool
    key: bool
    epoch: int
    format: PictureFormat | None


@dataclass(slots=True)
class _Lane:
    info: SegmentInfo
    file: SegmentFile | None = None
    needs_key: bool = True  # of the queue: something was left out
    at_s: float = 0.0
    format: PictureFormat | None = None


class Recorder:
    """Of one process. `put` from any thread."""

    def __init__(self, room: Callable[[Path], int] | None = None) -> None:
        self._room = room or free_bytes
        self._settings: RecordingSettings | None = None
        self._lanes: dict[int, _Lane] = {}
        self._queue: deque[_Unit] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._state, self._detail = "off", ""
        self._bytes = self._units = self._dropped = 0
        self._blocked_until_s = self._room_at_s = 0.0
        self._ended: list[SegmentFile] = []
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def follow(self, settings: RecordingSettings | None, orders: tuple[RecordOrder, ...]) -> None:
        """These streams and no others; None or not enabled: none."""
        on = settings is not None and settings.enabled
        wanted = {each.slot: each.info for each in orders} if on else {}
        with self._changed:
            self._settings = settings
            for slot in set(self._lanes) - set(wanted):
                self._end(self._lanes.pop(slot))
            for slot, info in wanted.items():
                lane = self._lanes.get(slot)
                if lane is None:
                    self._lanes[slot] = _Lane(info)
                elif lane.info != info:  # on something else now: what follows is another recording
                    self._end(lane)
                    lane.info, lane.needs_key = info, True
            if not on:
                self._state = "off"
            elif self._state == "off":
                self._state, self._detail = "ok", ""
            self._changed.notify()

    def picture(
        self, slot: int, at_us: int, body: bytes, *, key: bool, epoch: int, made: PictureFormat | None
    ) -> None:
        """A unit that has come in."""
        self._put(_Unit(slot=slot, at_us=at_us, body=body, picture=True, key=key, epoch=epoch, format=made))

    def klv(self, slot: int, at_us: int, body: bytes, *, epoch: int) -> None:
        """KLV that has come in."""
        self._put(
            _Unit(slot=slot, at_us=at_us, body=body, picture=False, key=False, epoch=epoch, format=None)
        )

    def report(self) -> RecordingReport:
        """How it does."""
        with self._changed:
            return RecordingReport(
                state=self._state,
                detail=self._detail,
                streams=sum(lane.file is not None for lane in self._lanes.values()),
                bytes=self._bytes,
                units=self._units,
                dropped=self._dropped,
                lag_bytes=self._waiting_bytes,
            )

    def stop(self) -> None:
        """Write what is left and close; waits STOP_S at most."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _put(self, unit: _Unit) -> None:
        with self._changed:
            lane = self._lanes.get(unit.slot)
            if lane is None:
                return
            if unit.picture and unit.key and self._waiting_bytes + len(unit.body) <= QUEUE_BYTES:
                lane.needs_key = False
            if lane.needs_key or self._waiting_bytes + len(unit.body) > QUEUE_BYTES:
                lane.needs_key = True
                self._dropped += unit.picture
                return
            self._queue.append(unit)
            self._waiting_bytes += len(unit.body)
            self._changed.notify()

    def _end(self, lane: _Lane) -> None:
        if lane.file is not None:
            self._ended.append(lane.file)
            lane.file = None

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._queue and not self._ended and not self._stopping:
                    self._changed.wait(TURN_S)
                taken, self._queue = self._queue, deque()
                ended, self._ended = self._ended, []
            for file in ended:
                self._close(file)
            for unit in taken:
                self._take(unit)
            self._tidy()
            with self._changed:
                if self._stopping and not self._queue:
                    break
        for lane in self._lanes.values():
            if lane.file is not None:
                self._close(lane.file)

    def _take(self, unit: _Unit) -> None:
        now_s = time.monotonic()
        with self._changed:
            self._waiting_bytes -= len(unit.body)
            lane, settings = self._lanes.get(unit.slot), self._settings
        if lane is None or settings is None:
            return
        if now_s < self._blocked_until_s or not self._has_room(settings, now_s):
            self._dropped += unit.picture
            self._cut(lane)
            return
        try:
            self._write(lane, settings, unit)
        except OSError as error:
            self._failed(error)
            self._dropped += unit.picture
            self._cut(lane)
            return
        lane.at_s = now_s
        self._tell("ok", "")

    def _write(self, lane: _Lane, settings: RecordingSettings, unit: _Unit) -> None:
        file = lane.file
        if file is not None and self._over(file, settings, unit):
            self._cut(lane)
            file = None
        lane.format = unit.format or lane.format
        if file is None:
            if not unit.key:
                self._dropped += unit.picture
                return
            file = SegmentFile(settings.root, lane.info, lane.format, unit.at_us, unit.epoch)
            with self._changed:
                lane.file = file
        before = file.size
        if unit.picture:
            file.picture(unit.at_us, unit.body, key=unit.key)
            self._units += 1
        else:
            file.klv(unit.at_us, unit.body)
        self._bytes += file.size - before

    def _over(self, file: SegmentFile, settings: RecordingSettings, unit: _Unit) -> bool:
        """Whether a segment ends before this unit."""
        if unit.epoch != file.epoch or file.size >= MOST_BYTES:
            return True
        if not -US <= unit.at_us - file.to_us <= LEAP_US:  # threads of one stream are in order to a moment
            return True
        return unit.key and unit.at_us - file.from_us >= settings.segment_s * US

    def _cut(self, lane: _Lane) -> None:
        with self._changed:
            file, lane.file = lane.file, None
        if file is not None:
            self._close(file)

    def _close(self, file: SegmentFile) -> None:
        try:
            file.close()
        except OSError as error:  # its pictures stand; its index is made anew when house is kept
            self._failed(error)

    def _tidy(self) -> None:
        """Segments of streams from which nothing comes."""
        now_s = time.monotonic()
        with self._changed:
            idle = [each for each in self._lanes.values() if each.file and now_s - each.at_s > IDLE_S]
        for lane in idle:
            self._cut(lane)

    def _has_room(self, settings: RecordingSettings, now_s: float) -> bool:
        if now_s - self._room_at_s < ROOM_EVERY_S and self._room_at_s:
            return True
        try:
            settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = self._room(settings.root)
        except OSError as error:
            self._failed(error)
            return False
        if free < settings.keep_free_bytes:
            self._failed(OSError(errno.ENOSPC, f"{free / 1e9:.1f} GB are free on the disk"))
            return False
        self._room_at_s = now_s
        return True

    def _failed(self, error: OSError) -> None:
        self._blocked_until_s, self._room_at_s = time.monotonic() + RETRY_S, 0.0
        self._tell("full" if error.errno in FULL else "down", error.strerror or str(error))

    def _tell(self, state: str, detail: str) -> None:
        if state != self._state:
            say = log.info if state == "ok" else log.error
            say("video is recorded" if state == "ok" else "video is not recorded", state=state, detail=detail)
        self._state, self._detail = state, detail


def free_bytes(folder: Path) -> int:
    """Of the disk, for us."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
