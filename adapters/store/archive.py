"""The archive's segments as rows of one table, for sites whose journal is on PostgreSQL.

The bodies are the archive's business (adapters/archive); here are rows, ranges and transactions. A fresh row is one
second's Arrow stream. Settling replaces fresh rows by sorted slices in Parquet, merging replaces an hour's slices by
fewer, each in one transaction: a reader in a snapshot sees the one or the other.

The table has a version of its own, beside the journal's: it holds nothing that a backup carries, and a site that keeps
its archive in files never has it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    SmallInteger,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    or_,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from adapters.store.database import StoreError, open_engine, reason

MIGRATIONS = Path(__file__).parent / "archive_migrations"
VERSION_TABLE = "archive_version"
KEEPER_LOCK = 0x67616E79  # whoever settles, merges and removes; "gany", in no other use of ours
FRESH, SETTLED, MERGED = 0, 1, 2

metadata = MetaData()
_BYTES = Text(collation="C")

segments = Table(
    "archive_segments",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("level", SmallInteger, nullable=False),
    Column("from_us", BigInteger, nullable=False),  # of the reports, first …
    Column("to_us", BigInteger, nullable=False),  # … and one past the last
    Column("rows", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("track_first", _BYTES),  # NULL for fresh rows, which are in no order
    Column("track_last", _BYTES),
    Column("address_first", BigInteger),
    Column("address_last", BigInteger),
    Column("body", LargeBinary, nullable=False),
    Index("archive_segments_time", "to_us", "from_us"),
)
_HEADER = [column for column in segments.c if column.name != "body"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """A row; `id` 0 for one that is not there yet."""

    id: int = 0
    level: int
    from_us: int
    to_us: int
    rows: int
    size: int
    track_first: str | None = None
    track_last: str | None = None
    address_first: int | None = None
    address_last: int | None = None
    body: bytes = b""


class ArchiveTable:
    """The table behind a URL. Every method raises StoreError UNREACHABLE when the database is."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def migrate(self) -> None:
        """Make the table, or bring it to this version's shape."""
        with self._working(), self._engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes.update(connection=connection, version_table=VERSION_TABLE)
            command.upgrade(config, "head")

    def append(self, row: SegmentRow) -> None:
        """Add a row; it is on disk when this returns."""
        with self._working(), self._engine.begin() as connection:
            connection.execute(insert(segments), [_values(row)])

    def headers(self, level: int | None = None) -> list[SegmentRow]:
        """Rows without their bodies, oldest first."""
        wanted = select(*_HEADER).order_by(segments.c.id)
        if level is not None:
            wanted = wanted.where(segments.c.level == level)
        with self._working(), self._engine.connect() as connection:
            return [SegmentRow(**row) for row in connection.execute(wanted).mappings()]

    def bodies(self, ids: Sequence[int]) -> list[bytes]:
        """Bodies of rows, in the order asked."""
        wanted = select(segments.c.id, segments.c.body).where(segments.c.id.in_(ids))
        with self._working(), self._engine.connect() as connection:
            found = {row.id: bytes(row.body) for row in connection.execute(wanted)}
        return [found[each] for each in ids]

    def replace(self, old: Sequence[int], new: Sequence[SegmentRow]) -> None:
        """Rows for rows, in one transaction."""
        with self._working(), self._engine.begin() as connection:
            if new:
                connection.execute(insert(segments), [_values(row) for row in new])
            connection.execute(delete(segments).where(segments.c.id.in_(old)))

    @contextmanager
    def snapshot(self) -> Iterator["Snapshot"]:
        """One state of the table, however long reading takes."""
        with self._working(), self._engine.connect() as connection:
            snapshot = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            yield Snapshot(snapshot, there=inspect(snapshot).has_table(segments.name))

    @contextmanager
    def keeper(self) -> Iterator[bool]:
        """Whether the caller is the one that may settle, merge and remove, until the end of the block."""
        with self._working(), self._engine.connect() as connection:
            got = bool(connection.scalar(select(func.pg_try_advisory_lock(KEEPER_LOCK))))
            connection.commit()
            try:
                yield got
            finally:
                if got:
                    connection.execute(select(func.pg_advisory_unlock(KEEPER_LOCK)))
                    connection.commit()

    @contextmanager
    def _working(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise StoreError("UNREACHABLE", reason(error)) from error


class Snapshot:
    """What the table held at one moment."""

    def __init__(self, connection: Any, *, there: bool) -> None:
        self._connection = connection
        self._there = there  # before the first start there is no table

    def reaching(
        self, from_us: int, to_us: int, *, ids: Sequence[str] = (), addresses: Sequence[int] = ()
    ) -> list[SegmentRow]:
        """Headers of rows that may hold reports of [from_us, to_us), and of these things when some are named."""
        if not self._there:
            return []
        inside = and_(segments.c.to_us > from_us, segments.c.from_us < to_us)
        wanted: Select[Any] = select(*_HEADER).where(inside).order_by(segments.c.from_us, segments.c.id)
        if ids or addresses:
            wanted = wanted.where(or_(segments.c.track_first.is_(None), *_may_hold(ids, addresses)))
        return [SegmentRow(**row) for row in self._connection.execute(wanted).mappings()]

    def body(self, row_id: int) -> bytes:
        """The body of one."""
        return bytes(
            self._connection.scalar(
                select(segments.c.body).where(segments.c.id == bindparam("row_id")), {"row_id": row_id}
            )
        )


def _may_hold(ids: Sequence[str], addresses: Sequence[int]) -> Iterator[ColumnElement[bool]]:
    for each in ids:
        yield and_(segments.c.track_first <= each, segments.c.track_last >= each)
    for address in addresses:
        yield and_(segments.c.address_first <= address, segments.c.address_last >= address)


def _values(row: SegmentRow) -> dict[str, Any]:
    names = [column.name for column in segments.c if column.name != "id"]
    return {name: getattr(row, name) for name in names}
