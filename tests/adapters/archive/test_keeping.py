"""Keeping house: settled once, merged by the hour, removed by age and size, and killed at any step without harm."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from adapters.archive import names, settle
from adapters.archive.files import FileSink, FileSource
from adapters.archive.keeping import keep_files, keep_rows
from adapters.archive.query import Query, answer
from adapters.archive.rows import RowSink
from adapters.archive.settings import ArchiveSettings
from adapters.store.archive import FRESH, ArchiveTable
from tests.adapters.archive.reports import HOUR_S, NOON_S, Report, Row, batch, rows_of
from tests.postgres import Postgres

US = 1_000_000
NOON_US = round(NOON_S * US)
DAY_US = 24 * HOUR_S * US
EVERYTHING = Query(from_us=0, to_us=2**52, limit=10**6)


@pytest.fixture
def kept(tmp_path: Path) -> ArchiveSettings:
    return ArchiveSettings(
        folder=str(tmp_path / "archive"), url="", days=180, max_bytes=0, keep_free_bytes=0, readers=1
    )


def written(kept: ArchiveSettings, *segments: list[Report]) -> int:
    """Each list as a segment of its own; the number of the last."""
    sink = FileSink(kept.root, keep_free_bytes=0, clock_s=lambda: NOON_S)
    sink.prepare()
    for reports in segments:
        sink.append(batch(reports))
        sink.close()
    return sink.settleable()


def everything(kept: ArchiveSettings) -> list[Row]:
    return rows_of(answer(FileSource(kept.root), EVERYTHING).rows)


def five_minutes(number: int) -> list[Report]:
    begin_s = NOON_S + 300 * number
    return [
        Report(at_s=begin_s + n, track_id=f"icao24:{n % 7:06x}", icao24=f"{n % 7:06x}") for n in range(60)
    ]


def test_an_hour_becomes_one_file_that_any_parquet_reader_understands(kept: ArchiveSettings) -> None:
    """Sorted by thing and time, words instead of codes, null for what was not said."""
    through = written(kept, *(five_minutes(number) for number in range(12)))
    before = everything(kept)
    report = keep_files(kept, through, NOON_US + 2 * HOUR_S * US)
    assert (report.settled_rows, report.merged_rows, report.failed) == (720, 720, [])
    (filed,) = names.contents(kept.root).filed
    assert (filed.rows, filed.hour, filed.path.parent.name) == (720, "12", "2026-11-24")
    assert filed.from_us == NOON_US
    assert filed.to_us > NOON_US + (11 * 300 + 59) * US
    assert everything(kept) == before
    rows = pq.read_table(filed.path).to_pylist()
    assert [(row["track_id"], row["at"]) for row in rows] == sorted(
        (row["track_id"], row["at"]) for row in rows
    )
    assert rows[0]["source_kind"] == "adsb"
    assert rows[0]["altitude_m"] is None
    assert rows[0]["at"].isoformat() == "2026-11-24T12:00:00+00:00"
    assert (kept.root / names.OPEN).stat().st_mode & 0o777 == 0o700
    assert filed.path.stat().st_mode & 0o777 == 0o600


def test_the_running_hour_and_the_open_segment_are_left_alone(kept: ArchiveSettings) -> None:
    """Merging waits for the hour's end; nobody settles what is being written."""
    through = written(kept, *(five_minutes(number) for number in range(12)))
    sink = FileSink(kept.root, keep_free_bytes=0, clock_s=lambda: NOON_S)
    sink.prepare()
    sink.append(batch(five_minutes(12)))
    report = keep_files(kept, through, NOON_US + HOUR_S * US)
    assert (report.settled_rows, report.merged_rows) == (720, 0)
    held = names.contents(kept.root)
    assert (len(held.filed), len(held.segments)) == (12, 1)


def test_late_reports_go_to_their_own_hours_and_an_invented_clock_makes_few_files(
    kept: ArchiveSettings,
) -> None:
    """A terminal's memory of yesterday is found there; 5,000 hours in one segment are not 5,000 files."""
    memory = [Report(at_s=NOON_S - n * HOUR_S, track_id="jt808:1") for n in range(30)]
    invented = [Report(at_s=NOON_S - n * HOUR_S, track_id="jt808:2") for n in range(5000)]
    through = written(kept, memory, invented)
    before = everything(kept)
    keep_files(replace(kept, days=3650), through, NOON_US + HOUR_S * US)
    assert everything(kept) == before
    held = names.contents(kept.root).filed
    assert len(held) <= 30 + settle.HOURS + 1
    asked = replace(EVERYTHING, from_us=NOON_US - DAY_US, to_us=NOON_US - DAY_US + 1, ids=("jt808:1",))
    assert len(answer(FileSource(kept.root), asked).rows) == 1


def test_what_is_older_than_its_days_goes_and_is_named(kept: ArchiveSettings) -> None:
    """The newest stays; empty folders go too."""
    through = written(kept, [Report(at_s=NOON_S - 181 * 86_400)], [Report(at_s=NOON_S - 179 * 86_400)])
    report = keep_files(kept, through, NOON_US)
    assert report.removed == ["2026-05-27/12: older than 180 days"]
    assert (report.removed_rows, report.rows) == (1, 1)
    assert not (kept.root / "2026-05-27").exists()
    assert [row[0] for row in everything(kept)] == [NOON_US - 179 * DAY_US]


def test_over_its_gigabytes_the_oldest_go_first(kept: ArchiveSettings) -> None:
    """Only as many as must."""
    through = written(kept, *([Report(at_s=NOON_S + hour * HOUR_S)] for hour in range(4)))
    size = keep_files(kept, through, NOON_US).size
    report = keep_files(replace(kept, max_bytes=size * 5 // 8), through, NOON_US)
    assert [name.split(":")[0] for name in report.removed] == ["2026-11-24/12", "2026-11-24/13"]
    assert "over" in report.removed[0]
    assert [row[0] for row in everything(kept)] == [NOON_US + 2 * HOUR_S * US, NOON_US + 3 * HOUR_S * US]


class Killed(BaseException):
    """The process ends here."""


def killed_after(changes: int, work: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Do the work until so many changes to the disk were made; whether it came to its end."""
    done = 0

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done > changes:
                raise Killed
            return change(*arguments, **named)

        return run

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", counted(Path.unlink))
        patched.setattr(Path, "rename", counted(Path.rename))
        patched.setattr(os, "fsync", counted(os.fsync))
        try:
            work()
        except Killed:
            return False
    return True


def test_killed_at_any_step_nothing_is_lost_or_doubled(
    kept: ArchiveSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After every change to the disk, what is there answers the same; and the next run ends what was begun."""
    reports = [Report(at_s=NOON_S - 1 + n / 2, track_id=f"jt808:{n % 3}") for n in range(6)]  # two hours
    now_us = NOON_US + 3 * HOUR_S * US
    changes, ended = 0, False
    while not ended:
        changes += 1
        each = replace(kept, folder=f"{kept.folder}-{changes}")
        through = written(each, *([report] for report in reports[:3]), reports[3:])
        before = everything(each)
        ended = killed_after(
            changes, lambda each=each, through=through: keep_files(each, through, now_us), monkeypatch
        )  # type: ignore[misc]  # a lambda's defaults
        assert everything(each) == before
        assert keep_files(each, through, now_us).failed == []
        assert everything(each) == before
        held = names.contents(each.root)
        assert (held.segments, held.superseded, names.left_over(each.root)) == ((), (), [])
        assert [(filed.rows, filed.first, filed.last) for filed in held.filed] == [
            (2, 1, 2),
            (1, 3, 3),
            (3, 4, 4),
        ]
    assert changes > 20


def test_a_full_disk_leaves_the_segments_and_is_said(
    kept: ArchiveSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settling is tried again when there is room."""
    through = written(kept, five_minutes(0), five_minutes(1))
    before = everything(kept)

    def no_room(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(settle, "write", no_room)
        report = keep_files(kept, through, NOON_US)
    assert report.full
    assert len(report.failed) == 2
    assert everything(kept) == before
    assert names.left_over(kept.root) == []
    assert keep_files(kept, through, NOON_US).settled_rows == 120


def test_two_at_once_do_not_meet(kept: ArchiveSettings) -> None:
    """The second does nothing and says so; as a process too."""
    through = written(kept, five_minutes(0))
    asked = json.dumps({"settings": kept.as_json(), "through": through, "now_us": NOON_US})
    from adapters.archive.keeping import _alone

    def run() -> Any:
        words = [sys.executable, "-m", "adapters.archive.keeping"]
        return json.loads(
            subprocess.run(words, input=asked, capture_output=True, text=True, check=True).stdout
        )

    with _alone(kept.root) as alone:
        assert alone
        assert run()["busy"]
    assert run()["settled_rows"] == 60


def test_a_database_is_kept_too(postgres: Postgres, kept: ArchiveSettings) -> None:
    """Settled, removed by age and by size, alone at it."""
    kept = replace(kept, url=postgres.new_database())
    table = ArchiveTable(kept.url)
    sink = RowSink(table, clock_s=lambda: NOON_S)
    assert sink.prepare() is None
    sink.append(batch([Report(at_s=NOON_S - 181 * 86_400)]))
    for number in range(3):
        sink.append(batch([Report(at_s=NOON_S + number * HOUR_S)]))
    assert sink.prepare() == 0
    with table.keeper() as alone:
        assert alone
        assert keep_rows(kept, NOON_US).busy
    report = keep_rows(kept, NOON_US)
    assert (report.settled_rows, report.removed_rows, report.rows) == (4, 1, 3)
    assert table.headers(FRESH) == []
    report = keep_rows(replace(kept, max_bytes=report.size - 1), NOON_US)
    assert (report.removed_rows, report.oldest_us) == (1, NOON_US + HOUR_S * US)
    sink.close()
