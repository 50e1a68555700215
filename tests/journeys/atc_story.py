"""A request to ATC from filing to release, with two rejections, as dispatcher and control see it on their pages."""

import os
from typing import Any

from playwright.sync_api import Page, ViewportSize

from tests.journeys.browser import DESK, SMALL_DESK, Browser, picture


def picture_at(page: Page, size: dict[str, int], name: str) -> None:
    """A picture in another size, where pictures are kept; a large map is drawn slowly by software."""
    if "SCREENSHOTS" in os.environ:
        before = page.viewport_size
        page.set_viewport_size(ViewportSize(width=size["width"], height=size["height"]))
        page.wait_for_timeout(2_000)
        picture(page, name)
        if before is not None:
            page.set_viewport_size(before)


def refuse(tower: Page, reason: str) -> None:
    """Control says no, in two steps, with why."""
    tower.get_by_test_id("atc-refuse").click()
    tower.get_by_test_id("atc-reason").fill(reason)
    tower.get_by_test_id("atc-commit").click()


def file_again(desk: Page, ceiling: str, reason: str) -> None:
    """The desk asks once more, lower."""
    desk.get_by_test_id("file-plan").click()
    desk.get_by_test_id("file-ceiling").fill(ceiling)
    desk.get_by_test_id("file-reason").fill(reason)
    desk.get_by_test_id("file-send").click()
    desk.get_by_test_id("file-send").wait_for(state="detached")


def open_request(tower: Page, state: str, tasking: dict[str, Any]) -> None:
    """The newest request of a tasking at control's page."""
    tower.get_by_test_id("atc-tab-waiting").click()
    card = tower.locator('[data-testid="atc-request"]', has_text=tasking["number"])
    card.first.click()
    tower.locator(f'[data-testid="atc-detail"][data-state="{state}"]').wait_for()


def asked_of_atc(watched: Browser, tasking: dict[str, Any]) -> None:
    """The whole of it; `tasking` is ordered, and another plan meets it on the way."""
    tower = watched.sign_in("atc", SMALL_DESK, "/atc")
    tower.get_by_test_id("atc").wait_for()
    open_request(tower, "filed", tasking)
    tower.locator('[data-testid="conflicts"][data-known="true"]').wait_for()
    assert tower.get_by_test_id("conflict").count() >= 1
    assert tower.get_by_test_id("alternative").count() >= 1
    clocks = tower.locator('[data-testid="atc-detail"] [data-testid="request-clock"]')
    assert clocks.count() == 2  # the emergency's, that govern, and the ordinary ones
    tower.get_by_test_id("request-ask").fill("空中有几架？能否低于 600 m？")
    tower.get_by_test_id("request-ask-send").click()
    tower.get_by_test_id("request-question").wait_for()
    for n in range(2):
        tower.get_by_test_id("atc-beside").nth(n).check()
    tower.get_by_test_id("atc-compare").wait_for()
    picture_at(tower, DESK, "atc-desk")
    refuse(tower, "与 14:00 军航活动重叠，降到 700 m 以下再报")
    tower.locator('[data-testid="atc-detail"][data-state="refused"]').wait_for()

    desk = watched.sign_in("dispatcher", DESK)
    desk.locator('[data-testid="incident-card"]', has_text="accepted").first.click()
    desk.locator(f'[data-testid="tasking-line"][data-id="{tasking["id"]}"]').click()
    desk.get_by_test_id("file-airspace").wait_for()
    desk.get_by_test_id("request-answer").fill("一架，可以")
    desk.get_by_test_id("request-answer-send").click()
    desk.locator('[data-testid="request-question"][data-answered="true"]').wait_for()
    desk.locator('[data-testid="conflicts"][data-known="true"]').scroll_into_view_if_needed()
    picture(desk, "atc-dispatcher-conflicts")
    file_again(desk, "700", "按空管要求降低")
    open_request(tower, "filed", tasking)
    refuse(tower, "600 m 以下才可")
    tower.locator('[data-testid="atc-detail"][data-state="refused"]').wait_for()
    file_again(desk, "600", "再降低")

    desk.locator('[data-testid="tasking-airspace"][data-state="filed"]').wait_for()
    desk.get_by_test_id("phone-open").click()
    desk.get_by_test_id("phone-unit").fill("南昌进近")
    desk.get_by_test_id("phone-who").fill("陈管制")
    desk.get_by_test_id("phone-number").fill("0791-8765432")
    desk.get_by_test_id("phone-form").scroll_into_view_if_needed()
    picture(desk, "atc-dispatcher-phone")
    desk.get_by_test_id("phone-record").click()
    desk.locator('[data-testid="release-need"][data-granted="true"]').wait_for()
    tower.get_by_test_id("atc-tab-active").click()
    tower.locator('[data-testid="atc-request"]', has_text=tasking["number"]).first.click()
    tower.locator('[data-testid="request-phone"][data-confirmed="false"]').wait_for()
    picture(tower, "atc-desk-small")
    tower.get_by_test_id("atc-confirm").click()
    tower.get_by_test_id("atc-commit").click()
    tower.locator('[data-testid="request-phone"][data-confirmed="true"]').wait_for()
    tower.close()
    desk.get_by_test_id("tasking-release").click()
    desk.locator('[data-testid="tasking-detail"][data-state="released"]').wait_for()
    desk.locator('[data-testid="request-phone"][data-confirmed="true"]').scroll_into_view_if_needed()
    picture(desk, "atc-dispatcher-released")
    desk.close()
