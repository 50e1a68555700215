"""Stops: by iterations, by a clock that is handed in, by whichever comes first."""

from optimizer.stop import BUILDING, FIRST, FirstOf, MaxIterations, MaxSeconds


def test_an_iteration_limit_never_stops_the_building() -> None:
    stop = MaxIterations(iterations=0)
    assert stop(0)
    assert not stop(BUILDING)
    assert not stop(FIRST)


def test_a_time_limit_gives_the_first_plan_as_long_again() -> None:
    now = [100.0]
    stop = MaxSeconds(5.0, lambda: now[0])
    assert not stop(3)
    now[0] = 105.0
    assert stop(3)
    assert stop(BUILDING)
    assert not stop(FIRST)
    now[0] = 110.0
    assert stop(FIRST)


def test_the_first_of_two_stops_counts() -> None:
    stop = FirstOf(stops=(MaxIterations(iterations=2), MaxSeconds(5.0, lambda: 0.0)))
    assert not stop(1)
    assert stop(2)
