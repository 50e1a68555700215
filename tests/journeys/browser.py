"""A real Chromium on a running site: one page per person, every console error and foreign request noted."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.journeys.running import PASSWORD

FLAGS = (
    "--no-sandbox",  # tests run as root in CI
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
SOFTWARE_GPU = (
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-gpu-compositing",  # the page around the map is put together without it: a third less work
    "--disable-gpu-rasterization",
)
# What the browser itself says of a software GPU is not the page's doing.
HARMLESS = ("GPU stall", "GL Driver Message", "swiftshader", "WebGL")
WAIT_MS = 60_000  # software rendering on two busy cores

# Maps are drawn by software: a quarter of the dots is a third less work, and only pictures that are kept need them all.
SCALE = 1.0 if os.environ.get("SCREENSHOTS") else 0.5

# Without WebGL the desk says so and goes on: for stories that tell nothing on the map. Pictures that are kept have it.
NO_MAP = (
    ""
    if os.environ.get("SCREENSHOTS")
    else """{
  const get = HTMLCanvasElement.prototype.getContext
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return kind.startsWith('webgl') ? null : get.call(this, kind, ...more)
  }
}"""
)

DESK = {"width": 1920, "height": 1080}
SMALL_DESK = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}


def chromium() -> str:
    """The browser: CHROMIUM, or on PATH. Fails naming the package."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "tests need a browser: install the package chromium, or name one in CHROMIUM"
    return found


class Browser:
    """Pages of several people on one site."""

    def __init__(self, playwright: Any, url: str, gpu: tuple[str, ...] = SOFTWARE_GPU) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.before = ""  # a script that runs in every page before its own
        self._browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *gpu])

    def page(self, size: dict[str, int]) -> Page:
        """A fresh person's page, not signed in."""
        context = self._browser.new_context(viewport=size, locale="zh-CN", device_scale_factor=SCALE)
        context.set_default_timeout(WAIT_MS)
        if self.before:
            context.add_init_script(self.before)
        page: Page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)
        return page

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in HARMLESS):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}".strip())

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws"), "data:", "blob:")):
            self.foreign.append(request.url)

    def sign_in(self, account: str, size: dict[str, int], path: str = "/") -> Page:
        """A page signed in as `account`; `path` may be another site's whole address."""
        page = self.page(size)
        page.goto(path if path.startswith("http") else self.url + path)
        page.get_by_test_id("login-account").fill(account)
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        return page

    def close(self) -> None:
        """Close every page."""
        self._browser.close()


@contextmanager
def browser(url: str) -> Iterator[Browser]:
    """A browser for one test; screenshots go where SCREENSHOTS says."""
    with sync_playwright() as playwright:
        made = Browser(playwright, url)
        try:
            yield made
        finally:
            made.close()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot if SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")
