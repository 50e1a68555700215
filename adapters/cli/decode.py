"""`ganying decode`: a recording as JSON lines, one per message, and a summary on stderr.

What is printed is what a feed would see, frame by frame, with repeats and refused positions marked. Times are UTC and
null where the source has none: a receiver's counter is given as it is (`counter`) and in seconds (`receiver_s`).
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from adapters.cli import recording
from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.sighting import Sighting
from protocols import avr, beast, modes, modes_fields, sbs
from protocols.frames import BadFrame, ReceiverStatus

_COORDINATE_DIGITS = 7  # a centimetre
_VALUE_DIGITS = 3
# pyModeS's fields in their own units that have a place of their own in the line
_SHOWN = frozenset(
    [
        "df",
        "icao",
        "typecode",
        "altitude",
        "groundspeed",
        "track",
        "vertical_rate",
        "callsign",
        "squawk",
        "crc_valid",
        "height_ellipsoid_m",
    ]
)

Line = dict[str, Any]


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `decode`."""
    parser = sub.add_parser("decode", help="print a recording as JSON lines")
    parser.add_argument("file", help="recording; - for stdin; .gz and .pcap (UDP payloads) are understood")
    parser.add_argument("--format", required=True, choices=recording.FORMATS)
    parser.add_argument(
        "--reference-position",
        metavar="LON,LAT",
        help="the receiver's place, for positions from single frames",
    )
    parser.add_argument("--gps-clock", action="store_true", help="the receiver's counter is a GPS one")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Decode to the end. Exit status 0 when the file was read whole, whatever was in it."""
    reference = _reference(arguments.reference_position)
    reader: _ModeS | _Sbs
    if arguments.format == "sbs":
        reader = _Sbs()
    else:
        deframer = beast.Deframer() if arguments.format == "beast" else avr.Deframer()
        reader = _ModeS(deframer, reference, gps_clock=arguments.gps_clock)
    write = sys.stdout.write
    with recording.opened(arguments.file) as stream:
        for line in _lines(reader, recording.pieces(stream)):
            write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    print(json.dumps(reader.tally.summary(), ensure_ascii=False), file=sys.stderr)
    return 0


def _reference(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise Malformed("reference-position", f"{text[:40]!r} is not LON,LAT in degrees") from None
    place = Position(lon_deg=lon, lat_deg=lat)
    return place.lon_deg, place.lat_deg


def _lines(reader: "_ModeS | _Sbs", pieces: Iterator[recording.Piece]) -> Iterator[Line]:
    at_s: float | None = None
    for piece in pieces:
        if isinstance(piece, BadFrame):
            yield reader.tally.bad(piece)
            continue
        at_s, data = piece
        yield from reader.feed(data, at_s)
    yield from reader.close(at_s)


class _Tally:
    """What the summary says."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.aircraft: set[str] = set()
        self.placed: set[str] = set()

    def bad(self, item: BadFrame) -> Line:
        """A line for bytes that are no frame."""
        self.counts["framing_errors"] += 1
        line: Line = {"error": item.code, "detail": item.detail, "bytes": item.length}
        if item.field:
            line["field"] = item.field
        return line

    def seen(self, sighting: Sighting) -> None:
        """One believed message of an aircraft."""
        self.aircraft.add(sighting.icao24)
        if sighting.lon_deg is not None:
            self.counts["positions"] += 1
            self.placed.add(sighting.icao24)

    def summary(self) -> Line:
        """Totals, by downlink format or line type too."""
        names = ("messages", "valid", "crc_errors", "unverified", "framing_errors", "repeats", "positions")
        return {
            **{name: self.counts[name] for name in names},
            "positions_refused": self.counts["positions_refused"],
            "aircraft": len(self.aircraft),
            "aircraft_with_position": len(self.placed),
            "by_kind": dict(sorted(self.kinds.items())),
        }


class _ModeS:
    """BEAST and AVR."""

    def __init__(
        self,
        deframer: beast.Deframer | avr.Deframer,
        reference: tuple[float, float] | None,
        *,
        gps_clock: bool,
    ) -> None:
        self.tally = _Tally()
        self._deframer = deframer
        self._decoder = modes.Decoder(reference_position=reference, gps_clock=gps_clock)

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:
        """Lines of what is complete."""
        return self._lines(self._deframer.feed(data), at_s)

    def close(self, at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes."""
        return self._lines(self._deframer.close(), at_s)

    def _lines(self, items: list[modes.Item], at_s: float | None) -> Iterator[Line]:
        for item in items:
            if isinstance(item, BadFrame):
                yield self.tally.bad(item)
            elif isinstance(item, ReceiverStatus):
                self._decoder.status(item)
                self.tally.kinds["status"] += 1
                yield {"time": _iso(at_s), "icao24": None, "kind": "status", "body": item.body.hex()}
            else:
                yield self._line(self._decoder.decode(item, at_s), at_s)

    def _line(self, message: modes.Message, at_s: float | None) -> Line:
        counts = self.tally.counts
        counts["messages"] += 1
        self.tally.kinds["Mode A/C" if message.df is None else f"DF{message.df}"] += 1
        if message.problem:
            counts[_PROBLEMS[message.problem]] += 1
            line: Line = {"error": message.problem, "icao24": None, "address": message.icao24}
            if message.problem == modes.UNVERIFIED and message.df in modes.PARITY_ADDRESS:
                line |= _unverified(message.frame.payload)
        else:
            counts["valid"] += 1
            line = {"time": _iso(at_s), "icao24": message.icao24}
        if message.sighting is not None:
            self.tally.seen(message.sighting)
            line |= _measured(message.sighting)
        if message.position_by == modes.REFUSED:
            counts["positions_refused"] += 1
        counts["repeats"] += message.repeat
        return line | _details(message)


_PROBLEMS = {
    modes.CRC: "crc_errors",
    modes.UNVERIFIED: "unverified",
    modes.UNSUPPORTED: "framing_errors",
    modes.LENGTH: "framing_errors",
}


def _unverified(payload: bytes) -> Line:
    """What the frame says, for a reader who knows the address from elsewhere."""
    said = modes_fields.content(payload).said
    return {
        "altitude_m": _rounded(said.altitude_m),
        "altitude_datum": said.altitude_datum,
        "callsign": said.callsign,
        "squawk": said.squawk,
        "on_ground": said.on_ground,
    }


def _details(message: modes.Message) -> Line:
    frame = message.frame
    line: Line = {"df": message.df, "typecode": message.typecode}
    if message.position_by:
        line["position_by"] = message.position_by
    if message.repeat:
        line["repeat"] = True
    line |= {name: value for name, value in message.fields.items() if name not in _SHOWN}
    if frame.ticks is not None:
        line["counter"] = frame.ticks
    if message.receiver_s is not None:
        line["receiver_s"] = round(message.receiver_s, _COORDINATE_DIGITS)
    if frame.signal is not None:
        line["signal"] = frame.signal
    line["raw"] = frame.payload.hex()
    return line


class _Sbs:
    """SBS lines."""

    def __init__(self) -> None:
        self.tally = _Tally()
        self._deframer = sbs.Deframer()
        self._decoder = sbs.Decoder()

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:
        """Lines of what is complete."""
        return self._lines(self._deframer.feed(data), at_s)

    def close(self, at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes."""
        return self._lines(self._deframer.close(), at_s)

    def _lines(self, items: list[sbs.SbsMessage | BadFrame], at_s: float | None) -> Iterator[Line]:
        for item in items:
            yield self.tally.bad(item) if isinstance(item, BadFrame) else self._line(item, at_s)

    def _line(self, message: sbs.SbsMessage, at_s: float | None) -> Line:
        self.tally.counts["messages"] += 1
        self.tally.counts["valid"] += 1
        kind = message.kind if message.type is None else f"{message.kind},{message.type}"
        self.tally.kinds[kind] += 1
        time_s = at_s if message.made_s is None else message.made_s
        line: Line = {"time": _iso(time_s), "icao24": message.icao24}
        sighting = self._decoder.sighting(message)
        if sighting is not None:
            self.tally.seen(sighting)
            line |= _measured(sighting)
        line["kind"] = kind
        if message.counter_s is not None:
            line["receiver_s"] = message.counter_s
        return line


def _measured(sighting: Sighting) -> Line:
    """The values of every format's lines, null where not said."""
    return {
        "lon_deg": _rounded(sighting.lon_deg, _COORDINATE_DIGITS),
        "lat_deg": _rounded(sighting.lat_deg, _COORDINATE_DIGITS),
        "altitude_m": _rounded(sighting.altitude_m),
        "altitude_datum": sighting.altitude_datum,
        "ground_speed_mps": _rounded(sighting.ground_speed_mps),
        "track_deg": _rounded(sighting.track_deg),
        "vertical_rate_mps": _rounded(sighting.vertical_rate_mps),
        "callsign": sighting.callsign,
        "squawk": sighting.squawk,
        "emitter_category": sighting.emitter_category,
        "on_ground": sighting.on_ground,
    }


def _rounded(value: float | None, digits: int = _VALUE_DIGITS) -> float | None:
    return None if value is None else round(value, digits)


def _iso(at_s: float | None) -> str | None:
    """ISO-8601 UTC in milliseconds."""
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
