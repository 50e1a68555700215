"""BEAST framing: real bytes, any chunking, any damage."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import beast
from protocols.frames import BadFrame, Frame, ReceiverStatus
from tests import chunking, recordings

payloads = st.one_of(*(st.binary(min_size=n, max_size=n) for n in (2, 7, 14)))
frames = st.builds(Frame, payload=payloads, ticks=st.integers(0, (1 << 48) - 1), signal=st.integers(0, 255))


def whole(data: bytes) -> list[beast.Item]:
    deframer = beast.Deframer()
    return deframer.feed(data) + deframer.close()


def test_real_recording_is_cut_into_all_its_frames() -> None:
    items = whole(recordings.petersburg())
    sizes = Counter(len(item.payload) for item in items if isinstance(item, Frame))
    assert sizes == {2: 5_026, 7: 4_942, 14: 3_986}
    assert len(items) == 13_954


def test_re_encoding_a_real_recording_gives_its_bytes() -> None:
    data = recordings.petersburg()
    assert b"".join(beast.encode(item) for item in whole(data) if isinstance(item, Frame)) == data


@given(st.lists(frames, max_size=20))
def test_frames_survive_the_wire(sent: list[Frame]) -> None:
    assert whole(b"".join(beast.encode(frame) for frame in sent)) == sent


@given(st.lists(frames, min_size=1, max_size=5), st.binary(max_size=40), chunking.sizes)
def test_any_chunking_gives_the_same_items(sent: list[Frame], noise: bytes, steps: list[int]) -> None:
    stream = noise + b"".join(beast.encode(frame) for frame in sent) + noise
    deframer = beast.Deframer()
    items = [item for piece in chunking.cut(stream, steps) for item in deframer.feed(piece)]
    assert items + deframer.close() == whole(stream)


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=200), max_size=20))
def test_random_bytes_never_raise_and_are_all_accounted_for(chunks: list[bytes]) -> None:
    deframer = beast.Deframer()
    for chunk in chunks:
        deframer.feed(chunk)
    deframer.close()


@given(st.lists(st.sampled_from([b"\x1a", b"1", b"2", b"3", b"4", b"5", b"\x00"]), max_size=400))
def test_a_stream_of_escapes_never_raises(pieces: list[bytes]) -> None:
    assert whole(b"".join(pieces)) == whole(b"".join(pieces))


def test_a_frame_after_damage_is_still_read() -> None:
    good = Frame(payload=bytes(range(7)), ticks=5, signal=9)
    cut = beast.encode(good)[:9]
    items = whole(b"noise" + cut + beast.encode(good) + b"\x1a\x99" + beast.encode(good))
    assert [item for item in items if isinstance(item, Frame)] == [good, good]
    assert [item.code for item in items if isinstance(item, BadFrame)] == [
        "GARBAGE",
        "TRUNCATED",
        "UNKNOWN_TYPE",
    ]


def test_an_endless_status_word_is_reported_and_does_not_grow() -> None:
    deframer = beast.Deframer()
    items = deframer.feed(b"\x1a4" + b"x" * 100_000)
    assert isinstance(items[0], BadFrame)
    assert items[0].code == "OVERSIZE"
    assert all(isinstance(item, BadFrame) and item.code == "GARBAGE" for item in items[1:])


def test_status_tells_the_kind_of_clock() -> None:
    after = beast.encode(Frame(payload=b"\x00\x00", ticks=1, signal=1))
    gps, legacy, *_ = whole(b"\x1a4" + bytes(7) + b"\x10\x00" + b"\x1a4" + bytes(7) + b"\x00\x00" + after)
    assert isinstance(gps, ReceiverStatus)
    assert gps.gps_clock is True
    assert isinstance(legacy, ReceiverStatus)
    assert legacy.gps_clock is False
