"""Video pulled by FFmpeg as a conference system does: only what was offered, written down, ended at once."""

import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from adapters.rooms.sources.sources import Sources
from dispatch.conference_commands import BeginPull
from dispatch.conference_records import MAP
from tests.adapters.rooms.sources.pulling import Called, conference, pull, pulled, with_login
from tests.adapters.web.filming import camera, free_port, registered, until
from tests.clips import clip, number_of


def shown(frames: list[Any]) -> set[int]:
    return {number_of(each[..., 0]) for each in frames}


def refused(there: Called, code: str) -> float:
    return (
        there.site.site.metrics.registry.get_sample_value("ganying_conference_refused_total", {"code": code})
        or 0
    )


def lasting(there: Called) -> list[Any]:
    """Pulls that the journal says last."""
    calls = there.site.desk.world.conference_calls.values()
    return [each for one in calls for each in one.pulls if each.ended_at is None]


@pytest_twisted.ensureDeferred
async def test_a_stream_that_is_offered_is_pulled_by_both_ways_and_written_down(tmp_path: Path) -> None:
    async with conference(tmp_path) as there:
        stream_id, port = await registered(there.site)
        other_id, _ = await registered(there.site)
        with camera(port):
            urls = await there.call(streams=[stream_id])
            seen = await pulled(urls["video"], 12)
            assert len(shown(seen)) > 8
            assert shown(seen) <= set(range(20))
            assert shown(await pulled(urls["video"], 12, rtsp_transport="udp")) <= set(range(20))
            wrong = urls["video"].replace(stream_id, other_id)
            for path, code in ((wrong, "404"), (urls["video"][:-1] + "_", "404")):
                with pytest.raises(av.error.FFmpegError, match=code):
                    await pulled(path)
        await until(lambda: not lasting(there))
        viewings = (await there.site.http("GET", "video/viewings", role="auditor")).json["items"]
        assert [(each["who"], each["stream_id"]) for each in viewings] == [("conference", stream_id)] * 2
        assert viewings[0]["purpose"].startswith("会议引接 36-CNF-")
        told = await there.sources()
        assert {each["id"] for each in told["offerable"]} == {stream_id, other_id}
        (call,) = told["calls"]
        assert [each["address"] for each in call["pulls"]] == ["127.0.0.1"] * 2
        assert all(each["ended_at"] for each in call["pulls"])
        assert refused(there, "UNKNOWN_ID") == 2
        lines = (await there.site.http("GET", "logbook", role="duty_chief")).json["items"]
        assert any("向会议系统提供画面" in each["zh"] for each in lines)


@pytest_twisted.ensureDeferred
async def test_nobody_pulls_without_the_login(tmp_path: Path) -> None:
    async with conference(tmp_path) as there:
        stream_id, port = await registered(there.site)
        with camera(port, clip(20, group=10, codec="libx265"), every_s=0.01):
            urls = await there.call(streams=[stream_id])
            for login in (
                urls["video"],
                with_login(urls["video"], password="wrong"),
                with_login(urls["video"], "x"),
            ):
                with pytest.raises(av.error.HTTPUnauthorizedError):
                    await deferToThread(pull, login, 1)
            assert refused(there, "UNAUTHORIZED") >= 2
            assert lasting(there) == []
            assert len(shown(await pulled(urls["video"], 12))) > 8  # H.265


@pytest.mark.parametrize("end", ["taken back", "expired", "removed"])
@pytest_twisted.ensureDeferred
async def test_a_pull_ends_at_once_with_what_it_is_for(tmp_path: Path, end: str) -> None:
    async with conference(tmp_path) as there:
        stream_id, port = await registered(there.site)
        first, over = threading.Event(), threading.Event()

        def watch(url: str) -> None:
            with av.open(url, options={"rtsp_transport": "tcp"}, timeout=60) as stream:
                for _ in stream.decode(video=0):
                    first.set()
            over.set()

        with camera(port):
            url = with_login((await there.call(streams=[stream_id]))["video"])
            watching = deferToThread(watch, url)
            await until(first.is_set)
            (call,) = (await there.sources())["calls"]
            assert [(each["source_id"], each["ended_at"]) for each in call["pulls"]] == [(stream_id, None)]
            http = there.site.http
            match end:
                case "taken back":
                    body = {"source_id": stream_id, "reason": "画面涉及营区"}
                    path = f"{there.room}/calls/{call['id']}/take-back"
                    assert (await http("POST", path, body, role="observer")).status == 404
                    assert (await http("POST", path, body, role="dispatcher")).status == 200
                case "expired":
                    there.site.clock.forward(hours=5)
                case "removed":
                    body = {"version": 1, "reason": "拆除"}
                    await http("POST", f"video/streams/{stream_id}/remove", body, role="dispatcher")
            await watching
            assert over.is_set()
            with pytest.raises(av.error.FFmpegError, match=r"4\d\d"):
                await deferToThread(pull, url, 1)
            await until(lambda: not lasting(there))
            if end != "expired":  # then the dispatcher's session is over, too
                assert (await there.sources())["over"] == [call["id"]]


@pytest_twisted.ensureDeferred
async def test_a_call_that_does_not_come_about_leaves_nothing_to_pull(tmp_path: Path) -> None:
    async with conference(tmp_path) as there:
        stream_id, _ = await registered(there.site)
        there.system.mood.append(503)
        body = {"streams": [stream_id], "map": True}
        answer = await there.site.http("POST", f"{there.room}/call", body, role="dispatcher")
        assert (answer.status, answer.json["code"]) == (409, "CONFERENCE_DOWN")
        told = await there.sources()
        assert told["over"] == [each["id"] for each in told["calls"]]
        assert {each["reason"] for each in told["calls"][0]["sources"]} == {"CONFERENCE_DOWN"}
        urls = [each["url"] for each in there.system.requests[-1]["sources"]]
        for url in urls:
            with pytest.raises(av.error.FFmpegError, match="4XX"):
                await pulled(url)
        answer = await there.site.http("POST", f"{there.room}/call", body, role="observer")
        assert answer.status == 404


@pytest_twisted.ensureDeferred
async def test_a_pull_that_a_crash_left_open_is_over_when_the_site_is_back(tmp_path: Path) -> None:
    async with conference(tmp_path) as there:
        await there.call(map=True)
        (call,) = there.site.desk.world.conference_calls.values()
        await there.site.ask(BeginPull(call_id=call.id, source_id=MAP, address="10.36.0.9"))
        assert len(lasting(there)) == 1
        assert there.conferencing.sources is not None
        settings = replace(
            there.conferencing.sources.settings, port=free_port(socket.SOCK_STREAM), udp_port=0
        )
        video: Any = there.site.site.video
        again = Sources(
            settings=settings,
            desk=there.site.desk,
            video=video,
            maps=video,
            clock=there.site.clock,
            metrics=there.site.site.metrics,
            reactor=reactor,
        )
        again.start()
        await until(lambda: not lasting(there))
        await again.stop()
