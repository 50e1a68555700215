"""What is known of a source's clock from its reports alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.source_clock import CLOCK_LIMIT, SPAN_S, SourceClock, SourceClocks, Tolerance

NOW_S = 1_790_000_000.0


def fed(clock: SourceClock, off_s: float, *, seconds: int = 60, began_s: float = NOW_S) -> SourceClock:
    for second in range(seconds):
        clock.utc_s(began_s + second - off_s, began_s + second)
    return clock


@pytest.mark.parametrize("off_s", [0.0, 4.0, -2.0])
def test_a_few_seconds_are_believed(off_s: float) -> None:
    clock = fed(SourceClock(), off_s)
    assert clock.right
    assert clock.off_s is None
    assert clock.utc_s(NOW_S, NOW_S + off_s) == NOW_S


@pytest.mark.parametrize("off_s", [6.0, -4.0, 3600.0, -86_400.0])
def test_more_is_flagged_and_moved(off_s: float) -> None:
    clock = fed(SourceClock(), off_s)
    assert clock.off_s == pytest.approx(off_s)
    assert clock.utc_s(NOW_S - off_s, NOW_S) == pytest.approx(NOW_S)


def test_what_was_late_on_its_way_stays_late() -> None:
    clock = fed(SourceClock(), 3600.0)
    assert clock.utc_s(NOW_S - 3600.0, NOW_S + 20.0) == pytest.approx(NOW_S)


def test_two_wrong_times_do_not_turn_a_right_clock_over() -> None:
    clock = fed(SourceClock(), 0.2)
    for _ in range(2):
        clock.utc_s(NOW_S + 5_000.0, NOW_S + 60.0)
    assert clock.right


def test_a_clock_that_is_set_right_is_believed_again_and_one_that_breaks_is_seen() -> None:
    clock = fed(SourceClock(), -3600.0)
    later_s = NOW_S + 60
    fed(clock, 0.2, began_s=later_s, seconds=2 * int(SPAN_S) + 2)
    assert clock.right
    fed(clock, 3600.0, began_s=later_s + 100, seconds=2 * int(SPAN_S) + 2)
    assert clock.off_s == pytest.approx(3600.0)


def test_reports_kept_for_later_say_nothing_of_the_clock() -> None:
    clock = fed(SourceClock(), 0.5)
    for second in range(600):
        assert clock.utc_s(NOW_S - 7200 + second, NOW_S + 60 + second, live=False) == NOW_S - 7200 + second
    assert clock.right


def test_a_source_may_be_allowed_a_longer_way() -> None:
    assert fed(SourceClock(Tolerance(behind_s=30.0)), 20.0).right


def test_each_source_of_a_feed_has_its_own_clock_and_the_worst_is_told() -> None:
    clocks = SourceClocks()
    assert (clocks.heard, clocks.off_s) == (False, None)
    for key, off_s in (("025/007", 0.1), ("025/008", 600.0), ("025/009", -3600.0)):
        clocks.utc_s(key, NOW_S - off_s, NOW_S)
    assert clocks.off_s == pytest.approx(-3600.0)


def test_clocks_are_bounded() -> None:
    clocks = SourceClocks()
    for number in range(CLOCK_LIMIT + 10):
        clocks.utc_s(str(number), NOW_S - (3600.0 if number < 10 else 0.0), NOW_S)
    assert clocks.off_s is None  # the first ten are forgotten


times = st.floats(min_value=-1e12, max_value=1e12)


@given(st.lists(st.tuples(times, times), max_size=60))
def test_no_times_raise(reports: list[tuple[float, float]]) -> None:
    clock = SourceClock()
    for stated_s, arrived_s in reports:
        assert isinstance(clock.utc_s(stated_s, arrived_s), float)
