"""`ganying decode --format asterix`: one line a record, with what a feed would see and every item as it was sent.

`items` holds all of a record by item number, in the units of EUROCONTROL's specifications. Records have a time of
day only: a capture's times give it its date, without one `time` is null. The reference position stands for every
radar that does not say its own place.
"""

from collections.abc import Iterator

from adapters.cli.decode_lines import Line, LineReader, Options, identified, iso, measured
from dispatch.polar import Radar
from protocols.asterix import Block, Deframer
from protocols.asterix_cat062 import sensor_ages_s
from protocols.asterix_decoder import Decoder, Radars, Report
from protocols.asterix_edition import name_of
from protocols.frames import BadFrame


class AsterixLines(LineReader):
    """Blocks of a file, or of the datagrams of a capture."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        unnamed = None
        if options.reference_position is not None:
            lon_deg, lat_deg = options.reference_position
            unnamed = Radar(lon_deg=lon_deg, lat_deg=lat_deg, height_m=options.reference_height_m)
        self._stream, self._datagrams = Deframer(), Deframer(datagrams=True)
        self._decoder = Decoder(
            radars=Radars(named={}, unnamed=unnamed, shared=True), edition=options.edition
        )

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:
        """Lines of what is complete."""
        if at_s is None:
            return self._lines(self._stream.feed(data), at_s)
        return self._lines(self._datagrams.feed(data), at_s)

    def close(self, at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes."""
        return self._lines((self._stream if at_s is None else self._datagrams).close(), at_s)

    def _lines(self, items: Iterator[Block | BadFrame], at_s: float | None) -> Iterator[Line]:
        for item in items:
            if isinstance(item, BadFrame):
                yield self.tally.bad(item)
                continue
            nothing = True
            for report in self._decoder.read(item, at_s):
                nothing = False
                if isinstance(report, BadFrame):
                    yield self.tally.bad(report)
                else:
                    yield self._line(report)
            if nothing:
                self.tally.message(f"CAT{item.category:03}")
                yield {
                    "time": iso(at_s),
                    "icao24": None,
                    "category": item.category,
                    "raw": item.data.hex(),
                }

    def _line(self, report: Report) -> Line:
        record, sighting = report.record, report.sighting
        self.tally.message(report.kind)
        self.tally.counts["repeats"] += report.repeat
        line: Line = {"time": iso(report.stated_s), "icao24": None}
        if sighting is not None:
            line["icao24"] = sighting.icao24 or None
            if not report.passed:
                self.tally.seen(sighting)
            line |= measured(sighting)
            line |= identified(sighting)
        line["category"] = record.category
        line["source"] = record.source
        if record.category == 21:
            line["edition"] = name_of(record.profile)
        line["time_of_day_s"] = report.second_of_day
        for name in ("repeat", "passed", "unplaced"):
            if getattr(report, name):
                line[name] = getattr(report, name)
        if report.wrong:
            line["wrong"] = [{"field": each.field, "detail": each.detail} for each in report.wrong]
        if record.category == 62:
            line["sensor_ages_s"] = sensor_ages_s(record)
        line["items"] = record.said()
        return line
