"""The past over HTTP: what was archived, a page at a time, in JSON and in columns, from a process of its own."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import pytest_twisted
from twisted.internet import reactor, task

from adapters.archive.archive import Archive
from adapters.archive.settings import ArchiveSettings
from dispatch.history import History
from dispatch.kinds import Role, SourceKind, ThingKind
from dispatch.sighting import Sighting
from dispatch.views import NO_OPERATIONS
from protocols.gen.history_pb2 import HistoryColumns
from tests.adapters.web.running import Running


class Past:
    """An archive beside the site, and what was put into it."""

    def __init__(self, site: Running, archive: Archive, history: History) -> None:
        self.site = site
        self.archive = archive
        self.history = history
        self.now_s = site.clock().timestamp()

    async def add(
        self, rows: int, *, ago_s: float, step_s: float = 1.0, who: str = "780abc", **said: Any
    ) -> None:
        """So many reports, `step_s` apart; on disk when it returns."""
        before = self.archive.status().rows
        for number in range(rows):
            one = Sighting(
                source="hill",
                source_kind=SourceKind.ADSB,
                icao24=who,
                lon_deg=115.0 + number / 1000,
                lat_deg=28.0,
                **said,
            )
            self.history.add(one, f"icao24:{who}", self.now_s - ago_s + number * step_s)
        while self.archive.status().rows < before + rows:
            await task.deferLater(reactor, 0.02, lambda: None)


@pytest_twisted.async_yield_fixture
async def past(site: Running) -> AsyncIterator[Past]:
    history = History()
    settings = ArchiveSettings(
        folder=str(site.folder / "archive"), url="", days=180, max_bytes=0, keep_free_bytes=0, readers=1
    )
    archive = Archive(settings, history, reactor, lambda: site.clock().timestamp())
    archive.start()
    site.site.archive = archive
    yield Past(site, archive, history)
    await archive.stop()


def at(past: Past, ago_s: float) -> str:
    return (past.site.clock() - timedelta(seconds=ago_s)).isoformat().replace("+00:00", "Z")


@pytest_twisted.ensureDeferred
async def test_the_last_hour_comes_page_by_page_in_order(past: Past) -> None:
    await past.add(
        25, ago_s=100, callsign="RESCUE1", altitude_m=500.1, squawk="0023", thing_kind=ThingKind.HELICOPTER
    )
    await past.add(5, ago_s=7200, who="780fff")
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await past.site.http("GET", f"history?limit=10&cursor={cursor}", role="dispatcher")
        assert answer.status == 200, answer.body
        items += answer.json["items"]
        cursor = answer.json["next"]
        if not cursor:
            break
    assert [item["lon_deg"] for item in items] == [round(115 + n / 1000, 7) for n in range(25)]
    assert items[0] == {
        "id": "icao24:780abc",
        "icao24": "780abc",
        "at": at(past, 100),
        "lon_deg": 115.0,
        "lat_deg": 28.0,
        "accuracy_m": None,
        "altitude_m": 500.1,
        "altitude_datum": None,
        "ground_speed_mps": None,
        "track_deg": None,
        "vertical_rate_mps": None,
        "callsign": "RESCUE1",
        "squawk": "0023",
        "emergency": None,
        "emitter_category": "",
        "thing_kind": "helicopter",
        "on_ground": None,
        "simulated": False,
        "source": "hill",
        "source_kind": "adsb",
    }


@pytest_twisted.ensureDeferred
async def test_time_place_thing_and_step_narrow_it(past: Past) -> None:
    await past.add(60, ago_s=120)
    await past.add(60, ago_s=120, who="780fff")

    async def count(**query: object) -> int:
        words = "&".join(f"{name.rstrip('_')}={value}" for name, value in query.items())
        answer = await past.site.http("GET", f"history?{words}", role="observer")
        assert answer.status == 200, answer.body
        return len(answer.json["items"])

    assert await count() == 120
    assert await count(ids="780fff") == 60
    assert await count(ids="icao24:780abc,nobody") == 60
    assert await count(from_=at(past, 120), to=at(past, 110)) == 20
    assert await count(bbox="115.0095,27,116,29") == 100
    assert await count(from_=at(past, 120), step_s=30) == 4


@pytest_twisted.ensureDeferred
async def test_columns_hold_the_same_rows(past: Past) -> None:
    await past.add(30, ago_s=100, callsign="救援1", ground_speed_mps=60.5)
    await past.add(3, ago_s=50, who="780fff")
    answer = await past.site.http("GET", "history/columns?limit=32", role="dispatcher")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-protobuf")
    columns = HistoryColumns.FromString(answer.body)
    assert columns.rows == 32
    assert list(columns.track_id.words) == ["icao24:780abc", "icao24:780fff"]
    assert np.frombuffer(columns.track_id.numbers, "<u1").tolist() == [1] * 30 + [2] * 2
    assert list(columns.callsign.words) == ["救援1"]
    assert np.frombuffer(columns.callsign.numbers, "<u1").tolist() == [1] * 30 + [0] * 2
    lon_deg = np.frombuffer(columns.lon_e7, "<i4") / 1e7
    assert lon_deg[:3].tolist() == [115.0, 115.001, 115.002]
    speed = np.frombuffer(columns.ground_speed_mps, "<f4")
    assert speed[0] == 60.5
    assert np.isnan(speed[30])
    at_ms = np.frombuffer(columns.at_ms, "<f8")
    assert at_ms[0] == (past.now_s - 100) * 1000
    rest = await past.site.http("GET", f"history/columns?cursor={columns.next}", role="dispatcher")
    assert HistoryColumns.FromString(rest.body).rows == 1


@pytest.mark.parametrize("role", list(Role))
@pytest_twisted.ensureDeferred
async def test_who_may_see_tracks_may_see_where_they_were(role: Role, past: Past) -> None:
    """Administrators and gateways see none, as with tracks."""
    await past.add(2, ago_s=10)
    answer = await past.site.http("GET", "history", role=role.value)
    assert answer.status == 200
    tracks_hidden = role in NO_OPERATIONS
    assert len(answer.json["items"]) == (0 if tracks_hidden else 2)
    columns = await past.site.http("GET", "history/columns", role=role.value)
    assert HistoryColumns.FromString(columns.body).rows == (0 if tracks_hidden else 2)


@pytest_twisted.ensureDeferred
async def test_nobody_sees_it_without_a_session(past: Past) -> None:
    assert (await past.site.http("GET", "history")).status == 401
    assert (await past.site.http("GET", "history/columns")).status == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-11-24", "from"),
        ("bbox=1,2,3", "bbox"),
        ("ids=a%20b", "ids"),
        ("step_s=nan", "step_s"),
        ("limit=0", "limit"),
        ("limit=50000", "limit"),
        ("cursor=x", "cursor"),
        ("colour=red", "colour"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_mistake_is_named(query: str, field: str, past: Past) -> None:
    answer = await past.site.http("GET", f"history?{query}", role="dispatcher")
    assert (answer.status, answer.json["field"]) == (422, field), answer.body


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z", 0),
        ("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", 3),
        ("from=9999-12-31T23:59:59Z", 0),
        ("to=0001-01-01T00:00:00Z", 0),
        ("cursor=99999999999999999~0", 0),
        ("bbox=100,90,120,-90", 0),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_question_about_nothing_is_answered_with_nothing(query: str, count: int, past: Past) -> None:
    await past.add(3, ago_s=10)
    answer = await past.site.http("GET", f"history?{query}", role="dispatcher")
    assert answer.status == 200, answer.body
    assert len(answer.json["items"]) == count


@pytest_twisted.ensureDeferred
async def test_a_reader_that_dies_is_replaced(past: Past) -> None:
    """Whoever waited is told; the next question is answered."""
    await past.add(3, ago_s=10)
    assert (await past.site.http("GET", "history", role="dispatcher")).status == 200
    readers = past.archive._readers
    waiting = past.site.http("GET", "history", role="dispatcher")
    readers._readers[0].kill()
    answer = await waiting
    assert answer.status in (200, 409)  # killed before it was asked, or while it answered
    assert len((await past.site.http("GET", "history", role="dispatcher")).json["items"]) == 3


@pytest_twisted.ensureDeferred
async def test_too_many_questions_are_told_to_come_back(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.archive.readers.WAITING", 0)
    answer = await past.site.http("GET", "history", role="dispatcher")
    assert (answer.status, answer.json["code"], answer.headers["retry-after"]) == (503, "ARCHIVE_BUSY", "1")


@pytest_twisted.ensureDeferred
async def test_a_damaged_file_costs_an_answer_not_the_reader(past: Past) -> None:
    await past.add(3, ago_s=10)
    now = past.site.clock()
    folder = past.site.folder / "archive" / f"{now:%Y-%m-%d}"
    folder.mkdir()
    ms = round(now.timestamp() * 1000)
    damaged = folder / f"{now:%H}-{ms - 9000}-{ms}-5-00009998-00009998.parquet"
    damaged.write_bytes(b"PAR1 no more")
    answer = await past.site.http("GET", "history", role="dispatcher")
    assert (answer.status, answer.json["code"]) == (503, "DEFECT")
    damaged.unlink()
    assert (await past.site.http("GET", "history", role="dispatcher")).status == 200


@pytest_twisted.ensureDeferred
async def test_without_an_archive_the_door_says_so(site: Running) -> None:
    answer = await site.http("GET", "history", role="dispatcher")
    assert (answer.status, answer.json["code"]) == (409, "NO_ARCHIVE")
    assert (await site.http("GET", "health")).json["archive"] is None


@pytest_twisted.ensureDeferred
async def test_health_and_metrics_show_the_archive(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    await past.add(3, ago_s=10)
    health = (await past.site.http("GET", "health")).json
    assert health["archive"] == {"state": "ok", "written_age_s": 0.0, "queued_rows": 0, "dropped_rows": 0}
    assert health["status"] == "ok"
    past.archive._writer.counted.state = type(past.archive.status().state)("full")
    health = (await past.site.http("GET", "health")).json
    assert (health["status"], health["archive"]["state"]) == ("degraded", "full")


@pytest_twisted.ensureDeferred
async def test_an_archive_that_is_off_keeps_nothing_and_lets_memory_go(site: Running) -> None:
    history = History()
    settings = ArchiveSettings(
        folder=str(site.folder / "archive"),
        url="",
        days=180,
        max_bytes=0,
        keep_free_bytes=0,
        readers=1,
        enabled=False,
    )
    clock = task.Clock()
    archive = Archive(settings, history, clock, lambda: 0.0)
    archive.start()
    history.add(Sighting(source="s", source_kind=SourceKind.COT, own_key="cot:x"), "cot:x", 1.0)
    clock.advance(1.0)
    assert len(history) == 0
    assert archive.status().state == "off"
    assert not (site.folder / "archive").exists()
    site.site.archive = archive
    assert (await site.http("GET", "history", role="dispatcher")).json["code"] == "NO_ARCHIVE"
    await archive.stop()
