"""Resources as tables over HTTP: columns, rows, one row changed at its version, CSV and Excel both ways, fitness."""

from typing import Any

import pytest_twisted

from dispatch import access
from dispatch.kinds import Role
from protocols.resources_table import COLUMNS
from protocols.resources_xlsx import CONTENT_TYPE
from tests.adapters.web.running import Running

CREW = {
    "id": "C1",
    "name": "王机长",
    "operator_id": "OP1",
    "duty": "captain",
    "licence_until": "2025-12-31",
    "source": "test",
}


async def save(
    site: Running, kind: str, cells: dict[str, str], seen: int = 0, role: str = "dispatcher"
) -> Any:
    body = {"id": cells["id"], "version_seen": seen, "cells": cells}
    return await site.http("POST", f"resources/{kind}/rows", body, role=role)


@pytest_twisted.ensureDeferred
async def test_every_kind_tells_its_columns_and_who_may_change_it(site: Running) -> None:
    for kind, table in COLUMNS.items():
        for role in (Role.DISPATCHER, Role.DUTY_CHIEF, Role.BASE):
            answer = (await site.http("GET", f"resources/{kind}/columns", role=role.value)).json
            assert [each["name"] for each in answer["columns"]] == [one.name for one in table.columns]
            assert answer["may_save"] is (role in access.may_save(kind))
    crew = (await site.http("GET", "resources/crew/columns", role="dispatcher")).json
    duty = next(each for each in crew["columns"] if each["name"] == "duty")
    assert duty["choices"] == ["captain", "copilot", "observer", "engineer"]


@pytest_twisted.ensureDeferred
async def test_a_row_is_saved_by_its_cells_at_the_version_seen(site: Running) -> None:
    made = await save(site, "crew", CREW)
    assert (made.status, made.json["version"]) == (200, 1)
    [row] = (await site.http("GET", "resources/crew/rows", role="dispatcher")).json["items"]
    assert row["cells"]["licence_until"] == "2025-12-31T16:00:00+00:00"
    stale = await save(site, "crew", {**CREW, "phone": "110"})
    assert (stale.status, stale.json["code"], stale.json["version"]) == (409, "CHANGED", 1)
    changed = await save(site, "crew", {**row["cells"], "phone": "110"}, 1)
    assert (changed.json["version"], changed.json["cells"]["phone"]) == (2, "110")
    for cells, field in (
        ({**CREW, "duty": "pilot"}, "cells.duty"),
        ({**CREW, "rank": "x"}, "cells.rank"),
        ({**CREW, "name": ""}, "cells.name"),
    ):
        wrong = await save(site, "crew", cells, 2)
        assert (wrong.status, wrong.json["code"], wrong.json["field"]) == (409, "BAD_CELL", field)


@pytest_twisted.ensureDeferred
async def test_an_exported_table_imports_again_and_changes_nothing(site: Running) -> None:
    await save(site, "crew", CREW)
    for path, kind in (("export", "text/csv"), ("export.xlsx", CONTENT_TYPE)):
        out = await site.http("GET", f"resources/crew/{path}", role="dispatcher")
        again = await site.http(
            "POST", "resources/crew/import", out.body, role="dispatcher", headers={"Content-Type": kind}
        )
        assert (again.status, again.json) == (200, {"saved": 0, "failed": []}), path
    bad = await site.http(
        "POST",
        "resources/crew/import",
        b"PK\x03\x04junk",
        role="dispatcher",
        headers={"Content-Type": CONTENT_TYPE},
    )
    assert (bad.status, bad.json["field"]) == (422, "file")


@pytest_twisted.ensureDeferred
async def test_crews_are_not_shown_to_those_who_need_not_know_them(site: Running) -> None:
    await save(site, "crew", CREW)
    for role in Role:
        items = (await site.http("GET", "resources/crew/rows", role=role.value)).json["items"]
        expected = role in {*access.SAVE_CREW, Role.OBSERVER, Role.AUDITOR}
        assert bool(items) is expected, role


@pytest_twisted.ensureDeferred
async def test_an_expired_licence_is_told_and_refuses_the_order_by_name(site: Running) -> None:
    tasking = await site.pending()
    aircraft_id = tasking["aircraft_id"]
    operator = tasking["operator_id"]
    await save(site, "crew", {**CREW, "operator_id": operator, "aircraft_id": aircraft_id})
    fitness = (await site.http("GET", "fitness", role="dispatcher")).json
    [unfit] = next(each for each in fitness if each["aircraft_id"] == aircraft_id)["unfit"]
    assert (unfit["code"], unfit["who"]) == ("LICENCE_EXPIRED", "王机长")
    assert (await site.http("GET", "fitness", role="atc")).status == 403
    path = f"taskings/{tasking['id']}/order"
    refused = await site.http("POST", path, {"version": tasking["version"]}, role="duty_chief")
    assert (refused.status, refused.json["code"]) == (409, "UNFIT")
    assert "LICENCE_EXPIRED 王机长" in refused.json["detail"]
