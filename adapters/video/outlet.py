"""The way from a process's streams to its site: bounded, and shared by them fairly.

Who puts in writes himself, and nobody is woken: that cost more than all the taking apart of streams. While the site has
too much to do it does not read, and the pipe fills; then what does not fit waits for a thread of ours, and each stream that
has too much waiting is dropped to its next key frame, counted, exactly as a slow viewer's (protocols/video_gop.py).
"""

import contextlib
import os
import select
import threading

from adapters.video.order import KLV, PICTURE, REPORT, framed
from protocols.client_session import SessionOver
from protocols.video_gop import ViewerQueue


class Outlet:
    """Streams put in from their threads; one thread of ours writes what the pipe did not take at once."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._some = threading.Condition()
        self._queue = ViewerQueue(self._put)
        self._rest = memoryview(b"")  # of a frame that the pipe has taken in part
        self._gone = False

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

    def klv(self, slot: int, epoch: int, body: bytes) -> None:
        """KLV; left out with the pictures it belongs to."""
        with self._some:
            self._queue.unit(slot, framed(KLV, slot, epoch, body), key=False)

    def report(self, body: bytes) -> None:
        """How all do; left out where the site reads nothing at all."""
        with self._some, contextlib.suppress(SessionOver):
            self._queue.must(framed(REPORT, 0, 0, body))

    def dropped(self, slot: int) -> int:
        """Units that did not get through."""
        with self._some:
            return self._queue.counts(slot)[1]

    def write(self) -> None:
        """Write what waits, until the site is gone."""
        pipe = select.poll()
        pipe.register(self._descriptor, select.POLLOUT)
        while not self._gone:
            with self._some:
                while not self._queue.blocked:
                    self._some.wait()
            pipe.poll()
            with self._some:
                self._put(self._rest)
                if not self._rest:
                    self._queue.unblock()

    def _put(self, frame: bytes | memoryview) -> None:
        """Into the pipe, as much as goes; the rest waits. Under the lock."""
        try:
            taken = os.write(self._descriptor, frame)
        except BlockingIOError:
            taken = 0
        except BrokenPipeError:  # standard input ends too, and the process with it
            self._gone, taken = True, len(frame)
        self._rest = memoryview(frame)[taken:]
        if self._rest and not self._queue.blocked:
            self._queue.block()
            self._some.notify()
