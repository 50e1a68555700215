"""`ganying decode --format jt808`: terminals' messages, read without a platform's rules: who may report is not asked.

One line per message, and per position of a batch. Coordinates are printed where the terminal states them, also
without a fix (`fix` false: a feed draws no such place), in WGS-84: `shifted` ones are brought back from GCJ-02.
"""

from collections.abc import Iterator
from typing import Any

from adapters.cli.decode_lines import COORDINATE_DIGITS, Line, LineReader, Options, iso, measured, rounded
from dispatch.errors import Malformed
from dispatch.geo import position_from
from protocols import jt808
from protocols import jt808_messages as messages
from protocols.frames import BadFrame
from protocols.jt808_frames import CRC, Packet
from protocols.jt808_position import Position
from protocols.jt808_roster import Terminal, short
from protocols.jt808_session import SCHEME, datum_of, has_place, sighting


class Jt808Lines(LineReader):
    """A stream of packets between 0x7e."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._datum = options.datum
        self._decoder = jt808.Decoder()

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:
        """Lines of what is complete."""
        return self._lines(self._decoder.feed(data, at_s or 0.0), at_s)

    def close(self, at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes."""
        return self._lines(self._decoder.close(at_s or 0.0), at_s)

    def _lines(self, items: list[jt808.Read | BadFrame], at_s: float | None) -> Iterator[Line]:
        for item in items:
            if isinstance(item, BadFrame):
                yield self._bad(item)
                continue
            self.tally.message(f"{item.packet.message_id:04x}")
            match item.said:
                case Position():
                    yield self._position(item.said, item.packet, late=False)
                case messages.PositionAnswer():
                    yield self._position(item.said.position, item.packet, late=False)
                case messages.Batch():
                    for fault in item.said.faults:
                        yield self._bad(_wrong(fault))
                    for position in item.said.positions():
                        if isinstance(position, Malformed):
                            yield self._bad(_wrong(position))
                        else:
                            yield self._position(position, item.packet, late=item.said.late)
                case _:
                    yield {"time": iso(at_s), **_head(item.packet), **_body(item)}

    def _bad(self, item: BadFrame) -> Line:
        line = self.tally.bad(item)
        if item.code == CRC:
            self.tally.counts["framing_errors"] -= 1
            self.tally.counts["crc_errors"] += 1
        return line

    def _position(self, position: Position, packet: Packet, *, late: bool) -> Line:
        terminal = Terminal(number=short(packet.number))
        seen = sighting(position, terminal, source="", datum=self._datum, late=late)
        self.tally.seen(seen)
        line: Line = {"time": iso(position.at_s), "icao24": None, **measured(seen)}
        if not has_place(position):
            line |= self._stated(position)
        named, raw = position.extras()
        line |= _head(packet) | {
            "fix": position.fixed,
            "alarms": list(position.alarms),
            "systems": list(position.systems),
            "status": f"{position.status:08x}",
        }
        if seen.emergency is not None:
            line["emergency"] = seen.emergency
        if late:
            line["backfill"] = True
        if position.shifted:
            line["shifted"] = True
        line |= named
        if raw:
            line["items"] = raw
        if position.rest:
            line["rest"] = position.rest.hex()
        return line

    def _stated(self, position: Position) -> Line:
        """What a terminal without a fix states nevertheless."""
        place = position_from(position.lon_deg, position.lat_deg, datum_of(position, self._datum))
        return {
            "lon_deg": rounded(place.lon_deg, COORDINATE_DIGITS),
            "lat_deg": rounded(place.lat_deg, COORDINATE_DIGITS),
            "altitude_m": rounded(position.altitude_m),
            "ground_speed_mps": rounded(position.ground_speed_mps),
            "track_deg": position.track_deg,
        }


def _wrong(position: Malformed) -> BadFrame:
    return BadFrame(code=position.code, detail=position.detail, length=0, field=position.field)


def _head(packet: Packet) -> Line:
    line: Line = {
        "key": f"{SCHEME}:{short(packet.number)}",
        "kind": f"{packet.message_id:04x}",
        "number": packet.number,
        "serial": packet.serial,
        "version": 2013 if packet.version is None else 2019,
    }
    if packet.parts > 1:
        line |= {"part": packet.part, "parts": packet.parts}
    if packet.encryption:
        line["encryption"] = packet.encryption
    return line


def _body(item: jt808.Read) -> dict[str, Any]:
    said = item.said
    if isinstance(said, messages.Registration):
        return {name: getattr(said, name) for name in said.__slots__}
    if isinstance(said, messages.Authentication):
        return {"code": said.code.decode("ascii", "replace"), "imei": said.imei, "software": said.software}
    if isinstance(said, messages.Answer):
        return {"to_serial": said.serial, "to": f"{said.message_id:04x}", "result": said.result}
    if isinstance(said, messages.Bare):
        return {}
    return {"body": item.body.hex()}
