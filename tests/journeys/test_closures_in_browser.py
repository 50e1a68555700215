"""What is drawn on the map at the desk: closed airspace, seen by others and opened again, and a search pattern."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.adopting import adopted
from tests.journeys.browser import DESK, SMALL_DESK, WAIT_MS, browser, picture
from tests.journeys.running import RunningSite, running_site
from tests.journeys.search_steps import draw_search
from tests.journeys.test_closed_airspace import closed
from tests.journeys.test_first_sortie import DEMONSTRATION, confirmed
from tests.journeys.weather_steps import weather_and_hazards

expect.set_options(timeout=WAIT_MS)
LOST = {
    "kind": "missing_person",
    "level": 3,
    "title": "走失老人",
    "position": {"lon_deg": 115.36, "lat_deg": 28.86},
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources."""
    with running_site(tmp_path / "36", more=DEMONSTRATION) as running:
        yield running


def click_map(desk: Page, *at: tuple[float, float]) -> None:
    """Click the map at shares of its width and height."""
    box = desk.get_by_test_id("map").bounding_box()
    assert box is not None
    for x, y in at:
        desk.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def fill(desk: Page, name: str) -> None:
    """The texts that a closure needs."""
    for field, text in (("name", name), ("reason", "库区爆破"), ("source", "县应急局 值班电话")):
        desk.get_by_test_id(f"closure-form-{field}").fill(text)


@pytest.mark.timeout(300)
def test_a_dispatcher_draws_a_closure_and_lifts_it_and_a_chief_sees_it(site: RunningSite) -> None:
    """A polygon and a circle by clicks; one that crosses itself is refused in words; the list and the map follow."""
    with browser(site.url) as people:
        dispatcher, atc = site.sign_in("diaodu"), site.sign_in("kongguan")
        incident_id = confirmed(dispatcher)
        adopted(dispatcher)
        desk = people.sign_in("diaodu", DESK)
        desk.locator('[data-testid="map"][data-ready="true"]').wait_for()
        desk.get_by_test_id("closures-open").click()
        expect(desk.get_by_test_id("closures")).to_be_visible()
        desk.get_by_test_id("closure-new").click()
        fill(desk, "赣北临时管制")
        click_map(desk, (0.5, 0.3), (0.62, 0.42), (0.62, 0.3), (0.5, 0.42))
        desk.get_by_test_id("closure-form-submit").click()
        expect(desk.locator('[data-testid="problem"][data-code="RING_CROSSES"]')).to_be_visible()
        desk.get_by_test_id("closure-form-ring").click()
        click_map(desk, (0.5, 0.3), (0.6, 0.32), (0.6, 0.42), (0.5, 0.42))
        picture(desk, "closure-drawing")
        desk.get_by_test_id("closure-form-submit").click()
        expect(desk.get_by_test_id("closure")).to_have_count(1)
        desk.get_by_test_id("closure-new").click()
        desk.get_by_test_id("closure-form-circle").click()
        fill(desk, "吉安军事活动")
        desk.get_by_test_id("closure-form-kind").select_option("military_activity")
        click_map(desk, (0.5, 0.7), (0.55, 0.7))
        desk.get_by_test_id("closure-form-submit").click()
        expect(desk.get_by_test_id("closure")).to_have_count(2)
        scene = next(i for i in dispatcher.get("incidents")["items"] if i["id"] == incident_id)
        closed(atc, "三爪仑空中管制", scene["position"], 4_000)
        expect(desk.get_by_test_id("closure")).to_have_count(3)
        expect(desk.get_by_test_id("closure-reached").first).to_be_visible()
        picture(desk, "closures-desk")

        first = desk.locator('[data-testid="closure"]', has_text="吉安军事活动")
        first.get_by_test_id("closure-lift").click()
        first.get_by_test_id("closure-lift-reason").fill("活动结束")
        first.get_by_test_id("closure-lift-commit").click()
        expect(desk.get_by_test_id("closure")).to_have_count(2)
        by_atc = desk.locator('[data-testid="closure"]', has_text="三爪仑空中管制")
        expect(by_atc.get_by_test_id("closure-lift")).to_have_count(0)

        desk.get_by_test_id("closures-close").click()
        lost = dispatcher.post("incidents", LOST)["id"]
        desk.goto(f"{site.url}/#incident={lost}")
        desk.reload()
        desk.locator('[data-testid="map"][data-ready="true"]').wait_for()
        draw_search(desk)

        desk.context.close()
        tower = people.sign_in("kongguan", DESK, "/atc")
        tower.locator('[data-testid="map"][data-ready="true"]').wait_for()
        tower.get_by_test_id("closures-open").click()
        tower.locator('[data-testid="closure"]', has_text="三爪仑空中管制").get_by_test_id(
            "closure-lift"
        ).click()
        picture(tower, "closures-atc")
        tower.context.close()

        chief = people.sign_in("zhiban", SMALL_DESK)
        chief.locator('[data-testid="map"][data-ready="true"]').wait_for()
        weather_and_hazards(chief, dispatcher)
        chief.get_by_test_id("closures-open").click()
        expect(chief.get_by_test_id("closure")).to_have_count(2)
        picture(chief, "closures-1280")
        chief.get_by_test_id("closure-new").click()
        click_map(chief, (0.7, 0.3), (0.8, 0.32), (0.8, 0.42))
        picture(chief, "closure-form-1280")
        chief.get_by_test_id("closure-form-close").click()
        chief.get_by_test_id("lang-switch").click()
        expect(chief.get_by_test_id("closures")).to_contain_text("Closed airspace")
        picture(chief, "closures-en-1280")
        assert not [each for each in people.complaints if "409" not in each]  # the refusal that was provoked
        assert people.foreign == []
