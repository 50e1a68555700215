"""SBS lines: real files, every column's faults, any chunking."""

import gzip
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.kinds import AltitudeDatum
from protocols import sbs
from protocols.frames import BadFrame
from tests import chunking, recordings

LINE = "MSG,3,1,1,780A5C,1,2018/04/03,19:02:28.298,2018/04/10,21:24:39.437,CPA238 ,33000,450,-359,59.7,30.2,-64,17,,,,-1"


def whole(data: bytes) -> list[sbs.SbsMessage | BadFrame]:
    deframer = sbs.Deframer()
    return deframer.feed(data) + deframer.close()


def test_dump1090s_file_is_read_whole() -> None:
    with gzip.open(recordings.ADSB / "ulss7_61s.reference.sbs.csv.gz") as file:
        items = whole(file.read())
    read = [item for item in items if isinstance(item, sbs.SbsMessage)]
    assert len(read) == 8_622
    assert len({item.icao24 for item in read}) == 11
    assert sum(item.lat_deg is not None for item in read) == 1_456
    # two lines of talk at the end of the file
    assert [item.code for item in items if isinstance(item, BadFrame)] == ["UNKNOWN_RECORD"] * 2


def test_a_file_with_counters_before_the_lines_and_no_times_is_read() -> None:
    items = whole(recordings.stratux())
    read = [item for item in items if isinstance(item, sbs.SbsMessage)]
    assert len(read) == 1_060
    assert len({item.icao24 for item in read}) == 9
    assert Counter(item.type for item in read if item.type in (3, 4)) == {3: 2, 4: 1}
    assert all(item.made_s is None for item in read)
    counters = [item.counter_s for item in read if item.counter_s is not None]
    assert len(counters) == 1_060
    assert counters[0] == pytest.approx(1.970154010)
    assert [item.code for item in items if isinstance(item, BadFrame)] == ["UNKNOWN_RECORD"]  # START


def test_every_column_becomes_si() -> None:
    (message,) = whole(LINE.encode())
    assert isinstance(message, sbs.SbsMessage)
    sighting = sbs.Decoder(source="hill", clock_id="hill#1").sighting(message)
    assert sighting is not None
    assert sighting.icao24 == "780a5c"
    assert sighting.receiver_s == pytest.approx(1_522_782_148.298)
    assert sighting.observed_at_s is None
    assert (sighting.lon_deg, sighting.lat_deg) == (30.2, 59.7)
    assert sighting.altitude_m == pytest.approx(10_058.4)
    assert sighting.altitude_datum is AltitudeDatum.PRESSURE
    assert sighting.ground_speed_mps == pytest.approx(231.5)
    assert sighting.track_deg == pytest.approx(1.0)
    assert sighting.vertical_rate_mps == pytest.approx(-0.32512)
    assert (sighting.callsign, sighting.squawk, sighting.on_ground) == ("CPA238", "0017", True)
    trusted = sbs.Decoder().sighting(message, trusted_utc=True)
    assert trusted is not None
    assert trusted.observed_at_s == sighting.receiver_s


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        (1, "9", "type"),
        (4, "78GA5C", "icao24"),
        (6, "2018/13/03", "time"),
        (7, "25:02:28", "time"),
        (7, "19:02:28.1.2", "time"),
        (10, "CPA-238", "callsign"),
        (11, "1e5", "altitude_ft"),
        (11, "999999", "altitude_ft"),
        (12, "nan", "ground_speed_kt"),
        (13, "inf", "track_deg"),
        (14, "91", "lat_deg"),
        (14, "", "lat_deg"),
        (15, "-180.1", "lon_deg"),
        (16, "٣", "vertical_rate_ft_min"),
        (17, "8000", "squawk"),
    ],
)
def test_a_wrong_column_is_named(column: int, value: str, field: str) -> None:
    columns = LINE.split(",")
    columns[column] = value
    (item,) = whole(",".join(columns).encode())
    assert isinstance(item, BadFrame)
    assert (item.code, item.field) == ("MALFORMED", field)


def test_an_address_that_is_not_icaos_makes_no_sighting() -> None:
    (item,) = whole(b"MSG,8,1,1,~2A0C11,1,,,,,,,,,,,,,,,,\n")
    assert isinstance(item, sbs.SbsMessage)
    assert sbs.Decoder().sighting(item) is None


def test_other_kinds_of_line_are_no_fault() -> None:
    items = whole(b"AIR,,1,1,400159,1,,,,\r\nSTA,,1,1,400159,1,,,,,RM\r\n")
    assert [item.kind for item in items if isinstance(item, sbs.SbsMessage)] == ["AIR", "STA"]


def test_a_line_without_end_is_reported_once_and_the_next_is_read() -> None:
    deframer = sbs.Deframer()
    items = [item for _ in range(50) for item in deframer.feed(b"MSG,3," * 100)]
    items += deframer.feed(b"\n" + LINE.encode() + b"\n")
    assert [item.code for item in items if isinstance(item, BadFrame)] == ["OVERSIZE"]
    assert isinstance(items[-1], sbs.SbsMessage)


@given(
    st.lists(st.sampled_from(LINE.split(",")) | st.text(max_size=6), max_size=30).map(",".join),
    chunking.sizes,
)
def test_any_text_is_read_the_same_in_any_chunking(text: str, steps: list[int]) -> None:
    stream = f"{LINE}\n{text}\nMSG,{text}\r\n{LINE}".encode()
    deframer = sbs.Deframer()
    items = [item for piece in chunking.cut(stream, steps) for item in deframer.feed(piece)]
    assert items + deframer.close() == whole(stream)


@given(st.binary(max_size=2000))
def test_random_bytes_never_raise(noise: bytes) -> None:
    whole(b"MSG,1," + noise)
    whole(noise)
