"""A still from a live tile with an arrow on it to the crew's phone; a cut and a kill -9; what was missed comes later; receipts."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from loadtests.lossy import LossyLine
from loadtests.phone_outbox import DEMONSTRATION, fix_port
from tests.journeys.browser import DESK, NO_MAP, PHONE, WAIT_MS, browser, picture
from tests.journeys.crews import ordered
from tests.journeys.running import RunningSite, running_site, wait_for
from tests.journeys.test_video_in_browser import filming
from tests.journeys.two_sites import free_port

expect.set_options(timeout=WAIT_MS)
VIDEO = "\n[video]\nfirst_port = 1024\nlast_port = 65535\n"
# whether the drawn arrow's yellow is on the picture that the phone shows
YELLOW = """(image) => {
  const c = document.createElement('canvas'); c.width = image.naturalWidth; c.height = image.naturalHeight
  const x = c.getContext('2d'); x.drawImage(image, 0, 0)
  const d = x.getImageData(0, 0, c.width, c.height).data; let n = 0
  for (let i = 0; i < d.length; i += 4) if (d[i] > 200 && d[i + 1] > 170 && d[i + 2] < 140) n++
  return n }"""


def take_and_send(desk: Page, text: str) -> None:
    """抓拍下传: the frame as shown, an arrow drawn over it."""
    desk.get_by_test_id("video-still-send").click()
    box = desk.get_by_test_id("still-canvas").bounding_box()
    assert box is not None
    desk.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.8)
    desk.mouse.down()
    desk.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.4)
    desk.mouse.up()
    expect(desk.get_by_test_id("still-canvas")).to_have_attribute("data-drawn", "1")
    desk.get_by_test_id("uplink-text").fill(text)
    expect(desk.get_by_test_id("uplink-to")).to_be_checked()  # the aircraft that carries the camera
    picture(desk, "uplink-still-desk")
    desk.get_by_test_id("uplink-send").click()
    expect(desk.get_by_test_id("uplink-form")).to_have_count(0)


def stream_of(site: RunningSite, tasking: dict[str, Any]) -> int:
    """A camera on the tasking's aircraft; its port."""
    port = free_port()
    body = {"name": "赣鹰吊舱", "source": "ts_udp", "address": str(port), "carrier": "aircraft"}
    site.sign_in("diaodu").post("video/streams", {**body, "carrier_id": tasking["aircraft_id"]})
    return port


def sketch(tasking: dict[str, Any]) -> dict[str, Any]:
    """Text and a sketch, as the map's tools make them."""
    at = tasking["incident_position"]
    ring = ((0.0, 0.0), (0.02, 0.0), (0.02, 0.015))
    points = [{"lon_deg": at["lon_deg"] + x, "lat_deg": at["lat_deg"] + y} for x, y in ring]
    return {
        "incident_id": tasking["incident_id"],
        "to": [{"tasking_id": tasking["id"]}],
        "text": "改在北侧投水",
        "marks": [
            {"kind": "area", "points": points, "text": "投水区"},
            {"kind": "arrow", "points": points[:2], "text": "由此进入"},
        ],
    }


@pytest.mark.timeout(300)
def test_a_still_reaches_the_phone_and_what_was_missed_in_a_cut_comes_later(tmp_path: Path) -> None:
    with running_site(tmp_path / "36", more=DEMONSTRATION + VIDEO) as site, browser(site.url) as people:
        line = LossyLine(fix_port(site))
        (tasking,) = ordered(site, 1)
        port = stream_of(site, tasking)
        people.before = NO_MAP
        phone = people.sign_in("tonghang", PHONE, f"http://127.0.0.1:{line.port}/phone")
        phone.get_by_test_id("phone-task").wait_for()
        desk = people.sign_in("diaodu", DESK)
        desk.get_by_test_id("desk").wait_for()
        desk.goto(site.url + "/video")
        desk.get_by_test_id("video-pick").click()
        with filming(port):
            tile = desk.get_by_test_id("video-tile")
            expect(tile).to_have_attribute("data-stale", "false")
            expect(desk.get_by_test_id("video-still-send")).to_be_enabled()
            take_and_send(desk, "东侧有电线，由西侧进入")

        card = phone.get_by_test_id("phone-uplink").first
        expect(card).to_have_attribute("data-picture", "whole")
        expect(card.get_by_test_id("phone-uplink-text")).to_have_text("东侧有电线，由西侧进入")
        expect(phone.get_by_test_id("phone-uplinks")).to_have_attribute("data-count", "1")
        phone.get_by_test_id("phone-uplinks").click()
        assert card.get_by_test_id("phone-uplink-picture").evaluate(YELLOW) > 100
        expect(card).to_have_attribute("data-state", "shown")
        picture(phone, "uplink-phone")

        line.cut_all(down=True)
        expect(phone.get_by_test_id("link-tag")).to_have_attribute("data-link", "lost")
        card.get_by_test_id("phone-uplink-comply").click()
        expect(phone.get_by_test_id("phone-unsent")).to_have_attribute("data-count", "1")
        site.sign_in("diaodu").post("uplinks", sketch(tasking))
        site.kill()
        site.start()
        line.down = False
        second = phone.get_by_test_id("phone-uplink").first  # what nobody has read stands first
        expect(second.get_by_test_id("marks-sketch")).to_have_attribute("data-count", "2")
        phone.get_by_test_id("phone-uplinks").click()
        expect(second).to_have_attribute("data-state", "shown")
        expect(phone.get_by_test_id("phone-unsent")).to_have_attribute("data-count", "0")
        picture(phone, "uplink-phone-later")
        second.get_by_test_id("phone-uplink-cannot").click()
        second.get_by_test_id("phone-uplink-words").fill("北侧能见度不足")
        second.get_by_test_id("phone-uplink-say").click()

        auditor = site.sign_in("diaodu")
        answers = wait_for(
            lambda: (
                [each["answer"] for each in auditor.get("uplinks")["items"] if each["answer"]]
                == ["cannot", "comply"]
            ),
            "both answers",
        )
        assert answers
        desk.goto(site.url)
        desk.get_by_test_id("incident-card").first.click()
        desk.locator(f'[data-testid="tasking-line"][data-id="{tasking["id"]}"]').click()
        expect(desk.locator('[data-testid=uplink-recipient][data-answer="cannot"]')).to_contain_text(
            "北侧能见度不足"
        )
        expect(desk.locator('[data-testid=uplink-recipient][data-answer="comply"]')).to_have_count(1)
        desk.get_by_test_id("uplink-message").last.locator("button").first.click()
        expect(desk.get_by_test_id("uplink-picture")).to_be_visible()
        picture(desk, "uplink-receipts-desk")
        assert people.complaints == [] or all(
            "Failed to load" in each or "WebSocket" in each for each in people.complaints
        )
        line.close()
