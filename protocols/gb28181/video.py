"""RTP packets of a device to what viewers are sent: as protocols/video_ts.py does for transport streams. Sans-IO.

After a loss nothing is shown up to the next key frame: which pictures leaned on the lost one is not known.
"""

from collections import Counter

from protocols.gb28181.rtp import RtpOrder
from protocols.gb28181.sdp import PS
from protocols.mpegps import PsDemuxer
from protocols.mpegts import Pes
from protocols.video_units import VideoUnit, VideoUnits


class GbVideo:
    """One source, through its reconnections."""

    def __init__(self, ssrc: int, *, first_epoch: int = 1) -> None:
        self._ssrc, self._next_epoch = ssrc, first_epoch
        self._order, self._ps = RtpOrder(ssrc, PS), PsDemuxer()
        self._units: VideoUnits | None = None
        self._kind: object = None
        self._before: Counter[str] = Counter()

    @property
    def counts(self) -> Counter[str]:
        """All faults by name, and packets."""
        now = Counter({str(name): count for name, count in (self._order.counts + self._ps.counts).items()})
        if self._units is not None:
            now.update({str(name): count for name, count in self._units.counts.items()})
        return now + self._before

    @property
    def units(self) -> VideoUnits | None:
        """The video stream's, once there is one."""
        return self._units

    def feed(self, packet: bytes, now_s: float = 0.0) -> list[VideoUnit]:
        """The pictures that are whole now. `now_s`: for how long one that is missing is waited for."""
        made: list[VideoUnit] = []
        for each in self._order.feed(packet, now_s):
            if each.lost:
                made += self._taken(self._ps.lost())
            made += self._taken(self._ps.feed(each.payload))
            if each.marker:
                made += self._taken(self._ps.marked())
        return made

    def reconnected(self) -> list[VideoUnit]:
        """The connection is another: what the old one still had, and a new beginning at a key frame."""
        last = self._taken(self._ps.end())
        self._before = self.counts
        self._order, self._ps = RtpOrder(self._ssrc, PS), PsDemuxer()
        if self._units is not None:
            self._next_epoch = self._units.epoch + 1
        self._units = self._kind = None
        return last

    def _taken(self, packets: list[Pes]) -> list[VideoUnit]:
        made = []
        for pes in packets:
            if self._units is None or pes.kind is not self._kind:
                if self._units is not None:
                    self._next_epoch = self._units.epoch + 1
                    self._before.update({str(name): count for name, count in self._units.counts.items()})
                self._units, self._kind = VideoUnits(pes.kind, first_epoch=self._next_epoch), pes.kind
            if pes.damaged:
                self._units.lost(pes.data, until_key=True)
                continue
            unit = self._units.take(pes.data, pes.pts, pes.dts)
            if unit is not None:
                made.append(unit)
        return made
