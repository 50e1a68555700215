"""The way from a process's streams to its site: bounded, and shared by them fairly.

While the site has too much to do it does not read, and the pipe fills; then each stream that has too much waiting is
dropped to its next key frame, counted, exactly as a slow viewer's (protocols/video_gop.py).
"""

import contextlib
import os
import threading

from adapters.video.order import KLV, PICTURE, REPORT, framed
from protocols.client_session import SessionOver
from protocols.video_gop import ViewerQueue


class Outlet:
    """Streams put in from their threads; one thread of ours writes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._some = threading.Condition()
        self._queue = ViewerQueue(lambda _: None)
        self._queue.block()  # nothing is sent from within: the writer takes

    def open(self, slot: int) -> None:
        """A stream may put in."""
        with self._some:
            if not self._queue.watches(slot):
                self._queue.watch(slot, ())

    def close(self, slot: int) -> None:
        """What waits of it is of no use."""
        with self._some:
            self._queue.unwatch(slot)

    def picture(self, slot: int, epoch: int, body: bytes, *, key: bool) -> None:
        """A unit for viewers."""
        with self._some:
            self._queue.unit(slot, framed(PICTURE, slot, epoch, body, key=key), key=key)
            self._some.notify()

    def klv(self, slot: int, epoch: int, body: bytes) -> None:
        """KLV; left out with the pictures it belongs to."""
        with self._some:
            self._queue.unit(slot, framed(KLV, slot, epoch, body), key=False)
            self._some.notify()

    def report(self, body: bytes) -> None:
        """How all do; left out where the site reads nothing at all."""
        with self._some, contextlib.suppress(SessionOver):
            self._queue.must(framed(REPORT, 0, 0, body))
            self._some.notify()

    def dropped(self, slot: int) -> int:
        """Units that did not get through."""
        with self._some:
            return self._queue.counts(slot)[1]

    def write(self) -> None:
        """Write until the site is gone."""
        while True:
            with self._some:
                while (frame := self._queue.take()) is None:
                    self._some.wait()
            view = memoryview(frame)
            while view:
                try:
                    view = view[os.write(self._descriptor, view) :]
                except BrokenPipeError:
                    return
