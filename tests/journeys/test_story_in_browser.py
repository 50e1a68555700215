"""The whole story in a real browser: alarm, proposal, adoption, order, acceptance, ATC, flight, and a cut in between."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.adopting import adopted_on_page
from tests.journeys.browser import DESK, PHONE, SMALL_DESK, WAIT_MS, Browser, browser, picture
from tests.journeys.running import RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION, confirmed

expect.set_options(timeout=WAIT_MS)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources."""
    with running_site(tmp_path / "36", more=DEMONSTRATION) as running:
        yield running


def report_fire(desk: Page) -> None:
    """The dispatcher types an alarm in."""
    desk.get_by_test_id("incident-new").click()
    desk.get_by_test_id("incident-form-title").locator("input").or_(
        desk.locator("input[data-testid=incident-form-title]")
    ).first.fill("三爪仑林火")
    desk.get_by_test_id("incident-form-lon").fill("115.1")
    desk.get_by_test_id("incident-form-lat").fill("28.95")
    desk.get_by_test_id("incident-form-submit").click()
    desk.get_by_test_id("incident-card").first.click()


def open_tasking(desk: Page, tasking_id: str) -> None:
    """Select a tasking through its incident; on a small desk the queue is a drawer."""
    card = desk.get_by_test_id("incident-card").first
    drawer = desk.get_by_test_id("rail-queue")
    expect(card.or_(drawer).first).to_be_attached()
    if drawer.is_visible():
        drawer.click()
    card.click()
    desk.locator(f'[data-testid="tasking-line"][data-id="{tasking_id}"]').click()


def state_of(page: Page, tasking_id: str, state: str) -> None:
    """The page shows the tasking in a state."""
    expect(page.locator(f'[data-id="{tasking_id}"][data-state="{state}"]').first).to_be_visible()


@pytest.mark.timeout(420)
def test_dispatcher_chief_operator_and_atc_fly_a_sortie(site: RunningSite) -> None:
    """Each does their own step on their own page; each sees the others' steps arrive."""
    with browser(site.url) as people:
        desk = people.sign_in("diaodu", DESK)
        report_fire(desk)
        desk.get_by_test_id("act-confirm").click()
        desk.get_by_test_id("plan-ask").click()
        expect(desk.get_by_test_id("plan-option").first).to_be_visible()
        picture(desk, "desk-plan")
        watcher = site.sign_in("diaodu")
        taskings = adopted_on_page(desk, watcher)
        tasking = next(t for t in taskings if t["operator_id"] == "OP1")
        desk.context.close()

        chief = people.sign_in("zhiban", SMALL_DESK)
        open_tasking(chief, tasking["id"])
        chief.get_by_test_id("tasking-order").click()
        commit = chief.get_by_test_id("tasking-commit")
        state = chief.locator(
            f'[data-testid="tasking-detail"][data-id="{tasking["id"]}"][data-state="ordered"]'
        )
        expect(commit.or_(state).first).to_be_visible()
        if commit.is_visible():
            commit.click()
        state_of(chief, tasking["id"], "ordered")
        picture(chief, "chief-1280")
        chief.context.close()

        atc = people.sign_in("kongguan", DESK, "/atc")
        atc.get_by_test_id("atc-request").first.click()
        atc.get_by_test_id("atc-approve").click()
        picture(atc, "atc")
        atc.get_by_test_id("atc-commit").click()
        wait_for(lambda: watcher.get("airspace")["items"][0]["state"] == "approved", "approval")
        atc.context.close()

        phone = people.sign_in("tonghang", PHONE, "/phone")
        picture(phone, "phone-ordered")
        phone.get_by_test_id("phone-accept").click()
        state_of(phone, tasking["id"], "accepted")
        phone.get_by_test_id("phone-prepare").click()
        state_of(phone, tasking["id"], "preparing")
        base = site.sign_in("jidi")
        version = watcher.get(f"taskings/{tasking['id']}")["version"]
        base.post(f"taskings/{tasking['id']}/release", {"version": version})
        for act, after in (
            ("take_off", "airborne"),
            ("arrive", "working"),
            ("leave", "returning"),
            ("land", "landed"),
        ):
            phone.get_by_test_id(f"phone-{act}").click()
            state_of(phone, tasking["id"], after)
        picture(phone, "phone-landed")
        # the phone shows its own act at once; the site has it a moment later
        wait_for(
            lambda: watcher.get(f"taskings/{tasking['id']}")["state"] == "landed", "the landing at the site"
        )
        assert_quiet(people)


def assert_quiet(people: Browser) -> None:
    """No console error on any page, and nothing asked of any other machine."""
    assert people.complaints == []
    assert people.foreign == []


@pytest.mark.timeout(300)
def test_a_lost_link_is_said_aloud_and_the_page_catches_up(site: RunningSite) -> None:
    """Kill the server: the page says so and offers no commands. Start it again: it resumes with what it missed."""
    with browser(site.url) as people:
        desk = people.sign_in("diaodu", DESK)
        report_fire(desk)
        port = site.url.rpartition(":")[2]
        site.kill()
        expect(desk.get_by_test_id("link-lost")).to_be_visible()
        expect(desk.get_by_test_id("act-confirm")).to_be_disabled()
        picture(desk, "desk-lost")
        text = site.config.read_text()
        site.config.write_text(text.replace('listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{port}"'))
        site.start()
        other = site.sign_in("zhiban")
        (incident,) = other.get("incidents")["items"]
        other.post(f"incidents/{incident['id']}/confirm", {"version": 1})
        expect(desk.get_by_test_id("link-lost")).to_be_hidden()
        expect(desk.locator('[data-testid="incident-detail"][data-state="confirmed"]')).to_be_visible()
        assert people.foreign == []


@pytest.mark.timeout(240)
def test_a_dispatcher_asks_what_if_and_sees_the_difference(site: RunningSite) -> None:
    """An aircraft less, told term by term; then it is made the proposal."""
    with browser(site.url) as people:
        desk = people.sign_in("diaodu", SMALL_DESK)
        dispatcher = site.sign_in("diaodu")
        confirmed(dispatcher)
        plan = wait_for(lambda: dispatcher.get("plans")["items"], "a proposal by itself", 60)[0]
        lost = plan["assignments"][0]["aircraft_id"]
        drawer = desk.get_by_test_id("rail-queue")
        expect(drawer).to_be_visible()
        drawer.click()
        desk.get_by_test_id("incident-card").first.click()
        desk.get_by_test_id("what-if-open").click()
        desk.get_by_test_id("what-if-kind").select_option("lose_aircraft")
        desk.get_by_test_id("what-if-aircraft_id").select_option(lost)
        desk.get_by_test_id("what-if-add").click()
        wait_for(lambda: not dispatcher.get("planner/runs")["items"], "a quiet planner", 60)
        desk.get_by_test_id("what-if-ask").click()
        expect(desk.get_by_test_id("what-if-answer")).to_be_visible()
        expect(desk.get_by_test_id("what-if-aircraft").first).to_be_visible()
        picture(desk, "what-if")
        desk.get_by_test_id("what-if-propose").click()
        expect(desk.get_by_test_id("what-if-answer")).to_be_hidden()
        made = next(p for p in dispatcher.get("plans")["items"] if p["state"] == "open")
        assert lost not in {a["aircraft_id"] for a in made["assignments"]}
        assert made["requested_by"] == "diaodu"
        assert not people.complaints


@pytest.mark.timeout(240)
def test_what_is_known_of_a_fire_is_reported_on_its_card_and_reaches_the_planner(site: RunningSite) -> None:
    """Fuel, slope and area: the card says that the model reckoned with them."""
    with browser(site.url) as people:
        dispatcher = site.sign_in("diaodu")
        incident_id = confirmed(dispatcher)
        desk = people.sign_in("diaodu", DESK)
        desk.get_by_test_id("incident-card").first.click()
        desk.get_by_test_id("fire-edit").click()
        desk.get_by_test_id("fire-fuel").select_option("tall_grass")
        desk.get_by_test_id("fire-slope").fill("20")
        desk.get_by_test_id("fire-area").fill("3.5")
        desk.get_by_test_id("fire-save").click()
        expect(desk.locator('[data-testid="fire-source"][data-code="FIRE_MODEL"]')).to_be_visible()
        picture(desk, "fire-figures")
        fire = dispatcher.get(f"incidents/{incident_id}")["fire"]
        assert (fire["fuel"], fire["slope_deg"], fire["area_m2"]) == ("tall_grass", 20, 35_000)
        assert not people.complaints

        # a colleague says something meanwhile: nothing is overwritten, and what is emptied is withdrawn
        desk.get_by_test_id("fire-edit").click()
        desk.get_by_test_id("fire-slope").fill("30")
        desk.get_by_test_id("fire-area").fill("")
        version = dispatcher.get(f"incidents/{incident_id}")["version"]
        chief = site.sign_in("zhiban")
        chief.post(f"incidents/{incident_id}/update", {"version": version, "wind_mps": 9, "slope_deg": 10})
        expect(desk.get_by_test_id("fire-overtaken")).to_be_visible()
        expect(desk.get_by_test_id("fire-save")).to_be_disabled()
        picture(desk, "fire-overtaken")
        desk.get_by_test_id("fire-catch-up").click()
        expect(desk.get_by_test_id("fire-wind")).to_have_value("9")
        expect(desk.get_by_test_id("fire-slope")).to_have_value("30")
        desk.get_by_test_id("fire-save").click()
        expect(desk.get_by_test_id("fire-save")).to_be_hidden()
        fire = dispatcher.get(f"incidents/{incident_id}")["fire"]
        assert (fire["slope_deg"], fire["wind_mps"], fire.get("area_m2")) == (30, 9, None)
        assert not people.complaints
