"""Cutting CoT: XML, stream form, mesh form, and whatever else comes down a line."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from takproto.proto import TakMessage

from protocols import cot_stream, cot_xml
from protocols.cot_event import EVENT_BYTES, CotEvent
from protocols.cot_stream import CotFrame, Deframer
from protocols.frames import BadFrame
from tests.chunking import cut, sizes
from tests.cot_events import events, phone, shared_events, vector

ONE = cot_xml.write(phone("one"))
TWO = cot_xml.write(phone("two"))
DECLARED = b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
PROTO = cot_stream.stream_frame(phone("three"))


def uids(found: list[CotEvent | BadFrame]) -> list[str]:
    return [each.uid if isinstance(each, CotEvent) else each.code for each in found]


def items(stream: bytes) -> list[CotFrame | BadFrame]:
    deframer = Deframer()
    return [*deframer.feed(stream), *deframer.close()]


def in_pieces(stream: bytes, steps: list[int]) -> list[CotFrame | BadFrame]:
    deframer = Deframer()
    found = [item for piece in cut(stream, steps) for item in deframer.feed(piece)]
    return [*found, *deframer.close()]


@pytest.mark.parametrize(
    "stream",
    [
        ONE + TWO,
        DECLARED + ONE + DECLARED + TWO,
        ONE + b"\n\r\n\t" + TWO + b"\0",
        b"\xef\xbb\xbf" + ONE + b"<!-- </event> -->" + TWO,
        ONE.replace(b"</event>", b"</event \n>") + TWO,
    ],
)
def test_events_follow_one_another(stream: bytes) -> None:
    """With declarations, comments, blanks, NUL and a byte order mark between."""
    assert uids(cot_stream.feed(stream)) == ["one", "two"]


def test_forms_follow_one_another() -> None:
    """XML before the change-over, protobuf after; nobody says when."""
    assert uids(cot_stream.feed(ONE + PROTO + DECLARED + TWO + PROTO)) == ["one", "three", "two", "three"]


def test_every_shared_event_is_cut_from_one_stream() -> None:
    """All sixteen after each other, one of them without a type."""
    stream = b"".join(shared["xml"].encode() for shared in shared_events())
    found = cot_stream.feed(stream)
    assert len(found) == 16
    assert uids(found)[1:] == [shared["uid"] for shared in shared_events()][1:]
    assert isinstance(found[0], BadFrame)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"noise" + ONE, ["GARBAGE", "one"]),
        (b"<auth><cot username='a'/></auth>" + ONE, ["GARBAGE", "one"]),
        (ONE[:100] + TWO, ["GARBAGE", "two"]),  # cut off and begun anew
        (b"</event>" + TWO, ["GARBAGE", "two"]),
        (b"<events></event>" + TWO, ["GARBAGE", "two"]),
        (ONE + TWO[:50], ["one", "TRUNCATED"]),
        (ONE + PROTO[:50], ["one", "TRUNCATED"]),
        (ONE + b"\xbf\xff\xff\xff\xff\xff\x01zz" + TWO, ["one", "GARBAGE", "two"]),  # no length
        (ONE + b"\xbf\xff\xff\xff\xff\x0f" + TWO, ["one", "GARBAGE", "two"]),  # 4 GB
        (b"\xbf\x03abc" + ONE, ["MALFORMED", "one"]),
        (b"\xbf\x00" + ONE, ["MALFORMED", "one"]),
        (b"\xef\xbb" + ONE, ["GARBAGE", "one"]),
        (b"<event a=1>" + b"</event>" + ONE, ["MALFORMED", "one"]),
        (b"<?xml", ["TRUNCATED"]),
        (b"", []),
        (b" \n", []),
    ],
)
def test_what_is_no_event_is_told_and_the_next_is_found(stream: bytes, expected: list[str]) -> None:
    """One error each; what follows is read."""
    assert uids(cot_stream.feed(stream)) == expected


def test_an_oversize_event_is_passed_over() -> None:
    """In XML and in protobuf, with what comes after it read."""
    long = phone("long")
    text = cot_xml.write(long).replace(b"<detail>", b"<detail><!--" + b"x" * (3 * EVENT_BYTES) + b"-->")
    found = cot_stream.feed(ONE + text + TWO)
    assert set(uids(found)[1:-1]) == {"OVERSIZE"}
    assert uids(found)[0] == "one"
    assert uids(found)[-1] == "two"
    assert sum(bad.length for bad in found if isinstance(bad, BadFrame)) == len(text)
    wire = b"\xbf\x80\x80\x10" + b"y" * (256 * 1024)
    assert uids(cot_stream.feed(ONE + wire + TWO)) == ["one", "OVERSIZE", "two"]


@pytest.mark.parametrize(
    "filler", [b"x", b"<event>", b"<", b"<?", b"<!--", b"\xbf\xff", b"<a ", b"\xef", b" "]
)
def test_a_stream_without_an_end_is_bounded(filler: bytes) -> None:
    """Four megabytes of it take no memory, and an event behind it is found once it is over."""
    deframer = Deframer()
    piece = filler * (4096 // len(filler))
    tracemalloc.start()
    for _ in range(1024):
        deframer.feed(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * EVENT_BYTES
    tail = [*deframer.feed(b"-->?>" + b"\n" * EVENT_BYTES + b"</event>" + ONE + TWO), *deframer.close()]
    read = [cot_stream.read(item) for item in tail if isinstance(item, CotFrame)]
    assert "two" in uids([each for each in read if each is not None])


@given(st.lists(events(), min_size=1, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3), sizes)
def test_any_cutting_gives_the_same_events(sent: list[CotEvent], proto: list[bool], steps: list[int]) -> None:
    """Both forms mixed."""
    stream = b"".join(
        cot_stream.stream_frame(event)
        if binary and event.made_s > 0 and event.stale_s > 0 and event.start_s > 0
        else cot_stream.xml_frame(event)
        for event, binary in zip(sent, proto, strict=False)
    )
    assert in_pieces(stream, steps) == items(stream)
    assert [e for e in cot_stream.feed(stream) if isinstance(e, CotEvent)] == sent


PARTS = st.sampled_from(
    [
        b"<", b">", b"<event", b"<event ", b"</event", b"</event>", b"</event  >", b"<!--", b"-->", b"<?", b"?>",
        b"\xbf", b"\xbf\x01\xbf", b"\xbf\x05", b"\xef\xbb\xbf", b"\xef", b"\xbb", b" ", b"\0", b"x", b"\x80",
        b"\xbf\xff\xff\xff\xff\xff", b"<x/>", b"/", b"-", b"!",
    ]
)  # fmt: skip


@given(st.lists(PARTS, max_size=40).map(b"".join), sizes)
def test_any_cutting_of_noise_gives_the_same_items(stream: bytes, steps: list[int]) -> None:
    """Whatever the pieces of markup, magic and marks are."""
    assert in_pieces(stream, steps) == items(stream)


@given(
    st.lists(st.tuples(PARTS, st.integers(1, 30_000)), max_size=8),
    st.lists(st.integers(1, 50_000), min_size=1),
)
def test_any_cutting_of_long_noise_gives_the_same_items(
    parts: list[tuple[bytes, int]], steps: list[int]
) -> None:
    """Beyond the longest event too."""
    stream = b"".join(part * (count // len(part) + 1) for part, count in parts)
    assert in_pieces(stream, steps) == items(stream)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    """Nothing raises, in a stream or a datagram."""
    for found in (cot_stream.feed(data), cot_stream.feed_datagram(data)):
        assert all(isinstance(each, CotEvent | BadFrame) for each in found)


def test_datagrams_hold_any_form() -> None:
    """Mesh form to the end, stream form (pytak sends it so), XML, and versions we do not know."""
    mesh = bytes.fromhex(vector()["mesh_hex"])
    assert uids(cot_stream.feed_datagram(mesh)) == ["aa0b0312-b5cd-4c2c-bbbc-9c4c70216261"]
    assert uids(cot_stream.feed_datagram(bytes.fromhex(vector()["stream_hex"]))) == uids(
        cot_stream.feed_datagram(mesh)
    )
    assert uids(cot_stream.feed_datagram(DECLARED + ONE)) == ["one"]
    assert uids(cot_stream.feed_datagram(ONE + TWO[:40])) == ["one", "TRUNCATED"]
    assert uids(cot_stream.feed_datagram(b"\xbf\x02\xbf" + mesh[3:])) == ["UNKNOWN_TYPE"]
    assert uids(cot_stream.feed_datagram(mesh[:3] + b"x" * (EVENT_BYTES + 1))) == ["OVERSIZE"]
    assert uids(cot_stream.feed_datagram(mesh[:3])) == ["MALFORMED"]


def test_a_versions_message_is_no_event_and_no_error() -> None:
    """It is passed over."""
    theirs = TakMessage()
    theirs.takControl.maxProtoVersion = 1
    assert cot_stream.feed_datagram(cot_stream.MESH_HEADER + theirs.SerializeToString()) == []
