"""A phone and a gateway report positions to a real server; people see both sources and say what one of them is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import DESK, PHONE, WAIT_MS, Browser, browser, picture
from tests.journeys.running import Client, RunningSite, wait_for

HERE = {"longitude": 115.36, "latitude": 28.86, "accuracy": 12}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A real site, no demonstration, with a crew, a base and a dispatcher."""
    running = RunningSite(tmp_path / "36")
    for name, role in (("diaodu", "dispatcher"), ("jidi", "base"), ("tonghang", "operator")):
        more = ["--operator", "OP1"] if role == "operator" else []
        password = str(running.folder / "password")
        running.command("account", "add", name, "--role", role, "--password-file", password, *more)
    running.start()
    yield running
    running.stop()


def tracks(client: Client) -> dict[str, Any]:
    return {each["id"]: each["properties"] for each in client.get("tracks")["features"]}


def test_a_phone_and_a_gateway_are_seen_and_a_truck_gets_its_name(site: RunningSite) -> None:
    dispatcher, gateway = site.sign_in("diaodu"), site.sign_in("jidi")
    with browser(site.url) as people:
        report_from_the_phone_page(people, site)
        wait_for(lambda: tracks(dispatcher).get("phone:tonghang"), "the crew's position")
        crew = tracks(dispatcher)["phone:tonghang"]
        assert (crew["source"], crew["source_kind"], crew["thing_kind"]) == ("phone", "phone", "team")
        assert crew["accuracy_m"] == 12
        assert crew["simulated"] is False

        truck = {"lon_deg": 115.4, "lat_deg": 28.9}
        body = {"position": truck, "datum": "gcj02", "key": "truck-7", "thing_kind": "vehicle"}
        assert gateway.post("positions", body) == {"key": "report:truck-7", "verdict": "accepted"}

        desk = people.sign_in("diaodu", DESK)
        desk.get_by_test_id("sheet-sources").click(timeout=WAIT_MS)
        for name in ("phone", "report:jidi"):
            row = desk.locator(f'[data-testid=source][data-name="{name}"]')
            expect(row).to_have_attribute("data-health", "ok", timeout=WAIT_MS)
        picture(desk, "sources-real")
        desk.get_by_test_id("sheet-identities").click()
        desk.get_by_test_id("identity-new").click()
        desk.get_by_test_id("identity-name").fill("水罐车7")
        desk.get_by_test_id("identity-scheme").select_option("report")
        desk.get_by_test_id("identity-value").fill("truck-7")
        desk.get_by_test_id("identity-add").click()
        desk.get_by_test_id("identity-save").click()
        expect(desk.get_by_test_id("identity")).to_have_count(1, timeout=WAIT_MS)
        identity_id = desk.get_by_test_id("identity").get_attribute("data-id")
        known = wait_for(lambda: tracks(dispatcher).get(str(identity_id)), "the truck under its name")
        assert (known["name"], known["keys"]) == ("水罐车7", ["report:truck-7"])
        picture(desk, "identities-real")
        assert people.complaints == []


def report_from_the_phone_page(people: Browser, site: RunningSite) -> None:
    phone = people.page(PHONE)
    phone.context.grant_permissions(["geolocation"], origin=site.url)
    phone.context.set_geolocation(HERE)
    phone.goto(site.url + "/phone")
    phone.get_by_test_id("login-account").fill("tonghang")
    phone.get_by_test_id("login-password").fill((site.folder / "password").read_text())
    phone.get_by_test_id("login-submit").click()
    phone.get_by_test_id("phone-location-switch").click()
    expect(phone.get_by_test_id("phone-location")).to_have_attribute("data-state", "sending", timeout=WAIT_MS)
    picture(phone, "phone-real")
