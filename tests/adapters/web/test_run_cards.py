"""Run cards over HTTP: proposed with why, applied, overridden, ticked; kept as a table; refusals by name."""

from typing import Any

import pytest_twisted

from adapters.cli.resources import JIANGXI
from dispatch import access
from dispatch.kinds import Role
from protocols.resources_xlsx import CONTENT_TYPE
from tests.adapters.web.running import Running
from tests.adapters.web.talking import talk

FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "三爪仑林火",
    "position": {"lon_deg": 115.2, "lat_deg": 28.95},
}


async def loaded(site: Running) -> str:
    """The shipped cards are imported by the duty chief, and a fire in 靖安 is reported."""
    table = (JIANGXI / "run_cards.csv").read_bytes()
    answer = await site.http(
        "POST", "resources/run_cards/import", table, role="duty_chief", headers={"Content-Type": "text/csv"}
    )
    assert (answer.status, answer.json["failed"], answer.json["saved"]) == (200, [], 20), answer.body
    made = await site.http("POST", "incidents", FIRE, role="dispatcher")
    return str(made.json["id"])


async def ask(
    site: Running, path: str, status: int, body: Any, *, role: str = "dispatcher"
) -> dict[str, Any]:
    """Post and expect a status."""
    answer = await site.http("POST", path, body, role=role)
    assert answer.status == status, answer.body
    found: dict[str, Any] = answer.json
    return found


@pytest_twisted.ensureDeferred
async def test_a_card_is_proposed_applied_overridden_and_ticked(site: Running) -> None:
    incident_id = await loaded(site)
    path = f"incidents/{incident_id}/run-card"
    shown = (await site.http("GET", path, role="base")).json
    assert (shown["county"], shown["county_name"]) == ("360925", "江西省宜春市靖安县")
    assert [one["id"] for one in shown["fitting"]] == ["RC-FF-JA", "RC-FF3", "RC-FF"]
    assert (shown["proposed"]["id"], shown["applied"], shown["proposes_other"]) == ("RC-FF-JA", None, True)
    console = await talk(site.port)
    await console.hello(site.tokens["duty_chief"])
    made = await ask(site, path, 200, {"version": 1, "card_id": "RC-FF-JA"})
    told = await console.hear(
        "records", lambda records: any(i.HasField("run_card") for i in records.incidents)
    )
    assert told.incidents[0].run_card.name == "森林火灾 Ⅲ级（靖安县）"
    assert (made["version"], made["proposes_other"], made["applied"]["applied_by"]) == (
        2,
        False,
        "dispatcher",
    )
    clocks = {one["key"]: one for one in made["clocks"]}
    assert clocks["n1"]["due_at"] == "2026-11-24T03:15:00Z"
    assert 20_000 < made["border_m"] < 200_000

    refusal = await ask(site, path, 409, {"version": 2, "card_id": "RC-FF1"})
    assert (refusal["code"], refusal["field"]) == ("REASON_REQUIRED", "reason")
    fewer = {"version": 2, "card_id": "RC-FF-JA", "tasks": [{"kind": "water"}], "reason": "侦察机未到"}
    made = await ask(site, path, 200, fewer)
    assert (made["applied"]["changed"], made["applied"]["reason"]) == (True, "侦察机未到")
    line = f"incidents/{incident_id}/checklist/n1"
    site.clock.forward(seconds=70)
    ticked = await ask(site, line, 200, {"done": True, "version": 0}, role="duty_chief")
    first = ticked["applied"]["items"][0]
    assert (first["done_by"], first["done_at"], first["version"]) == ("duty_chief", "2026-11-24T03:01:10Z", 1)
    assert (await ask(site, line, 409, {"done": True, "version": 0}))["code"] == "CHANGED"
    opened = await ask(site, line, 200, {"done": False, "version": 1})
    assert opened["applied"]["items"][0]["done_at"] is None

    await ask(site, f"incidents/{incident_id}/update", 200, {"version": 3, "level": 1, "people": 12})
    raised = (await site.http("GET", path, role="dispatcher")).json
    assert (raised["proposed"]["id"], raised["proposes_other"]) == ("RC-FF1", True)
    assert raised["applied"]["card_id"] == "RC-FF-JA"
    papers = (await site.http("GET", f"incidents/{incident_id}/documents", role="dispatcher")).json["items"]
    sheet = next(one for one in papers if one["kind"] == "run_card")
    text = (await site.http("GET", sheet["links"]["json"].removeprefix("/api/v1/"), role="base")).json
    assert "侦察机未到" in str(text["form"])


@pytest_twisted.ensureDeferred
async def test_what_may_not_be_is_refused_by_name(site: Running) -> None:
    incident_id = await loaded(site)
    path, line = f"incidents/{incident_id}/run-card", f"incidents/{incident_id}/checklist/n1"
    body = {"version": 1, "card_id": "RC-FF-JA"}
    for role in set(Role) - access.APPLY_CARD:
        for where, what in ((path, body), (line, {"done": True, "version": 0})):
            answer = await site.http("POST", where, what, role=role.value)
            assert answer.json["code"] in ("FORBIDDEN", "UNKNOWN_ID"), (role, answer.body)
        row = {"id": "X", "cells": {}, "version_seen": 0}
        answer = await site.http("POST", "resources/run_cards/rows", row, role=role.value)
        assert answer.json["code"] == "FORBIDDEN", (role, answer.body)
    assert (await ask(site, path, 409, {**body, "version": 7}))["code"] == "CHANGED"
    assert (await ask(site, path, 404, {**body, "card_id": "RC-0"}))["code"] == "UNKNOWN_ID"
    assert (await ask(site, line, 409, {"done": True, "version": 0}))["code"] == "NO_CARD"
    wrong = {**body, "tasks": [{"kind": "recon"}, {"kind": "recon"}], "reason": "x"}
    assert (await ask(site, path, 422, wrong))["field"] == "tasks"
    water = {**body, "tasks": [{"kind": "airlift", "people": 4}], "reason": "x"}
    assert "hospital or a base" in (await ask(site, path, 422, water))["detail"]
    await site.act(f"incidents/{incident_id}/dismiss", "dispatcher", 1, reason="误报")
    assert (await ask(site, path, 409, {**body, "version": 2}))["code"] == "NOT_NOW"


@pytest_twisted.ensureDeferred
async def test_the_table_goes_out_and_comes_back_and_a_bad_cell_is_named(site: Running) -> None:
    await loaded(site)
    for way in ("export", "export.xlsx"):
        out = await site.http("GET", f"resources/run_cards/{way}", role="duty_chief")
        kind = CONTENT_TYPE if way == "export.xlsx" else "text/csv"
        back = await site.http(
            "POST",
            "resources/run_cards/import",
            out.body,
            role="duty_chief",
            headers={"Content-Type": kind},
        )
        assert (back.status, back.json) == (200, {"saved": 0, "failed": []}), back.body
    rows = (await site.http("GET", "resources/run_cards/rows", role="base")).json["items"]
    cells = next(row["cells"] for row in rows if row["id"] == "RC-FL2")
    assert cells["tasks"].startswith("flood_evacuation needs=hoist stay_s=900 people=20 to=base | supply")
    for column, bad in (
        ("tasks", "water | fly"),
        ("tasks", "recon speed=3"),
        ("tasks", "airlift people=3"),
        ("notices", "厅 @soon"),
        ("checklist", "查看 if=raining"),
        ("area", "赣州"),
        ("ceiling_m", "900"),
    ):
        body = {"id": "RC-FL2", "version_seen": 1, "cells": {**cells, column: bad}}
        answer = await site.http("POST", "resources/run_cards/rows", body, role="duty_chief")
        assert answer.status in (409, 422), (column, bad, answer.body)
        assert answer.json["field"].removeprefix("cells.") == column
