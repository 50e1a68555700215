"""Tracks of a time that was missed, as they go over a link: the question, and the answer in packed columns.

Packing takes a few milliseconds for ten thousand rows, so it is done where the rows are read and where they are
written, not where frames are: a `PastPart` holds its columns packed, `read_rows` opens them. What is opened is bounded
by what the part says of its rows, and a part that says too much is Malformed before anything is opened.
"""

import re
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch.errors import Malformed
from protocols.gen import link_pb2

MAX_PAST_ROWS = 131_072  # of one answer: about a second of packing
MAX_PART_BYTES = 1 << 20  # of columns, packed
MAX_CALLSIGN = 32  # characters
LATEST_US = 4_102_444_800_000_000  # 2100: no track is from beyond
COLUMNS: dict[str, str] = {
    "address": "<u4",
    "at_us": "<i8",
    "lon_e7": "<i4",
    "lat_e7": "<i4",
    "altitude_m": "<f4",
    "ground_speed_cmps": "<u2",
    "track_cdeg": "<u2",
    "vertical_rate_cmps": "<i2",
    "accuracy_m": "<u2",
    "bits": "u1",
    "squawk": "<i2",
    "callsign": "<u2",
}
CALLSIGNS = "callsigns"  # the words of the column `callsign`, beside the columns
_CODE = re.compile(r"^[A-Z][A-Z0-9_]{0,31}\Z")
_LEVEL = 1  # of zlib: half of what the best saves, at a tenth of its time

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAsk:
    """The tracks of [from_us, to_us) are asked for, about `most_bytes` of them at once."""

    number: int
    from_us: int
    to_us: int
    most_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PastRows:
    """Reports in the columns of COLUMNS; `callsigns[code - 1]` is what a row's `callsign` means, 0: none."""

    columns: dict[str, Column]
    callsigns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns["at_us"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPart:
    """The answer: everything of [from_us, through_us), or the code of why there is nothing."""

    number: int
    from_us: int
    through_us: int
    code: str = ""
    held_ms: int = 0
    rows: int = 0
    packed: dict[str, bytes] = field(default_factory=dict)  # by column, and CALLSIGNS

    @property
    def size(self) -> int:
        """Bytes of its columns as they travel."""
        return sum(map(len, self.packed.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLeftOut:
    """Of [from_us, to_us) some of the sender's tracks of now found no room on the line."""

    from_us: int
    to_us: int
    rows: int


PastWord = PastAsk | PastPart | PastLeftOut
WIRE_NAMES = ("past_ask", "past_part", "past_left_out")


def packed(rows: PastRows) -> dict[str, bytes]:
    """The columns of rows as they travel."""
    if not len(rows):
        return {}
    made = {name: _pack(rows.columns[name], dtype) for name, dtype in COLUMNS.items()}
    words = "\n".join(rows.callsigns).encode("utf-8", "replace")
    return {**made, CALLSIGNS: zlib.compress(words, _LEVEL)} if words else made


def read_rows(part: PastPart) -> PastRows:
    """The rows of a part. Raises Malformed for columns that do not open, or hold what cannot be."""
    columns = {
        name: _open(part.packed.get(name, b""), np.dtype(dtype), part.rows, f"past_part.{name}")
        for name, dtype in COLUMNS.items()
    }
    callsigns = _words(part)
    at_us, address, code = columns["at_us"], columns["address"], columns["callsign"]
    if part.rows:
        if at_us.min() < part.from_us or at_us.max() >= part.through_us:
            raise Malformed("past_part.at_us", "a time is outside of the part's")
        if address.min() < 1 or address.max() > 0xFFFFFF:
            raise Malformed("past_part.address", "a number is no 24-bit address")
        if code.max() > len(callsigns):
            raise Malformed("past_part.callsign", "a number without its word")
        beyond = (np.abs(columns["lon_e7"].astype(np.int64)) > 1_800_000_000) | (
            np.abs(columns["lat_e7"].astype(np.int64)) > 900_000_000
        )
        if beyond.any() or np.isinf(columns["altitude_m"]).any():
            raise Malformed("past_part.lon_e7", "a place is not on this earth")
        if columns["squawk"].min() < -1 or columns["squawk"].max() > 7777:
            raise Malformed("past_part.squawk", "is no code of four octal digits")
    return PastRows(columns=columns, callsigns=callsigns)


def _unsigned(dtype: "np.dtype[Any]") -> str:
    return f"<u{dtype.itemsize}"


def _pack(column: Column, dtype: str) -> bytes:
    values = np.ascontiguousarray(column, dtype).view(_unsigned(np.dtype(dtype)))
    steps = np.diff(values, prepend=values.dtype.type(0))
    planes = steps.view(np.uint8).reshape(-1, values.itemsize).T
    return zlib.compress(planes.tobytes(), _LEVEL)


def _words(part: PastPart) -> tuple[str, ...]:
    data = part.packed.get(CALLSIGNS, b"")
    if not data:
        return ()
    most = part.rows * (4 * MAX_CALLSIGN + 1)
    try:
        words = tuple(zlib.decompressobj().decompress(data, most + 1)[: most + 1].decode().split("\n"))
    except (zlib.error, UnicodeDecodeError) as error:
        raise Malformed("past_part.callsigns", str(error)) from None
    if len(words) > part.rows or any(len(each) > MAX_CALLSIGN or "\0" in each for each in words):
        raise Malformed("past_part.callsigns", "too many, or too long")
    return words


def _open(data: bytes, dtype: "np.dtype[Any]", rows: int, field: str) -> Column:
    size = rows * dtype.itemsize
    if not size:
        if data:
            raise Malformed(field, "bytes for no rows")
        return np.empty(0, dtype)
    opener = zlib.decompressobj()
    try:
        planes = opener.decompress(data, size + 1)
    except zlib.error as error:
        raise Malformed(field, str(error)) from None
    if len(planes) != size:
        raise Malformed(field, f"not {size} bytes for {rows} rows")
    steps = np.frombuffer(planes, np.uint8).reshape(dtype.itemsize, rows).T
    unsigned = np.ascontiguousarray(steps).view(_unsigned(dtype)).reshape(rows)
    opened: Column = np.cumsum(unsigned, dtype=unsigned.dtype).view(dtype)
    return opened


def word_to_wire(word: PastWord, wire: link_pb2.LinkMessage) -> None:
    """Fill the link message with it."""
    match word:
        case PastAsk():
            ask_to_wire(word, wire.past_ask)
        case PastPart():
            part_to_wire(word, wire.past_part)
        case PastLeftOut():
            left = wire.past_left_out
            left.from_us, left.to_us, left.rows = word.from_us, word.to_us, word.rows


def word_from_wire(wire: link_pb2.LinkMessage, which: str) -> PastWord:
    """The word of a link message that has one; `which` is the field's name. Raises Malformed."""
    if which == "past_left_out":
        left = wire.past_left_out
        _span(left.from_us, left.to_us, "past_left_out.to_us")
        return PastLeftOut(from_us=left.from_us, to_us=left.to_us, rows=left.rows)
    return ask_from_wire(wire.past_ask) if which == "past_ask" else part_from_wire(wire.past_part)


def ask_to_wire(ask: PastAsk, wire: link_pb2.PastAsk) -> None:
    """Fill the message."""
    wire.SetInParent()
    wire.number, wire.from_us, wire.to_us, wire.most_bytes = (
        ask.number,
        ask.from_us,
        ask.to_us,
        ask.most_bytes,
    )


def ask_from_wire(wire: link_pb2.PastAsk) -> PastAsk:
    """Raises Malformed."""
    _span(wire.from_us, wire.to_us, "past_ask.to_us")
    if wire.from_us == wire.to_us:
        raise Malformed("past_ask.to_us", "no time at all is asked for")
    return PastAsk(
        number=wire.number,
        from_us=wire.from_us,
        to_us=wire.to_us,
        most_bytes=min(wire.most_bytes, MAX_PART_BYTES),
    )


def part_to_wire(part: PastPart, wire: link_pb2.PastPart) -> None:
    """Fill the message."""
    wire.SetInParent()
    wire.number, wire.from_us, wire.through_us = part.number, part.from_us, part.through_us
    wire.code, wire.held_ms, wire.rows = part.code, part.held_ms, part.rows
    for name, data in part.packed.items():
        setattr(wire, name, data)


def part_from_wire(wire: link_pb2.PastPart) -> PastPart:
    """Raises Malformed; the columns are still packed."""
    _span(wire.from_us, wire.through_us, "past_part.through_us")
    if wire.code and not _CODE.match(wire.code):
        raise Malformed("past_part.code", f"{wire.code[:40]!r} is not a code")
    if wire.rows > MAX_PAST_ROWS:
        raise Malformed("past_part.rows", f"{wire.rows} rows, at most {MAX_PAST_ROWS}")
    if wire.code and wire.rows:
        raise Malformed("past_part.code", "rows, and a reason for none")
    return PastPart(
        number=wire.number,
        from_us=wire.from_us,
        through_us=wire.through_us,
        code=wire.code,
        held_ms=wire.held_ms,
        rows=wire.rows,
        packed={name: data for name in (*COLUMNS, CALLSIGNS) if (data := getattr(wire, name))},
    )


def _span(from_us: int, to_us: int, field: str) -> None:
    if not 0 <= from_us <= to_us <= LATEST_US:
        raise Malformed(field, "is no time after from_us")
