"""The desk's day through the doors: roster with its tables, handover with its record, the logbook."""

import csv
import io
from typing import Any

import pypdfium2
import pytest_twisted

from dispatch.kinds import Role
from tests.adapters.web.running import Response, Running

HEAD = "id,name,day,begins,ends,post,account,base_id,phone,cancelled\n"


async def send(site: Running, text: str, role: str = "duty_chief") -> Response:
    kind = {"Content-Type": "text/csv"}
    return await site.http("POST", "resources/shifts/import", text.encode(), role=role, headers=kind)


def text_of(pdf: bytes) -> str:
    found: list[str] = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    return "\n".join(found).replace("\r", "")


@pytest_twisted.ensureDeferred
async def test_a_roster_comes_and_goes_as_csv_and_excel_and_each_fault_names_its_row(site: Running) -> None:
    wrong = await send(
        site,
        HEAD
        + "S1,白班,2026-11-24,25:00,20:00,dispatcher,dispatcher,,,\nS2,白班,24/11,08:00,20:00,cook,dispatcher,,,\n",
    )
    assert (wrong.status, wrong.json["code"]) == (409, "BAD_TABLE")
    assert {(each["line"], each["field"]) for each in wrong.json["faults"]} == {
        (2, "begins"),
        (3, "day"),
        (3, "post"),
    }
    assert (await send(site, HEAD, "dispatcher")).status == 403
    rows = (
        HEAD
        + "S1,白班,2026-11-24,08:00,20:00,dispatcher,dispatcher,,13900000001,\n"
        + "S2,夜班,2026-11-24,20:00,08:00,dispatcher,atc,,,\n"
        + "S3,全日,2026-11-24,8:00,08:00,chief,duty_chief,,,\n"
        + "S4,全日,2026-11-24,08:00,08:00,base_desk,base,YS,,\n"
    )
    half = await send(site, rows)
    assert half.json["saved"] == 3
    assert [(each["line"], each["code"]) for each in half.json["failed"]] == [(3, "WRONG_ROLE")]
    out = await site.http("GET", "resources/shifts/export.xlsx", role="duty_chief")
    kind = {"Content-Type": out.headers["content-type"]}
    again = await site.http("POST", "resources/shifts/import", out.body, role="duty_chief", headers=kind)
    assert (again.status, again.json["saved"]) == (200, 0)  # as they were
    duty = (await site.http("GET", "duty", role="observer")).json
    assert [(each["post"], each["display_name"]) for each in duty["on_duty"]] == [
        ("chief", "Duty_chief"),
        ("dispatcher", "Dispatcher"),
        ("base_desk", "Base"),
    ]
    week = (await site.http("GET", "roster?from=2026-11-23T16:00:00Z", role="duty_chief")).json
    assert [(each["code"], each["begins_at"]) for each in week["findings"]] == [
        ("GAP", "2026-11-24T12:00:00Z")
    ]
    sheet = text_of((await site.http("GET", "fallback-sheet", role="base")).body)
    assert "值班人员" in sheet
    assert "13900000001" in sheet


@pytest_twisted.ensureDeferred
async def test_who_may_see_the_days_doors(site: Running) -> None:
    desk = {Role.DISPATCHER, Role.DUTY_CHIEF, Role.BASE, Role.OBSERVER, Role.AUDITOR}
    for role in Role:
        seen = (await site.http("GET", "duty", role=role.value)).status == 200
        assert seen == (role in desk), role
        book = (await site.http("GET", "logbook", role=role.value)).status == 200
        assert book == (role in desk | {Role.SECADMIN}), role


async def handed(site: Running) -> dict[str, Any]:
    """A handover from the dispatcher to the duty chief, done."""
    one = (await site.http("POST", "handovers", {"remarks": "夜间有雾"}, role="dispatcher")).json["handover"]
    path = f"handovers/{one['id']}"
    signed = await site.http("POST", f"{path}/sign", {"version": 1, "remarks": "夜间有雾"}, role="dispatcher")
    assert signed.status == 200, signed.body
    unread = (await site.http("GET", path, role="duty_chief")).json["unread"]
    assert unread
    early = await site.http("POST", f"{path}/take", {"version": 2}, role="duty_chief")
    assert (early.status, early.json["code"]) == (409, "UNREAD_ITEMS")
    own = await site.http("POST", f"{path}/take", {"version": 2}, role="dispatcher")
    assert own.json["code"] == "OWN_HANDOVER"
    brief = (await site.http("GET", "duty", role="base")).json["handover"]
    assert (brief["state"], brief["late"]) == ("signed", False)
    assert (await site.http("POST", f"{path}/read", {"keys": unread}, role="duty_chief")).status == 200
    site.clock.forward(minutes=2)
    await site.incident(title="签字之间")
    done = await site.http("POST", f"{path}/take", {"version": 2}, role="duty_chief")
    assert done.status == 200, done.body
    return dict(done.json["handover"])


@pytest_twisted.ensureDeferred
async def test_a_handover_is_done_with_two_signatures_and_printed_from_the_journal(site: Running) -> None:
    await site.incident(title="三爪仑林火")
    one = await handed(site)
    assert [(each["kind"], each["item"]["title"]) for each in one["changes"]] == [("new", "签字之间")]
    path = f"handovers/{one['id']}/document"
    first = (await site.http("GET", f"{path}?revision=1", role="auditor")).json
    second = (await site.http("GET", path, role="auditor")).json
    assert (second["revision"], second["previous"]) == (2, first["digest"])
    printed = text_of((await site.http("GET", f"{path}/pdf", role="auditor")).body)
    for word in ("交接班记录", "三爪仑林火", "签字之间", "夜间有雾", "Dispatcher", "Duty_chief"):
        assert word in printed, word
    assert (await site.http("GET", f"{path}?revision=3", role="auditor")).status == 404
    assert (await site.http("GET", path, role="operator")).status == 403


@pytest_twisted.ensureDeferred
async def test_the_logbook_tells_the_day_in_order_and_is_asked_by_time_person_and_text(site: Running) -> None:
    incident = await site.incident(title="三爪仑林火")
    site.clock.forward(minutes=5)
    body = {"text": "=县里来电", "incident_id": incident["id"], "for_next": True}
    note = (await site.http("POST", "logbook/notes", body, role="base")).json
    fixed = {"text": "市里来电", "corrects": note["id"]}
    assert (await site.http("POST", "logbook/notes", fixed, role="observer")).status == 201
    page = (await site.http("GET", "logbook?limit=2", role="dispatcher")).json
    assert [each["zh"] for each in page["items"]] == ["更正：市里来电", "=县里来电"]
    assert page["items"][1]["corrected_by"] == page["items"][0]["note_id"]
    rest = (await site.http("GET", f"logbook?limit=2&cursor={page['next']}", role="dispatcher")).json
    assert "三爪仑林火" in rest["items"][0]["zh"]
    assert "forest fire" in rest["items"][0]["en"]

    async def lines(query: str, role: str = "dispatcher") -> list[str]:
        answer = await site.http("GET", f"logbook?{query}", role=role)
        assert answer.status == 200, answer.body
        return [each["kind"] for each in answer.json["items"]]

    assert await lines(f"incident={incident['id']}") == ["NoteAdded", "IncidentReported"]
    assert await lines("person=observer") == ["NoteAdded"]
    assert await lines("from=2026-11-24T03:05:00Z") == ["NoteAdded", "NoteAdded"]
    assert await lines("to=2026-11-24T03:05:00Z&text=FOREST") == ["IncidentReported"]
    assert set(await lines("", "secadmin")) == {"AccountSaved"}
    assert {"AccountSaved", "NoteAdded"} <= set(await lines("", "auditor"))
    table = (await site.http("GET", "logbook.csv", role="dispatcher")).body.decode("utf-8-sig")
    cells = [row["line"] for row in csv.DictReader(io.StringIO(table))]
    assert cells[-2:] == ["'=县里来电", "更正：市里来电"]
    printed = text_of((await site.http("GET", "logbook.pdf", role="duty_chief")).body)
    assert "值班日志" in printed
    assert "三爪仑林火" in printed
