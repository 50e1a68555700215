"""RTMP's bytes: any cut of them says the same, and nothing that comes breaks more than its connection."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import amf0
from protocols.flv_video import FlvVideo
from protocols.rtmp import COMMAND, HANDSHAKE_BYTES, VIDEO, RtmpError, RtmpPush
from protocols.rtmp_chunks import MOST_MESSAGE_BYTES, Chunks, Message, chunked

values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=6,
)


def command(*said: object) -> bytes:
    return chunked(Message(kind=COMMAND, stream=0, time_ms=0, data=amf0.encode(*said)), 3)  # type: ignore[arg-type]


DIALOGUE = (
    b"\x03"
    + bytes(HANDSHAKE_BYTES * 2)
    + command("connect", 1.0, {"app": "live"})
    + command("createStream", 2.0, None)
    + command("publish", 3.0, None, "secretkey?x=1", "live")
    + chunked(Message(kind=VIDEO, stream=1, time_ms=40, data=b"\x17\x01" + bytes(300)), 6)
    # the same chunk stream goes on with headers that leave out what is as before
    + b"\x86\x00\x00\x28"
    + (b"\x27\x01" + bytes(126))
    + b"\xc6"
    + bytes(128)
    + b"\xc6"
    + bytes(46)
)


def pushed(sent: list[bytes]) -> RtmpPush:
    return RtmpPush(application="live", key="secretkey", nonce=b"n", send=sent.append)


@given(st.lists(st.integers(1, 2_000), max_size=20))
def test_any_cut_of_a_dialogue_gives_the_same_messages(cuts: list[int]) -> None:
    sent: list[bytes] = []
    push, at, found = pushed(sent), 0, []
    for size in [*cuts, len(DIALOGUE)]:
        found += push.feed(DIALOGUE[at : at + size])
        at += size
    assert [(each.time_ms, len(each.data)) for each in found] == [(40, 302), (80, 302)]
    assert push.published
    assert b"NetStream.Publish.Start" in b"".join(sent)


@given(st.binary(max_size=400), st.integers(0, len(DIALOGUE)))
def test_whatever_comes_only_ends_the_connection(noise: bytes, at: int) -> None:
    push = pushed([])
    with contextlib.suppress(RtmpError):
        push.feed(DIALOGUE[:at] + noise)


@given(st.binary(max_size=200), st.integers(0, 1 << 32))
def test_a_tag_of_noise_is_no_picture(tag: bytes, time_ms: int) -> None:
    film = FlvVideo(first_epoch=1, begun=lambda _: None)
    with contextlib.suppress(ValueError):
        assert film.take(tag, time_ms) is None


@given(st.lists(values, max_size=4))
def test_values_come_back_as_they_were(said: list[amf0.Value]) -> None:
    assert amf0.decode(amf0.encode(*said)) == said


def test_values_within_values_and_long_messages_are_refused() -> None:
    with pytest.raises(ValueError, match="values"):
        amf0.decode(b"\x03\x00\x01a" * 50)
    long = b"\x03" + bytes(3) + (MOST_MESSAGE_BYTES + 1).to_bytes(3, "big") + bytes(5)
    with pytest.raises(ValueError, match="bytes"):
        Chunks().feed(long)
    head = bytes(3) + b"\x00\x01\x00\x09" + bytes(4) + bytes(128)  # half a message
    many = b"".join(struct.pack("!B", number) + head for number in range(3, 50))
    with pytest.raises(ValueError, match="too many"):
        Chunks().feed(many)
