"""Integers to physical values. Sources: MISB ST 0601 §8 (linear maps, item by item), ST 1201 (IMAPB: floating point to fixed point).

A signed linear map leaves out the smallest integer, which says that there is no value; an IMAPB code with its first bit
set says so too, except the one that is the very top of the range.
"""

import functools
import math

LinearMap = tuple[float, float]


def unsigned(raw: bytes, low: float, high: float) -> float:
    """All codes of `raw`'s width over low to high."""
    return low + int.from_bytes(raw) * (high - low) / ((1 << 8 * len(raw)) - 1)


def signed(raw: bytes, most: float) -> float | None:
    """All codes over -most to most; None for the smallest integer."""
    top = (1 << 8 * len(raw) - 1) - 1
    code = int.from_bytes(raw, signed=True)
    return None if code < -top else code * most / top


@functools.cache
def _imapb_scale(low: float, high: float, width: int) -> tuple[float, float]:
    """How much one step of the code is, and by how much codes are shifted so that one of them is exactly zero."""
    spare = 8 * width - 1 - math.ceil(math.log2(high - low))
    zero = 0.0
    if low < 0 < high:
        scaled = low * 2.0**spare
        zero = scaled - math.floor(scaled)
    return 2.0**-spare, zero


def is_wide_enough(low: float, high: float, width: int) -> bool:
    """Whether so many bytes hold the map in steps of at most a sixteenth of its range."""
    return width > 0 and high - low > 0 and 8 * width - 1 >= 4


def imapb(raw: bytes, low: float, high: float) -> float | str:
    """The value, or what the code says instead of one: infinite, not_a_number, below, above, reserved, out_of_range.

    Codes beyond `high` that have no meaning of their own are out_of_range: the map ends at a power of two.
    """
    width = len(raw)
    code = int.from_bytes(raw)
    if code >> (8 * width - 1) and code != 1 << (8 * width - 1):
        return _special(raw[0])
    step, zero = _imapb_scale(low, high, width)
    value = step * (code - zero) + low
    if zero and abs(value) < step * 1e-6:
        value = 0.0  # the offset is there so that zero is exact
    return value if value <= high + step else "out_of_range"


def _special(first: int) -> str:
    """ST 1201, table of special values: by the first byte."""
    if first in (0xE0, 0xE1):
        return "below" if first == 0xE0 else "above"
    if first & 0b11011000 in (0b11010000, 0b11011000):  # quiet and signalling, of either sign
        return "not_a_number"
    return "infinite" if first in (0xC8, 0xE8) else "reserved"
