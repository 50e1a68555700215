"""SRT into a running site, from an ffmpeg that calls and one that is called."""

import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_twisted

from protocols.gen import kinds_pb2, video_pb2
from tests.adapters.web.filming import free_port, pictures, registered, said, state, until
from tests.adapters.web.running import Running
from tests.adapters.web.talking import watch
from tests.clips import clip, numbers
from tests.ffmpeg import ffmpeg, playing

SECRET = "a quiet valley"
FRAMES = 400  # 16 s
FLIGHT = Path(__file__).parents[2] / "data/klv/day_flight_h264_part.ts"


@pytest_twisted.async_yield_fixture
async def filming(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that knows the passphrase of a stream."""
    (tmp_path / "srt.txt").write_text(f":{SECRET}\n")
    (tmp_path / "clip.ts").write_bytes(clip(FRAMES, group=10))
    running = await Running.start(tmp_path, video=True, filming='logins = { srt = "srt.txt" }')
    yield running
    await running.stop()


def srt(port: int, mode: str, secret: str = "") -> tuple[str, ...]:
    return (
        "-f",
        "mpegts",
        f"srt://127.0.0.1:{port}?mode={mode}" + (f"&passphrase={secret}" if secret else ""),
    )


def relays() -> dict[int, str]:
    """Arguments of all ffmpegs that relay, by process."""
    found = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                words = (each / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if "-raw_packet_size" in words and "ffmpeg" in words[0]:
                found[int(each.name)] = " ".join(words)
    return found


@pytest_twisted.ensureDeferred
async def test_a_caller_with_the_wrong_passphrase_is_named_and_the_right_one_is_taken_in_with_its_klv(
    filming: Running, tmp_path: Path
) -> None:
    stream_id, port = await registered(filming, source="ts_srt", login="srt")
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    await until(lambda: any(f":{port}?" in each for each in relays().values()))
    with ffmpeg(*playing(tmp_path / "clip.ts"), *srt(port, "caller", "some other hill")) as refused:
        await viewer.hear("standings", lambda each: state(each, stream_id).reason == "wrong_passphrase")
        await until(lambda: refused.poll() is not None)
    ((first, words),) = ((pid, each) for pid, each in relays().items() if f":{port}?" in each)
    assert SECRET not in words
    with ffmpeg(*playing(FLIGHT, again=True), *srt(port, "caller", SECRET)):
        await viewer.hear("picture", lambda each: each.key)
        await viewer.hear("klv", lambda each: b"\x06\x0e\x2b\x34" in each.data)
    await until(lambda: any(f":{port}?" in each for pid, each in relays().items() if pid != first))
    with ffmpeg(*playing(tmp_path / "clip.ts"), *srt(port, "caller", SECRET)):
        await viewer.hear("picture", lambda each: each.key and each.format.width == 320)
        await until(
            lambda: len([each for each in pictures(viewer) if each.epoch == pictures(viewer)[-1].epoch]) > 20
        )
    last = [each.data for each in pictures(viewer) if each.epoch == pictures(viewer)[-1].epoch]
    shown = numbers(last)
    assert shown == list(range(shown[0], shown[0] + len(shown)))


@pytest_twisted.ensureDeferred
async def test_a_listener_is_called_again_when_it_went_and_the_relay_dies_with_its_process(
    filming: Running, tmp_path: Path
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    stated = said(port, source="ts_srt", address=f"srt://127.0.0.1:{port}")
    made = await filming.http("POST", "video/streams", stated, role="dispatcher")
    assert made.status == 201, made.body
    stream_id = made.json["stream"]["id"]
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    with ffmpeg(*playing(tmp_path / "clip.ts"), *srt(port, "listener")):
        await until(lambda: pictures(viewer))
    with ffmpeg(*playing(tmp_path / "clip.ts"), *srt(port, "listener")):
        await until(lambda: len({each.epoch for each in pictures(viewer)}) > 1)
        (relay,) = (pid for pid, words in relays().items() if f":{port}?" in words)
        video = filming.site.video
        assert video is not None
        pid = video.processes[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not Path(f"/proc/{relay}").exists())


@pytest_twisted.ensureDeferred
async def test_an_srt_stream_that_cannot_be_is_refused_or_named(filming: Running) -> None:
    for change, code in (
        ({"address": "srt://host"}, "ADDRESS"),
        ({"address": "srt://host:9000?passphrase=x"}, "ADDRESS"),
        ({"address": "239.1.1.1:9000"}, "ADDRESS"),
        ({"address": "rtsp://host:9000"}, "ADDRESS"),
    ):
        refused = await filming.http(
            "POST", "video/streams", said(1, source="ts_srt") | change, role="dispatcher"
        )
        assert (refused.status, refused.json["code"]) == (409, code), change
    stream_id, port = await registered(filming, source="ts_srt")
    same = await filming.http("POST", "video/streams", said(port, name="另一个"), role="dispatcher")
    assert same.json["code"] == "PORT_TAKEN"  # SRT listens at a port of UDP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        stated = said(other.getsockname()[1], source="ts_srt")
        taken = (await filming.http("POST", "video/streams", stated, role="dispatcher")).json["stream"]["id"]
        viewer = await watch(filming.port, filming.tokens["dispatcher"])
        await viewer.hear("standings", lambda each: state(each, taken).reason == "cannot_listen")
    assert state(await viewer.hear("standings"), stream_id).state == kinds_pb2.VIDEO_STATE_DOWN
