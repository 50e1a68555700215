"""Written ADS-B frames mean to an independent decoder (pyModeS) what was put in."""

import math

import pyModeS
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyModeS.position import airborne_position_pair, cprNL

from dispatch.geo import Position, distance_m
from protocols.adsb_encode import (
    FOOT_M,
    FPM_MPS,
    KNOT_MPS,
    airborne_position,
    airborne_velocity,
    identification,
    parity,
)

ADDRESSES = st.integers(min_value=1, max_value=0xFFFFFF)
# CPR's even/odd pair is defined between the 87th parallels
LATITUDES = st.floats(min_value=-86.9, max_value=86.9)
LONGITUDES = st.floats(min_value=-180, max_value=179.9999)


def read(frame: bytes) -> dict[str, object]:
    return dict(pyModeS.decode(frame.hex()))


def number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


@given(address=ADDRESSES, callsign=st.text(alphabet="ABCXYZ0123456789", min_size=1, max_size=8))
def test_callsign_and_address_come_back(address: int, callsign: str) -> None:
    seen = read(identification(address, callsign))
    assert seen["crc_valid"] is True
    assert seen["icao"] == f"{address:06X}"
    assert seen["callsign"] == callsign
    assert seen["category"] == 7


@pytest.mark.parametrize("callsign", ["", "NINELETTR", "lower", "赣鹰01", "A-B"])
def test_callsign_that_cannot_be_sent_is_refused(callsign: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        identification(0x78F001, callsign)


@pytest.mark.parametrize("address", [0, -1, 1 << 24])
def test_address_that_is_not_24_bits_is_refused(address: int) -> None:
    with pytest.raises(ValueError, match="24-bit"):
        identification(address, "GY01")


@given(lon_deg=LONGITUDES, lat_deg=LATITUDES, odd_last=st.booleans())
def test_position_pair_comes_back_within_the_cpr_step(lon_deg: float, lat_deg: float, odd_last: bool) -> None:
    true = Position(lon_deg=lon_deg, lat_deg=lat_deg)
    even, odd = (read(airborne_position(0x78F001, true, 3000.0, odd=odd)) for odd in (False, True))
    assert even["crc_valid"] is True
    assert (even["cpr_format"], odd["cpr_format"]) == (0, 1)
    found = airborne_position_pair(
        even["cpr_lat"], even["cpr_lon"], odd["cpr_lat"], odd["cpr_lon"], even_is_newer=not odd_last
    )
    if found is None:  # the two halves fall in different longitude zones; only possible at a zone's edge
        nearby = {cprNL(true.lat_deg + d) for d in (-1e-4, 0.0, 1e-4)}
        assert len(nearby) > 1
        return
    seen = Position(lon_deg=(found[1] + 180) % 360 - 180, lat_deg=found[0])
    # half a step of 360/59/2^17 degrees of latitude is 2.6 m; of longitude, up to 360/2^17 degrees wide zones
    zone_deg = 360.0 / max(cprNL(true.lat_deg) - 1, 1)
    step_m = math.hypot(2.7, zone_deg / 2**18 * 111_320 * math.cos(math.radians(true.lat_deg)))
    assert distance_m(true, seen) <= step_m * 1.05 + 0.1


@given(altitude_m=st.floats(min_value=-304.0, max_value=15_290.0))
def test_altitude_comes_back_within_half_a_step(altitude_m: float) -> None:
    seen = read(airborne_position(1, Position(lon_deg=115.0, lat_deg=28.0), altitude_m, odd=False))
    assert abs(number(seen["altitude"]) - altitude_m / FOOT_M) <= 12.5 + 1e-6


def test_altitude_beyond_the_field_is_held_at_its_end() -> None:
    place = Position(lon_deg=115.0, lat_deg=28.0)
    assert read(airborne_position(1, place, 20_000.0, odd=False))["altitude"] == 50_175
    assert read(airborne_position(1, place, -900.0, odd=False))["altitude"] == -1000


@given(
    speed_mps=st.floats(min_value=0, max_value=520),
    track_deg=st.floats(min_value=0, max_value=359.99),
    climb_mps=st.floats(min_value=-100, max_value=100),
)
def test_velocity_comes_back_within_a_knot(speed_mps: float, track_deg: float, climb_mps: float) -> None:
    frame = airborne_velocity(0x78F001, speed_mps, track_deg, climb_mps)
    seen = read(frame)
    assert seen["crc_valid"] is True
    east, north = _components_kt(frame)
    assert abs(math.hypot(east, north) - speed_mps / KNOT_MPS) <= 0.75
    assert abs(number(seen["groundspeed"]) - speed_mps / KNOT_MPS) < 1.75  # pyModeS cuts to whole knots
    if speed_mps > 25:
        off = abs((number(seen["track"]) - track_deg + 180) % 360 - 180)
        assert off <= math.degrees(0.75 / (speed_mps / KNOT_MPS)) + 0.01
    assert abs(number(seen["vertical_rate"]) - climb_mps / FPM_MPS) <= 32.001


def _components_kt(frame: bytes) -> tuple[int, int]:
    me = int.from_bytes(frame[4:11])
    east, north = (me >> 32) & 0x7FF, (me >> 21) & 0x7FF
    return (east & 0x3FF) - 1, (north & 0x3FF) - 1


def test_fast_aircraft_use_the_coarse_subtype() -> None:
    seen = read(airborne_velocity(1, 700.0, 90.0, 0.0))
    assert seen["subtype"] == 2
    assert abs(number(seen["groundspeed"]) - 700.0 / KNOT_MPS) <= 4


def test_unheard_of_speed_and_climb_are_held_at_their_ends() -> None:
    seen = read(airborne_velocity(1, 9000.0, 0.0, -900.0))
    assert seen["groundspeed"] == 4084
    assert seen["vertical_rate"] == -32_640


@given(frame=st.builds(identification, ADDRESSES, st.just("GY01")), bit=st.integers(0, 111))
def test_any_single_wrong_bit_shows_in_the_parity(frame: bytes, bit: int) -> None:
    assert parity(frame) == 0
    wrong = bytearray(frame)
    wrong[bit // 8] ^= 0x80 >> (bit % 8)
    assert parity(bytes(wrong)) != 0
