"""One stream being taken in: a thread that opens its source again and again, and what it has counted.

A source is `ts_input.py` (we wait for a sender) or `pull.py` (we fetch). It calls `arrived` with units and KLV; when
it returns or fails it is opened again, each time a little later.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable

import structlog

from adapters.video.order import StreamOrder, StreamReport
from adapters.video.outlet import Outlet
from adapters.video.recording.recorder import Recorder
from protocols.codec import video as codec
from protocols.video_sets import PictureFormat
from protocols.video_ts import KlvPacket
from protocols.video_units import VideoUnit

log = structlog.get_logger()

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 10.0
QUIET_S = 2.0  # without a unit: the reason is told

Source = Callable[["Intake"], None]


class SourceFailed(Exception):
    """A source cannot be had now; its text is a reason's code."""


class Intake(threading.Thread):
    """One stream, through all openings of its source."""

    def __init__(self, order: StreamOrder, source: Source, outlet: Outlet, recorder: Recorder) -> None:
        super().__init__(name=f"stream-{order.slot}", daemon=True)
        self.order = order
        self.epoch = order.epoch  # the latest; a source begins beyond it
        self.counts: Counter[str] = Counter()  # of the connection; sources set them
        self.reason = "no_sender"
        self.listening = False  # a source that waits says so once it does
        self.alive_at = time.monotonic()  # sources tell that they do not hang
        self._source = source
        self._outlet = outlet
        self._recorder = recorder
        self._stopping = threading.Event()
        self._seq = 0
        self._seq_epoch = 0
        self._unit_at = 0.0
        self._format: PictureFormat | None = None

    @property
    def stopping(self) -> bool:
        """Whether the source is to return."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """No more of it; returns at once."""
        self._stopping.set()
        self._outlet.close(self.order.slot)

    def run(self) -> None:
        """Until it is stopped."""
        self._outlet.open(self.order.slot)
        pause_s = FIRST_RETRY_S
        while not self.stopping:
            began = time.monotonic()
            try:
                self._source(self)
            except SourceFailed as error:
                self.reason = str(error)
            except OSError as error:
                self.reason = type(error).__name__
                log.info("video source failed", slot=self.order.slot, why=str(error))
            if time.monotonic() - began > LAST_RETRY_S:
                pause_s = FIRST_RETRY_S
            until = time.monotonic() + pause_s
            while not self.stopping and (left := until - time.monotonic()) > 0:
                self.alive()
                self._stopping.wait(min(left, 1.0))
            pause_s = min(LAST_RETRY_S, pause_s * 2)

    def alive(self) -> None:
        """The source does not hang."""
        self.alive_at = time.monotonic()

    def arrived(self, made: Iterable[VideoUnit | KlvPacket]) -> None:
        """Units and KLV, on to the site."""
        if self.stopping:
            return
        now_us = time.time_ns() // 1000
        for each in made:
            if isinstance(each, KlvPacket):
                self.counts["klv"] += 1
                told = codec.klv(self.order.slot, each, now_us)
                self._outlet.klv(self.order.slot, each.epoch, told)
                self._recorder.klv(self.order.slot, now_us, told, epoch=each.epoch)
                continue
            if each.epoch != self._seq_epoch:
                self._seq, self._seq_epoch, self.epoch = 0, each.epoch, each.epoch
            self._seq += 1
            self._format = each.format or self._format
            self._unit_at = time.monotonic()
            self.counts["units"] += 1
            body = codec.picture(self.order.slot, self._seq, each, now_us)
            self._outlet.picture(self.order.slot, each.epoch, body, key=each.key)
            self._recorder.picture(
                self.order.slot, now_us, body, key=each.key, epoch=each.epoch, made=each.format
            )

    def report(self) -> StreamReport:
        """How it does."""
        quiet = time.monotonic() - self._unit_at > QUIET_S
        counts = dict(self.counts)
        counts["dropped_before_site"] = self._outlet.dropped(self.order.slot)
        return StreamReport(
            slot=self.order.slot,
            reason=self.reason if quiet else "",
            listening=self.listening,
            codec=self._format.codec if self._format else "",
            width=self._format.width if self._format else 0,
            height=self._format.height if self._format else 0,
            counts={name: count for name, count in counts.items() if count},
        )
