"""A BEAST recording played in a loop at the speed it was made, byte for byte what the receiver heard. Pure.

The counter inside the frames says when each one is due. At the end it begins again from the first frame; the
counter then falls back, which the reading side takes as a restarted receiver.
"""

from collections.abc import Sequence

from protocols.beast import Deframer, encode
from protocols.frames import Frame
from protocols.receiver_clock import TICKS_HZ

REST_S = 1.0  # between the end and the next beginning


class Loop:
    """A position in a recording that is played again and again."""

    def __init__(self, recording: bytes) -> None:
        frames = [item for item in Deframer().feed(recording) if isinstance(item, Frame) and item.ticks]
        if not frames:
            raise ValueError("the recording holds no frames with a counter")
        self._due_s = _due_times(frames)
        self._bytes = [encode(frame) for frame in frames]
        self._next = 0
        self._began_s = 0.0

    def due(self, now_s: float) -> tuple[bytes, int]:
        """Everything that is due by `now_s` and was not given yet, and how many frames it is."""
        first = self._next
        while self._next < len(self._bytes) and self._began_s + self._due_s[self._next] <= now_s:
            self._next += 1
        given = b"".join(self._bytes[first : self._next]), self._next - first
        if self._next == len(self._bytes) and now_s >= self._began_s + self._due_s[-1] + REST_S:
            self._next, self._began_s = 0, now_s
        return given


def _due_times(frames: Sequence[Frame]) -> list[float]:
    """Seconds from the first frame; where the counter steps back a little, together with the frame before."""
    first = frames[0].ticks or 0
    due: list[float] = []
    latest_s = 0.0
    for frame in frames:
        latest_s = max(latest_s, ((frame.ticks or 0) - first) / TICKS_HZ)
        due.append(latest_s)
    return due
