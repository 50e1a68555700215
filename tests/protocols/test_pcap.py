"""Captures: UDP payloads of every link type that is read, and damage."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import pcap
from protocols.frames import BadFrame


def udp4(payload: bytes, *, fragment: int = 0) -> bytes:
    segment = struct.pack(">HHHH", 1, 2, len(payload) + 8, 0) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, fragment, 64, 17, 0)
    return head + bytes(8) + segment


def udp6(payload: bytes) -> bytes:
    segment = struct.pack(">HHHH", 1, 2, len(payload) + 8, 0) + payload
    return struct.pack(">IHBB", 6 << 28, len(segment), 17, 64) + bytes(32) + segment


def capture(packets: list[bytes], *, link: int = 1, order: str = "<", nanoseconds: bool = False) -> bytes:
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    for number, packet in enumerate(packets):
        parts.append(struct.pack(order + "IIII", 1_000_000 + number, 5, len(packet), len(packet)) + packet)
    return b"".join(parts)


def read(data: bytes) -> list[pcap.Datagram | BadFrame]:
    reader = pcap.Reader()
    return reader.feed(data) + reader.close()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("link", "head"),
    [
        (1, bytes(12) + b"\x08\x00"),
        (1, bytes(12) + b"\x81\x00\x00\x05\x08\x00"),
        (101, b""),
        (0, b"\x02\x00\x00\x00"),
        (113, bytes(14) + b"\x08\x00"),
    ],
)
def test_payloads_are_found_behind_every_link_header(link: int, head: bytes, order: str) -> None:
    assert read(capture([head + udp4(b"hello")], link=link, order=order)) == [
        pcap.Datagram(at_s=pytest.approx(1_000_000.000005), payload=b"hello")
    ]


def test_ip_version_6_and_nanoseconds_are_read() -> None:
    (item,) = read(capture([bytes(12) + b"\x86\xdd" + udp6(b"x")], nanoseconds=True))
    assert item == pcap.Datagram(at_s=pytest.approx(1_000_000.000000005), payload=b"x")


def test_what_is_no_udp_is_passed_over_and_fragments_are_counted() -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    piece = bytes(12) + b"\x08\x00" + udp4(b"half", fragment=0x2000)
    items = read(capture([arp, piece]))
    assert [item.code for item in items if isinstance(item, BadFrame)] == ["TRUNCATED"]
    assert len(items) == 1


def test_another_file_is_refused_by_name() -> None:
    (item,) = read(b"\x0a\x0d\x0d\x0a" + bytes(60))
    assert isinstance(item, BadFrame)
    assert item.code == "UNKNOWN_TYPE"


@given(st.binary(max_size=200), st.integers(0, 200))
def test_damage_never_raises(noise: bytes, cut: int) -> None:
    good = capture([bytes(12) + b"\x08\x00" + udp4(b"hello")] * 2)
    read(good[:cut] + noise)
    read(good[:24] + noise)
