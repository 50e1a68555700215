"""An order is amended at the desk, the crew acknowledges it on its phone; both see incident airspace; then it comes down."""

from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from playwright.sync_api import Page
from twisted.internet.threads import deferToThread

from adapters.web.server import DIST
from dispatch.geo import Position
from dispatch.kinds import TaskingState
from loadtests.refusals import brought_to
from tests.adapters.web.running import Running
from tests.adapters.web.test_traffic_areas import RESERVOIR
from tests.journeys.atc_story import asked_of_atc
from tests.journeys.browser import DESK, PHONE, Browser, browser, picture
from tests.journeys.traffic_steps import fly_in_a_traffic_area

SECTOR = {
    "name": "北坡",
    "pattern": "sector",
    "datum": {"lon_deg": 115.36, "lat_deg": 28.86},
    "spacing_m": 500,
    "sweep_width_m": 400,
    "along_m": 2000,
    "speed_mps": 30,
    "height_m": 150,
}


def flight_messages(desk: Page) -> None:
    """The next message is shown, copied, and another one chosen."""
    desk.get_by_test_id("flight-message-toggle").click()
    text = '[data-testid="flight-message-text"]'
    desk.locator(text, has_text="(DEP-").wait_for()
    desk.get_by_test_id("flight-message-copy").click()
    desk.locator('[data-testid="flight-message-copied"]', has_text="已复制").wait_for()
    desk.get_by_test_id("flight-message-FPL").click()
    desk.locator(text, has_text="(FPL-").wait_for()
    desk.locator('[data-testid="flight-message-gap"][data-code="EQUIPMENT"]').wait_for()
    desk.get_by_test_id("flight-message-toggle").scroll_into_view_if_needed()
    picture(desk, "flight-message-desk")


def told(watched: Browser, tasking_id: str) -> None:
    """The story, in a thread of its own."""
    desk = watched.sign_in("dispatcher", DESK)
    desk.get_by_test_id("desk").wait_for()
    phone = watched.sign_in("operator", PHONE, "/phone")
    phone.get_by_test_id("phone-task").wait_for()
    search = phone.get_by_test_id("phone-search")
    search.get_by_test_id("phone-search-points").click()
    assert search.get_by_role("listitem").count() == 19
    search.scroll_into_view_if_needed()
    picture(phone, "search-phone")
    desk.get_by_test_id("incident-card").filter(has_text="working").click()
    desk.locator(f'[data-testid="tasking-line"][data-id="{tasking_id}"]').click()
    desk.get_by_test_id("amend-open").click()
    desk.get_by_test_id("amend-drops").fill("6")
    desk.get_by_test_id("amend-water").select_option("W9")
    desk.get_by_test_id("amend-remark").fill("西线优先，注意高压线")
    desk.get_by_test_id("amend-reason").fill("风向转西，火线北移")
    picture(desk, "amend-form")
    desk.get_by_test_id("amend-commit").click()
    waits = desk.locator('[data-testid="amendment"][data-state="open"]')
    waits.wait_for()
    notice = phone.get_by_test_id("phone-amendment")
    notice.wait_for()
    assert "10 桶" in notice.inner_text()  # both versions are shown
    assert "6 桶" in notice.inner_text()
    picture(desk, "amend-desk-waits")
    picture(phone, "amend-phone")
    phone.get_by_test_id("phone-acknowledge").click()
    notice.wait_for(state="detached")
    waits.wait_for(state="detached")
    assert "6 桶" in desk.get_by_test_id("tasking-detail").inner_text()
    assert "西线优先" in phone.get_by_test_id("phone-task").inner_text()
    flight_messages(desk)
    phone.get_by_test_id("phone-ops_normal").click()
    desk.locator('[data-testid="tasking-detail"]').get_by_text("报平安").last.wait_for()
    fly_in_a_traffic_area(desk, phone)

    # the report was wrong: another place; the order stands, says so, and is amended from there
    desk.get_by_test_id("incident-card").filter(has_text="working").click()
    desk.get_by_test_id("incident-correct").click()
    form = desk.get_by_test_id("correction-form")
    form.wait_for()
    lat = float(form.get_by_test_id("correction-lat").input_value())
    form.get_by_test_id("correction-lat").fill(f"{lat + 0.01:.5f}")
    form.get_by_test_id("correction-place").fill("北坡")
    form.get_by_test_id("correction-reason").fill("无人机核实，火点在北坡")
    picture(desk, "correction-form")
    form.get_by_test_id("correction-submit").click()
    form.wait_for(state="detached")
    desk.get_by_test_id("incident-detail").get_by_text("北坡").first.wait_for()
    desk.locator(f'[data-testid="tasking-line"][data-id="{tasking_id}"]').click()
    desk.get_by_test_id("scene-moved").wait_for()
    assert "1.1 km" in desk.get_by_test_id("scene-moved").inner_text()
    picture(desk, "scene-moved")
    desk.get_by_test_id("scene-moved-amend").click()
    assert float(desk.get_by_test_id("amend-lat").input_value()) == round(lat + 0.01, 5)
    picture(desk, "scene-moved-amend")
    desk.get_by_test_id("amend-commit").click()
    desk.get_by_test_id("scene-moved").wait_for(state="detached")
    phone.get_by_test_id("phone-acknowledge").click()
    phone.get_by_test_id("phone-amendment").wait_for(state="detached")

    phone.get_by_test_id("phone-divert").click()
    phone.get_by_test_id("phone-cause-weather").click()
    phone.get_by_test_id("phone-place").first.click()
    picture(phone, "divert-phone")
    phone.get_by_test_id("phone-elsewhere-commit").click()
    desk.get_by_test_id("tasking-gone").wait_for()
    picture(desk, "divert-desk")
    phone.get_by_test_id("phone-emergency_land").click()
    phone.get_by_test_id("phone-well-more").click()
    picture(phone, "emergency-phone")
    phone.get_by_test_id("phone-elsewhere-commit").click()
    banner = desk.get_by_test_id("emergency-banner")
    banner.wait_for()
    picture(desk, "emergency-desk")
    banner.click()
    desk.get_by_test_id("act-confirm").click()
    banner.wait_for(state="detached")  # it goes when somebody has taken it up, and only then

    phone.close()
    desk.close()  # three maps drawn by software at once starve each other
    auditor = watched.sign_in("auditor", DESK)
    auditor.get_by_test_id("sheet-audit").click()
    line = auditor.locator('[data-testid="audit-line"][data-code="FORBIDDEN"]')
    line.first.wait_for()
    picture(auditor, "audit")
    assert watched.complaints == []


async def asked_for(site: Running) -> dict[str, Any]:
    """A tasking that prepares and has its plan still to be approved; another one meets it on the way."""
    east = Position(lon_deg=116.1, lat_deg=28.75)
    ahead = await brought_to(site, TaskingState.ACCEPTED, 2, amended=False, at=east)
    await site.http("POST", f"taskings/{ahead['id']}/prepare", {"version": ahead["version"]}, role="operator")
    beside = Position(lon_deg=116.13, lat_deg=28.76)
    await brought_to(site, TaskingState.ORDERED, 3, amended=False, at=beside)
    return ahead


@pytest.mark.timeout(600)  # five pages with maps drawn by software, on a machine that others use too
@pytest_twisted.ensureDeferred
async def test_an_amendment_goes_from_the_desk_to_the_phone_and_back(tmp_path: Path) -> None:
    site = await Running.start(tmp_path, dist=DIST)
    try:
        tasking = await brought_to(site, TaskingState.WORKING, 1, amended=False)
        await site.http("POST", f"taskings/{tasking['id']}/take_off", {"version": 1}, role="atc")
        assert (await site.http("POST", "resources/water_points", RESERVOIR, role="dispatcher")).status < 300
        ahead = await asked_for(site)
        given = {"incident_id": tasking["incident_id"], "tasking_id": tasking["id"]}
        assert (await site.http("POST", "searches", SECTOR | given, role="dispatcher")).status == 201

        def run() -> None:
            with browser(f"http://127.0.0.1:{site.port}") as watched:
                asked_of_atc(watched, ahead)
                told(watched, tasking["id"])

        await deferToThread(run)
    finally:
        await site.stop()
