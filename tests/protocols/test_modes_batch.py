"""Mode S at rate: what columns say is what modes.py says frame by frame, of sound traffic and of any faults."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyModeS import PipeDecoder
from pyModeS.util import crc

from dispatch.geo import Position
from dispatch.kinds import Emergency
from dispatch.sighting import CATEGORIES, EMERGENCIES
from loadtests import corpus
from protocols import avr, avr_batch, beast, modes_parity
from protocols.adsb_encode import airborne_position, identification
from protocols.frames import Frame
from protocols.frames_batch import words
from protocols.modes_batch import BatchDecoder
from tests import recordings
from tests.protocols import traffic
from tests.protocols.modes_oracle import ARRIVED_S, Told, at_once, differences, singly

REFERENCES = {
    "petersburg": (30.3, 59.9),
    "toulouse": (1.4, 43.6),
    "easyjet": (4.0, 52.0),
}


def recording(name: str) -> bytes:
    if name == "easyjet":
        return b"".join(beast.encode(frame) for frame in recordings.easyjet())
    data: bytes = getattr(recordings, name)()
    return data


def cut(data: bytes, chance: np.random.Generator, most: int) -> Iterator[bytes]:
    """In pieces of any size up to `most`."""
    at = 0
    while at < len(data):
        size = int(chance.integers(1, most))
        yield data[at : at + size]
        at += size


def same(data: bytes, chance: np.random.Generator, **config: Any) -> Told:
    """Both decoders say the same of these bytes, however they are cut; what they say."""
    one = singly(data, source="hill", **config)
    assert differences(one, at_once([data], source="hill", **config)) == []
    assert differences(one, at_once(cut(data, chance, 20_000), source="hill", **config)) == []
    return one


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("name", REFERENCES)
def test_real_recordings_say_the_same(name: str, near: bool) -> None:
    chance = np.random.default_rng(1)
    told = same(recording(name), chance, reference_position=REFERENCES[name] if near else None)
    assert told.counts["positions"] > 0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from([30, 300, 3000]))
def test_a_recording_in_any_pieces_says_the_same(seed: int, most: int) -> None:
    data = recordings.petersburg()[:20_000]
    pieces = cut(data, np.random.default_rng(seed), most)
    assert differences(singly(data), at_once(pieces)) == []


def test_a_recording_as_text_says_the_same() -> None:
    items = [
        item for item in beast.Deframer().feed(recordings.petersburg()[:60_000]) if isinstance(item, Frame)
    ]
    for frames in (items, [Frame(payload=item.payload) for item in items]):
        text = b"".join(avr.encode(frame) for frame in frames) + b"garbage;*8D;"
        one = singly(text, text=True)
        assert one.errors["MALFORMED"] == 2
        assert differences(one, at_once([text[:5000], text[5000:]], text=True)) == []


def test_many_aircraft_are_placed_as_they_are_singly_and_by_pymodes() -> None:
    sent = corpus.made(aircraft=400, seconds=5.0, on_ground=0.0)
    data = sent.beast()
    told = same(data, np.random.default_rng(2))
    assert told.counts["positions"] > 2_500
    pipe = PipeDecoder(pair_window=10.0, local_ref_window=60.0, max_speed_kt=1e9)
    theirs: dict[tuple[str, float], tuple[float, float]] = {}
    for text, at_s in zip(sent.hexes(), sent.seconds(), strict=True):
        read = pipe.decode(text, timestamp=at_s)
        if read.get("latitude") is not None:  # at once: later pairs fill in the halves before them
            theirs[read["icao"].lower(), at_s] = (read["longitude"], read["latitude"])
    columns = told.columns
    ours = {
        (f"{address:06x}", at_s): (lon, lat)
        for address, at_s, lon, lat in zip(
            *(columns[name] for name in ("address", "receiver_s", "lon_deg", "lat_deg")), strict=True
        )
        if lon == lon
    }
    both = ours.keys() & theirs.keys()
    assert len(both) == len(theirs) > 1_500
    for key in both:
        assert ours[key] == pytest.approx(theirs[key], abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.lists(st.sampled_from(traffic.FAULTS), max_size=4, unique=True),
    st.booleans(),
    st.sampled_from([0.0, 0.3]),
)
def test_faults_of_any_kind_change_nothing_between_the_two(
    seed: int, faults: list[traffic.Fault], near: bool, on_ground: float
) -> None:
    chance = np.random.default_rng(seed)
    sent = traffic.made(chance, aircraft=12, seconds=6.0, on_ground=on_ground)
    for fault in faults:
        sent = fault(sent, chance)
    same(sent.beast(), chance, reference_position=traffic.HOME if near else None)


@pytest.mark.parametrize("fault", traffic.FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_changes_nothing_between_the_two(fault: traffic.Fault) -> None:
    for seed in range(2):
        chance = np.random.default_rng(seed)
        sent = fault(traffic.made(chance, on_ground=0.2), chance)
        same(sent.beast(), chance, reference_position=traffic.HOME if seed else None)


def test_a_receiver_that_changes_its_way_of_counting_changes_nothing_between_the_two() -> None:
    for seed in range(6):
        chance = np.random.default_rng(seed)
        data = traffic.counting_by_gps(traffic.made(chance, aircraft=15), chance)
        told = same(data, chance, gps_clock=bool(seed % 2))
        assert len(set(told.columns["clock_id"])) > 1


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(4, 60))
def test_addresses_beyond_the_limit_are_forgotten_as_they_are_singly(seed: int, limit: int) -> None:
    chance = np.random.default_rng(seed)
    sent = traffic.made(chance, aircraft=50, seconds=2.0)
    if seed % 2:
        sent = traffic.wrong_bits(sent, chance)
    same(sent.beast(), chance, aircraft_limit=limit, reference_position=traffic.HOME)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=3000), max_size=6), st.booleans())
def test_random_bytes_never_raise(pieces: list[bytes], text: bool) -> None:
    decoder = BatchDecoder(reference_position=traffic.HOME, framing=avr_batch.Deframer() if text else None)
    for piece in pieces:
        decoder.feed(piece, ARRIVED_S)
    decoder.close(ARRIVED_S)


def test_parity_is_that_of_pymodes() -> None:
    chance = np.random.default_rng(5)
    rows = chance.integers(0, 256, (300, 24), np.uint8)
    rows[:, 0] = chance.choice(np.array([0x32, 0x33], np.uint8), 300)
    _, first, second = words(rows)
    left = modes_parity.remainders(first, second, rows[:, 0] == 0x33)
    for row, remainder in zip(rows, left.tolist(), strict=True):
        assert remainder == crc(bytes(row[8 : 22 if row[0] == 0x33 else 15]).hex())


HOSTILE = {
    "escapes": b"\x1a" * 30_000,
    "frames cut short": b"\x1a3\x1a2\x1a1" * 5_000,
    "status words": b"\x1a4" * 15_000,
    "a receiver that cannot decide": (b"\x1a4" + bytes(7) + b"\x10\x1a4" + bytes(8) + b"\x1a1" + bytes(9))
    * 500,
    "digits": b"*8D406B90" * 3_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_streams_say_the_same(name: str) -> None:
    same(HOSTILE[name], np.random.default_rng(3))


def test_strangers_by_the_thousand_say_the_same_and_are_forgotten() -> None:
    same(_strangers(2_000) + _strangers(300), np.random.default_rng(3), aircraft_limit=200)
    decoder = BatchDecoder(aircraft_limit=200)
    decoder.feed(_strangers(2_000), ARRIVED_S)
    assert len(decoder._table) == 200


def _strangers(count: int) -> bytes:
    return b"".join(
        beast.encode(Frame(payload=identification(address, "GHOST", 1), ticks=address * 1000))
        for address in range(1, count + 1)
    )


def test_simulated_aircraft_are_marked_and_asked_for_once() -> None:
    asked: list[str] = []

    def simulated(icao24: str) -> bool:
        asked.append(icao24)
        return icao24 == "00000a"

    decoder = BatchDecoder(simulated=simulated)
    for _ in range(2):
        batches = decoder.feed(_strangers(20), ARRIVED_S).batches
    assert sorted(asked) == [f"{address:06x}" for address in range(1, 21)]
    assert batches == []  # a repeat is read once
    batch = BatchDecoder(simulated=simulated).feed(_strangers(20), ARRIVED_S).batches[0]
    assert batch.address[batch.simulated].tolist() == [10]


def test_what_a_batch_says_is_in_the_units_of_a_sighting() -> None:
    home = Position(lon_deg=115.9, lat_deg=28.7)
    payloads = [
        identification(0x780A5C, "B7001", 7),
        airborne_position(0x780A5C, home, 1000.0, odd=False),
        airborne_position(0x780A5C, home, 1000.0, odd=True),
    ]
    data = b"".join(
        beast.encode(Frame(payload=payload, ticks=(number + 1) * 6_000_000))
        for number, payload in enumerate(payloads)
    )
    (batch,) = BatchDecoder(source="hill", clock_id="hill#3").feed(data, ARRIVED_S).batches
    assert (batch.source, batch.clock_id, batch.arrived_at_s) == ("hill", "hill#3.0", ARRIVED_S)
    assert batch.address.tolist() == [0x780A5C] * 3
    assert batch.receiver_s.tolist() == [0.5, 1.0, 1.5]
    assert batch.callsign.tolist() == [b"B7001", b"", b""]
    assert CATEGORIES[int(batch.category[0])] == "A7"
    assert batch.altitude_m[1] == pytest.approx(1000.0, abs=4.0)
    assert np.isnan(batch.lon_deg[:2]).all()
    assert (batch.lon_deg[2], batch.lat_deg[2]) == pytest.approx((115.9, 28.7), abs=1e-4)
    assert batch.accuracy_m[2] == pytest.approx(185.2)
    assert EMERGENCIES[int(batch.emergency[2])] is None


def test_distress_is_told_by_squawk_and_by_state() -> None:
    fleet = corpus.made(aircraft=3000, seconds=1.0, rates_hz={"all_call": 1.0, "status": 1.0, "squawk": 1.0})
    told = same(fleet.beast(), np.random.default_rng(4))
    found = {EMERGENCIES[code] for code in set(told.columns["emergency"])}
    assert found == {
        None,
        Emergency.GENERAL,
        Emergency.MEDICAL,
        Emergency.FUEL,
        Emergency.RADIO,
        Emergency.UNLAWFUL,
        Emergency.DOWNED,
    }
