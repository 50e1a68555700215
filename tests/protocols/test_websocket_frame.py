"""Frames are what a WebSocket client reads."""

import pytest

from protocols.websocket_frame import binary_frame, frame_of


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65_535, b"\x82\x7e\xff\xff"),
        (65_536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_the_length_is_written_in_the_shortest_way(size: int, head: bytes) -> None:
    assert binary_frame(bytes(size)) == head + bytes(size)


def test_pieces_and_what_follows_are_one_write() -> None:
    assert frame_of([b"ab", memoryview(b"c")], binary_frame(b"d")) == b"\x82\x03abc\x82\x01d"
