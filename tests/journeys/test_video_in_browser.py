"""Video from a sender to the screen: frames are numbered in the picture, and the numbers are read from the page's canvas."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.clips import Camera, datagrams
from tests.journeys.browser import DESK, NO_MAP, WAIT_MS, Browser, browser, picture
from tests.journeys.running import RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION
from tests.journeys.two_sites import free_port

expect.set_options(timeout=WAIT_MS)
WAIT_S = WAIT_MS / 1000
# the number of the frame that is on the canvas: tests/clips.py writes it
READ = """(canvas) => {
  const c = canvas.getContext('2d'), side = canvas.width / 8
  let found = 0
  for (let bit = 0; bit < 16; bit++) {
    const x = (bit % 8) * side + side / 2, y = Math.floor(bit / 8) * side + side / 2
    found = found * 2 + (c.getImageData(x, y, 1, 1).data[0] > 128 ? 1 : 0)
  }
  return canvas.width + 'x' + canvas.height + ' ' + found
}"""


class Filming:
    """A camera that sends twenty-five frames a second until it is stopped. `number` is that of its last frame."""

    def __init__(self, port: int, **how: Any) -> None:
        self.number = 0
        self._camera = Camera(**how)
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not self._stop.wait(0.04):
                for part in datagrams(self._camera.shoot(self.number)):
                    out.sendto(part, ("127.0.0.1", self._port))
                self.number += 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@contextmanager
def filming(port: int, **how: Any) -> Iterator[Filming]:
    made = Filming(port, **how)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site that takes video at any port."""
    with running_site(
        tmp_path / "36", more=DEMONSTRATION + "\n[video]\nfirst_port = 1024\nlast_port = 65535\n"
    ) as running:
        yield running


class Wall:
    """The video page of one person; the only tile on it."""

    def __init__(self, people: Browser, account: str) -> None:
        self.page = people.sign_in(account, DESK)
        self.page.get_by_test_id("desk").wait_for()
        self.page.goto(people.url + "/video")
        self.tile = self.page.get_by_test_id("video-tile")

    def shown(self, size: str = "320x240") -> int:
        """The number of the frame on its canvas; -1 while it has another size."""
        said, number = self.tile.locator("canvas").evaluate(READ).split()
        return int(number) if said == size else -1

    def shows_beyond(self, number: int, size: str = "320x240") -> None:
        """Wait for a later frame than that."""
        wait_for(lambda: self.shown(size) > number, f"a frame of {size} after {number}", WAIT_S)


@pytest.mark.timeout(400)
def test_a_picture_is_seen_with_webcodecs_and_without_goes_stale_and_comes_back_in_another_size(
    site: RunningSite,
) -> None:
    """Registered by form, shown on two walls, numbers read back from the canvas; grey when the sender stops.

    The second wall has no WebCodecs, as over plain http from another machine: Media Source Extensions show it.
    """
    port = free_port()
    with browser(site.url) as people:
        people.before = NO_MAP
        desk = Wall(people, "diaodu")
        desk.page.get_by_test_id("stream-add").click()
        desk.page.get_by_test_id("stream-name").fill("赣鹰01 吊舱")
        desk.page.get_by_test_id("stream-address").fill(str(port))
        desk.page.get_by_test_id("stream-carrier").select_option(index=0)
        desk.page.get_by_test_id("stream-save").click()
        people.before += "delete window.VideoDecoder"
        plain = Wall(people, "zhiban")
        walls = (desk, plain)
        for wall in walls:
            wall.page.get_by_test_id("video-pick").click()
        with filming(port) as camera:
            expect(desk.tile).to_have_attribute("data-state", "live")
            for wall in walls:
                wall.shows_beyond(10)
                first = wall.shown()
                wall.shows_beyond(first)
                assert first <= camera.number
                expect(wall.tile).to_have_attribute("data-stale", "false")
            expect(plain.tile).to_have_attribute("data-by", "mse")
            picture(desk.page, "video-live")
            picture(plain.page, "video-mse")
            plain.page.set_viewport_size({"width": 1280, "height": 800})
            picture(plain.page, "video-mse-small")
        for wall in walls:
            expect(wall.tile.get_by_test_id("video-stopped")).to_contain_text("画面停在")
            assert wall.shown() < camera.number  # what was sent, and no more
        expect(desk.tile).to_have_attribute("data-state", "stalled")
        picture(desk.page, "video-stale")
        picture(plain.page, "video-mse-stale-small")
        with filming(port, size=(160, 128)):
            for wall in walls:
                wall.shows_beyond(-1, "160x128")
                expect(wall.tile).to_have_attribute("data-stale", "false")
        expect(plain.tile).to_have_attribute("data-errors", "0")
        seen = site.sign_in("zhiban").get("video/viewings")["items"]
        assert {each["who"] for each in seen} == {"diaodu", "zhiban"}
        assert people.complaints == []
        assert people.foreign == []
