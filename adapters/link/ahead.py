"""Own rows for one partner, read from the journal many at a time and given out a few at a time.

A question to the database costs as much as judging thirty rows, so more are read than are judged in one go; what is
left over waits for the session's next Want. It is given out in another turn of the reactor, so that a long catching
up leaves room for whatever else waits there. Own rows never change, so what was read ahead stays true.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred

from adapters.desk import Desk
from protocols.link_lanes import Lane
from protocols.rows import Row

AT_ONCE = 256  # rows kept of a lane of a partner at most; of 4 MiB each at worst


@dataclass(frozen=True, slots=True)
class Read:
    """Every row of the kinds asked for in (after, through]."""

    after: int
    through: int
    rows: tuple[Row, ...]


class ReadAhead:
    """One partner's. Called on the reactor thread only."""

    def __init__(self, desk: Desk, call_later: Callable[..., Any]) -> None:
        self._desk, self._call_later = desk, call_later
        self._kept: dict[Lane, Read] = {}

    def clear(self) -> None:
        """A new connection: it may begin elsewhere, and of other kinds."""
        self._kept.clear()

    def rows(self, lane: Lane, kinds: Sequence[str], after: int, limit: int) -> Deferred[Read]:
        """Up to `limit` own rows of these kinds after row `after`, and how far they are all. Fails with StoreError."""
        kept = self._kept.get(lane)
        if kept is None or not kept.after <= after < kept.through:
            reading = self._desk.own_rows_of(kinds, after, AT_ONCE)
            return reading.addCallback(self._read, lane, after, limit, self._desk.through)
        later: Deferred[Read] = Deferred()
        self._call_later(0, later.callback, self._some(lane, kept, after, limit))
        return later

    def _read(self, rows: list[Row], lane: Lane, after: int, limit: int, head: int) -> Read:
        # `head` as it was when the reading began: what came since need not be among the rows
        through = rows[-1].seq if len(rows) == AT_ONCE else head
        return self._some(lane, Read(after, through, tuple(rows)), after, limit)

    def _some(self, lane: Lane, kept: Read, after: int, limit: int) -> Read:
        rows = tuple(row for row in kept.rows if row.seq > after)
        if len(rows) <= limit:
            self._kept.pop(lane, None)
            return Read(after, kept.through, rows)
        self._kept[lane] = Read(after, kept.through, rows)
        return Read(after, rows[limit - 1].seq, rows[:limit])
