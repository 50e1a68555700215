"""What the archive answers is what a slow walk over all reports would: from segments, files and rows alike."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.archive import names, query, rows
from adapters.archive.files import FileSink, FileSource
from adapters.archive.keeping import keep_files
from adapters.archive.query import Kept, Query, Source, answer, everything
from adapters.archive.settings import ArchiveSettings
from adapters.store.archive import ArchiveTable
from dispatch.errors import Malformed, Refused
from tests.adapters.archive.reports import HOUR_S, NOON_S, Report, batch, brute_force, rows_of
from tests.postgres import Postgres

SECONDS = st.integers(-2 * HOUR_S, 2 * HOUR_S).map(float) | st.integers(0, 20).map(lambda n: n / 4)


@st.composite
def report(draw: st.DrawFn) -> Report:
    who = draw(st.sampled_from(["icao24:780abc", "icao24:780abd", "36-AC-1", "jt808:0139", "phone:李"]))
    address = {"icao24:780abc": "780abc", "icao24:780abd": "780abd", "36-AC-1": "780fff"}.get(who, "")
    placed = draw(st.booleans())
    return Report(
        at_s=NOON_S + draw(SECONDS),
        track_id=who,
        source=draw(st.sampled_from(["hill", "ridge"])),
        icao24=address,
        lon_deg=draw(st.integers(-180, 180)) * 1.0 if placed else None,
        lat_deg=draw(st.integers(-90, 90)) * 1.0 if placed else None,
        accuracy_m=draw(st.sampled_from([None, 10.0, 100.0])),
        callsign=draw(st.sampled_from([None, "RESCUE1", "CES5101"])),
        altitude_m=draw(st.sampled_from([None, 500.0])),
    )


def distinct(reports: Sequence[Report]) -> list[Report]:
    """No two of one thing at one instant: which of them counts as the later is nobody's promise."""
    seen: dict[tuple[float, str], Report] = {}
    for each in reports:
        seen.setdefault((each.at_s, each.track_id), each)
    return list(seen.values())


@st.composite
def question(draw: st.DrawFn) -> Query:
    from_s = NOON_S + draw(st.integers(-2 * HOUR_S, HOUR_S))
    bounds = draw(
        st.none()
        | st.tuples(*(st.integers(-180, 180), st.integers(-90, 90)) * 2).map(
            lambda box: (box[0], min(box[1], box[3]), box[2], max(box[1], box[3]))
        )
    )
    return Query(
        from_us=round(from_s * 1e6),
        to_us=round((from_s + draw(st.sampled_from([1, 60, 1800, 3 * HOUR_S]))) * 1e6),
        bounds=bounds,
        ids=tuple(draw(st.sets(st.sampled_from(["icao24:780abc", "36-AC-1", "nobody"]), max_size=2))),
        addresses=tuple(draw(st.sets(st.sampled_from([0x780ABD, 0x780FFF, 1]), max_size=2))),
        step_us=draw(st.sampled_from([0, 250_000, 1_000_000, 7_000_000, 600_000_000])),
        limit=draw(st.sampled_from([1, 3, 1000])),
    )


@contextmanager
def files(seconds: Sequence[Sequence[Report]], kept: Sequence[int]) -> Iterator[Source]:
    """An archive to which each of `seconds` was appended; after those numbered in `kept` house was kept."""
    root = Path(tempfile.mkdtemp())
    try:
        now_s = NOON_S
        sink = FileSink(root, keep_free_bytes=0, clock_s=lambda: now_s)
        sink.prepare()
        for number, reports in enumerate(seconds):
            if reports:
                sink.append(batch(reports))
            if number in kept:
                sink.close()
                asked = ArchiveSettings(
                    folder=str(root), url="", days=3650, max_bytes=0, keep_free_bytes=0, readers=1
                )
                done = keep_files(asked, sink.settleable(), round((NOON_S + 24 * HOUR_S) * 1e6))
                assert done.failed == []
        yield FileSource(root)
    finally:
        shutil.rmtree(root)


def pages(source: Source, asked: Query, kept: Kept | None = None) -> list[Any]:
    """The whole answer, page by page."""
    made, cursor = [], ""
    while True:
        found = answer(source, query.replace(asked, cursor=cursor), kept)
        assert len(found.rows) <= asked.limit
        made += rows_of(found.rows)
        cursor = found.next
        if not cursor:
            return made


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(report(), max_size=12), max_size=5), st.sets(st.integers(0, 4)), question())
def test_files_answer_what_a_slow_walk_would(
    seconds: list[list[Report]], kept: set[int], asked: Query
) -> None:
    """Whether the reports are still in a segment, in a file of their own or merged."""
    reports = distinct([each for second in seconds for each in second])
    remaining = set(reports)
    given_ = []
    for second in seconds:
        given_.append([each for each in distinct(second) if each in remaining])
        remaining -= set(second)
    reports = [each for second in given_ for each in second]
    with files(given_, sorted(kept)) as source:
        assert pages(source, asked) == brute_force(reports, asked)
        assert pages(source, asked, Kept(lambda: 0.0)) == brute_force(reports, asked)
        whole = [row for table in everything(source, asked) for row in rows_of(table)]
        assert whole == brute_force(reports, asked)


def test_rows_of_a_database_answer_the_same(postgres: Postgres) -> None:
    """Fresh, settled and merged."""
    reports = [
        Report(
            at_s=NOON_S + n * 7.5 % HOUR_S,
            track_id=f"icao24:{n % 9:06x}",
            icao24=f"{n % 9:06x}",
            source=f"s{n % 2}",
            lon_deg=100 + n % 13 if n % 3 else None,
            lat_deg=20 + n % 7 if n % 3 else None,
            accuracy_m=[None, 5.0, 50.0][n % 3],
            callsign=f"CS{n % 9}" if n % 5 == 0 else None,
        )
        for n in range(3000)
    ]
    reports = distinct(reports)
    noon_us = round(NOON_S * 1e6)
    questions = [
        Query(from_us=noon_us, to_us=noon_us + HOUR_S * 1_000_000, limit=100_000),
        Query(from_us=noon_us + 60_000_000, to_us=noon_us + 600_000_000, ids=("icao24:000003",), limit=7),
        Query(
            from_us=noon_us,
            to_us=noon_us + HOUR_S * 1_000_000,
            addresses=(2, 5),
            step_us=60_000_000,
            limit=50,
        ),
        Query(
            from_us=noon_us, to_us=noon_us + HOUR_S * 1_000_000, bounds=(102, 21, 105, 24), step_us=10_000_000
        ),
    ]
    table = ArchiveTable(postgres.new_database())
    try:
        sink = rows.RowSink(table, clock_s=lambda: NOON_S)
        sink.prepare()
        for begin in range(0, len(reports), 100):
            sink.append(batch(reports[begin : begin + 100]))
            if begin < 1200:
                list(rows.settle(table))

        def check() -> None:
            for asked in questions:
                with table.snapshot() as snapshot:
                    assert pages(rows.RowSource(snapshot), asked) == brute_force(reports, asked)

        check()
        list(rows.settle(table))
        check()
        merged = list(rows.merge(table, noon_us + 5 * HOUR_S * 1_000_000))
        assert sum(each.rows for each in merged) == len(reports)
        assert len(table.headers()) == 1
        check()
    finally:
        table.close()


def test_a_long_time_is_read_in_slices_and_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded whatever is asked."""
    reports = [
        Report(at_s=NOON_S + n, track_id=f"jt808:{n % 5}", lon_deg=115.0, lat_deg=27.0) for n in range(3000)
    ]
    monkeypatch.setattr("adapters.archive.files.SEGMENT_BYTES_A_ROW", 1_000)
    monkeypatch.setattr(query, "SLICE_ROWS", 200)
    monkeypatch.setattr("adapters.archive.settle.ROW_GROUP_ROWS", 100)
    noon_us = round(NOON_S * 1e6)
    asked = Query(from_us=noon_us, to_us=noon_us + 3000 * 1_000_000, step_us=30_000_000, limit=10_000)
    read: list[int] = []

    with files([reports], [0]) as source:
        original = query._read

        def watched(*arguments: Any, **named: Any) -> Any:
            table = original(*arguments, **named)
            if table is not None:
                read.append(len(table))
            return table

        monkeypatch.setattr(query, "_read", watched)
        assert rows_of(answer(source, asked).rows) == brute_force(reports, asked)
        assert len(read) > 3
        assert max(read) <= 200
        plain = query.replace(asked, step_us=0)
        assert rows_of(answer(source, plain).rows) == brute_force(reports, plain)
        assert max(read) <= 200
        monkeypatch.setattr(query, "SLICE_ROWS", 5)
        monkeypatch.setattr(query, "MOST_ROWS", 10)
        with pytest.raises(Refused, match="narrow"):  # a minute alone has sixty
            answer(source, plain)


@pytest.mark.parametrize("cursor", ["x", "1~", "~1", "1~-1", "1.5~0"])
def test_a_cursor_that_is_none_is_refused(cursor: str, tmp_path: Path) -> None:
    """Typed, and names the field."""
    with pytest.raises(Malformed) as caught:
        answer(FileSource(tmp_path), Query(from_us=0, to_us=1, cursor=cursor))
    assert caught.value.field == "cursor"


@given(at_us=st.integers(0, 2**56), skip=st.integers(0, 10**9), step_us=st.sampled_from([0, 7_000_000]))
def test_a_cursor_of_another_question_shows_what_follows_it(at_us: int, skip: int, step_us: int) -> None:
    """Whoever mixes them up gets less, never an error and never what was not asked for."""
    noon_us = round(NOON_S * 1e6)
    asked = Query(from_us=noon_us, to_us=noon_us + 10_000_000, step_us=step_us, cursor=f"{at_us}~{skip}")
    reports = [Report(at_s=NOON_S + n) for n in range(-3, 12)]
    whole = brute_force(reports, query.replace(asked, cursor=""))
    with files([reports], []) as source:
        found = rows_of(answer(source, asked).rows)
        assert found == whole[len(whole) - len(found) :]


def test_following_pages_need_not_be_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a moment; and a question asked anew gets what there is now."""
    now_s = [0.0]
    kept = Kept(lambda: now_s[0])
    noon_us = round(NOON_S * 1e6)
    asked = Query(from_us=noon_us, to_us=noon_us + 60_000_000, step_us=1_000_000, limit=2)
    with files([[Report(at_s=NOON_S + n) for n in range(10)]], []) as source:
        assert isinstance(source, FileSource)
        looked = []
        parts = source.parts
        source.parts = lambda asked: looked.append(asked) or parts(asked)  # type: ignore[method-assign, func-returns-value]  # counted
        first = answer(source, asked, kept)
        second = query.replace(asked, cursor=first.next)
        assert len(answer(source, second, kept).rows) == 2
        assert len(looked) == 1
        answer(source, asked, kept)
        assert len(looked) == 2
        now_s[0] += query.KEPT_S + 1
        answer(source, second, kept)
        assert len(looked) == 3


def test_a_file_merged_away_between_looking_and_reading_is_looked_for_again() -> None:
    """A reader beside a running server is never wrong, only a little later."""
    noon_us = round(NOON_S * 1e6)
    reports = [Report(at_s=NOON_S + n) for n in range(10)]
    asked = Query(from_us=noon_us, to_us=noon_us + 60_000_000)
    with files([reports[:5], reports[5:]], [0]) as source:
        assert isinstance(source, FileSource)
        looked = source.parts
        root = source._root
        moved = []

        def parts(asked: Query) -> Any:
            found = looked(asked)
            if not moved:
                done = ArchiveSettings(
                    folder=str(root), url="", days=3650, max_bytes=0, keep_free_bytes=0, readers=1
                )
                moved.append(keep_files(done, names.contents(root).last_serial, noon_us))
            return found

        source.parts = parts  # type: ignore[method-assign]  # somebody keeps house right after we looked
        assert rows_of(answer(source, asked).rows) == brute_force(reports, asked)
        assert moved[0].settled_rows == 5
