"""A process that takes in a few streams: `python -m adapters.video.child`. What is said: order.py.

A stream that crashes or hangs takes the others of its process along and no more: the site makes another process. When
the site goes, however it went, standard input ends, and the process with it.
"""

import os
import signal
import sys
import threading
import time

import msgspec
import structlog

from adapters.logs import set_up_logs
from adapters.video.gb28181.media_in import take_gb28181
from adapters.video.intake import Intake, Source
from adapters.video.order import MAX_ORDER_BYTES, TO_SITE, Order, Report, StreamOrder, read_order
from adapters.video.outlet import Outlet
from adapters.video.pull import pull
from adapters.video.recording.recorder import Recorder
from adapters.video.rtmp_input import take_rtmp
from adapters.video.srt_input import take_srt
from adapters.video.ts_input import take_tcp, take_udp
from dispatch.video_kinds import VideoSource

log = structlog.get_logger()

BEAT_S = 1.0
HUNG_S = 30.0  # a source that does not return from its library for so long never will
EXIT_HUNG = 3
_SOURCES: dict[VideoSource, Source] = {
    VideoSource.TS_UDP: take_udp,
    VideoSource.TS_TCP: take_tcp,
    VideoSource.RTSP: pull,
    VideoSource.RTMP: pull,
    VideoSource.GB28181: take_gb28181,
    VideoSource.TS_SRT: take_srt,
    VideoSource.RTMP_PUSH: take_rtmp,
}


class Streams:
    """The streams of this process."""

    def __init__(self, outlet: Outlet, recorder: Recorder) -> None:
        self._outlet = outlet
        self._recorder = recorder
        self._lock = threading.Lock()
        self._all: dict[int, Intake] = {}
        self._epochs: dict[int, int] = {}  # by slot: the first that was never used

    def follow(self, order: Order) -> None:
        """These and no others."""
        wanted = {each.slot: each for each in order.streams}
        self._recorder.follow(order.recording, order.records)
        with self._lock:
            for slot, intake in list(self._all.items()):
                if slot not in wanted or not _same(intake.order, wanted[slot]):
                    intake.stop()
                    self._epochs[slot] = intake.epoch + 1
                    del self._all[slot]
            for slot, each in wanted.items():
                if slot not in self._all:
                    first = max(each.epoch, self._epochs.get(slot, 0))
                    made = Intake(
                        msgspec.structs.replace(each, epoch=first),
                        _SOURCES[each.source],
                        self._outlet,
                        self._recorder,
                    )
                    self._all[slot] = made
                    made.start()

    def report(self) -> None:
        """How all do. Ends the process where one hangs."""
        with self._lock:
            intakes = tuple(self._all.values())
        now = time.monotonic()
        for each in intakes:
            if now - each.alive_at > HUNG_S or not each.is_alive():
                log.error("video source hangs", slot=each.order.slot)
                os._exit(EXIT_HUNG)
        streams = tuple(each.report() for each in intakes)
        report = Report(streams=streams, recording=self._recorder.report())
        self._outlet.report(msgspec.json.encode(report))

    def beat(self) -> None:
        """Report for ever."""
        while True:
            self.report()
            time.sleep(BEAT_S)


def _same(one: StreamOrder, other: StreamOrder) -> bool:
    return msgspec.structs.replace(one, epoch=0) == msgspec.structs.replace(other, epoch=0)


def _told_to_end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def main() -> int:
    """Until standard input ends."""
    set_up_logs()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the site ends us
    outlet = Outlet(TO_SITE)
    recorder = Recorder()
    recorder.start()
    streams = Streams(outlet, recorder)
    threading.Thread(target=outlet.write, daemon=True).start()
    threading.Thread(target=streams.beat, daemon=True).start()
    signal.signal(signal.SIGTERM, _told_to_end)
    try:
        while line := sys.stdin.buffer.readline(MAX_ORDER_BYTES):
            streams.follow(read_order(line))
    except SystemExit:
        log.debug("video process is told to end")
    finally:
        recorder.stop()
    os._exit(0)  # threads may be deep in a library


if __name__ == "__main__":
    sys.exit(main())
