"""Lengths and tags of KLV: BER and BER-OID, and the items of a local set. Sources: SMPTE ST 336, MISB ST 0107.

Longer forms than needed are allowed of a length, as BER allows them; of a tag they are not (ISO/IEC 8825-1 §8.19.2).
"""

from collections.abc import Iterator

from protocols.klv.errors import KlvError

SET_LIMIT_BYTES = 65_536  # a packet of ST 0601 has some hundreds; with lists of targets some ten thousand
ITEM_LIMIT = 512  # of one set; the standard has some 140, few of them may come again
_LENGTH_BYTES = 8  # of the long form; more would only be leading zeros
_TAG_BYTES = 4  # 28 bits; the standard's tags take two

Pair = tuple[int, bytes]


def length(data: bytes, at: int, *, path: tuple[int, ...] = ()) -> tuple[int, int]:
    """The length that begins at `at`, and where what it measures begins. Raises KlvError LENGTH or TRUNCATED."""
    if at >= len(data):
        raise KlvError("TRUNCATED", "ends before a length", path=path)
    first = data[at]
    if first < 0x80:
        return first, at + 1
    wide = first & 0x7F
    if not 1 <= wide <= _LENGTH_BYTES:
        detail = "an indefinite length" if wide == 0 else f"a length of {wide} bytes"
        raise KlvError("LENGTH", detail, path=path)
    if at + 1 + wide > len(data):
        raise KlvError("TRUNCATED", "ends inside a length", path=path)
    return int.from_bytes(data[at + 1 : at + 1 + wide]), at + 1 + wide


def tag(data: bytes, at: int, *, path: tuple[int, ...] = ()) -> tuple[int, int]:
    """The BER-OID number that begins at `at`, and where it ends. Raises KlvError LENGTH or TRUNCATED."""
    if data[at : at + 1] == b"\x80":
        raise KlvError("LENGTH", "a tag with a leading zero", path=path)
    value = 0
    for wide, byte in enumerate(data[at : at + _TAG_BYTES], start=1):
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + wide
    if len(data) - at >= _TAG_BYTES:
        raise KlvError("LENGTH", f"a tag of more than {_TAG_BYTES} bytes", path=path)
    raise KlvError("TRUNCATED", "ends inside a tag", path=path)


def items(value: bytes, *, path: tuple[int, ...] = ()) -> Iterator[Pair]:
    """Tags and values of a local set's value, in order. Raises KlvError on the way; `path` is where the set stands."""
    at = count = 0
    while at < len(value):
        count += 1
        if count > ITEM_LIMIT:
            raise KlvError("OVERSIZE", f"more than {ITEM_LIMIT} items", path=path)
        number, after = tag(value, at, path=path)
        here = (*path, number)
        size, start = length(value, after, path=here)
        if size > len(value) - start:
            detail = f"{size} bytes are said, {len(value) - start} are left in the set"
            raise KlvError("OVERRUN", detail, path=here)
        yield number, value[start : start + size]
        at = start + size
