"""FLV's video tags (Adobe, Video File Format 10.1, annex E.4.3; Enhanced RTMP v1) to access units. Pure.

H.264 has codec 7; H.265 stands as codec 12, as many encoders send it, or with a four-character code.
"""

from collections.abc import Callable

from protocols.decoder_configuration import read_configuration
from protocols.mpegts_tables import StreamKind
from protocols.video_units import VideoUnit, VideoUnits, annex_b

_CODECS = {7: StreamKind.H264, 12: StreamKind.H265}
_FOURCC = {b"avc1": StreamKind.H264, b"hvc1": StreamKind.H265}
_KEY = 1
_CONFIGURATION, _PICTURE, _PICTURE_AT_ITS_TIME = 0, 1, 3
_TICKS_PER_MS = 90


class FlvVideo:
    """The pictures of one publishing. `begun` is told of each new VideoUnits, whose counts are of interest."""

    def __init__(self, *, first_epoch: int, begun: Callable[[VideoUnits], None]) -> None:
        self.units: VideoUnits | None = None
        self._next_epoch = first_epoch
        self._begun = begun
        self._kind: StreamKind | None = None
        self._length_bytes = 0
        self._sets = b""

    def take(self, tag: bytes, time_ms: int) -> VideoUnit | None:
        """A unit, if the tag holds one that can be shown. Raises ValueError."""
        kind, key, what, later_ms, data = _read(tag)
        if kind is None:
            return None
        if what == _CONFIGURATION:
            self._set_up(kind, data)
            return None
        if self.units is None or kind is not self._kind or what not in (_PICTURE, _PICTURE_AT_ITS_TIME):
            return None
        dts = time_ms * _TICKS_PER_MS % (1 << 33)
        pts = (time_ms + later_ms) * _TICKS_PER_MS % (1 << 33)
        data = annex_b(data, self._length_bytes)
        return self.units.take(self._sets + data if key else data, pts, dts)

    def _set_up(self, kind: StreamKind, data: bytes) -> None:
        self._length_bytes, self._sets = read_configuration(data, kind)
        if not self._length_bytes:
            raise ValueError("no decoder configuration")
        if self.units is None or kind is not self._kind:
            if self.units is not None:
                self._next_epoch = self.units.epoch + 1
            self.units, self._kind = VideoUnits(kind, first_epoch=self._next_epoch), kind
            self._begun(self.units)


def _read(tag: bytes) -> tuple[StreamKind | None, bool, int, int, bytes]:
    """Codec (None: another), key frame, what it is, how much later it is shown (ms), the rest."""
    if len(tag) < 5:
        return None, False, 0, 0, b""
    first = tag[0]
    if not first & 0x80:
        later = int.from_bytes(tag[2:5], "big", signed=True)
        return _CODECS.get(first & 15), first >> 4 == _KEY, tag[1], later, tag[5:]
    what, kind = first & 15, _FOURCC.get(bytes(tag[1:5]))
    if what == _PICTURE:
        return kind, first >> 4 & 7 == _KEY, what, int.from_bytes(tag[5:8], "big", signed=True), tag[8:]
    return kind, first >> 4 & 7 == _KEY, what, 0, tag[5:]
