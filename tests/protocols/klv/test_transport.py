"""KLV out of transport streams: an independent writer's, FFmpeg's, and damaged ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stanag4609.transport.mux import encode_pes_packet
from stanag4609.transport.psi import mpeg2_crc32

from protocols import klv
from protocols.frames import BadFrame
from protocols.klv import transport
from protocols.klv.transport import PACKET_BYTES, Demuxer, Payload
from protocols.klv.transport_tables import Assembler, Carriage, crc
from tests import chunking
from tests.klv_sent import ASYNCHRONOUS, SYNCHRONOUS, VIDEO, item, muxer, packet, said, video

DATA = Path(__file__).parents[2] / "data" / "klv"
A, B = said({5: 10.0}), said({5: 20.0})
LONG = packet(item(3, b"x" * 120) * 8)  # over several transport packets


def whole(data: bytes) -> list[Payload | BadFrame]:
    demuxer = Demuxer()
    return demuxer.feed(data) + demuxer.close()


def told(items: list[Payload | BadFrame]) -> list[bytes | str]:
    return [each.data if isinstance(each, Payload) else each.code for each in items]


def stream(parts: int = 3) -> bytes:
    """Tables, then pictures and both kinds of KLV."""
    mux = muxer()
    out = b"".join(mux.program_tables())
    for number in range(parts):
        out += video(mux)
        out += b"".join(mux.mux_async_klv(ASYNCHRONOUS, LONG if number % 2 else A))
        out += b"".join(mux.mux_sync_klv(SYNCHRONOUS, B, pts=(2**33 - 1 + number * 3_600) % 2**33))
    return out


def packets(items: list[Payload | BadFrame]) -> list[tuple[int, float | None, bytes]]:
    carried: dict[int, klv.Carried] = {}
    out = []
    for each in items:
        assert isinstance(each, Payload)
        reader = carried.setdefault(
            each.pid, klv.Carried(synchronous=each.stream.carriage is Carriage.SYNCHRONOUS)
        )
        out += [(each.pid, each.pts_s, one) for one in reader.feed(each.data) if isinstance(one, bytes)]
    return out


def test_both_kinds_are_found_with_their_time_stamps_beside() -> None:
    assert packets(whole(stream())) == [
        (ASYNCHRONOUS, None, A),
        (SYNCHRONOUS, (2**33 - 1) / 90_000, B),
        (ASYNCHRONOUS, None, LONG),
        (SYNCHRONOUS, 3_599 / 90_000, B),
        (ASYNCHRONOUS, None, A),
        (SYNCHRONOUS, 7_199 / 90_000, B),
    ]


def test_a_packet_over_several_pes_packets_is_whole() -> None:
    mux = muxer()
    data = b"".join(mux.program_tables() + mux.mux_async_klv(ASYNCHRONOUS, LONG, max_pes_payload=100))
    assert packets(whole(data)) == [(ASYNCHRONOUS, None, LONG)]


def test_what_ffmpeg_muxed_is_the_recording() -> None:
    items = whole((DATA / "day_flight_h264_part.ts").read_bytes())
    assert (
        b"".join(each.data for each in items if isinstance(each, Payload))
        == (DATA / "day_flight.klv").read_bytes()
    )
    assert {(each.pid, each.stream.carriage) for each in items if isinstance(each, Payload)} == {
        (0x102, Carriage.ASYNCHRONOUS)
    }


@given(chunking.sizes, st.binary(max_size=300), st.integers(0, 400))
def test_any_chunking_gives_the_same_also_from_the_middle(steps: list[int], noise: bytes, begin: int) -> None:
    data = noise + stream(2)[begin:]
    demuxer = Demuxer()
    items = [each for piece in chunking.cut(data, steps) for each in demuxer.feed(piece)]
    assert items + demuxer.close() == whole(data)


def test_noise_between_packets_is_counted_and_costs_none() -> None:
    data = stream(1)
    at = 2 * PACKET_BYTES
    items = whole(b"\x47noise" + data[:at] + b"more noise" + data[at:])
    assert told(items)[:2] == ["GARBAGE", "GARBAGE"]
    assert [each.length for each in items if isinstance(each, BadFrame)] == [6, 10]
    assert len(packets([each for each in items if isinstance(each, Payload)])) == 2


def of_pid(data: bytes, pid: int) -> list[int]:
    starts = range(0, len(data), PACKET_BYTES)
    return [at for at in starts if int.from_bytes(data[at + 1 : at + 3]) & 0x1FFF == pid]


def test_a_lost_packet_loses_its_pes_packet_alone_and_is_said() -> None:
    data = stream(4)
    lost = of_pid(data, ASYNCHRONOUS)[2]
    items = whole(data[:lost] + data[lost + PACKET_BYTES :])
    assert told(items).count("DISCONTINUITY") == 1
    got = packets([each for each in items if isinstance(each, Payload)])
    assert [one for _, _, one in got] == [A, B, B, A, B, LONG, B]


def test_a_packet_sent_twice_counts_once_and_an_announced_jump_is_none() -> None:
    data = stream(2)
    at = of_pid(data, ASYNCHRONOUS)[0]
    twice = data[: at + PACKET_BYTES] + data[at:]
    assert told(whole(twice)) == told(whole(data))
    jumped = bytearray(data)
    at = of_pid(data, ASYNCHRONOUS)[1]
    for each in of_pid(data, ASYNCHRONOUS)[1:]:
        jumped[each + 3] = jumped[each + 3] & 0xF0 | (jumped[each + 3] + 5) & 0x0F
    assert told(whole(bytes(jumped))).count("DISCONTINUITY") == 1
    payload = bytes(jumped[at + 4 : at + PACKET_BYTES])
    announced = bytes(jumped[at : at + 3]) + bytes((jumped[at + 3] | 0x30, 1, 0x80)) + payload[:182]
    assert told(whole(bytes(jumped[:at]) + announced)).count("DISCONTINUITY") == 0


@pytest.mark.parametrize(("flag", "at", "code"), [(0x80, 1, "DAMAGED"), (0x80, 3, "ENCRYPTED")])
def test_damaged_and_encrypted_packets_are_named(flag: int, at: int, code: str) -> None:
    data = bytearray(stream(2))
    data[of_pid(bytes(data), ASYNCHRONOUS)[0] + at] |= flag
    assert code in told(whole(bytes(data)))
    assert LONG in told(whole(bytes(data)))


def test_a_table_with_a_wrong_sum_is_not_believed() -> None:
    data = bytearray(stream(1))
    data[2 * PACKET_BYTES - 10] ^= 1
    assert told(whole(bytes(data))) == ["CRC"]


@given(st.binary(min_size=4, max_size=60))
def test_the_sum_of_tables_is_the_others(data: bytes) -> None:
    assert crc(data) == mpeg2_crc32(data)
    assert crc(data + crc(data).to_bytes(4)) == 0


def test_a_pes_packet_cut_short_or_without_a_header_is_named() -> None:
    mux = muxer()
    tables = b"".join(mux.program_tables())
    long = b"".join(mux.mux_async_klv(ASYNCHRONOUS, LONG))
    assert told(whole(tables + long[:PACKET_BYTES])) == ["TRUNCATED"]
    mux = muxer()
    tables = b"".join(mux.program_tables())
    good = encode_pes_packet(A, stream_id=0xBD)
    bad = [b"\x00\x00\x02" + good[3:], good[:6] + b"\x04" + good[7:], good[:8] + b"\xff" + good[9:]]
    data = b"".join(b"".join(mux.mux_pes(ASYNCHRONOUS, good)).replace(good, each) for each in bad)
    assert told(whole(tables + data)) == ["MALFORMED"] * 3


def test_a_pes_packet_without_length_ends_at_the_next_and_is_bounded() -> None:
    mux = muxer()
    tables = b"".join(mux.program_tables())
    open_ended = encode_pes_packet(A, stream_id=0xE0, unbounded=True, pts=90_000)
    data = b"".join(b"".join(mux.mux_pes(ASYNCHRONOUS, open_ended)) for _ in range(2))
    demuxer = Demuxer()
    assert len(demuxer.feed(tables + data)) == 1
    (last,) = demuxer.close()
    assert isinstance(last, Payload)
    assert (last.pts_s, last.data) == (1.0, A)
    endless = encode_pes_packet(bytes(300_000), stream_id=0xE0, unbounded=True)
    mux = muxer()
    data = b"".join(mux.program_tables() + mux.mux_pes(ASYNCHRONOUS, endless))
    assert told(whole(data)) == ["OVERSIZE"]


def test_streams_of_other_things_are_passed_over() -> None:
    items = whole(stream(1))
    assert {each.pid for each in items if isinstance(each, Payload)} == {ASYNCHRONOUS, SYNCHRONOUS}
    assert of_pid(stream(1), VIDEO)


def test_sections_are_put_together_and_bounded() -> None:
    body = b"\x02\xb0\x20" + bytes(28)
    section = body + crc(body).to_bytes(4)
    assembler = Assembler()
    assert list(assembler.put(b"\x00" + section + section[:9], begins=True)) == [section]
    assert list(assembler.put(section[9:] + b"\xff" * 9, begins=False)) == [section]
    assert list(assembler.put(b"\x05tail!" + section, begins=True)) == [section]
    (bad,) = assembler.put(b"\x00\x02\x0f\xff" + bytes(180), begins=True)
    assert isinstance(bad, BadFrame)
    assert bad.code == "OVERSIZE"
    assert list(assembler.put(bytes(184), begins=False)) == []


@given(st.binary(max_size=3_000))
def test_any_bytes_are_passed_over(data: bytes) -> None:
    rows = b"".join(b"\x47" + data[at : at + 187].ljust(187) for at in range(0, len(data), 187))
    for each in (data, rows, stream(1)[: 2 * PACKET_BYTES] + rows):
        whole(each)


def test_a_transport_stream_is_told_from_bare_packets() -> None:
    assert transport.is_transport(stream(1))
    assert transport.is_transport(b"junk" + stream(1))
    assert transport.is_transport(stream(1)[: 3 * PACKET_BYTES])
    assert not transport.is_transport(A * 20)
    assert not transport.is_transport(b"x" + A * 20)
    assert not transport.is_transport(b"")
