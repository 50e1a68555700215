"""From one URL to an engine: what has to be set on SQLite and on PostgreSQL for an answer to mean "on disk".

SQLite: WAL, so that readers never wait for the writer, and synchronous=FULL, so that a commit survives a power cut.
PostgreSQL: synchronous_commit as the server has it, which is `on` unless somebody decided otherwise; we set it.
"""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from dispatch.errors import GanyingError, Malformed

JOURNAL_FILE = "journal.sqlite"
BUSY_TIMEOUT_S = 10.0  # SQLite: how long a statement waits for another process's lock
CONNECT_TIMEOUT_S = 3  # PostgreSQL: a dead host must not hold the writer, nor a stop, which has 5 s
STATEMENT_TIMEOUT_S = 30  # PostgreSQL: the same for a statement
# PostgreSQL gives up a client that vanished without a word after 10 + 3 x 5 s, and with it the writer's lock
KEEPALIVES = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"


class StoreError(GanyingError):
    """The journal cannot be used as it stands: wrong schema, other site, other writer, damaged, unreachable."""


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL, None for PostgreSQL. Raises Malformed for anything else."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Malformed("database.url", str(error)) from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database:
            return Path(parsed.database)
        case "postgresql" if parsed.drivername == "postgresql+psycopg":
            return None
    raise Malformed("database.url", "must begin with sqlite:/// or postgresql+psycopg://")


def open_engine(url: str, *, immutable: bool = False) -> Engine:
    """An engine on the journal's database; nothing is connected yet.

    `immutable` is for a SQLite file that nobody writes, a backup: nothing is created beside it.
    """
    file = sqlite_file(url)
    if immutable and file is not None:
        address = f"{file.resolve().as_uri()}?immutable=1"
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True))
        event.listen(engine, "connect", _set_up_text)
        return engine
    if file is not None:
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=4, max_overflow=0)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = f"-c synchronous_commit=on -c statement_timeout={STATEMENT_TIMEOUT_S * 1000} {KEEPALIVES}"
    return create_engine(
        url,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "options": options, "tcp_user_timeout": 10_000},
        pool_size=4,  # writer, two readers, one to spare
        max_overflow=0,
        pool_pre_ping=True,
    )


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 would leave schema changes outside transactions; we say BEGIN
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    _set_up_text(connection, _record)


def _set_up_text(connection: Any, _record: object) -> None:
    # a damaged text must reach `journal verify` as a wrong row, not end the walk
    connection.text_factory = _forgiving_text


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _forgiving_text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def reason(error: SQLAlchemyError) -> str:
    """What the driver said, in one line, without the statement and its parameters (they may hold secrets)."""
    original = getattr(error, "orig", None)
    return " ".join(str(original if original is not None else error).split())[:300]
