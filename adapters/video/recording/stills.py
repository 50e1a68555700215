"""Small pictures (JPEG) of key frames: one key unit decoded and scaled, for lists and for lines too thin for video.

In a process of its own: the decoder is a library in C, and what it is given came from outside. A picture that crashes it
takes one question along.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

from adapters.video.recording import places
from dispatch.errors import Unknown
from protocols.codec import video as codec
from protocols.video_segment import PICTURE, US, records

WIDTH = 320  # pixels of the longer side, at most: some 8 kB
_SHORT = 60 * US  # a still is of a key frame so near at most
READ_BYTES = 6 << 20  # a key unit has 4 MiB at most


def still_of(message: bytes) -> bytes:
    """JPEG of a key unit in a VideoTold message. Raises Unknown where it cannot be decoded."""
    import av

    unit = codec.read_picture(message)
    name = "hevc" if codec.read_format(message)[0].startswith(("hev1", "hvc1")) else "h264"
    decoder: Any = av.CodecContext.create(name, "r")
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(av.Packet(unit.data)), *decoder.decode(None)]
    except (av.error.FFmpegError, ValueError):
        frames = []
    if not frames:
        raise Unknown("at", "its key frame cannot be decoded")
    return _jpeg(frames[0])


def still_at(root: Path, stream_id: str, at_us: int, carriers: tuple[str, ...] | None = None) -> bytes:
    """Of what was recorded then, on one of these carriers. Raises Unknown."""
    nearest = None
    for path, index in places.reaching(root, stream_id, at_us - _SHORT, at_us + _SHORT):
        if carriers is not None and index.info.carrier_id not in carriers:
            continue
        for key in index.keys:
            if nearest is None or abs(key.at_us - at_us) < abs(nearest[1].at_us - at_us):
                nearest = path, key
    if nearest is None:
        raise Unknown("at", "nothing was recorded then")
    path, key = nearest
    with path.open("rb") as file:
        file.seek(key.offset)
        first = next(records(file.read(READ_BYTES)), None)
    if first is None or first.kind != PICTURE:
        raise Unknown("at", "the recording is damaged there")
    return still_of(first.body)


def _jpeg(frame: Any) -> bytes:
    import av

    scale = min(1.0, WIDTH / max(frame.width, frame.height))
    # even numbers: colours are at half the resolution
    width, height = (max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
    small = frame.reformat(width, height, "yuvj420p")
    small.pts = 0
    coder: Any = av.CodecContext.create("mjpeg", "w")
    coder.width, coder.height, coder.pix_fmt, coder.time_base = width, height, "yuvj420p", Fraction(1, 25)
    return b"".join(bytes(packet) for packet in [*coder.encode(small), *coder.encode(None)])
