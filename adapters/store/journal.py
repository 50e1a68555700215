"""The journal in a database: rows in, rows out, and the lock that makes one process the only writer.

`Store(url, site).reopen()` opens it for the desk: takes the lock, creates a fresh journal, refuses another site's
or another schema's. `Store.read` opens it beside a running server, for commands and for copying; it never writes.
Everything blocks. One thread may use the writing methods; `rows_after` may be called from any thread.
Deciding, sealing and signing are left to clerk.py.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Select, func, insert, select, text, tuple_, update
from sqlalchemy import Row as SqlRow
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from adapters.store import schema, tables, transit
from adapters.store.database import StoreError, open_engine, reason, sqlite_file
from dispatch.kinds import Role
from protocols.chain import Head
from protocols.rows import EPOCH, Row, Sealed, from_us, to_us

AT_ONCE = 500  # row numbers in one question, below every database's limit of parameters
LOAD_BATCH_ROWS = 2000  # rows held in memory at a time while a journal is read through
ADVISORY_LOCK = 0x47414E59494E47  # PostgreSQL lock number: "GANYING"; one journal per database
LOCK_WAIT_MS = 2000  # for the session of a server that was killed a moment ago to end
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's error code for that wait running out
LARGEST_SEQ = 2**63 - 1  # BIGINT of both databases

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a partner and we are in each other's journals. `epoch` names theirs, to which `have` belongs."""

    partner: str
    epoch: str = ""
    have: int = 0
    acked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Rows of one kind of fact, `begin` <= at < `end`."""

    kind: str
    begin: datetime
    end: datetime


class Store:
    """One site's journal in one database."""

    def __init__(self, url: str, site: str, *, immutable: bool = False) -> None:
        self.url = url
        self.site = site
        self.epoch = ""
        self._file = sqlite_file(url)
        self._engine = open_engine(url, immutable=immutable)
        self._writer: Connection | None = None
        self._lock_file: int | None = None
        self._found_version: str | None = None

    @classmethod
    def migrate(cls, url: str, site: str) -> tuple[str | None, str]:
        """Bring a journal to this version's schema (a fresh one is made): from which to which. Raises StoreError."""
        store = cls(url, site)
        try:
            store.reopen(migrating=True)
        finally:
            store.close()
        return store._found_version, schema.newest_version()

    @classmethod
    def read(cls, url: str, site: str) -> Self | None:
        """Open for reading beside whoever writes; None if there is no journal yet. Raises StoreError."""
        if (file := sqlite_file(url)) is not None and not file.exists():
            return None
        store = cls(url, site)
        try:
            with store._engine.connect() as connection:
                if schema.compare(connection) is schema.Schema.FRESH:
                    store.close()
                    return None
                store._check(connection)
        except SQLAlchemyError as error:
            store.close()
            raise StoreError("UNREACHABLE", reason(error)) from error
        except StoreError:
            store.close()
            raise
        return store

    def reopen(self, *, migrating: bool = False) -> None:
        """Connect the writer (again): lock, schema, site, and that it can be written. Raises StoreError."""
        self._drop_writer()
        try:
            self._connect_writer(migrating=migrating)
        except (SQLAlchemyError, OSError) as error:
            self._drop_writer()
            raise StoreError("UNREACHABLE", reason_of(error)) from error
        except StoreError:
            self._drop_writer()
            raise

    def _connect_writer(self, *, migrating: bool) -> None:
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._lock_sqlite(self._file)
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))  # it holds password hashes
        self._writer = self._engine.connect()
        if self._file is None:
            self._lock_postgresql(self._writer)
        with self._writer.begin():
            found = schema.compare(self._writer)
            self._found_version = schema.version_of(self._writer)
            if not self.epoch and found is schema.Schema.FRESH:
                self._create(self._writer)
            elif migrating and found is schema.Schema.OLDER:
                schema.migrate(self._writer)
            self._check(self._writer)
            probe = update(tables.meta).where(tables.meta.c.name == "probe")
            self._writer.execute(probe.values(value=secrets.token_hex(8)))  # a full disk shows here

    def _lock_sqlite(self, file: Path) -> None:
        if self._lock_file is None:
            self._lock_file = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError("IN_USE", f"another process writes {file}") from None

    def _lock_postgresql(self, connection: Connection) -> None:
        # A session lock: after a lost connection it is free only once the old session has ended, and with it
        # whatever it was committing. So what is read next is the outcome.
        try:
            with connection.begin():
                connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}"))
                connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                raise
            raise StoreError("IN_USE", "another process writes the journal in this database") from None

    def _create(self, connection: Connection) -> None:
        schema.migrate(connection)
        values = {"site": self.site, "epoch": secrets.token_hex(16), "probe": ""}
        connection.execute(
            insert(tables.meta), [{"name": name, "value": value} for name, value in values.items()]
        )

    def _check(self, connection: Connection) -> None:
        schema.require_current(connection)
        meta = self._meta(connection)
        if meta.get("site") != self.site:
            raise StoreError("OTHER_SITE", f"the journal is site {meta.get('site')}'s, not {self.site}'s")
        if self.epoch and meta["epoch"] != self.epoch:
            raise StoreError("OTHER_JOURNAL", "the database holds another journal than before")
        self.epoch = meta["epoch"]

    @staticmethod
    def _meta(connection: Connection) -> dict[str, str]:
        found = connection.execute(select(tables.meta.c.name, tables.meta.c.value))
        return {each.name: each.value for each in found}

    def close(self) -> None:
        """Let go of everything, the lock last."""
        self._drop_writer()
        self._engine.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _drop_writer(self) -> None:
        if self._writer is not None:
            try:
                self._writer.invalidate()
                self._writer.close()
            except SQLAlchemyError:
                pass  # it was lost already; that is why it is dropped
            self._writer = None
        self._engine.dispose()

    # Reading

    def rows(self, after: int = 0) -> Iterator[list[Sealed]]:
        """Every row after `after` in batches, each its own short read: a long walk holds nothing up."""
        while batch := self.sealed_after(after, LOAD_BATCH_ROWS):
            yield batch
            after = batch[-1].row.seq

    def sealed_after(self, after: int, limit: int) -> list[Sealed]:
        """Up to `limit` rows after row `after`, as they are kept. Raises StoreError."""
        query = select(tables.journal).where(tables.journal.c.seq > after)
        return self._read(query.order_by(tables.journal.c.seq).limit(limit))

    def sealed_of(self, kinds: Sequence[str], after: int, through: int, limit: int) -> list[Sealed]:
        """Up to `limit` rows of these kinds of fact in (after, through]. Raises StoreError."""
        columns = tables.journal.c
        query = select(tables.journal).where(columns.seq > after, columns.seq <= through)
        return self._read(query.where(columns.kind.in_(kinds)).order_by(columns.seq).limit(limit))

    def sealed_at(self, seqs: Sequence[int]) -> list[Sealed]:
        """The rows with these numbers, at most AT_ONCE of them, in order. Raises StoreError."""
        columns = tables.journal.c
        return self._read(select(tables.journal).where(columns.seq.in_(seqs)).order_by(columns.seq))

    def own_rows(self, period: Period, before: int, limit: int) -> list[Row]:
        """This site's own rows of a period below row `before`, newest first. Raises StoreError.

        Times of own rows only grow, so both ends are found by halving; between them the rows are read through.
        """
        columns = tables.journal.c
        try:
            with self._engine.connect() as connection:
                low = self._first_from(connection, to_us(period.begin))
                high = min(before, self._first_from(connection, to_us(period.end)))
        except SQLAlchemyError as error:
            raise StoreError("UNREACHABLE", reason(error)) from error
        query = select(tables.journal).where(columns.seq >= low, columns.seq < high)
        query = query.where(columns.origin == self.site, columns.kind == period.kind)
        found = self._read(query.order_by(columns.seq.desc()).limit(limit))
        return [each.row for each in found if not each.body_missing and not each.unreadable]

    def _first_from(self, connection: Connection, at_us: int) -> int:
        """The lowest number from which on no own row is older than `at_us`; one past the end: all are."""
        columns = tables.journal.c
        low, high = 1, int(connection.execute(select(func.max(columns.seq))).scalar() or 0) + 1
        while low < high:
            middle = (low + high) // 2
            own = select(columns.seq, columns.at_us).where(columns.seq <= middle, columns.origin == self.site)
            last = connection.execute(own.order_by(columns.seq.desc()).limit(1)).first()
            if last is None or last.at_us < at_us:
                low = middle + 1
            else:
                high = last.seq
        return low

    def last_seq(self) -> int:
        """The number of the newest row; 0 in an empty journal. Raises StoreError."""
        try:
            with self._engine.connect() as connection:
                return int(connection.execute(select(func.max(tables.journal.c.seq))).scalar() or 0)
        except SQLAlchemyError as error:
            raise StoreError("UNREACHABLE", reason(error)) from error

    def _read(self, query: Select[Any]) -> list[Sealed]:
        try:
            with self._engine.connect() as connection:
                return [_sealed(record) for record in connection.execute(query)]
        except SQLAlchemyError as error:
            raise StoreError("UNREACHABLE", reason(error)) from error

    def own_rows_of(self, kinds: Sequence[str], after: int, limit: int) -> list[Row]:
        """Up to `limit` of this site's own rows of these kinds after row `after`, in order. Raises StoreError."""
        columns = tables.journal.c
        own = columns.origin == self.site
        if self._file is not None:
            # An expression keeps SQLite from its index on origin: by that it sorts the whole journal each time
            own = columns.origin.concat("") == self.site
        query = select(tables.journal).where(columns.seq > after, own)
        query = query.where(columns.kind.in_(kinds)).order_by(columns.seq).limit(limit)
        return [each.row for each in self._read(query) if not each.body_missing]

    def held_for(self, onward: str, lane: int, after: int, limit: int) -> list[transit.Held]:
        """Up to `limit` rows of third sites for a partner after number `after`. Raises StoreError."""
        return self._reading(lambda connection: transit.held_for(connection, onward, lane, after, limit))

    def transit_ends(self) -> dict[tuple[str, int], int]:
        """The last number held for each partner and lane. Raises StoreError."""
        return self._reading(transit.ends)

    def spoken(self) -> dict[str, tuple[int, int]]:
        """The highest version of the link's dialogue each partner was heard to speak. Raises StoreError."""
        return self._reading(transit.spoken)

    def _reading(self, question: Callable[[Connection], T]) -> T:
        try:
            with self._engine.connect() as connection:
                return question(connection)
        except SQLAlchemyError as error:
            raise StoreError("UNREACHABLE", reason(error)) from error

    def rows_after(self, after: int, limit: int) -> list[Row]:
        """Up to `limit` rows after row `after`, whose bodies are still there. Raises StoreError."""
        return [each.row for each in self.sealed_after(after, limit) if not each.body_missing]

    def copies_of(self, origin: str, through: int, kinds: Sequence[str], limit: int) -> list[Sealed]:
        """Up to `limit` rows of `origin` and these kinds up to row `through` whose bodies are there. Raises StoreError."""
        columns = tables.journal.c
        query = select(tables.journal).where(columns.origin == origin, columns.seq <= through)
        query = query.where(columns.kind.in_(kinds), columns.body.is_not(None))
        return self._read(query.order_by(columns.seq).limit(limit))

    def received_rows(self, origin: str, before: int, limit: int) -> list[Sealed]:
        """Up to `limit` rows of another site (empty: of any) below row `before`, newest first. Raises StoreError."""
        columns = tables.journal.c
        whose = columns.origin == origin if origin else columns.origin != self.site
        query = select(tables.journal).where(whose, columns.seq < before)
        return self._read(query.order_by(columns.seq.desc()).limit(limit))

    def cursors(self) -> dict[str, Cursor]:
        """Every partner's cursor."""
        try:
            with self._engine.connect() as connection:
                found = connection.execute(select(tables.cursors))
                return {each["partner"]: Cursor(**each) for each in found.mappings()}
        except SQLAlchemyError as error:
            raise StoreError("UNREACHABLE", reason(error)) from error

    def heads(self) -> list[Head]:
        """Every signed head, oldest first."""
        query = select(tables.heads).order_by(tables.heads.c.seq)
        try:
            with self._engine.connect() as connection:
                found = connection.execute(query)
                return [
                    Head(seq=each.seq, digest=each.digest, at=from_us(each.at_us), signature=each.signature)
                    for each in found
                ]
        except SQLAlchemyError as error:
            raise StoreError("UNREACHABLE", reason(error)) from error

    # The writer's one transaction: begin, look up, append, commit

    @property
    def _writing(self) -> Connection:
        if self._writer is None:
            raise StoreError("UNREACHABLE", "the journal's database is not connected")
        return self._writer

    def by_command(self, origin: str, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Sealed]]:
        """The rows of these (actor, command_id) of `origin`, by key, parts in order."""
        columns = tables.journal.c
        query = select(tables.journal).where(
            columns.origin == origin, tuple_(columns.actor, columns.command_id).in_(list(keys))
        )
        found: dict[tuple[str, str], list[Sealed]] = {}
        for record in self._writing.execute(query.order_by(columns.seq)):
            sealed = _sealed(record)
            found.setdefault((sealed.row.actor, sealed.row.command_id), []).append(sealed)
        return found

    def by_origin_seq(self, origin: str, seqs: Iterable[int]) -> dict[int, Sealed]:
        """The rows of `origin` with these numbers of its own."""
        columns = tables.journal.c
        query = select(tables.journal).where(columns.origin == origin, columns.origin_seq.in_(list(seqs)))
        return {record.origin_seq: _sealed(record) for record in self._writing.execute(query)}

    def append(
        self, rows: Sequence[Sealed], cursors: Iterable[Cursor] = (), head: Head | None = None
    ) -> None:
        """Write rows, cursors and a head. Nothing is kept before `commit`."""
        if rows:
            self._writing.execute(insert(tables.journal), [_record(sealed) for sealed in rows])
        for cursor in cursors:
            self._write_cursor(cursor)
        if head is not None:
            self._writing.execute(
                insert(tables.heads).values(
                    seq=head.seq, digest=head.digest, at_us=to_us(head.at), signature=head.signature
                )
            )

    def purge(self, origin: str, seqs: Sequence[int]) -> None:
        """Let the bodies of these rows of another site go; header and hash stay. Nothing is kept before `commit`."""
        if origin == self.site:
            return
        if self._file is not None:
            self._writing.execute(text("PRAGMA secure_delete = ON"))  # what is let go is overwritten
        for start in range(0, len(seqs), AT_ONCE):
            gone = update(tables.journal).where(
                tables.journal.c.seq.in_(seqs[start : start + AT_ONCE]), tables.journal.c.origin == origin
            )
            self._writing.execute(gone.values(body=None))

    def _write_cursor(self, cursor: Cursor) -> None:
        values = {"epoch": cursor.epoch, "have": cursor.have, "acked": cursor.acked}
        changed = update(tables.cursors).where(tables.cursors.c.partner == cursor.partner).values(**values)
        if self._writing.execute(changed).rowcount == 0:
            self._writing.execute(insert(tables.cursors).values(partner=cursor.partner, **values))

    def hold(self, rows: Sequence[transit.Passing]) -> list[tuple[int, transit.Passing]]:
        """Hold rows of third sites for others; those not held yet, with their numbers."""
        return transit.hold(self._writing, rows)

    def note_spoken(self, partner: str, version: tuple[int, int]) -> None:
        """A partner was heard to speak this version."""
        transit.note_spoken(self._writing, partner, version)

    def ping(self) -> None:
        """End the transaction with nothing written, and see that the database is still there."""
        self._writing.execute(text("SELECT 1"))
        self._writing.rollback()

    def commit(self) -> None:
        """On disk when this returns. An SQLAlchemyError here may mean either outcome."""
        self._writing.commit()

    def rollback(self) -> None:
        """Forget the transaction."""
        if self._writer is not None:
            self._writer.rollback()


def reason_of(error: Exception) -> str:
    """The sentence in an error of the database or the operating system."""
    return reason(error) if isinstance(error, SQLAlchemyError) else str(error)


def _record(sealed: Sealed) -> dict[str, Any]:
    row = sealed.row
    return {
        "seq": row.seq,
        "at_us": to_us(row.at),
        "origin": row.origin,
        "origin_seq": row.origin_seq,
        "command_id": row.command_id,
        "part": row.part,
        "actor": row.actor,
        "role": "" if row.role is None else row.role.value,
        "kind": row.kind,
        "body": None if sealed.body_missing else row.body,
        "ask_digest": sealed.ask_digest,
        "body_sha256": sealed.body_sha256,
        "digest": sealed.digest,
    }


def _sealed(record: SqlRow[Any]) -> Sealed:
    unreadable, role, at = "", None, EPOCH
    try:
        role = Role(record.role) if record.role else None
        at = from_us(record.at_us)
    except (ValueError, TypeError, OverflowError) as error:
        unreadable = f"its header cannot be read: {error}"
    return Sealed(
        row=Row(
            seq=record.seq,
            at=at,
            origin=record.origin,
            origin_seq=record.origin_seq,
            command_id=record.command_id,
            part=record.part,
            actor=record.actor,
            role=role,
            kind=record.kind,
            body=b"" if record.body is None else record.body,
        ),
        ask_digest=record.ask_digest,
        body_sha256=record.body_sha256,
        digest=record.digest,
        body_missing=record.body is None,
        unreadable=unreadable,
    )
