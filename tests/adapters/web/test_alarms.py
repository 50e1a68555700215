"""The doors of alarms, over a real socket: each format as a sender would send it, and what becomes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from dispatch import access
from dispatch.kinds import Role
from tests.adapters.web.running import Running
from tests.protocols.test_cap import alert
from tests.protocols.test_hotspots import HEADER, row, table

DATA = Path(__file__).parents[2] / "data"
HERE = {"lon_deg": 115.1, "lat_deg": 28.9}


async def post(
    site: Running, door: str, body: Any, *, role: str = "gateway", status: int = 200, **headers: str
) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await site.http("POST", f"alarms/{door}", body, role=role, headers=sent)
    assert answer.status == status, answer.body
    return answer.json


@pytest_twisted.ensureDeferred
async def test_a_warning_becomes_a_candidate_and_its_repeat_is_merged(site: Running) -> None:
    made = await post(site, "cap", alert(), Content_Type="application/cap+xml")
    ((candidate,), merged, rejected) = made["candidates"], made["merged"], made["rejected"]
    assert (merged, rejected) == ([], [])
    assert (candidate["state"], candidate["kind"], candidate["level"]) == ("reported", "forest_fire", 2)
    assert candidate["sources"][0]["own_id"] == "36-1"
    again = await post(site, "cap", alert(), role="dispatcher", Content_Type="text/xml")
    assert again["candidates"] == []
    assert [(each["id"], each["own_id"]) for each in again["merged"]] == [(candidate["id"], "36-1")]
    assert (await site.http("GET", f"incidents/{candidate['id']}", role="dispatcher")).json["sources"][0][
        "times"
    ] == 2


@pytest_twisted.ensureDeferred
async def test_what_is_expired_or_out_of_area_is_a_candidate_and_marked_so(site: Running) -> None:
    made = await post(site, "cap", (DATA / "cap" / "australia.cap").read_bytes(), Content_Type="*/*")
    assert {"expired", "out_of_area"} <= set(made["candidates"][0]["flags"])
    made = await post(site, "cap", alert(sent="2027-01-01T00:00:00+08:00"), Content_Type="application/xml")
    assert made["candidates"][0]["flags"] == ["future_time"]


@pytest_twisted.ensureDeferred
async def test_a_warning_that_is_wrong_as_a_whole_is_refused_by_code_and_field(site: Running) -> None:
    bomb = '<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    ring = "<areaDesc>x</areaDesc><polygon>" + "29,115 " * 250_000 + "</polygon>"
    for body, status, field in (
        (alert(head=bomb, event="&x;"), 422, "alert"),
        (alert(area=ring), 422, "info[0].area[0].polygon[0]"),
        (alert(severity="Red"), 422, "info[0].severity"),
        (b"", 422, "alert"),
        (b"<" * 2_200_000, 413, "body"),
    ):
        answer = await site.http("POST", "alarms/cap", body, role="gateway")
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert (bool(answer.json["code"]), answer.json["field"]) == (True, field)
    assert not site.desk.world.incidents


@pytest_twisted.ensureDeferred
async def test_hotspots_are_grouped_into_fires_and_wrong_rows_rejected(site: Running) -> None:
    body = table(row(), row(longitude="116.405"), row(latitude="x"), row(latitude="28.5"))
    made = await post(site, "hotspots", body, Content_Type="text/csv")
    assert sorted(len(each["sources"]) for each in made["candidates"]) == [1, 2]
    assert len(made["merged"]) == 1
    assert [(each["code"], each["field"], each["line"]) for each in made["rejected"]] == [
        ("MALFORMED", "latitude", 4)
    ]
    assert all(
        each["place"] == "江西省抚州市宜黄县" for each in made["candidates"] if len(each["sources"]) == 2
    )
    again = await post(site, "hotspots", body, Content_Type="text/csv")
    assert (again["candidates"], len(again["merged"])) == ([], 3)
    for bad, field in ((b"a,b\n1,2\n", "latitude"), (b"\xff\xfe", "header")):
        answer = await post(site, "hotspots", bad, status=422)
        assert (answer["code"], answer["field"]) == ("MALFORMED", field)


@pytest_twisted.ensureDeferred
async def test_a_real_table_is_taken_whole_and_a_retry_gets_its_first_answer(site: Running) -> None:
    body = (DATA / "hotspots" / "viirs_snpp_2019-04-07.csv").read_bytes()
    made = await post(site, "hotspots", body, Idempotency_Key="pass-1")
    assert made["rejected"] == []
    assert len(made["candidates"]) + len(made["merged"]) == 269
    assert 60 < len(made["candidates"]) < 269
    assert all("expired" in each["flags"] for each in made["candidates"])
    inside = [each for each in made["candidates"] if "out_of_area" not in each["flags"]]
    assert 10 < len(inside) < len(made["candidates"])
    site.clock.forward(minutes=2)
    again = await post(site, "hotspots", body, Idempotency_Key="pass-1")
    assert [each["id"] for each in again["candidates"]] == [each["id"] for each in made["candidates"]]
    other = table(row())
    assert (await post(site, "hotspots", other, status=422, Idempotency_Key="pass-1"))["code"] == "KEY_REUSED"


@pytest_twisted.ensureDeferred
async def test_a_camera_and_the_public_are_near_and_people_are_asked_to_merge(site: Running) -> None:
    camera = {
        "id": "c1",
        "monitor": "YS",
        "position": HERE,
        "observed_at": "2026-11-24T02:59:00Z",
        "confidence": 0.9,
    }
    seen = (await post(site, "camera", camera))["candidates"][0]
    said = {
        "id": "r1",
        "title": "后山冒烟",
        "kind": "forest_fire",
        "position": {"lon_deg": 115.105, "lat_deg": 28.9},
    }
    heard = (await post(site, "report", said))["candidates"][0]
    assert heard["flags"] == ["unverified"]
    assert [near["incident_id"] for near in heard["possible_duplicates"]] == [seen["id"]]
    listed = (await site.http("GET", "alarms", role="dispatcher")).json["items"]
    near = {each["id"]: [other["incident_id"] for other in each["possible_duplicates"]] for each in listed}
    assert near == {seen["id"]: [heard["id"]], heard["id"]: [seen["id"]]}


@pytest_twisted.ensureDeferred
async def test_a_public_report_is_confirmed_only_once_somebody_vouches(site: Running) -> None:
    heard = (await post(site, "report", {"title": "起火", "position": HERE, "kind": "forest_fire"}))[
        "candidates"
    ][0]
    path = f"incidents/{heard['id']}"
    refused = await site.http("POST", f"{path}/confirm", {"version": 1}, role="dispatcher")
    assert (refused.status, refused.json["code"]) == (409, "UNVERIFIED")
    for role in Role:
        answer = await site.http("POST", f"{path}/verify", {"version": 9, "note": "x"}, role=role.value)
        assert answer.status == (409 if role in access.VERIFY_INCIDENT else 403), role
    verified = await site.http(
        "POST", f"{path}/verify", {"version": 1, "note": "回拨核实"}, role="dispatcher"
    )
    assert (verified.json["verified_by"], verified.json["flags"]) == ("dispatcher", [])
    confirmed = await site.http("POST", f"{path}/confirm", {"version": 2}, role="dispatcher")
    assert confirmed.json["state"] == "confirmed"
    assert (await site.http("GET", "alarms", role="dispatcher")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_alarms_are_for_the_desk_and_gateways_which_see_nothing(site: Running) -> None:
    bodies = {
        "cap": alert(),
        "hotspots": table(row()),
        "camera": {"position": HERE},
        "report": {"title": "x", "position": HERE},
    }
    for role in Role:
        for door, body in bodies.items():
            answer = await site.http("POST", f"alarms/{door}", body, role=role.value)
            assert answer.status == (200 if role in access.TAKE_ALARMS else 403), (role, door)
    assert (await site.http("POST", "alarms/cap", alert())).status == 401
    for path in ("incidents", "alarms", "resources/bases", "taskings"):
        assert (await site.http("GET", path, role="gateway")).json["items"] == []
    assert (await site.http("GET", "tracks", role="gateway")).json["features"] == []


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "*/*"])
@pytest_twisted.ensureDeferred
async def test_bodies_are_read_whatever_they_are_sent_as(site: Running, kind: str) -> None:
    many = json.dumps([{"id": "c1", "position": HERE}, {"id": "c2"}]).encode()
    made = await post(site, "camera", many, Content_Type=kind)
    assert len(made["candidates"]) == 1
    assert [(each["code"], each["field"]) for each in made["rejected"]] == [("MALFORMED", "[1].position")]
    assert HEADER.startswith("latitude")
