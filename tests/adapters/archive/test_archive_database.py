"""The running archive on a real PostgreSQL: written, settled by a process of its own, read, away and back."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor, task

from adapters.archive import writer
from adapters.archive.archive import Archive, ArchiveCollector
from adapters.archive.query import Query
from adapters.archive.settings import ArchiveSettings
from adapters.archive.writer import ArchiveState
from dispatch.history import History
from dispatch.kinds import SourceKind
from dispatch.sighting import Sighting
from tests.adapters.archive.reports import NOON_S
from tests.postgres import Postgres

WAIT_S = 30.0


class Running:
    """An archive and what is put into it."""

    def __init__(self, archive: Archive, history: History) -> None:
        self.archive = archive
        self.history = history
        self.put = 0

    def hear(self, count: int) -> None:
        for _ in range(count):
            one = Sighting(
                source="hill", source_kind=SourceKind.ADSB, icao24="780abc", lon_deg=115.0, lat_deg=28.0
            )
            self.history.add(one, one.key, NOON_S + self.put)
            self.put += 1

    async def until(self, true: Any) -> None:
        for _ in range(int(WAIT_S / 0.02)):
            if true():
                return
            await task.deferLater(reactor, 0.02, lambda: None)
        raise AssertionError(f"it never came true: {self.archive.status()}")

    async def answered(self) -> list[Any]:
        query = Query(from_us=round(NOON_S * 1e6), to_us=round((NOON_S + 3600) * 1e6), limit=1000)
        items: list[Any] = json.loads(await self.archive.ask(query, "json"))["items"]
        return items


@pytest_twisted.async_yield_fixture
async def running(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(writer, "RETRY_S", 0.1)
    settings = ArchiveSettings(
        folder="", url=postgres.new_database(), days=36_500, max_bytes=0, keep_free_bytes=0, readers=1
    )
    history = History()
    archive = Archive(settings, history, reactor, lambda: NOON_S)
    archive.start()
    yield Running(archive, history)
    await archive.stop()


@pytest_twisted.ensureDeferred
async def test_what_is_heard_is_in_the_database_and_settled_and_read(running: Running) -> None:
    running.hear(20)
    await running.until(lambda: running.archive.status().rows == 20)
    assert len(await running.answered()) == 20
    running.archive._keeper.keep(0)
    await running.until(lambda: running.archive.status().held_bytes is not None)
    kept = running.archive._keeper.last
    assert kept is not None
    assert (kept.settled_rows, kept.rows, kept.failed) == (20, 20, [])
    assert len(await running.answered()) == 20
    figures = {metric.name: metric for metric in ArchiveCollector(running.archive).collect()}
    assert figures["ganying_archive_rows"].samples[0].value == 20
    assert figures["ganying_archive_held_bytes"].samples[0].value == kept.size


@pytest_twisted.ensureDeferred
async def test_a_database_that_goes_away_is_said_and_waited_for(running: Running, postgres: Postgres) -> None:
    running.hear(5)
    await running.until(lambda: running.archive.status().rows == 5)
    postgres.stop("immediate")
    try:
        running.hear(5)
        await running.until(lambda: running.archive.status().state is ArchiveState.DOWN)
        assert running.archive.status().queued_rows == 5
    finally:
        postgres.start()
    await running.until(lambda: running.archive.status().rows == 10)
    assert running.archive.status().state is ArchiveState.OK
    assert [item["at"] for item in await running.answered()][-1] == "2026-11-24T12:00:09Z"
