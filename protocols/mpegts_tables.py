"""Tables of an MPEG transport stream: which programme there is, and which streams it has (ISO/IEC 13818-1 §2.4.4)."""

from dataclasses import dataclass
from enum import StrEnum

MOST_SECTION_BYTES = 1024  # §2.4.4: 1,021 after the length
_KLVA = b"KLVA"  # registration descriptor of SMPTE 336M, MISB ST 1402


class StreamKind(StrEnum):
    """What a stream carries."""

    H264 = "h264"
    H265 = "h265"
    KLV = "klv"  # as private data
    KLV_CELLS = "klv_cells"  # as metadata access units, in step with the picture
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of the programme."""

    pid: int
    kind: StreamKind


class Sections:
    """Puts the sections of one PID together. Holds one at most."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._open = False

    def drop(self) -> None:
        """Something is missing."""
        self._held.clear()
        self._open = False

    def feed(self, payload: bytes, *, starts: bool) -> list[bytes]:
        """Whole sections."""
        if starts:
            at = 1 + payload[0]
            if at > len(payload):
                self.drop()
                return []
            tail = self._cut(payload[1:at]) if self._open else []
            self.drop()
            self._open = True
            return tail + self._cut(payload[at:])
        return self._cut(payload) if self._open else []

    def _cut(self, data: bytes) -> list[bytes]:
        self._held += data
        whole: list[bytes] = []
        while len(self._held) >= 3 and self._held[0] != 0xFF:
            length = 3 + (int.from_bytes(self._held[1:3], "big") & 0x0FFF)
            if length > MOST_SECTION_BYTES:
                self.drop()
                return whole
            if len(self._held) < length:
                return whole
            whole.append(bytes(self._held[:length]))
            del self._held[:length]
        if self._held and self._held[0] == 0xFF:  # stuffing to the end
            self.drop()
        return whole


def _table() -> tuple[int, ...]:
    made = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)
        made.append(value & 0xFFFFFFFF)
    return tuple(made)


_CRC = _table()


def crc32(data: bytes) -> int:
    """Of MPEG-2 (Annex A); over a section with its CRC it is 0."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ byte]
    return value


def _body(section: bytes, table_id: int) -> bytes:
    if len(section) < 12 or section[0] != table_id or crc32(section):
        raise ValueError("not this table, or broken")
    return section[8:-4]


def read_pat(section: bytes) -> int | None:
    """The PID of the first programme's map, §2.4.4.3. Raises ValueError."""
    body = _body(section, 0)
    for at in range(0, len(body) - 3, 4):
        if body[at] or body[at + 1]:  # number 0 is the network's own
            return (body[at + 2] & 0x1F) << 8 | body[at + 3]
    return None


def read_pmt(section: bytes) -> tuple[Stream, ...]:
    """The streams of a programme, §2.4.4.8. Raises ValueError."""
    body = _body(section, 2)
    if len(body) < 4:
        raise ValueError("a programme map without its head")
    at = 4 + (int.from_bytes(body[2:4], "big") & 0x0FFF)
    streams = []
    while len(body) - at >= 5:
        length = int.from_bytes(body[at + 3 : at + 5], "big") & 0x0FFF
        pid = (body[at + 1] & 0x1F) << 8 | body[at + 2]
        streams.append(Stream(pid=pid, kind=_kind(body[at], body[at + 5 : at + 5 + length])))
        at += 5 + length
    return tuple(streams)


def _kind(stream_type: int, descriptors: bytes) -> StreamKind:
    match stream_type:
        case 0x1B:
            return StreamKind.H264
        case 0x24:
            return StreamKind.H265
        case 0x15:
            return StreamKind.KLV_CELLS
        case 0x06 if _registered(descriptors) == _KLVA:
            return StreamKind.KLV
        case _:
            return StreamKind.OTHER


def _registered(descriptors: bytes) -> bytes:
    at = 0
    while len(descriptors) - at >= 2:
        tag, length = descriptors[at], descriptors[at + 1]
        if tag == 0x05:
            return descriptors[at + 2 : at + 6]
        at += 2 + length
    return b""
