"""Transport streams from an ffmpeg to a port of a running site: over TCP, by multicast, changing on the way."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from protocols.gen import video_pb2
from tests.adapters.web.filming import (
    camera,
    free_port,
    heard,
    newest,
    pictures,
    registered,
    said,
    state,
    taken,
    until,
)
from tests.adapters.web.running import Running
from tests.adapters.web.talking import Watcher, watch
from tests.clips import clip, numbers
from tests.ffmpeg import ffmpeg, playing

GROUP = "239.255.36.1"
FRAMES = 1_000  # 40 s, for a busy machine; they are sent at their own pace, and mostly not at all
SIZE = (160, 120)


@pytest_twisted.async_yield_fixture
async def filming(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that takes video."""
    running = await Running.start(tmp_path, video=True)
    yield running
    await running.stop()


async def watching(site: Running, stream_id: str) -> Watcher:
    viewer = await watch(site.port, site.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    await viewer.hear("standings", lambda each: state(each, stream_id).watched)
    return viewer


def in_a_row(units: list[Any], codec: str = "h264", late: int = 0) -> None:
    shown = numbers([each.data for each in units], codec)
    shown = shown[: len(shown) - late]
    assert len(shown) > 5
    assert shown == list(range(shown[0], shown[0] + len(shown)))


@pytest_twisted.ensureDeferred
async def test_a_sender_over_tcp_goes_and_another_comes_with_another_codec(
    filming: Running, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.ts", tmp_path / "new.ts"
    old.write_bytes(clip(FRAMES, group=10, between=2, size=SIZE))
    new.write_bytes(clip(FRAMES, group=10, codec="libx265", size=(128, 96)))
    stream_id, port = await registered(filming, source="ts_tcp")
    viewer = await watching(filming, stream_id)
    await until(lambda: heard(port))
    with ffmpeg(*playing(old), "-f", "mpegts", f"tcp://127.0.0.1:{port}"):
        await until(lambda: len(pictures(viewer)) > 20)
    first = pictures(viewer)
    with ffmpeg(*playing(new), "-f", "mpegts", f"tcp://127.0.0.1:{port}"):
        await until(
            lambda: len(pictures(viewer)) > len(first) + 10 and pictures(viewer)[-1].epoch > first[-1].epoch
        )
        told = await viewer.hear("standings", lambda each: state(each, stream_id).format.width == 128)
    assert any(each.pts_us > each.dts_us for each in first)
    in_a_row([each for each in first if each.epoch == first[0].epoch], late=3)
    last = newest(viewer)
    assert last[0].key
    assert last[0].format.codec.startswith("hev1")
    in_a_row(last, "hevc")
    assert {c.name for c in state(told, stream_id).counts} >= {"reconnected"}


@pytest_twisted.ensureDeferred
async def test_size_and_codec_change_in_the_middle_of_a_stream(filming: Running) -> None:
    """One sender, without a break: each part begins with a key frame and its own format."""
    parts = (
        clip(20, group=10),
        clip(20, group=10, size=(160, 120)),
        clip(20, group=10, size=(160, 120), codec="libx265"),
    )
    stream_id, port = await registered(filming)
    viewer = await watching(filming, stream_id)
    with camera(port, b"".join(parts), every_s=0.01):
        await until(
            lambda: (
                {("avc1", 320), ("avc1", 160), ("hev1", 160)}
                <= {(each.format.codec[:4], each.format.width) for each in pictures(viewer) if each.key}
            )
        )
    epochs = {each.epoch: each for each in reversed(pictures(viewer))}
    assert all(each.key for each in epochs.values())
    assert len(epochs) >= 3


@pytest_twisted.ensureDeferred
async def test_who_begins_to_listen_in_the_middle_waits_for_a_key_frame(filming: Running) -> None:
    film = clip(100, group=50, size=SIZE)
    stream_id, port = await registered(filming)
    viewer = await watching(filming, stream_id)
    await until(lambda: taken(port))
    middle = len(film) // 4 // 188 * 188  # of the first group
    with camera(port, film[middle:]):
        told = await viewer.hear("standings", lambda each: state(each, stream_id).format.width)
        await until(lambda: len(pictures(viewer)) > 10)
    counts = {c.name: c.count for c in state(told, stream_id).counts}
    assert counts["before_first_key"] > 0
    assert pictures(viewer)[0].key
    in_a_row(pictures(viewer)[:10])


@pytest_twisted.ensureDeferred
async def test_a_multicast_group_is_joined(filming: Running, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trying:
            here = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
            trying.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, here)
    except OSError as error:
        pytest.skip(f"this machine has no multicast: {error}")
    film = tmp_path / "film.ts"
    film.write_bytes(clip(FRAMES, group=10, size=SIZE))
    made = await filming.http(
        "POST", "video/streams", said(port, address=f"{GROUP}:{port}"), role="dispatcher"
    )
    assert made.status == 201, made.body
    viewer = await watching(filming, made.json["stream"]["id"])
    sent_to = f"udp://{GROUP}:{port}?pkt_size=1316&localaddr=127.0.0.1&ttl=1"
    with ffmpeg(*playing(film), "-f", "mpegts", sent_to):
        await until(lambda: len(pictures(viewer)) > 10)
    in_a_row([each for each in pictures(viewer) if each.epoch == pictures(viewer)[0].epoch])
