"""The table of limits of mutual aid over the doors: read, changed by the chief alone, faults by cell, in the duty log."""

from pathlib import Path
from typing import Any

import pytest_twisted

from tests.adapters.web.running import Running

ROW = {
    "id": "A1",
    "name": "收到待答复",
    "clock": "answer",
    "partner": "43",
    "within_s": "1200",
    "valid_from": "2026-01-01",
    "source": "赣湘协议第七条",
}


@pytest_twisted.ensureDeferred
async def test_the_chief_keeps_the_limits_of_mutual_aid_in_a_table(tmp_path: Path) -> None:
    site = await Running.start(tmp_path)
    path = "resources/aid_rules"

    async def save(cells: dict[str, str], role: str = "duty_chief", seen: int = 0) -> Any:
        return await site.http(
            "POST", f"{path}/rows", {"id": "A1", "version_seen": seen, "cells": cells}, role=role
        )

    try:
        columns = (await site.http("GET", f"{path}/columns", role="duty_chief")).json
        assert columns["may_save"]
        clock = next(each for each in columns["columns"] if each["name"] == "clock")
        assert clock["choices"] == ["approval", "receipt", "answer", "acceptance", "arrival", "settlement"]
        assert (await save(ROW, "dispatcher")).status == 403
        for cell, wrong in (("within_s", "5"), ("clock", "lunch"), ("partner", "湖南"), ("valid_from", "")):
            answer = await save({**ROW, cell: wrong})
            assert (answer.status, answer.json["field"]) == (409, f"cells.{cell}"), answer.json
        made = await save(ROW)
        assert (made.status, made.json["version"]) == (200, 1), made.json
        again = await save({**ROW, "within_s": "900"}, seen=1)
        assert again.json["cells"]["within_s"] == "900"
        assert (await save(ROW, seen=1)).json["code"] == "CHANGED"
        rows = (await site.http("GET", f"{path}/rows", role="dispatcher")).json["items"]
        assert [(each["id"], each["version"]) for each in rows] == [("A1", 2)]
        book = (await site.http("GET", "logbook?limit=50", role="duty_chief")).json["items"]
        assert len([line for line in book if "互援时限" in str(line)]) == 2
    finally:
        await site.stop()
