"""Senders that nobody registered: told to the desk, bound to the aircraft they say they are on, and never more."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest_twisted
from twisted.internet.task import LoopingCall

from protocols.gen import video_pb2
from tests.adapters.desks import pause
from tests.adapters.web.filming import CLIP, camera, free_port, pictures, said, until
from tests.adapters.web.running import Running
from tests.adapters.web.talking import watch
from tests.clips import datagrams
from tests.klv_sent import said as klv_said
from tests.klv_tagged import tagged

PORTS = [0, 0, 0]  # of the test that runs


async def site(tmp_path: Path, more: str = "", allowed: str = "127.0.0.1/32") -> Running:
    """A site that listens at three ports."""
    PORTS[:] = [free_port(socket.SOCK_DGRAM) for _ in PORTS]
    options = f'discovery_ports = {PORTS}\ndiscovery_from = ["{allowed}"]\ndiscovery_senders = 2'
    return await Running.start(tmp_path, video=True, filming=f"{options}\n{more}")


@pytest_twisted.async_yield_fixture
async def filming(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that listens for unknown senders."""
    running = await site(tmp_path)
    yield running
    await running.stop()


async def senders(running: Running, role: str = "dispatcher") -> Any:
    return (await running.http("GET", "video/senders", role=role)).json


async def until_told(running: Running, probe: Any) -> Any:
    """The senders, once they are as wanted."""
    while True:
        told = await senders(running)
        if probe(told["items"]):
            return told["items"]
        await pause()


@pytest_twisted.ensureDeferred
async def test_an_unknown_sender_is_told_with_a_picture_and_registered_by_its_own_form(
    filming: Running,
) -> None:
    port = PORTS[0]
    with camera(port):
        (told,) = await until_told(filming, lambda items: items and items[0]["kbps"])
        assert (told["address"], told["port"], told["claim"]) == ("127.0.0.1", port, None)
        assert (told["width"], told["height"], told["codec"][:4]) == (320, 240, "avc1")
        still = await filming.http("GET", f"video/senders/{told['id']}/still", role="dispatcher")
        assert still.body[:3] == b"\xff\xd8\xff"
        assert (await filming.http("GET", f"video/senders/{told['id']}/still", role="sysadmin")).status == 404
        for role, status in (("sysadmin", 200), ("observer", 403), ("operator", 403)):
            assert (await filming.http("GET", "video/senders", role=role)).status == status
        assert told["terms"]["address"] == str(port)
        made = await filming.http("POST", "video/streams", told["terms"], role="dispatcher")
        assert made.status == 201, made.body
        viewer = await watch(filming.port, filming.tokens["dispatcher"])
        viewer.say(watch=video_pb2.VideoWatch(stream_id=made.json["stream"]["id"]))
        await viewer.hear("picture")
        await until_told(filming, lambda items: not items)


@pytest_twisted.ensureDeferred
async def test_garbage_and_more_senders_than_there_is_room_for(filming: Running) -> None:
    def counted(why: str) -> bool:
        return f'ganying_video_discovery{{why="{why}"}}' in filming.site.metrics.text().decode()

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:

        def shouted() -> bool:
            for part in (b"", b"G" * 187, b"\x00" * 188, b"G" + bytes(375), b"G" * 188 * 3):
                noise.sendto(part, ("127.0.0.1", PORTS[0]))
            return counted("garbage")

        await until(shouted)
    with camera(PORTS[0]):
        await until_told(filming, lambda items: len(items) == 1)
        with camera(PORTS[1]):
            before = await until_told(
                filming, lambda items: {each["port"] for each in items} == set(PORTS[:2])
            )
            with camera(PORTS[2]):
                await until_told(filming, lambda items: PORTS[2] in {each["port"] for each in items})
                now = (await senders(filming))["items"]
                assert len(now) <= 2
                assert len(before) == 2
                await until(lambda: counted("dropped"))


async def on_task(running: Running) -> str:
    """B-70K3, for an incident."""
    ordered = await running.ordered()
    assert ordered["aircraft_id"] == "B-70K3"
    path = f"taskings/{ordered['id']}/accept"
    await running.act(path, "operator", ordered["version"])
    tasking_id: str = ordered["id"]
    return tasking_id


@contextmanager
def speaking(port: int, names: dict[int, str]) -> Iterator[None]:
    """A camera whose KLV says who it is."""
    film = tagged(CLIP, klv_said(names))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        parts, place = list(datagrams(film, packets=2)), 0

        def send() -> None:
            nonlocal place
            out.sendto(parts[place % len(parts)], ("127.0.0.1", port))
            place += 1

        sending = LoopingCall(send)
        sending.start(0.01)
        try:
            yield
        finally:
            sending.stop()


def streams(running: Running) -> list[Any]:
    return [each for each in running.desk.world.video_streams.values() if each.removed_at is None]


@pytest_twisted.ensureDeferred
async def test_an_aircraft_on_task_that_says_its_tail_number_is_bound_and_its_beginning_told_once(
    filming: Running,
) -> None:
    aircraft = filming.desk.world.aircraft["B-70K3"]
    with speaking(PORTS[0], {4: "b70k3"}):
        (told,) = await until_told(filming, lambda items: items and items[0]["claim"])
        assert told["claim"] == {"aircraft_id": "B-70K3", "by": "tail_number", "said": "b70k3"}
        assert told["terms"]["carrier_id"] == "B-70K3"
        assert aircraft.name in told["terms"]["name"]
        assert not streams(filming)  # on no task: people decide
        tasking = await on_task(filming)
        await until(lambda: streams(filming))
        (bound,) = streams(filming)
        assert (bound.terms.carrier_id, bound.terms.address, bound.saved_by) == (
            "B-70K3",
            str(PORTS[0]),
            "site",
        )
        assert "tail_number" in bound.history[0].reason
        await until(lambda: streams(filming)[0].began_tasking_id == tasking)
    # the next hiccup is no start
    began_at = streams(filming)[0].began_at
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=bound.id))
    await viewer.hear("standings", lambda each: each.streams[0].state == 2)
    with speaking(PORTS[0], {4: "b70k3"}):
        await until(lambda: pictures(viewer))
        await viewer.hear("standings", lambda each: each.streams[0].state == 1, new=True)
        await until_told(filming, lambda _: True)
    assert streams(filming)[0].began_at == began_at
    gone = await filming.http(
        "POST", f"video/streams/{bound.id}/remove", {"version": 1, "reason": "冒名"}, role="dispatcher"
    )
    assert gone.status == 200, gone.body
    with speaking(PORTS[0], {4: "B-70K3"}):
        await until_told(filming, lambda items: items and items[0]["claim"])
        assert not streams(filming)  # what people took away does not come back by itself


@pytest_twisted.ensureDeferred
async def test_the_sites_own_table_binds_without_a_word_of_the_sender(tmp_path: Path) -> None:
    running = await site(tmp_path, 'discovery_aircraft = { "127.0.0.1" = "B-70K3" }')
    try:
        with camera(PORTS[0]):
            await until(lambda: streams(running))
        assert streams(running)[0].terms.carrier_id == "B-70K3"
    finally:
        await running.stop()


@pytest_twisted.ensureDeferred
async def test_who_is_in_no_allowed_network_is_not_heard(tmp_path: Path) -> None:
    running = await site(tmp_path, allowed="10.36.0.0/16")
    try:
        with camera(PORTS[0]):
            counted = 'ganying_video_discovery{why="not_allowed"}'
            await until(lambda: counted in running.site.metrics.text().decode())
        assert (await senders(running)) == {"listening": True, "items": []}
        made = await running.http("POST", "video/streams", said(PORTS[0]), role="dispatcher")
        assert made.status == 201  # a registered stream hears whom it likes
    finally:
        await running.stop()
