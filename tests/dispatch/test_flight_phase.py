"""Flight phases off a track: the simulator's flights whose truth is known, and tracks that are broken on purpose."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.flight_phase import FlightEventKind, FlightPhases
from dispatch.flight_samples import TrackSample
from loadtests.flight_simulated import CLOSE, SITE, bucket_flight, found_in

K = FlightEventKind


@pytest.mark.parametrize("every_s", [1.0, 5.0])
@pytest.mark.parametrize("drops", [1, 3])
def test_a_bucket_flight_is_told_in_order_and_each_drop_once(every_s: float, drops: int) -> None:
    samples, truth = bucket_flight(drops=drops, every_s=every_s)
    found = found_in(samples)
    assert [each.kind for each in found] == [kind for kind, _ in truth]
    for event, (_, at_s) in zip(found, truth, strict=True):
        assert abs(event.at_s - at_s) <= 30.0


@pytest.mark.parametrize("every_s", [1.0, 5.0])
def test_water_beside_the_fire_is_taken_there_and_dropped_on_the_fire(every_s: float) -> None:
    samples, _ = bucket_flight(drops=2, every_s=every_s, site=CLOSE)
    told = [each.kind for each in found_in(samples, CLOSE) if each.kind in (K.WATER_PICK_UP, K.DROP)]
    assert told == [K.WATER_PICK_UP, K.DROP] * 2


def test_heights_that_leap_and_places_that_jump_add_nothing() -> None:
    samples, truth = bucket_flight(drops=2, every_s=1.0)
    for place in range(50, len(samples), 97):
        samples[place] = replace(samples[place], altitude_m=11_000.0)
    for place in range(80, len(samples), 131):
        samples[place] = replace(samples[place], lon_deg=samples[place].lon_deg + 1.0)
    assert [each.kind for each in found_in(samples)] == [kind for kind, _ in truth]


def test_a_clock_set_back_by_an_hour_does_not_end_the_watch() -> None:
    samples, truth = bucket_flight(drops=2, every_s=1.0)
    half = len(samples) // 2
    samples[half:] = [replace(each, at_s=each.at_s - 3_600.0) for each in samples[half:]]
    assert [each.kind for each in found_in(samples)].count(K.LANDING) == 1
    assert truth[-1][0] is K.LANDING


def test_standing_with_a_ground_speed_that_flickers_is_no_take_off() -> None:
    watch = FlightPhases(base=SITE.base, scene=SITE.scene)
    told = []
    for second in range(600):
        height_m = SITE.base.elevation_m + (second % 3) * 7.6  # a transponder's 25 ft steps
        told += watch.feed(
            TrackSample(
                at_s=float(second),
                lon_deg=SITE.base.lon_deg,
                lat_deg=SITE.base.lat_deg,
                altitude_m=height_m,
                ground_speed_mps=float(second % 4),
            )
        )
    assert told == []


ANY = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))


@given(
    st.lists(
        st.builds(
            TrackSample,
            at_s=st.floats(allow_nan=True, allow_infinity=True),
            lon_deg=st.floats(allow_nan=True, allow_infinity=True),
            lat_deg=st.floats(-91, 91),
            altitude_m=ANY,
            ground_speed_mps=ANY,
            vertical_rate_mps=ANY,
            on_ground=st.sampled_from([None, True, False]),
        ),
        max_size=30,
    )
)
def test_no_sample_whatever_it_says_breaks_the_watch(samples: list[TrackSample]) -> None:
    for wing in (False, True):
        watch = FlightPhases(base=SITE.base, scene=SITE.scene, water=(SITE.water,), fixed_wing=wing)
        for sample in samples:
            for event in watch.feed(sample):
                assert math.isfinite(event.at_s)
