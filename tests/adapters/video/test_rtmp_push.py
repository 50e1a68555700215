"""RTMP pushed into a running site by an ffmpeg: with the key, without it, and by what is no encoder."""

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_twisted

from protocols.gen import video_pb2
from tests.adapters.web.filming import heard, pictures, registered, said, state, until
from tests.adapters.web.running import Running
from tests.adapters.web.talking import watch
from tests.clips import clip, numbers
from tests.ffmpeg import ffmpeg, playing

KEY = "k7Qm2xWz"
FRAMES = 1_500  # 60 s, for a busy machine; they are sent at their own pace, and mostly not at all
SIZE = (160, 120)


@pytest_twisted.async_yield_fixture
async def filming(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that knows the key of a stream."""
    (tmp_path / "rtmp.txt").write_text(f"live:{KEY}\n")
    running = await Running.start(tmp_path, video=True, filming='logins = { rtmp = "rtmp.txt" }')
    yield running
    await running.stop()


def pushed(port: int, path: str = f"live/{KEY}") -> tuple[str, ...]:
    return ("-f", "flv", f"rtmp://127.0.0.1:{port}/{path}")


@pytest.mark.parametrize(
    ("codec", "how"), [("h264", {"between": 2}), ("hevc", {"codec": "libx265"})], ids=["h264", "h265"]
)
@pytest_twisted.ensureDeferred
async def test_what_is_pushed_with_its_key_is_watched(
    filming: Running, tmp_path: Path, codec: str, how: dict[str, object]
) -> None:
    (tmp_path / "clip.ts").write_bytes(clip(FRAMES, group=10, size=SIZE, **how))
    stream_id, port = await registered(filming, source="rtmp_push", login="rtmp")
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    await until(lambda: heard(port))
    with ffmpeg(*playing(tmp_path / "clip.ts"), *pushed(port)):
        await until(lambda: len(pictures(viewer)) > 35)
    seen = pictures(viewer)
    assert seen[0].key
    assert (seen[0].format.width, seen[0].format.height) == SIZE
    first = [each for each in seen if each.epoch == seen[0].epoch]
    shown = numbers([each.data for each in first], codec)
    shown = shown[:-3]  # the last may wait for one that comes later
    assert shown == list(range(shown[0], shown[0] + len(shown)))
    if codec == "h264":
        assert any(each.pts_us > each.dts_us for each in first)
    # another begins, while the old one still plays or just went
    with ffmpeg(*playing(tmp_path / "clip.ts"), *pushed(port)):
        await until(lambda: pictures(viewer)[-1].epoch > seen[-1].epoch)
        with ffmpeg(*playing(tmp_path / "clip.ts"), *pushed(port)):
            await viewer.hear(
                "standings", lambda each: any(c.name == "replaced" for c in state(each, stream_id).counts)
            )


@pytest_twisted.ensureDeferred
async def test_a_wrong_key_or_application_is_refused_and_takes_nobody_s_place(
    filming: Running, tmp_path: Path
) -> None:
    (tmp_path / "clip.ts").write_bytes(clip(FRAMES, group=10, size=SIZE))
    stream_id, port = await registered(filming, source="rtmp_push", login="rtmp")
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    await until(lambda: heard(port))
    for path in ("live/k7Qm2xWy", f"other/{KEY}"):
        with ffmpeg(*playing(tmp_path / "clip.ts"), *pushed(port, path)) as refused:
            await until(lambda it=refused: it.poll() is not None)
        assert refused.returncode != 0
    await viewer.hear("standings", lambda each: state(each, stream_id).reason == "wrong_key")
    with ffmpeg(*playing(tmp_path / "clip.ts"), *pushed(port)):
        await viewer.hear("picture")
        epoch = pictures(viewer)[0].epoch
        for bytes_sent in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(5_000), b"\x03" + os.urandom(70_000)):
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall(bytes_sent)
        with ffmpeg(*playing(tmp_path / "clip.ts"), *pushed(port, "live/wrong-key")) as refused:
            await until(lambda: refused.poll() is not None)
        told = await viewer.hear(
            "standings",
            lambda each: {"not_rtmp", "wrong_key"} <= {c.name for c in state(each, stream_id).counts},
        )
        before = len(pictures(viewer))
        await until(lambda: len(pictures(viewer)) > before + 5)
    assert {each.epoch for each in pictures(viewer)} == {epoch}
    counts = {c.name: c.count for c in state(told, stream_id).counts}
    assert "replaced" not in counts
    journal = await filming.http("GET", f"video/streams/{stream_id}", role="dispatcher")
    assert KEY.encode() not in journal.body


@pytest_twisted.ensureDeferred
async def test_a_pushed_stream_without_a_key_is_not_registered(filming: Running) -> None:
    refused = await filming.http("POST", "video/streams", said(29_000, source="rtmp_push"), role="dispatcher")
    assert (refused.status, refused.json["code"]) == (409, "LOGIN")
    stream_id, _ = await registered(filming, source="rtmp_push", login="unknown")
    told = await filming.http("GET", f"video/streams/{stream_id}", role="dispatcher")
    assert told.json["standing"]["reason"] == "no_login"
