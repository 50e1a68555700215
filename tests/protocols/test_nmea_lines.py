"""NMEA 0183 on the wire: sentences between anything else, checksums, any chunking."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import nmea_lines
from protocols.frames import BadFrame
from protocols.nmea_lines import Deframer, Item, Sentence
from tests import chunking

DATA = Path(__file__).parents[1] / "data" / "nmea"
GGA = b"$GNGGA,103607.00,5327.03942,N,00214.42462,W,1,06,5.88,56.0,M,48.5,M,,*64\r\n"


def whole(data: bytes) -> list[Item]:
    deframer = Deframer()
    return deframer.feed(data) + deframer.close()


def codes(items: list[Item]) -> list[str]:
    return [item.code for item in items if isinstance(item, BadFrame)]


def kinds(items: list[Item]) -> list[str]:
    return [item.talker + item.kind for item in items if isinstance(item, Sentence)]


def test_sentences_between_a_receivers_binary_are_found_and_the_binary_is_counted() -> None:
    items = whole((DATA / "pygpsdata-mixed.log").read_bytes())
    first = ["GNGGA", *["GNGSA"] * 4, "GPGSV", "GLGSV", "GLGSV", "GAGSV", "GBGSV"]
    assert kinds(items) == [*first, "GNGGA", *["GNGSA"] * 4]
    # each second begins with two UBX messages: NAV-PVT of 100 bytes and NAV-SAT of 184
    assert [(i.code, i.length) for i in items if isinstance(i, BadFrame)] == [("GARBAGE", 284)] * 2


def test_nearly_every_kind_of_sentence_is_cut() -> None:
    items = whole((DATA / "pygpsdata-nmea4.log").read_bytes())
    assert len(kinds(items)) == 56
    # one line of u-blox's own has 424 characters
    assert [(i.code, i.length) for i in items if isinstance(i, BadFrame)] == [("GARBAGE", 424)]


def test_a_wrong_checksum_is_counted_and_nothing_of_it_used() -> None:
    items = whole((DATA / "pygpsdata-nmeabadck.log").read_bytes())
    assert codes(items) == ["CRC", "CRC"]
    assert kinds(items) == ["GNRMC"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"$GNGGA,1,2,3\r\n", "CRC"),
        (b"$GNGGA,1,2,3*\r\n", "CRC"),
        (b"$GNGGA,1,2,3*G1\r\n", "CRC"),
        (b"$\r\n", "CRC"),
        (b"$*00\r\n", "MALFORMED"),
        (b"$gngga*" + nmea_lines.checksum("gngga").encode() + b"\r\n", "MALFORMED"),
        (b"$" + b"A" * 300 + b"\r\n", "GARBAGE"),
        (b"hello\r\n", "GARBAGE"),
        (b"$GNGGA,\x80*00\r\n", "GARBAGE"),
    ],
)
def test_what_is_no_sentence_is_named(line: bytes, code: str) -> None:
    items = whole(line + GGA)
    assert codes(items) == [code]
    assert kinds(items) == ["GNGGA"]


def test_ends_of_line_may_be_any_and_the_last_may_be_missing() -> None:
    line = GGA.rstrip()
    items = whole(line + b"\n" + line + b"\r" + line + b"\r\n\r\n\0 " + line)
    assert kinds(items) == ["GNGGA"] * 4
    assert codes(items) == []


def test_a_sentence_broken_off_by_another_is_garbage() -> None:
    items = whole(GGA[:40] + GGA)
    assert codes(items) == ["GARBAGE"]
    assert kinds(items) == ["GNGGA"]


def test_lower_case_checksums_are_read() -> None:
    text = "GPZDA,103607.00,06,03,2021,00,00"
    line = f"${text}*{nmea_lines.checksum(text).lower()}\r\n".encode()
    assert kinds(whole(line)) == ["GPZDA"]


def test_ships_are_cut_too() -> None:
    body = "AIVDM,1,1,,A,15M67FC000G?ufbE`FepT@3n00Sa,0"
    assert kinds(whole(f"!{body}*{nmea_lines.checksum(body)}\r\n".encode())) == ["AIVDM"]


def test_endless_noise_is_counted_as_it_comes_and_kept_nowhere() -> None:
    deframer = Deframer()
    items: list[Item] = []
    for number in range(500):
        items += deframer.feed(b"$" + b"A" * 997 if number % 2 else b"\x80" * 997)
        assert len(deframer._rest) <= nmea_lines.LINE_LIMIT_BYTES + 1
    items += deframer.feed(b"\n" + GGA)
    assert kinds(items) == ["GNGGA"]
    lost = sum(item.length for item in items if isinstance(item, BadFrame))
    assert lost == 500 * 997 + 250 + 1


texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$*"), max_size=40)


@given(texts)
def test_what_is_sent_is_read_again(text: str) -> None:
    body = f"GNXXX,{text}"
    assert whole(f"${body}*{nmea_lines.checksum(body)}\r\n".encode()) == [
        Sentence(talker="GN", kind="XXX", text=f"${body}*{nmea_lines.checksum(body)}")
    ]


noise = st.binary(max_size=20) | st.sampled_from(
    [b"$", b"!", b"\r\n", b"$" + b"x" * 256, b"\xb5b\x01\x07", b"*64"]
)


@given(st.lists(st.just(GGA) | st.just(GGA[:-2]) | noise, max_size=10), chunking.sizes)
def test_any_chunking_gives_the_same(runs: list[bytes], steps: list[int]) -> None:
    stream = b"".join(runs)
    deframer = Deframer()
    items = [item for piece in chunking.cut(stream, steps) for item in deframer.feed(piece)]
    assert items + deframer.close() == whole(stream)


@given(st.lists(st.integers(0, 9000), max_size=6), chunking.sizes)
def test_long_runs_are_reported_the_same_in_any_chunking(lengths: list[int], steps: list[int]) -> None:
    stream = b"\n".join(b"\x80" * length for length in lengths) + GGA
    deframer = Deframer()
    items = [
        item for piece in chunking.cut(stream, [step * 50 for step in steps]) for item in deframer.feed(piece)
    ]
    assert items + deframer.close() == whole(stream)
