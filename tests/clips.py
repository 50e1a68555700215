"""Small clips made here: the number of each frame stands in it as 16 black or white squares, and can be read back."""

import io
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np

BITS = 16
SIZE = (320, 240)


def picture(number: int, size: tuple[int, int] = SIZE) -> "np.ndarray[Any, Any]":
    """A grey picture with its number in two rows of eight squares, highest bit first."""
    width, height = size
    shown = np.full((height, width, 3), 90, np.uint8)
    side = width // 8
    for bit in range(BITS):
        row, column = divmod(bit, 8)
        value = 235 if number >> (BITS - 1 - bit) & 1 else 16
        shown[row * side : (row + 1) * side, column * side : (column + 1) * side] = value
    return shown


class Camera:
    """Encodes frames one at a time into a transport stream."""

    def __init__(
        self,
        *,
        size: tuple[int, int] = SIZE,
        rate: int = 25,
        codec: str = "libx264",
        group: int = 25,
        between: int = 0,
        form: str = "mpegts",
        klv: bool = False,
    ) -> None:
        self._bytes = io.BytesIO()
        self._file = av.open(self._bytes, "w", format=form, options={"flush_packets": "1"})
        made: Any = self._file.add_stream(codec, rate=rate)
        made.width, made.height = size
        made.pix_fmt = "yuv420p"
        made.time_base = Fraction(1, rate)
        quick = {"preset": "ultrafast"} | ({"tune": "zerolatency"} if not between else {})
        made.options = {**quick, "g": str(group), "bf": str(between), "sc_threshold": "0"}
        if codec == "libx265":
            made.options = {**quick, "x265-params": f"keyint={group}:bframes={between}:log-level=none"}
        self._stream = made
        self._size = size
        self._count = 0
        self._read = 0

    def shoot(self, number: int | None = None, shown: "np.ndarray[Any, Any] | None" = None) -> bytes:
        """The bytes of one more frame; `shown` instead of a plain picture."""
        if shown is None:
            shown = picture(self._count if number is None else number, self._size)
        frame = av.VideoFrame.from_ndarray(shown, "rgb24")
        frame.pts = self._count
        self._count += 1
        for packet in self._stream.encode(frame):
            self._file.mux(packet)
        return self._new()

    def end(self) -> bytes:
        """The bytes of what is left."""
        for packet in self._stream.encode(None):
            self._file.mux(packet)
        self._file.close()
        return self._new()

    def _new(self) -> bytes:
        made = self._bytes.getvalue()[self._read :]
        self._read += len(made)
        return made


def clip(count: int = 50, **how: Any) -> bytes:
    """A whole clip."""
    camera = Camera(**how)
    return b"".join([*(camera.shoot() for _ in range(count)), camera.end()])


def datagrams(stream: bytes, packets: int = 7) -> Iterator[bytes]:
    """As senders cut it for UDP."""
    size = 188 * packets
    return (stream[at : at + size] for at in range(0, len(stream), size))


def spoilt(stream: bytes, rng: random.Random, share: float = 0.01) -> bytes:
    """A byte changed, anywhere, in this share of the transport packets."""
    made = bytearray(stream)
    for at in range(0, len(made), 188):
        if rng.random() < share:
            made[at + rng.randrange(188)] ^= rng.randrange(1, 256)
    return bytes(made)


def numbers(units: Sequence[bytes], codec: str = "h264") -> list[int]:
    """The numbers of the frames in access units, by decoding them."""
    decoder: Any = av.CodecContext.create(codec, "r")
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit))]
    frames += decoder.decode(None)
    return [number_of(frame.to_ndarray(format="gray")) for frame in frames]


def number_of(grey: "np.ndarray[Any, Any]") -> int:
    """The number in a picture."""
    side = grey.shape[1] // 8
    found = 0
    for bit in range(BITS):
        row, column = divmod(bit, 8)
        found = found << 1 | int(grey[row * side + side // 2, column * side + side // 2] > 128)
    return found
