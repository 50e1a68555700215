"""Columns of the archive on the wire (schema/history.proto): whole arrays, copied once and never looked into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protocols.gen import history_pb2

NO_POSITION = -(2**31)
NO_ADDRESS = 2**32 - 1
NUMBERS: Mapping[str, str] = {
    "at_ms": "<f8",
    "lon_e7": "<i4",
    "lat_e7": "<i4",
    "accuracy_m": "<f4",
    "altitude_m": "<f4",
    "ground_speed_mps": "<f4",
    "track_deg": "<f4",
    "vertical_rate_mps": "<f4",
    "address": "<u4",
    "squawk": "<i2",
    "on_ground": "<i1",
    "simulated": "<u1",
}
WORDS = (
    "track_id",
    "source",
    "source_kind",
    "callsign",
    "altitude_datum",
    "emergency",
    "category",
    "thing_kind",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column of words: `numbers[row]` is 0 for none, n for `words[n - 1]`."""

    words: Sequence[str]
    numbers: npt.NDArray[np.integer[Any]]


def encode(
    numbers: Mapping[str, npt.NDArray[Any]], words: Mapping[str, Coded], cursor: str, rows: int
) -> bytes:
    """A HistoryColumns message. `numbers` has the columns of NUMBERS, `words` those of WORDS, all of `rows` rows."""
    message = history_pb2.HistoryColumns(rows=rows, next=cursor)
    for name, dtype in NUMBERS.items():
        setattr(message, name, numbers[name].astype(dtype, copy=False).tobytes())
    for name in WORDS:
        column = words[name]
        width = 1 if len(column.words) < 2**8 else 2 if len(column.words) < 2**16 else 4
        part = getattr(message, name)
        part.words.extend(column.words)
        part.width = width
        part.numbers = column.numbers.astype(f"<u{width}").tobytes()
    return message.SerializeToString()
