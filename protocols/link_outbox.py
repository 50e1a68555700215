"""Our rows on their way to one partner: read ahead a little, sent within a window, forgotten when acknowledged.

    journal |----- acked -----|-- unacked --|-- ready --|  not read yet  | head
                              ^ sent, at most `window`  ^ scanned

Rows stay in the journal until there is room: a slow partner costs a few batches of memory, never more. Rows that
are withheld leave no trace but the range of the batch that passes over them. link_session.py owns one outbox per
connection; a new connection starts a new one from what the partner says it has.
"""

from collections import deque
from collections.abc import Sequence

from dispatch.errors import Malformed
from protocols.codec.link import MAX_MESSAGE_BYTES, MAX_ROWS, Batch, LinkRow

READ_ROWS = 32  # rows of a lane's kinds read in one go
BATCH_BYTES = 1 << 20  # of bodies; a batch is closed before it exceeds this, unless one row alone does
ROW_BYTES = MAX_MESSAGE_BYTES - (64 << 10)  # a body above cannot travel; the link stops and says so
UNSAID = 4  # batches unacknowledged where the receiver does not say how many it takes
UNDER_WAY_BYTES = (
    1 << 20
)  # of bodies: beyond UNSAID batches no more than these; further rows stay in the journal


def bytes_of(rows: Sequence[LinkRow]) -> int:
    """What a batch counts to UNDER_WAY_BYTES."""
    return sum(len(row.body) for row in rows)


class Outbox:
    """The sending half of one lane of one connection, from our row `start` on."""

    def __init__(
        self, start: int, *, lane: int = 0, window: int = UNSAID, batch_bytes: int = BATCH_BYTES
    ) -> None:
        self._lane, self._window, self._batch_bytes = lane, window, batch_bytes
        self.scanned = start  # the journal has been looked at up to here
        self.acked = start
        self.reading = False
        self._told = start  # the partner's next batch follows this row
        self._ready: deque[Batch] = deque()  # at most one read's worth
        self._unacked: deque[tuple[int, int]] = deque()  # `through` and bytes of each batch, at most `window`

    def next_batches(self, until: int | None = None) -> list[Batch]:
        """What may be sent now; with `until`, nothing that reaches beyond that row."""
        batches = []
        while self._ready and self._room():
            if until is not None and self._ready[0].through > until:
                break
            batch = self._ready.popleft()
            self._told = batch.through
            self._unacked.append((batch.through, bytes_of(batch.rows)))
            batches.append(batch)
        return batches

    def wants_rows(self, head: int) -> bool:
        """Whether to read on: nothing is left to send, there is room, and the journal goes further."""
        return not self._ready and self._room() and not self.reading and self.scanned < head

    def _room(self) -> bool:
        under_way = len(self._unacked)
        few = under_way < min(UNSAID, self._window)
        return few or (under_way < self._window and sum(size for _, size in self._unacked) <= UNDER_WAY_BYTES)

    def take(self, rows: Sequence[LinkRow], through: int) -> None:
        """Rows the partner may have, of everything up to `through`."""
        self.reading = False
        self.scanned = max(self.scanned, through)
        if rows:
            self._ready.extend(self._batches(rows))

    def mention_withheld(self) -> None:
        """Let an empty batch carry the partner's cursor over rows that are not for it, if nothing else does."""
        if not self._ready and self._told < self.scanned:
            self._ready.append(Batch(after=self._told, through=self.scanned, rows=(), lane=self._lane))

    def acknowledged(self, through: int) -> None:
        """The oldest batch is committed over there. Raises Malformed for any other number."""
        if not self._unacked or through != self._unacked[0][0]:
            raise Malformed("ack.through", f"{through} is not the oldest batch we sent")
        self.acked, _ = self._unacked.popleft()

    @property
    def out(self) -> int:
        """Everything for the partner up to here has been sent."""
        return self._told if self._ready else self.scanned

    def waits(self, head: int) -> bool:
        """Rows have not been sent yet, or not even been looked at."""
        return bool(self._ready) or self.scanned < head

    def idle(self) -> bool:
        """Nothing is being read, sent or waited for."""
        return not (self.reading or self._ready or self._unacked)

    def _batches(self, rows: Sequence[LinkRow]) -> list[Batch]:
        """Rows cut into batches of at most MAX_ROWS and so many bytes; the last one reaches to `scanned`.

        One number may have a row for each of several sites: those stay together where they can.
        """
        batches: list[Batch] = []
        after, gathered, size = self._told, list[LinkRow](), 0
        for row in rows:
            full = len(gathered) == MAX_ROWS or size + len(row.body) > self._batch_bytes
            if gathered and full and row.seq > gathered[-1].seq:
                through = gathered[-1].seq
                batches.append(Batch(after=after, through=through, rows=tuple(gathered), lane=self._lane))
                after, gathered, size = through, [], 0
            gathered.append(row)
            size += len(row.body)
        batches.append(Batch(after=after, through=self.scanned, rows=tuple(gathered), lane=self._lane))
        return batches
