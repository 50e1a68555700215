"""Many Mode S frames at once, as rows of bytes: what beast_batch.py and avr_batch.py cut and modes_batch.py reads.

A row is 24 bytes: kind, counter (6), signal, payload (14), two of no meaning. The kind is BEAST's: "1" Mode A/C,
"2" short, "3" long; bytes beyond a shorter payload mean nothing. A counter of 0 names no time, as none does.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

ROW_BYTES = 24
MODE_AC, SHORT, LONG = 0x31, 0x32, 0x33

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]


NO_ROWS: Bytes = np.zeros((0, ROW_BYTES), np.uint8)


def _used() -> Words:
    """Bits of the three words that a frame uses, by its kind: [word, kind]."""
    used = np.full((3, 256), (1 << 64) - 1, np.uint64)
    used[2] = 0
    used[2, LONG] = ((1 << 48) - 1) << 16
    used[1, SHORT] = ((1 << 56) - 1) << 8
    used[1, MODE_AC] = ((1 << 16) - 1) << 48
    return used


_USED = _used()


class GpsSaid(NamedTuple):
    """The receiver told how it counts, before the row with this number."""

    row: int
    gps: bool


class Cut(NamedTuple):
    """What was whole once some bytes had come."""

    rows: Bytes  # [frame, ROW_BYTES]
    said: Sequence[GpsSaid]
    bad: Mapping[str, int]  # runs of bytes that are no frame, by the codes of frames.BadFrame


def words(rows: Bytes) -> Words:
    """Rows as three words each, [3, frame]: kind, counter, signal; payload bytes 0 to 7; 8 to 13 and two zeros.

    What lies beyond a payload is zero.
    """
    made = rows.view(">u8").T.astype(np.uint64, order="C")
    kind = rows[:, 0]
    if (kind == LONG).all():
        made[2] &= _USED[2, LONG]
    else:
        made[1] &= _USED[1, kind]
        made[2] &= _USED[2, kind]
    return made
