"""Our rows on their way to one partner: read ahead a little, sent within a window, forgotten when acknowledged.

    journal |----- acked -----|-- unacked --|-- ready --|  not read yet  | head
                              ^ sent, at most WINDOW    ^ scanned

Rows stay in the journal until there is room: a slow partner costs a few batches of memory, never more. Rows that
are withheld leave no trace but the range of the batch that passes over them. link_session.py owns one outbox per
connection; a new connection starts a new one from what the partner says it has.
"""

from collections import deque
from collections.abc import Sequence

from dispatch.errors import Malformed
from protocols.codec.link import MAX_MESSAGE_BYTES, MAX_ROWS, Batch
from protocols.rows import Row

READ_ROWS = 128  # journal rows read in one go; most are not for the partner
BATCH_BYTES = 1 << 20  # of bodies; a batch is closed before it exceeds this, unless one row alone does
ROW_BYTES = MAX_MESSAGE_BYTES - (64 << 10)  # a body above cannot travel; the link stops and says so
WINDOW = 4  # batches unacknowledged in each direction; beyond it rows stay in the journal


class Outbox:
    """The sending half of one connection, from our row `start` on."""

    def __init__(self, start: int) -> None:
        self.scanned = start  # the journal has been looked at up to here
        self.acked = start
        self.reading = False
        self._told = start  # the partner's next batch follows this row
        self._ready: deque[Batch] = deque()  # at most one read's worth
        self._unacked: deque[int] = deque()  # `through` of each batch, at most WINDOW

    def next_batches(self) -> list[Batch]:
        """What may be sent now."""
        batches = []
        while self._ready and len(self._unacked) < WINDOW:
            batch = self._ready.popleft()
            self._told = batch.through
            self._unacked.append(batch.through)
            batches.append(batch)
        return batches

    def wants_rows(self, head: int) -> bool:
        """Whether to read on: nothing is left to send, there is room, and the journal goes further."""
        room = not self._ready and len(self._unacked) < WINDOW
        return room and not self.reading and self.scanned < head

    def take(self, rows: Sequence[Row], through: int) -> None:
        """Rows the partner may have, of everything up to `through`."""
        self.reading = False
        self.scanned = max(self.scanned, through)
        if rows:
            self._ready.extend(_batches(self._told, rows, self.scanned))

    def mention_withheld(self) -> None:
        """Let an empty batch carry the partner's cursor over rows that are not for it, if nothing else does."""
        if not self._ready and self._told < self.scanned:
            self._ready.append(Batch(after=self._told, through=self.scanned, rows=()))

    def acknowledged(self, through: int) -> None:
        """The oldest batch is committed over there. Raises Malformed for any other number."""
        if not self._unacked or through != self._unacked[0]:
            raise Malformed("ack.through", f"{through} is not the oldest batch we sent")
        self.acked = self._unacked.popleft()

    def idle(self) -> bool:
        """Nothing is being read, sent or waited for."""
        return not (self.reading or self._ready or self._unacked)


def _batches(after: int, rows: Sequence[Row], through: int) -> list[Batch]:
    """Rows cut into batches of at most MAX_ROWS and BATCH_BYTES; the last one reaches to `through`."""
    batches: list[Batch] = []
    gathered: list[Row] = []
    size = 0
    for row in rows:
        if gathered and (len(gathered) == MAX_ROWS or size + len(row.body) > BATCH_BYTES):
            batches.append(Batch(after=after, through=gathered[-1].seq, rows=tuple(gathered)))
            after, gathered, size = gathered[-1].seq, [], 0
        gathered.append(row)
        size += len(row.body)
    batches.append(Batch(after=after, through=through, rows=tuple(gathered)))
    return batches
