"""Backup and restore: a journal and the site's small files, as a folder that can be carried away.

    DIR/journal.sqlite    the journal, whichever database it came from, in the schema it had
    DIR/files/…           the rest of the data folder: the journal's signing key, the site's secret, certificates,
                          clips, files of consultations (rooms), pictures sent to the field (uplinks)
    DIR/manifest.json     whose it is and where it ends, written last: without it the backup is not whole

A backup holds the site's keys, so its folder is 0700 and its files 0600: keep it as you keep the server.
Archives and recordings have a retention of their own and are not in it. SQLite is copied page by page through its
own backup door, PostgreSQL row by row in one snapshot, both beside a running server. A backup of either database can
be restored to the other.
"""

import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from adapters.store import schema, tables
from adapters.store.database import JOURNAL_FILE, StoreError, open_engine, reason, sqlite_file
from adapters.store.journal import Store
from dispatch.errors import Malformed, Refused
from protocols.chain import Audit, Finding

MANIFEST = "manifest.json"
FILES = "files"
NOT_COPIED = ("archive", "recordings")  # folders with their own retention
HALF_WRITTEN = ".part"  # renamed once it is whole
COPY_BATCH_ROWS = 2000  # rows held in memory at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    site: str
    epoch: str
    schema: str
    rows: int
    digest: str  # of the last row, hex
    files: int


def backup(url: str, site: str, data: Path, target: Path) -> Manifest:
    """Copy a site to `target`, which must be new or empty. Raises StoreError, Refused, Malformed."""
    _require_empty(target, "DIR")
    source_file = sqlite_file(url)
    if source_file is not None and not source_file.exists():
        raise StoreError("NO_JOURNAL", f"there is no journal at {source_file} yet")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.chmod(0o700)
    copy = target / JOURNAL_FILE
    try:
        if source_file is not None:
            _copy_sqlite(url, copy)
        else:
            _copy_postgresql(url, copy)
        _settle_sqlite(copy)
        # after the journal: a file is kept before the row that names it, so none that is named is missing
        files = _copy_files(data, target / FILES)
        manifest = _describe(copy, files)
    except SQLAlchemyError as error:
        raise StoreError("UNREACHABLE", reason(error)) from error
    if manifest.site != site:
        raise StoreError("OTHER_SITE", f"the journal is site {manifest.site}'s, not {site}'s")
    copy.chmod(0o600)
    _write_durably(target / MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
    return manifest


def restore(url: str, site: str, data: Path, source: Path) -> Manifest:
    """Bring a backup into a clean data folder and a clean database. Raises StoreError, Refused, Malformed."""
    manifest = read_manifest(source)
    if manifest.site != site:
        raise StoreError("OTHER_SITE", f"the backup is site {manifest.site}'s, not {site}'s")
    _require_empty(data, "data")
    if _describe(source / JOURNAL_FILE, manifest.files) != manifest:
        raise Malformed("manifest", "the backup's journal is not the one its manifest describes")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    target_file = sqlite_file(url)
    try:
        if target_file is None:
            _load_postgresql(source / JOURNAL_FILE, url)
        else:
            _require_absent(target_file)
            target_file.parent.mkdir(parents=True, exist_ok=True)
            part = target_file.with_suffix(".part")
            _copy_durably(source / JOURNAL_FILE, part)
            part.replace(target_file)
    except SQLAlchemyError as error:
        raise StoreError("UNREACHABLE", reason(error)) from error
    _copy_files(source / FILES, data)
    return manifest


def read_manifest(source: Path) -> Manifest:
    """The manifest of a backup. Raises Malformed if there is none or it is not one."""
    try:
        return Manifest(**json.loads((source / MANIFEST).read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise Malformed("manifest", f"{source} is not a whole backup: {error}") from None


def audit(source: Path) -> list[Finding]:
    """What is wrong with the chain of a backup's journal, whatever its schema."""
    found: list[Finding] = []
    walk = Audit()
    store = Store(f"sqlite:///{source / JOURNAL_FILE}", "", immutable=True)
    try:
        for batch in store.rows():
            found += walk.feed(batch)
    finally:
        store.close()
    return found


def _copy_sqlite(url: str, copy: Path) -> None:
    with _engine(url) as source, _engine(f"sqlite:///{copy}") as target:
        reading, writing = source.raw_connection(), target.raw_connection()
        try:
            reader: Any = reading.driver_connection
            reader.backup(writing.driver_connection)  # in one step: it sees one state
        finally:
            reading.close()
            writing.close()


def _copy_postgresql(url: str, copy: Path) -> None:
    with _engine(url) as source, _engine(f"sqlite:///{copy}") as target:
        snapshot = source.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with snapshot, target.begin() as writing:
            _copy_tables(snapshot, writing)


def _load_postgresql(copy: Path, url: str) -> None:
    with (
        _engine(f"sqlite:///{copy}", immutable=True) as source,
        _engine(url) as target,
        source.connect() as reading,
        target.begin() as writing,
    ):
        if schema.compare(writing) is not schema.Schema.FRESH:
            raise Refused("NOT_EMPTY", "the database already holds a journal", field="database.url")
        _copy_tables(reading, writing)


def _copy_tables(source: Connection, target: Connection) -> None:
    """Every table of the source's schema version, in that version."""
    version = schema.version_of(source)
    if version is None:
        raise StoreError("NO_JOURNAL", "there is no journal in this database yet")
    schema.migrate(target, version)
    found = MetaData()
    # an archive may be in either database; it has a retention of its own and is not copied
    there = set(inspect(source).get_table_names()) - {"alembic_version"}
    found.reflect(target, only=lambda name, _: name in there)
    for table in found.sorted_tables:
        rows = source.execution_options(yield_per=COPY_BATCH_ROWS).execute(select(table))
        for batch in rows.mappings().partitions(COPY_BATCH_ROWS):
            target.execute(insert(table), [dict(each) for each in batch])


def _settle_sqlite(copy: Path) -> None:
    """One file, no write-ahead log beside it, on disk."""
    with _engine(f"sqlite:///{copy}") as engine:
        connection = engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            driver.execute("PRAGMA journal_mode=DELETE")
        finally:
            connection.close()
    with copy.open("rb") as file:
        os.fsync(file.fileno())


def _describe(copy: Path, files: int) -> Manifest:
    # immutable: reading must leave no log beside a backup, which may lie on a read-only medium
    try:
        with _engine(f"sqlite:///{copy}", immutable=True) as engine, engine.connect() as connection:
            return _manifest_of(connection, files)
    except SQLAlchemyError as error:
        raise StoreError("DAMAGED", f"{copy} cannot be read: {reason(error)}") from error


def _manifest_of(connection: Connection, files: int) -> Manifest:
    version = schema.version_of(connection)
    if version is None:
        raise StoreError("NO_JOURNAL", "the file holds no journal")
    meta = {each.name: each.value for each in connection.execute(select(tables.meta))}
    last = select(tables.journal.c.seq, tables.journal.c.digest).order_by(tables.journal.c.seq.desc())
    row = connection.execute(last.limit(1)).first()
    return Manifest(
        site=meta.get("site", ""),
        epoch=meta.get("epoch", ""),
        schema=version,
        rows=0 if row is None else row.seq,
        digest="" if row is None else row.digest.hex(),
        files=files,
    )


@contextmanager
def _engine(url: str, *, immutable: bool = False) -> Iterator[Engine]:
    engine = open_engine(url, immutable=immutable)
    try:
        yield engine
    finally:
        engine.dispose()


def _copy_files(source: Path, target: Path) -> int:
    """Copy the small files of a data folder; how many. The journal's own files are not among them, nor half-written ones."""
    count = 0
    for file in sorted(source.rglob("*")) if source.is_dir() else ():
        relative = file.relative_to(source)
        if relative.parts[0] in NOT_COPIED or relative.parts[0].startswith(JOURNAL_FILE):
            continue
        if file.suffix != HALF_WRITTEN and file.is_file() and not file.is_symlink():
            (target / relative).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _copy_durably(file, target / relative)
            except FileNotFoundError:  # taken back meanwhile, beside a running server
                continue
            count += 1
    return count


def _copy_durably(source: Path, target: Path) -> None:
    with source.open("rb") as reading:
        _write(target, reading)


def _write(target: Path, reading: Any) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
        shutil.copyfileobj(reading, writing)
        writing.flush()
        os.fsync(writing.fileno())


def _write_durably(target: Path, content: bytes) -> None:
    _write(target, io.BytesIO(content))


def _require_empty(folder: Path, field: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused("NOT_EMPTY", f"{folder} is not a new or empty folder", field=field)


def _require_absent(file: Path) -> None:
    if file.exists():
        raise Refused("NOT_EMPTY", f"{file} is already there", field="database.url")
