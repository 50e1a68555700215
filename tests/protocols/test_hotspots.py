"""FIRMS tables: real files of MODIS and VIIRS, and rows that are wrong."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Malformed
from dispatch.kinds import AlarmFlag, IncidentKind
from protocols import hotspots
from protocols.alarm_errors import TooMuch

DATA = Path(__file__).parents[1] / "data" / "hotspots"
HEADER = "latitude,longitude,brightness,scan,track,acq_date,acq_time,satellite,confidence,version,bright_t31,frp,daynight"


def row(**changes: str) -> str:
    cells = dict(
        zip(
            HEADER.split(","),
            [
                "27.5",
                "116.4",
                "331.8",
                "0.71",
                "0.75",
                "2026-11-24",
                "0300",
                "N",
                "n",
                "2.0NRT",
                "295",
                "5.5",
                "D",
            ],
            strict=True,
        )
    )
    return ",".join((cells | changes).values())


def table(*rows: str) -> bytes:
    return "\r\n".join((HEADER, *rows)).encode()


@pytest.mark.parametrize(
    ("name", "count", "low"),
    [
        ("viirs_snpp_2019-04-07", 269, 24),
        ("modis_c6_2018-12-01_03", 57, 7),
        ("modis_c61_2023-03-10_11", 272, 18),
    ],
)
def test_real_tables_are_read_whole(name: str, count: int, low: int) -> None:
    read = hotspots.parse((DATA / f"{name}.csv").read_bytes())
    assert (len(read.alarms), read.rejected) == (count, ())
    assert sum(AlarmFlag.LOW_CONFIDENCE in alarm.flags for alarm in read.alarms) == low
    assert len({alarm.own_id for alarm in read.alarms}) == count
    assert all(150 < alarm.radius_m < 3_500 for alarm in read.alarms)


def test_a_row_says_where_when_by_what_and_how_surely() -> None:
    (alarm,) = hotspots.parse(table(row())).alarms
    assert (alarm.position.lon_deg, alarm.position.lat_deg) == (116.4, 27.5)
    assert alarm.observed_at == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert alarm.source == "Suomi NPP VIIRS"
    assert (alarm.confidence, alarm.incident_kind, alarm.level) == (0.5, IncidentKind.FOREST_FIRE, 4)


@pytest.mark.parametrize(
    ("told", "low"), [("l", True), ("low", True), ("h", False), ("29", True), ("30", False), ("100", False)]
)
def test_confidence_is_a_word_of_viirs_or_a_number_of_modis(told: str, low: bool) -> None:
    (alarm,) = hotspots.parse(table(row(confidence=told))).alarms
    assert (AlarmFlag.LOW_CONFIDENCE in alarm.flags) is low


@pytest.mark.parametrize("told", ["0418", "418", "04:18"])
def test_times_are_read_as_firms_has_written_them_over_the_years(told: str) -> None:
    (alarm,) = hotspots.parse(table(row(acq_time=told))).alarms
    assert alarm.observed_at == datetime(2026, 11, 24, 4, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"latitude": "91"}, "latitude"),
        ({"latitude": ""}, "latitude"),
        ({"longitude": "nan"}, "longitude"),
        ({"acq_date": "24/11/2026"}, "acq_date"),
        ({"acq_time": "2460"}, "acq_time"),
        ({"confidence": "certain"}, "confidence"),
        ({"confidence": "101"}, "confidence"),
        ({"scan": "-1"}, "scan"),
        ({"frp": "much"}, "frp"),
        ({"satellite": ""}, "satellite"),
        ({"daynight": "D,extra"}, "row"),
    ],
)
def test_a_wrong_row_is_named_and_the_others_stand(changes: dict[str, str], column: str) -> None:
    read = hotspots.parse(table(row(), row(**changes), row(latitude="28.5")))
    assert len(read.alarms) == 2
    assert [(each.code, each.field, each.line) for each in read.rejected] == [("MALFORMED", column, 3)]


@pytest.mark.parametrize(
    ("body", "field"),
    [(b"", "latitude"), (b"a,b\n1,2", "latitude"), (b"\xff", "header"), (b"<alert/>", "latitude")],
)
def test_a_table_without_its_header_is_refused_as_a_whole(body: bytes, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        hotspots.parse(body)
    assert caught.value.field == field


def test_too_many_rows_are_refused_by_number() -> None:
    with pytest.raises(TooMuch) as caught:
        hotspots.parse(table(*[row()] * (hotspots.MAX_ROWS + 1)))
    assert caught.value.field == "rows"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.booleans())
def test_random_bytes_are_alarms_rejections_or_typed_errors(body: bytes, headed: bool) -> None:
    with contextlib.suppress(Malformed, TooMuch):
        hotspots.parse(table("") + body if headed else body)
