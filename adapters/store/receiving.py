"""What a partner's batch of rows must satisfy before any of it is kept.

Rows are kept verbatim, so what is checked is their place: whose they are, that they join what we have, that they are
not another text under a number we already hold. Whether a partner may say what a row says is decided before
(protocols/link_session.py); what cannot be read is kept unread (clerk.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from adapters.store.journal import LARGEST_SEQ, Cursor, Store
from dispatch.errors import Malformed, Refused
from protocols.rows import Row, Sealed

MOST_ROWS = 1000  # of one batch; more: refused, the link asks for smaller ones
LARGEST_BODY = 4 * 1024 * 1024  # bytes of one fact
LONGEST_TEXT = 128  # characters of an actor, a command_id or a kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Every row of the partner's journal in (after, through] that we may have; the rest was withheld."""

    partner: str
    epoch: str
    after: int
    through: int
    rows: tuple[Row, ...]


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
    if row.origin != job.partner:
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
    """The rows that are not held yet, in order. Raises Refused if a held one says something else."""
    if not job.rows:
        return []
    mine = [sealed for sealed in draft if sealed.row.origin == job.partner]
    held = store.by_origin_seq(job.partner, [row.origin_seq for row in job.rows])
    held |= {sealed.row.origin_seq: sealed for sealed in mine}
    by_command = store.by_command(job.partner, {(row.actor, row.command_id) for row in job.rows})
    used = {_command(sealed.row) for rows in by_command.values() for sealed in rows}
    used |= {_command(sealed.row) for sealed in mine}
    new: list[Row] = []
    for row in job.rows:
        if (known := held.get(row.origin_seq)) is not None:
            if known.body_sha256 != sha256(row.body).digest() or _command(known.row) != _command(row):
                raise _diverged(job, row)
            continue
        if _command(row) in used or (new and row.origin_seq <= new[-1].origin_seq):
            raise _diverged(job, row)
        used.add(_command(row))
        new.append(row)
    return new


def _command(row: Row) -> tuple[str, str, int]:
    return row.actor, row.command_id, row.part


def _diverged(job: Received, row: Row) -> Refused:
    detail = f"number {row.origin_seq} of site {job.partner} is not what we hold, or stands out of order"
    return Refused("JOURNAL_DIVERGED", detail, field="rows")
