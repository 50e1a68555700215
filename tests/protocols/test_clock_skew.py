"""The estimate of another clock: right when the way is even, bounded by the way when it is not."""

from hypothesis import given
from hypothesis import strategies as st

from protocols.clock_skew import ClockSkew

WAY = st.integers(0, 2_000_000)


@given(offset_us=st.integers(-(10**12), 10**12), way_us=WAY, stay_us=WAY)
def test_an_even_way_gives_the_offset_exactly(offset_us: int, way_us: int, stay_us: int) -> None:
    skew = ClockSkew()
    t2 = way_us + offset_us
    skew.add(t1_us=0, t2_us=t2, t3_us=t2 + stay_us, t4_us=2 * way_us + stay_us)
    assert skew.offset_us == offset_us
    assert skew.round_trip_us == 2 * way_us


@given(offset_us=st.integers(-(10**12), 10**12), ways=st.lists(st.tuples(WAY, WAY), min_size=1, max_size=20))
def test_the_error_is_at_most_half_the_shortest_round_trip(
    offset_us: int, ways: list[tuple[int, int]]
) -> None:
    skew = ClockSkew()
    for out_us, back_us in ways:
        t2 = out_us + offset_us
        skew.add(t1_us=0, t2_us=t2, t3_us=t2, t4_us=out_us + back_us)
    shortest = min(out_us + back_us for out_us, back_us in ways[-8:])
    assert skew.offset_us is not None
    assert abs(skew.offset_us - offset_us) <= shortest / 2 + 1


def test_a_stepped_clock_starts_the_estimate_afresh() -> None:
    skew = ClockSkew()
    skew.add(t1_us=0, t2_us=10, t3_us=10, t4_us=20)
    skew.add(t1_us=0, t2_us=10, t3_us=10, t4_us=-5)
    assert skew.offset_us is None
