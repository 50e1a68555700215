"""Video over one link, the class of traffic that gives way to every other. Pure: no socket, time is an argument.

    -> VideoPull(feed 1, stream)       said again each second
    <- VideoPiece(feed 1, unit 1 ...)  from the last key frame on, at most a window of bytes that are not yet taken
    -> VideoTook(bytes)                with each piece
    <- VideoOver(feed 1, EXPIRED)

What lies in the socket's and the kernel's buffers is ahead of an order that is said now. So the window follows the
line: while what was sent takes TARGET longer to be taken than it ever took on this connection, somebody waits behind
it, and the window shrinks, to one piece at least, and then rests in between; else it grows (the idea is LEDBAT's, RFC 6817). Pictures that find
no room wait in a short queue of our own, and are left out up to the next key frame when they have grown old. A key
frame that is half sent is finished: on a poor line there is a picture now and then, instead of none.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from protocols.codec.link_video import PIECE_BYTES, VideoPiece, VideoPull

TARGET = timedelta(milliseconds=150)  # that others may be held up
FIRST_WINDOW, LEAST_WINDOW, MOST_WINDOW = 4 * PIECE_BYTES, PIECE_BYTES, 1 << 20
REST, LONGEST_REST = 2, timedelta(seconds=10)  # times what the last piece took; a clock that was stepped
SHRINK, GROW = 0.7, 0.5  # of the window; of what was taken
MOST_FEEDS = 16  # of one partner at once
MOST_WAITING_BYTES = 2 << 20  # of one feed; fuller, or older: left out up to the next key frame
MOST_AGE = timedelta(seconds=1)
KEY_PASSES_AFTER = timedelta(milliseconds=250)  # a key frame makes what has waited so long of no use
MOST_UNIT_BYTES = 5 << 20  # an access unit has at most 4 MiB
RECEIVED_A_SECOND = 8 << 20  # bytes of pieces; what is more is dropped and counted
GRACE = timedelta(seconds=5)  # in which pieces of a feed that was ended here are under way still
MOST_FAULTS = 20  # of one feed: then it is held
HOLD = timedelta(seconds=30)
REMEMBERED_ENDS = 64


# The sending half


@dataclass(slots=True, kw_only=True)
class _Unit:
    number: int
    key: bool
    message: bytes
    at: datetime
    sent: int = 0


@dataclass(slots=True, kw_only=True)
class _Feed:
    needs_key: bool = True
    number: int = 0
    bytes: int = 0
    waiting: deque[_Unit] = field(default_factory=deque)
    sent: int = 0
    left_out: int = 0


class VideoSender:
    """What one partner is sent of our streams."""

    def __init__(self) -> None:
        self.window = FIRST_WINDOW
        self._feeds: dict[int, _Feed] = {}
        self._sent = 0
        self._taken = 0
        self._log: deque[tuple[int, datetime]] = deque()  # bytes sent so far, when; not yet taken
        self._least: timedelta | None = None  # that a piece took to be taken
        self._shrunk_at: datetime | None = None
        self._rests_until: datetime | None = None

    def begin(self) -> None:
        """A new connection: nothing is under way, nobody is fed."""
        self.window = FIRST_WINDOW
        self._feeds.clear()
        self._sent = self._taken = 0
        self._log.clear()
        self._least = self._shrunk_at = self._rests_until = None

    def open(self, feed: int) -> None:
        """It may be sent."""
        self._feeds[feed] = _Feed()

    def close(self, feed: int) -> tuple[int, int]:
        """No more of it; how many of its messages were sent and left out."""
        gone = self._feeds.pop(feed, _Feed())
        return gone.sent, gone.left_out + len(gone.waiting)

    def counts(self, feed: int) -> tuple[int, int]:
        """Messages sent and left out."""
        there = self._feeds.get(feed, _Feed())
        return there.sent, there.left_out

    @property
    def under_way(self) -> int:
        """Bytes sent and not yet taken."""
        return self._sent - self._taken

    @property
    def waiting_bytes(self) -> int:
        """Bytes held back."""
        return sum(each.bytes for each in self._feeds.values())

    def broken(self, feed: int) -> None:
        """The stream begins anew: only a key frame is of use."""
        there = self._feeds.get(feed)
        if there is not None:
            self._leave_out(there)

    def put(self, feed: int, message: bytes, *, key: bool, now: datetime) -> None:
        """One message of a stream, a picture or what goes with it."""
        there = self._feeds.get(feed)
        if there is None:
            return
        there.number += 1
        oldest = next((each.at for each in there.waiting if not each.sent), now)
        if (
            (key and now - oldest > KEY_PASSES_AFTER)
            or now - oldest > MOST_AGE
            or there.bytes + len(message) > MOST_WAITING_BYTES
        ):
            self._leave_out(there)
        if (there.needs_key and not key) or there.bytes + len(message) > MOST_WAITING_BYTES:
            there.left_out += 1
            return
        there.needs_key = False
        there.bytes += len(message)
        there.waiting.append(_Unit(number=there.number, key=key, message=message, at=now))

    def _leave_out(self, there: _Feed) -> None:
        kept = [each for each in there.waiting if each.sent and each.key]
        there.left_out += len(there.waiting) - len(kept)
        there.waiting = deque(kept)
        there.bytes = sum(len(each.message) - each.sent for each in kept)
        there.needs_key = True

    def pieces(self, now: datetime) -> Iterator[VideoPiece]:
        """What may go out now, of each feed in turn. Take only as many as are sent."""
        if self._rests_until is not None and timedelta(0) < self._rests_until - now < LONGEST_REST:
            return
        self._rests_until = None
        while self._room():
            fed = [(feed, there) for feed, there in self._feeds.items() if there.waiting]
            if not fed:
                return
            for feed, there in fed:
                if not self._room():
                    return
                yield self._piece(feed, there, now)

    def _room(self) -> bool:
        return self.under_way < self.window

    def _piece(self, feed: int, there: _Feed, now: datetime) -> VideoPiece:
        unit = there.waiting[0]
        data = unit.message[unit.sent : unit.sent + PIECE_BYTES]
        made = VideoPiece(
            feed=feed, unit=unit.number, offset=unit.sent, size=len(unit.message), key=unit.key, data=data
        )
        unit.sent += len(data)
        there.bytes -= len(data)
        if unit.sent == len(unit.message):
            there.waiting.popleft()
            there.sent += 1
        self._sent += len(data)
        self._log.append((self._sent, now))
        return made

    def took(self, taken: int, now: datetime) -> None:
        """The partner has taken so many bytes altogether. What it cannot have taken is ignored."""
        if not self._taken < taken <= self._sent:
            return
        full = self.under_way + PIECE_BYTES > self.window
        more, self._taken = taken - self._taken, taken
        sent_at = None
        while self._log and self._log[0][0] <= taken:
            sent_at = self._log.popleft()[1]
        if sent_at is None:
            return
        took = max(now - sent_at, timedelta(0))
        self._least = took if self._least is None else min(self._least, took)
        if took - self._least > TARGET:
            if self.window == LEAST_WINDOW:  # a lost packet of ours holds up all the others' behind it
                self._rests_until = now + REST * took
            if self._shrunk_at is None or now - self._shrunk_at > took:  # once for what was under way then
                self._shrunk_at = now
                self.window = max(LEAST_WINDOW, int(self.window * SHRINK))
        elif full:
            self.window = min(MOST_WINDOW, self.window + int(more * GROW))


# The receiving half


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A whole message of a stream. `gap`: some before it were left out or lost."""

    stream_id: str
    message: bytes
    key: bool
    gap: bool


@dataclass(slots=True, kw_only=True)
class _Pulled:
    stream_id: str
    unit: int = 0  # that is being put together, or was
    size: int = 0
    key: bool = False
    data: bytearray = field(default_factory=bytearray)
    whole: bool = True
    gap: bool = True
    faults: int = 0


class VideoReceiver:
    """What comes of one partner's streams. Holds one message of each feed at most."""

    def __init__(self) -> None:
        self.taken = 0  # bytes of pieces on this connection
        self.refused: Counter[str] = Counter()  # pieces that were not taken, by reason
        self._feeds: dict[int, _Pulled] = {}
        self._by_stream: dict[str, int] = {}
        self._ended: dict[int, datetime] = {}
        self._held: dict[str, datetime] = {}
        self._next = 1
        self._since: datetime | None = None
        self._bytes = 0

    def begin(self) -> None:
        """A new connection: what was pulled has to be pulled anew."""
        self.taken = 0
        self._feeds.clear()
        self._by_stream.clear()
        self._ended.clear()

    def pull(self, stream_id: str, now: datetime) -> VideoPull | None:
        """The word that asks for a stream, to be said each second; None while its partner is held."""
        held_until = self._held.get(stream_id)
        if held_until is not None:
            if now < held_until:
                return None
            del self._held[stream_id]
        feed = self._by_stream.get(stream_id)
        if feed is None:
            feed, self._next = self._next, self._next + 1
            self._by_stream[stream_id] = feed
            self._feeds[feed] = _Pulled(stream_id=stream_id)
        return VideoPull(feed=feed, stream_id=stream_id)

    def stop(self, stream_id: str, now: datetime) -> VideoPull | None:
        """The word that asks for no more of a stream; None: it was not pulled."""
        feed = self._by_stream.pop(stream_id, None)
        if feed is None:
            return None
        del self._feeds[feed]
        self._ended[feed] = now
        while len(self._ended) > REMEMBERED_ENDS:
            del self._ended[next(iter(self._ended))]
        return VideoPull(feed=feed, stream_id=stream_id, stop=True)

    def over(self, feed: int, now: datetime) -> str:
        """The partner gives no more of a feed: whose stream it was; empty: of none that is pulled."""
        there = self._feeds.get(feed)
        if there is None:
            return ""
        self.stop(there.stream_id, now)
        return there.stream_id

    def held(self, stream_id: str) -> bool:
        """Whether what came of it was so wrong that it is not asked for for a while."""
        return stream_id in self._held

    def heard(self, piece: VideoPiece, now: datetime) -> Came | None:
        """One piece. What is not as it should be is counted by name, and goes no further."""
        self.taken += len(piece.data)
        if self._too_much(len(piece.data), now):
            self.refused["VIDEO_TOO_MUCH"] += 1
            return None
        there = self._feeds.get(piece.feed)
        if there is None:
            ended_at = self._ended.get(piece.feed)
            if ended_at is None:
                self.refused["VIDEO_NOT_ASKED"] += 1
            elif now - ended_at > GRACE:
                self.refused["VIDEO_AFTER_END"] += 1
            return None
        if not 0 < len(piece.data) <= PIECE_BYTES or not 0 < piece.size <= MOST_UNIT_BYTES:
            self.faulty(there.stream_id, "VIDEO_TOO_LARGE", now)
            return None
        return self._joined(there, piece, now)

    def faulty(self, stream_id: str, code: str, now: datetime) -> None:
        """Something of a stream was wrong. Too often: it is held, and asked for again later."""
        self.refused[code] += 1
        feed = self._by_stream.get(stream_id)
        there = None if feed is None else self._feeds.get(feed)
        if there is None:
            return
        there.faults += 1
        there.gap, there.whole = True, True
        there.data.clear()
        if there.faults >= MOST_FAULTS:
            self.stop(stream_id, now)
            self._held[stream_id] = now + HOLD

    def _too_much(self, size: int, now: datetime) -> bool:
        if self._since is None or not timedelta(0) <= now - self._since < timedelta(seconds=1):
            self._since, self._bytes = now, 0
        self._bytes += size
        return self._bytes > RECEIVED_A_SECOND

    def _joined(self, there: _Pulled, piece: VideoPiece, now: datetime) -> Came | None:
        if piece.offset == 0:
            if piece.unit <= there.unit:
                self.faulty(there.stream_id, "VIDEO_ORDER", now)
                return None
            there.gap = there.gap or not there.whole or piece.unit != there.unit + 1
            there.unit, there.size, there.key, there.whole = piece.unit, piece.size, piece.key, False
            there.data.clear()
        elif there.whole or piece.unit != there.unit:
            there.gap = True  # the beginning never came: left out, as the rest of it is
            return None
        elif (piece.offset, piece.size, piece.key) != (len(there.data), there.size, there.key):
            self.faulty(there.stream_id, "VIDEO_ORDER", now)
            return None
        there.data += piece.data
        if len(there.data) > there.size:
            self.faulty(there.stream_id, "VIDEO_ORDER", now)
            return None
        if len(there.data) < there.size:
            return None
        there.whole = True
        gap, there.gap = there.gap, False
        if gap and not there.key:
            there.gap = True
            self.refused["VIDEO_GAP"] += 1  # a decoder could begin with a key frame only
            return None
        return Came(stream_id=there.stream_id, message=bytes(there.data), key=there.key, gap=gap)
