"""The desk's day by hand: a roster planned, a shift handed over with both signatures, a note; accounts and a locked desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import DESK, SMALL_DESK, WAIT_MS, browser, picture
from tests.journeys.running import PASSWORD, RunningSite, running_site
from tests.journeys.test_first_sortie import DEMONSTRATION, confirmed

expect.set_options(timeout=WAIT_MS)
OWN = "Ganlan-Shu-2026"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources, and a security administrator."""
    with running_site(tmp_path / "36", more=DEMONSTRATION) as running:
        secret = str(running.folder / "password")
        running.command("account", "add", "anquan", "--role", "secadmin", "--password-file", secret)
        yield running


def plan(chief: Page) -> None:
    """The chief plans a shift that a person cannot serve, then one that fits."""
    chief.get_by_test_id("sheet-duty").click()
    expect(chief.get_by_test_id("roster-empty")).to_be_visible()
    for post, refused in (("observer", True), ("dispatcher", False)):
        chief.get_by_test_id("roster-add").click()
        chief.get_by_test_id("roster-begins").fill("00:00")
        chief.get_by_test_id("roster-ends").fill("00:00")
        chief.get_by_test_id("roster-post").select_option(post)
        chief.get_by_test_id("roster-account").select_option("diaodu")
        chief.get_by_test_id("roster-phone").fill("0791-8888888")
        chief.get_by_test_id("roster-save").click()
        problem = chief.locator('[data-testid="problem"][data-code="WRONG_ROLE"]')
        if refused:
            expect(problem).to_be_visible()
    expect(chief.get_by_test_id("shift")).to_have_count(1)
    expect(chief.locator('[data-testid="roster-findings"] [data-code="GAP"]')).to_have_count(1)
    picture(chief, "duty-roster")


@pytest.mark.timeout(300)
def test_a_shift_is_planned_handed_over_and_written_down_and_accounts_are_looked_after(
    site: RunningSite,
) -> None:
    """Chief and dispatcher at their desks, then the security administrator; the page never complains."""
    confirmed(site.sign_in("diaodu"))
    with browser(site.url) as people:
        chief = people.sign_in("zhiban", DESK)
        plan(chief)
        desk = people.sign_in("diaodu", SMALL_DESK)
        expect(desk.get_by_test_id("duty-chip")).to_contain_text("diaodu")
        desk.get_by_test_id("duty-chip").click()
        desk.get_by_test_id("duty-logbook").click()
        desk.get_by_test_id("book-note").fill("县里要求每两小时报一次")
        desk.get_by_test_id("book-for-next").check()
        desk.get_by_test_id("book-add").click()
        expect(desk.locator('[data-testid="book-line"][data-kind="NoteAdded"]')).to_have_count(1)
        picture(desk, "duty-logbook")
        desk.get_by_test_id("duty-handover").first.click()
        desk.get_by_test_id("handover-begin").click()
        desk.get_by_test_id("handover-remarks").fill("夜间有雾，注意水源")
        desk.get_by_test_id("handover-sign").click()
        expect(desk.locator('[data-testid="handover"][data-state="signed"]')).to_be_visible()
        expect(desk.get_by_test_id("handover-take")).to_have_count(0)
        picture(desk, "duty-handover-outgoing")

        expect(chief.locator('[data-testid="duty-chip"][data-handover="signed"]')).to_be_visible()
        chief.locator(".tabs").get_by_test_id("duty-handover").click()
        expect(chief.get_by_test_id("handover-take")).to_be_disabled()
        picture(chief, "duty-handover-incoming")
        ticks = chief.get_by_test_id("handover-tick")
        for place in range(ticks.count()):
            expect(ticks.nth(place)).to_be_enabled()
            ticks.nth(place).check()
        chief.get_by_test_id("handover-take").click()
        expect(chief.locator('[data-testid="handover-past"][data-state="done"]')).to_have_count(1)
        with chief.expect_download() as saved:
            chief.get_by_test_id("handover-print").click()
        assert saved.value.path().read_bytes().startswith(b"%PDF")

        chief.keyboard.press("Escape")
        chief.get_by_test_id("person-menu").click()
        chief.get_by_test_id("lock-now").click()
        expect(chief.get_by_test_id("lock-glass")).to_be_visible()
        picture(chief, "desk-locked")
        chief.get_by_test_id("lock-password").fill(PASSWORD)
        chief.get_by_test_id("lock-submit").click()
        expect(chief.get_by_test_id("lock-glass")).to_have_count(0)
        chief.context.close()

        guard = people.sign_in("anquan", DESK)
        guard.get_by_test_id("sheet-accounts").click()
        guard.locator('[data-testid="account"][data-name="diaodu"]').click()
        guard.get_by_test_id("account-reset-password").click()
        once = guard.get_by_test_id("account-password").inner_text()
        picture(guard, "accounts")
        expect(desk.get_by_test_id("login-notice")).to_be_visible()  # its sessions ended, its console was cut
        desk.get_by_test_id("login-account").fill("diaodu")
        desk.get_by_test_id("login-password").fill(once)
        desk.get_by_test_id("login-submit").click()
        expect(desk.get_by_test_id("must-change")).to_be_visible()
        desk.get_by_test_id("password-present").fill(once)
        desk.get_by_test_id("password-fresh").fill(OWN)
        desk.get_by_test_id("password-again").fill(OWN)
        picture(desk, "password-change")
        desk.get_by_test_id("password-save").click()
        expect(desk.get_by_test_id("duty-chip")).to_be_visible()
        unexpected = [each for each in people.complaints if "409" not in each and "401" not in each]
        assert unexpected == []
        assert people.foreign == []
