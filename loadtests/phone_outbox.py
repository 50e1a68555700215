"""A crew's acts without a link, delivered once each: `python -m loadtests.phone_outbox [--acts 30] [--seed 1] [--lose 25000]`.

A real site and a real Chromium with the phone's page, through a line that is cut after a drawn number of bytes. The
link goes, so many acts are pressed on two aircraft, the browser is closed and opened again without a link, the link
comes back, the server is killed (-9) while acts are being delivered and started again. Then the journal is read: how
many facts there are of each act, in which order, by which signature. Exit status 1 unless every act is there once.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from adapters.store.clerk import read
from adapters.store.journal import Store
from dispatch.device_facts import ActStamped
from dispatch.drop_facts import WaterRecorded
from dispatch.facts import Recorded
from dispatch.tasking_facts import TaskingAdvanced
from loadtests.lossy import LossyLine
from loadtests.machine import stamp
from tests.journeys.browser import FLAGS, PHONE, SOFTWARE_GPU, chromium
from tests.journeys.crews import released
from tests.journeys.running import PASSWORD, RunningSite, running_site, wait_for

CREW = "tonghang"
DEMONSTRATION = "[demonstration]\nenabled = true\n[planner]\nseconds = 1.0\nassume_daylight = true\n"
ENDS = ("take_off", "arrive", "leave")  # of each aircraft
MIDDLE = ("drop", "ops_normal", "ops_normal")  # again and again between them
WITHIN_S = 120.0


@dataclass(frozen=True)
class Outcome:
    """What the journal holds of the acts."""

    pressed: int
    delivered: int
    duplicates: int
    in_order: bool
    signed: int
    before_kill: int
    cuts: int
    back_s: float  # from the server's return to the last act in the journal


def journal(site: RunningSite) -> list[Recorded]:
    """Every fact."""
    store = Store.read(f"sqlite:///{site.folder / 'data/journal.sqlite'}", site.site)
    assert store is not None
    try:
        found = [read(sealed) for batch in store.rows() for sealed in batch]
        return [each for each in found if each is not None]
    finally:
        store.close()


def delivered(site: RunningSite) -> list[Recorded]:
    """The crew's acts from the take-off on: steps, and drops, which are facts of their own."""
    flown = {*ENDS, *MIDDLE}
    return [each for each in journal(site) if each.actor == CREW and told(each)[1] in flown]


def told(recorded: Recorded) -> tuple[str, str]:
    """Of which tasking a row tells, and which act; empty: of none."""
    match recorded.fact:
        case TaskingAdvanced(tasking_id=tasking_id, action=action):
            return tasking_id, str(action)
        case WaterRecorded(tasking_id=tasking_id, load=load):
            return tasking_id, str(load.act)
        case _:
            return "", ""


def plan(taskings: list[str], acts: int) -> list[tuple[str, str]]:
    """Who does what, in turns, so that two aircraft's acts lie between each other."""
    each = [acts - acts // 2, acts // 2]
    rows = [
        ["take_off", "arrive", *itertools.islice(itertools.cycle(MIDDLE), count - len(ENDS)), "leave"]
        for count in each
    ]
    ways = [[(tasking, action) for action in row] for tasking, row in zip(taskings, rows, strict=True)]
    return [way[at] for at in range(max(map(len, ways))) for way in ways if at < len(way)]


def press(page: Page, craft: dict[str, str], acts: list[tuple[str, str]], kept: int) -> None:
    """Each act on its own aircraft, as a thumb would: choose the aircraft, press the button."""
    for at, (tasking, action) in enumerate(acts, start=kept + 1):
        page.locator(f'[data-testid=phone-craft][data-id="{craft[tasking]}"]').click()
        screen = page.locator(f'[data-testid=phone-task][data-id="{tasking}"]')
        screen.get_by_test_id(f"phone-{action}").click()
        page.locator(f'[data-testid=phone-unsent][data-count="{at}"]').wait_for()


def open_phone(context: BrowserContext, url: str) -> Page:
    """The phone's page."""
    page = context.pages[0] if context.pages else context.new_page()
    page.goto(f"{url}/phone")
    return page


def sign_in(page: Page) -> None:
    """As the crew; until its page is kept for a start without a link."""
    page.get_by_test_id("login-account").fill(CREW)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("phone-fleet").wait_for()
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    page.wait_for_function(
        """async () => { const open = indexedDB.open('ganying');
        const db = await new Promise((done) => (open.onsuccess = () => done(open.result)));
        const keys = db.transaction('kept').objectStore('kept').getAllKeys();
        return (await new Promise((done) => (keys.onsuccess = () => done(keys.result)))).some((key) => key.startsWith('known:')) }"""
    )


def fix_port(site: RunningSite) -> int:
    """Keep the port over a restart."""
    port = int(site.url.rpartition(":")[2])
    text = site.config.read_text()
    site.config.write_text(text.replace('listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{port}"'))
    return port


def campaign(
    site: RunningSite,
    folder: Path,
    *,
    acts: int,
    lose_bytes: float,
    seed: int,
    then: Callable[[Page], None] = lambda _: None,
) -> Outcome:
    """The whole story on a running site; `then` is done on the page at its end."""
    taskings = released(site, 2)
    craft = {each["id"]: each["aircraft_id"] for each in taskings}
    todo = plan(list(craft), acts)
    line = LossyLine(fix_port(site), seed=seed)
    url = f"http://127.0.0.1:{line.port}"
    half = acts // 2
    with sync_playwright() as playwright:

        def browser() -> BrowserContext:
            options: Any = {"executable_path": chromium(), "args": [*FLAGS, *SOFTWARE_GPU], "viewport": PHONE}
            return playwright.chromium.launch_persistent_context(str(folder / "profile"), **options)

        context = browser()
        page = open_phone(context, url)
        sign_in(page)
        line.cut_all(down=True)
        context.set_offline(True)
        press(page, craft, todo[:half], 0)
        context.close()  # the phone is switched off and on again, with no link
        context = browser()
        context.set_offline(True)
        page = open_phone(context, url)
        page.locator(f'[data-testid=phone-unsent][data-count="{half}"]').wait_for()
        press(page, craft, todo[half:], half)

        line.lose(lose_bytes)
        line.down = False
        context.set_offline(False)
        before = wait_for(
            lambda: len(delivered(site)) >= acts // 3 and len(delivered(site)), "a third", WITHIN_S
        )
        site.kill()
        before = len(delivered(site))
        site.start()
        back = time.monotonic()
        wait_for(lambda: len(delivered(site)) >= acts, "all acts", WITHIN_S)
        took = time.monotonic() - back
        page.locator('[data-testid=phone-unsent][data-count="0"]').wait_for(timeout=WITHIN_S * 1000)
        line.lose(0)
        then(page)
        context.close()
    line.close()
    return outcome(site, todo, before=before, cuts=line.cuts, back_s=took)


def outcome(
    site: RunningSite, todo: list[tuple[str, str]], *, before: int, cuts: int, back_s: float
) -> Outcome:
    """Count in the journal, by act and by the phone's own count."""
    found = delivered(site)
    acts = [told(each) for each in found]
    more = Counter(acts) - Counter(todo)
    stamps = [each.fact.stamp for each in journal(site) if isinstance(each.fact, ActStamped)]
    counts = [each.seq for each in stamps if each.signed]
    return Outcome(
        pressed=len(todo),
        delivered=sum((Counter(acts) & Counter(todo)).values()),
        duplicates=more.total() + len(counts) - len(set(counts)),
        in_order=acts == todo and counts == sorted(counts),
        signed=len(counts),
        before_kill=before,
        cuts=cuts,
        back_s=back_s,
    )


def main() -> int:
    """Print the figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--acts", type=int, default=30)
    parser.add_argument(
        "--lose", type=float, default=25_000, help="mean bytes until a connection is cut; 0: never"
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, running_site(Path(name) / "36", more=DEMONSTRATION) as site:
        found = campaign(site, Path(name), acts=given.acts, lose_bytes=given.lose, seed=given.seed)
    print(stamp())
    print(
        "| pressed offline | delivered | duplicates | in order | signed | before kill -9 | lines cut | after restart |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {found.pressed} | {found.delivered} | {found.duplicates} | {'yes' if found.in_order else 'NO'} "
        f"| {found.signed} | {found.before_kill} | {found.cuts} | {found.back_s:.1f} s |"
    )
    good = found.delivered == found.pressed == found.signed and found.duplicates == 0 and found.in_order
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
