"""A transport stream to what viewers are sent: access units, and KLV packets with their times. Sans-IO."""

from collections import Counter
from dataclasses import dataclass

from protocols.mpegts import Pes, TsDemuxer
from protocols.mpegts_tables import StreamKind
from protocols.video_units import VideoUnit, VideoUnits, microseconds

_DELIMITERS = {StreamKind.H264: b"\x00\x00\x01\x09", StreamKind.H265: b"\x00\x00\x01\x46"}
_FRAME_90K = 3_600  # of 25 a second, until the stream has shown its own pace
MOST_KLV_BYTES = 64 << 10  # a set has some 200 bytes; ours


@dataclass(frozen=True, slots=True, kw_only=True)
class KlvPacket:
    """Bytes as they were sent with the picture of `pts_us`, on the same clock; None: sent without a time."""

    epoch: int
    pts_us: int | None
    data: bytes


class TsVideo:
    """One source, through its reconnections."""

    def __init__(self, *, first_epoch: int = 1) -> None:
        self._ts = TsDemuxer()
        self._units: VideoUnits | None = None
        self._kind: StreamKind | None = None
        self._next_epoch = first_epoch
        self._before: Counter[str] = Counter()  # of demuxers and units that are no more
        self._last_dts: int | None = None
        self._pace = _FRAME_90K

    @property
    def counts(self) -> Counter[str]:
        """All faults by name, and packets."""
        now = Counter({str(name): count for name, count in self._ts.counts.items()})
        if self._units is not None:
            now.update({str(name): count for name, count in self._units.counts.items()})
        return now + self._before + Counter(packets=self._ts.packets)

    @property
    def units(self) -> VideoUnits | None:
        """The video stream's, once there is one."""
        return self._units

    def feed(self, data: bytes) -> list[VideoUnit | KlvPacket]:
        """What is whole now, in the order sent."""
        return self._taken(self._ts.feed(data))

    def cut(self) -> None:
        """A datagram has ended."""
        self._ts.cut()

    def reconnected(self) -> list[VideoUnit | KlvPacket]:
        """The connection is another: what the old one still had, and a new beginning at a key frame."""
        last = self._taken(self._ts.end())
        self._before = self.counts
        self._ts = TsDemuxer()
        if self._units is not None:
            self._next_epoch = self._units.epoch + 1
        self._units = self._kind = self._last_dts = None
        return last

    def _taken(self, packets: list[Pes]) -> list[VideoUnit | KlvPacket]:
        made: list[VideoUnit | KlvPacket] = []
        for pes in packets:
            if pes.kind is StreamKind.KLV:
                made += self._klv(pes)
            else:
                made += self._video(pes)
        return made

    def _klv(self, pes: Pes) -> list[VideoUnit | KlvPacket]:
        if not pes.data or len(pes.data) > MOST_KLV_BYTES or self._units is None:
            return []
        time = None if pes.pts is None else microseconds(self._units.clock.beside(pes.pts))
        return [KlvPacket(epoch=self._units.epoch, pts_us=time, data=pes.data)]

    def _video(self, pes: Pes) -> list[VideoUnit | KlvPacket]:
        if self._units is None or pes.kind is not self._kind:
            if self._units is not None:
                self._next_epoch = self._units.epoch + 1
                self._before.update({str(name): count for name, count in self._units.counts.items()})
            self._units, self._kind = VideoUnits(pes.kind, first_epoch=self._next_epoch), pes.kind
        if pes.damaged:
            self._units.lost(pes.data)
            return []
        made: list[VideoUnit | KlvPacket] = []
        dts = pes.dts if pes.dts is not None else pes.pts
        if dts is not None and self._last_dts is not None and 0 < dts - self._last_dts < 90_000:
            self._pace = dts - self._last_dts
        parts = _split(pes.data, _DELIMITERS[pes.kind])
        for number, part in enumerate(parts):
            later = number * self._pace // len(parts)
            unit = self._units.take(
                part,
                None if pes.pts is None else pes.pts + later,
                None if pes.dts is None else pes.dts + later,
            )
            if unit is not None:
                made.append(unit)
        self._last_dts = dts
        return made


def _split(data: bytes, delimiter: bytes) -> list[bytes]:
    """Access units that share one packet, §2.14.1: they have a delimiter each. Mostly there is one."""
    if data.count(delimiter) < 2:
        return [data]
    parts, begin = [], 0
    at = data.find(delimiter, 1)
    while at >= 0:
        if at - begin > 4:  # not the one that stands at the very beginning
            parts.append(data[begin:at])
            begin = at
        at = data.find(delimiter, at + 1)
    return [*parts, data[begin:]]
