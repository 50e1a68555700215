"""Transport streams to access units: what a decoder gets back are the frames that were put in, whatever happens between."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.mpegts import PACKET, TsDemuxer
from protocols.video_ts import KlvPacket, TsVideo
from protocols.video_units import Clock, VideoUnit, annex_b, nal_units
from tests.clips import Camera, clip, datagrams, numbers

PLAIN = clip(30, group=10)


def units_of(source: TsVideo, *parts: bytes) -> list[VideoUnit]:
    made = [each for part in parts for each in source.feed(part)]
    return [each for each in made if isinstance(each, VideoUnit)]


def ended(source: TsVideo) -> list[VideoUnit]:
    return [each for each in source.reconnected() if isinstance(each, VideoUnit)]


@pytest.mark.parametrize(
    ("codec", "name", "string"), [("libx264", "h264", "avc1."), ("libx265", "hevc", "hev1.")]
)
def test_every_frame_comes_out_in_order_and_any_key_frame_is_a_beginning(
    codec: str, name: str, string: str
) -> None:
    source = TsVideo()
    made = units_of(source, clip(30, codec=codec, group=10, size=(192, 112))) + ended(source)
    assert numbers([each.data for each in made], name) == list(range(30))
    keys = [at for at, each in enumerate(made) if each.key]
    assert keys == [0, 10, 20]
    assert numbers([each.data for each in made[20:]], name) == list(range(20, 30))
    first = made[0].format
    assert first is not None
    assert first.codec.startswith(string)
    assert (first.width, first.height) == (192, 112)
    assert {each.epoch for each in made} == {1}
    assert [made[at + 1].pts_us - made[at].pts_us for at in range(29)] == [40_000] * 29


def test_a_frame_is_out_with_its_last_byte() -> None:
    camera, source = Camera(), TsVideo()
    for _ in range(12):  # the multiplexer says of none how long it is
        assert len(units_of(source, camera.shoot())) == 1


def test_stuffing_that_ends_nothing_is_found_out_and_costs_one_frame() -> None:
    packets = [PLAIN[at : at + PACKET] for at in range(0, len(PLAIN), PACKET)]
    sent, counter = [], 0
    for packet in packets:
        if (packet[1] & 0x1F, packet[2]) != (1, 0):
            sent.append(packet)
            continue
        parts = [packet]
        if packet[3] & 0x30 == 0x10:  # full: in two packets, each filled up
            half = 92
            parts = [
                packet[:3]
                + bytes([0x30])
                + bytes([half - 1, 0])
                + b"\xff" * (half - 2)
                + packet[4 : 4 + half],
                bytes([0x47, packet[1] & 0x1F, packet[2], 0x30])
                + bytes([half - 1, 0])
                + b"\xff" * (half - 2)
                + packet[4 + half :],
            ]
        for part in parts:
            sent.append(part[:3] + bytes([part[3] & 0xF0 | counter & 15]) + part[4:])
            counter += 1
    source = TsVideo()
    made = units_of(source, *sent) + units_of(source, *sent) + ended(source)
    assert source.counts["early_ends"] == 1
    assert numbers([each.data for each in made[-10:]]) == list(range(20, 30))


def test_frames_that_are_shown_in_another_order_keep_both_times() -> None:
    source = TsVideo()
    made = units_of(source, clip(30, between=2, group=30)) + ended(source)
    assert len(made) == 30
    shown, decoded = [each.pts_us for each in made], [each.dts_us for each in made]
    assert shown != sorted(shown)
    assert decoded == sorted(decoded)
    assert numbers([each.data for each in made]) == list(range(30))


def test_what_comes_before_the_first_key_frame_is_left_out_and_counted() -> None:
    camera = Camera(group=10)
    frames = [camera.shoot() for _ in range(20)]
    head = frames[0][: 3 * PACKET]  # the tables, without the first key frame
    source = TsVideo()
    made = units_of(source, head[: 2 * PACKET], *frames[3:])
    assert numbers([each.data for each in made])[0] == 10
    assert source.counts["before_first_key"] >= 6


def test_a_change_of_size_in_flight_is_a_new_epoch_and_begins_at_a_key_frame() -> None:
    source = TsVideo()
    made = units_of(source, clip(10), clip(10, size=(160, 128)))
    epochs = [each.epoch for each in made]
    assert epochs == sorted(epochs)
    assert set(epochs) == {1, 2}
    first = next(each for each in made if each.epoch == 2)
    assert first.key
    assert first.format is not None
    assert (first.format.width, first.format.height) == (160, 128)
    assert source.counts["format_changes"] == 1


def test_a_change_of_codec_in_flight_is_a_new_epoch() -> None:
    source = TsVideo()
    made = units_of(source, clip(10), clip(10, codec="libx265", size=(192, 112)), clip(10))
    formats = [each.format.codec[:4] for each in made if each.format is not None]
    assert formats == ["avc1", "hev1", "avc1"]
    assert [each.epoch for each in made if each.key] == [1, 2, 3]


def test_a_lost_packet_costs_its_frame_and_is_counted() -> None:
    packets = [PLAIN[at : at + PACKET] for at in range(0, len(PLAIN), PACKET)]
    video = [at for at, each in enumerate(packets) if (each[1] & 0x1F, each[2]) == (1, 0)]
    del packets[video[30]]
    source = TsVideo()
    made = units_of(source, *packets) + ended(source)
    assert source.counts["gaps"] == 1
    assert 28 <= len(made) <= 29


@settings(max_examples=60, deadline=None)
@given(noise=st.binary(min_size=1, max_size=700), at=st.integers(0, len(PLAIN)))
def test_garbage_in_between_is_counted_and_the_next_key_frame_is_whole(noise: bytes, at: int) -> None:
    source = TsVideo()
    made = units_of(source, PLAIN[:at], noise, PLAIN[at:], PLAIN)
    last = max(number for number, each in enumerate(made) if each.key)
    assert numbers([each.data for each in made[last:]])[0] == 20
    assert source.counts["garbage_bytes"] + source.counts["bad_pes"] + source.counts["gaps"] >= 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=400), max_size=12))
def test_noise_alone_makes_no_picture_and_no_error(parts: list[bytes]) -> None:
    source = TsVideo()
    assert units_of(source, *parts) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 4_000), min_size=1, max_size=60))
def test_it_does_not_matter_where_the_bytes_are_cut(sizes: list[int]) -> None:
    whole, cut = TsVideo(), TsVideo()
    expected = units_of(whole, PLAIN)
    made, at = [], 0
    for size in sizes:
        made += units_of(cut, PLAIN[at : at + size])
        at += size
    made += units_of(cut, PLAIN[at:])
    assert made == expected


@settings(max_examples=40, deadline=None)
@given(where=st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(1, 255)), max_size=40))
def test_flipped_bits_never_raise(where: list[tuple[int, int]]) -> None:
    data = bytearray(PLAIN)
    for at, mask in where:
        data[at] ^= mask
    source = TsVideo()
    units_of(source, bytes(data))
    ended(source)


def test_a_datagram_that_was_cut_short_is_counted_and_the_rest_goes_on() -> None:
    source = TsVideo()
    made = []
    for number, datagram in enumerate(datagrams(PLAIN)):
        made += units_of(source, datagram[:1000] if number == 4 else datagram)
        source.cut()
    assert source.counts["truncated"] == 1
    assert len(made) > 20


def test_clocks_that_wrap_go_on_and_clocks_that_leap_are_counted() -> None:
    clock = Clock()
    first = clock.continuous((1 << 33) - 1_800)
    assert clock.continuous(1_800) - first == 3_600
    assert clock.jumps == 0
    clock.continuous(1_800 + 90_000 * 60)
    assert clock.jumps == 1


def test_klv_comes_with_the_clock_of_its_picture() -> None:
    packet = _pes(0xBD, 7_200, b"\x06\x0e\x2b\x34klv")
    head = _tables(((0x1B, 0x100, b""), (0x06, 0x101, b"\x05\x04KLVA")))
    camera = Camera()
    frames = b"".join(camera.shoot() for _ in range(3))
    body = b"".join(
        frames[at : at + PACKET]
        for at in range(0, len(frames), PACKET)
        if (frames[at + 1] & 0x1F, frames[at + 2]) == (1, 0)
    )
    source = TsVideo()
    made = source.feed(head + body + _ts(0x101, packet))
    units = [each for each in made if isinstance(each, VideoUnit)]
    (klv,) = [each for each in made if isinstance(each, KlvPacket)]
    assert klv.data == b"\x06\x0e\x2b\x34klv"
    assert klv.pts_us is not None
    assert abs(klv.pts_us - units[-1].pts_us) < 2_000_000
    assert klv.epoch == units[-1].epoch


def test_metadata_in_cells_comes_without_them() -> None:
    cells = b"".join(
        bytes([0, n, 0xDF]) + len(each).to_bytes(2, "big") + each for n, each in enumerate((b"one", b"two"))
    )
    demuxer = TsDemuxer()
    made = demuxer.feed(_tables(((0x15, 0x101, b""),)) + _ts(0x101, _pes(0xFC, 90_000, cells)))
    assert [each.data for each in made] == [b"one", b"two"]


def test_units_with_lengths_become_units_with_start_codes() -> None:
    assert nal_units(annex_b(b"\x00\x00\x00\x02\x65\x01\x00\x00\x00\x01\x41", 4)) == [b"\x65\x01", b"\x41"]
    with pytest.raises(ValueError, match="longer"):
        annex_b(b"\x00\x00\x00\x09\x65", 4)


def _pes(stream_id: int, pts: int, data: bytes) -> bytes:
    time = bytes(
        [
            0x21 | pts >> 29 & 0x0E,
            pts >> 22 & 0xFF,
            pts >> 14 & 0xFE | 1,
            pts >> 7 & 0xFF,
            pts << 1 & 0xFE | 1,
        ]
    )
    return (
        b"\x00\x00\x01"
        + bytes([stream_id])
        + (8 + len(data)).to_bytes(2, "big")
        + b"\x80\x80\x05"
        + time
        + data
    )


def _ts(pid: int, payload: bytes, *, table: bool = False) -> bytes:
    """One packet, filled up."""
    head = bytes([0x47, 0x40 | pid >> 8, pid & 0xFF])
    if table:
        return (head + b"\x10\x00" + payload).ljust(PACKET, b"\xff")
    room = PACKET - 4 - len(payload)
    filling = bytes([room - 1]) + (b"\x00" + b"\xff" * (room - 2) if room > 1 else b"")
    return head + b"\x30" + filling + payload


def _tables(streams: tuple[tuple[int, int, bytes], ...]) -> bytes:
    def section(table: int, number: int, body: bytes) -> bytes:
        length = 5 + len(body) + 4
        made = (
            bytes([table, 0xB0 | length >> 8, length & 0xFF])
            + number.to_bytes(2, "big")
            + b"\xc1\x00\x00"
            + body
        )
        return made + _crc(made).to_bytes(4, "big")

    listed = b"".join(
        bytes([kind, 0xE0 | pid >> 8, pid & 0xFF, 0xF0, len(told)]) + told for kind, pid, told in streams
    )
    return _ts(0, section(0, 1, b"\x00\x01\xf0\x00"), table=True) + _ts(
        0x1000, section(2, 1, b"\xe1\x00\xf0\x00" + listed), table=True
    )


def _crc(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            top = value >> 31 ^ byte >> (7 - bit) & 1
            value = (value << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if top else 0)
    return value


def test_counts_are_named() -> None:
    source = TsVideo()
    source.feed(b"\x00" * 1_000)
    assert isinstance(source.counts, Counter)
    assert source.counts["garbage_bytes"] > 0
