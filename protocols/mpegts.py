"""MPEG transport streams (ISO/IEC 13818-1, ITU-T H.222.0) to the elementary packets of one programme, without a socket.

    TsDemuxer.feed(bytes) -> Pes …          video (H.264, H.265) and KLV, each with its times

Of the first programme the first video stream and every KLV stream are read; sound is left where it is. Whatever is
wrong is counted under a name in `counts` and costs that packet: nothing here raises for what comes from outside.

A video packet mostly does not say how long it is, and would be known to be whole only when the next one begins, a
frame later. Multiplexers fill up the last transport packet of each with stuffing, and only that one (§2.4.3.5), so
stuffing ends a packet here at once; where a stream turns out to stuff elsewhere, it is waited for after all.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from protocols.mpegts_tables import Sections, Stream, StreamKind, read_pat, read_pmt
from protocols.pes import pes_header

PACKET = 188
SYNC = 0x47
PAT_PID = 0
MOST_PES_BYTES = 4 << 20  # a key frame of 4K video has about 1 MiB; longer: given up, counted
_CLOCK_HZ = 90_000


class TsFault(StrEnum):
    """What is counted."""

    GARBAGE = "garbage_bytes"  # bytes that are no packet
    TRUNCATED = "truncated"  # packets cut off by the end of a datagram or connection
    TRANSPORT_ERROR = "transport_errors"  # the receiver before us says so
    SCRAMBLED = "scrambled"
    GAP = "gaps"  # packets of a stream are missing between two
    REPEATED = "repeated"
    BAD_TABLE = "bad_tables"
    BAD_PES = "bad_pes"
    TOO_LONG = "too_long"
    EARLY_END = "early_ends"  # stuffing was no end: from here on the next packet is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Pes:
    """One elementary packet. Times count 1/90,000 s in 33 bits, as sent; None: not said. `damaged`: bytes are missing."""

    kind: StreamKind
    pts: int | None
    dts: int | None
    data: bytes
    damaged: bool = False


class _Track:
    """The packet of one stream that is being put together."""

    __slots__ = ("damaged", "data", "ended_early", "heads", "kind", "open", "stuffing_ends", "want")

    def __init__(self, stream: Stream) -> None:
        self.kind = stream.kind
        # of packets that only go on, by counter
        self.heads = [bytes((SYNC, stream.pid >> 8, stream.pid & 0xFF, 0x10 | count)) for count in range(16)]
        self.data = bytearray()
        self.open = False
        self.damaged = False
        self.want = 0  # bytes of the whole packet; 0: not said
        self.stuffing_ends = True
        self.ended_early = False


class TsDemuxer:
    """One stream of bytes. Holds at most a transport packet and one elementary packet of each stream."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.packets = 0
        self._held = b""
        self._sections: dict[int, Sections] = {PAT_PID: Sections()}
        self._pmt_pid: int | None = None
        self._tracks: dict[int, _Track] = {}
        self._streams: tuple[Stream, ...] = ()
        self._last: dict[int, int] = {}  # continuity counter by PID
        self._made: list[Pes] = []

    def feed(self, data: bytes) -> list[Pes]:
        """The elementary packets that are whole now."""
        data = self._held + data if self._held else data
        at, end = 0, len(data)
        while end - at >= PACKET:
            if data[at] != SYNC or (end - at > PACKET and data[at + PACKET] != SYNC):
                found = self._sync(data, at + 1)
                self.counts[TsFault.GARBAGE] += found - at
                at = found
                continue
            went_on = self._continue(data, at, end)
            if went_on == at:
                self._packet(data[at : at + PACKET])
                at += PACKET
            at = max(at, went_on)
        self._held = data[at:]
        made, self._made = self._made, []
        return made

    def cut(self) -> None:
        """A datagram has ended: what is not whole of its last packet never comes."""
        if self._held:
            self.counts[TsFault.TRUNCATED] += 1
            self._held = b""

    def end(self) -> list[Pes]:
        """The connection has ended: the last packet, if nothing of it is known to be missing."""
        self.cut()
        for track in self._tracks.values():
            if track.open and (not track.want or len(track.data) >= track.want):
                self._finish(track)
            track.open = False
        made, self._made = self._made, []
        return made

    @staticmethod
    def _sync(data: bytes, at: int) -> int:
        """Where the next packet may begin."""
        while True:
            at = data.find(SYNC, at)
            if at < 0:
                return len(data)
            if at + PACKET >= len(data) or data[at + PACKET] == SYNC:
                return at
            at += 1

    def _continue(self, data: bytes, at: int, end: int) -> int:
        """Takes packets that do nothing but go on with the elementary packet before them; where the next other one is.

        They are most of a stream, and only their counter has to be looked at. Whatever else they are, `_packet` reads them.
        """
        pid = data[at + 1] << 8 | data[at + 2]  # with a flag among the high bits no track has such a number
        track = self._tracks.get(pid)
        if track is None or not track.open:
            return at
        held, heads, last = track.data, track.heads, end - PACKET
        most = (track.want or MOST_PES_BYTES) - PACKET  # the one that makes it whole is read in full
        began, counter = at, self._last.get(pid, 0) + 1 & 15
        while at <= last and data.startswith(heads[counter], at) and len(held) < most:
            if at < last and data[at + PACKET] != SYNC:
                break
            held += data[at + 4 : at + PACKET]
            counter = counter + 1 & 15
            at += PACKET
        if at > began:
            self.packets += (at - began) // PACKET
            self._last[pid] = counter - 1 & 15
        return at

    def _packet(self, packet: bytes) -> None:
        self.packets += 1
        if packet[1] & 0x80:
            self.counts[TsFault.TRANSPORT_ERROR] += 1
            return
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        track = self._tracks.get(pid)
        if track is None and pid not in self._sections:
            return
        if packet[3] & 0xC0:
            self.counts[TsFault.SCRAMBLED] += 1
            return
        control = packet[3] >> 4 & 3
        begins = 4
        stuffed = broken = False
        if control & 2:
            length = packet[4]
            begins = 5 + length
            if begins > PACKET:
                self.counts[TsFault.BAD_PES] += 1
                return
            broken = length > 0 and bool(packet[5] & 0x80)
            # a field that says nothing is there to fill up
            stuffed = length == 0 or not packet[5] or length > _adaptation_bytes(packet, length)
        if not control & 1 or begins >= PACKET:
            return
        if not self._in_order(pid, packet[3] & 15, discontinuity=broken):
            return
        starts, payload = bool(packet[1] & 0x40), packet[begins:]
        if track is None:
            self._table(pid, payload, starts=starts)
        else:
            self._elementary(track, payload, starts=starts, stuffed=stuffed)

    def _in_order(self, pid: int, counter: int, *, discontinuity: bool) -> bool:
        """Whether to read a packet with this continuity counter; a gap spoils what is being put together."""
        last = self._last.get(pid)
        self._last[pid] = counter
        if last is None or discontinuity or counter == (last + 1) & 15:
            return True
        if counter == last:  # sent twice, as §2.4.3.3 allows
            self.counts[TsFault.REPEATED] += 1
            return False
        self.counts[TsFault.GAP] += 1
        track = self._tracks.get(pid)
        if track is not None:
            track.damaged = True
        elif pid in self._sections:
            self._sections[pid].drop()
        return True

    def _table(self, pid: int, payload: bytes, *, starts: bool) -> None:
        for section in self._sections[pid].feed(payload, starts=starts):
            try:
                if pid == PAT_PID:
                    self._programme(read_pat(section))
                else:
                    self._select(read_pmt(section))
            except ValueError:
                self.counts[TsFault.BAD_TABLE] += 1

    def _programme(self, pmt_pid: int | None) -> None:
        if pmt_pid == self._pmt_pid:
            return
        self._sections = {PAT_PID: self._sections[PAT_PID]}
        self._pmt_pid, self._tracks, self._streams = pmt_pid, {}, ()
        if pmt_pid is not None:
            self._sections[pmt_pid] = Sections()

    def _select(self, streams: tuple[Stream, ...]) -> None:
        if streams == self._streams:
            return
        self._streams = streams
        video = next((each for each in streams if each.kind in (StreamKind.H264, StreamKind.H265)), None)
        wanted = [
            each for each in streams if each is video or each.kind in (StreamKind.KLV, StreamKind.KLV_CELLS)
        ]
        self._tracks = {each.pid: _Track(each) for each in wanted if each.pid not in self._sections}

    def _elementary(self, track: _Track, payload: bytes, *, starts: bool, stuffed: bool) -> None:
        if starts:
            if track.open:
                self._finish(track)
            track.data = bytearray(payload)
            # what was lost before this packet's first byte is not of this packet
            track.open, track.damaged, track.ended_early = True, False, False
            length = int.from_bytes(payload[4:6], "big") if len(payload) >= 6 else 0
            track.want = length + 6 if length else 0
        elif track.open:
            track.data += payload
        else:
            if track.ended_early:
                track.stuffing_ends = track.ended_early = False
                self.counts[TsFault.EARLY_END] += 1
            return
        if len(track.data) > MOST_PES_BYTES:
            track.open = False
            self.counts[TsFault.TOO_LONG] += 1
        elif track.want and len(track.data) >= track.want:
            del track.data[track.want :]
            self._finish(track)
        elif stuffed and not track.want and track.stuffing_ends and not track.damaged:
            self._finish(track)
            track.ended_early = True

    def _finish(self, track: _Track) -> None:
        track.open = False
        pes = bytes(track.data)
        short = bool(track.want) and len(pes) < track.want
        try:
            pts, dts, begins = pes_header(pes)
        except ValueError:
            self.counts[TsFault.BAD_PES] += 1
            return
        data, kind, damaged = pes[begins:], track.kind, track.damaged or short
        if kind in (StreamKind.KLV, StreamKind.KLV_CELLS):
            if damaged:
                return  # a gap was counted; half a set is none
            for cell in _cells(data) if kind is StreamKind.KLV_CELLS else (data,):
                self._made.append(Pes(kind=StreamKind.KLV, pts=pts, dts=None, data=cell))
            return
        self._made.append(Pes(kind=kind, pts=pts, dts=dts, data=data, damaged=damaged))


def _adaptation_bytes(packet: bytes, length: int) -> int:
    """How long an adaptation field would be without stuffing, §2.4.3.4; at least `length` where it cannot be told."""
    flags, size = packet[5], 1
    size += 6 * bool(flags & 0x10) + 6 * bool(flags & 0x08) + bool(flags & 0x04)
    if flags & 0x02:
        size += 1 + (packet[5 + size] if size < length else length)
    if flags & 0x01:
        size += 1 + (packet[5 + size] if size < length else length)
    return size


def _cells(data: bytes) -> list[bytes]:
    """Metadata access units out of their cells, §2.12.4.2: five bytes of header, the last two the length."""
    cells, at = [], 0
    while len(data) - at >= 5:
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        cell = data[at + 5 : at + 5 + length]
        if len(cell) < length:
            break
        cells.append(cell)
        at += 5 + length
    return cells


def seconds(ticks: int) -> float:
    """A difference of two times in seconds."""
    return ticks / _CLOCK_HZ
