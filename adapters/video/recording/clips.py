"""A part of a recording as a file, for evidence: the pictures as they came, put into another container.

Nothing is decoded or encoded anew. It begins with the last key frame before the moment that was asked for, because no
decoder could begin elsewhere. Times are the stream's own; where its clock leaps or begins anew the next picture is placed by
its arrival at the site. MP4 has the pictures alone, and under ISO/IEC 14496-12 one track has one format: a part in which size
or codec change is refused, with the moment. MPEG-TS (H.222.0) has the KLV beside them as private data (MISB ST 1402,
asynchronous), and sizes may change.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from adapters.video.recording import places
from adapters.video.recording.recorder import free_bytes
from dispatch.errors import Refused, Unknown
from protocols.codec import video as codec
from protocols.codec.video import KlvOfStream, PictureOfStream
from protocols.video_segment import KLV, PICTURE, US, Record, SegmentIndex, records

PART = ".part"
GAP_US = 2 * US
LEAP_US = 2 * US  # between the stream's clock and the arrivals
READ_BYTES = 8 << 20
_HZ = 90_000
KEPT_FREE_BYTES = 1 << 30  # of the disk, left to the journal


class ClipMade(msgspec.Struct, frozen=True, kw_only=True):
    """What was written, in PATH.part: the file counts when it has its name."""

    from_us: int
    to_us: int
    sha256: str
    size_bytes: int
    pictures: int
    klv: int
    gaps: int
    codec: str
    width: int
    height: int
    name: str  # as the stream was registered when it was recorded
    carrier: str
    carrier_id: str


class _Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A picture or KLV, and when it had come."""

    at_us: int
    unit: PictureOfStream | KlvOfStream


def make(
    root: Path,
    stream_id: str,
    span: tuple[int, int],
    path: Path,
    told: dict[str, str],
    *,
    with_klv: bool = False,
) -> ClipMade:
    """Write PATH.part. `told`: what stands in the file about itself. Raises Unknown, Refused or OSError."""
    from_us, to_us = span
    found = list(places.reaching(root, stream_id, from_us, to_us))
    if not found:
        raise Unknown("from", "nothing was recorded then")
    one = found[0][1]
    for _, index in found:
        if not _same(index, one, sizes=not with_klv):
            raise Refused(
                "FORMAT_CHANGED",
                f"the picture, or what the camera is on, is another from {_told(index.from_us)} on: export up to there, and from there",
                field="to",
            )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    needed = sum(index.size for _, index in found) + KEPT_FREE_BYTES
    if free_bytes(path.parent) < needed:
        raise Refused("DISK_FULL", f"{needed / 1e9:.1f} GB of the disk have to be free for it")
    part = path.with_name(path.name + PART)
    try:
        made = _write(found, span, part, told, with_klv)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return made


def _same(index: SegmentIndex, one: SegmentIndex, *, sizes: bool) -> bool:
    """Whether two segments go into one file."""
    if index.info.carrier_id != one.info.carrier_id or _format(index) != _format(one):
        return False
    return not sizes or (index.codec, index.width, index.height) == (one.codec, one.width, one.height)


def _format(index: SegmentIndex) -> str:
    """What FFmpeg calls it."""
    return "hevc" if index.codec.startswith(("hev1", "hvc1")) else "h264"


def _write(
    found: list[tuple[Path, SegmentIndex]],
    span: tuple[int, int],
    part: Path,
    told: dict[str, str],
    with_klv: bool,
) -> ClipMade:
    import av

    one, laid, output = found[0][1], _Laid(), None
    first_us = last_us = pictures = klv = gaps = 0
    try:
        for each in _units(found, span):
            unit = each.unit
            if isinstance(unit, PictureOfStream):
                if output is None:
                    first_us = last_us = each.at_us
                    output = _Output(part, unit, one, told | {"creation_time": _told(each.at_us)}, with_klv)
                gaps += each.at_us - last_us > GAP_US
                output.put_picture(unit, laid.picture(each.at_us, unit))
                pictures += 1
                last_us = max(last_us, each.at_us)
            elif output is not None and with_klv:
                output.put_klv(unit, laid.klv(each.at_us, unit))
                klv += 1
        if output is None:
            raise Unknown("from", "nothing was recorded then")
    except av.error.FFmpegError as error:
        raise Refused("CLIP_FAILED", f"the file could not be written: {type(error).__name__}") from None
    finally:
        if output is not None:
            output.close()
    return ClipMade(
        from_us=first_us,
        to_us=last_us,
        sha256=digest_of(part, lasting=True),
        size_bytes=part.stat().st_size,
        pictures=pictures,
        klv=klv,
        gaps=gaps,
        codec=one.codec,
        width=one.width,
        height=one.height,
        name=one.info.name,
        carrier=one.info.carrier,
        carrier_id=one.info.carrier_id,
    )


class _Output:
    """The file while it is written."""

    def __init__(
        self, part: Path, first: PictureOfStream, one: SegmentIndex, told: dict[str, str], with_klv: bool
    ) -> None:
        import av

        self._packet = av.Packet
        options = {} if with_klv else {"movflags": "faststart"}
        self._file: Any = av.open(str(part), "w", format="mpegts" if with_klv else "mp4", options=options)
        with av.open(BytesIO(first.data), format=_format(one)) as model:
            self._track = self._file.add_stream_from_template(model.streams.video[0])
        self._track.time_base = Fraction(1, _HZ)
        self._klv = self._file.add_data_stream("klv") if with_klv else None
        self._file.metadata.update(told)

    def put_picture(self, unit: PictureOfStream, when: tuple[int, int]) -> None:
        """`when`: shown and decoded, 1/90,000 s from the beginning."""
        self._put(self._track, unit.data, when, key=unit.key)

    def put_klv(self, unit: KlvOfStream, when: int) -> None:
        """At a picture's time."""
        self._put(self._klv, unit.data, (when, when), key=True)

    def _put(self, track: Any, data: bytes, when: tuple[int, int], *, key: bool) -> None:
        packet = self._packet(data)
        packet.stream, packet.time_base = track, Fraction(1, _HZ)
        packet.pts, packet.dts, packet.is_keyframe = *when, key
        self._file.mux(packet)

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()


class _Laid:
    """Where pictures come in the file: in 1/90,000 s from its beginning, in the order in which they are decoded."""

    def __init__(self) -> None:
        self._epoch = -1
        self._offset_us = 0  # from the stream's clock to the file's
        self._begin_us = 0
        self._last_dts = -1
        self._last_klv = -1

    def picture(self, at_us: int, unit: PictureOfStream) -> tuple[int, int]:
        """When it is shown, and when decoded."""
        if self._epoch < 0:
            self._begin_us = at_us
        since_us = at_us - self._begin_us
        if unit.epoch != self._epoch or abs(unit.dts_us + self._offset_us - since_us) > LEAP_US:
            self._offset_us, self._epoch = since_us - unit.dts_us, unit.epoch
        dts = max((unit.dts_us + self._offset_us) * _HZ // US, self._last_dts + 1)
        self._last_dts = dts
        return max(dts, (unit.pts_us + self._offset_us) * _HZ // US), dts

    def klv(self, at_us: int, unit: KlvOfStream) -> int:
        """When it holds: at its picture's time where it says which that is, else when it came."""
        told_us = at_us - self._begin_us
        if unit.pts_us is not None and unit.epoch == self._epoch:
            told_us = unit.pts_us + self._offset_us
        self._last_klv = max(told_us * _HZ // US, self._last_klv + 1)
        return self._last_klv


def _units(found: list[tuple[Path, SegmentIndex]], span: tuple[int, int]) -> Iterator[_Unit]:
    """From the key frame before the beginning on."""
    for number, (path, index) in enumerate(found):
        key = index.key_before(span[0]) if number == 0 else index.key_before(index.from_us)
        if key is None:
            continue
        for each in _records(path, key.offset):
            if each.at_us >= span[1]:
                return
            if each.kind == PICTURE:
                yield _Unit(at_us=each.at_us, unit=codec.read_picture(each.body))
            elif each.kind == KLV:
                yield _Unit(at_us=each.at_us, unit=codec.read_klv(each.body))


def _records(path: Path, offset: int) -> Iterator[Record]:
    """Of a segment, from one on."""
    with path.open("rb") as file:
        file.seek(offset)
        held = b""
        while more := file.read(READ_BYTES):
            held, at = held + more, 0
            for each in records(held):
                at = each.end
                yield each
            held = held[at:]


def digest_of(path: Path, *, lasting: bool = False) -> str:
    """SHA-256 in hex. `lasting`: on the disk first."""
    with path.open("rb") as file:
        if lasting:
            os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _told(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us / US, UTC):%Y-%m-%dT%H:%M:%SZ}"
