"""An incident's documents through the doors: written from the journal, for those who may read them."""

import csv
import hashlib
import io
import json
import uuid
from typing import Any

import pypdfium2
import pytest
import pytest_twisted

from dispatch.commands import Ask
from dispatch.conference_commands import BeginPull, EndPull, OfferSources
from dispatch.kinds import Role
from dispatch.views import NO_OPERATIONS
from tests.adapters.web.running import Running

STEPS = (
    ("accept", "operator"),
    ("airspace", "atc"),
    ("prepare", "operator"),
    ("release", "base"),
    ("take_off", "operator"),
    ("arrive", "operator"),
    ("leave", "operator"),
    ("land", "operator"),
    ("settle", "base"),
)


async def flown(site: Running) -> dict[str, Any]:
    """A tasking that was flown and settled."""
    tasking = await site.ordered()
    for step, role in STEPS:
        site.clock.forward(minutes=5)
        if step == "settle":
            for party in ("base", "operator"):
                digest = (await site.http("GET", f"taskings/{tasking['id']}/hours", role=party)).json[
                    "digest"
                ]
                signed = await site.http(
                    "POST", f"taskings/{tasking['id']}/hours/sign", {"digest": digest}, role=party
                )
                assert signed.status == 200, signed.body
        if step == "airspace":
            await site.act(f"airspace/{tasking['airspace_request_ids'][-1]}/approve", role, 1)
        else:
            tasking = await site.act(f"taskings/{tasking['id']}/{step}", role, tasking["version"])
    return tasking


async def kinds(site: Running, incident_id: str, role: str) -> list[str]:
    answer = await site.http("GET", f"incidents/{incident_id}/documents", role=role)
    assert answer.status == 200, answer.body
    return [each["kind"] for each in answer.json["items"]]


@pytest_twisted.ensureDeferred
async def test_each_role_is_shown_the_documents_it_may_read(site: Running) -> None:
    tasking = await flown(site)
    incident_id = tasking["incident_id"]
    every = ["alarm_record", "task_order", "flight_plan", "flight_log", "settlement"]
    assert await kinds(site, incident_id, "dispatcher") == every
    assert await kinds(site, incident_id, "operator") == every[1:]
    assert await kinds(site, incident_id, "observer") == every[:-1]
    assert await kinds(site, incident_id, "atc") == ["flight_plan"]
    assert await kinds(site, incident_id, "partner") == []
    for role, status in (("other_operator", 404), ("sysadmin", 404), ("secadmin", 404)):
        assert (await site.http("GET", f"incidents/{incident_id}/documents", role=role)).status == status


@pytest_twisted.ensureDeferred
async def test_a_document_can_be_checked_against_its_digest_and_its_revisions_stay(site: Running) -> None:
    tasking = await flown(site)
    path = f"incidents/{tasking['incident_id']}/documents/task_order"
    new = (await site.http("GET", path, role="auditor")).json
    old = (await site.http("GET", f"{path}?revision=1", role="auditor")).json
    assert (old["revision"], new["revision"]) == (1, 2)
    assert new["previous"] == old["digest"]
    assert (old["content"]["answer"], new["content"]["answer"]) == ("", "accept")
    header = {k: v for k, v in new.items() if k not in ("digest", "form", "revisions", "links", "title")}
    told = json.dumps(header, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(told).hexdigest() == new["digest"]


@pytest_twisted.ensureDeferred
async def test_a_document_is_printed_from_the_link_that_the_list_gives(site: Running) -> None:
    tasking = await flown(site)
    listed = await site.http("GET", f"incidents/{tasking['incident_id']}/documents", role="operator")
    (bill,) = [each for each in listed.json["items"] if each["kind"] == "settlement"]
    answer = await site.http("GET", bill["links"]["pdf"], role="operator")
    assert answer.headers["content-type"] == "application/pdf"
    with pypdfium2.PdfDocument(answer.body) as document:
        text = document[0].get_textpage().get_text_bounded()
    assert bill["number"] in text
    assert "按机型单价" in text
    assert "2,500.00" in text  # 15 minutes at 10 thousand CNY an hour
    again = await site.http("GET", bill["links"]["pdf"], role="operator")
    assert again.body == answer.body


@pytest_twisted.ensureDeferred
async def test_what_a_role_may_not_read_is_refused_by_name(site: Running) -> None:
    tasking = await flown(site)
    documents = f"incidents/{tasking['incident_id']}/documents"
    for role in Role:
        answer = await site.http("GET", f"{documents}/settlement", role=role.value)
        if role in (Role.DISPATCHER, Role.DUTY_CHIEF, Role.BASE, Role.AUDITOR, Role.OPERATOR):
            assert answer.status == 200, (role, answer.body)
        elif role in NO_OPERATIONS:
            assert answer.status == 404
        else:
            assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN"), role
    for path, status, field in (
        (f"{documents}/recipe", 404, "kind"),
        (f"{documents}/fire_report", 404, "kind"),
        (f"{documents}/task_order?revision=9", 404, "revision"),
        (f"{documents}/task_order?revision=-1", 422, "revision"),
        (f"{documents}/task_order?tasking=36-TSK-NONE", 404, "kind"),
        ("incidents/36-INC-NONE/documents", 404, "id"),
    ):
        answer = await site.http("GET", path, role="dispatcher")
        assert (answer.status, answer.json["field"]) == (status, field), path


@pytest_twisted.ensureDeferred
async def test_where_there_are_several_the_caller_is_asked_which(site: Running) -> None:
    tasking = await site.ordered()
    await site.act(f"taskings/{tasking['id']}/refuse", "operator", tasking["version"], refusal="weather")
    plan = await site.http("POST", "plans", {"incident_ids": [tasking["incident_id"]]}, role="dispatcher")
    await site.act(f"plans/{plan.json['id']}/adopt", "dispatcher", 1)
    taskings = (await site.http("GET", "taskings", role="duty_chief")).json["items"]
    second = next(each for each in taskings if each["id"] != tasking["id"])
    await site.act(f"taskings/{second['id']}/order", "duty_chief", second["version"])
    path = f"incidents/{tasking['incident_id']}/documents/task_order"
    answer = await site.http("GET", path, role="dispatcher")
    assert (answer.status, answer.json["field"]) == (422, "tasking")
    named = await site.http("GET", f"{path}?tasking={second['id']}", role="dispatcher")
    assert named.json["content"]["tasking_id"] == second["id"]


@pytest_twisted.ensureDeferred
async def test_papers_survive_the_end_of_the_process_that_writes_them(site: Running) -> None:
    incident = await site.incident()
    path = f"incidents/{incident['id']}/documents/alarm_record"
    before = await site.http("GET", path, role="dispatcher")
    child = site.papers._child
    assert child is not None
    child.transport.signalProcess("KILL")
    after = await site.http("GET", path, role="dispatcher")
    if after.status == 503:  # asked while it was ending
        after = await site.http("GET", path, role="dispatcher")
    assert after.body == before.body


@pytest_twisted.ensureDeferred
async def test_key_figures_are_those_of_the_period_and_of_the_desk_and_the_auditor(site: Running) -> None:
    await flown(site)
    answer = await site.http("GET", "kpis?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z", role="auditor")
    figures = {each["key"]: each for each in answer.json["kpis"]}
    assert answer.json["incidents"] == 1
    assert (figures["ack"]["value"], figures["ack"]["n"]) == (300, 1)
    assert figures["cost"]["value"] == pytest.approx(2500)
    assert figures["tonnes_per_hour"]["reason"] == "nothing_in_period"  # it was sent without water
    before = await site.http("GET", "kpis?to=2026-11-24T00:00:00%2B00:00", role="dispatcher")
    assert before.json["incidents"] == 0
    for role in ("operator", "base", "atc", "partner", "sysadmin"):
        assert (await site.http("GET", "kpis", role=role)).status == 403


@pytest_twisted.ensureDeferred
async def test_a_period_that_is_none_is_refused_by_its_field(site: Running) -> None:
    for query, field in (
        ("from=2026-11-24T00:00:00Z&to=2026-11-24T00:00:00Z", "to"),
        ("from=1990-01-01T00:00:00Z&to=2026-11-24T00:00:00Z", "from"),
        ("from=yesterday", "from"),
        ("from=2026-11-24T00:00:00", "from"),
    ):
        answer = await site.http("GET", f"kpis?{query}", role="dispatcher")
        assert (answer.status, answer.json["field"]) == (422, field), query


@pytest_twisted.ensureDeferred
async def test_key_figures_open_in_a_spreadsheet(site: Running) -> None:
    await flown(site)
    answer = await site.http("GET", "kpis.csv", role="duty_chief")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    (verified,) = [row for row in rows if row["key"] == "verify"]
    assert (verified["指标"], verified["value"], verified["n"]) == ("核实用时（中位）", "0", "1")
    as_json = (await site.http("GET", "kpis", role="duty_chief")).json
    assert [row["key"] for row in rows] == [each["key"] for each in as_json["kpis"]]


@pytest_twisted.ensureDeferred
async def test_the_fallback_sheet_holds_what_goes_on_now(site: Running) -> None:
    tasking = await site.ordered()
    answer = await site.http("GET", "fallback-sheet", role="base")
    with pypdfium2.PdfDocument(answer.body) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    for told in (
        tasking["number"],
        "B-70K3",
        "山火",
        "应答",
        "已申请，待批复",
        "赣鹰02 B-OTHER",
        "瑶湖",
        "频率（手填）",
    ):
        assert told in text, told
    await site.act(f"taskings/{tasking['id']}/refuse", "operator", tasking["version"], refusal="weather")
    after = await site.http("GET", "fallback-sheet", role="dispatcher")
    with pypdfium2.PdfDocument(after.body) as document:
        assert tasking["number"] not in "".join(p.get_textpage().get_text_bounded() for p in document)
    assert (await site.http("GET", "fallback-sheet", role="operator")).status == 403


@pytest_twisted.ensureDeferred
async def test_what_was_sent_and_pulled_is_in_the_field_record_for_desk_and_auditor(site: Running) -> None:
    tasking = await site.ordered()
    incident = tasking["incident_id"]
    picture = b"\xff\xd8\xff\xe0" + bytes(5_000)
    digest = (
        await site.http(
            "POST", "uplink-pictures", picture, role="dispatcher", headers={"Content-Type": "image/jpeg"}
        )
    ).json["sha256"]
    still = {"sha256": digest, "size": len(picture), "width_px": 640, "height_px": 480}
    still["shown_at"] = site.clock().isoformat()
    body = {"incident_id": incident, "to": [{"tasking_id": tasking["id"]}], "text": "东侧有电线"}
    made = await site.http("POST", "uplinks", body | {"picture": still}, role="dispatcher")
    one = made.json["items"][0]["id"]
    room = (
        await site.http("POST", "rooms", {"incident_id": incident, "title": "会商"}, role="duty_chief")
    ).json["id"]
    offer = OfferSources(room_id=room, with_map=True, valid_s=3_600.0)
    call = await asked(site, offer, Role.DUTY_CHIEF)
    pull = await asked(site, BeginPull(call_id=call.call.id, source_id="map", address="10.1.1.9"), None)
    await asked(site, EndPull(call_id=call.call.id, pull_id=pull.pull.id, lasted_s=1.0), None)
    assert "field_record" not in await kinds(site, incident, "dispatcher")
    version = site.desk.world.incidents[incident].version
    await site.act(f"incidents/{incident}/contain", "dispatcher", version)
    await site.http("POST", f"uplinks/{one}/receipt", {"state": "shown"}, role="operator")
    door = f"incidents/{incident}/documents/field_record"
    for role in ("observer", "operator"):
        assert "field_record" not in await kinds(site, incident, role)
        assert (await site.http("GET", door, role=role)).status == 403
    found = (await site.http("GET", door, role="auditor")).json
    (sent,), (pulled,) = found["content"]["sent"], found["content"]["pulled"]
    assert (sent["text"], sent["picture"], found["revision"]) == ("东侧有电线", digest, 2)
    assert sent["sent_by"]["name"]
    assert sent["shown_at"]
    assert (pulled["address"], pulled["room"]) == ("10.1.1.9", "会商")
    assert pulled["ended_at"]
    pdf = await site.http("GET", f"{door}/pdf", role="dispatcher")
    text = "".join(each.get_textpage().get_text_range() for each in pypdfium2.PdfDocument(pdf.body))
    assert digest[:32] in text.replace("\r\n", "").replace("\n", "")


async def asked(site: Running, command: Any, role: Role | None) -> Any:
    """The last fact that a command makes at the desk."""
    ask = Ask(actor="lanqi" if role else "site", role=role, command_id=uuid.uuid4().hex, command=command)
    return (await site.desk.ask(ask)).recorded[-1].fact
