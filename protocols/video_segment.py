"""One segment of a video recording: bytes in, records out. Sans-IO.

    "GYVSEG1\\n"  record record …                  a file; nothing in it is ever changed, only added
    record: kind, flags, 0, length, at_us, crc32   20 bytes, big end first, then `length` bytes

The first record tells whose segment it is (INFO, JSON). A picture's and KLV's body is the message that viewers of that
moment were sent (VideoTold), so that a replay hands over what was kept. `at_us` is when it was whole at the site, by
the site's clock, microseconds since 1970. The sum is CRC-32 (zlib) over the head before it and the body: where it does
not fit, or bytes are missing, the segment ends before that record. So a cut of power costs its tail and no more.

Beside it lies its index (SegmentIndex, JSON): written again every few seconds while the segment grows.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

MAGIC = b"GYVSEG1\n"
INFO, PICTURE, KLV = 0, 1, 2
KEY = 1
_HEAD = struct.Struct("!BBHIq")
_SUM = struct.Struct("!I")
HEAD_BYTES = _HEAD.size + _SUM.size
MOST_BODY_BYTES = 5 << 20  # a unit has at most 4 MiB (order.py)
US = 1_000_000


class SegmentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Whose it is: as the stream was registered when the segment was begun."""

    site: str
    stream_id: str
    name: str = ""
    carrier: str = ""
    carrier_id: str = ""


class KeyAt(msgspec.Struct, frozen=True, array_like=True):
    """Where a key frame begins in the file."""

    at_us: int
    offset: int


class LookAt(msgspec.Struct, frozen=True, array_like=True):
    """What the camera looked at: centre, and the box round the picture's corners; degrees, WGS-84."""

    at_us: int
    lon_deg: float
    lat_deg: float
    west: float
    south: float
    east: float
    north: float


class SegmentIndex(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a segment up to `size` bytes. `open`: it may still grow, or nobody has closed it yet."""

    info: SegmentInfo
    from_us: int
    to_us: int
    size: int
    units: int
    codec: str = ""
    width: int = 0
    height: int = 0
    open: bool = False
    damaged: bool = False  # found after a crash, and cut where it was whole
    keys: tuple[KeyAt, ...] = ()
    looks: tuple[LookAt, ...] = ()

    def key_before(self, at_us: int) -> KeyAt | None:
        """The last key frame at or before a moment; the first one where there is none before."""
        found = [each for each in self.keys if each.at_us <= at_us]
        return found[-1] if found else (self.keys[0] if self.keys else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record; `begin` and `end` are its places in what was read."""

    kind: int
    key: bool
    at_us: int
    body: bytes
    begin: int
    end: int


class NotASegment(ValueError):
    """The file is none of ours."""


def record(kind: int, at_us: int, body: bytes, *, key: bool = False) -> bytes:
    """As it is written."""
    head = _HEAD.pack(kind, KEY if key else 0, 0, len(body), at_us)
    return head + _SUM.pack(zlib.crc32(body, zlib.crc32(head))) + body


def begun(info: SegmentInfo, at_us: int) -> bytes:
    """The beginning of a segment."""
    return MAGIC + record(INFO, at_us, msgspec.json.encode(info))


def records(data: bytes, begin: int = 0) -> Iterator[Record]:
    """Whole records from `begin` on, which is where one begins; it ends where they do."""
    at, view = begin, memoryview(data)
    while len(data) - at >= HEAD_BYTES:
        kind, flags, _, length, at_us = _HEAD.unpack_from(data, at)
        body_at, end = at + HEAD_BYTES, at + HEAD_BYTES + length
        if length > MOST_BODY_BYTES or end > len(data):
            return
        body = bytes(view[body_at:end])
        head = zlib.crc32(view[at : at + _HEAD.size])
        if zlib.crc32(body, head) != _SUM.unpack_from(data, at + _HEAD.size)[0]:
            return
        yield Record(kind=kind, key=bool(flags & KEY), at_us=at_us, body=body, begin=at, end=end)
        at = end


def read_info(data: bytes) -> tuple[SegmentInfo, int]:
    """Whose segment begins with `data`, and where its records begin. Raises NotASegment."""
    if not data.startswith(MAGIC):
        raise NotASegment("it does not begin as a segment does")
    first = next(records(data, len(MAGIC)), None)
    if first is None or first.kind != INFO:
        raise NotASegment("it does not say whose it is")
    try:
        return msgspec.json.decode(first.body, type=SegmentInfo), first.end
    except msgspec.DecodeError as error:
        raise NotASegment(str(error)) from None


def write_index(index: SegmentIndex) -> bytes:
    """As it lies beside the segment."""
    return msgspec.json.encode(index)


def read_index(data: bytes) -> SegmentIndex | None:
    """None where it cannot be read: then it is made anew from the segment."""
    try:
        return msgspec.json.decode(data, type=SegmentIndex)
    except msgspec.DecodeError:
        return None
