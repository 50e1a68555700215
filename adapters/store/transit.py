"""Rows of third sites that we hold for others, and what versions partners have spoken: in the journal's database.

Written by the one writer within its transaction; numbers are given by it and have no gaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, text, tuple_, update

from adapters.store import tables
from dispatch import partner
from protocols.codec import link
from protocols.codec.facts import KINDS
from protocols.codec.link import Batch

AT_ONCE = 500  # numbers in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """One row on its way to `destination`, next to partner `onward`. `lane` is the number of a relayed lane.

    `ends_copies`: it says that a consent is over, so what its origin said to that site before goes from here.
    """

    onward: str
    lane: int
    origin: str
    origin_seq: int
    destination: str
    envelope: bytes
    ends_copies: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A row in transit by its number."""

    id: int
    envelope: bytes


def hold(connection: Connection, rows: Sequence[Passing]) -> list[tuple[int, Passing]]:
    """Keep those that are not held yet, with the numbers they got. Nothing is kept before the commit."""
    if not rows:
        return []
    columns = tables.transit.c
    keys = [(row.origin, row.origin_seq, row.destination) for row in rows]
    key = tuple_(columns.origin, columns.origin_seq, columns.destination)
    held = {tuple(found) for found in connection.execute(select(*key.clauses).where(key.in_(keys)))}
    last = int(connection.execute(select(func.max(columns.id))).scalar() or 0)
    new: list[tuple[int, Passing]] = []
    for row, its in zip(rows, keys, strict=True):
        if its not in held:
            held.add(its)
            new.append((last + len(new) + 1, row))
    if new:
        connection.execute(insert(tables.transit), [{"id": number} | _values(row) for number, row in new])
    for _, row in new:
        if row.ends_copies:
            _let_go(connection, row)
    return new


def _values(row: Passing) -> dict[str, object]:
    return {name: getattr(row, name) for name in Passing.__slots__ if name in tables.transit.c}


def _let_go(connection: Connection, end: Passing) -> None:
    """What the origin said to that site before, waiting or taken: its bytes go, its number stays and counts as passed.

    The number stays because the next site has acknowledged by it, and because what comes again is known by it.
    """
    columns = tables.transit.c
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete = ON"))  # what is let go is overwritten
    before = (
        columns.origin == end.origin,
        columns.destination == end.destination,
        columns.origin_seq < end.origin_seq,
        func.length(columns.envelope) > 0,
    )
    found = connection.execute(select(columns.id, columns.envelope).where(*before)).all()
    gone = [each.id for each in found if not _is_agreement(each.envelope)]
    for start in range(0, len(gone), AT_ONCE):
        some = update(tables.transit).where(columns.id.in_(gone[start : start + AT_ONCE]))
        connection.execute(some.values(envelope=b""))


def _is_agreement(envelope: bytes) -> bool:
    """Agreements and receipts are kept: they say what was and why it is gone."""
    batch = link.decode(envelope)
    return isinstance(batch, Batch) and all(
        row.kind in KINDS and partner.class_of(KINDS[row.kind]) == partner.AGREEMENT for row in batch.rows
    )


def held_for(connection: Connection, onward: str, lane: int, after: int, limit: int) -> list[Held]:
    """Up to `limit` rows for a partner after number `after`, in order."""
    columns = tables.transit.c
    query = select(columns.id, columns.envelope).where(
        columns.onward == onward, columns.lane == lane, columns.id > after, func.length(columns.envelope) > 0
    )
    return [
        Held(each.id, each.envelope) for each in connection.execute(query.order_by(columns.id).limit(limit))
    ]


def ends(connection: Connection) -> dict[tuple[str, int], int]:
    """The last number held for each partner and lane."""
    columns = tables.transit.c
    query = select(columns.onward, columns.lane, func.max(columns.id)).group_by(columns.onward, columns.lane)
    return {(onward, lane): int(last) for onward, lane, last in connection.execute(query)}


def spoken(connection: Connection) -> dict[str, tuple[int, int]]:
    """The highest version each partner was heard to speak."""
    return {each.partner: (each.major, each.minor) for each in connection.execute(select(tables.spoken))}


def note_spoken(connection: Connection, partner: str, version: tuple[int, int]) -> None:
    """Keep it."""
    values = {"major": version[0], "minor": version[1]}
    changed = update(tables.spoken).where(tables.spoken.c.partner == partner).values(**values)
    if connection.execute(changed).rowcount == 0:
        connection.execute(insert(tables.spoken).values(partner=partner, **values))
