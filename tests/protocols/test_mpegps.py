"""Programme streams: FFmpeg's and ours are read back picture by picture, however they are cut, and noise raises nothing."""

import subprocess
from functools import cache

import imageio_ffmpeg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.gb28181.rtp import RtpOrder, RtpWriter
from protocols.gb28181.video import GbVideo
from protocols.mpegps import PsDemuxer
from protocols.mpegps_write import pack
from protocols.mpegts_tables import StreamKind
from protocols.video_ts import TsVideo
from protocols.video_units import VideoUnit
from tests.clips import clip, numbers

SSRC = 100_000_001
CODECS = {"libx264": ("h264", StreamKind.H264), "libx265": ("hevc", StreamKind.H265)}


@cache
def film(codec: str) -> bytes:
    return clip(30, codec=codec, group=10)


@cache
def units(codec: str) -> tuple[VideoUnit, ...]:
    source = TsVideo()
    made = [*source.feed(film(codec)), *source.reconnected()]
    return tuple(each for each in made if isinstance(each, VideoUnit))


def packed(codec: str) -> list[bytes]:
    """Each picture as we would send it."""
    return [
        pack(
            CODECS[codec][1], each.data, pts=each.pts_us * 9 // 100, dts=each.dts_us * 9 // 100, key=each.key
        )
        for each in units(codec)
    ]


def packets(codec: str, first: int = 0) -> list[bytes]:
    writer = RtpWriter(SSRC, 96, first)
    return [packet for each in packed(codec) for packet in writer.packets(each, 0)]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", [[], ["-packetsize", "65000"]], ids=["2048", "65000"])
def test_what_ffmpeg_writes_is_read_picture_by_picture(codec: str, size: list[str]) -> None:
    """FFmpeg puts several pictures into a packet, and cuts them anywhere."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "mpegts", "-i", "-", "-c", "copy"]
    written = subprocess.run(
        [*command, "-f", "vob", *size, "-"], input=film(codec), stdout=subprocess.PIPE, check=True
    ).stdout
    source = GbVideo(SSRC)
    made = [unit for packet in RtpWriter(SSRC, 96).packets(written, 0) for unit in source.feed(packet)]
    made += source.reconnected()
    assert numbers([each.data for each in made], CODECS[codec][0]) == list(range(30))
    assert [each.pts_us - made[0].pts_us for each in made] == [40_000 * n for n in range(30)]


@pytest.mark.parametrize("codec", CODECS)
def test_what_we_write_ffmpeg_reads_whole(codec: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-xerror", "-f", "mpeg", "-i", "-"]
    done = subprocess.run(
        [*command, "-f", "framecrc", "-"], input=b"".join(packed(codec)), capture_output=True, check=True
    )
    assert len([line for line in done.stdout.splitlines() if not line.startswith(b"#")]) == 30
    assert done.stderr == b""


@pytest.mark.parametrize("codec", CODECS)
def test_a_picture_is_out_with_its_last_packet(codec: str) -> None:
    source, out = GbVideo(SSRC), 0
    writer = RtpWriter(SSRC, 96, 65_530)  # over the end of its numbers
    for number, each in enumerate(packed(codec), 1):
        for packet in writer.packets(each, 0):
            out += len(source.feed(packet))
        assert out == number


def test_pictures_that_are_shown_in_another_order_keep_their_times() -> None:
    source = TsVideo()
    film = clip(30, group=10, between=2)
    sent = [each for each in [*source.feed(film), *source.reconnected()] if isinstance(each, VideoUnit)]
    assert any(each.pts_us != each.dts_us for each in sent)
    writer, made = RtpWriter(SSRC, 96), GbVideo(SSRC)
    got = []
    for each in sent:
        times = {"pts": each.pts_us * 9 // 100, "dts": each.dts_us * 9 // 100}
        whole = pack(StreamKind.H264, each.data, key=each.key, **times)
        got += [unit for packet in writer.packets(whole, 0) for unit in made.feed(packet)]

    def times_of(units: list[VideoUnit]) -> list[tuple[int, int]]:
        return [
            (round((each.pts_us - units[0].dts_us) / 1000), round((each.dts_us - units[0].dts_us) / 1000))
            for each in units
        ]

    assert times_of(got) == times_of(sent)


def test_marks_that_say_nothing_are_found_out() -> None:
    """Of a sender that marks every packet the first picture suffers; then the next one is waited for."""
    source, made = GbVideo(SSRC), []
    writer = RtpWriter(SSRC, 96)
    for each in packed("libx264") * 2:
        half = len(each) // 2
        for part in (each[:half], each[half:]):
            made += [unit for packet in writer.packets(part, 0) for unit in source.feed(packet)]
    whole = {bytes(each.data) for each in units("libx264")}
    assert [bytes(each.data) in whole for each in made[2:]] == [True] * (len(made) - 2)
    assert len(made) >= 40


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_packets_that_overtake_each_other_are_put_in_order(chance: object) -> None:
    sent = packets("libx264")
    for at in range(0, len(sent) - 8, 8):
        part = sent[at + 1 : at + 8]
        chance.shuffle(part)  # type: ignore[attr-defined]  # a Random
        sent[at + 1 : at + 8] = part
    source = GbVideo(SSRC)
    made = [unit for packet in sent for unit in source.feed(packet)] + source.reconnected()
    assert numbers([each.data for each in made]) == list(range(30))


def test_after_a_loss_nothing_is_shown_up_to_the_next_key_frame() -> None:
    """A picture of one packet a frame: the next one is not kept back for longer than 0.2 s."""
    sent = packets("libx264")
    first = sum(len(list(RtpWriter(SSRC, 96).packets(each, 0))) for each in packed("libx264")[:13])
    source = GbVideo(SSRC)
    made = [unit for n, packet in enumerate(sent) if n != first for unit in source.feed(packet, n / 25)]
    shown = numbers([each.data for each in made])
    assert shown == [*range(13), *range(20, 30)]
    assert source.counts["lost"] == 1
    assert source.counts["after_lost_key"] > 0


@given(
    st.lists(st.one_of(st.binary(max_size=300), st.sampled_from(range(40))), max_size=40),
    st.binary(max_size=60),
)
@settings(max_examples=200)
def test_noise_raises_nothing_and_is_held_for_no_longer_than_a_packet(
    parts: list[bytes | int], spoilt: bytes
) -> None:
    good = b"".join(packed("libx264"))[:6_000]
    demuxer = PsDemuxer()
    for part in parts:
        if isinstance(part, int):
            demuxer.feed(good[part * 150 : part * 150 + 150] + spoilt)
            demuxer.marked()
        else:
            demuxer.feed(part)
            if len(part) % 7 == 0:
                demuxer.lost()
    demuxer.end()
    assert len(demuxer.feed(b"")) == 0


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_noise_is_no_rtp(parts: list[bytes]) -> None:
    order = RtpOrder(SSRC, 96)
    for part in parts:
        order.feed(part)
    assert sum(order.counts.values()) == len(parts)
