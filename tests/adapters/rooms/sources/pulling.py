"""A site with a conference system: called by its signed POST, pulling by FFmpeg's RTSP client, which is not ours."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import msgspec
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from adapters.rooms.conferencing import Conferencing
from adapters.rooms.section import ConferenceSection
from tests.adapters.web.filming import free_port
from tests.adapters.web.running import Running
from tests.adapters.web.test_rooms import opened
from tests.gateway import SECRET, Handset

USER, PASSWORD = "mcu", "a-password-of-the-MCU"


@dataclass
class Called:
    """One running site, its conference system and the room that is open."""

    site: Running
    system: Handset
    conferencing: Conferencing
    room: str
    port: int
    udp_port: int

    async def call(self, **body: Any) -> dict[str, str]:
        """Called with sources; where each is pulled."""
        answer = await self.site.http("POST", f"{self.room}/call", body, role="dispatcher")
        assert answer.status == 200, answer.body
        return {each["kind"]: each["url"] for each in self.system.requests[-1]["sources"]}

    async def sources(self) -> Any:
        return (await self.site.http("GET", f"{self.room}/sources", role="dispatcher")).json


def with_login(url: str, user: str = USER, password: str = PASSWORD) -> str:
    return url.replace("rtsp://", f"rtsp://{user}:{password}@")


def pull(url: str, frames: int, **options: str) -> list[Any]:
    """FFmpeg pulls and decodes; for a thread."""
    made = []
    quick = {"rtsp_transport": "tcp", "analyzeduration": "100000", "fpsprobesize": "0", "fflags": "nobuffer"}
    with av.open(url, options={**quick, **options}, timeout=60) as stream:
        stream.streams.video[0].codec_context.thread_count = 1  # threads hold back a frame each
        for frame in stream.decode(video=0):
            made.append(frame.to_ndarray(format="rgb24"))
            if len(made) >= frames:
                break
    return made


async def pulled(url: str, frames: int = 5, **options: str) -> list[Any]:
    return await deferToThread(pull, with_login(url), frames, **options)


def free_pair() -> int:
    """An even port of datagrams that is free with the next."""
    while True:
        port = free_port(socket.SOCK_DGRAM) & ~1
        try:
            for each in (port, port + 1):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
                    held.bind(("127.0.0.1", each))
        except OSError:
            continue
        return port


@asynccontextmanager
async def conference(folder: Path, **settings: Any) -> AsyncIterator[Called]:
    site = await Running.start(folder, video=True)
    port, udp_port = free_port(socket.SOCK_STREAM), free_pair()
    system = Handset()
    (folder / "secret").write_bytes(SECRET)
    (folder / "login").write_text(f"{USER}:{PASSWORD}\n")
    section = ConferenceSection(
        url=system.url,
        secret=str(folder / "secret"),
        rtsp_port=port,
        rtsp_login=str(folder / "login"),
        rtsp_udp_port=udp_port,
        **settings,
    )
    site.site.config = config = msgspec.structs.replace(site.site.config, conference=section)
    made = Conferencing(
        config=config,
        desk=site.desk,
        video=site.site.video,
        picture=site.picture,
        clock=site.clock,
        metrics=site.site.metrics,
        reactor=reactor,
    )
    made.start()
    site.site.conference = made.called
    try:
        yield Called(site, system, made, await opened(site), port, udp_port)
    finally:
        await made.stop()
        system.close()
        await site.stop()
