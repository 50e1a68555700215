"""Recordings on a running site: written by a real process, searched, watched and taken away by who may, all written down."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from adapters.video.recording.recorder import RecordingReport
from protocols.gen import video_pb2
from protocols.klv.local_set import LABEL
from tests.adapters.web.running import Response, Running
from tests.adapters.web.test_video import camera, registered
from tests.clips import clip, number_of, numbers

FILM = clip(60, group=15)
FLIGHT = (Path(__file__).parents[2] / "data/klv/day_flight_h264_part.ts").read_bytes()


@pytest_twisted.async_yield_fixture
async def filming(tmp_path: Path) -> AsyncIterator[Running]:
    """A site that takes video."""
    running = await Running.start(tmp_path, video=True)
    yield running
    await running.stop()


async def soon() -> None:
    waiting: Deferred[None] = Deferred()
    reactor.callLater(0.05, waiting.callback, None)  # type: ignore[attr-defined]  # the reactor's
    await waiting


async def recordings(site: Running, probe: Any, query: str = "", role: str = "dispatcher") -> Any:
    """The list, as soon as it is as it should be."""
    now = datetime.now(UTC)  # what is recorded has the machine's time
    span = "&".join(
        f"{name}={now + timedelta(hours=by):%Y-%m-%dT%H:%M:%SZ}" for name, by in (("from", -1), ("to", 1))
    )
    for _ in range(400):
        answer = await site.http("GET", f"video/recordings?{span}&{query}", role=role)
        assert answer.status == 200, answer.body
        if probe(answer.json["items"]):
            return answer.json["items"]
        await soon()
    raise AssertionError(answer.json)


async def part(site: Running, stream_id: str, span: Any, role: str, more: str = "") -> Response:
    query = f"from={span['from']}&to={span['to']}{more}".replace("+", "%2B")
    return await site.http("GET", f"video/recordings/{stream_id}/part?{query}", role=role)


@pytest_twisted.ensureDeferred
async def test_a_stream_is_recorded_searched_replayed_exported_and_all_is_written_down(
    filming: Running,
) -> None:
    stream_id, port = await registered(filming)
    flight_id, flight_port = await registered(filming, carrier="drone", carrier_id="thing:uav1")
    with camera(port, FILM, every_s=0.01), camera(flight_port, FLIGHT, every_s=0.01):
        await recordings(filming, lambda rows: len(rows) == 2 and all(each["pictures"] > 30 for each in rows))
        still = await filming.http("GET", f"video/streams/{stream_id}/still", role="duty_chief")
        assert (still.status, still.headers["content-type"]) == (200, "image/jpeg")
        with av.open(BytesIO(still.body), "r") as file:
            newest = number_of(next(file.decode(video=0)).to_ndarray(format="gray"))
        assert newest % 15 == 0
        known = await filming.http(
            "GET",
            f"video/streams/{stream_id}/still",
            role="duty_chief",
            headers={"If-None-Match": still.headers["etag"]},
        )
        assert known.status in (200, 304)  # a newer one may have been made meanwhile
        assert (known.status == 304) == (known.headers["etag"] == still.headers["etag"])
        for role in ("operator", "atc", "sysadmin"):
            refused = await filming.http("GET", f"video/streams/{stream_id}/still", role=role)
            assert refused.status == 404, role
    (row,) = await recordings(filming, len, f"stream_id={stream_id}")
    video = filming.site.video
    assert video is not None
    well = await filming.http("GET", "health")
    assert {each["kind"]: each["state"] for each in well.json["services"]}["recording"] == "ok"
    full = RecordingReport(state="full", detail="No space left on device")
    video.recordings.reported("video-9", full)  # as a process whose disk is full says
    ill = await filming.http("GET", "health")
    assert {each["kind"]: each["state"] for each in ill.json["services"]}["recording"] == "down"
    assert ill.json["status"] == "degraded"
    video.recordings.reported("video-9", RecordingReport(state="ok"))
    assert (row["stream_id"], row["carrier_id"], row["width"]) == (stream_id, "B-70K3", 320)
    for role in ("operator", "atc", "sysadmin", "auditor"):
        listed = await filming.http("GET", "video/recordings", role=role)
        assert listed.json["items"] == [], role
    assert await recordings(filming, lambda _: True, "incident_id=36-INC-NONE") == []
    assert await recordings(filming, lambda _: True, "bbox=115,27,116,28") == []
    (flown,) = await recordings(filming, len, "bbox=-110.047,54.748,-110.045,54.75")
    assert (flown["stream_id"], flown["seen"]["from"] <= flown["seen"]["to"]) == (flight_id, True)
    drone = await part(filming, flight_id, flown["seen"], "dispatcher", "&begin=true")
    told = [
        video_pb2.VideoTold.FromString(each) for each in video_pb2.VideoRecorded.FromString(drone.body).told
    ]
    looks = [each.look for each in told if each.WhichOneof("body") == "look"]
    assert looks
    assert abs(looks[0].centre.lon_deg + 110.0465) < 0.001

    said = await part(filming, stream_id, row, "dispatcher", "&begin=true&purpose=%E5%A4%8D%E7%9B%98")
    assert said.status == 200, said.body
    wire = video_pb2.VideoRecorded.FromString(said.body)
    pictures = [video_pb2.VideoTold.FromString(each).picture for each in wire.told]
    assert pictures[0].key
    shown = numbers([each.data for each in pictures])
    assert len(shown) > 30
    assert set(shown) <= set(range(60))
    again = await part(filming, stream_id, row, "dispatcher", "&keys=true")
    keys = video_pb2.VideoRecorded.FromString(again.body)
    assert all(video_pb2.VideoTold.FromString(each).picture.key for each in keys.told)
    assert (await part(filming, stream_id, row, "operator")).status == 404
    replays = await filming.http("GET", "video/replays", role="auditor")
    written = [(each["who"], each["stream_id"], each["purpose"]) for each in replays.json["items"]]
    assert written == [("dispatcher", stream_id, "复盘"), ("dispatcher", flight_id, "")]
    then = await filming.http(
        "GET", f"video/recordings/{stream_id}/still?at={row['from']}".replace("+", "%2B"), role="dispatcher"
    )
    assert (then.status, then.body[:3]) == (200, b"\xff\xd8\xff")

    wanted = {"stream_id": stream_id, "from": row["from"], "to": row["to"], "reason": "事故调查"}
    headers = {"Idempotency-Key": "clip-1"}
    assert (await filming.http("POST", "video/clips", wanted, role="operator")).status == 403
    made = await filming.http("POST", "video/clips", wanted, role="dispatcher", headers=headers)
    assert made.status == 201, made.body
    one = made.json["clip"]
    assert (one["exported_by"], one["reason"], one["width"]) == ("dispatcher", "事故调查", 320)
    once_more = await filming.http("POST", "video/clips", wanted, role="dispatcher", headers=headers)
    assert once_more.json["clip"]["id"] == one["id"]
    taken = await filming.http("GET", f"video/clips/{one['id']}/file", role="duty_chief")
    assert taken.headers["content-type"] == "video/mp4"
    assert hashlib.sha256(taken.body).hexdigest() == one["sha256"]
    with av.open(BytesIO(taken.body), "r") as file:
        assert sum(1 for _ in file.decode(video=0)) == one["pictures"]
    checked = await filming.http("GET", f"video/clips/{one['id']}/check", role="auditor")
    assert (checked.json["state"], checked.json["sha256"]) == ("whole", one["sha256"])
    assert (await filming.http("GET", f"video/clips/{one['id']}/file", role="auditor")).status == 403
    seen = {"from": flown["from"], "to": flown["to"], "with_klv": True}
    beside = await filming.http(
        "POST", "video/clips", wanted | seen | {"stream_id": flight_id}, role="dispatcher"
    )
    assert beside.status == 201, beside.body
    flight = await filming.http("GET", f"video/clips/{beside.json['clip']['id']}/file", role="dispatcher")
    assert flight.headers["content-type"] == "video/mp2t"
    with av.open(BytesIO(flight.body), "r") as file:
        klv = [bytes(each) for each in file.demux(file.streams.data[0]) if each.size]
    assert len(klv) == beside.json["clip"]["klv"] > 0
    assert all(each.startswith(LABEL) for each in klv)
    with video.recordings.clip_path(one["id"], with_klv=False).open("ab") as file_on_disk:
        file_on_disk.write(b"\0")
    checked = await filming.http("GET", f"video/clips/{one['id']}/check", role="auditor")
    assert checked.json["state"] == "changed"
    replays = await filming.http("GET", "video/replays", role="duty_chief")
    assert [(each["who"], each["clip_id"]) for each in replays.json["items"]] == [
        ("dispatcher", beside.json["clip"]["id"]),
        ("duty_chief", one["id"]),
        ("dispatcher", ""),
        ("dispatcher", ""),
    ]
