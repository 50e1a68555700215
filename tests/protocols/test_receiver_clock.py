"""The receiver's counter: wraps, restarts, small disorder, two ways of counting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.receiver_clock import ReceiverClock, gps_ticks

HZ = 12_000_000
RANGE = 1 << 48


def test_time_goes_on_across_the_wrap_of_the_counter() -> None:
    clock = ReceiverClock()
    before, after = clock.read(RANGE - HZ), clock.read(HZ)
    assert before is not None
    assert after is not None
    assert after.at_s - before.at_s == pytest.approx(2.0)
    assert after.epoch == before.epoch


@given(st.integers(1, RANGE - 1), st.lists(st.integers(0, 5 * HZ), max_size=30))
def test_differences_are_kept_wherever_the_counter_starts(start: int, steps: list[int]) -> None:
    clock = ReceiverClock()
    assert clock.read(start) is not None
    ticks = start
    total = 0
    for step in steps:
        ticks = (ticks + step) % RANGE
        total += step
        reading = clock.read(ticks)
        if reading is not None:  # zero and one other value name no time
            assert reading.at_s == pytest.approx((start + total) / HZ)
            assert reading.epoch == 0


def test_a_frame_a_little_late_keeps_its_own_time() -> None:
    clock = ReceiverClock()
    clock.read(100 * HZ)
    late, next_one = clock.read(100 * HZ - HZ // 4), clock.read(101 * HZ)
    assert late == (99.75, 0)
    assert next_one == (101.0, 0)


def test_a_counter_that_starts_anew_begins_an_epoch() -> None:
    clock = ReceiverClock()
    clock.read(1000 * HZ)
    assert clock.read(HZ) == (1.0, 1)
    assert clock.read(2 * HZ) == (2.0, 1)


def test_a_gps_counter_passes_midnight() -> None:
    clock = ReceiverClock(gps=True)
    before, after = clock.read(gps_ticks(86_399.5)), clock.read(gps_ticks(86_400.25))
    assert before is not None
    assert after is not None
    assert after.at_s - before.at_s == pytest.approx(0.75)
    assert after.epoch == 0


def test_counters_that_name_no_time_are_not_times() -> None:
    clock = ReceiverClock()
    assert clock.read(None) is None
    assert clock.read(0) is None
    assert clock.read(0xFF004D4C4154) is None


@given(st.lists(st.integers(0, RANGE - 1), max_size=50), st.booleans())
def test_any_counters_are_taken(counters: list[int], gps: bool) -> None:
    clock = ReceiverClock(gps=gps)
    for ticks in counters:
        clock.read(ticks)
