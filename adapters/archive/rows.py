"""The archive as rows of a database's table: the same columns, each row a piece of them. See adapters/store/archive.py.

A fresh row is one append, an Arrow stream. `settle` makes sorted slices of fresh rows, an hour's at a time, as large
as a file's row groups; so one aircraft's day reads one or two slices an hour, found by the table's own columns.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from adapters.archive.columns import DICTIONARIES, SCHEMA
from adapters.archive.names import US_PER_HOUR
from adapters.archive.ordering import instants
from adapters.archive.query import Part, Query
from adapters.archive.settle import (
    MANY,
    MERGED_ROWS,
    PATIENCE_US,
    ROW_GROUP_ROWS,
    Written,
    by_hour,
    in_order,
    write,
)
from adapters.store.archive import FRESH, MERGED, SETTLED, ArchiveTable, SegmentRow, Snapshot

SETTLE_ROWS = 1_000_000  # settled in one transaction
SETTLE_S = 300.0  # how long rows may stay fresh
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


class RowSink:
    """Where the writer thread puts batches. Raises StoreError; what failed may be appended again."""

    def __init__(self, table: ArchiveTable, *, clock_s: Callable[[], float]) -> None:
        self._table = table
        self._clock_s = clock_s
        self._fresh = 0
        self._since_s = clock_s()

    def prepare(self) -> int | None:
        """Make the table, or bring it to this version's shape; not None when an earlier run left fresh rows."""
        self._table.migrate()
        return 0 if self._table.headers(FRESH) else None

    def append(self, batch: Any) -> int:
        """Put a batch into the table; the bytes it took there."""
        out = io.BytesIO()
        with pa.ipc.new_stream(out, SCHEMA, options=_OPTIONS) as stream:
            stream.write_batch(batch)
        self._table.append(_row(batch, FRESH, out.getvalue()))
        self._fresh += batch.num_rows
        return out.tell()

    def roll(self) -> int | None:
        """Whether fresh rows are due to be settled: then not None."""
        if not self._fresh or (self._fresh < SETTLE_ROWS and self._clock_s() - self._since_s < SETTLE_S):
            return None
        self._fresh, self._since_s = 0, self._clock_s()
        return 0

    def settleable(self) -> int:
        """Every row in the table may be settled at any time."""
        return 0

    def close(self) -> None:
        """Let go of the database."""
        self._table.close()


def settle(table: ArchiveTable) -> Iterator[Written]:
    """Fresh rows into sorted slices, oldest first, some SETTLE_ROWS to a transaction."""
    while fresh := _some(table.headers(FRESH), SETTLE_ROWS):
        ids = [row.id for row in fresh]
        read = pa.concat_tables([_stream(body) for body in table.bodies(ids)]).unify_dictionaries()
        made = [slice_ for _, part in by_hour(read) for slice_ in _slices(part, SETTLED)]
        table.replace(ids, made)
        yield Written(rows=len(read), files=len(made), size=sum(row.size for row in made))


def merge(table: ArchiveTable, now_us: int) -> Iterator[Written]:
    """The slices of each past hour into fewer, each thing's reports of the hour side by side."""
    hours: dict[int, list[SegmentRow]] = {}
    for row in table.headers(SETTLED):
        hours.setdefault(row.from_us // US_PER_HOUR, []).append(row)
    for hour, left in hours.items():
        past = (hour + 1) * US_PER_HOUR + PATIENCE_US < now_us
        while past and len(group := _some(left, MERGED_ROWS)) >= MANY:
            ids = [row.id for row in group]
            read = pa.concat_tables([_parquet(body) for body in table.bodies(ids)]).unify_dictionaries()
            made = list(_slices(read, MERGED))
            table.replace(ids, made)
            del left[: len(group)]
            yield Written(rows=len(read), files=len(made), size=sum(row.size for row in made))


def _some(rows: Sequence[SegmentRow], most: int) -> list[SegmentRow]:
    """The first rows that hold together at most so many reports, at least one row."""
    chosen: list[SegmentRow] = []
    held = 0
    for row in rows:
        held += row.rows
        if chosen and held > most:
            break
        chosen.append(row)
    return chosen


def _slices(table: Any, level: int) -> Iterator[SegmentRow]:
    ordered = in_order(table)
    for begin in range(0, len(ordered), ROW_GROUP_ROWS):
        piece = ordered.slice(begin, ROW_GROUP_ROWS)
        out = io.BytesIO()
        write(piece, out)
        yield _row(piece, level, out.getvalue())


def _row(piece: Any, level: int, body: bytes) -> SegmentRow:
    at_us = instants(piece)
    ids, addresses = None, None
    if level != FRESH:
        ids = piece.column("track_id")
        addresses = pc.min_max(piece.column("address")).as_py()
    return SegmentRow(
        level=level,
        from_us=int(at_us.min()),
        to_us=int(at_us.max()) + 1,
        rows=piece.num_rows,
        size=len(body),
        track_first=None if ids is None else ids[0].as_py(),
        track_last=None if ids is None else ids[-1].as_py(),
        address_first=None if addresses is None else addresses["min"],
        address_last=None if addresses is None else addresses["max"],
        body=body,
    )


def _stream(body: bytes) -> Any:
    with pa.ipc.open_stream(body) as stream:
        return stream.read_all()


def _parquet(body: bytes) -> Any:
    with pq.ParquetFile(pa.BufferReader(body), read_dictionary=list(DICTIONARIES)) as source:
        return source.read()


class RowSource:
    """Reads an archive's table in one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def parts(self, query: Query) -> Sequence[Part]:
        """Rows that may hold an answer."""
        found = self._snapshot.reaching(query.from_us, query.to_us, ids=query.ids, addresses=query.addresses)
        return [_RowPart(self._snapshot, row) for row in found]


class _RowPart:
    def __init__(self, snapshot: Snapshot, row: SegmentRow) -> None:
        self.rows = row.rows
        self.name: object = row.id
        self._snapshot = snapshot
        self._row = row

    def read(self) -> Any:
        body = self._snapshot.body(self._row.id)
        return _stream(body) if self._row.level == FRESH else _parquet(body)
