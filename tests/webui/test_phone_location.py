"""«位置上报» in a real Chromium with a given geolocation: off until pressed, kept without a link, sent later as backfill."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.webui.test_pages import PHONE, SiteProcess, both, open_page, plain, site, wait_for

__all__ = ("both", "plain", "site")  # fixtures of test_pages.py, in use here too

HERE = {"longitude": 115.36, "latitude": 28.86, "accuracy": 9}


@pytest.fixture
def crew(plain: Browser, site: SiteProcess) -> Page:
    """The crew's page with a position that the test moves."""
    page = open_page(plain, site, PHONE)
    page.context.grant_permissions(["geolocation"], origin=site.url)
    page.context.set_geolocation(HERE)
    page.get_by_test_id("login-account").fill("tonghang")
    page.get_by_test_id("login-password").fill("Correct horse battery")
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("phone-location")).to_be_visible()
    return page


def reported(site: SiteProcess) -> list[dict[str, Any]]:
    return site.tell("positions")["positions"]  # type: ignore[no-any-return]  # JSON


def move(page: Page, step: int) -> None:
    page.context.set_geolocation({**HERE, "longitude": 115.36 + step * 0.002})


def test_nothing_is_reported_until_the_crew_switches_it_on(crew: Page, site: SiteProcess) -> None:
    bar = crew.get_by_test_id("phone-location")
    expect(bar).to_have_attribute("data-state", "off")
    assert reported(site) == []
    crew.get_by_test_id("phone-location-switch").click()
    expect(bar).to_have_attribute("data-state", "sending")
    expect(crew.get_by_test_id("phone-location-age")).to_contain_text("前送达")
    expect(crew.get_by_test_id("phone-location-age")).to_contain_text("±9 m")
    [first] = reported(site)
    assert first["position"] == {"lon_deg": 115.36, "lat_deg": 28.86}
    assert (first["datum"], first["accuracy_m"], first["thing_kind"]) == ("wgs84", 9, "team")
    assert "simulated" not in first  # the site is no demonstration
    assert "backfill" not in first
    crew.get_by_test_id("phone-location-switch").click()
    expect(bar).to_have_attribute("data-state", "off")
    move(crew, 1)
    crew.reload()
    expect(bar).to_have_attribute("data-state", "off")
    assert len(reported(site)) == 1


def test_positions_made_without_a_link_are_kept_through_a_reload_and_sent_as_backfill(
    crew: Page, site: SiteProcess
) -> None:
    bar = crew.get_by_test_id("phone-location")
    crew.get_by_test_id("phone-location-switch").click()
    expect(bar).to_have_attribute("data-state", "sending")
    site.tell("cut")
    step = 0

    def kept() -> bool:
        nonlocal step
        step += 1
        move(crew, step)
        crew.wait_for_timeout(300)
        return int(bar.get_attribute("data-kept") or 0) >= 1

    wait_for(kept, crew)
    expect(bar).to_have_attribute("data-state", "keeping")
    assert len(reported(site)) == 1
    site.tell("restore")
    crew.reload()  # what was kept is still there, and the switch is as the crew left it
    expect(bar).to_have_attribute("data-kept", "0")

    def fresh() -> bool:
        nonlocal step
        step += 1
        move(crew, step)
        crew.wait_for_timeout(300)
        return len(reported(site)) >= 3

    wait_for(fresh, crew)
    first, *late = reported(site)
    times = [one["observed_at"] for one in (first, *late)]
    assert times == sorted(times)
    assert late[0]["backfill"] is True
    assert "backfill" not in late[-1]
    expect(bar).to_have_attribute("data-state", "sending")


def test_a_phone_that_gives_gcj02_says_so_once_its_crew_has_chosen_it(crew: Page, site: SiteProcess) -> None:
    crew.get_by_test_id("phone-menu").click()
    expect(crew.get_by_test_id("phone-datum")).to_have_attribute("data-datum", "wgs84")
    crew.get_by_test_id("phone-datum-gcj02").click()
    crew.get_by_test_id("phone-location-switch").click()
    wait_for(lambda: reported(site), crew)
    assert reported(site)[0]["datum"] == "gcj02"


def test_a_position_that_the_picture_does_not_use_is_said_so(crew: Page, site: SiteProcess) -> None:
    site.tell("judge", verdict="implausible")
    crew.get_by_test_id("phone-location-switch").click()
    bar = crew.get_by_test_id("phone-location")
    expect(bar).to_have_attribute("data-state", "doubted")
    expect(bar).to_contain_text("位移不合理")


def test_a_refused_permission_switches_it_off_and_says_how_to_allow_it(
    plain: Browser, site: SiteProcess
) -> None:
    page = open_page(plain, site, PHONE)
    page.context.clear_permissions()
    page.get_by_test_id("login-account").fill("tonghang")
    page.get_by_test_id("login-password").fill("Correct horse battery")
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("phone-location-switch").click()
    expect(page.get_by_test_id("phone-location")).to_have_attribute("data-state", "denied")
    expect(page.get_by_test_id("phone-location-switch")).to_have_attribute("aria-checked", "false")
    assert reported(site) == []
