"""RTSP fetched from servers that are not ours: over TCP and UDP, killed, and asking for a password."""

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from protocols.gen import video_pb2
from tests.adapters.web.filming import free_port, heard, newest, pictures, said, state, until
from tests.adapters.web.running import Running
from tests.adapters.web.talking import Watcher, watch
from tests.clips import clip, numbers
from tests.rtsp_double import udp_camera

FRAMES = 750  # 30 s, for a busy machine; they are sent at their own pace, and mostly not at all
SIZE = (160, 120)
ROOT = Path(__file__).parents[3]


@pytest_twisted.async_yield_fixture
async def filming(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that knows the camera's password, and another."""
    (tmp_path / "dock.txt").write_text("dock:open sesame\n")
    (tmp_path / "old.txt").write_text("dock:of last year\n")
    logins = 'logins = { dock = "dock.txt", old = "old.txt" }'
    running = await Running.start(tmp_path, video=True, filming=logins)
    yield running
    await running.stop()


async def watched(site: Running, address: str, **more: Any) -> tuple[str, Watcher]:
    stated = said(1, source="rtsp", address=address, **more)
    made = await site.http("POST", "video/streams", stated, role="dispatcher")
    assert made.status == 201, made.body
    stream_id = made.json["stream"]["id"]
    viewer = await watch(site.port, site.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    return stream_id, viewer


def served(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.rtsp_server", str(folder), str(port)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest_twisted.ensureDeferred
async def test_a_server_that_is_killed_is_fetched_from_again(filming: Running, tmp_path: Path) -> None:
    """A film of each codec from one server."""
    (tmp_path / "films").mkdir()
    port = free_port(socket.SOCK_STREAM)
    viewers: dict[str, tuple[str, Watcher]] = {}
    for codec, encoder in (("h264", "libx264"), ("hevc", "libx265")):
        film = clip(FRAMES, group=10, size=SIZE, codec=encoder, form="matroska")
        (tmp_path / f"films/{codec}.mkv").write_bytes(film)
        address = f"rtsp://127.0.0.1:{port}/{codec}.mkv"
        viewers[codec] = await watched(filming, address, name=codec)

    async def told(*reasons: str, new: bool = False) -> None:
        for stream_id, viewer in viewers.values():
            await viewer.hear(
                "standings", lambda each, it=stream_id: state(each, it).reason in reasons, new=new
            )

    await told("refused")
    server = served(tmp_path / "films", port)
    try:
        await until(lambda: all(len(pictures(viewer)) > 15 for _, viewer in viewers.values()))
        first = {codec: pictures(viewer) for codec, (_, viewer) in viewers.items()}
        server.kill()
        server.wait()
        await told("ended", "refused", new=True)
        server = served(tmp_path / "films", port)
        await until(
            lambda: all(
                newest(viewer)[0].epoch > first[codec][-1].epoch for codec, (_, viewer) in viewers.items()
            )
        )
    finally:
        server.kill()
        server.wait()
    for codec, seen in first.items():
        shown = numbers([each.data for each in seen if each.epoch == seen[0].epoch], codec)
        assert shown == list(range(shown[0], shown[0] + len(shown)))


@pytest.mark.parametrize("no_tcp", ["461 Unsupported Transport", "501 Not Implemented"])
@pytest_twisted.ensureDeferred
async def test_a_camera_that_sends_by_udp_alone_is_asked_for_that(
    filming: Running, tmp_path: Path, no_tcp: str
) -> None:
    film = tmp_path / "film.ts"
    film.write_bytes(clip(FRAMES, group=10, size=SIZE))
    with udp_camera(film, "dock:open sesame", no_tcp) as camera:
        address = f"rtsp://127.0.0.1:{camera.server_address[1]}/film"
        _, viewer = await watched(filming, address, login="dock")
        await until(lambda: len(pictures(viewer)) > 15)
    shown = numbers([each.data for each in pictures(viewer)[:10]])
    assert shown == list(range(shown[0], shown[0] + len(shown)))


@pytest_twisted.ensureDeferred
async def test_a_wrong_password_and_a_film_that_is_not_there_are_named(
    filming: Running, tmp_path: Path
) -> None:
    film = tmp_path / "film.ts"
    film.write_bytes(clip(1))
    with udp_camera(film, "dock:open sesame") as camera:
        address = f"rtsp://127.0.0.1:{camera.server_address[1]}/film"
        stream_id, viewer = await watched(filming, address, login="old")
        told = await viewer.hear("standings", lambda each: state(each, stream_id).reason == "unauthorized")
    assert b"last year" not in told.SerializeToString()
    (tmp_path / "films").mkdir()
    port = free_port(socket.SOCK_STREAM)
    server = served(tmp_path / "films", port)
    try:
        await until(lambda: heard(port))
        stream_id, viewer = await watched(filming, f"rtsp://127.0.0.1:{port}/film.mkv", name="另一个")
        await viewer.hear("standings", lambda each: state(each, stream_id).reason == "not_found")
    finally:
        server.kill()
        server.wait()
