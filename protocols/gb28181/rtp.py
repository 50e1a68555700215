"""RTP (RFC 3550): put in order, cut out of a TCP connection (RFC 4571), and made. Pure."""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

WINDOW = 64  # packets that may overtake one; then it is lost
WAIT_S = 0.2  # and so long at most: of a small picture each packet is one
MOST_TCP_BYTES = 65_535
PAYLOAD_BYTES = 1_400  # ours: fits an Ethernet frame with room for tunnels
_HEAD = struct.Struct("!BBHII")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet. `lost`: packets are missing before it."""

    sequence: int
    marker: bool
    payload: bytes
    lost: bool = False


class RtpOrder:
    """Packets of one source, in order. Holds WINDOW at most."""

    def __init__(self, ssrc: int, payload_type: int) -> None:
        self.counts: Counter[str] = Counter()
        self._ssrc, self._type = ssrc, payload_type
        self._next: int | None = None
        self._held: dict[int, RtpPacket] = {}
        self._since_s = 0.0  # when the oldest that waits came

    def again(self) -> None:
        """Another connection: its numbers begin anywhere."""
        self._next, self._held = None, {}

    def feed(self, data: bytes, now_s: float = 0.0) -> list[RtpPacket]:
        """What can be read on with now."""
        packet = self._read(data)
        if packet is None:
            return []
        self.counts["packets"] += 1
        if self._next is None:
            self._next = packet.sequence
        ahead = (packet.sequence - self._next) & 0xFFFF
        if ahead >= 0x8000:
            self.counts["late"] += 1
            return []
        if packet.sequence in self._held:
            self.counts["repeated"] += 1
            return []
        if not self._held:
            self._since_s = now_s
        self._held[packet.sequence] = packet
        made = self._ready(lost=False)
        if made:
            self._since_s = now_s
        if self._held and (ahead > WINDOW or len(self._held) > WINDOW or now_s - self._since_s > WAIT_S):
            made += self._skip()
            self._since_s = now_s
        return made

    def _read(self, data: bytes) -> RtpPacket | None:
        if len(data) < _HEAD.size or data[0] >> 6 != 2:
            self.counts["bad_rtp"] += 1
            return None
        first, second, sequence, _, ssrc = _HEAD.unpack_from(data)
        if ssrc != self._ssrc:
            self.counts["other_ssrc"] += 1
            return None
        if second & 0x7F != self._type:
            self.counts["other_payload"] += 1
            return None
        begin = _HEAD.size + 4 * (first & 15)
        if first & 0x10 and len(data) >= begin + 4:
            begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4], "big")
        end = len(data) - (data[-1] if first & 0x20 else 0)
        if begin > end:
            self.counts["bad_rtp"] += 1
            return None
        return RtpPacket(sequence, bool(second & 0x80), data[begin:end])

    def _ready(self, *, lost: bool) -> list[RtpPacket]:
        made = []
        while self._next in self._held:
            packet = self._held.pop(self._next)
            made.append(RtpPacket(packet.sequence, packet.marker, packet.payload, lost) if lost else packet)
            lost = False
            self._next = (packet.sequence + 1) & 0xFFFF
        return made

    def _skip(self) -> list[RtpPacket]:
        """What is missing does not come any more."""
        made: list[RtpPacket] = []
        expected = self._next or 0
        nearest = min(self._held, key=lambda each: (each - expected) & 0xFFFF)
        self.counts["lost"] += (nearest - expected) & 0xFFFF
        self._next = nearest
        made += self._ready(lost=True)
        return made


class RtpStream:
    """Cuts a TCP connection into packets: two bytes of length before each. Holds one at most."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Whole packets."""
        held = self._held
        held += data
        made, at = [], 0
        while len(held) - at >= 2:
            length = int.from_bytes(held[at : at + 2], "big")
            if len(held) - at - 2 < length:
                break
            made.append(bytes(held[at + 2 : at + 2 + length]))
            at += 2 + length
        del held[:at]
        return made


class RtpWriter:
    """Makes the packets of one source."""

    def __init__(self, ssrc: int, payload_type: int, first: int = 0) -> None:
        self._ssrc, self._type, self._sequence = ssrc, payload_type, first

    def packets(self, data: bytes, ticks: int) -> Iterator[bytes]:
        """Of one unit; the last has the marker."""
        for at in range(0, len(data), PAYLOAD_BYTES):
            last = at + PAYLOAD_BYTES >= len(data)
            head = _HEAD.pack(
                0x80, (0x80 if last else 0) | self._type, self._sequence, ticks & 0xFFFFFFFF, self._ssrc
            )
            self._sequence = (self._sequence + 1) & 0xFFFF
            yield head + data[at : at + PAYLOAD_BYTES]


def framed(packet: bytes) -> bytes:
    """As it goes over TCP."""
    return len(packet).to_bytes(2, "big") + packet
