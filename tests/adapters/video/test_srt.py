"""SRT into a running site, from an ffmpeg that calls and one that is called."""

import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_twisted

from protocols.gen import kinds_pb2, video_pb2
from tests.adapters.web.filming import free_port, newest, pictures, registered, said, state, until
from tests.adapters.web.running import Running
from tests.adapters.web.talking import watch
from tests.clips import clip, numbers
from tests.ffmpeg import ffmpeg, playing

SECRET = "a quiet valley"
FRAMES = 1_500  # 60 s, for a busy machine; they are sent at their own pace, and mostly not at all
FLIGHT = Path(__file__).parents[2] / "data/klv/day_flight_h264_part.ts"


@pytest_twisted.async_yield_fixture
async def filming(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that knows the passphrase of a stream."""
    (tmp_path / "srt.txt").write_text(f":{SECRET}\n")
    (tmp_path / "clip.ts").write_bytes(clip(FRAMES, group=10, size=(160, 120)))
    running = await Running.start(tmp_path, video=True, filming='logins = { srt = "srt.txt" }')
    yield running
    await running.stop()


def srt(port: int, mode: str, secret: str = "") -> tuple[str, ...]:
    """Where to; a caller goes on calling for as long as a busy machine may need."""
    address = f"srt://127.0.0.1:{port}?mode={mode}&connect_timeout=60000"
    return ("-f", "mpegts", address + (f"&passphrase={secret}" if secret else ""))


def relays(site: Running) -> dict[int, str]:
    """Arguments of the ffmpegs that relay for a site's one video process, by process."""
    video = site.site.video
    assert video is not None
    found = {}
    try:
        for thread in Path(f"/proc/{video.processes[0].pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                words = Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace").split("\0")
                if "-raw_packet_size" in words and "ffmpeg" in words[0]:
                    found[int(child)] = " ".join(words)
    except OSError:  # one that went while we looked
        return {}
    return found


def ended(pid: int) -> bool:
    """Gone, or nobody has asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest_twisted.ensureDeferred
async def test_a_caller_with_the_wrong_passphrase_is_named_and_the_right_one_is_taken_in_with_its_klv(
    filming: Running, tmp_path: Path
) -> None:
    stream_id, port = await registered(filming, source="ts_srt", login="srt")
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    await until(lambda: relays(filming))
    with ffmpeg(*playing(tmp_path / "clip.ts"), *srt(port, "caller", "some other hill")) as refused:
        await viewer.hear("standings", lambda each: state(each, stream_id).reason == "wrong_passphrase")
        await until(lambda: refused.poll() is not None)
    ((first, words),) = relays(filming).items()
    assert SECRET not in words
    assert f":{port}?" in words
    assert "*" * len(SECRET) in words  # where it stood
    with ffmpeg(*playing(FLIGHT, again=True), *srt(port, "caller", SECRET)):
        await viewer.hear("picture", lambda each: each.key)
        await viewer.hear("klv", lambda each: b"\x06\x0e\x2b\x34" in each.data)
    await until(lambda: relays(filming).keys() - {first})
    with ffmpeg(*playing(tmp_path / "clip.ts"), *srt(port, "caller", SECRET)):
        await viewer.hear("picture", lambda each: each.key and each.format.width == 160)
        await until(lambda: len(newest(viewer)) > 20)
    shown = numbers([each.data for each in newest(viewer)])
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
        await until(lambda: relays(filming))
        (relay,) = relays(filming)
        video = filming.site.video
        assert video is not None
        pid = video.processes[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: ended(relay))


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
