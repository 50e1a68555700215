"""Requests to ATC over HTTP: filed by hand, heard by telephone, asked about; what plans meet, and the way out taken."""

from pathlib import Path
from typing import Any

import pytest_twisted

from dispatch.geo import Position
from dispatch.kinds import TaskingState
from loadtests.refusals import brought_to
from tests.adapters.web.running import Running

RULE = {
    "id": "REL",
    "name": "起飞申请",
    "kind": "take_off_release",
    "emergency": True,
    "needed": True,
    "file_by": "15min",
    "answer_by": "5min",
    "mark": "proposed",
    "valid_from": "2026-01-01T00:00:00Z",
    "source": "test",
    "version_seen": 0,
}


@pytest_twisted.ensureDeferred
async def test_a_request_is_refused_filed_again_heard_by_telephone_and_the_take_off_released(
    tmp_path: Path,
) -> None:
    site = await Running.start(tmp_path)

    async def post(path: str, body: dict[str, Any], role: str, status: int = 200) -> Any:
        answer = await site.http("POST", path, body, role=role)
        assert answer.status == status, answer.json
        return answer.json

    try:
        tasking = await brought_to(site, TaskingState.ACCEPTED, 1, amended=False)
        where, first = f"taskings/{tasking['id']}", tasking["airspace_request_ids"][0]
        await post(f"airspace/{first}/refuse", {"version": 1, "reason": "军航活动"}, "atc")
        filing = {"version": tasking["version"], "kind": "plan", "ceiling_m": 600, "reason": "降低高度"}
        bad = await post(f"{where}/airspace", {**filing, "transit_floor_m": 700}, "dispatcher", 409)
        assert bad["field"] == "transit_ceiling_m"
        second = await post(f"{where}/airspace", filing, "dispatcher", 201)
        assert [each["emergency"] for each in second["clocks"]] == [True, False]
        assert second["clocks"][0]["governs"]
        asked = await post(f"airspace/{second['id']}/ask", {"text": "几架？"}, "atc")
        answered = await post(f"airspace/{second['id']}/answer", {"number": 1, "text": "一架"}, "dispatcher")
        assert (asked["version"], answered["questions"][0]["answer"]) == (1, "一架")
        said = {"version": 1, "unit": "南昌进近", "who": "陈管制", "said_at": second["filed_at"]}
        nobody = await post(f"airspace/{second['id']}/phone", {**said, "who": ""}, "dispatcher", 422)
        assert nobody["field"] == "who"
        approved = await post(f"airspace/{second['id']}/phone", said, "dispatcher")
        assert (approved["state"], approved["phone"]["confirmed_at"]) == ("approved", None)
        confirmed = await post(f"airspace/{second['id']}/confirm", {"version": 2}, "atc")
        assert confirmed["phone"]["confirmed_by"]

        rule = await site.http("POST", "resources/clearance_rules", RULE, role="duty_chief")
        assert rule.status == 201, rule.json
        await post(f"{where}/prepare", {"version": tasking["version"]}, "operator")
        lacking = await post(f"{where}/release", {"version": tasking["version"] + 1}, "base", 409)
        assert lacking["code"] == "AIRSPACE_NOT_APPROVED"
        release = {"version": tasking["version"] + 1, "kind": "take_off_release"}
        third = await post(f"{where}/airspace", release, "base", 201)
        await post(f"airspace/{third['id']}/approve", {"version": 1}, "atc")
        released = await post(f"{where}/release", {"version": tasking["version"] + 1}, "base")
        assert released["state"] == "released"
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_what_plans_meet_is_told_with_a_way_out_that_is_taken_as_an_amendment(tmp_path: Path) -> None:
    site = await Running.start(tmp_path)
    try:
        own = await brought_to(site, TaskingState.ORDERED, 1, amended=False)
        beside = Position(lon_deg=115.86, lat_deg=28.71)
        other = await brought_to(site, TaskingState.ORDERED, 2, amended=False, at=beside)
        path = f"airspace/{own['airspace_request_ids'][0]}/conflicts"
        told = (await site.http("GET", path, role="atc")).json
        met = [each for each in told["conflicts"] if each["counted"]]
        assert {each["name"] for each in met} == {other["number"]}
        assert told["limits"]["source"] == "proposed"
        shift = next(each for each in told["alternatives"] if each["kind"] == "time")
        body = {
            "version": own["version"],
            "reason": "与他机冲突",
            **{name: shift[name] for name in ("take_off_at", "on_scene_at", "land_at")},
        }
        amended = await site.http("POST", f"taskings/{own['id']}/amend", body, role="dispatcher")
        assert amended.status == 200, amended.json
        free = (await site.http("GET", f"taskings/{own['id']}/conflicts", role="dispatcher")).json
        assert not [each for each in free["conflicts"] if each["counted"]]
        turns = {"out": [{"lon_deg": 116.2, "lat_deg": 28.5}], "back": []}
        turned = await site.http(
            "POST",
            f"taskings/{own['id']}/amend",
            {"version": amended.json["version"], "reason": "x", "turns": turns},
            role="dispatcher",
        )
        assert turned.status == 200, turned.json
        assert "turns" in turned.json["amendments"][-1]["changed"]
        request = (
            await site.http("GET", f"airspace/{turned.json['amendments'][-1]['request_id']}", role="atc")
        ).json
        assert request["airspace"]["out_turns"] == turns["out"]
        for role in ("operator", "observer", "auditor", "sysadmin"):
            refused = await site.http("GET", path, role=role)
            assert refused.status in (403, 404)
    finally:
        await site.stop()
