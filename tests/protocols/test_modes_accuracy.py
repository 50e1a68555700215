"""Accuracy and distress as a transponder states them."""

import pytest

from dispatch.geo import Position
from dispatch.kinds import Emergency
from protocols import modes, modes_accuracy
from protocols.adsb_encode import airborne_position, parity
from protocols.frames import Frame
from tests import recordings

ADDRESS = 0x780A5C
HOME = Position(lon_deg=115.9, lat_deg=28.7)


def squitter(message: int) -> bytes:
    body = b"\x8d" + ADDRESS.to_bytes(3) + message.to_bytes(7)
    return body + parity(body).to_bytes(3)


def operation(nacp: int, *, version: int = 2, subtype: int = 0) -> bytes:
    return squitter(31 << 51 | subtype << 48 | version << 13 | nacp << 8)


def target(nacp: int, *, subtype: int = 1) -> bytes:
    return squitter(29 << 51 | subtype << 49 | nacp << 13)


def status(state: int, squawk_code: int = 0) -> bytes:
    return squitter(28 << 51 | 1 << 48 | state << 45 | squawk_code << 32)


def accuracy_after(*payloads: bytes) -> float | None:
    decoder = modes.Decoder()
    halves = [airborne_position(ADDRESS, HOME, 1000.0, odd=odd) for odd in (False, True)]
    sightings = [
        decoder.decode(Frame(payload=payload, ticks=(number + 1) * 6_000_000)).sighting
        for number, payload in enumerate([*payloads, *halves])
    ]
    last = sightings[-1]
    assert last is not None
    assert last.lon_deg is not None
    assert all(s.accuracy_m is None for s in sightings[:-1] if s is not None)
    return last.accuracy_m


def test_until_an_aircraft_states_its_accuracy_the_type_code_speaks() -> None:
    assert accuracy_after() == pytest.approx(185.2)


@pytest.mark.parametrize(("nacp", "radius_m"), [(11, 3.0), (10, 10.0), (9, 30.0), (8, 92.6), (1, 18_520.0)])
def test_what_it_states_counts(nacp: int, radius_m: float) -> None:
    assert accuracy_after(operation(nacp)) == pytest.approx(radius_m)
    assert accuracy_after(operation(5), target(nacp)) == pytest.approx(radius_m)


def test_an_accuracy_stated_as_unknown_is_none() -> None:
    assert accuracy_after(operation(10), operation(0)) is None
    assert accuracy_after(target(15)) is None


def test_old_and_reserved_layouts_state_none() -> None:
    for frame in (operation(11, version=0), operation(11, subtype=3), target(11, subtype=2)):
        assert accuracy_after(frame) == pytest.approx(185.2)


def test_every_position_of_a_recording_has_an_accuracy() -> None:
    decoder = modes.Decoder()
    seen = [decoder.decode(frame).sighting for frame in recordings.easyjet()]
    placed = [s for s in seen if s is not None and s.lon_deg is not None]
    assert {s.accuracy_m for s in placed} <= {modes_accuracy.CONTAINMENT_M[code] for code in (9, 10, 11, 12)}


@pytest.mark.parametrize(
    ("payload", "emergency"),
    [
        (status(0), None),
        (status(1), Emergency.GENERAL),
        (status(2), Emergency.MEDICAL),
        (status(6), Emergency.DOWNED),
        (status(7), None),
        (status(0, 0x0AAA), Emergency.GENERAL),  # 7700
        (status(4, 0x0AAA), Emergency.RADIO),  # the state is the plainer word
        (status(0, 0x0AA2), Emergency.UNLAWFUL),  # 7500
    ],
)
def test_distress_is_read_from_state_and_squawk(payload: bytes, emergency: Emergency | None) -> None:
    seen = modes.Decoder().decode(Frame(payload=payload)).sighting
    assert seen is not None
    assert seen.emergency is emergency
