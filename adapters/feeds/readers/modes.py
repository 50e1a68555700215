"""BEAST and AVR: Mode S frames."""

from collections.abc import Sequence

from adapters.feeds.config import FeedKind
from adapters.feeds.readers import Line, Reader
from dispatch.sighting import Sighting
from protocols import avr, beast, modes
from protocols.frames import BadFrame, ReceiverStatus


class ModeSReader(Reader):
    """One receiver's frames."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        config = line.config
        self._deframer = beast.Deframer() if config.kind is FeedKind.BEAST else avr.Deframer()
        self._decoder = modes.Decoder(
            source=config.name,
            reference_position=config.reference_position,
            simulated=config.is_simulated,
            gps_clock=config.gps_clock,
            clock_id=line.clock_id,
        )
        self._counter = False

    @property
    def clock(self) -> str:
        """Counter once a frame had one."""
        return "counter" if self._counter else "arrival"

    def cut(self, data: bytes) -> Sequence[modes.Item]:
        """Whole frames."""
        return self._deframer.feed(data)

    def finish(self) -> Sequence[modes.Item]:
        """A frame cut short."""
        return self._deframer.close()

    def read(self, item: modes.Item, now: float) -> Sighting | None:
        """A repeat was read the first time and yields nothing."""
        counts = self.counts
        if isinstance(item, BadFrame):
            self.bad(item)
            return None
        if isinstance(item, ReceiverStatus):
            self._decoder.status(item)
            return None
        counts.frames += 1
        message = self._decoder.decode(item, arrived_s=now)
        counts.kind("Mode A/C" if message.df is None else f"DF{message.df}")
        if message.problem:
            counts.error(message.problem)
            return None
        counts.valid += 1
        if message.receiver_s is not None:
            self._counter = True
        if message.repeat:
            counts.repeats += 1
            return None
        sighting = message.sighting
        if message.position_by == modes.REFUSED:
            counts.positions_refused += 1
        elif message.position_by:
            counts.positions += 1
        if sighting is not None:
            counts.sightings += 1
        return sighting
