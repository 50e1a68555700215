"""`ganying decode --format klv`: one line a MISB ST 0601 packet, out of raw KLV or an MPEG transport stream.

Which of the two is told from the first bytes; of a capture, each datagram is raw KLV whole, or all are one transport stream.
`items` holds everything by name, `unknown` the tags without one, `special` what was said instead of a value; `footprint`
is over level ground at the stated elevation, for no terrain is read here. What is wrong with an item stands in `wrong`.
"""

from collections.abc import Iterator
from datetime import datetime

from adapters.cli.decode_lines import COORDINATE_DIGITS, Line, LineReader, Options, rounded
from dispatch.kinds import AltitudeDatum
from protocols import klv
from protocols.frames import BadFrame
from protocols.klv import transport
from protocols.klv.transport_tables import Carriage

_CRC = "CRC"


class KlvLines(LineReader):
    """Packets of ST 0601."""

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._head = bytearray()
        self._raw: klv.Deframer | None = None
        self._transport: transport.Demuxer | None = None
        self._carried: dict[int, klv.Carried] = {}

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """Lines of what is complete."""
        if self._raw is None and self._transport is None:
            self._head += data
            if len(self._head) < transport.HEAD_BYTES:
                return
            data = self._begin()
        yield from self._fed(data)

    def close(self, at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes. Datagrams do not end a transport stream."""
        if self._head:
            yield from self._fed(self._begin())
        if self._raw is not None:
            yield from self._lines(self._raw.close(), {})
        elif self._transport is not None and at_s is None:
            yield from self._payloads(self._transport.close())
            for pid, carried in self._carried.items():
                yield from self._lines(carried.close(), {"pid": pid})

    def _begin(self) -> bytes:
        """What the first bytes say it is."""
        data = bytes(self._head)
        self._head.clear()
        if transport.is_transport(data):
            self._transport = transport.Demuxer()
        else:
            self._raw = klv.Deframer()
        return data

    def _fed(self, data: bytes) -> Iterator[Line]:
        if self._transport is not None:
            yield from self._payloads(self._transport.feed(data))
        elif self._raw is not None:
            yield from self._lines(self._raw.feed(data), {})

    def _payloads(self, items: list[transport.Payload | BadFrame]) -> Iterator[Line]:
        for item in items:
            if isinstance(item, BadFrame):
                yield self.tally.bad(item)
                continue
            beside: Line = {
                "pid": item.pid,
                "pts_s": rounded(item.pts_s, 6),
                "carriage": item.stream.carriage,
            }
            synchronous = item.stream.carriage is Carriage.SYNCHRONOUS
            carried = self._carried.setdefault(item.pid, klv.Carried(synchronous=synchronous))
            yield from self._lines(carried.feed(item.data), beside)

    def _lines(self, items: list[bytes | BadFrame], beside: Line) -> Iterator[Line]:
        for item in items:
            if isinstance(item, BadFrame):
                yield self.tally.bad(item) | beside
                continue
            try:
                frame = klv.decode(item)
            except klv.KlvError as wrong:
                yield self._refused(wrong, len(item)) | beside
                continue
            self.tally.message("ST 0601", valid=not frame.faults)
            yield self._line(frame, beside)

    def _refused(self, wrong: klv.KlvError, length: int) -> Line:
        line = self.tally.bad(
            BadFrame(code=wrong.code, detail=wrong.detail, length=length, field=wrong.field)
        )
        if wrong.code == _CRC:
            self.tally.counts["framing_errors"] -= 1
            self.tally.counts["crc_errors"] += 1
        return line

    def _line(self, frame: klv.KlvFrame, beside: Line) -> Line:
        altitude_m, datum = frame.sensor_altitude_m, AltitudeDatum.MSL
        if altitude_m is None:
            altitude_m, datum = frame.sensor_height_m, AltitudeDatum.ELLIPSOID
        if frame.sensor_lon_deg is not None and frame.sensor_lat_deg is not None:
            self.tally.counts["positions"] += 1
        return {
            "time": _iso(frame.time_utc),
            "icao24": None,
            "lon_deg": rounded(frame.sensor_lon_deg, COORDINATE_DIGITS),
            "lat_deg": rounded(frame.sensor_lat_deg, COORDINATE_DIGITS),
            "altitude_m": rounded(altitude_m),
            "altitude_datum": None if altitude_m is None else datum,
            "ground_speed_mps": rounded(frame.ground_speed_mps),
            "callsign": frame.call_sign or frame.tail_number,
            **beside,
            "items": {item.name: _said(item.value) for item in frame.items.values() if item.name},
            **_besides(frame),
            "footprint": _footprint(frame),
        }


def _besides(frame: klv.KlvFrame) -> Line:
    """What is not always there."""
    special = {item.name: item.special for item in frame.items.values() if item.special}
    wrong = [
        {"field": item.fault.field, "code": item.fault.code, "detail": item.fault.detail}
        for item in frame.faults
        if item.fault is not None
    ]
    said: Line = {
        "unknown": {str(tag): raw.hex() for tag, raw in frame.unknown.items()},
        "special": special,
        "wrong": wrong,
        "warnings": [
            {"field": f"tag {item.tag} {item.name}".strip(), "detail": item.warning}
            for item in frame.warnings
        ],
    }
    return {name: value for name, value in said.items() if value}


def _said(value: object) -> object:
    """A value of an item as JSON has it: bytes in hex, the items of a nested set by tag."""
    match value:
        case float():
            return round(value, 9)
        case bytes():
            return value.hex()
        case datetime():
            return _iso(value)
        case tuple():
            return {str(tag): raw.hex() for tag, raw in value}
        case _:
            return value


def _footprint(frame: klv.KlvFrame) -> Line | None:
    seen = klv.footprint(frame, lambda _lon, _lat: float("nan"))
    if seen is None:
        return None
    corners = None if seen.corners is None else [_place(each) for each in seen.corners]
    return {
        "corners": corners,
        "corners_by": seen.corners_by,
        "reason": seen.reason,
        "cut": seen.cut,
        "centre": None if seen.centre is None else _place(seen.centre),
        "off_deg": rounded(seen.off_deg),
    }


def _place(at: klv.LonLat) -> list[float]:
    return [round(at[0], COORDINATE_DIGITS), round(at[1], COORDINATE_DIGITS)]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="microseconds").replace("+00:00", "Z")
