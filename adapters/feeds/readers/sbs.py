"""SBS: lines of text with the sender's wall clock, in a time zone that the format does not name."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.feeds.readers import Line, Reader
from dispatch.sighting import Sighting
from protocols import sbs
from protocols.frames import BadFrame
from protocols.source_clock import SourceClock


class SbsReader(Reader):
    """One sender's lines. A clock of another zone, or a recording's, is found off and its times are moved."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        config = line.config
        self._deframer = sbs.Deframer()
        self._decoder = sbs.Decoder(source=config.name, simulated=config.is_simulated, clock_id=line.clock_id)
        self._clock = SourceClock()

    @property
    def clock(self) -> str:
        """By what lines are timed."""
        if self._clock.offset_s is None:
            return "arrival"
        return "utc" if self._clock.right else "off"

    @property
    def clock_off_s(self) -> float | None:
        """How far its clock is off."""
        return self._clock.off_s

    def cut(self, data: bytes) -> Sequence[sbs.SbsMessage | BadFrame]:
        """Whole lines."""
        return self._deframer.feed(data)

    def finish(self) -> Sequence[sbs.SbsMessage | BadFrame]:
        """A last line without its end."""
        return self._deframer.close()

    def read(self, item: sbs.SbsMessage | BadFrame, now: float) -> Sighting | None:
        """What a line says."""
        counts = self.counts
        if isinstance(item, BadFrame):
            self.bad(item)
            return None
        counts.frames += 1
        counts.valid += 1
        counts.kind(item.kind if item.type is None else f"{item.kind},{item.type}")
        sighting = self._decoder.sighting(item)
        if sighting is None:
            return None
        if item.made_s is not None:
            sighting = replace(sighting, observed_at_s=self._clock.utc_s(item.made_s, now))
        counts.sightings += 1
        counts.positions += sighting.lon_deg is not None
        return sighting
