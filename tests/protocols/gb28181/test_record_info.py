"""RecordInfo and MANSRTSP: what is written is read back, and nothing that comes raises anything but its own error."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gb28181 import manscdp, mansrtsp, recordings
from protocols.gb28181.errors import BadGb
from protocols.gb28181.mansrtsp import Control
from protocols.gb28181.recordings import GbRecord

CHANNEL = "36010000001310000001"
MOMENTS = st.integers(0, 4 * 10**15).map(
    lambda us: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)


def query(begin: str, end: str) -> bytes:
    fields = [
        ("CmdType", "RecordInfo"),
        ("SN", 7),
        ("DeviceID", CHANNEL),
        ("StartTime", begin),
        ("EndTime", end),
    ]
    return manscdp.body_of("Query", fields)


def test_times_are_those_of_beijing() -> None:
    read = recordings.read_query(manscdp.read(query("2026-11-27T10:30:00", "2026-11-28T00:00:00")))
    assert (read.channel_id, read.begin) == (CHANNEL, datetime(2026, 11, 27, 2, 30, tzinfo=UTC))
    assert read.end == datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begin", "end", "field"),
    [
        ("", "2026-11-27T10:30:00", "StartTime"),
        ("2026-11-27T10:30:00", "2026-13-27T10:30:00", "EndTime"),
        ("2026-11-27T10:30:00", "2026-11-27T10:30:00", "EndTime"),
        ("0001-01-01T00:00:00", "2026-11-27T10:30:00", "StartTime"),
        ("2026-11-27T10:30:00", "9999-12-31T23:59:59", "EndTime"),
        ("2026-11-27 10:30:00", "2026-11-27T11:30:00", "StartTime"),
    ],
)
def test_times_that_are_none_are_named(begin: str, end: str, field: str) -> None:
    with pytest.raises(BadGb) as bad:
        recordings.read_query(manscdp.read(query(begin, end)))
    assert (bad.value.code, bad.value.field) == ("BAD_XML", field)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_stands_for_times_raises_only_its_own_error(begin: str, end: str) -> None:
    with contextlib.suppress(BadGb):
        recordings.read_query(manscdp.read(query(begin, end)))


@given(MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=2)), st.text(max_size=20))
def test_what_is_told_of_a_piece_covers_it_and_is_asked_for_again(
    begin: datetime, lasted: timedelta, name: str
) -> None:
    clean = "".join(each for each in name if each.isprintable())
    body = recordings.told(CHANNEL, clean, 7, 9, [GbRecord(begin=begin, end=begin + lasted)])
    read = manscdp.read(body)
    assert manscdp.text_of(read, "SumNum") == "9"
    (item,) = read.element.findall("RecordList/Item")
    said = [item.findtext(each) or "" for each in ("StartTime", "EndTime")]
    again = recordings.read_query(manscdp.read(query(*said)))
    assert again.begin <= begin < again.begin + timedelta(seconds=1)
    assert again.end >= begin + lasted


@given(
    st.sampled_from(["MANSRTSP", "RTSP"]),
    st.none() | st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, -1.0]),
    st.none() | st.integers(0, 100_000),
)
def test_a_wish_is_read_as_it_was_written(word: str, scale: float | None, from_s: int | None) -> None:
    lines = [f"PLAY {word}/1.0", "CSeq: 2"]
    lines += [] if scale is None else [f"Scale: {scale}"]
    lines += ["Range: npt=now-"] if from_s is None else [f"Range: npt={from_s}-"]
    read = mansrtsp.read("\r\n".join([*lines, "", ""]).encode())
    assert read == Control(method="PLAY", scale=scale, from_s=from_s)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"PLAY\r\n", "first line"),
        (b"PLAY RTSP/1.0\r\nScale: fast\r\n", "Scale"),
        (b"PLAY RTSP/1.0\r\nRange: clock=19961108T142300Z-\r\n", "Range"),
        (b"PLAY RTSP/1.0\r\nScale\r\n", "headers"),
        (b"PLAY RTSP/1.0\r\n" + b"A: b\r\n" * 99, "body"),
        (b"A" * 2_000, "body"),
    ],
)
def test_a_wish_that_is_none_is_named(body: bytes, field: str) -> None:
    with pytest.raises(BadGb) as bad:
        mansrtsp.read(body)
    assert (bad.value.code, bad.value.field) == ("BAD_RTSP", field)


@given(st.binary(max_size=300) | st.text(max_size=80).map(lambda each: f"PLAY RTSP/1.0\r\n{each}".encode()))
def test_whatever_comes_in_info_raises_only_its_own_error(body: bytes) -> None:
    with contextlib.suppress(BadGb):
        mansrtsp.read(body)
