"""The built page in a real Chromium, against a small site that cuts links and keeps answers back on demand."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

PASSWORD = "Correct horse battery"
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DRAWING = ("--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist")
# Without WebGL the page says so and goes on: what is not about the map is tested there, ten times faster.
PLAIN = ("--disable-gpu", "--disable-3d-apis")
DESK = {"width": 1920, "height": 1080}
SMALL_DESK = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}
WAIT_S = 40.0  # software rendering on two busy cores
expect.set_options(timeout=WAIT_S * 1000)


class SiteProcess:
    """The double in its own process, and what a test tells it."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("site_double.py")
        self.process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def tell(self, do: str, **order: Any) -> Any:
        body = json.dumps({"do": do, **order}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/__control", data=body)) as answer:
            return json.load(answer)

    def executed(self, path: str) -> list[Any]:
        return [one for one in self.tell("executed")["executed"] if one["path"] == path]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


_running: list[SiteProcess] = []


@pytest.fixture
def site() -> SiteProcess:
    """The double as if it had just begun. One process serves every test: to start one takes longer than most of them."""
    if not _running:
        _running.append(SiteProcess())
        atexit.register(_running[0].stop)
    _running[0].tell("reset")
    return _running[0]


@pytest.fixture
def plain(both: dict[str, Browser]) -> Iterator[Browser]:
    yield both["plain"]
    close_pages(both["plain"])


@pytest.fixture
def drawing(both: dict[str, Browser]) -> Iterator[Browser]:
    yield both["drawing"]
    close_pages(both["drawing"])


@pytest.fixture(scope="module")
def both() -> Iterator[dict[str, Browser]]:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "tests need a browser: install the package chromium, or name one in CHROMIUM"
    with sync_playwright() as playwright:
        start = playwright.chromium.launch
        yield {
            "plain": start(executable_path=found, args=[*FLAGS, *PLAIN]),
            "drawing": start(executable_path=found, args=[*FLAGS, *DRAWING]),
        }


def close_pages(browser: Browser) -> None:
    """A page that goes on drawing would take the next test's time."""
    for context in browser.contexts:
        context.close()


def open_page(browser: Browser, site: SiteProcess, size: dict[str, int], path: str = "/") -> Page:
    context = browser.new_context(viewport=size, locale="zh-CN")
    page = context.new_page()
    page.complaints = []  # type: ignore[attr-defined]  # rides on the page for the test to read
    page.foreign = []  # type: ignore[attr-defined]  # the same
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    own = (site.url, site.url.replace("http", "ws"), "blob:")
    page.on("request", lambda sent: None if sent.url.startswith(own) else page.foreign.append(sent.url))
    page.goto(site.url + path)
    return page


def sign_in(browser: Browser, site: SiteProcess, account: str, size: dict[str, int]) -> Page:
    page = open_page(browser, site, size)
    page.get_by_test_id("login-account").fill(account)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    until(page, "() => !!window.__ganying && window.__ganying.loaded")
    return page


def until(page: Page, condition: str) -> None:
    """Poll: wait_for_function needs eval, which the page's policy forbids."""
    wait_for(lambda: page.evaluate(condition), page)


def wait_for(condition: Callable[[], Any], page: Page) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        page.wait_for_timeout(100)


def test_a_wrong_password_says_so_and_a_second_factor_is_asked_for(plain: Browser, site: SiteProcess) -> None:
    page = open_page(plain, site, DESK)
    page.get_by_test_id("login-account").fill("erci")
    page.get_by_test_id("login-password").fill("wrong")
    page.get_by_test_id("login-submit").click()
    expect(page.locator('[data-testid=problem][data-code="WRONG_CREDENTIALS"]')).to_be_visible()
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("login-code").fill("123456")
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("desk")).to_be_visible()


def test_a_person_with_several_roles_chooses_one(plain: Browser, site: SiteProcess) -> None:
    page = open_page(plain, site, DESK)
    page.get_by_test_id("login-account").fill("duojue")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("login-role").select_option("duty_chief")
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("role")).to_have_text("值班长")


def test_the_desk_draws_aircraft_names_places_and_asks_nobody_else(
    drawing: Browser, site: SiteProcess
) -> None:
    page = sign_in(drawing, site, "diaodu", DESK)
    until(page, "() => window.__ganying.tracks().length === 6")
    before = page.evaluate("() => window.__ganying.tracks().map((t) => t.lon)")
    until(page, f"() => window.__ganying.tracks().some((t, i) => t.lon > {json.dumps(before)}[i] + 0.0005)")
    expect(page.locator("[data-testid=aircraft-label]", has_text="赣鹰01")).to_be_visible()
    expect(page.locator("[data-testid=map][data-ready=true]")).to_be_visible()
    expect(page.get_by_test_id("map-approval")).to_contain_text("审图号")
    expect(page.get_by_test_id("incident-card")).to_have_count(1)
    expect(page.locator('[data-testid=links] [data-site="43"][data-state="live"]')).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]  # set in open_page
    assert page.foreign == []  # type: ignore[attr-defined]  # set in open_page


def test_a_silent_source_turns_its_aircraft_stale_and_never_looks_live(
    drawing: Browser, site: SiteProcess
) -> None:
    page = sign_in(drawing, site, "diaodu", DESK)
    until(page, "() => window.__ganying.tracks().length === 6")
    site.tell("silence")
    until(page, "() => window.__ganying.tracks().every((t) => t.freshness === 'stale')")
    stood = page.evaluate("() => window.__ganying.tracks().map((t) => t.lon)")
    label = page.locator("[data-testid=aircraft-label]", has_text="赣鹰01")
    expect(label).to_contain_text("末次")
    until(
        page,
        f"() => window.__ganying.tracks()[0].age_s > {page.evaluate('() => window.__ganying.tracks()[0].age_s')} + 1",
    )
    assert page.evaluate("() => window.__ganying.tracks().map((t) => t.lon)") == stood
    site.tell("speak")
    until(page, "() => window.__ganying.tracks().every((t) => t.freshness === 'live')")


def test_a_lost_link_is_said_aloud_and_stops_commands_until_it_is_back(
    plain: Browser, site: SiteProcess
) -> None:
    page = sign_in(plain, site, "zhiban", DESK)
    page.get_by_test_id("incident-card").click()
    expect(page.get_by_test_id("act-confirm")).to_be_enabled()
    site.tell("cut")
    expect(page.get_by_test_id("link-lost")).to_be_visible()
    expect(page.get_by_test_id("link-tag")).to_have_attribute("data-link", "lost")
    expect(page.get_by_test_id("act-confirm")).to_be_disabled()
    site.tell("restore")
    with suppress(NotInTime):  # it may have come back by itself, and the button is gone
        page.get_by_test_id("retry-now").click(timeout=3_000)
    expect(page.get_by_test_id("link-tag")).to_have_attribute("data-link", "live")
    expect(page.get_by_test_id("act-confirm")).to_be_enabled()
    last = site.tell("executed")["hellos"][-1]
    assert last["resume_after"] == 1
    assert last["epoch"] == "epoch-1"


def test_what_changed_while_the_link_was_cut_is_there_after_it(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    page.get_by_test_id("desk").wait_for()
    site.tell("cut")
    expect(page.get_by_test_id("link-lost")).to_be_visible()
    site.tell("act", kind="incidents", id="36-INC-1", action="confirm", account="zhiban")
    site.tell("restore")
    with suppress(NotInTime):  # it may have come back by itself, and the button is gone
        page.get_by_test_id("retry-now").click(timeout=3_000)
    expect(page.locator('[data-testid=incident-card][data-state="confirmed"]')).to_be_visible()
    expect(page.get_by_test_id("resync")).to_be_visible()


def test_a_page_that_the_cut_link_did_not_bring_says_so_and_comes_with_the_link(
    plain: Browser, site: SiteProcess
) -> None:
    """Its file fails in the moment after the sign-in; there is no blank page then, and nobody has to load anew."""
    page = open_page(plain, site, DESK)
    page.route("**/assets/DeskPage*", lambda route: route.abort("connectionreset"))
    page.get_by_test_id("login-account").fill("diaodu")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("page-waiting")).to_be_visible()
    page.unroute_all()
    expect(page.get_by_test_id("desk")).to_be_visible()
    page.route("**/assets/ReplayPage*", lambda route: route.abort("connectionreset"))
    page.get_by_test_id("sheet-replay").click()
    expect(
        page.get_by_test_id("sheet-missing")
    ).to_be_visible()  # a sheet of the desk: the desk under it stays
    page.get_by_test_id("sheet-close").click()
    expect(page.get_by_test_id("sheet-missing")).to_have_count(0)
    page.unroute_all()
    page.get_by_test_id(
        "sheet-replay"
    ).click()  # this browser asks again; for one that remembers there is a button
    expect(page.get_by_test_id("replay")).to_be_visible()


def test_a_gap_in_the_numbers_fetches_everything_again(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    site.tell("gap", action="confirm")
    expect(page.locator('[data-testid=incident-card][data-state="confirmed"]')).to_be_visible()
    wait_for(lambda: len(site.tell("executed")["hellos"]) == 2, page)
    assert site.tell("executed")["hellos"][-1]["resume_after"] == 0


def test_an_incident_is_reported_by_coordinates_and_confirmed(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    page.get_by_test_id("incident-new").click()
    page.get_by_test_id("incident-form-title").fill("铜鼓县林火")
    page.get_by_test_id("incident-form-lon").fill("114.37")
    page.get_by_test_id("incident-form-lat").fill("28.52")
    page.get_by_test_id("incident-form-datum").select_option("gcj02")
    page.get_by_test_id("incident-form-level-2").click()
    page.get_by_test_id("incident-form-submit").click()
    expect(page.get_by_test_id("incident-detail")).to_have_attribute("data-id", "36-INC-2")
    sent = site.executed("incidents")[0]["body"]
    assert sent["datum"] == "gcj02"
    assert sent["level"] == 2
    assert sent["position"] == {"lon_deg": 114.37, "lat_deg": 28.52}
    page.get_by_test_id("act-confirm").click()
    expect(page.get_by_test_id("incident-detail")).to_have_attribute("data-state", "confirmed")


def test_a_click_on_the_map_gives_the_position(drawing: Browser, site: SiteProcess) -> None:
    page = sign_in(drawing, site, "diaodu", DESK)
    expect(page.locator("[data-testid=map][data-ready=true]")).to_be_visible()
    page.get_by_test_id("incident-new").click()
    page.get_by_test_id("incident-form-pick").click()
    page.mouse.click(1100, 400)
    expect(page.get_by_test_id("incident-form-lon")).not_to_have_value("")
    assert 108 < float(page.get_by_test_id("incident-form-lon").input_value()) < 124


def test_a_refused_act_says_what_changed(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    page.get_by_test_id("incident-card").click()
    page.get_by_test_id("act-dismiss").click()
    expect(page.get_by_test_id("act-commit")).to_be_disabled()
    page.get_by_test_id("act-reason").fill("误报")
    site.tell("hang")
    page.get_by_test_id("act-commit").click()
    expect(page.locator('[data-testid=problem][data-code="UNREACHABLE"]')).to_be_visible()
    site.tell("unhang")
    expect(page.get_by_test_id("incident-detail")).to_have_attribute("data-state", "dismissed")
    assert len(site.executed("incidents/36-INC-1/dismiss")) == 1


def test_language_and_theme_switch_without_a_reload(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", SMALL_DESK)
    expect(page.get_by_test_id("role")).to_have_text("调度员")
    page.get_by_test_id("lang-switch").click()
    expect(page.get_by_test_id("role")).to_have_text("Dispatcher")
    page.get_by_test_id("theme-switch").click()
    assert page.evaluate("() => document.documentElement.dataset.theme") == "day"
    page.reload()
    expect(page.get_by_test_id("role")).to_have_text("Dispatcher")


def test_keys_walk_the_queue_and_stay_out_of_text_fields(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    expect(page.get_by_test_id("incident-card")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_test_id("incident-detail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("nothing-selected")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_test_id("search")).to_be_focused()
    page.keyboard.type("j1")
    expect(page.get_by_test_id("search")).to_have_value("j1")
    expect(page.get_by_test_id("nothing-selected")).to_be_visible()


def test_signing_out_leaves_nothing_of_the_person(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    page.get_by_test_id("logout").click()
    expect(page.get_by_test_id("login-notice")).to_be_visible()
    left = page.evaluate("() => JSON.stringify({...sessionStorage}) + JSON.stringify({...localStorage})")
    assert "token" not in left
    assert "diaodu" not in left


def test_the_phone_never_loads_the_map_and_accepts(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "tonghang", PHONE)
    expect(page.locator('[data-testid=phone-task][data-told="ordered"]')).to_be_visible()
    expect(page.get_by_test_id("phone-airspace")).to_contain_text("空域待批")
    page.get_by_test_id("phone-accept").click()
    expect(page.locator('[data-testid=phone-task][data-told="accepted"]')).to_be_visible()
    expect(page.get_by_test_id("phone-progress")).to_have_attribute("data-progress", "confirmed")
    scripts = page.evaluate(
        "() => performance.getEntriesByType('resource').filter((e) => e.name.endsWith('.js'))"
        ".reduce((sum, e) => sum + e.decodedBodySize, 0)"
    )
    assert 0 < scripts < 660_000  # the map's chunk alone is 1.8 MB
    assert page.foreign == []  # type: ignore[attr-defined]  # set in open_page


def test_a_crew_refuses_with_a_reason(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "tonghang", PHONE)
    page.get_by_test_id("phone-refuse").click()
    expect(page.get_by_test_id("phone-refuse-commit")).to_be_disabled()
    page.get_by_test_id("phone-refuse-weather").click()
    page.get_by_test_id("phone-refuse-note").fill("能见度 1.2 km")
    page.get_by_test_id("phone-refuse-commit").click()
    wait_for(lambda: site.executed("taskings/36-TSK-1/refuse"), page)
    sent = site.executed("taskings/36-TSK-1/refuse")[0]["body"]
    assert sent["refusal"] == "weather"
    assert sent["reason"] == "能见度 1.2 km"
    assert sent["version"] == 2


def test_acts_made_without_a_link_survive_a_reload_and_are_done_once(
    plain: Browser, site: SiteProcess
) -> None:
    page = sign_in(plain, site, "tonghang", PHONE)
    expect(page.locator('[data-testid=phone-task][data-told="ordered"]')).to_be_visible()
    until(page, "async () => (await caches.keys()).length > 0 && !!navigator.serviceWorker.controller")
    site.tell("hang")  # what arrives is done, but its answer is lost
    page.get_by_test_id("phone-accept").click()
    expect(page.get_by_test_id("phone-unsent")).to_have_attribute("data-count", "1")
    wait_for(lambda: site.executed("taskings/36-TSK-1/accept"), page)
    site.tell("cut")
    page.get_by_test_id("phone-prepare").click()
    expect(page.get_by_test_id("phone-unsent")).to_have_attribute("data-count", "2")
    keys = [one.get_attribute("data-key") for one in page.get_by_test_id("phone-act").all()]
    page.reload()
    expect(page.get_by_test_id("phone-unsent")).to_have_attribute("data-count", "2")
    assert [one.get_attribute("data-key") for one in page.get_by_test_id("phone-act").all()] == keys
    site.tell("unhang")
    site.tell("restore")
    expect(page.get_by_test_id("phone-unsent")).to_have_attribute("data-count", "0")
    expect(page.locator('[data-testid=phone-task][data-told="preparing"]')).to_be_visible()
    accepted, prepared = site.executed("taskings/36-TSK-1/accept"), site.executed("taskings/36-TSK-1/prepare")
    assert [one["key"] for one in (*accepted, *prepared)] == keys


def test_atc_approves_in_two_steps(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "kongguan", DESK)
    expect(page.get_by_test_id("atc-request")).to_have_count(1)
    page.get_by_test_id("atc-approve").click()
    assert site.executed("airspace/36-ASP-1/approve") == []
    page.get_by_test_id("atc-commit").click()
    expect(page.get_by_test_id("atc-detail")).to_have_attribute("data-state", "approved")
    expect(page.get_by_test_id("atc-empty")).to_be_visible()


def test_atc_offers_a_lower_ceiling_with_a_reason(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "kongguan", DESK)
    page.get_by_test_id("atc-counter").click()
    expect(page.get_by_test_id("atc-commit")).to_be_disabled()
    page.get_by_test_id("atc-counter-ceiling").fill("900")
    page.get_by_test_id("atc-reason").fill("避让进近下滑")
    page.get_by_test_id("atc-commit").click()
    expect(page.get_by_test_id("atc-detail")).to_have_attribute("data-state", "countered")
    counter = site.executed("airspace/36-ASP-1/counter")[0]["body"]["counter"]
    assert counter["ceiling_m"] == 900
    assert counter["reason"] == "避让进近下滑"
    assert "active_from" not in counter
