"""AddressBatch to bytes and back: every column whole and little-endian, or left out where no row says it.

A hostile message names its field: a column of the wrong length, a code outside its table, a latitude of 91, NaN where
nothing may be left unsaid. What is read shares the memory of the message it came in and cannot be written to.
"""

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch.errors import Malformed
from dispatch.kinds import SourceKind
from dispatch.sighting import (
    CATEGORIES,
    DATUMS,
    EMERGENCIES,
    NO_SQUAWK,
    UNKNOWN_GROUND,
    AddressBatch,
)
from protocols.codec.common import enum_from_number, enum_to_number
from protocols.codec.text import check_text, check_utc_s

MAX_ROWS = 8192  # half a megabyte; a broker passes one by default (NATS max_payload)
# What the code columns point into: a worker of another version, whose tables differ, is refused, never misread.
TABLES = zlib.crc32(
    repr([[str(name) for name in table] for table in (DATUMS, EMERGENCIES, CATEGORIES)]).encode()
)
_NAN = math.nan

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: its type on the wire and in memory, what an absent one holds, and what a row may be."""

    name: str
    wire: str
    dtype: Any
    unsaid: float
    least: float
    most: float


# Bounds keep out what no sender of ours makes; they are wider than anything that flies or any receiver's error.
_COLUMNS = (
    _Column("receiver_s", "<f8", np.float64, _NAN, -1e12, 1e12),
    _Column("lon_deg", "<f8", np.float64, _NAN, -180.0, 180.0),
    _Column("lat_deg", "<f8", np.float64, _NAN, -90.0, 90.0),
    _Column("soft", "u1", np.bool_, 0, 0, 1),
    _Column("accuracy_m", "<f4", np.float32, _NAN, 0.0, 1e7),
    _Column("altitude_m", "<f4", np.float32, _NAN, -1e4, 1e6),
    _Column("altitude_datum", "u1", np.uint8, 0, 0, len(DATUMS) - 1),
    _Column("ground_speed_mps", "<f4", np.float32, _NAN, 0.0, 1e4),
    _Column("track_deg", "<f4", np.float32, _NAN, 0.0, 360.0),
    _Column("vertical_rate_mps", "<f4", np.float32, _NAN, -1e4, 1e4),
    _Column("squawk", "<i2", np.int16, NO_SQUAWK, NO_SQUAWK, 7777),
    _Column("emergency", "u1", np.uint8, 0, 0, len(EMERGENCIES) - 1),
    _Column("category", "u1", np.uint8, 0, 0, len(CATEGORIES) - 1),
    _Column("on_ground", "i1", np.int8, UNKNOWN_GROUND, UNKNOWN_GROUND, 1),
    _Column("simulated", "u1", np.bool_, 0, 0, 1),
)
_ADDRESS = _Column("address", "<u4", np.uint32, 0, 0, 0xFFFFFF)  # 24 bits, ICAO Annex 10 Vol III §9
CALLSIGN_BYTES = 8


def fill(batch: AddressBatch, wire: Any) -> None:
    """Write a batch into a wire AddressColumns. Raises ValueError for one that is no batch: a defect of the caller."""
    count = len(batch)
    if count > MAX_ROWS:
        raise ValueError(f"{count} rows; split at {MAX_ROWS}")
    wire.source, wire.clock_id = batch.source, batch.clock_id
    wire.source_kind = enum_to_number(batch.source_kind)
    wire.arrived_at_s = batch.arrived_at_s
    wire.count, wire.tables = count, TABLES
    for column in (_ADDRESS, *_COLUMNS):
        values: Array = getattr(batch, column.name)
        if values.shape != (count,) or values.dtype != column.dtype:
            raise ValueError(f"{column.name} is {values.dtype}{values.shape}, not {column.dtype}({count},)")
        if column is _ADDRESS or not _unsaid(values, column.unsaid):
            setattr(wire, column.name, np.ascontiguousarray(values, column.wire).tobytes())
    callsigns = np.ascontiguousarray(batch.callsign, f"S{CALLSIGN_BYTES}")
    if callsigns.shape != (count,):
        raise ValueError(f"callsign is {callsigns.shape}, not ({count},)")
    if callsigns.any():
        wire.callsign = callsigns.tobytes()


def read(wire: Any, field: str = "columns") -> AddressBatch:
    """The batch in a wire AddressColumns. Raises Malformed naming the column."""
    if wire.tables != TABLES:
        raise Malformed(f"{field}.tables", f"{wire.tables:08x} is another version's, ours is {TABLES:08x}")
    count = int(wire.count)
    if count > MAX_ROWS:
        raise Malformed(f"{field}.count", f"{count} rows, at most {MAX_ROWS}")
    columns = {column.name: _read(wire, column, count, field) for column in _COLUMNS}
    _check_pairs(columns, field)
    _check_squawk(columns["squawk"], f"{field}.squawk")
    return AddressBatch(
        source=check_text(wire.source, f"{field}.source", some=True),
        source_kind=SourceKind(enum_from_number(SourceKind, wire.source_kind, f"{field}.source_kind")),
        clock_id=check_text(wire.clock_id, f"{field}.clock_id"),
        arrived_at_s=check_utc_s(wire.arrived_at_s, f"{field}.arrived_at_s"),
        address=_read(wire, _ADDRESS, count, field, required=True),
        callsign=_callsigns(wire.callsign, count, f"{field}.callsign"),
        **columns,
    )


def _unsaid(values: Array, unsaid: float) -> bool:
    return bool(np.isnan(values).all() if math.isnan(unsaid) else (values == unsaid).all())


def _read(wire: Any, column: _Column, count: int, field: str, *, required: bool = False) -> Array:
    data: bytes = getattr(wire, column.name)
    where = f"{field}.{column.name}"
    if not data and not required:
        return np.full(count, column.unsaid, column.dtype)
    width = np.dtype(column.wire).itemsize
    if len(data) != width * count:
        raise Malformed(where, f"{len(data)} bytes for {count} rows of {width}")
    values: Array = np.frombuffer(data, column.wire)
    good = (values >= column.least) & (values <= column.most)
    if math.isnan(column.unsaid):
        good |= np.isnan(values)
    if not good.all():
        row = int(np.argmin(good))
        raise Malformed(where, f"row {row}: {values[row]} is not within {column.least:g} to {column.most:g}")
    if column.dtype is np.bool_:
        return values.view(np.bool_)
    return values.astype(column.dtype, copy=False)


def _check_pairs(columns: dict[str, Array], field: str) -> None:
    """A place has both its coordinates, a height its datum."""
    half = np.isnan(columns["lon_deg"]) != np.isnan(columns["lat_deg"])
    if half.any():
        raise Malformed(f"{field}.lat_deg", f"row {int(np.argmax(half))}: longitude and latitude go together")
    bare = ~np.isnan(columns["altitude_m"]) & (columns["altitude_datum"] == 0)
    if bare.any():
        raise Malformed(f"{field}.altitude_datum", f"row {int(np.argmax(bare))}: a height without its datum")


def _check_squawk(squawk: Array, field: str) -> None:
    """Four octal digits read as a decimal number."""
    said = squawk[squawk != NO_SQUAWK]
    bad = (said % 10 > 7) | (said // 10 % 10 > 7) | (said // 100 % 10 > 7)
    if bad.any():
        raise Malformed(field, f"{said[int(np.argmax(bad))]} is not four octal digits")


def _callsigns(data: bytes, count: int, field: str) -> npt.NDArray[np.bytes_]:
    if not data:
        return np.zeros(count, f"S{CALLSIGN_BYTES}")
    if len(data) != CALLSIGN_BYTES * count:
        raise Malformed(field, f"{len(data)} bytes for {count} rows of {CALLSIGN_BYTES}")
    letters = np.frombuffer(data, np.uint8).reshape(count, CALLSIGN_BYTES)
    end = letters == 0
    if not (end | ((letters >= 0x20) & (letters < 0x7F))).all():
        raise Malformed(field, "holds what is no printable ASCII")
    if (end[:, :-1] & ~end[:, 1:]).any():
        raise Malformed(field, "goes on after its end")
    return np.frombuffer(data, f"S{CALLSIGN_BYTES}")
