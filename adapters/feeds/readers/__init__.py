"""Readers: one format each, between a feed's line and the picture. The table kind -> reader is table.py's.

A reader holds the state of one connection, or of one sender of datagrams. Its line gives it bytes and time:

    opened(now)                  the line is up; two-way formats may greet
    cut(data) -> items           whole items, in pieces of `piece_bytes` at most; what is unfinished is kept, bounded
    finish() -> items            what the end completes: of the connection, or of each datagram
    read(item, now) -> seen      what an item says; counted by the way
    closed()                     the line is down

No input raises. Each call is over in a few milliseconds; one that yields many sightings yields them as an iterator,
which the line takes a few at a time. `cut` and `read` of items of one line are called in order, from the reactor only.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Any

from adapters.feeds.config import FeedConfig
from adapters.feeds.status import Counts
from dispatch.records import AlarmSource
from dispatch.sighting import AddressBatch, Sighting
from protocols.cot_event import CotEvent
from protocols.frames import BadFrame

Seen = Sighting | AddressBatch
PIECE_BYTES = 4096  # cut at once: about 250 frames of Mode S, half a millisecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One connection, or one sender of datagrams, as its reader knows it.

    `send` takes bytes for the other side and never blocks. What is not taken by it is bounded (tcp.py): a peer that
    does not read its answers is dropped and counted.
    """

    config: FeedConfig
    counts: Counts
    clock_id: str  # names this line in clocks and logs: feed#number
    peer: str  # HOST:PORT of the other side
    send: Callable[[bytes], None] | None = None
    drop: Callable[[str], None] | None = None  # ends the line; says why
    marked: Callable[[AlarmSource], Any] | None = None  # a spot as a report; None: nobody takes any
    unmarked: Callable[[str, str], None] | None = None  # feed, own id: it was deleted
    said: Callable[[CotEvent, Container[str]], None] | None = (
        None  # a chat or a receipt, and the keys of this line
    )
    room: Callable[[], bool] = lambda: True  # whether `send` has room: what can wait waits until then


class Reader:
    """One format on one line. The base says nothing and counts what is bad."""

    piece_bytes = PIECE_BYTES
    joins_pieces = False  # reads much at once more cheaply: what waits is joined up to `piece_bytes`

    def __init__(self, line: Line) -> None:
        self.line = line
        self.counts = line.counts

    @property
    def clock(self) -> str:
        """By what its reports are timed: counter, utc, off (a utc that is not believed), arrival."""
        return "arrival"

    @property
    def clock_off_s(self) -> float | None:
        """How far behind ours the source's clock is, where that is too far (protocols/source_clock.py)."""
        return None

    def opened(self, now: float) -> None:
        """The line is up."""

    def cut(self, data: bytes) -> Iterable[Any]:
        """Whole items; all are taken before the next call."""
        raise NotImplementedError

    def finish(self) -> Iterable[Any]:
        """What the end completes."""
        return ()

    def read(self, item: Any, now: float) -> Seen | Iterable[Seen | None] | None:
        """What an item says. An iterable's None says nothing, and lets the line look at the time."""
        raise NotImplementedError

    def closed(self) -> None:
        """The line is down; nothing can be sent any more."""

    def bad(self, item: BadFrame) -> None:
        """Count bytes that are no message."""
        self.counts.error(item.code, f"{item.field}: {item.detail}" if item.field else item.detail)
