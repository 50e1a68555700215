"""Between worker and site: what goes in comes out, and what is hostile names its field."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Malformed
from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from dispatch.sighting import CATEGORIES, DATUMS, EMERGENCIES, AddressBatch, Sighting
from protocols.codec import columns, sightings
from protocols.codec.sightings import FeedReport, SightingBatch, SiteBeat, WorkerBeat
from protocols.gen import sightings_pb2

SHOWN = st.text(st.characters(codec="utf-8").filter(str.isprintable), max_size=20)
NAME = st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True)
ICAO24 = st.integers(0, 0xFFFFFF).map(lambda address: f"{address:06x}")
WHOLE = st.integers(0, 2**63 - 1)
UTC = st.floats(0, 4e9)
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "
OCTAL = st.text("01234567", min_size=4, max_size=4)


def number(least: float, most: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(least, most)


@st.composite
def seen(draw: st.DrawFn) -> Sighting:
    placed = draw(st.booleans())
    return Sighting(
        source=draw(SHOWN.filter(bool)),
        source_kind=draw(st.sampled_from(SourceKind)),
        icao24=draw(st.just("") | ICAO24),
        own_key=draw(st.from_regex(r"(cot|jt808|radar):[!-~]{1,40}", fullmatch=True)),
        observed_at_s=draw(st.none() | UTC),
        clock_id=draw(SHOWN),
        receiver_s=draw(number(-1e12, 1e12)),
        lon_deg=draw(st.floats(-180, 180)) if placed else None,
        lat_deg=draw(st.floats(-90, 90)) if placed else None,
        soft=draw(st.booleans()),
        accuracy_m=draw(number(0, 1e7)),
        altitude_m=draw(number(-1e4, 1e6)),
        altitude_datum=draw(st.none() | st.sampled_from(AltitudeDatum)),
        ground_speed_mps=draw(number(0, 1e4)),
        track_deg=draw(number(0, 360)),
        vertical_rate_mps=draw(number(-1e4, 1e4)),
        callsign=draw(st.none() | SHOWN),
        registration=draw(st.none() | SHOWN),
        name=draw(st.none() | SHOWN),
        thing_kind=draw(st.none() | st.sampled_from(ThingKind)),
        squawk=draw(st.none() | OCTAL),
        emergency=draw(st.none() | st.sampled_from(Emergency)),
        emitter_category=draw(st.none() | st.sampled_from(CATEGORIES[1:])),
        on_ground=draw(st.none() | st.booleans()),
        simulated=draw(st.booleans()),
        backfill=draw(st.booleans()),
        calm=draw(st.booleans()),
    )


@st.composite
def batches(draw: st.DrawFn, rows: st.SearchStrategy[int] | None = None) -> AddressBatch:
    count = draw(st.integers(0, 40) if rows is None else rows)

    def column(values: st.SearchStrategy[Any], dtype: Any) -> Any:
        whole_or_unsaid = st.lists(values, min_size=count, max_size=count)
        return np.array(draw(whole_or_unsaid), dtype)

    def numbers(least: float, most: float, width: int = 32) -> st.SearchStrategy[float]:
        if draw(st.booleans()):
            return st.just(math.nan)  # a column that no row says
        return st.just(math.nan) | st.floats(least, most, width=width)

    lon_deg = column(numbers(-180, 180, 64), np.float64)
    lat_deg = column(st.floats(-90, 90), np.float64)
    lat_deg[np.isnan(lon_deg)] = math.nan
    altitude_m = column(numbers(-1e4, 1e6), np.float32)
    datum = column(st.integers(1, len(DATUMS) - 1), np.uint8)
    return AddressBatch(
        source=draw(SHOWN.filter(bool)),
        source_kind=draw(st.sampled_from(SourceKind)),
        clock_id=draw(SHOWN),
        arrived_at_s=draw(UTC),
        address=column(st.integers(0, 0xFFFFFF), np.uint32),
        receiver_s=column(numbers(-1e12, 1e12, 64), np.float64),
        lon_deg=lon_deg,
        lat_deg=lat_deg,
        soft=column(st.booleans(), np.bool_),
        accuracy_m=column(numbers(0, 1e7), np.float32),
        altitude_m=altitude_m,
        altitude_datum=np.where(np.isnan(altitude_m), 0, datum).astype(np.uint8),
        ground_speed_mps=column(numbers(0, 1e4), np.float32),
        track_deg=column(numbers(0, 360), np.float32),
        vertical_rate_mps=column(numbers(-1e4, 1e4), np.float32),
        callsign=column(st.text(CHARACTERS, max_size=8).map(str.encode), "S8"),
        squawk=column(st.just(-1) | OCTAL.map(int), np.int16),
        emergency=column(st.integers(0, len(EMERGENCIES) - 1), np.uint8),
        category=column(st.integers(0, len(CATEGORIES) - 1), np.uint8),
        on_ground=column(st.integers(-1, 1), np.int8),
        simulated=column(st.booleans(), np.bool_),
    )


def around(content: Any, **more: Any) -> SightingBatch:
    said = {"worker": "w1", "feed": "hill", "epoch": 7, "made_at_s": 1_790_000_000.25}
    return SightingBatch(**said | more, content=content)


def through(message: SightingBatch) -> SightingBatch:
    read = sightings.decode(sightings.encode(message))
    assert isinstance(read, SightingBatch)
    return read


@settings(max_examples=60)
@given(st.lists(seen(), max_size=5).map(tuple), NAME, NAME, WHOLE, WHOLE, UTC)
def test_sightings_come_out_as_they_went_in(
    content: tuple[Sighting, ...], worker: str, feed: str, epoch: int, sequence: int, made_at_s: float
) -> None:
    read = through(
        around(content, worker=worker, feed=feed, epoch=epoch, sequence=sequence, made_at_s=made_at_s)
    )
    assert read.content == content
    assert (read.worker, read.feed, read.epoch) == (worker, feed, epoch)
    assert (read.sequence, read.made_at_s) == (sequence, made_at_s)


def same(one: AddressBatch, other: AddressBatch) -> bool:
    for field in dataclasses.fields(AddressBatch):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            nan_too = a.dtype.kind == "f"
            if a.dtype != b.dtype or not np.array_equal(a, b, equal_nan=nan_too):
                return False
        elif a != b:
            return False
    return True


@settings(max_examples=40)
@given(batches())
def test_columns_come_out_as_they_went_in(batch: AddressBatch) -> None:
    read = through(around(batch)).content
    assert isinstance(read, AddressBatch)
    assert same(read, batch)


def test_both_sides_have_the_same_fields() -> None:
    """A field added to one of them and forgotten in the other would be dropped without a word."""
    for message, cls in ((sightings_pb2.Sighting, Sighting), (sightings_pb2.AddressColumns, AddressBatch)):
        wire = {field.name for field in message.DESCRIPTOR.fields} - {"count", "tables"}
        assert wire == {field.name for field in dataclasses.fields(cls)}


def test_a_message_is_numbered_when_it_leaves() -> None:
    waiting = sightings.encode(around((Sighting(source="a", source_kind=SourceKind.ADSB, icao24="780abc"),)))
    read = sightings.decode(sightings.numbered(waiting, 12))
    assert isinstance(read, SightingBatch)
    assert (read.sequence, read.worker, len(read.content)) == (12, "w1", 1)


COUNTS = st.dictionaries(SHOWN.filter(bool), WHOLE, max_size=5)
REPORTS = st.builds(
    FeedReport,
    name=NAME,
    kind=SHOWN,
    transport=SHOWN,
    address=SHOWN,
    listening=st.booleans(),
    connected=st.booleans(),
    simulated=st.booleans(),
    last_heard_at_s=st.none() | UTC,
    rate_per_s=st.floats(0, 1e9),
    source_clock=SHOWN,
    clock_off_s=st.none() | st.floats(-1e10, 1e10),
    last_error=SHOWN,
    totals=COUNTS,
    errors=COUNTS,
    kinds=COUNTS,
)
BEATS = st.builds(
    WorkerBeat,
    worker=NAME,
    epoch=WHOLE,
    at_us=WHOLE,
    echo_us=WHOLE,
    echo_age_us=WHOLE,
    host=SHOWN,
    sent=WHOLE,
    dropped=WHOLE,
    feeds=st.lists(REPORTS, max_size=3).map(tuple),
)


@given(BEATS | st.builds(SiteBeat, site=SHOWN.filter(bool), at_us=WHOLE))
def test_beats_come_out_as_they_went_in(beat: WorkerBeat | SiteBeat) -> None:
    assert sightings.decode(sightings.encode(beat)) == beat


def rows(count: int = 2, **changed: Any) -> AddressBatch:
    said: dict[str, Any] = {
        "source": "hill",
        "source_kind": SourceKind.ADSB,
        "clock_id": "hill#1",
        "arrived_at_s": 1_790_000_000.0,
        "address": np.arange(count, dtype=np.uint32),
        "receiver_s": np.arange(count, dtype=np.float64),
        "lon_deg": np.full(count, 115.9),
        "lat_deg": np.full(count, 28.7),
        "soft": np.ones(count, np.bool_),
        "accuracy_m": np.full(count, 30, np.float32),
        "altitude_m": np.full(count, 500, np.float32),
        "altitude_datum": np.ones(count, np.uint8),
        "ground_speed_mps": np.full(count, 60, np.float32),
        "track_deg": np.full(count, 90, np.float32),
        "vertical_rate_mps": np.full(count, 1, np.float32),
        "callsign": np.full(count, b"B7001", "S8"),
        "squawk": np.full(count, 7700, np.int16),
        "emergency": np.ones(count, np.uint8),
        "category": np.ones(count, np.uint8),
        "on_ground": np.zeros(count, np.int8),
        "simulated": np.ones(count, np.bool_),
    }
    return AddressBatch(**said | changed)


def wire_of(content: Any) -> Any:
    return sightings_pb2.WorkerMessage.FromString(sightings.encode(around(content)))


def refused_field(wire: Any) -> str:
    with pytest.raises(Malformed) as refusal:
        sightings.decode(wire.SerializeToString())
    return refusal.value.field


BAD_COLUMNS = {
    "address": b"\x00\x00\x00\x01" * 2,
    "receiver_s": np.array([0, math.inf]).tobytes(),
    "lon_deg": np.array([0, 181.0]).tobytes(),
    "lat_deg": np.array([math.nan, 3]).tobytes(),
    "soft": b"\x00\x02",
    "accuracy_m": np.array([-1, 0], np.float32).tobytes(),
    "altitude_m": np.array([0, -math.inf], np.float32).tobytes(),
    "altitude_datum": bytes([0, len(DATUMS)]),
    "ground_speed_mps": np.array([0, 2e4], np.float32).tobytes(),
    "track_deg": np.array([0, 360.5], np.float32).tobytes(),
    "vertical_rate_mps": np.array([0, 2e4], np.float32).tobytes(),
    "callsign": b"B7001\0\0\0B7\x80XX\0\0\0",
    "squawk": np.array([0, 7708], np.int16).tobytes(),
    "emergency": bytes([0, len(EMERGENCIES)]),
    "category": bytes([len(CATEGORIES), 0]),
    "on_ground": b"\x00\x02",
    "simulated": b"\xff\x00",
}


@pytest.mark.parametrize("name", BAD_COLUMNS)
def test_a_row_outside_its_column_is_refused_by_name(name: str) -> None:
    wire = wire_of(rows())
    setattr(wire.batch.columns, name, BAD_COLUMNS[name])
    assert refused_field(wire) == f"batch.columns.{name}"


@pytest.mark.parametrize("name", BAD_COLUMNS)
def test_a_column_of_another_length_is_refused_by_name(name: str) -> None:
    wire = wire_of(rows())
    for wrong in (getattr(wire.batch.columns, name)[:-1], getattr(wire.batch.columns, name) * 2):
        setattr(wire.batch.columns, name, wrong)
        assert refused_field(wire) == f"batch.columns.{name}"


def test_who_was_seen_may_not_be_left_out_of_columns() -> None:
    wire = wire_of(rows())
    wire.batch.columns.ClearField("address")
    assert refused_field(wire) == "batch.columns.address"


def test_a_height_needs_its_datum_and_a_callsign_ends_once() -> None:
    wire = wire_of(rows())
    wire.batch.columns.ClearField("altitude_datum")
    assert refused_field(wire) == "batch.columns.altitude_datum"
    wire = wire_of(rows())
    wire.batch.columns.callsign = b"B7\0001\0\0\0" * 2
    assert refused_field(wire) == "batch.columns.callsign"


def test_a_worker_of_another_version_is_refused_not_misread() -> None:
    wire = wire_of(rows())
    wire.batch.columns.tables += 1
    assert refused_field(wire) == "batch.columns.tables"


def test_more_rows_than_a_message_may_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="split"):
        sightings.encode(around(rows(columns.MAX_ROWS + 1)))
    wire = wire_of(rows())
    wire.batch.columns.count = columns.MAX_ROWS + 1
    assert refused_field(wire) == "batch.columns.count"
    wire.batch.columns.count = 2**32 - 1  # and nothing is made of that size first
    wire.batch.columns.ClearField("receiver_s")
    assert refused_field(wire) == "batch.columns.count"


def test_columns_of_unlike_length_or_type_are_a_defect_of_the_sender() -> None:
    with pytest.raises(ValueError, match="squawk"):
        sightings.encode(around(rows(squawk=np.zeros(3, np.int16))))
    with pytest.raises(ValueError, match="lon_deg"):
        sightings.encode(around(rows(lon_deg=np.zeros(2, np.float32))))


BAD_SIGHTINGS: dict[str, Callable[[Any], Any]] = {
    "source": lambda wire: wire.ClearField("source"),
    "source_kind": lambda wire: wire.ClearField("source_kind"),
    "icao24": lambda wire: setattr(wire, "icao24", "78ZABC"),
    "own_key": lambda wire: wire.ClearField("icao24"),
    "observed_at_s": lambda wire: setattr(wire, "observed_at_s", math.nan),
    "receiver_s": lambda wire: setattr(wire, "receiver_s", math.inf),
    "lon_deg": lambda wire: setattr(wire, "lon_deg", 180.1),
    "lat_deg": lambda wire: wire.ClearField("lat_deg"),
    "accuracy_m": lambda wire: setattr(wire, "accuracy_m", -1.0),
    "altitude_m": lambda wire: setattr(wire, "altitude_m", math.nan),
    "altitude_datum": lambda wire: setattr(wire, "altitude_datum", 99),
    "ground_speed_mps": lambda wire: setattr(wire, "ground_speed_mps", -0.5),
    "track_deg": lambda wire: setattr(wire, "track_deg", 361.0),
    "vertical_rate_mps": lambda wire: setattr(wire, "vertical_rate_mps", -math.inf),
    "callsign": lambda wire: setattr(wire, "callsign", "B7\n01"),
    "registration": lambda wire: setattr(wire, "registration", "B" * 101),
    "name": lambda wire: setattr(wire, "name", "\x1b[2J"),
    "thing_kind": lambda wire: setattr(wire, "thing_kind", 99),
    "squawk": lambda wire: setattr(wire, "squawk", "7708"),
    "emergency": lambda wire: setattr(wire, "emergency", 99),
    "emitter_category": lambda wire: setattr(wire, "emitter_category", "E1"),
}


@pytest.mark.parametrize("name", BAD_SIGHTINGS)
def test_a_sighting_that_cannot_be_is_refused_by_name(name: str) -> None:
    good = Sighting(source="hill", source_kind=SourceKind.ADSB, icao24="780abc", lon_deg=115.9, lat_deg=28.7)
    wire = wire_of((good, good))
    BAD_SIGHTINGS[name](wire.batch.sightings[1])
    assert refused_field(wire) == f"batch.sightings[1].{name}"


@pytest.mark.parametrize("key", ["cot:a b", "cot", "Cot:a", "cot:" + "x" * 80, "cot:a\u2028b"])
def test_a_key_that_is_no_key_is_refused(key: str) -> None:
    wire = wire_of((Sighting(source="a", source_kind=SourceKind.COT, own_key="cot:a"),))
    wire.batch.sightings[0].own_key = key
    assert refused_field(wire) == "batch.sightings[0].own_key"


def test_a_name_that_cannot_be_printed_is_cleaned_where_it_is_made() -> None:
    odd = Sighting(source="a", source_kind=SourceKind.COT, own_key="cot:a", name="li\x07" + "x" * 200)
    read = through(around((odd,))).content
    assert isinstance(read, tuple)
    assert read[0].name == "li\ufffd" + "x" * 97


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("worker", "w 1"),
        ("feed", "a.b"),
        ("feed", ">"),
        ("epoch", 2**63),
        ("sequence", 2**64 - 1),
        ("made_at_s", -1.0),
        ("made_at_s", math.inf),
    ],
)
def test_an_envelope_that_cannot_be_is_refused_by_name(name: str, value: Any) -> None:
    wire = wire_of(())
    setattr(wire.batch, name, value)
    assert refused_field(wire) == f"batch.{name}"


def test_a_beat_that_cannot_be_is_refused_by_name() -> None:
    beat = WorkerBeat(worker="w1", epoch=1, at_us=1, feeds=(_report(),))
    wire = sightings_pb2.WorkerMessage.FromString(sightings.encode(beat))
    wire.worker_beat.feeds[0].rate_per_s = math.nan
    assert refused_field(wire) == "worker_beat.feeds[0].rate_per_s"
    wire.worker_beat.feeds[0].rate_per_s = 0
    for count in range(sightings.MAX_NAMES + 1):
        wire.worker_beat.feeds[0].errors[f"E{count}"] = 1
    assert refused_field(wire) == "worker_beat.feeds[0].errors"
    del wire.worker_beat.feeds[:]
    wire.worker_beat.host = "\x00"
    assert refused_field(wire) == "worker_beat.host"
    for _ in range(sightings.MAX_FEEDS + 1):
        wire.worker_beat.feeds.add()
    assert refused_field(wire) == "worker_beat.feeds"


def _report() -> FeedReport:
    return FeedReport(
        name="hill",
        kind="beast",
        transport="tcp",
        address="127.0.0.1:1",
        listening=True,
        connected=False,
        simulated=False,
        last_heard_at_s=None,
        rate_per_s=0.0,
        source_clock="",
        clock_off_s=None,
        last_error="",
    )


def test_a_message_of_both_kinds_or_of_none_is_refused() -> None:
    wire = wire_of(rows())
    wire.batch.sightings.add()
    assert refused_field(wire) == "batch.columns"
    assert refused_field(sightings_pb2.WorkerMessage()) == "body"


def test_too_many_bytes_are_not_even_looked_at() -> None:
    with pytest.raises(Malformed, match="at most"):
        sightings.decode(bytes(sightings.MAX_MESSAGE_BYTES + 1))
    one = Sighting(source="a", source_kind=SourceKind.COT, own_key="cot:a")
    with pytest.raises(ValueError, match="split"):
        sightings.encode(around((one,) * (sightings.MAX_SIGHTINGS + 1)))


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        sightings.decode(data)
    except Malformed as refusal:
        assert refusal.field  # whose fault is said


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_message_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(sightings.encode(around(rows(3))))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        sightings.decode(bytes(whole))
    except Malformed as refusal:
        assert refusal.field
