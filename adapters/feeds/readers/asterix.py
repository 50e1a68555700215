"""ASTERIX: blocks of radars, ADS-B ground stations and air traffic control systems.

One decoder for all lines of a feed: what it knows (where a radar stands, which edition a station speaks, which
records came already by another network) it knows by SAC/SIC, whichever line they come by. So are their clocks.
"""

from collections.abc import Iterator
from dataclasses import replace

from adapters.feeds.config import FeedConfig, Transport
from adapters.feeds.readers import Line, Reader
from dispatch.polar import Radar
from dispatch.sighting import Sighting
from protocols.asterix import Block, Deframer
from protocols.asterix_decoder import Decoder, Radars, Report
from protocols.asterix_told import UNPLACED
from protocols.frames import BadFrame
from protocols.source_clock import SourceClocks

_NOT_PLACED = "where it stands is not known: say radars in the feed's config"
_SEVERAL = "several radars, and one reference_position: say radars in the feed's config"


class AsterixReaders:
    """What the lines of one feed share, and what makes their readers."""

    def __init__(self, config: FeedConfig) -> None:
        self.decoder = Decoder(
            source=config.name,
            simulated=config.is_simulated,
            clock_id=config.name,
            radars=_radars(config),
            edition=config.edition,
        )
        self.clocks = SourceClocks()

    def __call__(self, line: Line) -> "AsterixReader":
        """A reader for a new line."""
        return AsterixReader(line, self.decoder, self.clocks)


class AsterixReader(Reader):
    """One line's blocks."""

    def __init__(self, line: Line, decoder: Decoder, clocks: SourceClocks) -> None:
        super().__init__(line)
        self._deframer = Deframer(datagrams=line.config.transport is Transport.UDP)
        self._decoder = decoder
        self._clocks = clocks

    @property
    def clock(self) -> str:
        """By what reports are timed."""
        if not self._clocks.heard:
            return "arrival"
        return "utc" if self._clocks.off_s is None else "off"

    @property
    def clock_off_s(self) -> float | None:
        """How far the clock of the source that is furthest off is."""
        return self._clocks.off_s

    def cut(self, data: bytes) -> Iterator[Block | BadFrame]:
        """Whole blocks."""
        return self._deframer.feed(data)

    def finish(self) -> Iterator[Block | BadFrame]:
        """A datagram's blocks, or what a stream's end cuts short."""
        return self._deframer.close()

    def read(self, item: Block | BadFrame, now: float) -> Iterator[Sighting | None] | None:
        """What a block says, record by record; None for a record that shows nobody."""
        if isinstance(item, BadFrame):
            self.bad(item)
            return None
        return self._block(item, now)

    def _block(self, block: Block, now: float) -> Iterator[Sighting | None]:
        nothing = True
        for said in self._decoder.read(block, now):
            nothing = False
            if isinstance(said, BadFrame):
                self.bad(said)
                yield None
            else:
                yield self._report(said, now)
        if nothing:  # of a category that is only counted
            self.counts.frames += 1
            self.counts.valid += 1
            self.counts.kind(f"CAT{block.category:03}")

    def _report(self, report: Report, now: float) -> Sighting | None:
        counts, sighting = self.counts, report.sighting
        counts.frames += 1
        counts.valid += 1
        counts.kind(report.kind)
        for wrong in report.wrong:
            self.bad(wrong)
        observed_s = None
        if report.stated_s is not None and not report.repeat:
            observed_s = self._clocks.utc_s(report.record.source, report.stated_s, now)
        if report.repeat:
            counts.repeats += 1
            return None
        if report.passed:
            counts.kind(f"{report.kind} {report.passed}")
            return None
        if sighting is None:
            return None
        if report.unplaced == UNPLACED:
            why = _SEVERAL if self._decoder.several_radars else _NOT_PLACED
            counts.error("UNPLACED", f"radar {report.record.source}: {why}")
        elif report.unplaced:
            counts.kind(f"{report.kind} {report.unplaced}")
        counts.sightings += 1
        counts.positions += sighting.lon_deg is not None
        return replace(sighting, observed_at_s=observed_s)


def _radars(config: FeedConfig) -> Radars:
    errors = {"range_sigma_m": config.range_sigma_m, "azimuth_sigma_deg": config.azimuth_sigma_deg}
    unnamed = None
    if config.reference_position is not None:
        lon_deg, lat_deg = config.reference_position
        unnamed = Radar(lon_deg=lon_deg, lat_deg=lat_deg, height_m=config.reference_height_m, **errors)
    named = {
        source: Radar(lon_deg=lon_deg, lat_deg=lat_deg, height_m=height_m, **errors)
        for source, (lon_deg, lat_deg, height_m) in config.radars.items()
    }
    return Radars(named=named, unnamed=unnamed)
