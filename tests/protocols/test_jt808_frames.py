"""JT/T 808 on the wire: real frames, every fault, any chunking."""

import json
from functools import reduce
from operator import xor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import jt808_frames as frames
from protocols.frames import BadFrame
from protocols.jt808_frames import Deframer, Item, Packet
from tests import chunking
from tests.terminal808 import Terminal, answer, off_wire, on_wire

VECTORS = Path(__file__).parents[1] / "data" / "jt808"
HEARTBEAT = Terminal("13912345678").say(0x0002)


def whole(data: bytes) -> list[Item]:
    deframer = Deframer()
    return deframer.feed(data) + deframer.close()


def codes(items: list[Item]) -> list[str]:
    return [item.code for item in items if isinstance(item, BadFrame)]


def test_the_escapes_of_the_vectors_are_undone_and_made() -> None:
    for vector in json.loads((VECTORS / "frame_unescape.json").read_text()):
        run = bytes.fromhex(vector["wire"]).partition(b"\x7e")[2][:-1]
        plain = bytes.fromhex(vector["unescaped"])[1:-1]
        assert frames.unescape(run) == plain
        assert frames.escape(plain) == run


@pytest.mark.parametrize("version", [None, 1])
def test_a_packet_of_either_version_is_read(version: int | None) -> None:
    terminal = Terminal("13912345678", version)
    terminal.serial = 0x7E7D
    (packet,) = whole(terminal.say(0x0200, b"\x7d\x7e\x7d\x01\x02"))
    assert packet == Packet(
        message_id=0x0200,
        number="13912345678".zfill(12 if version is None else 20),
        serial=0x7E7D,
        body=b"\x7d\x7e\x7d\x01\x02",
        version=version,
    )


def test_a_part_says_which_of_how_many() -> None:
    items = whole(b"".join(Terminal("1").parts(0x0704, b"abcdef", 4)))
    assert [(i.part, i.parts, i.serial, i.body) for i in items if isinstance(i, Packet)] == [
        (1, 2, 0, b"abcd"),
        (2, 2, 1, b"ef"),
    ]


def test_noise_before_between_and_after_costs_no_packet() -> None:
    items = whole(b"\x00\xff" + HEARTBEAT + b"xyz" + HEARTBEAT + b"\x7e\x7e" + HEARTBEAT + b"ab")
    assert sum(isinstance(item, Packet) for item in items) == 3
    assert codes(items) == ["GARBAGE", "TRUNCATED", "TRUNCATED"]


def test_two_packets_may_share_a_flag_and_one_may_lose_its_end() -> None:
    assert len(whole(HEARTBEAT[:-1] + HEARTBEAT)) == 2
    items = whole(HEARTBEAT[:-4] + HEARTBEAT)
    assert codes(items) == ["TRUNCATED"]
    assert isinstance(items[-1], Packet)


def spoilt(offset: int) -> bytes:
    plain = bytearray(Terminal("1").plain(0x0002, b"abc"))
    plain[3] = (plain[3] + offset) % 256
    return on_wire(bytes(plain))


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (HEARTBEAT[:-2] + bytes((HEARTBEAT[-2] ^ 1,)) + b"\x7e", "CRC", ""),
        (b"\x7e" + b"\x7d\x03" * 9 + b"\x7e", "MALFORMED", "escape"),
        (b"\x7e" + bytes(12) + b"\x7d\x7e", "MALFORMED", "escape"),
        (spoilt(1), "MALFORMED", "length"),
        (spoilt(-1), "MALFORMED", "length"),
        (on_wire(Terminal("1").plain(0x0704, b"a", part=(3, 2))), "MALFORMED", "part"),
        (on_wire(Terminal("1").plain(0x0704, b"a", part=(0, 2))), "MALFORMED", "part"),
        (on_wire(bytes.fromhex("000260000000000000010000")), "MALFORMED", "length"),  # no room for its head
        (b"\x7eabc\x7e", "TRUNCATED", ""),
        (b"\x7eabc", "TRUNCATED", ""),
        (b"abc", "GARBAGE", ""),
    ],
)
def test_a_fault_is_named(data: bytes, code: str, field: str) -> None:
    (item,) = whole(data)
    assert isinstance(item, BadFrame)
    assert (item.code, item.field) == (code, field)


def test_a_run_without_end_is_one_fault_and_what_follows_is_read() -> None:
    deframer = Deframer()
    items = deframer.feed(b"\x7e")
    for _ in range(1000):
        items += deframer.feed(b"\x7d" * 997)
        assert len(deframer._run) <= frames.FRAME_LIMIT_BYTES
    items += deframer.feed(HEARTBEAT)
    assert codes(items) == ["OVERSIZE"]
    assert items[0] == BadFrame(code="OVERSIZE", detail="longer than any packet", length=997_000)
    assert isinstance(items[-1], Packet)


def test_the_longest_packet_is_read_when_every_byte_is_escaped() -> None:
    packet = Packet(
        message_id=0x7E7E,
        number="7e" * 10,
        serial=0x7E7E,
        body=b"\x7e" * 1023,
        version=0x7E,
        part=0x7D7D,
        parts=0x7E7E,
    )
    assert whole(frames.encode(packet)) == [packet]


def test_what_does_not_fit_is_not_sent() -> None:
    with pytest.raises(ValueError, match="1024 bytes"):
        frames.encode(Packet(message_id=1, number="0" * 12, serial=0, body=bytes(1024)))
    with pytest.raises(ValueError, match="12 digits"):
        frames.encode(Packet(message_id=1, number="0" * 20, serial=0))


words = st.integers(0, 65535)
packets = st.builds(
    lambda version, digits, parts, **rest: Packet(
        version=version,
        number=digits.hex()[: 12 if version is None else 20],
        part=min(parts),
        parts=max(parts) if max(parts) > 1 else 1,
        **rest,
    ),
    version=st.none() | st.integers(0, 255),
    digits=st.binary(min_size=10, max_size=10),
    parts=st.tuples(st.integers(1, 65535), st.integers(1, 65535)) | st.just((1, 1)),
    message_id=words,
    serial=words,
    encryption=st.integers(0, 7),
    body=st.binary(max_size=80) | st.sampled_from([b"\x7e" * 40, b"\x7d" * 40, b"\x7d\x01\x7d\x02"]),
)


@given(packets)
def test_what_is_sent_is_read_again_and_by_another_hand(packet: Packet) -> None:
    wire = frames.encode(packet)
    assert whole(wire) == [packet]
    (plain,) = off_wire(wire)
    assert on_wire(plain) == wire
    if packet.parts == 1 and not packet.encryption:
        read = answer(plain)
        assert (read.message_id, read.version, read.number, read.serial, read.body) == (
            packet.message_id,
            packet.version,
            packet.number,
            packet.serial,
            packet.body,
        )


@given(st.lists(st.one_of(packets.map(frames.encode), st.binary(max_size=30)), max_size=6), chunking.sizes)
def test_any_chunking_gives_the_same(runs: list[bytes], steps: list[int]) -> None:
    stream = b"".join(runs)
    deframer = Deframer()
    items = [item for piece in chunking.cut(stream, steps) for item in deframer.feed(piece)]
    assert items + deframer.close() == whole(stream)


@given(
    st.lists(st.sampled_from([b"\x7e", b"\x7d", b"\x01", b"\x02", b"\x00", b"\x40", b"\x60"]), max_size=80)
)
def test_no_bytes_raise(letters: list[bytes]) -> None:
    run = b"".join(letters)
    whole(run)
    plain = run.replace(b"\x7e", b"").replace(b"\x7d", b"")
    if plain:
        whole(b"\x7e" + plain + bytes((reduce(xor, plain),)) + b"\x7e")
