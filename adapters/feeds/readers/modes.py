"""BEAST and AVR: Mode S frames, read many at a time."""

from collections.abc import Iterable

from adapters.feeds.config import FeedKind
from adapters.feeds.readers import Line, Reader
from dispatch.sighting import AddressBatch
from protocols import avr_batch, beast_batch
from protocols.modes_batch import BatchDecoder, Decoded

PIECE_BYTES = 32_768  # about 1,500 frames: some two milliseconds to decode and two more to follow


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

    @property
    def clock(self) -> str:
        """Counter once a frame had one."""
        return "counter" if self._counter else "arrival"

    def cut(self, data: bytes) -> Iterable[bytes]:
        """Frames are cut where they are decoded."""
        return (data,)

    def finish(self) -> Iterable[None]:
        """A frame cut short."""
        return (None,)

    def read(self, item: bytes | None, now: float) -> list[AddressBatch]:
        """A repeat was read the first time and yields nothing."""
        decoded = self._decoder.close(now) if item is None else self._decoder.feed(item, now)
        self._count(decoded)
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
