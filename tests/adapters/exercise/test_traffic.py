"""Through traffic: plausible at every second, never twice under one address, decodable as what it is."""

import pyModeS
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.exercise.traffic import ROUTES, airliners_at
from adapters.exercise.transmit import IDENTIFICATION_TICKS, Transponder, messages
from dispatch.geo import distance_m
from protocols.adsb_encode import LARGE

MOMENTS = st.floats(min_value=0, max_value=48 * 3600.0)


@given(seconds=MOMENTS)
def test_everyone_is_there_under_an_address_of_its_own(seconds: float) -> None:
    planes = airliners_at(seconds)
    assert len(planes) == sum(route.flights for route in ROUTES)
    assert 40 <= len(planes) <= 80
    assert len({plane.address for plane in planes}) == len(planes)
    assert all(0x78F100 <= plane.address < 0x78FFFF for plane in planes)


@given(seconds=MOMENTS)
def test_nobody_jumps_between_two_seconds(seconds: float) -> None:
    before = {plane.address: plane for plane in airliners_at(seconds)}
    for plane in airliners_at(seconds + 1):
        if plane.address in before:
            old = before[plane.address]
            assert distance_m(old.position, plane.position) <= 235
            assert abs(old.altitude_m - plane.altitude_m) <= 20
            assert -13 <= plane.climb_mps <= 16


@given(seconds=MOMENTS)
def test_everyone_stays_over_jiangxi_and_its_neighbours(seconds: float) -> None:
    for plane in airliners_at(seconds):
        assert 113 <= plane.position.lon_deg <= 120
        assert 23 <= plane.position.lat_deg <= 32
        assert 0 < plane.altitude_m <= 12_500


@pytest.mark.parametrize("tick", [0, 1, 7])
def test_frames_of_a_tick_carry_position_and_after_a_while_everything(tick: int) -> None:
    plane = airliners_at(1000.0)[0]
    state = Transponder(
        address=plane.address,
        callsign=plane.callsign,
        category=LARGE,
        position=plane.position,
        altitude_m=plane.altitude_m,
        ground_speed_mps=plane.ground_speed_mps,
        track_deg=plane.track_deg,
        climb_mps=plane.climb_mps,
    )
    assert "0,5" in {pyModeS.decode(frame.hex())["bds"] for frame in messages(state, tick)}
    kinds = {
        pyModeS.decode(frame.hex())["bds"]
        for later in range(tick, tick + IDENTIFICATION_TICKS)
        for frame in messages(state, later)
    }
    assert kinds == {"0,5", "0,8", "0,9"}
