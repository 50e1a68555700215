"""What a partner's batch of rows must satisfy before any of it is kept.

Rows are kept verbatim, so what is checked is their place: whose they are, that they join what we have, that they are
not another text under a number we already hold. Whether a partner may say what a row says is decided before
(protocols/link_session.py); what cannot be read is kept unread (clerk.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from adapters.store.journal import LARGEST_SEQ, Cursor, Store
from adapters.store.transit import Passing
from dispatch.errors import Malformed, Refused
from dispatch.facts import Fact
from dispatch.world import World
from protocols.rows import Row, Sealed

MOST_ROWS = 1000  # of one batch; more: refused, the link asks for smaller ones
LARGEST_BODY = 4 * 1024 * 1024  # bytes of one fact
LONGEST_TEXT = 128  # characters of an actor, a command_id or a kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Every row of a lane of the partner's in (after, through] that we may have; the rest was withheld.

    `judge` is called on the writer thread with the world that the rows would join and answers with this job, its
    rows sorted: so the next batch can be queued before this one is committed, and is judged as if it were. `facts`
    are what the judge has read already, by the row's number. `relayed`: they are of third sites, and one that is not what we hold is passed over, its number added to
    `diverged`, for it says nothing about the partner that passed it on. `passing` are rows to be held for others.
    """

    partner: str
    epoch: str
    after: int
    through: int
    rows: tuple[Row, ...]
    lane: int = 0
    relayed: bool = False
    passing: tuple[Passing, ...] = ()
    diverged: list[int] = field(default_factory=list)
    facts: Mapping[int, Fact] = field(default_factory=dict)
    judge: Callable[[World], "Received"] | None = None

    @property
    def cursor(self) -> str:
        """By what name the lane's cursor is kept."""
        return cursor_name(self.partner, self.lane)


def cursor_name(partner: str, lane: int) -> str:
    """The name of a partner's cursor of a lane; the first has the partner's own."""
    return f"{partner}/{lane}" if lane else partner


def check(job: Received, site: str, cursor: Cursor) -> Cursor:
    """The cursor to move, if this batch may follow it. Raises Malformed or Refused."""
    if job.partner == site:
        raise Malformed("site", "a partner cannot be this site")
    if not 0 <= job.after <= job.through <= LARGEST_SEQ:
        raise Malformed("through", f"a batch cannot be ({job.after}, {job.through}]")
    if len(job.rows) > MOST_ROWS:
        raise Malformed("rows", f"{len(job.rows)} rows, at most {MOST_ROWS} go into a batch")
    if not 1 <= len(job.epoch) <= LONGEST_TEXT or not job.epoch.isprintable():
        raise Malformed("epoch", "names no journal")
    last = job.after
    for index, row in enumerate(job.rows):
        _check_row(row, job, last, f"rows[{index}]")
        last = row.seq
    if cursor.epoch != job.epoch:
        if cursor.have:
            detail = (
                f"site {job.partner} has begun another journal than the one we hold {cursor.have} rows of"
            )
            raise Refused("EPOCH_CHANGED", detail, field="epoch")
        cursor = replace(cursor, epoch=job.epoch)
    if job.after > cursor.have:
        raise Refused("GAP", f"the batch begins after {job.after}, we have {cursor.have}", field="after")
    return cursor


def _check_row(row: Row, job: Received, last: int, field: str) -> None:
    if (row.origin != job.partner) is not job.relayed:
        raise Malformed(f"{field}.origin", f"site {job.partner} sent a row of site {row.origin[:20]!r}")
    if not last < row.seq <= job.through:
        raise Malformed(f"{field}.seq", f"{row.seq} is not in ({last}, {job.through}]")
    if not 1 <= row.origin_seq <= LARGEST_SEQ:
        raise Malformed(f"{field}.origin_seq", f"{row.origin_seq} is no number of a row")
    if not 0 <= row.part < 2**31:
        raise Malformed(f"{field}.part", f"{row.part} is no part of a command")
    if len(row.body) > LARGEST_BODY:
        raise Malformed(f"{field}.body", f"{len(row.body)} bytes, at most {LARGEST_BODY}")
    for name, text in (("actor", row.actor), ("command_id", row.command_id), ("kind", row.kind)):
        if not 1 <= len(text) <= LONGEST_TEXT or not text.isprintable():
            raise Malformed(f"{field}.{name}", f"must be 1 to {LONGEST_TEXT} printable characters")


def unknown_rows(job: Received, store: Store, draft: Sequence[Sealed]) -> list[Row]:
    """The rows that are not held yet, in order. Raises Refused if a held one says something else.

    Of relayed rows such a one is passed over instead.
    """
    new: list[Row] = []
    for origin in dict.fromkeys(row.origin for row in job.rows):
        new += _unknown_of(origin, job, store, draft)
    return sorted(new, key=lambda row: row.seq)


def _unknown_of(origin: str, job: Received, store: Store, draft: Sequence[Sealed]) -> list[Row]:
    rows = [row for row in job.rows if row.origin == origin]
    mine = [sealed for sealed in draft if sealed.row.origin == origin]
    held = store.by_origin_seq(origin, [row.origin_seq for row in rows])
    held |= {sealed.row.origin_seq: sealed for sealed in mine}
    by_command = store.by_command(origin, {(row.actor, row.command_id) for row in rows})
    used = {_command(sealed.row) for found in by_command.values() for sealed in found}
    used |= {_command(sealed.row) for sealed in mine}
    new: list[Row] = []
    for row in rows:
        known = held.get(row.origin_seq)
        if known is None:
            diverged = _command(row) in used or bool(new and row.origin_seq <= new[-1].origin_seq)
        else:
            diverged = known.body_sha256 != sha256(row.body).digest() or _command(known.row) != _command(row)
        if diverged and not job.relayed:
            raise _diverged(job, row)
        if diverged:
            job.diverged.append(row.seq)
        elif known is None:
            used.add(_command(row))
            new.append(row)
    return new


def _command(row: Row) -> tuple[str, str, int]:
    return row.actor, row.command_id, row.part


def _diverged(job: Received, row: Row) -> Refused:
    detail = f"number {row.origin_seq} of site {job.partner} is not what we hold, or stands out of order"
    return Refused("JOURNAL_DIVERGED", detail, field="rows")
