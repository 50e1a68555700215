"""Consultations over HTTP and the socket: opened, spoken in, drawn in, files, gestures, minutes, the conference system."""

import hashlib
from typing import Any

import pytest_twisted
from twisted.internet import reactor

from adapters.rooms import conference
from adapters.rooms.section import ConferenceSection, ConferenceSource
from protocols.gen import client_pb2, records_pb2
from tests.adapters.web.running import Running
from tests.adapters.web.talking import talk
from tests.gateway import SECRET, Handset

FIRE = {"kind": "forest_fire", "level": 3, "title": "火情", "position": {"lon_deg": 115.36, "lat_deg": 28.86}}
POINTS = [{"lon_deg": 115.3, "lat_deg": 28.8}, {"lon_deg": 115.4, "lat_deg": 28.9}]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


async def opened(site: Running) -> str:
    """An open room's path."""
    incident = (await site.http("POST", "incidents", FIRE, role="dispatcher")).json["id"]
    made = await site.http("POST", "rooms", {"incident_id": incident, "title": "会商"}, role="duty_chief")
    assert made.status == 201
    return f"rooms/{made.json['id']}"


@pytest_twisted.ensureDeferred
async def test_a_room_is_opened_spoken_and_drawn_in_decided_and_closed(site: Running) -> None:
    room = await opened(site)
    said = await site.http("POST", f"{room}/say", {"text": "向西蔓延"}, role="dispatcher")
    assert said.json["id"].startswith("36-MSG-")
    reply = {"text": "收到", "reply_to": said.json["id"]}
    await site.http("POST", f"{room}/say", reply, role="duty_chief")
    line = {"kind": "line", "points": POINTS, "text": "隔离带"}
    drawn = (await site.http("POST", f"{room}/draw", line, role="dispatcher")).json
    undo = {"entry_id": drawn["id"]}
    assert (await site.http("POST", f"{room}/undo", undo, role="duty_chief")).json["code"] == "NOT_OWNER"
    assert (await site.http("POST", f"{room}/undo", undo, role="dispatcher")).json["undone_at"]
    vote = {"question": "撤离?", "options": ["同意", "不同意"]}
    vote_id = (await site.http("POST", f"{room}/votes", vote, role="dispatcher")).json["id"]
    for role in ("dispatcher", "duty_chief"):
        await site.http("POST", f"{room}/voice", {"vote_id": vote_id, "option": 0}, role=role)
    decided = await site.http(
        "POST", f"{room}/decide", {"text": "撤离", "vote_id": vote_id, "option": 0}, role="duty_chief"
    )
    assert [each["role"] for each in decided.json["decision"]["agreed"]].count("duty_chief") == 1
    assert decided.json["decision"]["tally"] == [2, 0]
    await site.http("POST", f"{room}/read", {"entry_id": decided.json["id"]}, role="dispatcher")
    whole = (await site.http("GET", room, role="dispatcher")).json
    assert {each["name"] for each in whole["people"]} == {"dispatcher", "duty_chief"}
    assert whole["conference"] is False
    await site.http("POST", f"{room}/close", {"summary": "撤离三组"}, role="duty_chief")
    late = await site.http("POST", f"{room}/say", {"text": "x"}, role="dispatcher")
    assert (late.status, late.json["code"]) == (409, "NOT_NOW")
    assert (await site.http("GET", "rooms", role="dispatcher")).json["items"] == []
    assert len((await site.http("GET", f"{room}/entries", role="dispatcher")).json["items"]) == 7

    site.papers.start()
    told = (await site.http("GET", f"{room}/minutes", role="dispatcher")).json
    assert [each["kind"] for each in told["entries"]].count("said") == 2
    assert told["votes"] == [{"vote_id": vote_id, "tally": [2, 0]}]
    printed = await site.http("GET", f"{room}/minutes/pdf", role="dispatcher")
    assert printed.body.startswith(b"%PDF-")
    assert b"/FontFile2" in printed.body


@pytest_twisted.ensureDeferred
async def test_whoever_is_not_invited_sees_and_says_nothing(site: Running) -> None:
    room = await opened(site)
    for role in ("observer", "atc", "base", "operator", "sysadmin"):
        assert (await site.http("GET", room, role=role)).status == 404
        assert (await site.http("POST", f"{room}/say", {"text": "x"}, role=role)).status == 404
    invited = await site.http("POST", f"{room}/invite", {"roles": ["observer"]}, role="dispatcher")
    assert invited.json["roles"] == ["observer"]
    assert (await site.http("POST", f"{room}/say", {"text": "到"}, role="observer")).status == 200
    assert (await site.http("GET", room, role="auditor")).status == 200
    assert (await site.http("POST", f"{room}/say", {"text": "x"}, role="auditor")).status == 403
    not_shared = await site.http("POST", f"{room}/invite", {"partner": "43"}, role="dispatcher")
    assert (not_shared.status, not_shared.json["code"]) == (409, "NOT_SHARED")


@pytest_twisted.ensureDeferred
async def test_a_file_is_looked_at_kept_by_its_hash_and_only_given_where_it_is_named(site: Running) -> None:
    room = await opened(site)

    async def hand_over(name: str, data: bytes) -> Any:
        return await site.http(
            "POST",
            f"{room}/files?name={name}",
            data,
            role="dispatcher",
            headers={"Content-Type": "application/octet-stream"},
        )

    kept = (await hand_over("map.png", PNG)).json
    assert kept["sha256"] == hashlib.sha256(PNG).hexdigest()
    path = f"{room}/files/{kept['sha256']}"
    assert (await site.http("GET", path, role="dispatcher")).status == 404  # nobody has named it
    said = await site.http("POST", f"{room}/say", {"text": "", "file": kept}, role="dispatcher")
    assert said.json["said"]["file"] == kept
    assert (await site.http("GET", path, role="duty_chief")).body == PNG
    for name, data, status in (
        ("map.exe", PNG, 409),
        ("map.png", b"<html>", 409),
        ("a.txt", b"\xff\xfe", 409),
        ("a.txt", b"", 409),
        ("big.txt", b"x" * (2 * 1024 * 1024 + 1), 413),
    ):
        assert (await hand_over(name, data)).status == status, name
    lied = {"text": "", "file": kept | {"sha256": "0" * 64}}
    assert (await site.http("POST", f"{room}/say", lied, role="dispatcher")).json["code"] == "NO_FILE"


@pytest_twisted.ensureDeferred
async def test_a_pointer_reaches_the_others_in_the_room_and_nobody_else(site: Running) -> None:
    room = (await opened(site)).partition("/")[2]
    told = {role: await talk(site.port) for role in ("dispatcher", "duty_chief", "observer")}
    for role, console in told.items():
        await console.hello(site.tokens[role])
    point = client_pb2.RoomGesture(
        room_id=room, pointer=records_pb2.Position(lon_e7=1153000000, lat_e7=288000000)
    )
    told["observer"].say(room_gesture=point)  # not invited: not heard
    told["dispatcher"].say(room_gesture=point)
    heard = await told["duty_chief"].hear("room_gestures")
    assert [(each.site, each.name) for each in heard.gestures] == [("36", "Dispatcher")]
    assert heard.gestures[0].gesture.pointer.lon_e7 == 1153000000
    told["observer"].say(ping=client_pb2.Ping(at_us=1))
    await told["observer"].hear("pong")
    assert not any(each.WhichOneof("body") == "room_gestures" for each in told["observer"].heard)
    told["dispatcher"].say(room_gesture=client_pb2.RoomGesture(room_id="no id!"))
    await told["dispatcher"].gone()
    for role in ("duty_chief", "observer"):
        told[role].sendClose()
        await told[role].gone()


@pytest_twisted.ensureDeferred
async def test_the_conference_system_is_asked_once_and_its_no_is_told(site: Running) -> None:
    room = await opened(site)
    assert (await site.http("POST", f"{room}/call", {}, role="dispatcher")).json["code"] == "NO_CONFERENCE"
    system = Handset()
    (site.folder / "secret").write_bytes(SECRET)
    source = ConferenceSource(name="态势图", url="https://desk/#incident={incident}")
    section = ConferenceSection(url=system.url, secret=str(site.folder / "secret"), source=(source,))
    site.site.config = _with(site.site.config, section)
    settings = conference.settings_of(site.site.config)
    assert settings is not None
    site.site.conference = called = conference.Conference(settings, site.clock, reactor)
    try:
        assert (await site.http("GET", room, role="dispatcher")).json["conference"] is True
        assert (await site.http("POST", f"{room}/call", {}, role="dispatcher")).status == 200
        (asked,) = system.requests
        assert asked["event"] == "call"
        assert asked["sources"][0]["url"].startswith("https://desk/#incident=36-INC-")
        system.mood.append(503)
        assert (await site.http("POST", f"{room}/call", {}, role="dispatcher")).json[
            "code"
        ] == "CONFERENCE_DOWN"
        assert (await site.http("POST", f"{room}/call", {}, role="auditor")).status == 403
    finally:
        await called.close()
        system.close()


def _with(config: Any, section: ConferenceSection) -> Any:
    import msgspec

    return msgspec.structs.replace(config, conference=section)
