"""BEAST and AVR: Mode S frames, read many at a time.

What waits is joined and decoded in pieces, because columns cost little more for a thousand frames than for ten. A
sender of unusual bytes (jumping aircraft, a counter that restarts at every frame) costs up to ten times as much; its
pieces are made smaller, so that none takes longer than a turn of the reactor may.
"""

from collections.abc import Iterable
from time import thread_time

from adapters.feeds.config import FeedKind
from adapters.feeds.readers import Line, Reader
from dispatch.sighting import AddressBatch
from protocols import avr_batch, beast_batch
from protocols.modes_batch import BatchDecoder, Decoded

PIECE_BYTES = 65_536  # about 3,000 frames: two milliseconds to decode and two more to follow
FIRST_BYTES = 8192  # of a line that nothing is known of yet
LEAST_BYTES = 1024
# Of this thread's CPU: what other threads and processes take of the machine is no reason for smaller pieces, which would
# cost it more. Sound traffic takes 1.5 ms a piece, whatever its size.
SLOW_S = 0.006  # a piece that took longer halves the next ones
QUICK_S = 0.003  # one that took less doubles them


class ModeSReader(Reader):
    """One receiver's frames."""

    piece_bytes = PIECE_BYTES
    joins_pieces = True

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        config = line.config
        self._decoder = BatchDecoder(
            source=config.name,
            reference_position=config.reference_position,
            simulated=config.is_simulated,
            gps_clock=config.gps_clock,
            clock_id=line.clock_id,
            framing=beast_batch.Deframer() if config.kind is FeedKind.BEAST else avr_batch.Deframer(),
        )
        self._counter = False
        self._bytes = FIRST_BYTES  # decoded at once, at present

    @property
    def clock(self) -> str:
        """Counter once a frame had one."""
        return "counter" if self._counter else "arrival"

    def cut(self, data: bytes) -> Iterable[bytes]:
        """Frames are cut where they are decoded; here only what is decoded at once."""
        at = 0
        while at < len(data):
            end = at + self._bytes
            yield data[at:end]
            at = end

    def finish(self) -> Iterable[None]:
        """A frame cut short."""
        return (None,)

    def read(self, item: bytes | None, now: float) -> list[AddressBatch]:
        """A repeat was read the first time and yields nothing."""
        began = thread_time()
        decoded = self._decoder.close(now) if item is None else self._decoder.feed(item, now)
        self._count(decoded)
        took_s = thread_time() - began
        if took_s > SLOW_S:
            self._bytes = max(LEAST_BYTES, self._bytes // 2)
        elif took_s < QUICK_S:
            self._bytes = min(PIECE_BYTES, self._bytes * 2)
        return decoded.batches

    def _count(self, decoded: Decoded) -> None:
        counts = self.counts
        counts.frames += decoded.frames
        counts.valid += decoded.valid
        counts.repeats += decoded.repeats
        counts.sightings += decoded.sightings
        counts.positions += decoded.positions
        counts.positions_refused += decoded.positions_refused
        self._counter |= decoded.counted > 0
        for name, number in decoded.formats.items():
            counts.kind(name, number)
        for code, number in decoded.errors.items():
            counts.error(code, count=number)
