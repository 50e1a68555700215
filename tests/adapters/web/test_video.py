"""Video on a running site: registered, taken in by a real process, relayed to real sockets, watched by who may."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_twisted

from adapters.video import line as line_module
from protocols.gen import kinds_pb2, video_pb2
from protocols.klv import decode, split
from tests.adapters.web.filming import FRAMES, camera, pictures, registered, said, state, until
from tests.adapters.web.running import Running
from tests.adapters.web.talking import watch
from tests.clips import numbers


@pytest_twisted.async_yield_fixture
async def filming(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that takes video."""
    running = await Running.start(tmp_path, video=True)
    yield running
    await running.stop()


@pytest_twisted.ensureDeferred
async def test_a_stream_is_registered_taken_in_watched_and_written_down(filming: Running) -> None:
    stream_id, port = await registered(filming)
    first = await watch(filming.port, filming.tokens["dispatcher"])
    first.say(watch=video_pb2.VideoWatch(stream_id=stream_id, purpose="火场侦察"))
    with camera(port):
        await first.hear("picture", lambda each: each.key)
        await until(lambda: len(pictures(first)) > 25)
        live = await first.hear(
            "standings", lambda each: state(each, stream_id).state == kinds_pb2.VIDEO_STATE_LIVE
        )
        late = await watch(filming.port, filming.tokens["duty_chief"])
        late.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
        await until(lambda: len(pictures(late)) > 3)
        await first.hear("standings", lambda each: state(each, stream_id).format.codec)
        await first.hear(  # counts are told a little after what they count
            "standings",
            lambda each: any(c.name == "units" and c.count > 25 for c in state(each, stream_id).counts),
        )
    assert state(live, stream_id).viewers == 1
    seen = pictures(first)
    assert seen[0].key
    assert (seen[0].format.width, seen[0].format.height) == (320, 240)
    shown = numbers([each.data for each in seen])
    assert set(range(10)) <= set(shown) <= set(range(FRAMES))
    assert pictures(late)[0].key  # at once, from what is kept

    listed = await filming.http("GET", "video/viewings", role="auditor")
    assert [(each["who"], each["purpose"]) for each in listed.json["items"]] == [
        ("duty_chief", ""),
        ("dispatcher", "火场侦察"),
    ]
    told = await filming.http("GET", f"video/streams/{stream_id}", role="auditor")
    assert told.json["standing"]["codec"].startswith("avc1.")
    assert told.json["standing"]["counts"]["units"] > 25


@pytest_twisted.ensureDeferred
async def test_a_process_that_is_killed_is_made_again_and_viewers_go_on_at_a_key_frame(
    filming: Running,
) -> None:
    stream_id, port = await registered(filming)
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    video = filming.site.video
    assert video is not None
    with camera(port):
        await viewer.hear("picture")
        pid = video.processes[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: any(each.epoch != pictures(viewer)[0].epoch for each in pictures(viewer)))
    again = next(each for each in pictures(viewer) if each.epoch != pictures(viewer)[0].epoch)
    assert again.key
    assert again.epoch > pictures(viewer)[0].epoch


@pytest_twisted.ensureDeferred
async def test_who_may_not_watch_is_refused_by_name_and_a_removed_stream_ends(filming: Running) -> None:
    desk_only, _ = await registered(filming)
    shared, _ = await registered(filming, audience="operation", source="ts_tcp")
    for role, stream_id, code in (
        ("operator", desk_only, "UNKNOWN_ID"),
        ("other_operator", shared, "UNKNOWN_ID"),
        ("atc", shared, "UNKNOWN_ID"),
        ("sysadmin", shared, "UNKNOWN_ID"),
    ):
        viewer = await watch(filming.port, filming.tokens[role])
        viewer.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
        assert (await viewer.hear("refused")).code == code, role
        viewer.sendClose()
    operator = await watch(filming.port, filming.tokens["operator"])
    operator.say(watch=video_pb2.VideoWatch(stream_id=shared))
    await operator.hear("standings", lambda each: state(each, shared) and state(each, shared).watched)
    assert state((await operator.hear("standings")), desk_only) is None
    removed = await filming.http(
        "POST", f"video/streams/{shared}/remove", {"version": 1, "reason": "任务结束"}, role="dispatcher"
    )
    assert removed.status == 200
    assert (await operator.hear("refused")).code == "NO_MORE"
    listed = await filming.http("GET", "video/streams", role="dispatcher")
    assert [each["stream"]["id"] for each in listed.json["items"]] == [desk_only]


@pytest_twisted.ensureDeferred
async def test_a_session_that_ends_ends_what_it_watches(filming: Running) -> None:
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    await filming.http("DELETE", "session", role="dispatcher")
    assert (await viewer.hear("failure")).code == "UNAUTHENTICATED"
    await viewer.gone()


@pytest_twisted.ensureDeferred
async def test_a_source_that_stops_is_stalled_and_then_down(filming: Running, monkeypatch: Any) -> None:
    monkeypatch.setattr(line_module, "DOWN_S", 3.0)
    stream_id, port = await registered(filming)
    viewer = await watch(filming.port, filming.tokens["dispatcher"])
    with camera(port):
        await viewer.hear(
            "standings", lambda each: state(each, stream_id).state == kinds_pb2.VIDEO_STATE_LIVE
        )
    for expected in (kinds_pb2.VIDEO_STATE_STALLED, kinds_pb2.VIDEO_STATE_DOWN):
        told = await viewer.hear(
            "standings", lambda each, wanted=expected: state(each, stream_id).state == wanted, new=True
        )
        assert state(told, stream_id).reason == "silent"


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_registered_is_refused_by_name(filming: Running) -> None:
    _, port = await registered(filming)
    for change, status, code in (
        ({"name": "另一个"}, 409, "PORT_TAKEN"),
        ({"address": "80", "name": "a"}, 409, "ADDRESS"),
        ({"address": "10.0.0.1:5000", "name": "a"}, 409, "ADDRESS"),
        ({"address": "rtsp://u:p@camera/1", "source": "rtsp", "name": "a"}, 409, "ADDRESS"),
        ({"address": "file:///etc/passwd", "source": "rtsp", "name": "a"}, 409, "ADDRESS"),
        ({"address": str(port + 1), "carrier_id": "B-NONE", "name": "a"}, 404, "UNKNOWN_ID"),
        ({"carrier": "fixed", "name": "a"}, 409, "CARRIER"),
    ):
        refused = await filming.http("POST", "video/streams", said(port) | change, role="dispatcher")
        assert (refused.status, refused.json["code"]) == (status, code), change
    assert (await filming.http("POST", "video/streams", said(port), role="observer")).status == 403
    assert (await filming.http("GET", "video/viewings", role="dispatcher")).status == 403


@pytest_twisted.ensureDeferred
async def test_klv_beside_the_pictures_is_told_as_where_the_camera_looks(filming: Running) -> None:
    """A recorded flight's packets, of which the newest is told when it is asked for."""
    stream_id, port = await registered(filming)
    watcher = await watch(filming.port, filming.tokens["dispatcher"])
    watcher.say(watch=video_pb2.VideoWatch(stream_id=stream_id))
    await watcher.hear("standings", lambda each: state(each, stream_id).watched)
    data = Path(__file__).parents[2] / "data/klv"
    frames = [
        decode(each) for each in split((data / "day_flight.klv").read_bytes()) if isinstance(each, bytes)
    ]
    with camera(port, (data / "day_flight_h264_part.ts").read_bytes(), every_s=0.01):
        told = await watcher.hear("look", lambda each: len(each.corners) == 4)
    (said,) = (each for each in frames if each.sensor_lon_deg == told.sensor.lon_deg)
    assert (said.sensor_lat_deg, said.slant_range_m) == (told.sensor.lat_deg, told.slant_range_m)
    assert said.time_utc is not None
    assert told.said_us == round(said.time_utc.timestamp() * 1e6)
    assert told.corners_by in ("stated", "angles", "centre")
    assert told.level  # this site has no terrain
