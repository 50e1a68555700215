"""KLV cut out of streams and cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stanag4609.transport.metadata import CellFragmentation, encode_metadata_au_cell

from protocols import klv
from protocols.frames import BadFrame
from protocols.klv.cells import UNIT_LIMIT_BYTES
from protocols.klv.stream import Deframer
from tests import chunking
from tests.klv_sent import packet, said

A, B, C = (said({5: heading}) for heading in (10.0, 20.0, 30.0))
OTHER = bytes.fromhex("060e2b34020301010e01030302000000") + b"\x03abc"


def told(items: list[bytes | BadFrame]) -> list[bytes | str]:
    return [item if isinstance(item, bytes) else item.code for item in items]


pieces = st.lists(
    st.sampled_from([A, B, C, OTHER, b"\x06\x0e", b"noise", A[:20], A[:-1], A[:-5], packet(b"")]), max_size=8
)


@given(pieces, chunking.sizes)
def test_any_chunking_gives_the_same_packets(parts: list[bytes], steps: list[int]) -> None:
    stream = b"".join(parts)
    deframer = Deframer()
    items = [item for piece in chunking.cut(stream, steps) for item in deframer.feed(piece)]
    items += deframer.close()
    got = [item for item in items if isinstance(item, bytes)]
    assert got == [item for item in klv.split(stream) if isinstance(item, bytes)]
    assert sum(len(item) if isinstance(item, bytes) else item.length for item in items) == len(stream)


def test_noise_and_other_sets_between_cost_no_packet() -> None:
    assert told(klv.split(b"xx" + A + OTHER + B + b"\x06\x0e\x2b" + C + b"\x06")) == [
        "GARBAGE", A, "UNKNOWN_SET", B, "GARBAGE", C, "GARBAGE",
    ]  # fmt: skip


def test_a_damaged_length_does_not_swallow_what_follows() -> None:
    longer = bytearray(A)
    longer[16] += 60
    items = told(klv.split(bytes(longer) + B + C))
    assert items[1:] == [B, C]
    endless = bytearray(A)
    endless[16] = 0x83
    assert told(klv.split(bytes(endless) + B))[-1] == B
    for missing in (1, 2, 3, 9):
        assert told(klv.split(A[:-missing] + B)) == [A[:-missing], B]
    assert told(klv.split(A + B[:-3])) == [A, "TRUNCATED"]


def test_a_stream_without_labels_keeps_nothing() -> None:
    deframer = Deframer()
    for _ in range(100):
        deframer.feed(b"\x06\x0e\x2b\x35" * 1000)
    deframer.feed(klv.LABEL + b"\x83\xff\xff\xff")
    for _ in range(100):
        deframer.feed(bytes(1000))
    assert len(deframer._rest) < 100


def cell(data: bytes, number: int, fragment: CellFragmentation = CellFragmentation.COMPLETE) -> bytes:
    return encode_metadata_au_cell(
        data, metadata_service_id=0, sequence_number=number, fragmentation=fragment, random_access=True
    )


def test_cells_are_put_together_over_payloads() -> None:
    units = klv.AccessUnits()
    first, middle, last = CellFragmentation.FIRST, CellFragmentation.MIDDLE, CellFragmentation.LAST
    assert units.feed(cell(b"whole", 255) + cell(b"ab", 0, first)) == [b"whole"]
    assert units.feed(cell(b"cd", 1, middle)) == []
    assert units.feed(cell(b"ef", 2, last) + cell(A, 3)) == [b"abcdef", A]


def test_a_missing_cell_loses_its_unit_alone() -> None:
    units = klv.AccessUnits()
    first, middle, last = CellFragmentation.FIRST, CellFragmentation.MIDDLE, CellFragmentation.LAST
    items = units.feed(cell(b"ab", 0, first) + cell(b"ef", 2, last) + cell(A, 3))
    assert told(items) == ["DISCONTINUITY", "DISCONTINUITY", A]
    items = units.feed(cell(b"ab", 4, first) + cell(b"cd", 5, first) + cell(b"ef", 6, last))
    assert told(items) == ["DISCONTINUITY", b"cdef"]
    assert told(units.feed(cell(b"abcdef", 7)[:-1])) == ["TRUNCATED"]
    assert told(units.feed(b"\x00")) == ["TRUNCATED"]
    units.feed(cell(b"x", 0, first))
    items = [item for n in range(1, 200) for item in units.feed(cell(bytes(1000), n, middle))]
    assert told(items)[0] == "OVERSIZE"
    assert len(units._unit) <= UNIT_LIMIT_BYTES


@pytest.mark.parametrize("synchronous", [True, False])
def test_carried_packets_come_out(synchronous: bool) -> None:
    carried = klv.Carried(synchronous=synchronous)
    payloads = [cell(A + B, 0), cell(C, 1)] if synchronous else [A + B[:30], B[30:] + C]
    assert [item for payload in payloads for item in carried.feed(payload)] == [A, B, C]
    assert carried.close() == []
