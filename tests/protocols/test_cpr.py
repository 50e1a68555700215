"""Compact positions: what is encoded is found again, to within the encoding's step."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.motion import span_m
from protocols import cpr

lons = st.floats(-180, 179.999)
lats = st.floats(-85, 85)
STEP_M = 6.0  # half a step of 360/59/2^17 degrees of latitude is 2.6 m; of longitude at most about 5 m


@given(lons, lats, st.booleans())
def test_a_pair_finds_the_position(lon: float, lat: float, odd_is_newest: bool) -> None:
    even, odd = cpr.encode(lon, lat, odd=False), cpr.encode(lon, lat, odd=True)
    found = cpr.pair(even, odd, newest_is_even=not odd_is_newest)
    assume(found is not None)  # at a zone's edge the two halves may lie in different zones
    assert found is not None
    assert span_m(*found, lon, lat) < STEP_M


@given(lons, lats, st.booleans(), st.floats(-2.5, 2.5), st.floats(-2.5, 2.5))
def test_a_reference_within_half_a_zone_finds_the_position(
    lon: float, lat: float, odd: bool, east: float, north: float
) -> None:
    reference = (lon + east, max(-89.0, min(89.0, lat + north)))
    found = cpr.near(cpr.encode(lon, lat, odd=odd), reference)
    assert found is not None
    assert span_m(*found, lon, lat) < STEP_M


@given(lons, lats, st.booleans())
def test_surface_positions_are_found_from_the_receiver(lon: float, lat: float, odd_is_newest: bool) -> None:
    reference = (lon + 0.2, lat - 0.2)
    even, odd = cpr.encode(lon, lat, odd=False, surface=True), cpr.encode(lon, lat, odd=True, surface=True)
    near = cpr.surface_near(odd if odd_is_newest else even, reference)
    assert near is not None
    assert span_m(*near, lon, lat) < STEP_M
    found = cpr.surface_pair(even, odd, reference, newest_is_even=not odd_is_newest)
    assume(found is not None)
    assert found is not None
    assert span_m(*found, lon, lat) < STEP_M


@given(*(st.integers(0, (1 << 17) - 1) for _ in range(4)), st.booleans())
def test_any_raw_pair_gives_a_place_on_the_globe_or_none(
    a: int, b: int, c: int, d: int, newest: bool
) -> None:
    found = cpr.pair(cpr.Cpr(False, a, b), cpr.Cpr(True, c, d), newest_is_even=newest)
    if found is not None:
        assert -180 <= found[0] < 180
        assert -90 <= found[1] <= 90


def test_the_textbook_pair() -> None:
    # J. Sun, "The 1090 Megahertz Riddle", 2nd ed., §5.3
    found = cpr.pair(cpr.Cpr(False, 93000, 51372), cpr.Cpr(True, 74158, 50194), newest_is_even=True)
    assert found == pytest.approx((3.91937, 52.2572), abs=1e-4)
