"""`ganying decode --format nmea`: one line per sentence, each with what it says itself; a date is carried to times.

Which sentences make one fix is a feed's business (protocols/nmea_fixes.py); the summary counts the fixes.
"""

from collections.abc import Iterator

from adapters.cli.decode_lines import COORDINATE_DIGITS, Line, LineReader, Options, iso, rounded
from dispatch.errors import Malformed
from dispatch.geo import position_from
from dispatch.kinds import AltitudeDatum
from protocols import nmea
from protocols.frames import BadFrame
from protocols.nmea_fixes import Fix, Fixes
from protocols.nmea_lines import CRC, Deframer, Item, Sentence


class NmeaLines(LineReader):
    """Sentences, and the binary between them."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._datum = options.datum
        self._deframer = Deframer()
        self._fixes = Fixes()

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:
        """Lines of what is complete."""
        return self._lines(self._deframer.feed(data), at_s)

    def close(self, at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes."""
        return self._lines(self._deframer.close(), at_s)

    def summary(self) -> Line:
        """The totals, with the fixes."""
        self._count(self._fixes.close())
        return self.tally.summary() | {"fixes": self.tally.counts["fixes"]}

    def _lines(self, items: list[Item], at_s: float | None) -> Iterator[Line]:
        for item in items:
            yield self._bad(item) if isinstance(item, BadFrame) else self._line(item, at_s)

    def _bad(self, item: BadFrame) -> Line:
        line = self.tally.bad(item)
        if item.code == CRC:
            self.tally.counts["framing_errors"] -= 1
            self.tally.counts["crc_errors"] += 1
        return line

    def _line(self, sentence: Sentence, at_s: float | None) -> Line:
        kind = f"{sentence.talker}{sentence.kind}"
        if not nmea.is_read(sentence):
            self.tally.message(kind)
            return {"time": iso(at_s), "icao24": None, "kind": kind, "text": sentence.text}
        try:
            said = nmea.read(sentence)
        except Malformed as wrong:
            return self._bad(
                BadFrame(code=wrong.code, detail=wrong.detail, length=len(sentence.text), field=wrong.field)
            )
        self.tally.message(kind)
        self._count(self._fixes.put(said))
        made_s = self._fixes.utc_s(said.time_s)
        return {
            "time": iso(at_s if made_s is None else made_s),
            "icao24": None,
            **self._said(said),
            "kind": kind,
        }

    def _said(self, said: nmea.Said) -> Line:
        line: Line = {
            "lon_deg": None,
            "lat_deg": None,
            "altitude_m": rounded(said.altitude_m),
            "altitude_datum": None if said.altitude_m is None else AltitudeDatum.MSL,
            "ground_speed_mps": rounded(said.ground_speed_mps),
            "track_deg": rounded(said.track_deg),
        }
        if said.lon_deg is not None and said.lat_deg is not None:
            place = position_from(said.lon_deg, said.lat_deg, self._datum)
            line["lon_deg"] = rounded(place.lon_deg, COORDINATE_DIGITS)
            line["lat_deg"] = rounded(place.lat_deg, COORDINATE_DIGITS)
            self.tally.counts["positions"] += 1
        if said.valid is not None:
            line["fix"] = said.valid
        if said.time_s is not None:
            line["time_of_day_s"] = said.time_s
        if said.simulated:
            line["simulated"] = True
        for name in ("hdop", "satellites"):
            if getattr(said, name) is not None:
                line[name] = getattr(said, name)
        if said.sigma_m is not None:
            line["sigma_lat_m"], line["sigma_lon_m"] = said.sigma_m
        return line

    def _count(self, fixes: list[Fix]) -> None:
        for fix in fixes:
            self.tally.counts["fixes"] += fix.placed
            if fix.placed:
                self.tally.seen_keys.add("the stream")
                self.tally.placed_keys.add("the stream")
