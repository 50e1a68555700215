"""A run card in a real browser: proposed, applied, ticked, overridden, its tasks planned; a warning raises a level."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.adopting import adopted, asked
from tests.journeys.browser import DESK, WAIT_MS, browser, picture
from tests.journeys.running import Client, RunningSite, running_site
from tests.journeys.test_first_sortie import DEMONSTRATION

expect.set_options(timeout=WAIT_MS)

FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "三爪仑林火",
    "position": {"lon_deg": 115.2, "lat_deg": 28.95},
}
CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{id}</identifier><sender>jx@weather</sender>
<sent>{sent}</sent><status>Actual</status><msgType>{type}</msgType><scope>Public</scope>{references}
<info><category>Fire</category><event>森林火灾</event><urgency>Immediate</urgency><severity>{severity}</severity>
<certainty>Observed</certainty><headline>三爪仑森林火灾</headline>
<area><areaDesc>靖安县</areaDesc><circle>28.95,115.2 1</circle></area></info></alert>"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources."""
    with running_site(tmp_path / "36", more=DEMONSTRATION) as running:
        yield running


def line(page: Page, key: str):  # a locator
    """A line of the card."""
    return page.locator(f'[data-testid="run-card-line"][data-key="{key}"]')


def cap(client: Client, id_: str, kind: str, severity: str, before: str) -> str:
    """Hand over a warning of now; the incident that it made or joined."""
    sent = f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%dT%H:%M:%S}+08:00"
    references = f"<references>jx@weather,{before},{sent}</references>" if before else ""
    text = CAP.format(id=id_, sent=sent, type=kind, severity=severity, references=references)
    headers = {"Content-Type": "application/cap+xml", "Authorization": f"Bearer {client.token}"}
    request = urllib.request.Request(f"{client.url}/api/v1/alarms/cap", text.encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answered:
        answer = json.loads(answered.read())
    return str((*answer["candidates"], *answer["merged"])[0]["id"])


@pytest.mark.timeout(240)
def test_a_card_is_applied_ticked_overridden_and_flown_by(site: RunningSite) -> None:
    chief, dispatcher = site.sign_in("zhiban"), site.sign_in("diaodu")
    incident = dispatcher.post("incidents", FIRE)
    dispatcher.post(f"incidents/{incident['id']}/confirm", {"version": 1})
    with browser(site.url) as people:
        desk = people.sign_in("diaodu", DESK)
        desk.locator(f'[data-testid="incident-card"][data-id="{incident["id"]}"]').click()
        section = desk.get_by_test_id("run-card")
        expect(desk.get_by_test_id("run-card-proposed")).to_contain_text("靖安县")
        section.scroll_into_view_if_needed()
        picture(desk, "run-card-proposed")
        desk.get_by_test_id("run-card-apply").click()
        expect(desk.get_by_test_id("run-card-name")).to_have_text("森林火灾 Ⅲ级（靖安县）")
        expect(desk.get_by_test_id("run-card-task")).to_have_count(2)
        expect(desk.get_by_test_id("run-card-line")).to_have_count(5)
        desk.get_by_test_id("run-card-all").click()
        expect(line(desk, "n1")).to_contain_text("余")
        line(desk, "n1").click()
        expect(line(desk, "n1")).to_contain_text("diaodu")
        section.scroll_into_view_if_needed()
        picture(desk, "run-card-applied")

        desk.get_by_test_id("run-card-all").click()
        desk.get_by_test_id("run-card-other").click()
        desk.get_by_test_id("run-card-choice").select_option("RC-FF2")
        expect(desk.get_by_test_id("run-card-submit")).to_be_disabled()
        desk.get_by_test_id("run-card-why").fill("风大，先上空中指挥")
        picture(desk, "run-card-form")
        desk.get_by_test_id("run-card-submit").click()
        expect(desk.get_by_test_id("run-card-reason")).to_contain_text("风大")
        expect(desk.get_by_test_id("run-card-task")).to_have_count(3)

        plan = asked(incident["id"])(dispatcher)
        tasks = {one["task"] for one in plan["assignments"]}
        assert tasks == {"water", "recon", "air_command"}
        expect(desk.get_by_test_id("plan-task").first).to_be_visible()
        desk.get_by_test_id("plan").scroll_into_view_if_needed()
        picture(desk, "run-card-plan")
        adopted(dispatcher, asked(incident["id"]))
        looking = next(
            each
            for each in dispatcher.get("taskings")["items"]
            if each["task"] in ("recon", "water") and each["operator_id"] == "OP1"
        )
        chief.post(f"taskings/{looking['id']}/order", {"version": looking["version"]})
        desk.locator(f'[data-testid="tasking-line"][data-id="{looking["id"]}"]').click()
        expect(desk.get_by_test_id("tasking-task")).to_be_visible()
        picture(desk, "run-card-tasking")
        (request,) = [
            each for each in dispatcher.get("airspace")["items"] if each["tasking_id"] == looking["id"]
        ]
        assert request["airspace"]["radius_m"] >= 9260
        warned = cap(dispatcher, "w1", "Alert", "Moderate", "")
        cap(dispatcher, "w2", "Update", "Extreme", "w1")
        desk.locator(f'[data-testid="incident-card"][data-id="{warned}"]').click()
        expect(desk.get_by_test_id("run-card-raise")).to_contain_text("Ⅰ")
        desk.get_by_test_id("run-card").scroll_into_view_if_needed()
        picture(desk, "run-card-raise")
        desk.get_by_test_id("run-card-raise-act").click()
        expect(desk.get_by_test_id("run-card")).to_have_attribute("data-proposed", "RC-FF1")
        expect(desk.get_by_test_id("run-card-raise")).to_have_count(0)

        assert people.foreign == []
