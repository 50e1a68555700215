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
from tests.journeys.browser import DESK, WAIT_MS, browser, picture
from tests.journeys.running import RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION
from tests.journeys.two_sites import free_port

expect.set_options(timeout=WAIT_MS)
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


@pytest.mark.timeout(200)
def test_a_picture_is_seen_goes_stale_and_comes_back_in_another_size(site: RunningSite) -> None:
    """Registered by form, shown on the wall, numbers read back from the canvas; grey when the sender stops."""
    port = free_port()
    with browser(site.url) as people:
        desk = people.sign_in("diaodu", DESK)
        desk.get_by_test_id("desk").wait_for()
        desk.goto(site.url + "/video")  # without the map, which software draws
        desk.get_by_test_id("stream-add").click()
        desk.get_by_test_id("stream-name").fill("赣鹰01 吊舱")
        desk.get_by_test_id("stream-address").fill(str(port))
        desk.get_by_test_id("stream-carrier").select_option(index=0)
        desk.get_by_test_id("stream-save").click()
        desk.get_by_test_id("video-pick").click()
        tile = desk.get_by_test_id("video-tile")
        canvas = tile.locator("canvas")

        def shown(size: str) -> int:
            said, number = canvas.evaluate(READ).split()
            return int(number) if said == size else -1

        with filming(port) as camera:
            expect(tile).to_have_attribute("data-state", "live")
            wait_for(lambda: shown("320x240") > 10, "a numbered frame on the canvas")
            first = shown("320x240")
            wait_for(lambda: shown("320x240") > first, "a later frame")
            assert first <= camera.number
            expect(tile).to_have_attribute("data-stale", "false")
            picture(desk, "video-live")
            last = camera.number
        expect(tile.get_by_test_id("video-stopped")).to_contain_text("画面停在")
        expect(tile).to_have_attribute("data-state", "stalled")
        assert last <= shown("320x240") + 3
        picture(desk, "video-stale")
        with filming(port, size=(160, 128)):
            wait_for(lambda: shown("160x128") >= 0, "a frame of the other size")
            expect(tile).to_have_attribute("data-stale", "false")
        seen = site.sign_in("zhiban").get("video/viewings")["items"]
        assert [each["who"] for each in seen] == ["diaodu"]
        assert people.complaints == []
        assert people.foreign == []


@pytest.mark.timeout(200)
def test_without_webcodecs_the_picture_comes_by_media_source_and_goes_stale_too(site: RunningSite) -> None:
    """As over plain http from another machine. The same numbers, the same grey, another size after a cut."""
    port = free_port()
    body = {"name": "赣鹰01 吊舱", "source": "ts_udp", "address": str(port), "carrier": "fixed"}
    site.sign_in("diaodu").post("video/streams", body)
    with browser(site.url) as people:
        people.before = "delete window.VideoDecoder"
        desk = people.sign_in("diaodu", DESK)
        desk.get_by_test_id("desk").wait_for()
        desk.goto(site.url + "/video")
        desk.get_by_test_id("video-pick").click()
        tile = desk.get_by_test_id("video-tile")
        canvas = tile.locator("canvas")

        def shown(size: str) -> int:
            said, number = canvas.evaluate(READ).split()
            return int(number) if said == size else -1

        with filming(port) as camera:
            wait_for(lambda: shown("320x240") > 10, "a numbered frame on the canvas")
            first = shown("320x240")
            wait_for(lambda: shown("320x240") > first, "a later frame")
            assert first <= camera.number
            expect(tile).to_have_attribute("data-by", "mse")
            expect(tile).to_have_attribute("data-stale", "false")
            picture(desk, "video-mse")
            last = camera.number
        expect(tile.get_by_test_id("video-stopped")).to_contain_text("画面停在")
        assert shown("320x240") <= last + 3
        picture(desk, "video-mse-stale")
        with filming(port, size=(160, 128)):
            wait_for(lambda: shown("160x128") >= 0, "a frame of the other size")
            expect(tile).to_have_attribute("data-stale", "false")
        expect(tile).to_have_attribute("data-errors", "0")
        assert people.complaints == []
