"""A time of day gets its date from the arrival."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.asterix_time import DAY_S, of_day_s, utc_s

MIDNIGHT_S = 20_718 * DAY_S


@given(made_s=st.floats(1e9, 3e9), late_s=st.floats(-11 * 3600, 11 * 3600))
def test_a_report_within_half_a_day_of_its_arrival_gets_its_own_date(made_s: float, late_s: float) -> None:
    assert utc_s(made_s % DAY_S, made_s + late_s) == pytest.approx(made_s, abs=1e-3)


def test_midnight_between_making_and_arrival_is_the_day_before() -> None:
    assert utc_s(DAY_S - 1, MIDNIGHT_S + 2) == MIDNIGHT_S - 1
    assert utc_s(1.0, MIDNIGHT_S - 2) == MIDNIGHT_S + 1


def test_a_clock_an_hour_off_comes_out_an_hour_off_over_midnight_too() -> None:
    for off_s in (3600.0, -3600.0):
        for second in range(-7200, 7200, 60):
            arrived_s = MIDNIGHT_S + second
            assert utc_s((arrived_s - off_s) % DAY_S, arrived_s) == pytest.approx(arrived_s - off_s)


def test_a_time_after_the_end_of_the_day_is_none() -> None:
    assert of_day_s((86_399 * 128).to_bytes(3)) == 86_399.0
    assert of_day_s((86_400 * 128).to_bytes(3)) is None
    assert of_day_s(None) is None
