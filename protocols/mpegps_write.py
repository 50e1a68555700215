"""Access units into an MPEG programme stream (ISO/IEC 13818-1 §2.5.3, §2.5.4), each a pack of its own, as GB/T 28181 asks.

A key frame has the system header and the map before it, so whoever comes may begin there.
"""

import struct

from protocols.mpegts_tables import StreamKind, crc32

VIDEO_ID = 0xE0
_TYPES = {StreamKind.H264: 0x1B, StreamKind.H265: 0x24}
_MOST_PES = 65_000  # of one packet's data: its length has 16 bits
_RATE_50 = (
    0x9C40  # 2 MB/s in units of 50 bytes: what mux_rate may claim; senders of live streams keep to none
)
_WRAP = 1 << 33


def pack(kind: StreamKind, data: bytes, *, pts: int, dts: int, key: bool) -> bytes:
    """One picture. Times in 1/90,000 s."""
    made = bytearray(_pack_header(dts))
    if key:
        made += _SYSTEM_HEADER + _map(kind)
    for at in range(0, len(data), _MOST_PES):
        made += _pes(data[at : at + _MOST_PES], *((pts, dts) if at == 0 else (None, None)))
    return bytes(made)


def _pack_header(clock: int) -> bytes:
    """§2.5.3.3: the clock in 33 bits of 90 kHz and none of 27 MHz beyond it."""
    base = clock % _WRAP
    bits = (
        0b01 << 46
        | (base >> 30 & 7) << 43
        | 1 << 42
        | (base >> 15 & 0x7FFF) << 27
        | 1 << 26
        | (base & 0x7FFF) << 11
        | 1 << 10
        | 0 << 1
        | 1
    )
    return b"\x00\x00\x01\xba" + bits.to_bytes(6, "big") + (_RATE_50 << 2 | 3).to_bytes(3, "big") + b"\xf8"


# §2.5.3.5: one video stream, buffer bound 4,096 units of 1,024 bytes
_SYSTEM_HEADER = (
    b"\x00\x00\x01\xbb"
    + struct.pack("!H", 9)
    + (1 << 23 | _RATE_50 << 1 | 1).to_bytes(3, "big")
    + bytes([0x00, 0xE1, 0x7F, VIDEO_ID, 0xF0, 0x00])
)


def _map(kind: StreamKind) -> bytes:
    body = bytes([0xE0, 0xFF, 0, 0, 0, 4, _TYPES[kind], VIDEO_ID, 0, 0])
    head = b"\x00\x00\x01\xbc" + struct.pack("!H", len(body) + 4) + body
    return head + crc32(head).to_bytes(4, "big")


def _time(mark: int, ticks: int) -> bytes:
    """§2.4.3.7."""
    ticks %= _WRAP
    return bytes(
        [
            mark << 4 | (ticks >> 30 & 7) << 1 | 1,
            ticks >> 22 & 0xFF,
            (ticks >> 15 & 0x7F) << 1 | 1,
            ticks >> 7 & 0xFF,
            (ticks & 0x7F) << 1 | 1,
        ]
    )


def _pes(data: bytes, pts: int | None, dts: int | None) -> bytes:
    if pts is None or dts is None:
        flags, times = 0x00, b""
    elif pts == dts:
        flags, times = 0x80, _time(2, pts)
    else:
        flags, times = 0xC0, _time(3, pts) + _time(1, dts)
    length = 3 + len(times) + len(data)
    return b"\x00\x00\x01\xe0" + struct.pack("!HBBB", length, 0x80, flags, len(times)) + times + data
