"""Every role at every act: who may is told what the act needs, who may not is told 403, whoever sees nothing 404."""

from typing import Any

import pytest_twisted

from dispatch import access
from dispatch.kinds import AirspaceAction, IncidentAction, Role, TaskingAction
from tests.adapters.web.running import Running

ALLOWED = {200, 201, 409, 422}  # done, or refused for a reason that is not who asks


async def statuses(site: Running, path: str, role: Role, body: object) -> tuple[int, str]:
    answer = await site.http("POST", path, body, role=role.value)
    return answer.status, answer.json.get("code", "")


@pytest_twisted.ensureDeferred
async def test_incidents_are_acted_on_by_those_in_the_table_alone(site: Running) -> None:
    incident = await site.incident()
    for action in IncidentAction:
        for role in Role:
            body = {"version": 99, "reason": "x", "merge_into": "36-INC-OTHER"}
            status, code = await statuses(site, f"incidents/{incident['id']}/{action}", role, body)
            expected = (409, "CHANGED") if role in access.INCIDENT_ACTS[action] else (403, "FORBIDDEN")
            assert (status, code) == expected, (role, action)


@pytest_twisted.ensureDeferred
async def test_taskings_are_acted_on_by_those_in_the_table_alone(site: Running) -> None:
    tasking = await site.ordered()
    for action in TaskingAction:
        for role in Role:
            body = {"version": 99, "reason": "x"}
            if action is TaskingAction.REFUSE:
                body["refusal"] = "weather"
            status, code = await statuses(site, f"taskings/{tasking['id']}/{action}", role, body)
            expected = (409, "CHANGED") if role in access.TASKING_ACTS[action] else (403, "FORBIDDEN")
            if action is TaskingAction.EMERGENCY_LAND and expected[0] == 409:
                expected = (409, "NOT_NOW")  # it has happened: no version is too old, but nothing flies yet
            assert (status, code) == expected, (role, action)


@pytest_twisted.ensureDeferred
async def test_airspace_is_answered_by_atc_and_nobody_else_approves(site: Running) -> None:
    tasking = await site.ordered()
    request_id = site.desk.world.taskings[tasking["id"]].airspace_request_ids[0]
    counter = {"reason": "x", "expires_at": "2026-11-24T05:00:00Z", "ceiling_m": 900}
    for action in AirspaceAction:
        for role in Role:
            body: dict[str, Any] = {"version": 99, "reason": "x", "counter": counter}
            if action is AirspaceAction.PHONE:
                body = {"version": 99, "unit": "x", "who": "x", "said_at": "2026-11-24T03:00:00Z"}
            status, code = await statuses(site, f"airspace/{request_id}/{action}", role, body)
            expected = (409, "CHANGED") if role in access.AIRSPACE_ACTS[action] else (403, "FORBIDDEN")
            assert (status, code) == expected, (role, action)


@pytest_twisted.ensureDeferred
async def test_reporting_planning_and_saving_are_for_their_roles(site: Running) -> None:
    fire = {"kind": "flood", "level": 2, "title": "内涝", "position": {"lon_deg": 116, "lat_deg": 28}}
    base = {"id": "B2", "name": "b", "position": {"lon_deg": 116, "lat_deg": 28}, "elevation_m": 1}
    for role in Role:
        for path, body, allowed in (
            ("incidents", fire, access.REPORT_INCIDENT),
            ("plans", {"incident_ids": ["36-INC-NONE"]}, access.ASK_PLAN),
            ("resources/bases", base, access.SAVE_RESOURCE),
        ):
            status, code = await statuses(site, path, role, body)
            assert (code == "FORBIDDEN") == (role not in allowed), (role, path, code)
            assert status in (201, 404, 409) if role in allowed else status == 403


@pytest_twisted.ensureDeferred
async def test_more_is_said_of_an_incident_by_those_who_may_report_and_at_the_version_they_saw(
    site: Running,
) -> None:
    incident = await site.incident()
    path = f"incidents/{incident['id']}/update"
    for role in Role:
        status, code = await statuses(site, path, role, {"version": 99, "slope_deg": 12})
        expected = (409, "CHANGED") if role in access.UPDATE_INCIDENT else (403, "FORBIDDEN")
        assert (status, code) == expected, role
    said = await site.act(path, "observer", incident["version"], demand_l=90_000, slope_deg=12)
    assert (said["fire"]["demand_l"], said["fire"]["slope_deg"]) == (90_000, 12)
    taken_back = await site.act(path, "observer", said["version"], clear=["demand_l"])
    assert taken_back["fire"]["demand_l"] is None
    wrong = {"version": taken_back["version"], "clear": ["level"]}
    answer = await site.http("POST", path, wrong, role="observer")
    assert (answer.status, answer.json["field"]) == (422, "clear[0]")


@pytest_twisted.ensureDeferred
async def test_administrators_see_no_operations(site: Running) -> None:
    tasking = await site.ordered()
    for role in ("sysadmin", "secadmin"):
        for table in ("incidents", "taskings", "airspace", "plans"):
            assert (await site.http("GET", table, role=role)).json["items"] == []
        assert (await site.http("GET", f"taskings/{tasking['id']}", role=role)).status == 404
        assert (await site.http("GET", "tracks", role=role)).json["features"] == []
    assert len((await site.http("GET", "taskings", role="auditor")).json["items"]) == 1


@pytest_twisted.ensureDeferred
async def test_the_whole_story_goes_over_http_from_report_to_landing(site: Running) -> None:
    tasking = await site.ordered()
    path = f"taskings/{tasking['id']}"
    tasking = await site.act(f"{path}/accept", "operator", tasking["version"])
    tasking = await site.act(f"{path}/prepare", "operator", tasking["version"])
    early = await site.http("POST", f"{path}/release", {"version": tasking["version"]}, role="base")
    assert (early.status, early.json["code"]) == (409, "AIRSPACE_NOT_APPROVED")
    [request] = (await site.http("GET", "airspace", role="atc")).json["items"]
    request = await site.act(f"airspace/{request['id']}/approve", "atc", request["version"])
    assert (request["state"], request["approved_by"]) == ("approved", "atc")
    for action, role in (
        ("release", "base"),
        ("take_off", "operator"),
        ("arrive", "observer"),
        ("leave", "operator"),
        ("land", "operator"),
    ):
        site.clock.forward(minutes=5)
        tasking = (await site.http("GET", path, role="operator")).json
        tasking = await site.act(f"{path}/{action}", role, tasking["version"])
    assert tasking["state"] == "landed"
    assert [step["actor"] for step in tasking["history"]][-2:] == ["operator", "operator"]
    assert (await site.http("GET", f"airspace/{request['id']}", role="atc")).json["state"] == "released"
