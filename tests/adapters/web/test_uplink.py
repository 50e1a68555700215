"""Messages to the field over HTTP and the socket: sent with a picture, told to whom they are for, receipted, fetched in pieces."""

import hashlib
import os
from typing import Any

import pytest
import pytest_twisted

from adapters import uplink_files
from adapters.rooms import files
from adapters.rooms.files import RoomFiles
from adapters.web.doors_uplink import PIECE_BYTES
from protocols.gen import kinds_pb2
from tests.adapters.web.running import Response, Running
from tests.adapters.web.talking import talk

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 240  # 60 KiB
DIGEST = hashlib.sha256(JPEG).hexdigest()
JPEG_TYPE = {"Content-Type": "image/jpeg"}
ARROW = {
    "kind": "arrow",
    "points": [{"lon_deg": 115.9, "lat_deg": 28.7}, {"lon_deg": 115.91, "lat_deg": 28.71}],
    "text": "由此进入",
}


def draft(tasking: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "incident_id": tasking["incident_id"],
        "to": [{"tasking_id": tasking["id"]}],
        "text": "东侧有电线",
    } | more


def still(site: Running, **more: Any) -> dict[str, Any]:
    return {
        "sha256": DIGEST,
        "size": len(JPEG),
        "width_px": 640,
        "height_px": 480,
        "shown_at": site.clock().isoformat(),
    } | more


async def hand_over(site: Running, data: bytes = JPEG, role: str = "dispatcher") -> Response:
    return await site.http("POST", "uplink-pictures", data, role=role, headers=JPEG_TYPE)


async def sent(site: Running, **more: Any) -> dict[str, Any]:
    tasking = await site.ordered()
    answer = await site.http("POST", "uplinks", draft(tasking, **more), role="dispatcher")
    assert answer.status == 201, answer.body
    (made,) = answer.json["items"]
    return made | {"tasking": tasking}


@pytest_twisted.ensureDeferred
async def test_what_is_sent_is_told_receipted_answered_and_seen_by_the_desk(site: Running) -> None:
    tasking = await site.ordered()
    crew = await talk(site.port)
    await crew.hello(site.tokens["operator"])
    assert (await hand_over(site)).json == {"sha256": DIGEST, "size": len(JPEG)}
    body = draft(tasking, marks=[ARROW], picture=still(site, drawn=True))
    made = (await site.http("POST", "uplinks", body, role="dispatcher")).json["items"][0]
    told = await crew.hear("records", lambda each: len(each.uplinks) == 1)
    (heard,) = told.uplinks
    assert (heard.text, heard.picture.sha256, heard.marks[0].text) == ("东侧有电线", DIGEST, "由此进入")
    path = f"uplinks/{made['id']}"
    for state in ("delivered", "shown"):
        done = await site.http("POST", f"{path}/receipt", {"state": state}, role="operator")
        assert done.json["state"] == state
    again = await site.http("POST", f"{path}/receipt", {"state": "delivered"}, role="operator")
    assert (again.status, again.json["code"]) == (409, "ALREADY_RECORDED")
    reply = {"answer": "cannot", "text": "能见度不足"}
    answered = await site.http("POST", f"taskings/{tasking['id']}/{path}/answer", reply, role="operator")
    assert answered.json["answer"] == "cannot"
    desk = await talk(site.port)
    seen = (await desk.hello(site.tokens["duty_chief"])).uplinks[0]
    assert (seen.state, seen.answer_text) == (kinds_pb2.UPLINK_STATE_READ, "能见度不足")
    for role in ("atc", "observer", "base", "other_operator"):
        other = await talk(site.port)
        assert not (await other.hello(site.tokens[role])).uplinks, role
        assert (await site.http("GET", "uplinks", role=role)).json["items"] == []
        refused = await site.http("POST", f"{path}/receipt", {"state": "shown"}, role=role)
        assert refused.status == 404, role
    assert len((await site.http("GET", "uplinks", role="auditor")).json["items"]) == 1


@pytest_twisted.ensureDeferred
async def test_a_picture_comes_in_pieces_from_where_it_stopped_to_whom_it_is_for(site: Running) -> None:
    await hand_over(site)
    made = await sent(site, picture=still(site))
    path, got = f"uplinks/{made['id']}/picture", b""
    while True:
        piece = await site.http("GET", f"{path}?offset={len(got)}", role="operator")
        assert piece.status == 200
        assert len(piece.body) <= PIECE_BYTES
        if not piece.body:
            break
        got += piece.body
    assert got == JPEG
    assert (await site.http("GET", path, role="other_operator")).status == 404
    assert (await site.http("GET", f"{path}?offset=-1", role="operator")).json["field"] == "offset"


@pytest_twisted.ensureDeferred
async def test_what_may_not_be_handed_over_or_sent_is_refused_by_its_code(site: Running) -> None:
    tasking = await site.ordered()
    too_large = await hand_over(site, b"\xff\xd8\xff" + bytes(204_800))
    assert (too_large.status, too_large.json["code"]) == (409, "PICTURE")
    assert (await hand_over(site, bytes(300_000))).status == 413
    assert (await hand_over(site, b"GIF89a")).json["code"] == "BAD_FILE"
    assert (await hand_over(site, role="operator")).status == 403
    never = await site.http("POST", "uplinks", draft(tasking, picture=still(site)), role="dispatcher")
    assert never.json["code"] == "NO_FILE"
    await hand_over(site)
    lied = draft(tasking, picture=still(site, size=5))
    assert (await site.http("POST", "uplinks", lied, role="dispatcher")).json["code"] == "NO_FILE"
    assert (await site.http("POST", "uplinks", draft(tasking), role="operator")).status == 403
    long = await site.http("POST", "uplinks", draft(tasking, text="长" * 301), role="dispatcher")
    assert (long.status, long.json["field"]) == (422, "text")


@pytest_twisted.ensureDeferred
async def test_a_picture_that_nobody_was_sent_leaves_the_disk_at_the_next_start(site: Running) -> None:
    await hand_over(site)
    await sent(site, picture=still(site))
    unsent = (await hand_over(site, JPEG + b"x")).json["sha256"]
    kept: RoomFiles = site.site.uplink_files
    uplink_files.forget_unnamed(kept, site.desk.world)
    assert kept.has(DIGEST)
    assert not kept.has(unsent)


@pytest_twisted.ensureDeferred
async def test_pictures_have_a_quota_and_what_nobody_was_sent_gives_place_after_an_hour(
    site: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 3 * len(JPEG))
    kept: RoomFiles = site.site.uplink_files
    await hand_over(site)
    await sent(site, picture=still(site))
    unsent = (await hand_over(site, JPEG + b"x")).json["sha256"]
    refused = await hand_over(site, JPEG + b"y")
    assert (refused.status, refused.json["code"]) == (409, "NO_ROOM_ON_DISK")
    folder = site.site.config.data / "uplinks"
    for digest in (DIGEST, unsent):
        os.utime(folder / digest[:2] / digest, (0, 0))
    assert (await hand_over(site, JPEG + b"x")).json["sha256"] == unsent  # wanted anew: young again
    assert (await hand_over(site, JPEG + b"y")).json["code"] == "NO_ROOM_ON_DISK"
    os.utime(folder / unsent[:2] / unsent, (0, 0))
    assert (await hand_over(site, JPEG + b"y")).status == 200
    assert kept.has(DIGEST)
    assert not kept.has(unsent)
    monkeypatch.setattr(files, "LEAST_FREE", 1 << 62)
    assert (await hand_over(site, JPEG + b"z")).json["code"] == "NO_ROOM_ON_DISK"
