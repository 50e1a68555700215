"""One line's bytes to sightings, in slices that fit between two turns of the reactor.

Holds the reader of the line, and what has come but is not read yet. Knows no Twisted: tcp.py and udp.py give it
bytes, pump.py gives it time. The backlog is bounded by them: one stops reading from its socket, the other lets the
oldest datagrams go.
"""

from collections import deque
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from adapters.feeds.readers import Reader, Seen
from dispatch.sighting import AddressBatch, Sighting

Sink = Callable[[Seen], None]
_OVER: Any = object()  # an iterator's end


class Channel:
    """The state of one line."""

    def __init__(self, reader: Reader, *, sink: Sink, now: float) -> None:
        self.reader = reader
        self._counts = reader.counts
        self._sink = sink
        self._pieces: deque[bytes] = deque()
        self._ended = False
        self._items: Iterator[Any] | None = None
        self._seen: Iterator[Seen | None] | None = None  # of an item that yields many
        self.backlog_bytes = 0
        self.good_at_s = now  # of the last good frame, or of the line's start

    def take(self, data: bytes) -> None:
        """Queue what came. The caller keeps `backlog_bytes` in bounds."""
        size = self.reader.piece_bytes
        self.backlog_bytes += len(data)
        if self.reader.joins_pieces and self._pieces and len(self._pieces[-1]) + len(data) <= size:
            self._pieces[-1] += data
        else:
            self._pieces.extend(data[at : at + size] for at in range(0, len(data), size))
        self._ended = False

    def end(self) -> None:
        """Nothing follows what was taken: the connection is over, or the datagram is whole."""
        self._ended = True

    def work(self, until: float, now: float) -> bool:
        """Read until `perf_counter` passes `until` or nothing is left; whether something is left."""
        valid_before = self._counts.valid
        try:
            while perf_counter() < until:
                if not self._step(now):
                    return False
        finally:
            if self._counts.valid > valid_before:
                self.good_at_s = self._counts.last_heard_at_s = now
        return True

    def _step(self, now: float) -> bool:
        """The next small thing; False when there is none."""
        if self._seen is not None:
            seen = next(self._seen, _OVER)
            if seen is _OVER:
                self._seen = None
            elif seen is not None:
                self._sink(seen)
        elif self._items is not None:
            item = next(self._items, _OVER)
            if item is _OVER:
                self._items = None
            else:
                self._read(item, now)
        elif self._pieces:
            piece = self._pieces.popleft()
            self.backlog_bytes -= len(piece)
            self._items = iter(self.reader.cut(piece))
        elif self._ended:
            self._ended = False
            self._items = iter(self.reader.finish())
        else:
            return False
        return True

    def _read(self, item: Any, now: float) -> None:
        said = self.reader.read(item, now)
        if isinstance(said, Sighting | AddressBatch):
            self._sink(said)
        elif said is not None:
            self._seen = iter(said)
