"""Access units of one video stream, fit for a decoder that may begin at any key frame. Sans-IO.

    VideoUnits.take(data, pts, dts) -> VideoUnit | None

Units leave in Annex B form (start codes), parameter sets in front of each key frame, times made continuous. Nothing is
decoded. What cannot be shown is left out and counted by name: what comes before the first key frame, what follows a
key frame that was lost, what is no video.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from protocols.mpegts_tables import StreamKind
from protocols.video_sets import PictureFormat, read_h264, read_h265

_START = b"\x00\x00\x01"
_LONG_START = b"\x00\x00\x00\x01"
_WRAP = 1 << 33
MOST_JUMP_90K = 10 * 90_000  # a clock that leaps further is counted
MOST_SETS = 8  # parameter sets of one kind kept, the latest
MOST_UNIT_BYTES = 4 << 20


class UnitFault(StrEnum):
    """What is counted."""

    BEFORE_KEY = "before_first_key"
    AFTER_LOST_KEY = "after_lost_key"
    DAMAGED = "damaged"
    NO_VIDEO = "no_video"
    NO_SETS = "no_parameter_sets"
    BAD_SET = "bad_parameter_sets"
    NO_TIME = "no_time"
    JUMP = "clock_jumps"
    FORMAT = "format_changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUnit:
    """One access unit. Microseconds on the stream's own clock, which has no known beginning.

    `epoch` is another number as soon as a decoder must be set up anew; `format` is told with each key unit.
    """

    epoch: int
    key: bool
    pts_us: int
    dts_us: int
    data: bytes
    format: PictureFormat | None = None


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a codec numbers its units."""

    header: int

    def kind(self, first: int) -> int:
        return first & 0x1F if self.header == 1 else first >> 1 & 0x3F


_H264 = _Shape(1)
_H265 = _Shape(2)
# ITU-T H.264 table 7-1, H.265 table 7-1
_SETS = {1: {7: "sps", 8: "pps"}, 2: {32: "vps", 33: "sps", 34: "pps"}}
_KEYS = {1: frozenset({5}), 2: frozenset(range(16, 24))}
_SLICES = {1: frozenset(range(1, 6)), 2: frozenset(range(32))}
_ORDER = {1: ("sps", "pps"), 2: ("vps", "sps", "pps")}
_DELIMITERS = {1: 9, 2: 35}  # would have to stand before the parameter sets; says nothing that decoders need


def nal_units(data: bytes) -> list[bytes]:
    """The units between start codes, without them."""
    parts = data.split(_START)
    return [part.rstrip(b"\x00") for part in parts[1:] if part]


def annex_b(data: bytes, length_bytes: int) -> bytes:
    """Units with lengths before them (as in MP4 and FLV) with start codes instead. Raises ValueError."""
    made, at = bytearray(), 0
    while at < len(data):
        length = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        if not 0 < length <= len(data) - at:
            raise ValueError("a unit longer than its frame")
        made += _LONG_START + data[at : at + length]
        at += length
    return bytes(made)


class Clock:
    """Makes 33-bit times continuous: the nearest to the last one."""

    def __init__(self) -> None:
        self.jumps = 0
        self._last: int | None = None

    def continuous(self, ticks: int) -> int:
        """In 1/90,000 s."""
        if self._last is None:
            self._last = ticks
            return ticks
        step = (ticks - self._last + _WRAP // 2) % _WRAP - _WRAP // 2
        self.jumps += abs(step) > MOST_JUMP_90K
        self._last += step
        return self._last

    def beside(self, ticks: int) -> int:
        """Of something that goes with the stream, such as KLV; moves nothing."""
        if self._last is None:
            return ticks
        return self._last + (ticks - self._last + _WRAP // 2) % _WRAP - _WRAP // 2


def microseconds(ticks: int) -> int:
    """Of 1/90,000 s."""
    return ticks * 100 // 9


class VideoUnits:
    """One stream of units, through changes of format."""

    def __init__(self, kind: StreamKind, *, first_epoch: int = 1) -> None:
        self.counts: Counter[str] = Counter()
        self.epoch = first_epoch - 1
        self.format: PictureFormat | None = None
        self.clock = Clock()
        self._shape = _H265 if kind is StreamKind.H265 else _H264
        self._sets: dict[str, dict[bytes, bytes]] = {name: {} for name in _ORDER[self._shape.header]}
        self._shown = b""  # the parameter sets of this epoch
        self._waits: UnitFault | None = UnitFault.BEFORE_KEY
        self._last_dts: int | None = None

    def lost(self, data: bytes = b"", *, until_key: bool = False) -> None:
        """A unit is damaged. Without its key frame nothing can be shown until the next one; `until_key`: in any case."""
        self.counts[UnitFault.DAMAGED] += 1
        if self._waits is None and (until_key or self._key([self._kind(each) for each in nal_units(data)])):
            self._waits = UnitFault.AFTER_LOST_KEY

    def take(self, data: bytes, pts: int | None, dts: int | None) -> VideoUnit | None:
        """A unit for the decoder, or None."""
        units = [each for each in nal_units(data) if len(each) > self._shape.header]
        kinds = [self._kind(each) for each in units]
        self._keep(units, kinds)
        if len(data) > MOST_UNIT_BYTES or not _SLICES[self._shape.header].intersection(kinds):
            self.counts[UnitFault.NO_VIDEO] += 1
            return None
        if pts is None:
            self.counts[UnitFault.NO_TIME] += 1
            return None
        key = self._key(kinds)
        if not key and self._waits is not None:
            self.counts[self._waits] += 1
            return None
        if key and not self._open():
            return None
        jumps = self.clock.jumps
        decoded = self.clock.continuous(pts if dts is None else dts)
        self.counts[UnitFault.JUMP] += self.clock.jumps - jumps
        shown = decoded if dts is None else self.clock.beside(pts)
        return VideoUnit(
            epoch=self.epoch,
            key=key,
            pts_us=microseconds(shown),
            dts_us=microseconds(decoded),
            data=self._whole(units, kinds) if key else data,
            format=self.format if key else None,
        )

    def _kind(self, unit: bytes) -> int:
        return self._shape.kind(unit[0]) if unit else -1

    def _key(self, kinds: list[int]) -> bool:
        return bool(_KEYS[self._shape.header].intersection(kinds))

    def _keep(self, units: list[bytes], kinds: list[int]) -> None:
        names = _SETS[self._shape.header]
        for unit, kind in zip(units, kinds, strict=True):
            name = names.get(kind)
            if name is None or len(unit) > 4_096:
                continue
            kept = self._sets[name]
            # the first bytes hold the set's own number: a new one of the same number takes its place
            number = unit[: self._shape.header + 1] if name == "pps" else name.encode()
            kept.pop(number, None)
            kept[number] = unit
            while len(kept) > MOST_SETS:
                del kept[next(iter(kept))]

    def _open(self) -> bool:
        """Set up for a key frame; whether it can be shown."""
        if any(not kept for kept in self._sets.values()):
            self.counts[UnitFault.NO_SETS] += 1
            self._waits = self._waits or UnitFault.AFTER_LOST_KEY
            return False
        sets = self._all_sets()
        if sets != self._shown:
            sps = next(reversed(self._sets["sps"].values()))
            try:
                made = read_h265(sps) if self._shape.header == 2 else read_h264(sps)
            except ValueError:
                self.counts[UnitFault.BAD_SET] += 1
                self._waits = self._waits or UnitFault.AFTER_LOST_KEY
                return False
            if made != self.format or not self._shown:
                self.counts[UnitFault.FORMAT] += self.format is not None
                self.epoch += 1
            self.format, self._shown = made, sets
        self._waits = None
        return True

    def _all_sets(self) -> bytes:
        return b"".join(
            _LONG_START + unit for name in _ORDER[self._shape.header] for unit in self._sets[name].values()
        )

    def _whole(self, units: list[bytes], kinds: list[int]) -> bytes:
        """The key frame with its parameter sets first."""
        left_out = {*_SETS[self._shape.header], _DELIMITERS[self._shape.header]}
        rest = (unit for unit, kind in zip(units, kinds, strict=True) if kind not in left_out)
        return self._shown + b"".join(_LONG_START + unit for unit in rest)
