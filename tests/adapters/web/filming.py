"""What tests of video share: streams registered at a running site, a camera that sends, what viewers were sent."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from tests.adapters.web.running import Running
from tests.adapters.web.talking import Watcher
from tests.clips import clip, datagrams

FRAMES = 20
CLIP = clip(FRAMES, group=10)


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def heard(port: int) -> bool:
    """Whether somebody listens at a port of TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def taken(port: int) -> bool:
    """Whether somebody has a port of UDP."""
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(int(line.split()[1].rpartition(":")[2], 16) == port for line in lines)


def said(port: int, **more: Any) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "name": f"吊舱 {port}",
        "source": "ts_udp",
        "address": str(port),
        "carrier": "aircraft",
        "carrier_id": "B-70K3",
    }
    return stated | more


async def registered(site: Running, **more: Any) -> tuple[str, int]:
    tcp = more.get("source") in ("ts_tcp", "rtmp_push")  # a port may be free for one and taken for the other
    port = free_port(socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
    made = await site.http("POST", "video/streams", said(port, **more), role="dispatcher")
    assert made.status == 201, made.body
    return made.json["stream"]["id"], port


@contextmanager
def camera(port: int, film: bytes = CLIP, every_s: float = 0.03) -> Iterator[None]:
    """Sends a clip again and again, a datagram each time: of CLIP some 30 pictures a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        parts = list(datagrams(film, packets=2))
        place = 0

        def send() -> None:
            nonlocal place
            out.sendto(parts[place % len(parts)], ("127.0.0.1", port))
            place += 1

        sending = LoopingCall(send)
        sending.start(every_s)
        try:
            yield
        finally:
            sending.stop()


def pictures(watcher: Watcher) -> list[Any]:
    """All so far."""
    return watcher.pictures.copy()


def newest(watcher: Watcher) -> list[Any]:
    """The pictures of the latest epoch."""
    seen = watcher.pictures
    return [each for each in seen if each.epoch == seen[-1].epoch]


def state(standings: Any, stream_id: str) -> Any:
    return next((each for each in standings.streams if each.stream_id == stream_id), None)


async def until(probe: Any) -> None:
    """Until it is true, looked at each 20 ms."""
    done: Deferred[None] = Deferred()
    done.addTimeout(60, reactor)

    def look() -> None:
        if probe() and not done.called:
            done.callback(None)

    looking = LoopingCall(look)
    looking.start(0.02)
    try:
        await done
    finally:
        looking.stop()
