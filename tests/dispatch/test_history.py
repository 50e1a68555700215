"""Accepted reports kept for the archive: nothing invented, nothing lost but the oldest, and that counted."""

import math

import numpy as np
import pytest

from dispatch.history import CHUNK_ROWS, NAME_BYTES, NO_ADDRESS, History, HistoryChunk
from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from dispatch.sighting import CATEGORIES, DATUMS, EMERGENCIES, THING_KINDS, AddressBatch, Sighting


def batch(addresses: list[int], **columns: object) -> AddressBatch:
    """A batch that says only who was heard, and what is given."""
    rows = len(addresses)
    nothing = np.full(rows, np.nan)
    said: dict[str, object] = {
        "receiver_s": nothing,
        "lon_deg": nothing,
        "lat_deg": nothing,
        "soft": np.zeros(rows, np.bool_),
        "accuracy_m": nothing.astype(np.float32),
        "altitude_m": nothing.astype(np.float32),
        "altitude_datum": np.zeros(rows, np.uint8),
        "ground_speed_mps": nothing.astype(np.float32),
        "track_deg": nothing.astype(np.float32),
        "vertical_rate_mps": nothing.astype(np.float32),
        "callsign": np.zeros(rows, "S8"),
        "squawk": np.full(rows, -1, np.int16),
        "emergency": np.zeros(rows, np.uint8),
        "category": np.zeros(rows, np.uint8),
        "on_ground": np.full(rows, -1, np.int8),
        "simulated": np.zeros(rows, np.bool_),
    }
    said |= columns
    return AddressBatch(
        source="hill",
        source_kind=SourceKind.ADSB,
        clock_id="hill/1",
        arrived_at_s=1000.0,
        address=np.array(addresses, np.uint32),
        **said,  # type: ignore[arg-type]  # a test's shorthand
    )


def who(chunk: HistoryChunk) -> list[str]:
    return [chunk.ids[code] for code in chunk.codes]


def test_only_accepted_rows_of_a_batch_are_kept_with_who_and_when() -> None:
    history = History()
    ids = ["icao24:780abc", "aircraft-7", "icao24:780fff"]
    times = np.array([10.0, 11.0, 12.0, 13.0])
    history.add_batch(
        batch([1, 2, 3, 4], lon_deg=np.array([114.0, 115.0, 116.0, 117.0])),
        np.array([True, False, True, True]),
        np.array([1, 99, 0, 1]),  # a refused row's code is nobody's
        ids,
        times,
    )
    ids[1] = "somebody else"  # the caller's list lives on
    times[:] = 0.0
    (chunk,) = history.drain()
    assert who(chunk) == ["aircraft-7", "icao24:780abc", "aircraft-7"]
    assert chunk.at_s.tolist() == [10.0, 12.0, 13.0]
    assert chunk.address.tolist() == [1, 3, 4]
    assert chunk.lon_deg.tolist() == [114.0, 116.0, 117.0]
    assert history.drain() == []


def test_a_batch_may_have_one_time_and_nobody_accepted() -> None:
    history = History()
    history.add_batch(batch([1, 2]), np.array([False, False]), np.array([0, 0]), [], 5.0)
    assert (len(history), history.drain()) == (0, [])
    history.add_batch(batch([1, 2]), np.array([True, True]), np.array([0, 0]), ["a"], 5.0)
    assert history.drain()[0].at_s.tolist() == [5.0, 5.0]


def test_a_sighting_keeps_what_it_says_and_says_nothing_else() -> None:
    history = History()
    full = Sighting(
        source="hill",
        source_kind=SourceKind.ADSB,
        icao24="780abc",
        lon_deg=114.5,
        lat_deg=27.5,
        accuracy_m=30.0,
        altitude_m=500.0,
        altitude_datum=AltitudeDatum.PRESSURE,
        ground_speed_mps=60.0,
        track_deg=90.0,
        vertical_rate_mps=-2.0,
        callsign="RESCUE1",
        squawk="7700",
        emergency=Emergency.MEDICAL,
        emitter_category="A7",
        thing_kind=ThingKind.HELICOPTER,
        on_ground=False,
        simulated=True,
    )
    bare = Sighting(source="phones", source_kind=SourceKind.PHONE, own_key="phone:li", name="李队长")
    history.add(full, "icao24:780abc", 100.0)
    history.add(bare, "phone:li", 101.0)
    first, second = history.drain()
    assert (first.source, first.source_kind, who(first)) == ("hill", SourceKind.ADSB, ["icao24:780abc"])
    assert first.address.tolist() == [0x780ABC]
    assert first.callsign.tolist() == [b"RESCUE1"]
    assert first.squawk.tolist() == [7700]
    assert EMERGENCIES[first.emergency[0]] is Emergency.MEDICAL
    assert CATEGORIES[first.category[0]] == "A7"
    assert THING_KINDS[first.thing_kind[0]] is ThingKind.HELICOPTER
    assert DATUMS[first.altitude_datum[0]] is AltitudeDatum.PRESSURE
    assert (first.on_ground.tolist(), first.simulated.tolist()) == ([0], [True])
    assert (second.source, who(second), second.at_s.tolist()) == ("phones", ["phone:li"], [101.0])
    assert second.address.tolist() == [NO_ADDRESS]
    assert second.callsign[0].decode() == "李队长"
    assert all(math.isnan(column[0]) for column in (second.lon_deg, second.altitude_m, second.accuracy_m))
    assert (second.squawk.tolist(), second.on_ground.tolist()) == ([-1], [-1])


@pytest.mark.parametrize("squawk", ["77", "77000", "٧٧٠٠", "77x0", ""])
def test_a_squawk_that_is_none_is_not_kept(squawk: str) -> None:
    history = History()
    history.add(
        Sighting(source="s", source_kind=SourceKind.COT, own_key="cot:x", squawk=squawk), "cot:x", 1.0
    )
    assert history.drain()[0].squawk.tolist() == [-1]


def test_a_long_name_is_cut_between_characters() -> None:
    history = History()
    history.add(
        Sighting(source="s", source_kind=SourceKind.COT, own_key="cot:x", name="队" * 40), "cot:x", 1.0
    )
    name = history.drain()[0].callsign[0]
    assert len(name) <= NAME_BYTES
    assert set(name.decode()) == {"队"}


def test_beyond_its_limit_the_oldest_rows_go_and_are_counted() -> None:
    history = History(limit_rows=10)
    for at_s in range(4):
        history.add_batch(batch([1] * 4), np.ones(4, np.bool_), np.zeros(4, np.int32), ["a"], float(at_s))
    assert [chunk.at_s[0] for chunk in history.drain()] == [2.0, 3.0]
    assert (history.added, history.dropped) == (16, 8)


def test_many_single_sightings_become_columns_before_anyone_drains() -> None:
    history = History(limit_rows=2 * CHUNK_ROWS)
    one = Sighting(source="s", source_kind=SourceKind.COT, own_key="cot:x")
    for at_s in range(5 * CHUNK_ROWS):
        history.add(one, "cot:x", float(at_s))
    assert len(history) == 2 * CHUNK_ROWS
    kept = history.drain()
    assert [len(chunk) for chunk in kept] == [CHUNK_ROWS, CHUNK_ROWS]
    assert kept[-1].at_s[-1] == 5 * CHUNK_ROWS - 1
    assert history.dropped == 3 * CHUNK_ROWS
