"""The jump gate."""

from hypothesis import given
from hypothesis import strategies as st

from dispatch.motion import LIMIT_MPS, REACQUIRE, MotionGate, span_m


def admit(gate: MotionGate, lon: float, lat: float, at_s: float, *, soft: bool = False) -> bool:
    return gate.admit(lon, lat, at_s, limit_mps=LIMIT_MPS, soft=soft)


def test_a_flight_at_any_plausible_speed_passes() -> None:
    gate = MotionGate()
    for second in range(600):
        assert admit(gate, 115 + second * 0.005, 28.0, float(second))  # 490 m/s


def test_one_jump_is_refused_and_the_flight_goes_on() -> None:
    gate = MotionGate()
    assert admit(gate, 115.0, 28.0, 0.0)
    assert not admit(gate, 116.0, 28.0, 1.0)
    assert admit(gate, 115.001, 28.0, 2.0)


def test_a_new_place_is_believed_after_enough_agreeing_reports() -> None:
    gate = MotionGate()
    assert admit(gate, 115.0, 28.0, 0.0)
    verdicts = [admit(gate, 116.0 + n * 0.001, 28.0, 1.0 + n) for n in range(REACQUIRE)]
    assert verdicts == [False] * (REACQUIRE - 1) + [True]


def test_scattered_reports_are_never_believed() -> None:
    gate = MotionGate()
    assert admit(gate, 115.0, 28.0, 0.0)
    assert not any(admit(gate, 100.0 + 7 * n, 28.0, 1.0) for n in range(2))
    assert not any(admit(gate, 100.0 - 5 * n, 20.0 + 3 * n, 2.0) for n in range(10))


def test_a_soft_place_gives_way_to_a_hard_one_but_not_the_other_way() -> None:
    gate = MotionGate()
    assert admit(gate, 115.0, 28.0, 0.0, soft=True)
    assert admit(gate, 116.0, 30.0, 0.5)
    assert not admit(gate, 115.0, 28.0, 1.0, soft=True)


def test_the_date_line_is_no_jump() -> None:
    gate = MotionGate()
    assert admit(gate, 179.9999, 10.0, 0.0)
    assert admit(gate, -179.9999, 10.0, 1.0)


@given(*(st.floats(-180, 180) for _ in range(2)), *(st.floats(-90, 90) for _ in range(2)))
def test_distance_is_symmetric_and_never_negative(a: float, b: float, c: float, d: float) -> None:
    assert span_m(a, c, b, d) >= 0
    assert abs(span_m(a, c, b, d) - span_m(b, d, a, c)) < 1e-6 * (1 + span_m(a, c, b, d))
