"""Ten people of three sites in one room, a link that is cut, and two browsers: what was lost, twice, out of order, how late.

    python -m loadtests.rooms [--seconds 60] [--cut 20] [--strokes 20] [--shots DIR] [--no-browser]

Three sites (36 owns the room; 43 and 42 are its neighbours, every pair joined by a line of its own). Ten people say
and draw through the HTTP doors, each one after a pause of about a second; the line of 36 and 43 is cut in the middle.
Then the entries of every site's door are compared: lost (somebody's that a site has not), twice, and whether the order
is the same. Strokes: a symbol placed by a click in one site's browser until it stands in the other's, by the one clock
of this machine. Ends with a JSON line; exit status 1 where anything is lost, twice or out of order.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.journeys.browser import DESK, Browser
from tests.journeys.running import Client, Refusal, RunningSite, wait_for
from tests.journeys.two_sites import AGREEMENT, Relay, run_ca
from tests.ports import free_port

SITES = ("36", "43", "42")
PEOPLE = {"36": 4, "43": 3, "42": 3}
FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "幕阜山林火",
    "place": "修水县",
    "position": {"lon_deg": 114.1, "lat_deg": 28.95},
}
SETTINGS = "[demonstration]\nenabled = true\n[planner]\nautomatic = false\n[archive]\nenabled = false\n"
PAUSE_S = (0.5, 1.5)


class Three:
    """The sites, the lines between them, and the people."""

    def __init__(self, folder: Path) -> None:
        ca = folder / "ca"
        run_ca("init", "--dir", str(ca))
        for site in SITES:
            run_ca("issue", site, "--site", site, "--dir", str(ca))
        ports = {site: free_port() for site in SITES}
        # the later dials the earlier
        self.lines = {(a, b): Relay(ports[a]) for i, a in enumerate(SITES) for b in SITES[i + 1 :]}
        self.sites: dict[str, RunningSite] = {}
        for site in SITES:
            more = f'{SETTINGS}[federation]\nlisten = "127.0.0.1:{ports[site]}"\n'
            more += f'certificate = "{ca / site}.crt"\nkey = "{ca / site}.key"\nca = "{ca / "ca"}.crt"\n'
            for other in SITES:
                if other == site:
                    continue
                more += f'[[partner]]\nsite = "{other}"\nname = "邻站 {other}"\nagreement = "{AGREEMENT}"\n'
                line = self.lines.get((other, site))
                if line is not None:
                    more += f'url = "wss://127.0.0.1:{line.port}/link"\n'
            self.sites[site] = RunningSite(folder / site, site=site, more=more)
        self.people: dict[str, list[Client]] = {}

    def start(self) -> None:
        """Accounts, servers, sessions, links."""
        for site, running in self.sites.items():
            password = str(running.folder / "password")
            for number in range(PEOPLE[site]):
                role = "duty_chief" if number == 0 else "dispatcher"
                running.command("account", "add", f"p{number}", "--role", role, "--password-file", password)
            running.start()
            self.people[site] = [running.sign_in(f"p{number}") for number in range(PEOPLE[site])]
        for site in SITES:
            wait_for(partial(self.all_live, site), f"live links at {site}", 60)

    def all_live(self, site: str) -> bool:
        """Whether every link of a site is up."""
        links = self.people[site][0].get("partners")["items"]
        return bool(links) and all(each["state"] == "live" for each in links)

    def stop(self) -> None:
        """Everything."""
        for line in self.lines.values():
            line.close()
        for site in self.sites.values():
            if site.process is not None and site.process.poll() is None:
                site.stop()


@contextmanager
def three() -> Iterator[Three]:
    """Running."""
    with tempfile.TemporaryDirectory(prefix="ganying-rooms-") as folder:
        made = Three(Path(folder))
        try:
            made.start()
            yield made
        finally:
            made.stop()


def open_room(table: Three) -> str:
    """A fire shared with both neighbours and the room with both in it."""
    chief = table.people["36"][0]
    incident = chief.post("incidents", FIRE)
    path = f"incidents/{incident['id']}"
    chief.post(f"{path}/confirm", {"version": 1})
    room = str(chief.post("rooms", {"incident_id": incident["id"], "title": "幕阜山会商"})["id"])
    for site in SITES[1:]:
        chief.post(f"{path}/share", {"version": chief.get(path)["version"], "partner": site})
        chief.post(f"rooms/{room}/invite", {"partner": site})
    for site in SITES[1:]:
        wait_for(partial(_rooms, table.people[site][0]), f"the room at {site}")
    return room


def _rooms(client: Client) -> Any:
    return client.get("rooms")["items"]


class Talking(threading.Thread):
    """One person: says two things of three, draws the third."""

    def __init__(self, client: Client, room: str, chance: random.Random, until: float) -> None:
        super().__init__(daemon=True)
        self._client, self._room, self._chance, self._until = client, room, chance, until
        self.made: list[str] = []
        self.refused = 0

    def run(self) -> None:
        """Until the time is over."""
        number = 0
        while time.monotonic() < self._until:
            number += 1
            try:
                self.made.append(self._client.post(*self._next(number))["id"])
            except Refusal:
                self.refused += 1
            time.sleep(self._chance.uniform(*PAUSE_S))

    def _next(self, number: int) -> tuple[str, dict[str, Any]]:
        if number % 3:
            return f"rooms/{self._room}/say", {"text": f"第 {number} 条"}
        at = [
            {
                "lon_deg": 114.1 + self._chance.uniform(-0.5, 0.5),
                "lat_deg": 28.95 + self._chance.uniform(-0.5, 0.5),
            }
            for _ in range(3)
        ]
        return f"rooms/{self._room}/draw", {"kind": "line", "points": at, "text": f"{number}"}


def entries(client: Client, room: str) -> list[tuple[str, str, int, str]]:
    """Every entry at a site's door, in the order of the room."""
    found: list[tuple[str, str, int, str]] = []
    cursor = ""
    while True:
        page = client.get(f"rooms/{room}/entries?limit=200" + (f"&cursor={cursor}" if cursor else ""))
        found += [(one["at"], one["site"], one["origin_seq"], one["id"]) for one in page["items"]]
        cursor = page["next"] or ""
        if not cursor:
            return sorted(found)


def talk(table: Three, room: str, seconds: float, cut_s: float, seed: int) -> dict[str, Any]:
    """Ten people talk, the line is cut and comes back; what the doors say then."""
    chance = random.Random(seed)
    until = time.monotonic() + seconds
    people = [
        Talking(client, room, random.Random(chance.random()), until)
        for site in SITES
        for client in table.people[site]
    ]
    for person in people:
        person.start()
    line = table.lines["36", "43"]
    time.sleep(max(0.0, (seconds - cut_s) / 2))
    line.cut()
    time.sleep(cut_s)
    apart = len({tuple(entries(table.people[site][0], room)) for site in SITES})
    said_by_then = [each for person in people for each in tuple(person.made)]
    restored = time.monotonic()
    line.restore()

    def seen() -> dict[str, list[str]]:
        return {site: [each[3] for each in entries(table.people[site][0], room)] for site in SITES}

    def level() -> bool:
        return all(set(sent) <= set(each) for each in seen().values())

    sent = said_by_then
    wait_for(level, "at every site what was said during the cut", 60)
    caught_up = time.monotonic() - restored
    for person in people:
        person.join()
    sent = [each for person in people for each in person.made]

    try:
        wait_for(level, "every entry at every site", 60)
    except AssertionError as late:
        print(late, file=sys.stderr)
    shown = seen()
    return {
        "people": len(people),
        "sites": len(SITES),
        "seconds": seconds,
        "cut_s": cut_s,
        "sent": len(sent),
        "refused": sum(person.refused for person in people),
        "shown": {site: len(set(each) & set(sent)) for site, each in shown.items()},
        "lost": sum(len(set(sent) - set(each)) for each in shown.values()),
        "twice": sum(len(each) - len(set(each)) for each in shown.values()),
        "order_kept": len({tuple(each) for each in shown.values()}) == 1,
        "different_during_the_cut": apart > 1,
        "caught_up_s_after_the_cut": round(caught_up, 1),
    }


WATCH = """() => {
  window.seen = {};
  const note = (one) => requestAnimationFrame(() => (window.seen[one.dataset.id] ??= Date.now()));
  new MutationObserver((all) => all.forEach((each) => each.addedNodes.forEach((one) => {
    if (one.dataset && one.dataset.testid === 'room-entry') note(one);
  }))).observe(document.querySelector('[data-testid=room-entries]'), { childList: true, subtree: true });
}"""
# before the page's own code: when a mark's bytes came on the socket, and when ours were posted and answered
STAGES = """() => {
  window.came = {}; window.posted = []; window.answered = [];
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...all) {
      super(...all);
      this.addEventListener('message', (event) => {
        if (!(event.data instanceof ArrayBuffer)) return;
        const text = new TextDecoder('latin1').decode(event.data);
        for (const each of text.matchAll(/\\d\\d-STR-[0-9A-Z]{10}/g)) window.came[each[0]] ??= Date.now();
      });
    }
  };
  const plain = window.fetch;
  window.fetch = async (...all) => {
    const draws = String(all[0]?.url ?? all[0]).endsWith('/draw');
    if (draws) window.posted.push(Date.now());
    const answer = await plain(...all);
    if (draws) window.answered.push(Date.now());
    return answer;
  };
}"""
CLICKS = """() => {
  window.clicked = [];
  document.querySelector('[data-testid=map]').addEventListener('pointerup', () => window.clicked.push(Date.now()), true);
}"""


def enter(browser: Browser, account: str) -> Page:
    """A page in the room."""
    browser.before = f"({STAGES})()"
    page = browser.sign_in(account, DESK)
    page.get_by_test_id("map-incident").wait_for(state="attached")
    page.keyboard.press("1")
    page.get_by_test_id("room-line").click()
    page.get_by_test_id("room").wait_for()
    return page


def strokes(table: Three, room: str, count: int, shots: str) -> dict[str, Any]:
    """From a click at 43 to the mark on the screen of 36."""
    took: list[float] = []
    with sync_playwright() as playwright:
        here = Browser(playwright, table.sites["36"].url)
        there = Browser(playwright, table.sites["43"].url)
        ours, theirs = enter(here, "p0"), enter(there, "p0")
        ours.evaluate(WATCH)
        theirs.evaluate(CLICKS)
        before = {each[3] for each in entries(table.people["43"][0], room)}
        theirs.get_by_test_id("room-tool-symbol").click()
        box: Any = theirs.get_by_test_id("map").bounding_box()
        for number in range(count):
            theirs.mouse.click(
                box["x"] + box["width"] * (0.4 + 0.03 * (number % 10)),
                box["y"] + box["height"] * (0.35 + 0.05 * (number // 10)),
            )
            theirs.wait_for_timeout(1_000)
        made = [each[3] for each in entries(table.people["43"][0], room) if each[3] not in before]
        ours.wait_for_function("all => all.every((one) => window.seen[one])", arg=made)
        stages = stages_of(table, room, made, ours, theirs)
        took = sorted(each["seen"] - each["clicked"] for each in stages)
        if shots:
            ours.screenshot(path=Path(shots) / "rooms-36.png")
            theirs.screenshot(path=Path(shots) / "rooms-43.png")
        here.close()
        there.close()
    return {
        "strokes": len(took),
        "stroke_p50_ms": took[len(took) // 2],
        "stroke_p95_ms": took[min(len(took) - 1, int(len(took) * 0.95))],
        "stages_p50_p95_ms": shares(stages),
    }


STAGE = ("clicked", "posted", "decided", "came", "seen")


def stages_of(table: Three, room: str, made: list[str], ours: Page, theirs: Page) -> list[dict[str, float]]:
    """Of each mark when it was clicked, posted, decided by the desk of 43, on the socket of 36's page, and drawn there."""
    decided = {
        each[3]: datetime.fromisoformat(each[0]).timestamp() * 1000
        for each in entries(table.people["43"][0], room)
    }
    seen, came = ours.evaluate("window.seen"), ours.evaluate("window.came")
    clicked, posted = theirs.evaluate("window.clicked"), theirs.evaluate("window.posted")
    return [
        {"clicked": at, "posted": sent, "decided": decided[each], "came": came[each], "seen": seen[each]}
        for each, at, sent in zip(made, clicked, posted, strict=True)
    ]


def shares(stages: list[dict[str, float]]) -> dict[str, tuple[int, int]]:
    """How long each step took: the median and the 95th in a hundred."""
    told = {}
    for before, after in pairwise(STAGE):
        steps = sorted(each[after] - each[before] for each in stages)
        told[f"{before}-{after}"] = (
            round(steps[len(steps) // 2]),
            round(steps[min(len(steps) - 1, int(len(steps) * 0.95))]),
        )
    return told


def main() -> int:
    """Run; exit status 1 when short."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.rooms")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--cut", type=float, default=20.0)
    parser.add_argument("--strokes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=36)
    parser.add_argument("--shots", default="", help="folder for screenshots")
    parser.add_argument("--no-browser", action="store_true")
    told = parser.parse_args()
    with three() as table:
        room = open_room(table)
        figures = talk(table, room, told.seconds, told.cut, told.seed)
        if not told.no_browser:
            figures |= strokes(table, room, told.strokes, told.shots)
    good = figures["lost"] == figures["twice"] == 0 and figures["order_kept"] and figures["sent"] > 0
    print(json.dumps(figures, ensure_ascii=False))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
