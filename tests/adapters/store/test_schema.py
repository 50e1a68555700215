"""Schemas over time: migrations make the tables the code writes, older journals replay, newer ones are left alone."""

import shutil
from pathlib import Path

import pytest
import pytest_twisted
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from adapters.store import schema, tables
from adapters.store.database import StoreError
from adapters.store.journal import Store
from dispatch.kinds import IncidentState
from tests.adapters.desks import open_desk, report


def opened(url: str) -> None:
    """Open it as the desk does, and let go of it again."""
    store = Store(url, "36")
    try:
        store.reopen()
    finally:
        store.close()


OLD = Path(__file__).parents[2] / "data" / "journal"


def test_the_migrations_make_the_tables_that_the_code_writes(journal_url: str) -> None:
    """tables.py and migrations/versions cannot drift apart."""
    engine = create_engine(journal_url)
    with engine.begin() as connection:
        schema.migrate(connection)
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        assert schema.compare(connection) is schema.Schema.CURRENT
    engine.dispose()


def test_a_failed_migration_leaves_the_schema_as_it_was(journal_url: str) -> None:
    """Schema changes are in one transaction, on SQLite too."""
    engine = Store(journal_url, "36")._engine
    with engine.connect() as connection:
        transaction = connection.begin()
        schema.migrate(connection)
        transaction.rollback()
    with engine.connect() as connection:
        assert schema.compare(connection) is schema.Schema.FRESH
    engine.dispose()


@pytest.fixture
def old_url(tmp_path: Path) -> str:
    """A copy of the journal of schema 0001."""
    shutil.copy(OLD / "0001.sqlite", tmp_path / "journal.sqlite")
    return f"sqlite:///{tmp_path / 'journal.sqlite'}"


def test_an_older_journal_is_not_opened_before_it_is_migrated(old_url: str) -> None:
    """The error says what to do."""
    for open_it in (lambda: opened(old_url), lambda: Store.read(old_url, "36")):
        with pytest.raises(StoreError, match="ganying migrate") as caught:
            open_it()
        assert caught.value.code == "OLD_SCHEMA"


@pytest_twisted.ensureDeferred
async def test_an_older_journal_opens_and_replays_once_migrated(old_url: str) -> None:
    """Its facts, its epoch and its retry keys are all still good."""
    assert Store.migrate(old_url, "36") == ("0001", schema.newest_version())
    assert Store.migrate(old_url, "36") == (schema.newest_version(), schema.newest_version())
    async with open_desk(old_url) as desk:
        assert desk.through == 8
        assert desk.findings == ()
        states = sorted(incident.state for incident in desk.world.incidents.values())
        assert states == [IncidentState.CONFIRMED] * 3 + [IncidentState.REPORTED] * 2
        assert (await desk.ask(report(1))).repeated
        assert (await desk.ask(report(100))).through == 9


def test_a_newer_journal_is_left_alone(journal_url: str) -> None:
    """Neither opened nor migrated."""
    Store.migrate(journal_url, "36")
    engine = create_engine(journal_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    for open_it in (lambda: opened(journal_url), lambda: Store.migrate(journal_url, "36")):
        with pytest.raises(StoreError, match="9999") as caught:
            open_it()
        assert caught.value.code == "NEW_SCHEMA"


def test_a_database_with_another_table_called_journal_is_left_alone(journal_url: str) -> None:
    """Somebody else's data is not ours to change."""
    engine = create_engine(journal_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE journal (x INTEGER)")
    engine.dispose()
    with pytest.raises(StoreError) as caught:
        opened(journal_url)
    assert caught.value.code == "NOT_A_JOURNAL"


def test_a_database_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """One line, typed."""
    url = f"postgresql+psycopg://postgres@/none?host={tmp_path}"
    with pytest.raises(StoreError) as caught:
        opened(url)
    assert caught.value.code == "UNREACHABLE"
