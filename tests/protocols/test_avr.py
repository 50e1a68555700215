"""AVR framing: records of every kind, any chunking, any damage."""

from hypothesis import given
from hypothesis import strategies as st

from protocols import avr
from protocols.frames import BadFrame, Frame
from tests import chunking
from tests.protocols.test_beast import payloads

frames = st.builds(Frame, payload=payloads, ticks=st.none() | st.integers(0, (1 << 48) - 1))


def whole(data: bytes) -> list[avr.Item]:
    deframer = avr.Deframer()
    return deframer.feed(data) + deframer.close()


@given(st.lists(frames, max_size=20))
def test_frames_survive_the_wire(sent: list[Frame]) -> None:
    assert whole(b"".join(avr.encode(frame) for frame in sent)) == sent


@given(st.lists(frames, max_size=5), st.binary(max_size=100), chunking.sizes)
def test_any_chunking_gives_the_same_items(sent: list[Frame], noise: bytes, steps: list[int]) -> None:
    stream = b"".join(avr.encode(frame) for frame in sent) + noise + b";" + noise
    deframer = avr.Deframer()
    items = [item for piece in chunking.cut(stream, steps) for item in deframer.feed(piece)]
    assert items + deframer.close() == whole(stream)


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_random_bytes_never_raise(chunks: list[bytes]) -> None:
    deframer = avr.Deframer()
    for chunk in chunks:
        deframer.feed(chunk)
    deframer.close()


def test_every_kind_of_record_is_read() -> None:
    # the examples of the jetvision wiki, and dump1090's form with a signal level
    items = whole(
        b"*02E99619FACDAE;\r\n*7700;\n@016CE3671AA8A800199A8BB80030A8000628F400;\n"
        b"<016CE3671C743f5DFFE7AB7BFCAB;\n*8D3C5EE69901BD9540078D37335F;"
    )
    assert items == [
        Frame(payload=bytes.fromhex("02E99619FACDAE")),
        Frame(payload=bytes.fromhex("7700")),
        Frame(payload=bytes.fromhex("A800199A8BB80030A8000628F400"), ticks=0x016CE3671AA8),
        Frame(payload=bytes.fromhex("5DFFE7AB7BFCAB"), ticks=0x016CE3671C74, signal=0x3F),
        Frame(payload=bytes.fromhex("8D3C5EE69901BD9540078D37335F")),
    ]


def test_a_record_without_end_is_reported_once_and_the_next_is_read() -> None:
    deframer = avr.Deframer()
    items = [item for _ in range(100) for item in deframer.feed(b"*" + b"A" * 999)]
    items += deframer.feed(b";*7700;")
    assert [item.code for item in items if isinstance(item, BadFrame)] == ["OVERSIZE"]
    assert items[-1] == Frame(payload=b"\x77\x00")


def test_a_wrong_record_names_its_fault() -> None:
    (item,) = whole(b"*8D3C5EE69901BD9540078D3733;")
    assert isinstance(item, BadFrame)
    assert item.code == "MALFORMED"
    assert "8D3C5EE6" in item.detail
