"""MPEG programme streams (ISO/IEC 13818-1 §2.5) to access units, as GB/T 28181 sends them. Without a socket.

    PsDemuxer.feed(bytes) -> Pes …        one picture each, with its times
    PsDemuxer.marked()    -> Pes …        the sender says that a picture ends here
    PsDemuxer.lost()                      bytes are missing

The first video is read; sound and private data are left out. Its kind is what the map says, else what its first bytes
are. A time belongs to the first picture that begins in its packet (§2.4.3.7), so pictures may be cut anywhere: FFmpeg
puts several into a packet. Whatever is wrong is counted under a name; nothing here raises for what comes from outside.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from protocols.mpegts import MOST_PES_BYTES, Pes
from protocols.mpegts_tables import StreamKind
from protocols.pes import pes_header
from protocols.video_access import Access

_START = b"\x00\x00\x01"
_PACK, _MAP, _END = 0xBA, 0xBC, 0xB9
_PACK_START = b"\x00\x00\x01\xba"
_NONE = -1
_WRAP = 1 << 33
_TYPES = {0x1B: StreamKind.H264, 0x24: StreamKind.H265}  # Table 2-34
_FRAME_90K = 3_600  # of 25 a second, until the stream has shown its own pace
MOST_HELD_BYTES = 1 << 20  # of a packet that does not say how long it is
MOST_TIMES = 64  # told and not used yet


class PsFault(StrEnum):
    """What is counted."""

    GARBAGE = "garbage_bytes"
    BAD_PACK = "bad_packs"
    BAD_MAP = "bad_tables"
    BAD_PES = "bad_pes"
    TOO_LONG = "too_long"
    GAP = "gaps"
    NOT_OURS = "other_codec"  # the map names a codec that is not read: SVAC, MPEG-4
    EARLY_END = "early_ends"  # what the sender marked was no end: from here on the next picture is waited for


@dataclass(slots=True)
class _Told:
    """A packet's times, and where its bytes begin among those of the picture; below 0: in one before."""

    at: int
    pts: int
    dts: int | None
    used: bool = False


class _Pictures:
    """Elementary bytes to pictures with their times."""

    def __init__(self, kind: StreamKind) -> None:
        self.access = Access(kind)
        self.damaged = False
        self._told: list[_Told] = []
        self._last: int | None = None  # decoding time of the newest picture
        self._since: tuple[int, int] | None = None  # the last that was told, and how many pictures since
        self._pace = _FRAME_90K

    def told(self, pts: int, dts: int | None) -> None:
        """Of the first picture that begins in what is added next."""
        at = len(self.access.data)
        self._told = [each for each in self._told if each.at != at][-MOST_TIMES:]
        self._told.append(_Told(at, pts, dts))

    def take(self, at: int) -> Pes:
        """The picture up to there."""
        own = next((each for each in reversed(self._told) if each.at <= 1), None)
        pts, dts = self._times(own)
        made = Pes(kind=self.access.kind, pts=pts, dts=dts, data=self.access.cut(at), damaged=self.damaged)
        self.damaged = False
        self._told = [each for each in self._told if each is own or each.at > 1]
        for each in self._told:
            each.at -= at
        return made

    def _times(self, own: _Told | None) -> tuple[int | None, int | None]:
        if own is None or own.used:  # several in one packet: the times of the others are reckoned
            if self._last is None:
                return None, None
            self._last = (self._last + self._pace) % _WRAP
            if self._since is not None:
                self._since = (self._since[0], self._since[1] + 1)
            return self._last, None
        own.used = True
        self._last = own.pts if own.dts is None else own.dts
        if self._since is not None:
            step = (self._last - self._since[0]) % _WRAP
            if 0 < step < 90_000 * self._since[1]:
                self._pace = step // self._since[1]
        self._since = (self._last, 1)
        return own.pts, own.dts

    def drop(self) -> None:
        """What is here is of no use."""
        self.access.drop()
        self._told = []


class PsDemuxer:
    """One stream of bytes. Holds one packet and one picture at most."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._held = bytearray()
        self._scanned = 9  # of a packet without length: where its end was looked for
        self._pictures: _Pictures | None = None
        self._stream_id: int | None = None
        self._synced = False
        self._marks_end = True
        self._ended = False  # by a mark, just now
        self._made: list[Pes] = []

    def feed(self, data: bytes) -> list[Pes]:
        """The pictures that are whole now."""
        self._held += data
        self._read()
        return self._take()

    def marked(self) -> list[Pes]:
        """The sender says that a picture ends here: it is whole, unless this sender's marks turn out to say nothing."""
        if self._marks_end:
            if self._length_unsaid():
                self._packet(len(self._held))
            pictures = self._pictures
            if not self._held and pictures is not None and pictures.access.whole:
                self._made.append(pictures.take(len(pictures.access.data)))
                self._ended = True
        return self._take()

    def lost(self) -> list[Pes]:
        """Bytes are missing: what is here of a picture is damaged, and reading goes on at the next pack."""
        self.counts[PsFault.GAP] += 1
        self._held.clear()
        self._scanned = 9
        self._synced = self._ended = False
        pictures = self._pictures
        if pictures is not None:
            pictures.damaged = True
            if pictures.access.data:
                self._made.append(pictures.take(len(pictures.access.data)))
                pictures.damaged = True
            pictures.drop()
        return self._take()

    def end(self) -> list[Pes]:
        """The connection has ended: the last picture, if it has a slice."""
        pictures = self._pictures
        if pictures is not None and pictures.access.whole:
            self._made.append(pictures.take(len(pictures.access.data)))
        self._held.clear()
        self._synced = False
        return self._take()

    def _take(self) -> list[Pes]:
        made, self._made = self._made, []
        return made

    def _read(self) -> None:
        held = self._held
        while len(held) >= 4:
            if not self._synced:
                at = held.find(_PACK_START)
                if at < 0:
                    self._garbage(len(held) - 3)
                    return
                self._garbage(at)
                self._synced = True
            if held[:3] != _START or held[3] < _END:
                self.counts[PsFault.BAD_PACK] += 1
                self._synced = False
                self._garbage(1)
                continue
            length = self._length()
            if length is None or len(held) < length:
                return
            if not length:
                if len(held) > MOST_HELD_BYTES:
                    self.counts[PsFault.TOO_LONG] += 1
                    self._garbage(len(held))
                    self._synced = False
                return
            self._packet(length)

    def _garbage(self, count: int) -> None:
        if count > 0:
            self.counts[PsFault.GARBAGE] += count
            del self._held[:count]
            self._scanned = 9

    def _length_unsaid(self) -> bool:
        """Whether a video packet that does not say how long it is has begun."""
        held = self._held
        return len(held) >= 9 and held[:3] == _START and 0xE0 <= held[3] <= 0xEF and not any(held[4:6])

    def _length(self) -> int | None:
        """Of what begins the held bytes; None: not known yet; 0: up to the next packet, which has not come."""
        held, code = self._held, self._held[3]
        if code == _END:
            return 4
        if code == _PACK:
            if len(held) < 14:
                return None
            return 14 + (held[13] & 7) if held[4] >> 6 == 1 else 12
        if len(held) < 6:
            return None
        length = int.from_bytes(held[4:6], "big")
        if length or not 0xE0 <= code <= 0xEF:
            return 6 + length
        while True:
            at = held.find(_START, self._scanned)
            if at < 0 or at + 3 >= len(held):
                self._scanned = max(9, len(held) - 2 if at < 0 else at)
                return 0
            if held[at + 3] >= _END:  # no unit of video has such a first byte
                return at
            self._scanned = at + 3

    def _packet(self, length: int) -> None:
        packet = bytes(self._held[:length])
        del self._held[:length]
        self._scanned = 9
        if packet[3] == _MAP:
            self._map(packet)
        elif 0xE0 <= packet[3] <= 0xEF:
            self._video(packet)

    def _map(self, packet: bytes) -> None:
        """§2.5.4."""
        at = 12 + int.from_bytes(packet[8:10], "big")
        end = at + int.from_bytes(packet[at - 2 : at], "big")
        if len(packet) < 16 or end > len(packet) - 4:
            self.counts[PsFault.BAD_MAP] += 1
            return
        while at + 4 <= end:
            if 0xE0 <= packet[at + 1] <= 0xEF:
                self._select(packet[at], packet[at + 1])
                return
            at += 4 + int.from_bytes(packet[at + 2 : at + 4], "big")

    def _select(self, codec: int, stream_id: int) -> None:
        kind = _TYPES.get(codec)
        if kind is None:
            self.counts[PsFault.NOT_OURS] += 1
            self._pictures, self._stream_id = None, _NONE
            return
        self._stream_id = stream_id
        if self._pictures is None or self._pictures.access.kind is not kind:
            self._pictures = _Pictures(kind)

    def _video(self, packet: bytes) -> None:
        if self._stream_id is not None and packet[3] != self._stream_id:
            return
        try:
            pts, dts, begins = pes_header(packet)
        except ValueError:
            self.counts[PsFault.BAD_PES] += 1
            return
        data = packet[begins:]
        if self._pictures is None:
            kind = _kind_of(data)
            if kind is None:
                return
            self._stream_id, self._pictures = packet[3], _Pictures(kind)
        pictures = self._pictures
        if self._ended and data and not _begins(data, pictures.access.kind):
            self._marks_end = False
            self.counts[PsFault.EARLY_END] += 1
            pictures.damaged = True  # the part before went out as if it were all
        self._ended = self._ended and not data
        if pts is not None:
            pictures.told(pts, dts)
        at = pictures.access.add(data)
        while at is not None:
            self._made.append(pictures.take(at))
            at = pictures.access.look()
        if len(pictures.access.data) > MOST_PES_BYTES:
            self.counts[PsFault.TOO_LONG] += 1
            pictures.drop()
            pictures.damaged = True


def _first_unit(data: bytes) -> bytes:
    """The unit at the very beginning; empty: none begins there."""
    if data.startswith(_START):
        return data[3:8]
    return data[4:9] if data.startswith(b"\x00" + _START) else b""


def _begins(data: bytes, kind: StreamKind) -> bool:
    """Whether a picture begins here."""
    unit = _first_unit(data)
    if len(unit) < 3:
        return bool(unit)
    if kind is StreamKind.H264:
        number, first = unit[0] & 0x1F, unit[1]
        return not 1 <= number <= 5 or bool(first & 0x80)
    return unit[0] >> 1 & 0x3F > 31 or bool(unit[2] & 0x80)


def _kind_of(data: bytes) -> StreamKind | None:
    """Of a stream without a map, by what stands at the beginning of its key frame."""
    unit = _first_unit(data)
    if len(unit) < 2:
        return None
    if (
        unit[0] in (0x40, 0x42) and unit[1] == 1
    ):  # parameter sets of H.265; of H.264 no unit has these two bytes
        return StreamKind.H265
    if unit[0] == 0x46 and unit[1] == 1:  # its delimiter
        return StreamKind.H265
    return StreamKind.H264 if not unit[0] & 0x80 and unit[0] & 0x1F in (7, 9) else None
