"""The past at the desk, in a real Chromium: picked, played, sought, never mixed with the present, left at once."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone

from playwright.sync_api import Browser, Page, expect

from tests.webui import past
from tests.webui.test_pages import (
    DESK,
    SMALL_DESK,
    SiteProcess,
    both,
    drawing,
    plain,
    sign_in,
    site,
    until,
)

__all__ = ("both", "drawing", "plain", "site")  # fixtures of test_pages.py, in use here too

BEIJING = timezone(timedelta(hours=8))


def replay(page: Page) -> None:
    page.get_by_test_id("sheet-replay").click()
    ready(page)


def ready(page: Page) -> None:
    expect(page.get_by_test_id("replay")).to_have_attribute("data-condition", "ready")


def position_s(page: Page) -> float:
    return int(page.get_by_test_id("replay").get_attribute("data-position") or 0) / 1000


def pick_hour(page: Page, at_s: float) -> None:
    hour = page.get_by_test_id("replay").get_by_role("combobox")
    hour.fill(datetime.fromtimestamp(at_s, BEIJING).strftime("%Y-%m-%d %H:%M"))
    hour.press("Enter")


def test_the_last_hour_plays_and_says_that_it_is_not_now(site: SiteProcess, plain: Browser) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    replay(page)
    began_s = position_s(page)
    assert abs(time.time() - 3600 - began_s) < 120
    banner = page.get_by_test_id("replay-banner")
    expect(banner).to_have_text(re.compile(r"^回放 \d\d:\d\d:\d\d ×10 · 非实时$"))
    at = datetime.fromtimestamp(began_s, BEIJING)
    expect(banner).to_contain_text(f"{at:%H:%M:%S}")
    expect(page.get_by_test_id("replay-count")).to_have_attribute("data-count", str(past.THINGS))
    page.get_by_test_id("replay-rate-300").click()
    expect(banner).to_contain_text("×300")
    page.get_by_test_id("replay-play").click()
    until(
        page,
        f"() => Number(document.querySelector('[data-testid=replay]').dataset.position) > {(began_s + 400) * 1000}",
    )
    page.keyboard.press("Escape")  # off the button: its key is the page's too
    expect(page.get_by_test_id("replay")).to_have_count(0)
    assert page.complaints == []  # type: ignore[attr-defined]
    assert page.foreign == []  # type: ignore[attr-defined]


def test_what_is_shown_is_what_was_then(site: SiteProcess, plain: Browser) -> None:
    """Positions of that moment, of all kinds of source; not those of now."""
    page = sign_in(plain, site, "diaodu", DESK)
    replay(page)
    wanted_ms = page.get_by_test_id("replay-slider").evaluate(
        """(slider) => {
            slider.value = String(Number(slider.min) + 1200_000)
            slider.dispatchEvent(new Event('input'))
            return Number(slider.value)
        }"""
    )
    until(page, f"() => document.querySelector('[data-testid=replay]').dataset.position === '{wanted_ms}'")
    for number in (0, 3):
        line = f'[data-testid="replay-thing"][data-id="icao24:{past.FIRST + number:06x}"]'
        lon_deg = past.place(number, wanted_ms / 1000)[0]
        until(page, f"() => Math.abs(document.querySelector('{line}')?.dataset.lon - {lon_deg}) < 0.01")
    page.locator('[data-id="jt808:13912345678"]').click()
    card = page.get_by_test_id("replay-card")
    expect(card).to_contain_text("靖安一队")
    expect(card).to_contain_text("trucks")
    now = page.evaluate("() => window.__ganying.tracks().map((one) => one.callsign)")
    assert "OLD01" not in now  # the present is still the present underneath
    assert "GY01" in now


def test_space_and_arrows_play_and_jump(site: SiteProcess, plain: Browser) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    expect(page.get_by_test_id("sheet-replay")).to_be_visible()
    page.keyboard.press("r")
    ready(page)
    began_s = position_s(page)
    page.keyboard.press("ArrowRight")
    ready(page)
    assert position_s(page) == began_s + 10
    page.keyboard.press("ArrowLeft")
    ready(page)
    assert position_s(page) == began_s
    page.keyboard.press(" ")
    expect(page.get_by_test_id("replay")).to_have_attribute("data-playing", "true")
    page.keyboard.press(" ")
    expect(page.get_by_test_id("replay")).to_have_attribute("data-playing", "false")
    page.keyboard.press("r")
    expect(page.get_by_test_id("replay")).to_have_count(0)


def test_any_hour_can_be_picked_in_beijing_time_and_an_empty_one_says_so(
    site: SiteProcess,
    plain: Browser,
) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    replay(page)
    wanted_s = (time.time() - 2 * 3600) // 60 * 60
    pick_hour(page, wanted_s)
    ready(page)
    assert position_s(page) == wanted_s
    page.get_by_test_id("replay-earlier").click()
    until(
        page,
        f"() => Number(document.querySelector('[data-testid=replay]').dataset.position) === {(wanted_s - 3600) * 1000}",
    )
    pick_hour(page, time.time() - 26 * 3600)
    expect(page.get_by_test_id("replay-empty")).to_contain_text("没有存档的航迹")
    expect(page.get_by_test_id("replay-play")).to_be_disabled()
    page.get_by_test_id("replay-last").click()
    ready(page)


def test_an_archive_that_refuses_or_is_slow_is_said_and_asked_again(
    site: SiteProcess,
    plain: Browser,
) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    site.tell("archive", mode="NO_ARCHIVE")
    page.get_by_test_id("sheet-replay").click()
    failed = page.get_by_test_id("replay-failed")
    expect(failed).to_have_attribute("data-code", "NO_ARCHIVE")
    expect(failed).to_contain_text("没有启用档案")
    site.tell("archive", mode="slow")
    page.get_by_test_id("replay-retry").click()
    expect(page.get_by_test_id("replay-loading")).to_be_visible()
    site.tell("archive", mode="ok")
    page.get_by_test_id("replay-last").click()
    ready(page)


def test_the_moment_is_in_the_address_for_another_desk(site: SiteProcess, plain: Browser) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    at = datetime.fromtimestamp(time.time() - 5000, UTC).replace(microsecond=0)
    page.evaluate(f"() => {{ location.hash = '#replay={at:%Y-%m-%dT%H:%M:%S}Z,60'; location.reload() }}")
    ready(page)
    assert position_s(page) == at.timestamp()
    expect(page.get_by_test_id("replay-banner")).to_contain_text("×60")
    page.keyboard.press("ArrowRight")
    ready(page)
    moved = at + timedelta(seconds=60)
    assert page.evaluate("() => location.hash") == f"#replay={moved:%Y-%m-%dT%H:%M:%S}Z,60"
    page.get_by_test_id("replay-exit").click()
    assert page.evaluate("() => location.hash") == ""


def test_alarms_stay_live_while_replaying(site: SiteProcess, plain: Browser) -> None:
    """The strip and the bottom panel go on; leaving shows the present at once."""
    page = sign_in(plain, site, "diaodu", SMALL_DESK)
    replay(page)
    expect(page.get_by_test_id("alarm-strip")).to_be_visible()
    site.tell("cut")
    expect(page.get_by_test_id("link-lost")).to_be_visible()
    site.tell("restore")
    expect(page.get_by_test_id("link-tag")).to_have_attribute("data-link", "live")
    page.get_by_test_id("replay-exit").click()
    expect(page.get_by_test_id("map")).to_be_visible()


def test_the_map_draws_the_past_alone(site: SiteProcess, drawing: Browser) -> None:
    """Labels of then on a map of its own; none of now reachable beside it."""
    page = sign_in(drawing, site, "diaodu", SMALL_DESK)
    replay(page)
    labels = page.get_by_test_id("replay-label")
    expect(labels.first).to_be_visible()
    expect(page.locator('[data-testid="replay-label"]', has_text="赣鹰01")).to_have_count(
        1
    )  # its record has a name
    expect(page.locator('[data-testid="replay-label"]', has_text="OLD03")).to_have_count(1)
    live = page.get_by_test_id("aircraft-label").first
    covered = page.evaluate(
        """() => {
            const map = document.querySelector('[data-testid=map]').getBoundingClientRect()
            const top = document.elementFromPoint(map.x + map.width / 2, map.y + map.height / 2)
            return top.closest('[data-testid=replay]') !== null
        }"""
    )
    assert covered
    page.get_by_test_id("replay-exit").click()
    expect(live).to_be_visible()
