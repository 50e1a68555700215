"""Satellite hotspots as NASA FIRMS hands them out in CSV: MODIS and VIIRS, near real time and standard.

Columns are found by the names in the header line, in any order: `latitude longitude acq_date acq_time satellite
confidence` are needed; `scan track frp daynight instrument type` are used where they are there, all others are let go.
Times are UTC (`acq_time` as 0418, 418 or 04:18). Confidence: VIIRS says l, n, h (or low, nominal, high), MODIS 0 to 100,
of which FIRMS calls 0 to 29 low and 80 to 100 high. `scan` and `track` are the pixel's real extent in kilometres.
A hotspot has no id of its own: satellite, time and place name it.

A body without a header that has what is needed is Malformed as a whole; a row that cannot be read is rejected with its
line (the header is line 1) and column, and the others stand.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.kinds import AlarmFlag, AlarmKind, IncidentKind
from dispatch.records import AlarmSource
from protocols.alarm_errors import Read, Rejected, TooMuch

MAX_BYTES = 1_048_576
MAX_ROWS = 2_000  # 269 on the busiest day of the recordings, in and around seven provinces
NEEDED = ("latitude", "longitude", "acq_date", "acq_time", "satellite", "confidence")
LOW_BELOW = 30.0  # FIRMS: MODIS confidence 0-29 is low, 30-79 nominal, 80-100 high
WORDS = {"l": 0.2, "low": 0.2, "n": 0.5, "nominal": 0.5, "h": 0.9, "high": 0.9}  # as shares, for one scale
# FIRMS column `satellite` to the name that is shown, and the instrument with its pixel at nadir in kilometres.
SATELLITES: Mapping[str, tuple[str, str]] = {
    "T": ("Terra", "MODIS"),
    "TERRA": ("Terra", "MODIS"),
    "A": ("Aqua", "MODIS"),
    "AQUA": ("Aqua", "MODIS"),
    "N": ("Suomi NPP", "VIIRS"),
    "N20": ("NOAA-20", "VIIRS"),
    "1": ("NOAA-20", "VIIRS"),
    "N21": ("NOAA-21", "VIIRS"),
    "2": ("NOAA-21", "VIIRS"),
}
PIXEL_KM = {"MODIS": 1.0, "VIIRS": 0.375}
STATIC = {"1": "active volcano", "2": "other static land source", "3": "offshore"}  # FIRMS column `type`
_NUMBER = re.compile(r"[+-]?[0-9]{1,7}(\.[0-9]{0,12})?\Z")
_TIME = re.compile(r"([0-9]{1,2}):?([0-9]{2})\Z")


# How the description of the door shows such a body; columns may come in any order and be more.
SHAPE = {"type": "string", "pattern": rf"^{','.join(NEEDED)}(\n[ -~]{{0,60}}){{0,9}}$"}


class _Wrong(Exception):
    """A cell that cannot be read: its column, and why."""


def parse(body: bytes) -> Read:
    """The hotspots of a table. Raises Malformed (field: a column, or `header`) or TooMuch."""
    if len(body) > MAX_BYTES:
        raise TooMuch("rows", f"{len(body)} bytes, at most {MAX_BYTES}")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("header", f"is not UTF-8: {error.reason} at byte {error.start}") from None
    lines = [line.rstrip("\r") for line in text.split("\n")]
    columns = _columns(lines[0])
    rows = [(number, line) for number, line in enumerate(lines[1:], start=2) if line.strip()]
    if len(rows) > MAX_ROWS:
        raise TooMuch("rows", f"{len(rows)} rows, at most {MAX_ROWS}")
    alarms: list[AlarmSource] = []
    rejected: list[Rejected] = []
    for number, line in rows:
        try:
            alarms.append(_alarm(_cells(columns, line)))
        except _Wrong as wrong:
            column, detail = wrong.args
            rejected.append(Rejected(code="MALFORMED", field=column, detail=detail, line=number))
    return Read(alarms=tuple(alarms), rejected=tuple(rejected))


def _columns(header: str) -> Sequence[str]:
    columns = [name.strip().strip('"').lower() for name in header.split(",")]
    for name in NEEDED:
        if columns.count(name) != 1:
            raise Malformed(name, "the header line needs this column, once")
    return columns


def _cells(columns: Sequence[str], line: str) -> dict[str, str]:
    cells = [cell.strip().strip('"') for cell in line.split(",")]
    if len(cells) != len(columns):
        raise _Wrong("row", f"{len(cells)} cells, the header has {len(columns)}")
    return dict(zip(columns, cells, strict=True))


def _alarm(row: Mapping[str, str]) -> AlarmSource:
    at = _acquired(row)
    lat_deg, lon_deg = _number(row, "latitude", -90.0, 90.0), _number(row, "longitude", -180.0, 180.0)
    satellite, instrument = _satellite(row)
    pixel_km = PIXEL_KM.get(instrument, 1.0)
    across_km = _number(row, "scan", 0.0, 50.0) if row.get("scan") else pixel_km
    along_km = _number(row, "track", 0.0, 50.0) if row.get("track") else pixel_km
    confidence, low = _confidence(row)
    static = STATIC.get(row.get("type", "") or "0")
    frp = f"{_number(row, 'frp', -1.0, 1e6):g} MW" if row.get("frp") else ""
    words = (satellite, instrument, frp, f"{row['confidence']}", static or "")
    return AlarmSource(
        kind=AlarmKind.HOTSPOT,
        source=f"{satellite} {instrument}".strip(),
        own_id=f"{row['satellite'].upper()}-{at:%Y%m%dT%H%M}-{lat_deg:.5f}-{lon_deg:.5f}",
        observed_at=at,
        position=Position(lon_deg=lon_deg, lat_deg=lat_deg),
        radius_m=round(math.hypot(across_km, along_km) * 500.0, 1),
        incident_kind=IncidentKind.OTHER if static else IncidentKind.FOREST_FIRE,
        level=4,  # a pixel says nothing of an area; people know better or nobody does
        title=f"卫星热点 {abs(lat_deg):.3f}{'N' if lat_deg >= 0 else 'S'} {abs(lon_deg):.3f}{'E' if lon_deg >= 0 else 'W'}",
        text=" · ".join(word for word in words if word),
        flags=(AlarmFlag.LOW_CONFIDENCE,) if low or static else (),
        confidence=confidence,
    )


def _satellite(row: Mapping[str, str]) -> tuple[str, str]:
    told = row["satellite"]
    if not told or len(told) > 20 or not told.isprintable():
        raise _Wrong("satellite", f"{told[:40]!r} is not a satellite's name")
    name, instrument = SATELLITES.get(told.upper(), (told, ""))
    return name, row.get("instrument", "")[:10].upper() or instrument


def _acquired(row: Mapping[str, str]) -> datetime:
    match = _TIME.match(row["acq_time"])
    if match is None:
        raise _Wrong("acq_time", f"{row['acq_time'][:20]!r} is not a time of day such as 0418 or 04:18")
    try:
        day = datetime.strptime(row["acq_date"], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise _Wrong("acq_date", f"{row['acq_date'][:20]!r} is not a date such as 2026-11-24") from None
    try:
        return day.replace(hour=int(match[1]), minute=int(match[2]))
    except ValueError:
        raise _Wrong("acq_time", f"{row['acq_time']!r} is not a time of day") from None


def _number(row: Mapping[str, str], column: str, least: float, most: float) -> float:
    text = row[column]
    if not _NUMBER.match(text):
        raise _Wrong(column, f"{text[:40]!r} is not a number")
    value = float(text)
    if not least <= value <= most:
        raise _Wrong(column, f"{text} is not within {least:g} to {most:g}")
    return value


def _confidence(row: Mapping[str, str]) -> tuple[float, bool]:
    """As a share, and whether it is low."""
    text = row["confidence"].lower()
    if text in WORDS:
        return WORDS[text], text in ("l", "low")
    value = _number({"confidence": text}, "confidence", 0.0, 100.0)
    return value / 100.0, value < LOW_BELOW
