"""What a relay keeps: the pictures since the last key frame of each stream, and what waits for one viewer. Pure.

A new viewer is sent everything since the last key frame, so it sees a picture at once. A viewer that reads slowly is
left out of a stream until its next key frame; the others do not notice.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from protocols.client_session import SessionOver

MOST_GOP_BYTES = 8 << 20  # of one stream; fuller: nothing is kept until the next key frame, counted
MOST_GOP_UNITS = 600  # 10 s at 60 a second
# Of one stream waiting for one viewer, beyond what the kernel takes: 4 s at 4 Mbit/s. Fuller: all of it is dropped and
# the stream goes on at its next key frame, counted.
MOST_WAITING_BYTES = 2 << 20
MOST_CONTROL_BYTES = 1 << 20  # of what cannot be left out; fuller: the viewer is told SLOW and let go
CONTROL = -1


class GopCache:
    """The frames of one stream since its last key frame."""

    def __init__(self) -> None:
        self.too_long = 0
        self._frames: list[bytes] = []
        self._bytes = 0

    @property
    def frames(self) -> Sequence[bytes]:
        """To be sent to who comes now; empty: wait for the next key frame."""
        return self._frames

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._bytes

    def add(self, frame: bytes, *, key: bool) -> None:
        """One more."""
        if key:
            self.clear()
        elif not self._frames:
            return
        if self._bytes + len(frame) > MOST_GOP_BYTES or len(self._frames) >= MOST_GOP_UNITS:
            self.too_long += 1
            self.clear()
            return
        self._frames.append(frame)
        self._bytes += len(frame)

    def clear(self) -> None:
        """Nothing is kept."""
        self._frames = []
        self._bytes = 0


@dataclass(slots=True)
class _Lane:
    """One stream of one viewer."""

    needs_key: bool = True
    waiting_bytes: int = 0
    waiting_key: bool = False  # since it last waited for nothing, a key frame has waited
    sent: int = 0
    dropped: int = 0


class ViewerQueue:
    """What one viewer is sent now, what waits, and what is left out."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.blocked = False
        self._send = send
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._control_bytes = 0
        self._lanes: dict[int, _Lane] = {}

    @property
    def waiting_bytes(self) -> int:
        """Bytes held back for this viewer."""
        return self._control_bytes + sum(lane.waiting_bytes for lane in self._lanes.values())

    def watch(self, slot: int, gop: Sequence[bytes]) -> None:
        """Begin a stream, with the frames since its last key frame."""
        self._lanes[slot] = _Lane()
        for number, frame in enumerate(gop):
            self.unit(slot, frame, key=number == 0)

    def unwatch(self, slot: int) -> None:
        """No more of a stream."""
        if self._lanes.pop(slot, None) is not None:
            self._waiting = deque(each for each in self._waiting if each[0] != slot)

    def watches(self, slot: int) -> bool:
        """Whether it is sent this stream."""
        return slot in self._lanes

    def counts(self, slot: int) -> tuple[int, int]:
        """Units sent and left out of a stream."""
        lane = self._lanes.get(slot)
        return (lane.sent, lane.dropped) if lane else (0, 0)

    def broken(self, slot: int) -> None:
        """The stream begins anew: only a key frame is of use."""
        lane = self._lanes.get(slot)
        if lane is not None:
            self._leave_out(slot, lane)

    def unit(self, slot: int, frame: bytes, *, key: bool) -> bool:
        """One unit of a stream; whether it is, or will be, sent."""
        lane = self._lanes.get(slot)
        if lane is None:
            return False
        if lane.needs_key and not key:
            lane.dropped += 1
            return False
        if not self.blocked and not self._waiting:
            lane.needs_key = False
            lane.sent += 1
            self._send(frame)
            return True
        if key and lane.waiting_bytes and lane.waiting_key:
            self._leave_out(slot, lane)  # a whole group, and this one needs none of it
        if lane.waiting_bytes + len(frame) > MOST_WAITING_BYTES:
            self._leave_out(slot, lane)
            lane.dropped += 1
            return False
        lane.needs_key = False
        lane.waiting_key = (key or lane.waiting_key) if lane.waiting_bytes else key
        lane.waiting_bytes += len(frame)
        self._waiting.append((slot, frame))
        return True

    def must(self, frame: bytes) -> None:
        """Send in order what is no picture. Raises SessionOver(SLOW) when too much waits."""
        if not self.blocked and not self._waiting:
            self._send(frame)
            return
        if self._control_bytes + len(frame) > MOST_CONTROL_BYTES:
            raise SessionOver("SLOW", "you read too slowly")
        self._control_bytes += len(frame)
        self._waiting.append((CONTROL, frame))

    def block(self) -> None:
        """The socket's buffer is full."""
        self.blocked = True

    def unblock(self) -> None:
        """The socket takes bytes again."""
        self.blocked = False
        while not self.blocked and (frame := self.take()) is not None:
            self._send(frame)

    def take(self) -> bytes | None:
        """The oldest frame that waits, for who sends by himself."""
        if not self._waiting:
            return None
        slot, frame = self._waiting.popleft()
        lane = self._lanes.get(slot)
        if lane is not None:
            lane.waiting_bytes -= len(frame)
            lane.sent += 1
        else:
            self._control_bytes -= len(frame)
        return frame

    def drop(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._control_bytes = 0
        for lane in self._lanes.values():
            lane.waiting_bytes = 0

    def _leave_out(self, slot: int, lane: _Lane) -> None:
        if lane.waiting_bytes:
            kept = deque(each for each in self._waiting if each[0] != slot)
            lane.dropped += len(self._waiting) - len(kept)
            self._waiting = kept
            lane.waiting_bytes = 0
        lane.needs_key = True
