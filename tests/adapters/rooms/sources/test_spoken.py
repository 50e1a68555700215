"""What a conference system may say, and what becomes of one that stops reading, speaks junk or out of turn."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from aio_rtsp_toolkit import ClosedEvent, VideoFrameEvent, open_session
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread

from adapters.rooms.sources import pull as pull_module
from adapters.rooms.sources import sources as sources_module
from tests.adapters.rooms.sources.pulling import Called, conference, pulled, with_login
from tests.adapters.rooms.sources.raw import RawClient
from tests.adapters.web.filming import camera, registered, until
from tests.clips import clip, datagrams

NOISY = clip(20, group=5, size=(640, 480), rate=25)


@contextmanager
def pouring(port: int) -> Iterator[None]:
    """Some 1 MB/s."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        parts, place = list(datagrams(NOISY)), 0

        def send() -> None:
            nonlocal place
            for _ in range(8):
                out.sendto(parts[place % len(parts)], ("127.0.0.1", port))
                place += 1

        sending = LoopingCall(send)
        sending.start(0.01)
        try:
            yield
        finally:
            sending.stop()


def counted(there: Called, code: str) -> float:
    registry = there.site.site.metrics.registry
    return registry.get_sample_value("ganying_conference_refused_total", {"code": code}) or 0.0


@pytest_twisted.ensureDeferred
async def test_a_puller_that_stops_reading_is_closed_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module, "STALLED_S", 1.0)
    async with conference(tmp_path) as there:
        stream_id, port = await registered(there.site)
        with pouring(port):
            url = (await there.call(streams=[stream_id]))["video"]
            stalled = RawClient(there.port, buffer=4_096)
            assert (await deferToThread(stalled.play, url)).status == 200
            assert len(await pulled(url, 25)) == 25
            await until(lambda: counted(there, "STALLED") == 1)
            assert await deferToThread(stalled.until_closed) > 0
            left_out = there.site.site.metrics.registry.get_sample_value(
                "ganying_conference_pictures_total", {"what": "left_out"}
            )
            assert left_out is not None
        sizes = [each.queue.waiting_bytes for each in there.site.site.video.line(stream_id).viewers]
        assert sizes == []


@pytest_twisted.ensureDeferred
async def test_sha_256_signs_in_and_each_request_has_its_turn(tmp_path: Path) -> None:
    async with conference(tmp_path, rtsp_md5=False) as there:
        stream_id, port = await registered(there.site)
        with camera(port):
            url = (await there.call(streams=[stream_id]))["video"]

            def talk() -> list[Any]:
                client, said = RawClient(there.port), []
                said.append(client.say("OPTIONS", "*").headers["public"].split(", "))
                said.append(client.say("PLAY", url).status)  # nothing is set up
                said.append(client.say("DESCRIBE", url, "Require: com.example").status)
                described = client.say("DESCRIBE", url)
                said.append(described.body.splitlines()[-1] == f"a=control:{url}/trackID=0")
                said.append(client.say("SETUP", url, "Transport: RTP/AVP;multicast").status)
                said.append(
                    client.say("SETUP", f"{url}/trackID=0", "Transport: RTP/AVP/TCP;interleaved=4-5").headers[
                        "transport"
                    ][:40]
                )
                said.append(client.say("GET_PARAMETER", url).status)
                said.append(client.say("RECORD", url).status)
                said.append(client.say("TEARDOWN", url).status)
                said.append(client.until_closed())
                other = RawClient(there.port)
                other.say("OPTIONS", "*")
                said.append([other.say("DESCRIBE", url, algorithm="MD5").status for _ in range(3)])
                said.append(other.until_closed())
                return said

            said = await deferToThread(talk)
        assert said[0] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER", "TEARDOWN"]
        assert said[1:5] == [454, 551, True, 461]
        assert said[5].startswith("RTP/AVP/TCP;unicast;interleaved=4-5")
        assert said[6:] == [200, 405, 200, 0, [401, 401, 401], 0]


async def taken(url: str, least: int) -> list[Any]:
    """What another client, which answers as RFC 2617 does without `qop`, makes of the packets."""
    stop, units = asyncio.Event(), []
    async with open_session(url, timeout=60, enable_audio=False) as session:
        async for event in session.iter_events(stop):
            if isinstance(event, VideoFrameEvent):
                units.append(event.frame)
            if len(units) >= least or isinstance(event, ClosedEvent):
                break
    return units


@pytest_twisted.ensureDeferred
async def test_another_client_with_an_older_login_takes_whole_units(tmp_path: Path) -> None:
    async with conference(tmp_path) as there:
        stream_id, port = await registered(there.site)
        with camera(port, NOISY, every_s=0.01):
            url = with_login((await there.call(streams=[stream_id]))["video"])
            units = await deferToThread(lambda: asyncio.run(taken(url, 15)))
        assert len(units) == 15
        assert not any(each.is_corrupt for each in units)


@pytest_twisted.ensureDeferred
async def test_junk_and_a_crowd_are_closed_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources_module, "MOST_OF_ONE", 3)
    async with conference(tmp_path) as there:

        def junk() -> list[bytes]:
            said = []
            for sent in (
                b"\x16\x03\x01 no RTSP at all\r\n\r\n",
                b"A" * 9_000,
                b"OPTIONS * RTSP/9.9\r\nCSeq: 1\r\n\r\n",
            ):
                with socket.create_connection(("127.0.0.1", there.port), timeout=60) as line:
                    line.sendall(sent)
                    said.append(line.recv(100).split(b"\r\n")[0])
            return said

        answered = await deferToThread(junk)
        assert answered == [b"RTSP/1.0 400 Bad Request"] * 2 + [b"RTSP/1.0 505 RTSP Version Not Supported"]
        assert counted(there, "MALFORMED") >= 3
        crowd = [await deferToThread(RawClient, there.port) for _ in range(4)]
        assert await deferToThread(crowd[3].until_closed) == 0
        assert counted(there, "TOO_MANY") == 1
