"""Recorded tracks as JSON records, as the library traffic writes them (`orient="records"`): text to sightings.

    [{"timestamp": 1599702342000, "icao24": "a3c6bd", "latitude": 47.01, "longitude": -122.4, "altitude": 1050.0,
      "groundspeed": 113.0, "track": 224.3, "vertical_rate": -64.0, "callsign": "N342WN", …}, …]

An array, or one record a line. Times are milliseconds since 1970 or ISO-8601 with a zone; heights feet, speeds knots,
climb feet a minute; `altitude` is a pressure altitude, `geoaltitude` above the ellipsoid and used where the other is
missing. A record that cannot be read is a BadRecord that names it and its field; it takes no other with it.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.motion import KNOT_MPS
from dispatch.sighting import Sighting
from protocols.modes_fields import FOOT_M, FOOT_PER_MINUTE_MPS

SOURCE = "recording"
_ADDRESS = re.compile(r"[0-9a-fA-F]{6}\Z")
_SQUAWK = re.compile(r"[0-7]{1,4}\Z")
_SPACE = re.compile(r"[\s,]*")
# Bounds of what can be meant; a value outside is a fault of the record, not of the aircraft.
_BOUNDS = {
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "altitude": (-2_000.0, 130_000.0),
    "geoaltitude": (-2_000.0, 130_000.0),
    "groundspeed": (0.0, 4_000.0),
    "track": (-360.0, 360.0),
    "vertical_rate": (-60_000.0, 60_000.0),
}
_FROM_S, _UNTIL_S = 0.0, 4_102_444_800.0  # 1970 to 2100


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """One that makes no sighting. `record` counts from 1; 0: the file itself. `line` of the text where that is known."""

    record: int
    code: str
    field: str
    detail: str
    line: int = 0


class _Fault(Exception):
    def __init__(self, code: str, field: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.field, self.detail = code, field, detail


def read(text: str) -> Iterator[Sighting | BadRecord]:
    """All of a file, in its order. Raises nothing."""
    for number, found in enumerate(_records(text.lstrip("\ufeff")), 1):
        if isinstance(found, BadRecord):
            yield found
            continue
        try:
            yield _sighting(found)
        except _Fault as fault:
            yield BadRecord(record=number, code=fault.code, field=fault.field, detail=fault.detail)


def _records(text: str) -> Iterator[Any]:
    """Values one after the other. A broken one is named, and reading goes on at the next record."""
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    listed = text.startswith("[", at)
    at = _skip(text, at + 1) if listed else at
    number = 0
    closed = not listed
    while at < len(text):
        if listed and text[at] == "]":
            closed = True
            at = _skip(text, at + 1)
            if at < len(text):
                yield BadRecord(
                    record=0,
                    code="TRAILING",
                    field="file",
                    detail="has more after its end",
                    line=_line(text, at),
                )
            break
        number += 1
        try:
            value, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            detail = getattr(error, "msg", "is nested too deeply")
            yield BadRecord(
                record=number, code="JSON", field="record", detail=str(detail), line=_line(text, at)
            )
            following = text.find("{", at + 1) if listed else text.find("\n", at)
            if following < 0:
                closed = not listed or text.rstrip().endswith("]")
                break
            at = following if listed else _skip(text, following)
            continue
        yield value
        at = _skip(text, at)
    if not closed:
        yield BadRecord(
            record=0,
            code="TRUNCATED",
            field="file",
            detail="ends before its array does",
            line=_line(text, len(text)),
        )


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _sighting(record: Any) -> Sighting:
    if not isinstance(record, dict):
        raise _Fault("NO_RECORD", "record", f"is {type(record).__name__}, not an object")
    address = record.get("icao24")
    if not isinstance(address, str) or not _ADDRESS.match(address.strip()):
        raise _Fault("ADDRESS", "icao24", f"{str(address)[:40]!r} is not six hex digits")
    lat, lon = _number(record, "latitude"), _number(record, "longitude")
    if (lat is None) != (lon is None):
        raise _Fault("POSITION", "longitude" if lon is None else "latitude", "is missing beside the other")
    altitude, geo = _number(record, "altitude"), _number(record, "geoaltitude")
    height_ft = geo if altitude is None else altitude
    datum = AltitudeDatum.ELLIPSOID if altitude is None else AltitudeDatum.PRESSURE
    speed, climb, track = (_number(record, name) for name in ("groundspeed", "vertical_rate", "track"))
    return Sighting(
        source=SOURCE,
        source_kind=SourceKind.ADSB,
        icao24=address.strip().lower(),
        observed_at_s=_time(record.get("timestamp")),
        lon_deg=lon,
        lat_deg=lat,
        altitude_m=None if height_ft is None else height_ft * FOOT_M,
        altitude_datum=None if height_ft is None else datum,
        ground_speed_mps=None if speed is None else speed * KNOT_MPS,
        track_deg=None if track is None else track % 360.0,
        vertical_rate_mps=None if climb is None else climb * FOOT_PER_MINUTE_MPS,
        callsign=_callsign(record.get("callsign")),
        squawk=_squawk(record.get("squawk")),
        on_ground=_flag(record.get("onground")),
    )


def _number(record: dict[str, Any], name: str) -> float | None:
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Fault("NUMBER", name, f"{str(value)[:40]!r} is no number")
    if math.isnan(value):
        return None  # what pandas writes for nothing
    low, high = _BOUNDS[name]
    if not low <= value <= high:
        raise _Fault("RANGE", name, f"{value} is not within {low:g} to {high:g}")
    return float(value)


def _time(value: Any) -> float:
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise _Fault("TIME", "timestamp", f"{value[:40]!r} is no ISO-8601 time") from None
        if at.tzinfo is None:
            raise _Fault("TIME", "timestamp", f"{value[:40]!r} has no zone")
        seconds = at.timestamp()
    elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Fault("TIME", "timestamp", f"{str(value)[:40]!r} is no time")
    else:
        seconds = value / 1000.0
    if not _FROM_S < seconds < _UNTIL_S:
        raise _Fault("TIME", "timestamp", f"{str(value)[:40]} is not between 1970 and 2100")
    return seconds


def _callsign(value: Any) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _squawk(value: Any) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text.zfill(4) if _SQUAWK.match(text) else None


def _flag(value: Any) -> bool | None:
    return bool(value) if isinstance(value, bool | int | float) and not math.isnan(value) else None
