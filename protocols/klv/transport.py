"""MPEG transport streams to the PES packets of their metadata streams, with time stamps. Source: ISO/IEC 13818-1.

    packets of 188 bytes (§2.4.3) · PAT on PID 0, a PMT a programme (§2.4.4) · PES (§2.4.3.6)

Only what carries KLV is put together: stream type 0x06 with the registration 'KLVA' (asynchronous, MISB ST 1402) and 0x15
(synchronous, in metadata cells: cells.py). Video and sound are passed over. Sans-IO; any chunking gives the same
items; nothing a sender writes raises. Bounds: one unfinished packet, and for each of STREAM_LIMIT streams one unfinished
PES of PES_LIMIT_BYTES or one table section; further streams are not followed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from protocols.frames import BadFrame
from protocols.klv.transport_tables import Assembler, Stream, programme_maps, streams

PACKET_BYTES = 188
SYNC = 0x47
SURE_PACKETS = 4
HEAD_BYTES = (SURE_PACKETS + 1) * PACKET_BYTES  # a row of them stands here wherever the stream begins
PTS_HZ = 90_000  # §2.4.3.7
PES_LIMIT_BYTES = 262_144
STREAM_LIMIT = 32  # of metadata, and as many programmes
_PAT, _NULL = 0, 0x1FFF
_PES_PREFIX = b"\x00\x00\x01"
_PES_HEAD_BYTES = 9


def is_transport(head: bytes) -> bool:
    """Whether a stream that begins with these bytes is a transport stream: SURE_PACKETS in a row, if it has as many."""
    if head.startswith(b"\x06\x0e\x2b\x34"):
        return False
    row = min(SURE_PACKETS, len(head) // PACKET_BYTES)
    if row < 2:
        return row == 1 and head[0] == SYNC
    starts = range(min(len(head), HEAD_BYTES) - (row - 1) * PACKET_BYTES)
    return any(all(head[at + n * PACKET_BYTES] == SYNC for n in range(row)) for at in starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What one PES packet carries. `pts` counts 90 kHz and wraps at 2^33; None where none is said."""

    pid: int
    stream: Stream
    pts: int | None
    data: bytes

    @property
    def pts_s(self) -> float | None:
        """The time stamp in seconds, of the stream's own clock."""
        return None if self.pts is None else self.pts / PTS_HZ


@dataclass(slots=True)
class _Open:
    """The PES packet that a stream is in."""

    stream: Stream
    data: bytearray = field(default_factory=bytearray)
    begun: bool = False
    size: int = 0  # in all; 0: until the next one begins


class Demuxer:
    """One transport stream's bytes in, its metadata out."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._locked = False
        self._lost = 0  # bytes passed over since the last packet
        self._sections: dict[int, Assembler] = {_PAT: Assembler()}
        self._maps: frozenset[int] = frozenset()
        self._open: dict[int, _Open] = {}
        self._counters: dict[int, int] = {}

    def feed(self, data: bytes) -> list[Payload | BadFrame]:
        """All that is complete once `data` has come."""
        self._rest += data
        return list(self._packets(ended=False))

    def close(self) -> list[Payload | BadFrame]:
        """What the end completes, and what it leaves unfinished."""
        items = list(self._packets(ended=True))
        self._lost += len(self._rest)
        self._rest.clear()
        items += self._said_lost()
        for pid in list(self._open):
            items += self._ended(pid, at_end=True)
        self._open.clear()
        return items

    @property
    def streams(self) -> dict[int, Stream]:
        """The metadata streams that the tables named, by PID."""
        return {pid: each.stream for pid, each in self._open.items()}

    def _packets(self, *, ended: bool) -> Iterator[Payload | BadFrame]:
        while len(self._rest) >= PACKET_BYTES:
            if self._rest[0] != SYNC or not self._sure(ended=ended):
                if self._rest[0] == SYNC and not ended and len(self._rest) == PACKET_BYTES:
                    return  # the next packet's first byte decides
                self._locked = False
                skip = self._rest.find(SYNC, 1)
                gone = len(self._rest) if skip < 0 else skip
                self._lost += gone
                del self._rest[:gone]
                continue
            self._locked = True
            yield from self._said_lost()
            packet = bytes(self._rest[:PACKET_BYTES])
            del self._rest[:PACKET_BYTES]
            yield from self._packet(packet)

    def _sure(self, *, ended: bool) -> bool:
        """A 0x47 that was looked for must be followed by another one where the next packet begins."""
        if self._locked:
            return True
        if len(self._rest) > PACKET_BYTES:
            return self._rest[PACKET_BYTES] == SYNC
        return ended

    def _said_lost(self) -> list[Payload | BadFrame]:
        lost, self._lost = self._lost, 0
        return [BadFrame(code="GARBAGE", detail="no transport packets", length=lost)] if lost else []

    def _packet(self, packet: bytes) -> Iterator[Payload | BadFrame]:
        pid = int.from_bytes(packet[1:3]) & 0x1FFF
        if pid == _NULL or (pid not in self._sections and pid not in self._open):
            return
        if packet[1] & 0x80 or packet[3] & 0xC0:
            code = "DAMAGED" if packet[1] & 0x80 else "ENCRYPTED"
            yield BadFrame(code=code, detail=f"a packet of PID {pid}", length=PACKET_BYTES)
            self._forget(pid)
            return
        if not packet[3] & 0x10:  # no payload
            return
        start = 4
        fresh = False
        if packet[3] & 0x20:
            start += 1 + packet[4]
            fresh = packet[4] > 0 and bool(packet[5] & 0x80)  # discontinuity_indicator: a jump is announced
        if start >= PACKET_BYTES:
            return
        counter = packet[3] & 0x0F
        before = self._counters.get(pid)
        self._counters[pid] = counter
        if before is not None and not fresh:
            if counter == before:
                return  # sent twice, §2.4.3.3
            if counter != (before + 1) & 0x0F:
                yield from self._gap(pid)
        payload, begins = packet[start:], bool(packet[1] & 0x40)
        if pid in self._open:
            yield from self._pes(pid, payload, begins=begins)
        else:
            yield from self._table(pid, payload, begins=begins)

    def _gap(self, pid: int) -> Iterator[BadFrame]:
        one = self._open.get(pid)
        yield BadFrame(
            code="DISCONTINUITY",
            detail=f"packets of PID {pid} are missing",
            length=len(one.data) if one else 0,
        )
        self._forget(pid)

    def _forget(self, pid: int) -> None:
        """Nothing that is unfinished goes on."""
        if pid in self._open:
            self._open[pid] = _Open(stream=self._open[pid].stream)
        elif pid in self._sections:
            self._sections[pid] = Assembler()

    def _table(self, pid: int, payload: bytes, *, begins: bool) -> Iterator[BadFrame]:
        for section in self._sections[pid].put(payload, begins=begins):
            if isinstance(section, BadFrame):
                yield section
            elif pid == _PAT:
                self._mapped(frozenset(programme_maps(section)))
            else:
                self._named(streams(section))

    def _mapped(self, maps: frozenset[int]) -> None:
        kept = frozenset(sorted(maps - {_PAT})[:STREAM_LIMIT])
        if kept == self._maps:
            return
        self._maps = kept
        for pid in [each for each in self._sections if each not in kept and each != _PAT]:
            del self._sections[pid]
        for pid in kept:
            self._open.pop(pid, None)
            self._sections.setdefault(pid, Assembler())

    def _named(self, found: list[Stream]) -> None:
        for each in found:
            if each.pid in self._sections or (each.pid not in self._open and len(self._open) >= STREAM_LIMIT):
                continue
            known = self._open.get(each.pid)
            if known is None or known.stream != each:
                self._open[each.pid] = _Open(stream=each)

    def _pes(self, pid: int, payload: bytes, *, begins: bool) -> Iterator[Payload | BadFrame]:
        if begins:
            yield from self._ended(pid, at_end=False)
            self._open[pid].begun = True
        one = self._open[pid]
        if not one.begun:
            return  # the rest of one whose beginning was not seen
        one.data += payload
        if not one.size and len(one.data) >= 6:
            said = int.from_bytes(one.data[4:6])
            one.size = 6 + said if said else 0
        if one.size and len(one.data) >= one.size:
            del one.data[one.size :]
            yield from self._ended(pid, at_end=False)
        elif len(one.data) > PES_LIMIT_BYTES:
            yield BadFrame(code="OVERSIZE", detail=f"a PES packet of PID {pid}", length=len(one.data))
            self._forget(pid)

    def _ended(self, pid: int, *, at_end: bool) -> Iterator[Payload | BadFrame]:
        """The PES packet of this stream is over."""
        one = self._open[pid]
        self._forget(pid)
        if not one.begun:
            return
        if one.size and len(one.data) < one.size:
            where = "the stream ends" if at_end else "the next one begins"
            detail = f"{where} inside a PES packet of PID {pid}"
            yield BadFrame(code="TRUNCATED", detail=detail, length=len(one.data))
            return
        yield _read(one, pid)


def _read(one: _Open, pid: int) -> Payload | BadFrame:
    data = bytes(one.data)
    if len(data) < _PES_HEAD_BYTES or not data.startswith(_PES_PREFIX) or data[6] >> 6 != 2:
        return BadFrame(code="MALFORMED", detail=f"no PES header on PID {pid}", length=len(data), field="pes")
    start = _PES_HEAD_BYTES + data[8]
    if start > len(data):
        return BadFrame(
            code="MALFORMED",
            detail=f"a PES header longer than its packet, PID {pid}",
            length=len(data),
            field="pes",
        )
    pts = _pts(data[9:14]) if data[7] & 0x80 and data[8] >= 5 else None
    return Payload(pid=pid, stream=one.stream, pts=pts, data=data[start:])


def _pts(coded: bytes) -> int:
    """33 bits in five bytes, §2.4.3.7."""
    return (
        (coded[0] >> 1 & 0x07) << 30 | coded[1] << 22 | (coded[2] >> 1) << 15 | coded[3] << 7 | coded[4] >> 1
    )
