"""A part of a recording as an MP4 file, for evidence: the pictures as they came, put into another container.

Nothing is decoded or encoded anew. It begins with the last key frame before the moment that was asked for, because no
decoder could begin elsewhere. Times are the stream's own; where its clock leaps or begins anew the next picture is placed by
its arrival at the site. Under ISO/IEC 14496-12 one track has one format: a part in which size or codec change is refused,
with the moment. KLV is not in the file; the recording has it.
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
from protocols.codec.video import PictureOfStream
from protocols.video_segment import PICTURE, US, SegmentIndex, records

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
    gaps: int
    codec: str
    width: int
    height: int
    name: str  # as the stream was registered when it was recorded
    carrier: str
    carrier_id: str


class _Picture(msgspec.Struct, frozen=True, kw_only=True):
    at_us: int
    unit: PictureOfStream


def make(root: Path, stream_id: str, span: tuple[int, int], path: Path, told: dict[str, str]) -> ClipMade:
    """Write PATH.part. `told`: what stands in the file about itself. Raises Unknown, Refused or OSError."""
    from_us, to_us = span
    found = list(places.reaching(root, stream_id, from_us, to_us))
    if not found:
        raise Unknown("from", "nothing was recorded then")
    one = found[0][1]
    for _, index in found:
        same = (index.codec, index.width, index.height) == (one.codec, one.width, one.height)
        if not same or index.info.carrier_id != one.info.carrier_id:
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
        made = _write(found, span, part, told)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return made


def _write(
    found: list[tuple[Path, SegmentIndex]], span: tuple[int, int], part: Path, told: dict[str, str]
) -> ClipMade:
    import av

    one, laid = found[0][1], _Laid()
    first_us = last_us = pictures = gaps = 0
    output: Any = None
    try:
        for each in _pictures(found, span):
            if output is None:
                first_us = last_us = each.at_us
                output, track = _begun(part, each, one, told)
            gaps += each.at_us - last_us > GAP_US
            pts, dts = laid.place(each)
            packet = av.Packet(each.unit.data)
            packet.stream, packet.time_base = track, Fraction(1, _HZ)
            packet.pts, packet.dts, packet.is_keyframe = pts, dts, each.unit.key
            output.mux(packet)
            pictures += 1
            last_us = max(last_us, each.at_us)
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
        gaps=gaps,
        codec=one.codec,
        width=one.width,
        height=one.height,
        name=one.info.name,
        carrier=one.info.carrier,
        carrier_id=one.info.carrier_id,
    )


class _Laid:
    """Where pictures come in the file: in 1/90,000 s from its beginning, in the order in which they are decoded."""

    def __init__(self) -> None:
        self._epoch = -1
        self._offset_us = 0  # from the stream's clock to the file's
        self._begin_us = 0
        self._last_dts = -1

    def place(self, each: _Picture) -> tuple[int, int]:
        """When it is shown, and when decoded."""
        unit = each.unit
        if self._epoch < 0:
            self._begin_us = each.at_us
        since_us = each.at_us - self._begin_us
        if unit.epoch != self._epoch or abs(unit.dts_us + self._offset_us - since_us) > LEAP_US:
            self._offset_us, self._epoch = since_us - unit.dts_us, unit.epoch
        dts = (unit.dts_us + self._offset_us) * _HZ // US
        dts = max(dts, self._last_dts + 1)
        self._last_dts = dts
        return max(dts, (unit.pts_us + self._offset_us) * _HZ // US), dts


def _pictures(found: list[tuple[Path, SegmentIndex]], span: tuple[int, int]) -> Iterator[_Picture]:
    """From the key frame before the beginning on."""
    for number, (path, index) in enumerate(found):
        key = index.key_before(span[0]) if number == 0 else index.key_before(index.from_us)
        if key is None:
            continue
        for at_us, body in bodies(path, key.offset):
            if at_us >= span[1]:
                return
            yield _Picture(at_us=at_us, unit=codec.read_picture(body))


def bodies(path: Path, offset: int) -> Iterator[tuple[int, bytes]]:
    """Pictures of a segment from a record on."""
    with path.open("rb") as file:
        file.seek(offset)
        held = b""
        while more := file.read(READ_BYTES):
            held, at = held + more, 0
            for each in records(held):
                at = each.end
                if each.kind == PICTURE:
                    yield each.at_us, each.body
            held = held[at:]


def _begun(part: Path, first: _Picture, one: SegmentIndex, told: dict[str, str]) -> tuple[Any, Any]:
    import av

    kind = "hevc" if one.codec.startswith(("hev1", "hvc1")) else "h264"
    output: Any = av.open(str(part), "w", format="mp4", options={"movflags": "faststart"})
    with av.open(BytesIO(first.unit.data), format=kind) as model:
        track = output.add_stream_from_template(model.streams.video[0])
    track.time_base = Fraction(1, _HZ)
    output.metadata.update(told | {"creation_time": _told(first.at_us)})
    return output, track


def digest_of(path: Path, *, lasting: bool = False) -> str:
    """SHA-256 in hex. `lasting`: on the disk first."""
    with path.open("rb") as file:
        if lasting:
            os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _told(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us / US, UTC):%Y-%m-%dT%H:%M:%SZ}"
