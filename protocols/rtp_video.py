"""Access units into RTP packets: H.264 by RFC 6184 (packetization mode 1), H.265 by RFC 7798. Sans-IO.

A unit of the stream that fits goes into a packet as it is; a longer one is cut (FU-A, FU). The last packet of a picture
carries the mark. Times go on where a stream begins anew, so that a decoder that keeps reading never sees them fall back.
"""

import struct
from collections.abc import Iterator
from enum import StrEnum

from protocols.video_units import nal_units

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96  # dynamic, RFC 3551
MOST_PACKET = 1_400  # bytes with the RTP header: no fragments on an Ethernet, also through a tunnel
_HEADER = struct.Struct("!BBHII")
_VERSION_2 = 0x80
_MARK = 0x80
_FU_A = 28  # RFC 6184 section 5.8
_FU = 49  # RFC 7798 section 4.4.3
_BEGIN, _END = 0x80, 0x40
_AFTER_BREAK = 3_000  # ticks between the last picture of one beginning and the first of the next
_SKIPPED = {1: frozenset({9, 12}), 2: frozenset({35, 38})}  # delimiters and filler


class Codec(StrEnum):
    """As RTP names them."""

    H264 = "H264"
    H265 = "H265"

    @property
    def header(self) -> int:
        """Bytes before a unit's payload."""
        return 1 if self is Codec.H264 else 2


def codec_of(name: str) -> Codec:
    """By the name that WebCodecs knows (RFC 6381)."""
    return Codec.H265 if name.startswith(("hev1", "hvc1")) else Codec.H264


class RtpStream:
    """The packets of one puller. `ssrc`, `first_seq`, `first_time`: chance, given by the caller (RFC 3550 section 5.1)."""

    def __init__(self, codec: Codec, *, ssrc: int, first_seq: int, first_time: int) -> None:
        self.codec, self.ssrc = codec, ssrc
        self.packets = self.payload_bytes = 0
        self.time = first_time & 0xFFFFFFFF  # of the last picture
        self._seq = first_seq & 0xFFFF
        self._epoch: int | None = None
        self._offset = first_time
        self._most = MOST_PACKET - _HEADER.size

    @property
    def next_seq(self) -> int:
        """Of the packet to come."""
        return self._seq

    def packed(self, data: bytes, *, pts_us: int, epoch: int) -> Iterator[bytes]:
        """The packets of one access unit in Annex B form."""
        ticks = pts_us * 9 // 100
        if epoch != self._epoch:
            gap = 0 if self._epoch is None else _AFTER_BREAK
            self._epoch, self._offset = epoch, self.time + gap - ticks
        self.time = (ticks + self._offset) & 0xFFFFFFFF
        header, skipped = self.codec.header, _SKIPPED[self.codec.header]
        units = [
            each for each in nal_units(data) if len(each) > header and _kind(each, header) not in skipped
        ]
        for number, unit in enumerate(units):
            last = number == len(units) - 1
            if len(unit) <= self._most:
                yield self._packet(unit, marked=last)
                continue
            pieces = list(self._cut(unit))
            for place, piece in enumerate(pieces):
                yield self._packet(piece, marked=last and place == len(pieces) - 1)

    def _cut(self, unit: bytes) -> Iterator[bytes]:
        if self.codec is Codec.H264:
            before, kind = bytes(((unit[0] & 0xE0) | _FU_A,)), unit[0] & 0x1F
        else:
            before, kind = bytes(((unit[0] & 0x81) | _FU << 1, unit[1])), unit[0] >> 1 & 0x3F
        body = memoryview(unit)[self.codec.header :]
        room = self._most - len(before) - 1
        for at in range(0, len(body), room):
            flags = (_BEGIN if at == 0 else 0) | (_END if at + room >= len(body) else 0)
            yield before + bytes((flags | kind,)) + body[at : at + room]

    def _packet(self, payload: bytes, *, marked: bool) -> bytes:
        head = _HEADER.pack(
            _VERSION_2, (_MARK if marked else 0) | PAYLOAD_TYPE, self._seq, self.time, self.ssrc
        )
        self._seq = self._seq + 1 & 0xFFFF
        self.packets += 1
        self.payload_bytes += len(payload)
        return head + payload


def _kind(unit: bytes, header: int) -> int:
    return unit[0] & 0x1F if header == 1 else unit[0] >> 1 & 0x3F
