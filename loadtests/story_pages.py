"""Everybody's pages in the story by hand, and the screenshots of them."""

import re
from pathlib import Path

from playwright.sync_api import Page

from loadtests.story_stage import OWN, Stage
from tests.journeys.browser import DESK, Browser

TITLE = "三爪仑林场火情"  # of the warning
SETTLE_MS = 1_200  # a map draws on after the last act


class Album:
    """Pages of everybody, and what they looked like."""

    def __init__(self, people: Browser, stage: Stage, folder: Path, language: str) -> None:
        self.people, self.stage, self.folder, self.language = people, stage, folder, language
        self.taken: list[str] = []

    def page(self, account: str, size: dict[str, int] = DESK, path: str = "/") -> Page:
        """Somebody's page, signed in."""
        page = self.people.page(size)
        page.goto(self.people.url + path)
        if self.language == "en":
            page.get_by_test_id("lang-switch").first.click()
        page.get_by_test_id("login-account").fill(account)
        page.get_by_test_id("login-password").fill(OWN)
        page.get_by_test_id("login-submit").click()
        page.get_by_test_id("link-tag").first.wait_for()
        # the guide goes by itself when a fire's window opens: pressed where it still is
        page.evaluate("document.querySelector('[data-testid=guide-hide]')?.click()")
        return page

    def shot(self, page: Page, name: str) -> None:
        """One screenshot, numbered."""
        page.wait_for_timeout(SETTLE_MS)
        name = f"{len(self.taken) + 1:02d}-{name}"
        page.screenshot(path=self.folder / f"{name}.png")
        self.taken.append(name)
        print(name, flush=True)

    def show(self, page: Page, test_id: str, name: str) -> None:
        """The same with a part of the page in sight."""
        page.get_by_test_id(test_id).first.scroll_into_view_if_needed()
        self.shot(page, name)


def leave(page: Page) -> None:
    """Two pages at most are open: the software's own drawing is slow."""
    page.context.close()


def select(desk: Page, incident: str, tasking: str = "") -> None:
    """An incident on the desk, also one that is over, or one of its taskings."""
    card = desk.locator(f'[data-testid="incident-card"][data-id="{incident}"]')
    over = desk.get_by_test_id("queue").locator(
        '[aria-expanded="false"]', has_text=re.compile("已结束|closed")
    )
    line = desk.get_by_test_id("queue").get_by_role("button").filter(has_text=TITLE)
    card.or_(over).or_(line).first.wait_for()
    if card.count():
        card.click()
    else:  # among those that are over, a line by its title
        if over.count():
            over.first.click()
        line.last.click()
    if tasking:
        desk.locator(f'[data-testid="tasking-line"][data-id="{tasking}"]').click()
        desk.locator(f'[data-testid="tasking-detail"][data-id="{tasking}"]').wait_for()


def state(page: Page, tasking: str, wanted: str) -> None:
    """Until the page shows the tasking in that state."""
    page.locator(f'[data-id="{tasking}"][data-state="{wanted}"]').first.wait_for()
