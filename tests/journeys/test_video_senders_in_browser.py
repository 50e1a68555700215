"""A sender nobody registered: seen on the wall, registered with its own form; one that says who it is, told to the desk."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.clips import clip, datagrams
from tests.journeys.browser import DESK, NO_MAP, SMALL_DESK, WAIT_MS, browser, picture
from tests.journeys.crews import ordered
from tests.journeys.running import RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION
from tests.journeys.two_sites import free_port
from tests.klv_sent import said
from tests.klv_tagged import tagged

expect.set_options(timeout=WAIT_MS)


@contextmanager
def sent(port: int, film: bytes) -> Iterator[None]:
    """Again and again, without hurry."""
    stop = threading.Event()

    def run() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while True:
                for part in datagrams(film):
                    out.sendto(part, ("127.0.0.1", port))
                    if stop.wait(0.03):
                        return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.timeout(200)
def test_an_unknown_sender_is_registered_by_a_click_and_an_aircraft_on_task_tells_that_it_sends(
    tmp_path: Path,
) -> None:
    plain, speaking = free_port(), free_port()
    more = (
        f"{DEMONSTRATION}\n[video]\nfirst_port = 1024\nlast_port = 65535\n"
        f'discovery_ports = [{plain}, {speaking}]\ndiscovery_from = ["127.0.0.0/8"]\n'
    )
    film = clip(25, group=12)
    with running_site(tmp_path / "36", more=more) as site, browser(site.url) as people:
        people.before = NO_MAP
        wall = people.sign_in("diaodu", DESK)
        wall.wait_for_function("() => sessionStorage.getItem('ganying.session')")
        wall.goto(f"{site.url}/video")
        with sent(plain, film):
            sender = wall.get_by_test_id("unknown-sender")
            expect(sender).to_contain_text("H.264 320×240")
            expect(sender.get_by_test_id("still")).to_have_attribute("data-shown", "true")
            picture(wall, "video-senders")
            in_english(wall)
            expect(sender).to_contain_text("says nothing")
            picture(wall, "video-senders-en")
            in_english(wall, "zh")
            sender.get_by_test_id("sender-register").click()
            expect(wall.get_by_test_id("stream-address")).to_have_value(str(plain))
            picture(wall, "video-sender-form")
            wall.get_by_test_id("stream-save").click()
            expect(wall.get_by_test_id("video-stream")).to_have_attribute("data-state", "live")
            expect(sender).to_have_count(0)
        told_to_the_desk(site, wall, speaking, film)


def told_to_the_desk(site: RunningSite, page: Page, port: int, film: bytes) -> None:
    """Its KLV says which aircraft on task it is: the notice opens its tile."""
    (tasking,) = ordered(site, 1)
    site.sign_in("tonghang").act(f"taskings/{tasking['id']}", "accept")
    with sent(port, tagged(film, said({4: tasking["aircraft_id"]}))):
        desk = site.sign_in("diaodu")
        bound = wait_for(
            lambda: [
                each["stream"]["id"]
                for each in desk.get("video/streams")["items"]
                if each["stream"]["terms"]["carrier_id"] == tasking["aircraft_id"]
            ],
            "a stream that nobody registered",
        )
        page.set_viewport_size(SMALL_DESK)
        page.goto(site.url)
        page.get_by_test_id("tab-alarms").click()
        notice = page.locator(f'[data-testid="alarm"][data-id^="page:video_began:{bound[0]}"]')
        expect(notice).to_contain_text(tasking["number"])
        picture(page, "video-began-small")
        notice.locator("button.plain").click()
        tile = page.get_by_test_id("video-tile")
        wait_for(lambda: int(tile.get_attribute("data-painted") or 0) > 0, "its picture")
        picture(page, "video-began-tile-small")
        page.get_by_test_id("lang-switch").click()
        expect(notice).to_contain_text("began to send video")
        page.get_by_test_id("sheet-close").click()
        picture(page, "video-began-small-en")


def in_english(page: Page, language: str = "en") -> None:
    page.evaluate("(language) => localStorage.setItem('ganying.language', language)", language)
    page.reload()
