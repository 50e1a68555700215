"""A ledger never lets more in than its limit, and finds the first opportunity."""

import math

from hypothesis import given
from hypothesis import strategies as st

from optimizer.capacity import Ledger

_SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20), st.integers(1, 2)), max_size=12)


@given(_SPANS, st.integers(1, 3))
def test_bookings_at_the_first_opportunity_never_exceed_the_limit(
    wishes: list[tuple[int, int, int]], limit: int
) -> None:
    ledger, booked = Ledger(limit), []
    for start, length, units in wishes:
        at = ledger.earliest_s(start, length, units)
        if at < math.inf:
            assert at >= start
            assert ledger.fits(at, at + length, units)
            ledger.add(at, at + length, units)
            booked.append((at, at + length, units))
    for moment in range(200):
        assert sum(units for s, e, units in booked if s <= moment < e) <= limit


@given(_SPANS, st.integers(0, 60))
def test_room_lasts_exactly_until_it_is_taken(spans: list[tuple[int, int, int]], start: int) -> None:
    ledger = Ledger(2)
    for at, length, units in spans:
        ledger.add(at, at + length, units)
    until = ledger.room_until_s(start, 1)
    for moment in range(start, 90):
        used = sum(units for at, length, units in spans if at <= moment < at + length)
        if moment < until:
            assert used + 1 <= 2
        elif moment == until:
            assert used + 1 > 2


@given(_SPANS)
def test_what_is_taken_back_leaves_no_trace(spans: list[tuple[int, int, int]]) -> None:
    ledger = Ledger(1)
    for at, length, units in spans:
        ledger.add(at, at + length, units)
    for at, length, units in reversed(spans):
        ledger.remove(at, at + length, units)
    assert ledger.earliest_s(0, 1000, 1) == 0


def test_more_than_the_limit_never_fits() -> None:
    assert Ledger(1).earliest_s(0, 10, 2) == math.inf
    assert Ledger(0).earliest_s(0, 0, 1) == math.inf
