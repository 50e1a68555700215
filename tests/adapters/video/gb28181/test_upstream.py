"""An upper platform that SIPp plays: it lets us register, sees what it may, watches with purpose, and nothing else leaves."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, socket
from typing import Any

import av
import pytest_twisted
from twisted.internet.threads import deferToThread

from dispatch import ids
from protocols.gb28181.rtp import RtpStream
from tests.adapters.video.gb28181.site import above, free_port, played, sipp, spoken, started, stream, until
from tests.adapters.web.running import Running
from tests.adapters.web.test_video import camera
from tests.clips import number_of
from tests.sipp import CHANNEL, UPPER, needs_sipp

pytestmark = needs_sipp


def stream_named(key: str) -> str:
    """The id that a stream registered by the dispatcher with this key gets."""
    return ids.derive("36", "VID", f"dispatcher\0{key}")


class Cascade:
    """A site with a stream that an upper platform may see, and the platform's port."""

    def __init__(self, site: Running, port: int, camera_port: int) -> None:
        self.site, self.port, self.camera_port = site, port, camera_port
        self.upstream = spoken(site).upstreams[UPPER]
        self.stream_id = stream_named("cascade")


async def cascade(folder: Path, *, port: int = 0, **how: Any) -> Cascade:
    port, camera_port = port or free_port(), free_port()
    site = await started(folder, more=above(port, stream_named("cascade"), **how))
    body = {"name": "吊舱", "source": "ts_udp", "address": str(camera_port), "carrier": "fixed"}
    made = await site.http(
        "POST", "video/streams", body, role="dispatcher", headers={"Idempotency-Key": "cascade"}
    )
    assert made.json["stream"]["id"] == stream_named("cascade")
    return Cascade(site, port, camera_port)


@pytest_twisted.async_yield_fixture
async def below(tmp_path: Path) -> AsyncIterator[Cascade]:
    made = await cascade(tmp_path)
    yield made
    await made.site.stop()


def decoded(packets: list[bytes]) -> list[int]:
    """The numbers of the frames, as FFmpeg's libraries read the programme stream."""
    with av.open(io.BytesIO(b"".join(each[12:] for each in packets)), format="mpeg") as film:
        return [number_of(frame.to_ndarray(format="gray")) for frame in film.decode(video=0)]


def drain(taking: socket) -> list[bytes]:
    found = []
    taking.setblocking(False)
    try:
        while True:
            found.append(taking.recv(65_535))
    except BlockingIOError:
        return found


@pytest_twisted.ensureDeferred
async def test_we_register_are_listed_watched_with_purpose_and_let_go(below: Cascade) -> None:
    site, port = below.site, below.port
    await played("upstream_register", site, port=port)
    await until(lambda: below.upstream.state == "registered")
    await stream(
        site, name="不上报", source="ts_udp", address=str(free_port())
    )  # nobody names it: it is not told
    await played("upstream_asks", site, port=port)
    await played("upstream_hears", site, port=port)
    with socket(AF_INET, SOCK_DGRAM) as taking, camera(below.camera_port, every_s=0.01):
        taking.bind(("127.0.0.1", 0))
        line = site.site.video.line(below.stream_id)
        await until(lambda: line.gop.frames)
        with sipp("upstream_play", site, port=port, media=taking.getsockname()[1], watch_ms=3_000) as playing:
            await until(lambda: line.viewers)
            told = (await site.http("GET", "video/gb28181", role="sysadmin")).json
            await deferToThread(playing.wait)
        packets = drain(taking)
    assert {int.from_bytes(each[8:12]) for each in packets} == {100_000_077}
    seen = decoded(packets)
    assert len(seen) > 10
    assert set(seen) <= set(range(20))
    await until(lambda: not line.viewers)
    (platform,) = told["platforms"]
    assert (platform["state"], platform["channels"]) == ("registered", {CHANNEL: below.stream_id})
    assert [each["stream_id"] for each in platform["watched"]] == [below.stream_id]
    assert (await site.http("GET", "video/gb28181", role="operator")).status == 403
    (viewing,) = (await site.http("GET", "video/viewings", role="auditor")).json["items"]
    assert (viewing["who"], viewing["platform"], viewing["role"]) == (f"gb28181:{UPPER}", UPPER, None)
    assert viewing["purpose"] == f"级联点播 省平台 {CHANNEL}:0100000077,{UPPER}:0"


@pytest_twisted.ensureDeferred
async def test_what_is_not_shared_and_where_it_may_not_go(below: Cascade) -> None:
    site, port = below.site, below.port
    await played("upstream_register", site, port=port)
    refusals = spoken(site).endpoint.counts
    for code, how in (
        ("NOT_SHARED", {"channel": "36010000001310000099"}),
        ("OTHER_MEDIA_HOST", {"media_host": "127.0.0.9"}),
    ):
        await played("upstream_refused", site, port=port, **how)
        assert refusals[code] == 1
    assert (await site.http("GET", "video/viewings", role="auditor")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_a_platform_that_does_not_answer_keep_alives_is_sent_nothing_more(tmp_path: Path) -> None:
    below = await cascade(tmp_path, keepalive_s=1)
    site, port = below.site, below.port
    try:
        await played("upstream_register", site, port=port)
        with socket(AF_INET, SOCK_DGRAM) as taking, camera(below.camera_port, every_s=0.01):
            taking.bind(("127.0.0.1", 0))
            line = site.site.video.line(below.stream_id)
            await until(lambda: line.gop.frames)
            with sipp("upstream_play", site, port=port, media=taking.getsockname()[1], watch_ms=60_000):
                await until(lambda: line.viewers)
            await until(lambda: below.upstream.state == "down" and not line.viewers)
            assert below.upstream.reason == "no_keepalive"
            drain(taking)
            await until(lambda: below.upstream.state == "registering")  # again, from the beginning
            assert drain(taking) == []
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_pictures_go_over_tcp_to_a_platform_that_waits_for_them(below: Cascade) -> None:
    site, port = below.site, below.port
    await played("upstream_register", site, port=port)
    with socket(AF_INET, SOCK_STREAM) as waiting, camera(below.camera_port, every_s=0.01):
        waiting.bind(("127.0.0.1", 0))
        waiting.listen(1)
        line = site.site.video.line(below.stream_id)
        await until(lambda: line.gop.frames)
        media = {"media": waiting.getsockname()[1], "media_transport": "TCP/", "setup": "passive"}
        with sipp("upstream_play", site, port=port, watch_ms=3_000, **media) as playing:
            data = await deferToThread(taken, waiting)
            await deferToThread(playing.wait)
    packets = RtpStream().feed(data)
    assert len(decoded(packets)) > 10


def taken(waiting: socket) -> bytes:
    """What comes over a connection until it is closed."""
    waiting.settimeout(60)
    connection, _ = waiting.accept()
    with connection:
        connection.settimeout(60)
        made = bytearray()
        try:
            while some := connection.recv(65_536):
                made += some
        except ConnectionResetError:
            pass  # as we end it
        return bytes(made)


@pytest_twisted.ensureDeferred
async def test_a_platform_is_registered_with_over_tcp(tmp_path: Path) -> None:
    port = free_port(SOCK_STREAM)
    below = await cascade(tmp_path, port=port, transport="tcp")
    try:
        await until(lambda: below.upstream.reason.startswith("cannot_connect"))  # it is not there yet
        await played("upstream_register", below.site, port=port, tcp=True)  # tried again
        await until(lambda: below.upstream.reason == "disconnected")  # as SIPp ends
    finally:
        await below.site.stop()
