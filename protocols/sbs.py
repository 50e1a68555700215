"""SBS-1 BaseStation text (port 30003): lines to messages to sightings.

    MSG,type,session,aircraft,hex,flight,date,time,date,time,callsign,altitude ft,speed kt,track,lat,lon,
        climb ft/min,squawk,alert,emergency,spi,on ground

Sources: woodair.net "SBS TCP/IP socket data"; the writers of dump1090 (net_io.c) and stratux. Columns may be empty or
missing at the end. stratux puts a counter of nanoseconds before MSG. Sans-IO and one line at a time: every column is
checked here, and a wrong one is a BadFrame that names it. The first date and time are when the message was made, by
the sender's wall clock and in a time zone the format does not name: `receiver_s` is that clock, and whether it may
be believed as UTC is the caller's decision (`trusted_utc`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.motion import KNOT_MPS
from dispatch.sighting import Sighting
from protocols.frames import BadFrame
from protocols.modes_fields import FOOT_M, FOOT_PER_MINUTE_MPS

# The longest honest line is about 160 bytes; a longer one than this is reported as OVERSIZE and skipped to its end.
LINE_LIMIT_BYTES = 512
_COLUMNS = 22
# What else BaseStation sends (selection, new aircraft, new callsign, status, click): read, and says nothing of flight
_OTHER_KINDS = frozenset(("SEL", "ID", "AIR", "STA", "CLK"))
_END = re.compile(rb"[\r\n]")
_HEX = re.compile(r"~?[0-9A-Fa-f]{6}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,12})?")
_DATE = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?")
_CALLSIGN = re.compile(r"[A-Z0-9 ]{1,8}")
_SQUAWK = re.compile(r"[0-7]{1,4}")
_FLAGS = {"": None, "0": False, "1": True, "-1": True}
# Bounds of what Mode S can encode: altitude -1,000 to 126,750 ft (Gillham), speed 2 * 4,088 kt (supersonic, both
# axes), climb 32,640 ft/min; ICAO Doc 9871 tables A-2-5 and A-2-9.
_BOUNDS = {
    "altitude_ft": (-1_500.0, 130_000.0),
    "ground_speed_kt": (0.0, 8_176.0),
    "track_deg": (-360.0, 360.0),
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-180.0, 180.0),
    "vertical_rate_ft_min": (-40_000.0, 40_000.0),
}
_NS = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class SbsMessage:
    """One line, read. Angles degrees; `made_s` is the sender's date and time taken as UTC, None where empty.

    `icao24` is None for an address that is not ICAO's (`~` before it) and for kinds that name none.
    """

    kind: str
    type: int | None = None
    icao24: str | None = None
    made_s: float | None = None
    counter_s: float | None = None  # stratux's counter
    callsign: str | None = None
    altitude_ft: float | None = None
    ground_speed_kt: float | None = None
    track_deg: float | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    vertical_rate_ft_min: float | None = None
    squawk: str | None = None
    on_ground: bool | None = None


class _Wrong(Exception):  # never leaves this file: `read` turns it into a BadFrame
    def __init__(self, field: str, detail: str) -> None:
        super().__init__(field)
        self.field = field
        self.detail = detail


class Deframer:
    """Cuts text into lines and reads them. Any chunking yields the same items; no input raises.

    Keeps at most LINE_LIMIT_BYTES of an unfinished line; of a longer one only its length is kept.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._oversize = 0

    def feed(self, data: bytes) -> list[SbsMessage | BadFrame]:
        """All lines that are complete once `data` has come."""
        buffer = self._rest + data
        items: list[SbsMessage | BadFrame] = []
        at = 0
        for end in _END.finditer(buffer):
            self._line(buffer[at : end.start()], items)
            at = end.end()
        self._rest = buffer[at:]
        if len(self._rest) > LINE_LIMIT_BYTES or self._oversize:
            self._oversize += len(self._rest)
            self._rest = b""
        return items

    def close(self) -> list[SbsMessage | BadFrame]:
        """The last line, where it has no end."""
        items: list[SbsMessage | BadFrame] = []
        self._line(self._rest, items)
        self._rest = b""
        return items

    def _line(self, raw: bytes, items: list[SbsMessage | BadFrame]) -> None:
        length = self._oversize + len(raw)
        self._oversize = 0
        if length > LINE_LIMIT_BYTES:
            items.append(BadFrame(code="OVERSIZE", detail="a line without end", length=length))
        elif raw.strip():
            items.append(read(raw))


def read(raw: bytes) -> SbsMessage | BadFrame:
    """One line without its end."""
    columns = [column.strip() for column in raw.decode("ascii", "replace").split(",")]
    counter_s = None
    if len(columns) > 1 and columns[0].isdecimal() and columns[1] == "MSG":
        counter_s = float(columns.pop(0)[:18]) * _NS
    kind = columns[0]
    if kind in _OTHER_KINDS:
        return SbsMessage(kind=kind)
    if kind != "MSG":
        return BadFrame(code="UNKNOWN_RECORD", detail=f"kind {kind[:20]!r}", length=len(raw), field="kind")
    columns += [""] * (_COLUMNS - len(columns))
    try:
        return _message(columns, counter_s)
    except _Wrong as wrong:
        return BadFrame(code="MALFORMED", detail=wrong.detail, length=len(raw), field=wrong.field)


def _message(columns: list[str], counter_s: float | None) -> SbsMessage:
    if columns[1] not in ("1", "2", "3", "4", "5", "6", "7", "8"):
        raise _Wrong("type", f"{columns[1][:20]!r} is not 1 to 8")
    if not _HEX.fullmatch(columns[4]):
        raise _Wrong("icao24", f"{columns[4][:20]!r} is not six hex digits")
    lat_deg, lon_deg = _number(columns[14], "lat_deg"), _number(columns[15], "lon_deg")
    if (lat_deg is None) != (lon_deg is None):
        raise _Wrong("lon_deg" if lon_deg is None else "lat_deg", "one coordinate without the other")
    return SbsMessage(
        kind="MSG",
        type=int(columns[1]),
        icao24=None if columns[4].startswith("~") else columns[4].lower(),
        made_s=_time(columns[6], columns[7]),
        counter_s=counter_s,
        callsign=_callsign(columns[10]),
        altitude_ft=_number(columns[11], "altitude_ft"),
        ground_speed_kt=_number(columns[12], "ground_speed_kt"),
        track_deg=_number(columns[13], "track_deg"),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        vertical_rate_ft_min=_number(columns[16], "vertical_rate_ft_min"),
        squawk=_squawk(columns[17]),
        on_ground=_FLAGS.get(columns[21]),
    )


def _number(text: str, field: str) -> float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise _Wrong(field, f"{text[:20]!r} is not a number")
    value = float(text)
    low, high = _BOUNDS[field]
    if not low <= value <= high:
        raise _Wrong(field, f"{value} is not within {low} to {high}")
    return value


def _time(date: str, time: str) -> float | None:
    if not date or not time:
        return None
    if not (_DATE.fullmatch(date) and _TIME.fullmatch(time)):
        raise _Wrong("time", f"{date[:12]!r} {time[:20]!r} is not a date and time")
    try:
        return datetime.fromisoformat(f"{date.replace('/', '-')}T{time}+00:00").timestamp()
    except ValueError:
        raise _Wrong("time", f"{date} {time} is not in the calendar") from None


def _callsign(text: str) -> str | None:
    if not text:
        return None
    if not _CALLSIGN.fullmatch(text):
        raise _Wrong("callsign", f"{text[:20]!r} has other than letters and digits, or more than 8")
    return text


def _squawk(text: str) -> str | None:
    if not text:
        return None
    if not _SQUAWK.fullmatch(text):
        raise _Wrong("squawk", f"{text[:20]!r} is not four octal digits")
    return text.zfill(4)


def _never(_icao24: str) -> bool:
    return False


class Decoder:
    """Lines to sightings. The sender keeps the state; this one only names the source and its clock."""

    def __init__(
        self, *, source: str = "", simulated: Callable[[str], bool] = _never, clock_id: str = ""
    ) -> None:
        self._source = source
        self._simulated = simulated
        self._clock_id = clock_id or source

    def sighting(self, message: SbsMessage, *, trusted_utc: bool = False) -> Sighting | None:
        """What the line says of an aircraft. `trusted_utc`: its date and time are known to be UTC and right."""
        if message.icao24 is None:
            return None
        own_s = message.made_s if message.counter_s is None else message.counter_s
        return Sighting(
            source=self._source,
            source_kind=SourceKind.ADSB,
            icao24=message.icao24,
            observed_at_s=message.made_s if trusted_utc else None,
            clock_id=self._clock_id,
            receiver_s=own_s,
            lon_deg=message.lon_deg,
            lat_deg=message.lat_deg,
            altitude_m=_scaled(message.altitude_ft, FOOT_M),
            altitude_datum=None if message.altitude_ft is None else AltitudeDatum.PRESSURE,
            ground_speed_mps=_scaled(message.ground_speed_kt, KNOT_MPS),
            track_deg=None if message.track_deg is None else message.track_deg % 360.0,
            vertical_rate_mps=_scaled(message.vertical_rate_ft_min, FOOT_PER_MINUTE_MPS),
            callsign=message.callsign,
            squawk=message.squawk,
            on_ground=message.on_ground,
            simulated=self._simulated(message.icao24),
        )


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else value * unit
