"""What an aircraft's encoder sends, for tests: packets of ST 0601 by tag and value, and transport streams of them.

Written from the standards without the product's readers, but for its table of names.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from stanag4609.transport.mux import TransportMuxer, encode_pes_packet
from stanag4609.transport.psi import Descriptor, ElementaryStreamInfo

from protocols.klv.local_set import LABEL
from protocols.klv.tags import TAGS, Form

AT = datetime(2026, 11, 27, 3, 4, 5, 678901, tzinfo=UTC)
VIDEO, ASYNCHRONOUS, SYNCHRONOUS = 0x100, 0x102, 0x103


def length(size: int) -> bytes:
    if size < 128:
        return bytes((size,))
    wide = (size.bit_length() + 7) // 8
    return bytes((0x80 | wide,)) + size.to_bytes(wide)


def oid(number: int) -> bytes:
    out = bytes((number & 0x7F,))
    while number := number >> 7:
        out = bytes((0x80 | number & 0x7F,)) + out
    return out


def item(tag: int, raw: bytes) -> bytes:
    return oid(tag) + length(len(raw)) + raw


def checksum(data: bytes) -> bytes:
    total = 0
    for at, byte in enumerate(data):
        total += byte << 8 * ((at + 1) % 2)
    return (total % 65_536).to_bytes(2)


def packet(items: Iterable[tuple[int, bytes]] | bytes) -> bytes:
    """With label, length and a right checksum."""
    body = items if isinstance(items, bytes) else b"".join(item(tag, raw) for tag, raw in items)
    head = LABEL + length(len(body) + 4) + body + b"\x01\x02"
    return head + checksum(head)


def coded(tag: int, value: float | str | datetime, *, width: int = 3) -> bytes:
    """An item's bytes; `width` of those that have none of their own."""
    known = TAGS[tag]
    width = known.width or width
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, datetime):
        return round(value.timestamp() * 1e6).to_bytes(width)
    match known.form:
        case Form.UNSIGNED:
            return round((value - known.low) / (known.high - known.low) * (256**width - 1)).to_bytes(width)
        case Form.SIGNED:
            return round(value / known.high * (256**width // 2 - 1)).to_bytes(width, signed=True)
        case Form.IMAPB:
            scale = 2.0 ** (8 * width - 1 - math.ceil(math.log2(known.high - known.low)))
            zero = scale * known.low - math.floor(scale * known.low) if known.low < 0 < known.high else 0.0
            return int(scale * (value - known.low) + zero).to_bytes(width)
        case Form.COUNT | Form.INTEGER:
            return int(value).to_bytes(width, signed=known.form is Form.INTEGER)
    raise ValueError(known.name)


def said(values: Mapping[int, float | str | datetime]) -> bytes:
    """A packet that says these, with its time and version."""
    whole = {2: AT, **values, 65: 19}
    return packet((tag, coded(tag, value)) for tag, value in whole.items())


def muxer() -> TransportMuxer:
    """One programme: video, KLV without time stamps, KLV in metadata cells. By an independent writer."""
    metadata = b"\xff\xff" + b"KLVA" + b"\xff" + b"KLVA" + b"\x00\x0f"
    return TransportMuxer(
        transport_stream_id=1,
        program_number=1,
        program_map_pid=0x1000,
        pcr_pid=VIDEO,
        streams=(
            ElementaryStreamInfo(0x1B, VIDEO, ()),
            ElementaryStreamInfo(0x06, ASYNCHRONOUS, (Descriptor(0x05, b"KLVA"),)),
            ElementaryStreamInfo(
                0x15,
                SYNCHRONOUS,
                (Descriptor(0x26, metadata), Descriptor(0x27, b"\xc0\x00\x00\xc0\x00\x00\xc0\x00\x00")),
            ),
        ),
    )


def video(mux: TransportMuxer, size: int = 700) -> bytes:
    """Some packets of another stream between."""
    pes = encode_pes_packet(bytes(size), stream_id=0xE0, pts=0)
    return b"".join(mux.mux_pes(VIDEO, pes))
