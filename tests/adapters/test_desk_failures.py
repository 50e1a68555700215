"""A journal that cannot be written: callers are told, nothing accepted is lost, and the desk comes back by itself."""

from pathlib import Path
from typing import Any

import pytest_twisted
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import gatherResults

from adapters.desk import Answer, Desk
from adapters.store.database import StoreError
from adapters.store.journal import Store
from dispatch.errors import NotStored
from protocols.chain import Damage, verify
from tests.adapters.desks import KEY, Clock, open_desk, outcome, report, titles, until
from tests.postgres import Postgres


def engine_of(desk: Desk) -> Engine:
    """The desk's own engine, to hurt it."""
    return desk._store._engine


async def ask_many(desk: Desk, numbers: range) -> list[Any]:
    """Answers and errors, in order."""
    return await gatherResults(
        [desk.ask(report(n)).addErrback(lambda failure: failure.value) for n in numbers]
    )


@pytest_twisted.ensureDeferred
async def test_a_database_that_goes_away_and_comes_back(postgres: Postgres) -> None:
    """While it is away every ask is told NotStored; then the desk goes on where it was, without a restart."""
    url = postgres.new_database()
    async with open_desk(url) as desk:
        await ask_many(desk, range(20))
        postgres.stop("immediate")
        try:
            lost = await ask_many(desk, range(20, 60))
            assert all(isinstance(error, NotStored) for error in lost)
            await until(lambda: desk.state == "down", "the desk to notice")
            assert isinstance(await outcome(desk.ask(report(0))), NotStored)
            assert len(desk.world.incidents) == 20  # what was accepted is still shown
        finally:
            postgres.start()
        await until(lambda: desk.state == "ok", "the desk to come back")
        answers = await ask_many(desk, range(60))
        assert all(isinstance(answer, Answer) for answer in answers)
        assert [answer.repeated for answer in answers] == [True] * 20 + [False] * 40
        assert desk.through == 60
        rows = [sealed for batch in desk._store.rows() for sealed in batch]
        assert list(verify(rows)) == []


@pytest_twisted.ensureDeferred
async def test_an_idle_desk_notices_that_its_database_is_away(postgres: Postgres) -> None:
    """Health must not say ok until somebody needs the journal."""
    async with open_desk(postgres.new_database()) as desk:
        await desk.ask(report(1))
        postgres.stop()
        try:
            await until(lambda: desk.state == "down", "the desk to notice by itself")
        finally:
            postgres.start()
        await until(lambda: desk.state == "ok", "the desk to come back")
        assert (await desk.ask(report(1))).repeated


@pytest_twisted.ensureDeferred
async def test_a_commit_whose_confirmation_was_lost_is_answered_as_what_it_was(journal_url: str) -> None:
    """The rows are on disk, so the caller gets its answer and not NotStored, and subscribers hear of them once."""
    heard: list[int] = []
    async with open_desk(journal_url) as desk:
        await desk.ask(report(1))
        desk.subscribe(lambda _, facts: heard.extend(fact.seq for fact in facts))
        commit = desk._store.commit

        def commit_and_lose() -> None:
            commit()
            desk._store.commit = commit  # type: ignore[method-assign]  # the fault happens once
            raise OperationalError("COMMIT", {}, ConnectionError("connection lost"))

        desk._store.commit = commit_and_lose  # type: ignore[method-assign]  # a lost confirmation
        answers = await ask_many(desk, range(2, 10))
        assert {type(answer) for answer in answers} == {Answer}
        assert (await desk.ask(report(2))).repeated
        assert (desk.state, desk.through) == ("ok", 9)
        assert heard == list(range(2, 10))


@pytest_twisted.ensureDeferred
async def test_a_commit_that_did_not_happen_leaves_no_trace(journal_url: str) -> None:
    """Candidate dropped, callers told, the next ask finds the world as it was."""
    async with open_desk(journal_url) as desk:
        await desk.ask(report(1))
        before = desk.world
        commit = desk._store.commit

        def fail() -> None:
            desk._store.commit = commit  # type: ignore[method-assign]  # the fault happens once
            raise OperationalError("COMMIT", {}, ConnectionError("connection lost"))

        desk._store.commit = fail  # type: ignore[method-assign]  # a commit that never reached the disk
        errors = await ask_many(desk, range(2, 10))
        assert any(isinstance(error, NotStored) for error in errors)
        assert isinstance(errors[0], NotStored)
        await until(lambda: desk.state == "ok", "the desk to come back")
        lost = [n for n, error in zip(range(2, 10), errors, strict=True) if isinstance(error, NotStored)]
        assert titles(desk) == sorted(f"{n}号火场" for n in range(1, 10) if n not in lost)
        assert set(before.incidents.items()) <= set(desk.world.incidents.items())
        assert not (await desk.ask(report(2))).repeated


@pytest_twisted.ensureDeferred
async def test_a_full_disk_refuses_writes_and_ends_when_there_is_room(tmp_path: Path) -> None:
    """SQLite itself says `database or disk is full`; readers go on; room made, the same keys succeed."""
    limit = {"pages": 0}

    def cap(connection: Any, _record: object) -> None:
        if limit["pages"]:
            connection.execute(f"PRAGMA max_page_count={limit['pages']}")

    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    async with open_desk(url) as desk:
        await ask_many(desk, range(5))
        event.listen(engine_of(desk), "connect", cap)
        limit["pages"] = 16  # fewer than it has: no page may be added
        engine_of(desk).dispose()
        desk._store._writer.invalidate()  # type: ignore[union-attr]  # the desk's next connection is capped
        errors = await ask_many(desk, range(5, 200))
        full = [error for error in errors if isinstance(error, NotStored)]
        assert full
        assert len(await desk.rows_after(0, 1000)) == len(desk.world.incidents)
        limit["pages"] = 0
        engine_of(desk).dispose()
        await until(lambda: desk.state == "ok", "the desk to come back")
        for _ in range(3):  # a connection of the time when it was full may be met once more
            answers = await ask_many(desk, range(200))
            if all(isinstance(answer, Answer) for answer in answers):
                break
            await until(lambda: desk.state == "ok", "the desk to come back")
        assert all(isinstance(answer, Answer) for answer in answers)
        assert desk.through == 200
        rows = [sealed for batch in desk._store.rows() for sealed in batch]
        assert list(verify(rows)) == []


@pytest_twisted.ensureDeferred
async def test_a_database_that_came_back_older_is_not_written(postgres: Postgres) -> None:
    """A restored snapshot lacks rows that were answered: the desk stays down and says so."""
    url = postgres.new_database()
    async with open_desk(url) as desk:
        await ask_many(desk, range(10))
        store = Store(url, "36")
        with store._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM journal WHERE seq > 5")
        store.close()
        desk._store._writer.invalidate()  # type: ignore[union-attr]  # as if the connection was lost meanwhile
        desk._store._engine.dispose()
        real = desk._store.by_command
        desk._store.by_command = _failing  # type: ignore[method-assign]  # the failure that makes it look again
        assert isinstance(await outcome(desk.ask(report(50))), NotStored)
        desk._store.by_command = real  # type: ignore[method-assign]  # the database answers again
        await until(
            lambda: desk.state == "down" and "no longer holds row 10" in desk.down_because, "the reason"
        )
        assert isinstance(await outcome(desk.ask(report(51))), NotStored)


def _failing(*_: object) -> Any:
    raise OperationalError("SELECT", {}, ConnectionError("connection lost"))


@pytest_twisted.ensureDeferred
async def test_stopping_while_the_database_is_away_ends(postgres: Postgres) -> None:
    """A server must be able to stop without its database."""
    async with open_desk(postgres.new_database()) as desk:
        await desk.ask(report(1))
        postgres.stop("immediate")
        try:
            await outcome(desk.ask(report(2)))
            await desk.stop()
            assert desk.state == "stopped"
            assert isinstance(await outcome(desk.ask(report(3))), NotStored)
        finally:
            postgres.start()


@pytest_twisted.ensureDeferred
async def test_a_journal_that_was_edited_is_served_and_said_aloud(journal_url: str) -> None:
    """Dispatch must go on: the desk starts, the finding is logged and kept for health."""
    async with open_desk(journal_url) as desk:
        await ask_many(desk, range(5))
    edit(journal_url, "UPDATE journal SET actor = 'somebody' WHERE seq = 3")
    async with open_desk(journal_url) as desk:
        assert [(finding.damage, finding.seq) for finding in desk.findings] == [(Damage.EDITED_ROW, 3)]
        assert (await desk.ask(report(10))).through == 6


@pytest_twisted.ensureDeferred
async def test_a_journal_whose_own_facts_cannot_be_read_is_not_served(journal_url: str) -> None:
    """Deciding on a world with a hole in it would be worse than not starting; the error names the row."""
    async with open_desk(journal_url) as desk:
        await ask_many(desk, range(5))
    edit(journal_url, "UPDATE journal SET kind = 'NoSuchFact' WHERE seq = 3")
    error = await outcome(Desk(url=journal_url, site="36", key=KEY, clock=Clock()).start())
    assert isinstance(error, StoreError)
    assert error.code == "DAMAGED"
    assert "row 3" in error.detail


def edit(url: str, statement: str) -> None:
    """Change the journal behind everybody's back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
