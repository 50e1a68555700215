"""NMEA 0183: one stream is one thing, a receiver on whatever carries it.

A feed that dials, or that takes one connection at a time, is one thing by its own name; one that listens for several
tells them apart by the address they send from. A fix's time is the satellites' and is believed, up to a quarter of an
hour old; what is further off is a recording, or a receiver that counts its weeks wrongly, and is aged from arrival.
"""

from collections.abc import Sequence
from dataclasses import replace

from adapters.feeds.config import FeedConfig, Transport, host_port
from adapters.feeds.readers import Line, Reader
from dispatch.errors import Malformed
from dispatch.kinds import HorizontalDatum
from dispatch.sighting import Sighting
from protocols import nmea, nmea_fixes
from protocols.frames import BadFrame
from protocols.nmea_fixes import Fix, Fixes
from protocols.nmea_lines import Deframer, Item
from protocols.source_clock import SourceClock, Tolerance

OTHER = "other"  # sentences that say nothing of where the receiver is: satellites in view, AIS, routes
NO_FIX = "no fix"
_ZONE_STEP_S = 900.0
_END = "end"  # the stream is over

Step = Item | str


class NmeaReader(Reader):
    """One receiver's stream."""

    piece_bytes = 1024  # cut in 2 ms where every second byte ends a line

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._deframer = Deframer()
        self._fixes = Fixes()
        self._clock = SourceClock(Tolerance(behind_s=_ZONE_STEP_S))
        sender = _sender(line)
        self._key = nmea_fixes.own_key(line.config.name, sender)
        self._name = f"{line.config.name} {sender}".strip()

    @property
    def clock(self) -> str:
        """By what its fixes are timed."""
        if self._clock.offset_s is None:
            return "arrival"
        return "utc" if self._clock.right else "off"

    @property
    def clock_off_s(self) -> float | None:
        """How far its clock is off."""
        return self._clock.off_s

    def cut(self, data: bytes) -> Sequence[Step]:
        """Whole sentences."""
        return self._deframer.feed(data)

    def finish(self) -> Sequence[Step]:
        """A last sentence without its end. A datagram's end is not the receiver's: its burst may go on in the next."""
        ended: list[Step] = [*self._deframer.close()]
        return ended if self.line.config.transport is Transport.UDP else [*ended, _END]

    def read(self, item: Step, now: float) -> list[Sighting] | None:
        """What a sentence completes: mostly nothing, else a fix, or two."""
        if isinstance(item, str):
            return self._seen(self._fixes.close(), now)
        if isinstance(item, BadFrame):
            self.bad(item)
            return None
        self.counts.frames += 1
        if not nmea.is_read(item):
            self.counts.valid += 1
            self.counts.kind(OTHER)
            return None
        try:
            said = nmea.read(item)
        except Malformed as wrong:
            self.counts.error(wrong.code, f"{item.talker}{item.kind} {wrong.field}: {wrong.detail}")
            return None
        self.counts.valid += 1
        self.counts.kind(f"{item.talker}{item.kind}")
        return self._seen(self._fixes.put(said), now)

    def _seen(self, fixes: list[Fix], now: float) -> list[Sighting] | None:
        if not fixes:
            return None
        seen = []
        config = self.line.config
        for fix in fixes:
            sighting = nmea_fixes.sighting(
                fix,
                key=self._key,
                source=config.name,
                datum=config.datum or HorizontalDatum.WGS84,
                name=self._name,
                simulated=config.simulated,
            )
            if sighting is None:
                self.counts.kind(NO_FIX)
                continue
            if sighting.observed_at_s is not None:
                sighting = replace(sighting, observed_at_s=self._clock.utc_s(sighting.observed_at_s, now))
            self.counts.sightings += 1
            self.counts.positions += 1
            seen.append(sighting)
        return seen


def _sender(line: Line) -> str:
    """The address that tells this stream from the feed's others; empty where the feed is one stream."""
    config: FeedConfig = line.config
    if config.listen is None or config.connection_limit == 1:
        return ""
    return host_port(line.peer, "peer")[0]
