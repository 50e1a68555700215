"""Long JT/T 808 messages: put together in any order, asked for again, bounded in every way."""

from hypothesis import given
from hypothesis import strategies as st

from protocols import jt808_parts as parts
from protocols.jt808_frames import Packet
from protocols.jt808_parts import Assembler, Put


def packet(
    part: int, count: int, *, first: int = 100, body: bytes = b"x", message_id: int = 0x0704
) -> Packet:
    return Packet(
        message_id=message_id,
        number="013912345678",
        serial=(first + part - 1) % 65536,
        body=body,
        part=part,
        parts=count,
    )


@given(st.permutations(range(1, 7)), st.integers(0, 65535))
def test_any_order_gives_the_whole(order: list[int], first: int) -> None:
    assembler = Assembler()
    puts = [assembler.put(packet(part, 6, first=first, body=bytes((part,))), 0.0) for part in order]
    assert [put.body for put in puts] == [None] * 5 + [bytes(range(1, 7))]
    assert puts[-1].first_serial == first
    assert assembler._open == {}


def test_what_is_missing_is_told_when_the_last_part_comes() -> None:
    assembler = Assembler()
    assert assembler.put(packet(1, 4), 0.0).missing == ()
    assert assembler.put(packet(4, 4), 0.0) == Put(first_serial=100, missing=(2, 3))
    assert assembler.put(packet(3, 4), 0.0).missing == ()
    assert assembler.put(packet(2, 4), 0.0).body == b"xxxx"


def test_a_part_that_comes_again_changes_nothing() -> None:
    assembler = Assembler()
    assembler.put(packet(1, 2, body=b"first"), 0.0)
    assembler.put(packet(1, 2, body=b"other"), 0.0)
    assert assembler.put(packet(2, 2, body=b"!"), 0.0).body == b"first!"


def test_a_third_unfinished_message_pushes_out_the_oldest() -> None:
    assembler = Assembler()
    for first in (0, 1000, 2000):
        put = assembler.put(packet(1, 2, first=first), 0.0)
    assert put.dropped == 1
    assert len(assembler._open) == parts.OPEN_LIMIT
    assert assembler.put(packet(2, 2, first=0), 0.0).body is None
    assert assembler.put(packet(2, 2, first=2000), 0.0).body == b"xx"


def test_an_unfinished_message_is_given_up_by_age() -> None:
    assembler = Assembler()
    assembler.put(packet(1, 2), 0.0)
    put = assembler.put(packet(2, 2), parts.AGE_LIMIT_S + 0.1)
    assert (put.body, put.dropped, put.missing) == (None, 1, (1,))


def test_a_message_of_too_many_parts_is_not_kept() -> None:
    assembler = Assembler()
    assert assembler.put(packet(1, parts.PART_LIMIT + 1), 0.0).too_many
    assert assembler._open == {}
    for part in range(1, parts.PART_LIMIT + 1):
        put = assembler.put(packet(part, parts.PART_LIMIT), 0.0)
    assert put.body == b"x" * parts.PART_LIMIT


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 70), st.integers(0, 3)), max_size=60))
def test_no_stream_of_parts_grows_beyond_its_bounds(stream: list[tuple[int, int, int]]) -> None:
    assembler = Assembler()
    for number, (part, count, first) in enumerate(stream):
        if count > 1 and part <= count:
            assembler.put(packet(part, count, first=first * 1000), float(number))
        assert len(assembler._open) <= parts.OPEN_LIMIT
        assert all(len(found.bodies) <= parts.PART_LIMIT for found in assembler._open.values())
