"""What goes wrong with a source or a process, on a running site: pictures come back, and other streams play on."""

import os
import random
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.task import LoopingCall

from protocols.gen import video_pb2
from tests.adapters.web.running import Running
from tests.adapters.web.talking import Watcher, watch
from tests.adapters.web.test_video import camera, filming, pictures, registered, until
from tests.clips import clip, numbers, spoilt

__all__ = ["filming"]  # the site
GROUP = 10
CLIP = clip(6 * GROUP, group=GROUP)
PATIENT_S = 60.0
IN_A_PROCESS = 4  # streams; more: another process


def held(pid: int) -> tuple[int, int]:
    """Threads and open files of a process."""
    return len(list(Path(f"/proc/{pid}/task").iterdir())), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def answers(port: int) -> bool:
    """Whether somebody waits at a TCP port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def counted(standings: Any, stream_id: str) -> int:
    """Units of a stream, as its process has reported."""
    (own,) = (each for each in standings.streams if each.stream_id == stream_id)
    return sum(each.count for each in own.counts if each.name == "units")


@contextmanager
def connected(port: int, film: bytes) -> Iterator[None]:
    """Sends a film once over TCP, a piece every few milliseconds, and is cut."""
    with socket.create_connection(("127.0.0.1", port)) as out:
        pieces = iter([film[at : at + 4_000] for at in range(0, len(film), 4_000)])

        def send() -> None:
            piece = next(pieces, b"")
            if piece:
                out.sendall(piece)

        sending = LoopingCall(send)
        sending.start(0.005)
        try:
            yield
        finally:
            sending.stop()


async def begun(site: Running, **more: Any) -> tuple[str, int, Watcher]:
    """A stream with one viewer."""
    stream_id, port = await registered(site, **more)
    viewer = await watch(site.port, site.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    return stream_id, port, viewer


@pytest_twisted.ensureDeferred
async def test_a_source_cut_within_groups_and_damaged_comes_back_at_key_frames_and_leaves_nothing(
    filming: Running,
) -> None:
    """Seeded. Three cuts anywhere in a group, then a byte changed in 1 % of packets, then whole again."""
    rng = random.Random(7)
    _, port, viewer = await begun(filming, source="ts_tcp")
    video = filming.site.video
    assert video is not None
    pid = video.processes[0].pid
    assert pid is not None

    async def beyond(epochs: int, units: int) -> list[Any]:
        """The pictures of the newest epoch, once there are so many epochs and so many of them."""

        def newest() -> list[Any]:
            seen = pictures(viewer)
            return [each for each in seen if each.epoch == seen[-1].epoch]

        await until(
            lambda: len({each.epoch for each in pictures(viewer)}) >= epochs and len(newest()) >= units
        )
        return newest()

    await until(lambda: answers(port))
    with connected(port, CLIP):
        await beyond(1, GROUP)
    before = held(pid)
    for cut in range(3):
        begins = CLIP[rng.randrange(len(CLIP) // 3) :]  # anywhere: in a group, in a packet
        with connected(port, begins):
            first = (await beyond(2 + cut, GROUP))[0]
        assert first.key
        assert first.seq == 1
    with connected(port, spoilt(CLIP, rng)):
        await beyond(5, GROUP)
    with connected(port, CLIP):
        whole = await beyond(6, 2 * GROUP)
    assert numbers([each.data for each in whole[:GROUP]]) == list(range(GROUP))
    assert held(pid) <= before
    assert video.processes[0].deaths == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
@pytest_twisted.ensureDeferred
async def test_a_process_that_is_killed_or_hangs_is_made_again_while_others_play_on(
    how: signal.Signals, filming: Running
) -> None:
    """Alone, counted, told as what it is; pictures go on at a key frame of another epoch. A hang is found by its silence."""
    video = filming.site.video
    assert video is not None
    stream_id, port, struck = await begun(filming)
    for _ in range(IN_A_PROCESS - 1):
        await registered(filming)
    _, other_port, other = await begun(filming)
    with camera(port), camera(other_port):
        await struck.hear("picture")
        await other.hear("picture")
        pids = [each.pid for each in video.processes]
        assert len(pids) == 2
        assert pids[0] is not None
        began = len(pictures(other))
        video.processes[1].silent_s = PATIENT_S
        video.processes[0].silent_s = 4.0
        before = counted((await struck.hear("standings", new=True)), stream_id)
        await struck.hear("standings", lambda each: counted(each, stream_id) > before, new=True)  # reported
        video.processes[0].silent_s = PATIENT_S  # the next is made on a busy machine, too
        os.kill(pids[0], how)
        await until(lambda: video.processes[0].deaths == 1)
        await until(lambda: len({each.epoch for each in pictures(struck)}) == 2)
        await until(lambda: len(pictures(other)) > began + 5)
    again = next(each for each in pictures(struck) if each.epoch != pictures(struck)[0].epoch)
    assert again.key
    seqs = [each.seq for each in pictures(other)]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert len({each.epoch for each in pictures(other)}) == 1
    assert [each.deaths for each in video.processes] == [1, 0]
    assert video.processes[1].pid == pids[1]
    metrics = (await filming.http("GET", "/metrics", role="sysadmin")).body.decode()
    assert "ganying_video_process_deaths_total 1.0" in metrics
