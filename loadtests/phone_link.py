"""A tasking read over a poor link: `python -m loadtests.phone_link [--kbit 300] [--latency 400] [--drops 2]`.

A real site, a real Chromium under CDP's network emulation, the phone's page. From the press on «sign in» to the tasking
on the screen: the first load with nothing kept, then opened again with what the phone keeps, then with the network
going away in between for a second (`--drops` times). Bytes are those that crossed the line.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from loadtests.machine import stamp
from loadtests.phone_outbox import CREW, DEMONSTRATION
from tests.journeys.browser import FLAGS, PHONE, SOFTWARE_GPU, chromium
from tests.journeys.crews import ordered
from tests.journeys.running import PASSWORD, RunningSite, running_site

OFFLINE_S = 1.0
HEAVY = ("HistoryList", "maplibre", "DeskPage", "ReplayPage", "webgl")  # chunks of the map and the desk


class Line:
    """One page's emulated line, and what crossed it."""

    def __init__(self, page: Page, kbit: float, latency_ms: float) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._kbit, self._latency_ms = kbit, latency_ms
        self.bytes = 0
        self.files: dict[str, int] = {}
        self._urls: dict[str, str] = {}
        self._cdp.send("Network.enable")
        self._cdp.on(
            "Network.requestWillBeSent", lambda e: self._urls.update({e["requestId"]: e["request"]["url"]})
        )
        self._cdp.on("Network.loadingFinished", self._finished)
        self._cdp.on("Network.webSocketFrameReceived", self._frame)
        self.up()

    def up(self, *, offline: bool = False) -> None:
        """As given, or nothing at all."""
        rate = self._kbit * 1000 / 8
        self._cdp.send(
            "Network.emulateNetworkConditions",
            {
                "offline": offline,
                "latency": self._latency_ms,
                "downloadThroughput": rate,
                "uploadThroughput": rate,
            },
        )

    def _finished(self, event: dict[str, Any]) -> None:
        size = int(event["encodedDataLength"])
        name = self._urls.get(event["requestId"], "").rpartition("/")[2]
        self.bytes += size
        self.files[name] = self.files.get(name, 0) + size

    def _frame(self, event: dict[str, Any]) -> None:
        self.bytes += len(event["response"]["payloadData"]) * 3 // 4  # base64


def sign_in(page: Page) -> float:
    """Seconds from the press to the tasking on the screen."""
    page.get_by_test_id("login-account").fill(CREW)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    return shown(page)


def shown(page: Page) -> float:
    """Seconds until the tasking is on the screen."""
    began = time.monotonic()
    page.locator("[data-testid=phone-task][data-state=ordered]").wait_for(timeout=120_000)
    return time.monotonic() - began


def measure(
    site: RunningSite, kbit: float, latency_ms: float, drops: int
) -> list[tuple[str, float, float, int]]:
    """Rows: what, seconds to the sign-in page, seconds from there to the tasking, bytes."""
    rows: list[tuple[str, float, float, int]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *SOFTWARE_GPU])
        for lost in (0, drops):
            size: Any = PHONE
            context = browser.new_context(viewport=size, locale="zh-CN")
            page = context.new_page()
            line = Line(page, kbit, latency_ms)
            began = time.monotonic()
            page.goto(f"{site.url}/phone", wait_until="commit", timeout=120_000)
            for _ in range(lost):
                page.wait_for_timeout(1_500)
                line.up(offline=True)
                page.wait_for_timeout(OFFLINE_S * 1000)
                line.up()
                if not page.get_by_test_id("login-account").is_visible():
                    page.goto(f"{site.url}/phone", wait_until="commit", timeout=120_000)
            page.get_by_test_id("login-account").wait_for(timeout=120_000)
            opened = time.monotonic() - began
            took = sign_in(page)
            name = f"first load, {lost} drops of {OFFLINE_S:.0f} s" if lost else "first load"
            heavy = [file for file in line.files if file.startswith(HEAVY)]
            assert not heavy, heavy
            rows.append((name, opened, took, line.bytes))
            if not lost:
                for file, size in sorted(line.files.items(), key=lambda each: -each[1])[:8]:
                    print(f"  {size:>8} {file}")
                page.evaluate("async () => { await navigator.serviceWorker.ready }")
                page.wait_for_timeout(
                    1_500
                )  # the page keeps what it knows half a second after it has heard it
                before = line.bytes
                again = time.monotonic()
                page.reload(wait_until="commit")
                shown(page)
                rows.append(("opened again", 0.0, time.monotonic() - again, line.bytes - before))
                line.up(offline=True)
                again = time.monotonic()
                page.reload(wait_until="commit")
                shown(page)
                rows.append(("opened again, no link", 0.0, time.monotonic() - again, 0))
            context.close()
        browser.close()
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kbit", type=float, default=300)
    parser.add_argument("--latency", type=float, default=400)
    parser.add_argument("--drops", type=int, default=2)
    given = parser.parse_args()
    print(stamp())
    with tempfile.TemporaryDirectory() as name, running_site(Path(name) / "36", more=DEMONSTRATION) as site:
        ordered(site, 1)
        rows = measure(site, given.kbit, given.latency, given.drops)
    print(f"{given.kbit:.0f} kbit/s, {given.latency:.0f} ms")
    print("| | to the sign-in page | from sign-in to the tasking | bytes |\n|---|---|---|---|")
    for what, opened, took, size in rows:
        print(f"| {what} | {opened:.1f} s | {took:.1f} s | {size} |")


if __name__ == "__main__":
    main()
