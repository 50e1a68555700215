"""Programme tables of a transport stream: sections put together, and which streams carry KLV. Source: ISO/IEC 13818-1 §2.4.4.

A stream carries KLV where its type is 0x06 and a registration descriptor says 'KLVA' (§2.6.8, MISB ST 1402), or where its type
is 0x15 and its registration or metadata descriptor (§2.6.60) does not say another format.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from protocols.frames import BadFrame

SECTION_LIMIT_BYTES = 1_024  # §2.4.4.4: section_length is at most 1021
KLVA = b"KLVA"
_PAT_ID, _PMT_ID = 0, 2
_HEAD_BYTES = 8
_REGISTRATION, _METADATA = 0x05, 0x26
_PRIVATE, _IN_CELLS = 0x06, 0x15


class Carriage(StrEnum):
    """How KLV is carried."""

    ASYNCHRONOUS = "asynchronous"
    SYNCHRONOUS = "synchronous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of metadata."""

    pid: int
    carriage: Carriage


class Assembler:
    """The payloads of one PID to whole sections whose check sum is right."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._begun = False

    def put(self, payload: bytes, *, begins: bool) -> Iterator[bytes | BadFrame]:
        """Sections that are whole now; `begins`: the payload has a pointer to where a section begins."""
        if begins:
            pointer = payload[0] if payload else 0
            tail, payload = payload[1 : 1 + pointer], payload[1 + pointer :]
            if self._begun:
                self._data += tail
                yield from self._whole()
            self._data.clear()
            self._begun = True
        if self._begun:
            self._data += payload
            yield from self._whole()

    def _whole(self) -> Iterator[bytes | BadFrame]:
        while len(self._data) >= 3:
            if self._data[0] == 0xFF:  # stuffing to the end of the packet
                self._end()
                return
            size = 3 + (int.from_bytes(self._data[1:3]) & 0x0FFF)
            if size > SECTION_LIMIT_BYTES:
                yield BadFrame(
                    code="OVERSIZE", detail=f"a table section of {size} bytes", length=len(self._data)
                )
                self._end()
                return
            if len(self._data) < size:
                return
            section = bytes(self._data[:size])
            del self._data[:size]
            if size < _HEAD_BYTES + 4 or crc(section):
                yield BadFrame(code="CRC", detail="a table section", length=size)
            else:
                yield section

    def _end(self) -> None:
        self._data.clear()
        self._begun = False


def programme_maps(section: bytes) -> Iterator[int]:
    """The PIDs of programme maps that a PAT names; nothing of other sections."""
    if section[0] != _PAT_ID or not section[5] & 1:  # not yet applicable
        return
    for at in range(_HEAD_BYTES, len(section) - 4 - 3, 4):
        if int.from_bytes(section[at : at + 2]):  # programme 0 is the network's own
            yield int.from_bytes(section[at + 2 : at + 4]) & 0x1FFF


def streams(section: bytes) -> list[Stream]:
    """The metadata streams that a PMT names; nothing of other sections."""
    if section[0] != _PMT_ID or not section[5] & 1 or len(section) < 16:
        return []
    found = []
    end = len(section) - 4
    at = 12 + (int.from_bytes(section[10:12]) & 0x0FFF)
    while at + 5 <= end:
        size = int.from_bytes(section[at + 3 : at + 5]) & 0x0FFF
        told = section[at + 5 : min(at + 5 + size, end)]
        carriage = _carriage(section[at], dict(_descriptors(told)))
        if carriage is not None:
            found.append(Stream(pid=int.from_bytes(section[at + 1 : at + 3]) & 0x1FFF, carriage=carriage))
        at += 5 + size
    return found


def _carriage(kind: int, told: dict[int, bytes]) -> Carriage | None:
    named = told.get(_REGISTRATION, b"")[:4]
    if kind == _PRIVATE:
        return Carriage.ASYNCHRONOUS if named == KLVA else None
    if kind != _IN_CELLS:
        return None
    if not named:
        named = _format(told.get(_METADATA, b""))
    return Carriage.SYNCHRONOUS if named in (b"", KLVA) else None


def _format(descriptor: bytes) -> bytes:
    """The metadata format identifier; empty where none is said. Application format FFFF puts four bytes before it."""
    at = 6 if descriptor[:2] == b"\xff\xff" else 2
    return descriptor[at + 1 : at + 5] if descriptor[at : at + 1] == b"\xff" else b""


def _descriptors(told: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(told):
        yield told[at], told[at + 2 : at + 2 + told[at + 1]]
        at += 2 + told[at + 1]


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        row = byte << 24
        for _ in range(8):
            row = (row << 1 ^ (0x04C11DB7 if row >> 31 else 0)) & 0xFFFFFFFF
        rows.append(row)
    return tuple(rows)


_ROWS = _table()


def crc(section: bytes) -> int:
    """CRC-32 of ISO/IEC 13818-1 annex A; 0 over a section with its own."""
    value = 0xFFFFFFFF
    for byte in section:
        value = (value << 8 ^ _ROWS[value >> 24 ^ byte]) & 0xFFFFFFFF
    return value
