"""Packet captures (classic pcap) to UDP payloads, with the time each packet was seen.

Format: draft-ietf-opsawg-pcap; link types Ethernet (VLAN tags passed over), raw IP, BSD loopback, Linux cooked. What
is not UDP is passed over; fragments are not put together and count as BadFrame. The newer pcapng is refused by name.
Sans-IO, like the other deframers; TCP streams are not reassembled.
"""

import struct
from dataclasses import dataclass

from protocols.frames import BadFrame

PACKET_LIMIT_BYTES = (
    262_144  # tcpdump's largest snapshot; a longer record means the file is damaged, and reading ends
)
_FILE_HEAD = 24
_RECORD_HEAD = 16
_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
MAGICS = (*_MAGIC, b"\x0a\x0d\x0d\x0a")  # the last is pcapng's
# Bytes of link header before the network header, and where the protocol number is (None: look at the IP version).
_LINKS: dict[int, tuple[int, int | None]] = {
    0: (4, None),
    1: (14, 12),
    12: (0, None),
    101: (0, None),
    113: (16, 14),
}
_VLAN = (0x8100, 0x88A8)
_IPV4, _IPV6, _UDP = 0x0800, 0x86DD, 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """One UDP payload; `at_s` UTC seconds."""

    at_s: float
    payload: bytes


class Reader:
    """A capture's bytes in, datagrams out. Keeps one unfinished packet at most; no input raises."""

    def __init__(self) -> None:
        self._rest = b""
        self._order = ""
        self._unit_s = 0.0
        self._link: tuple[int, int | None] = (0, None)
        self._over = False

    def feed(self, data: bytes) -> list[Datagram | BadFrame]:
        """All packets that are complete once `data` has come."""
        items: list[Datagram | BadFrame] = []
        if self._over:
            return items
        self._rest += data
        if not self._order and not self._head(items):
            return items
        at = 0
        while len(self._rest) - at >= _RECORD_HEAD:
            seconds, parts, size, _ = struct.unpack_from(self._order + "IIII", self._rest, at)
            if size > PACKET_LIMIT_BYTES:
                self._end(items, "OVERSIZE", f"a packet of {size} bytes", len(self._rest) - at)
                return items
            if len(self._rest) - at < _RECORD_HEAD + size:
                break
            packet = self._rest[at + _RECORD_HEAD : at + _RECORD_HEAD + size]
            at += _RECORD_HEAD + size
            payload = self._payload(packet)
            if isinstance(payload, bytes):
                items.append(Datagram(at_s=seconds + parts * self._unit_s, payload=payload))
            elif payload is not None:
                items.append(payload)
        self._rest = self._rest[at:]
        return items

    def close(self) -> list[Datagram | BadFrame]:
        """What the end of the file leaves unfinished."""
        items: list[Datagram | BadFrame] = []
        if self._rest:
            self._end(items, "TRUNCATED", "the capture ends inside a packet", len(self._rest))
        return items

    def _head(self, items: list[Datagram | BadFrame]) -> bool:
        if len(self._rest) < _FILE_HEAD:
            return False
        found = _MAGIC.get(self._rest[:4])
        if found is None:
            self._end(items, "UNKNOWN_TYPE", "not a classic pcap capture", len(self._rest))
            return False
        self._order, self._unit_s = found
        number = struct.unpack_from(self._order + "I", self._rest, 20)[0] & 0xFFFF
        if number not in _LINKS:
            self._end(items, "UNKNOWN_TYPE", f"link type {number}", len(self._rest))
            return False
        self._link = _LINKS[number]
        self._rest = self._rest[_FILE_HEAD:]
        return True

    def _end(self, items: list[Datagram | BadFrame], code: str, detail: str, length: int) -> None:
        items.append(BadFrame(code=code, detail=detail, length=length))
        self._over = True
        self._rest = b""

    def _payload(self, packet: bytes) -> bytes | BadFrame | None:
        """The UDP payload; None for what is no UDP."""
        at, protocol_at = self._link
        if protocol_at is not None:
            protocol = int.from_bytes(packet[protocol_at : protocol_at + 2])
            while protocol in _VLAN:
                protocol = int.from_bytes(packet[at + 2 : at + 4])
                at += 4
            if protocol not in (_IPV4, _IPV6):
                return None
        return _udp(packet[at:])


def _udp(packet: bytes) -> bytes | BadFrame | None:
    if not packet:
        return None
    version = packet[0] >> 4
    if len(packet) < {4: 20, 6: 40}.get(version, 0):
        return BadFrame(code="TRUNCATED", detail="a packet cut short by the capture", length=len(packet))
    if version == 4:
        if packet[9] != _UDP:
            return None
        if int.from_bytes(packet[6:8]) & 0x3FFF:  # more fragments, or not the first
            return BadFrame(code="TRUNCATED", detail="an IP fragment", length=len(packet))
        segment = packet[(packet[0] & 15) * 4 :]
    elif version == 6 and packet[6] == _UDP:
        segment = packet[40:]
    else:
        return None
    size = int.from_bytes(segment[4:6])
    if len(segment) < 8 or not 8 <= size <= len(segment):
        return BadFrame(code="TRUNCATED", detail="a datagram longer than its packet", length=len(packet))
    return segment[8:size]
