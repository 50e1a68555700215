"""Written BEAST frames: escapes, lengths, the counter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.beast_encode import COUNTER_HZ, beast_frame, counter_at


def unescape(frame: bytes) -> bytes:
    return frame[:2] + frame[2:].replace(b"\x1a\x1a", b"\x1a")


@given(
    message=st.sampled_from([2, 7, 14]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    counter=st.integers(0, (1 << 48) - 1),
    signal=st.integers(0, 255),
)
def test_everything_comes_back_once_escapes_are_undone(message: bytes, counter: int, signal: int) -> None:
    plain = unescape(beast_frame(message, counter, signal))
    assert plain[0] == 0x1A
    assert chr(plain[1]) == {2: "1", 7: "2", 14: "3"}[len(message)]
    assert int.from_bytes(plain[2:8]) == counter
    assert plain[8] == signal
    assert plain[9:] == message


@given(message=st.binary(min_size=14, max_size=14), counter=st.integers(0, (1 << 48) - 1))
def test_no_escape_stands_alone_inside_a_frame(message: bytes, counter: int) -> None:
    inner = beast_frame(message, counter, 0x1A)[2:]
    assert inner.replace(b"\x1a\x1a", b"").count(b"\x1a") == 0


@pytest.mark.parametrize("message", [b"", b"\x00" * 13, b"\x00" * 15])
def test_other_lengths_are_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match="not a BEAST frame"):
        beast_frame(message, 0)


def test_counter_runs_at_twelve_megahertz_and_over() -> None:
    assert counter_at(1.0) == COUNTER_HZ
    assert counter_at((1 << 48) / COUNTER_HZ + 1) == pytest.approx(COUNTER_HZ, abs=1)
