"""Devices against a running site: SIPp registers, tells its catalogue, keeps alive, plays, and is lost; forgers get nothing."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, create_connection, socket
from typing import Any

import imageio_ffmpeg
import pytest
import pytest_twisted
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread

from protocols.gb28181 import manscdp
from protocols.gb28181.rtp import RtpWriter, framed
from protocols.gen import kinds_pb2, video_pb2
from tests.adapters.desks import pause
from tests.adapters.video.gb28181.site import (
    free_port,
    played,
    registered,
    sipp,
    spoken,
    started,
    stream,
    until,
)
from tests.adapters.web.running import Running
from tests.adapters.web.talking import Watcher, watch
from tests.clips import clip, numbers
from tests.sipp import CHANNEL, DEVICE, PLATFORM, needs_sipp

pytestmark = needs_sipp
FRAMES = 50


def programme(film: bytes) -> bytes:
    """A film as FFmpeg writes it as a programme stream."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-f",
        "mpegts",
        "-i",
        "-",
        "-c",
        "copy",
        "-f",
        "vob",
        "-",
    ]
    return subprocess.run(command, input=film, stdout=subprocess.PIPE, check=True).stdout


FILM = programme(clip(FRAMES, group=10))


@contextmanager
def sending(port: int, ssrc: int, film: bytes = FILM) -> Iterator[None]:
    """A device's pictures over UDP, again and again."""
    with socket(AF_INET, SOCK_DGRAM) as out:
        writer = RtpWriter(ssrc, 96)
        parts: list[bytes] = []

        def send() -> None:
            if not parts:
                parts.extend(writer.packets(film, 0))
            out.sendto(parts.pop(0), ("127.0.0.1", port))

        turn = LoopingCall(send)
        turn.start(0.05)
        try:
            yield
        finally:
            turn.stop()


@pytest_twisted.async_yield_fixture
async def site(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that one device may register with."""
    running = await started(tmp_path)
    yield running
    await running.stop()


def shown(watcher: Watcher) -> list[int]:
    return numbers([each.data for each in watcher.pictures])


@pytest_twisted.ensureDeferred
async def test_a_device_registers_is_listed_plays_and_is_let_go(site: Running) -> None:
    port = free_port()
    await registered(site, port=port)
    device = spoken(site).registrar.devices[DEVICE]
    assert {each.name for each in device.channels.values()} == {"吊舱可见光", "吊舱红外"}
    (told,) = (await site.http("GET", "video/gb28181", role="auditor")).json["devices"]
    assert (told["online"], told["version"], told["host"]) == (True, "3.0", "127.0.0.1")
    viewer = await watch(site.port, site.tokens["dispatcher"])
    with sipp("play", site, port=port) as called:
        stream_id = await stream(site)
        viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id, purpose="火场侦察"))
        await until(lambda: spoken(site).reason(stream_id) == "")
        order = spoken(site).order(stream_id)
        assert order is not None
        with sending(order.port, order.ssrc):
            await until(lambda: len(viewer.pictures) > 20)
            await viewer.hear(
                "standings",
                lambda each: any(one.state == kinds_pb2.VIDEO_STATE_LIVE for one in each.streams),
            )
        assert set(shown(viewer)) <= set(range(FRAMES))
        assert (await site.http("GET", "video/viewings", role="auditor")).json["items"][0][
            "purpose"
        ] == "火场侦察"
        off = {"name": "吊舱", "source": "gb28181", "address": f"{DEVICE}/{CHANNEL}", "carrier": "fixed"}
        await site.http(
            "POST",
            f"video/streams/{stream_id}/change",
            off | {"enabled": False, "version": 1},
            role="dispatcher",
        )
        await deferToThread(called.wait)  # with our BYE
        assert f"Subject: {CHANNEL}:{order.ssrc:010d},{PLATFORM}:0" in called.messages
    assert spoken(site).order(stream_id) is None


@pytest_twisted.ensureDeferred
async def test_a_device_that_is_silent_is_offline_and_its_call_is_ended(tmp_path: Path) -> None:
    site = await started(tmp_path, keepalive_s=2)
    try:
        port = free_port()
        stream_id = await stream(site)
        assert (await standing(site, stream_id))["reason"] == "not_registered"
        await registered(site, port=port)
        with sipp("play", site, port=port) as called:
            await until(lambda: spoken(site).reason(stream_id) == "")
            await played("keepalive", site, port=free_port())
            seen_s = spoken(site).registrar.devices[DEVICE].seen_s
            await deferToThread(called.wait)  # nothing keeps it alive: our BYE
        gone = spoken(site).registrar.devices[DEVICE]
        assert (gone.online, gone.why) == (False, "no_keepalive")
        assert gone.since_s - seen_s >= 6
        await until_async(lambda: standing(site, stream_id), lambda each: each["reason"] == "device_offline")
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_who_forges_a_register_is_refused_by_name_and_a_flood_disturbs_no_picture(
    site: Running,
) -> None:
    port = free_port()
    await registered(site, port=port)
    viewer = await watch(site.port, site.tokens["dispatcher"])
    endpoint = spoken(site).endpoint
    with sipp("play", site, port=port):
        stream_id = await stream(site)
        viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
        await until(lambda: spoken(site).reason(stream_id) == "")
        order = spoken(site).order(stream_id)
        assert order is not None
        with sending(order.port, order.ssrc):
            await until(lambda: viewer.pictures)
            await played("register_refused", site, port=free_port(), password="guessed")
            await played("register_refused", site, port=free_port(), device="36010000001320000777")
            assert (endpoint.counts["WRONG_DIGEST"], endpoint.counts["UNKNOWN_DEVICE"]) == (1, 1)
            with socket(AF_INET, SOCK_DGRAM) as forger, socket(AF_INET, SOCK_DGRAM) as flood:
                forger.bind(("127.0.0.9", 0))
                flood.bind(("127.0.0.8", 0))
                for text in (hijack(), b"REGISTER nonsense\r\n\r\n", alive()):
                    forger.sendto(text, ("127.0.0.1", endpoint.port))
                for _ in range(300):
                    flood.sendto(hijack(), ("127.0.0.1", endpoint.port))
                await until(lambda: endpoint.counts["FLOOD"] > 100)
            assert endpoint.counts["NONCE_FOREIGN"] >= 1
            assert (endpoint.counts["BAD_SIP"], endpoint.counts["OTHER_ADDRESS"]) == (1, 1)
            before = len(viewer.pictures)
            await until(lambda: len(viewer.pictures) > before + 20)
    device = spoken(site).registrar.devices[DEVICE]
    assert device.online
    assert device.source.host == "127.0.0.1"
    text = (await site.http("GET", "/metrics")).body.decode()
    assert 'ganying_gb28181_refused_total{code="WRONG_DIGEST"} 1.0' in text


@pytest.mark.parametrize("media", ["tcp_passive", "tcp_active"])
@pytest_twisted.ensureDeferred
async def test_pictures_come_over_tcp_whoever_connects(tmp_path: Path, media: str) -> None:
    site = await started(tmp_path, media=media)
    try:
        port = free_port()
        await registered(site, port=port)
        viewer = await watch(site.port, site.tokens["dispatcher"])
        with socket(AF_INET, SOCK_STREAM) as waiting:
            waiting.bind(("127.0.0.1", 0))
            waiting.listen(1)
            setup = {
                "media": waiting.getsockname()[1],
                "setup": "active" if media == "tcp_passive" else "passive",
            }
            with sipp("play_tcp", site, port=port, **setup):
                stream_id = await stream(site)
                viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
                await until(lambda: spoken(site).reason(stream_id) == "")
                order = spoken(site).order(stream_id)
                assert order is not None
                sent = b"".join(framed(each) for each in RtpWriter(order.ssrc, 96).packets(FILM, 0))
                line = await deferToThread(connected, waiting, order.port if media == "tcp_passive" else 0)
                await until(lambda: site.site.video.line(stream_id).viewers)
                with line:
                    line.sendall(sent[:3_000])
                    line.sendall(sent[3_000:])
                    # in one burst: of what waits for the site only the newest group of pictures is kept
                    await until(lambda: set(shown(viewer)) >= set(range(FRAMES - 10, FRAMES)))
    finally:
        await site.stop()


def connected(waiting: socket, port: int) -> socket:
    """A device's connection for pictures: its own to us, or ours to it."""
    if port:
        return create_connection(("127.0.0.1", port), timeout=60)
    waiting.settimeout(60)
    return waiting.accept()[0]


async def standing(site: Running, stream_id: str) -> Any:
    return (await site.http("GET", f"video/streams/{stream_id}", role="dispatcher")).json["standing"]


async def until_async(ask: Any, fits: Any) -> None:
    """Asked again and again until the answer fits."""
    for _ in range(3_000):  # a minute
        if fits(await ask()):
            return
        await pause()
    raise AssertionError("never")


def request(method: str, body: bytes = b"", more: str = "") -> bytes:
    """What somebody says in the device's name."""
    return (
        f"{method} sip:{PLATFORM}@3601000000 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bKf\r\n"
        f"From: <sip:{DEVICE}@3601000000>;tag=f\r\nTo: <sip:{DEVICE}@3601000000>\r\nCall-ID: f\r\n"
        f"CSeq: 1 {method}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def hijack() -> bytes:
    """A REGISTER with somebody else's nonce."""
    said = f'Digest username="{DEVICE}", realm="3601000000", nonce="{"0" * 44}", uri="sip:x", response="{"0" * 32}"'
    return request("REGISTER", more=f"Authorization: {said}\r\n")


def alive() -> bytes:
    """A keep-alive from elsewhere."""
    return request("MESSAGE", manscdp.keepalive(DEVICE, 1))


@pytest_twisted.ensureDeferred
async def test_a_device_over_tcp_is_online_for_as_long_as_its_connection(site: Running) -> None:
    await played("register", site, port=free_port(SOCK_STREAM), tcp=True)
    await until(lambda: not spoken(site).registrar.devices[DEVICE].online)
    device = spoken(site).registrar.devices[DEVICE]
    assert device.source.connection > 0
    assert device.why == "disconnected"
