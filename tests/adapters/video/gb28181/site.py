"""A running site that speaks GB/T 28181, with a free port for its door, and what its tests do."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread

from adapters.video.gb28181.service import Gb28181
from tests.adapters.web.running import Running
from tests.sipp import CHANNEL, DEVICE, PASSWORD, PLATFORM, UPPER, Sipp


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def door_port() -> int:
    """Free for UDP and TCP."""
    while True:
        port = free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
            try:
                held.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def told(*, port: int, more: str = "", keepalive_s: float = 60, media: str = "udp") -> str:
    """The part of site.toml."""
    first = 10_000 + port % 20_000  # below where systems take free ports from
    return f"""
[gb28181]
id = "{PLATFORM}"
listen = "127.0.0.1:{port}"
media_first_port = {first}
media_last_port = {first + 40}
keepalive_s = {keepalive_s}
[[gb28181.device]]
id = "{DEVICE}"
name = "单兵图传 1"
password = "device.txt"
media = "{media}"
{more}
"""


def above(port: int, stream_id: str, *, keepalive_s: float = 60, transport: str = "udp") -> str:
    """The part about an upper platform."""
    return f"""
[[gb28181.upstream]]
id = "{UPPER}"
name = "省平台"
address = "127.0.0.1:{port}"
transport = "{transport}"
password = "upper.txt"
keepalive_s = {keepalive_s}
channels = {{ "{CHANNEL}" = "{stream_id}" }}
"""


async def started(folder: Path, **how: Any) -> Running:
    """With a device's password."""
    (folder / "device.txt").write_text(PASSWORD)
    (folder / "upper.txt").write_text(PASSWORD)
    return await Running.start(folder, video=True, more=told(port=door_port(), **how))


def spoken(site: Running) -> Gb28181:
    assert site.site.gb28181 is not None
    return site.site.gb28181


async def until(probe: Callable[[], Any], within_s: float = 60) -> None:
    """Until it is true, looked at each 20 ms."""
    done: Deferred[None] = Deferred()
    done.addTimeout(within_s, reactor)

    def look() -> None:
        if probe() and not done.called:
            done.callback(None)

    looking = LoopingCall(look)
    looking.start(0.02)
    try:
        await done
    finally:
        looking.stop()


@contextmanager
def sipp(scenario: str, site: Running, *, port: int, **how: Any) -> Iterator[Sipp]:
    """Plays a scenario against the site."""
    made = Sipp(scenario, spoken(site).endpoint.port, port=port, **how)
    try:
        yield made
    finally:
        made.stop()


async def played(scenario: str, site: Running, *, port: int, **how: Any) -> str:
    """A scenario from beginning to end; what was said."""
    with sipp(scenario, site, port=port, **how) as run:
        await deferToThread(run.wait)
        return run.messages


async def registered(site: Running, *, port: int, **how: Any) -> None:
    """A device registers and tells its catalogue."""
    await played("register", site, port=port, **how)
    await played("catalogue", site, port=port, **how)
    await until(lambda: len(spoken(site).registrar.devices[DEVICE].channels) == 2)


async def stream(site: Running, **more: Any) -> str:
    """A stream of the device's first channel; its id."""
    body = {"name": "吊舱", "source": "gb28181", "address": f"{DEVICE}/{CHANNEL}", "carrier": "fixed"} | more
    made = await site.http("POST", "video/streams", body, role="dispatcher")
    assert made.status == 201, made.body
    return str(made.json["stream"]["id"])
