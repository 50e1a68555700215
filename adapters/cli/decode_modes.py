"""`ganying decode --format beast` and `avr`: Mode S, frame by frame, with repeats and refused positions marked.

Times are null where the recording has none: a receiver's counter is given as it is (`counter`) and in seconds
(`receiver_s`).
"""

from collections.abc import Iterator
from dataclasses import replace

from adapters.cli.decode_lines import (
    COORDINATE_DIGITS,
    Line,
    LineReader,
    Options,
    iso,
    measured,
    rounded,
)
from protocols import avr, beast, modes, modes_fields
from protocols.frames import BadFrame, ReceiverStatus

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


class ModeSLines(LineReader):
    """Frames of one deframer."""

    def __init__(self, deframer: beast.Deframer | avr.Deframer, options: Options) -> None:
        super().__init__()
        self._deframer = deframer
        self._decoder = modes.Decoder(
            reference_position=options.reference_position, gps_clock=options.gps_clock
        )

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
                yield {"time": iso(at_s), "icao24": None, "kind": "status", "body": item.body.hex()}
            else:
                yield self._line(self._decoder.decode(item, at_s), at_s)

    def _line(self, message: modes.Message, at_s: float | None) -> Line:
        kind = "Mode A/C" if message.df is None else f"DF{message.df}"
        self.tally.message(kind, valid=not message.problem)
        counts = self.tally.counts
        if message.problem:
            counts[_PROBLEMS[message.problem]] += 1
            line: Line = {"error": message.problem, "icao24": None, "address": message.icao24}
            if message.problem == modes.UNVERIFIED and message.df in modes.PARITY_ADDRESS:
                line |= _unverified(message.frame.payload)
        else:
            line = {"time": iso(at_s), "icao24": message.icao24}
        if message.sighting is not None:
            sighting = message.sighting
            if message.position_by in modes.NOT_BELIEVED:
                sighting = replace(sighting, lon_deg=None, lat_deg=None, accuracy_m=None)
            self.tally.seen(sighting)
            line |= measured(sighting)
        if message.position_by in modes.NOT_BELIEVED:
            counts["positions_refused"] += 1
        counts["repeats"] += message.repeat
        return line | _details(message)


def beast_lines(options: Options) -> LineReader:
    """BEAST."""
    return ModeSLines(beast.Deframer(), options)


def avr_lines(options: Options) -> LineReader:
    """AVR."""
    return ModeSLines(avr.Deframer(), options)


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
        "altitude_m": rounded(said.altitude_m),
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
        line["receiver_s"] = round(message.receiver_s, COORDINATE_DIGITS)
    if frame.signal is not None:
        line["signal"] = frame.signal
    line["raw"] = frame.payload.hex()
    return line
