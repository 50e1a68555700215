"""ASTERIX blocks out of datagrams and streams, hostile ones too."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.asterix import Block, Deframer, Record, records
from protocols.asterix_decoder import Report, feed
from protocols.frames import BadFrame
from tests.protocols.asterix_peers import DATA, datagrams
from tests.protocols.asterix_sent import block, plot_048, report_021, track_062

GOOD = block(48, plot_048(), plot_048(i161=(0, ("TRN", 2))))
OTHER = block(62, track_062())
NORTH = bytes.fromhex("22000bf019c902356dfa60")


def cut(*pieces: bytes, datagrams: bool = False) -> list[Block | BadFrame]:
    deframer = Deframer(datagrams=datagrams)
    found = [item for piece in pieces for item in deframer.feed(piece)]
    return [*found, *deframer.close()]


def codes(items: list[Block | BadFrame]) -> Iterator[str | int]:
    for item in items:
        yield item.code if isinstance(item, BadFrame) else item.category


def test_blocks_follow_each_other() -> None:
    assert cut(GOOD + NORTH + OTHER) == [
        Block(category=48, data=GOOD),
        Block(category=34, data=NORTH),
        Block(category=62, data=OTHER),
    ]


@given(st.data())
def test_any_chunking_of_a_stream_yields_the_same(data: st.DataObject) -> None:
    junk = data.draw(st.binary(max_size=40))
    stream = GOOD + NORTH + junk + OTHER + GOOD + bytes.fromhex("880005ffff") + NORTH + GOOD[:-3]
    whole = [*Deframer().feed(stream)]
    deframer, pieces, at = Deframer(), [], 0
    while at < len(stream):
        step = data.draw(st.integers(1, 60))
        pieces += deframer.feed(stream[at : at + step])
        at += step
    assert pieces == whole


def test_a_category_that_nobody_assigned_is_counted_as_such_and_left_out() -> None:
    assert list(codes(cut(GOOD + bytes.fromhex("880007aabbccdd") + NORTH))) == [48, "UNKNOWN_CATEGORY", 34]


def test_categories_that_are_not_read_are_blocks_and_no_error() -> None:
    (only,) = cut(bytes.fromhex("13000401"))
    assert isinstance(only, Block)
    assert list(records(only)) == []
    assert feed(bytes.fromhex("13000401")) == [only]


@pytest.mark.parametrize("size", [0, 2, 3])
def test_a_length_of_no_block_is_passed_over_to_the_next_header(size: int) -> None:
    assert list(codes(cut(b"\x30" + size.to_bytes(2) + b"\xff\xff" + NORTH))) == ["GARBAGE", 34]


def test_garbage_is_one_run_however_long() -> None:
    items = cut(GOOD + b"\xff" * 500 + NORTH)
    assert list(codes(items)) == [48, "GARBAGE", 34]
    assert isinstance(items[1], BadFrame)
    assert items[1].length == 500


def test_a_datagram_that_ends_inside_a_block_is_said_with_its_lengths() -> None:
    (bad,) = cut(GOOD[:-1])
    assert isinstance(bad, BadFrame)
    assert (bad.code, bad.field, bad.length) == ("TRUNCATED", "LEN", len(GOOD) - 1)


def test_the_next_datagram_is_not_harmed_by_the_one_before() -> None:
    deframer = Deframer(datagrams=True)
    assert list(codes([*deframer.feed(GOOD[:-4]), *deframer.close()])) == ["TRUNCATED"]
    assert [*deframer.feed(NORTH), *deframer.close()] == [Block(category=34, data=NORTH)]


def test_a_recorders_octets_before_each_block_are_passed_over() -> None:
    (datagram,) = datagrams("cat_001_002.pcap")
    items = cut(datagram, datagrams=True)
    assert list(codes(items)) == [1, 1, 2, 1, 1, 1]
    found = [record for each in items if isinstance(each, Block) for record in records(each)]
    assert len(found) == 8


def test_a_record_of_one_file_is_read_whole() -> None:
    for name, category in (("cat048.raw", 48), ("cat034.raw", 34)):
        (only,) = cut((DATA / name).read_bytes())
        assert isinstance(only, Block)
        (record,) = records(only)
        assert isinstance(record, Record)
        assert (record.category, record.octets) == (category, only.data[3:])


def faults(body: bytes, category: int = 48) -> list[tuple[str, str]]:
    made = bytes((category,)) + (len(body) + 3).to_bytes(2) + body
    (only,) = cut(made)
    assert isinstance(only, Block)
    return [(each.code, each.field) for each in records(only) if isinstance(each, BadFrame)]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"\x00", ("FSPEC", "048/FSPEC")),  # nothing in it
        (b"\x01\x01\x01\x01\x01\x00", ("FSPEC", "048/FSPEC")),  # longer than any
        (b"\x01", ("TRUNCATED", "048/FSPEC")),
        (b"\x80\x19", ("TRUNCATED", "048/010")),
        (b"\x20\x01\x01", ("TRUNCATED", "048/020")),
        (b"\x01\x20\xff\x00", ("TRUNCATED", "048/250")),  # 255 registers
        (b"\x01\x01\x01\x02\x00", ("TRUNCATED", "048/RE")),  # a private field that does not count itself
    ],
)
def test_a_record_that_cannot_be_walked_through_is_named_by_its_item(
    body: bytes, fault: tuple[str, str]
) -> None:
    assert faults(body) == [fault]


def test_a_bit_that_names_no_item_is_named() -> None:
    assert faults(b"\x40\x00", category=62) == [("UNDEFINED_ITEM", "062/FSPEC")]


@given(st.binary(max_size=600))
def test_no_datagram_raises(data: bytes) -> None:
    feed(data)


@given(st.sampled_from([1, 2, 21, 34, 48, 62, 65]), st.binary(min_size=1, max_size=400))
def test_no_block_of_a_category_that_is_read_raises(category: int, body: bytes) -> None:
    found = feed(bytes((category,)) + (len(body) + 3).to_bytes(2) + body)
    assert all(isinstance(each, Report | BadFrame) for each in found)


@given(
    st.sampled_from([GOOD, OTHER, block(21, report_021())]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
)
def test_no_damage_to_a_sound_block_raises(sent: bytes, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(sent)
    for at, value in flips:
        damaged[at % len(damaged)] = value
    feed(bytes(damaged))


def test_a_datagram_of_nothing_but_headers_is_read_in_bounded_work() -> None:
    items = cut(bytes.fromhex("300004ff") * 16_000, datagrams=True)
    assert len(items) == 16_000


def test_a_datagram_of_nothing_but_garbage_is_given_up() -> None:
    (bad,) = cut(b"\xff" + bytes.fromhex("30fefe") * 20_000, datagrams=True)
    assert isinstance(bad, BadFrame)
    assert (bad.code, bad.length) == ("GARBAGE", 60_001)
