"""A recording in a real browser: found by its small picture, exported with its hash, replayed by the replay's clock.

The replay draws two maps by software, so it is among the long tests; what it follows is webui/test/recorded.test.ts.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import SMALL_DESK, WAIT_MS, browser, picture
from tests.journeys.running import Client, RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION
from tests.journeys.test_video_in_browser import READ, filming
from tests.ports import free_port

expect.set_options(timeout=WAIT_MS)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site that takes video at any port, and cuts recordings short."""
    more = "\n[video]\nfirst_port = 1024\nlast_port = 65535\nrecord_segment_s = 5\n"
    with running_site(tmp_path / "36", more=DEMONSTRATION + more) as running:
        yield running


def filmed(dispatcher: Client) -> tuple[str, str, int]:
    """Six seconds recorded: the stream, when they began, the number of the last frame."""
    port = free_port()
    said = {
        "name": "赣鹰01 吊舱",
        "source": "ts_udp",
        "address": str(port),
        "carrier": "aircraft",
        "carrier_id": dispatcher.get("resources/aircraft")["items"][0]["id"],
    }
    stream = dispatcher.post("video/streams", said)["stream"]["id"]

    def rows() -> list[Any]:
        found: list[Any] = dispatcher.get("video/recordings")["items"]
        return found

    with filming(port) as camera:
        wait_for(lambda: sum(each["pictures"] for each in rows()) > 150, "six seconds recorded")
        return stream, min(each["from"] for each in rows()), camera.number


@pytest.mark.timeout(200)
def test_a_recording_is_found_by_its_picture_and_exported_with_its_hash(site: RunningSite) -> None:
    """And the file that was handed out is known again by `ganying clips verify`."""
    filmed(site.sign_in("diaodu"))
    with browser(site.url) as people:
        page = people.sign_in("diaodu", SMALL_DESK)
        page.get_by_test_id("desk").wait_for()
        page.goto(site.url + "/video")
        page.get_by_test_id("video-recordings").click()
        row = page.get_by_test_id("recording").first
        expect(row.get_by_test_id("still")).to_have_attribute("data-shown", "true")
        picture(page, "recordings")
        row.get_by_test_id("recording-export").click()
        page.get_by_test_id("clip-reason").fill("事故调查")
        page.get_by_test_id("clip-export").click()
        expect(page.get_by_test_id("clip-made")).to_be_visible()
        page.get_by_test_id("clip-check").first.click()
        expect(page.get_by_test_id("clip-checked")).to_contain_text("与日志一致")
        picture(page, "recording-exported")
        assert people.complaints == []
        assert people.foreign == []
    (file,) = (site.config.parent / "data" / "clips").glob("*.mp4")
    handed_out = json.loads(site.command("clips", "verify", str(file)).stdout)
    assert (handed_out["reason"], handed_out["exported_by"]) == ("事故调查", "diaodu")


@pytest.mark.soak
@pytest.mark.timeout(240)
def test_a_recording_is_there_after_kill_9_and_is_replayed_in_step_with_the_clock(site: RunningSite) -> None:
    """The numbers in the pictures are read from the canvas."""
    stream, begin, sent = filmed(site.sign_in("diaodu"))
    site.kill()
    site.start()
    with browser(site.url) as people:
        page = people.sign_in("diaodu", SMALL_DESK)
        page.get_by_test_id("desk").wait_for()
        page.goto(site.url + "/video")  # the desk looks at its address when it is opened
        page.goto(f"{site.url}/#replay={begin[:19]}Z,1,{stream}")
        tile = page.get_by_test_id("recorded-tile")
        canvas = tile.locator("canvas")

        def shown() -> int:
            said, number = canvas.evaluate(READ).split()
            return int(number) if said == "320x240" else -1

        page.get_by_test_id("replay-play").click()
        wait_for(lambda: shown() > 40, "the recording plays")
        tile.get_by_test_id("recorded-still-send").click()  # as it was then, to be sent to the field
        expect(page.get_by_test_id("still-canvas")).to_be_visible()
        picture(page, "recording-still")
        page.get_by_test_id("uplink-close").click()
        page.get_by_test_id("replay-play").click()
        expect(page.get_by_test_id("replay")).to_have_attribute("data-playing", "false")
        first = shown()
        assert 40 < first <= sent
        expect(tile).to_have_attribute("data-old", "false")
        picture(page, "recording-replayed")
        page.keyboard.press("ArrowLeft")  # ten seconds back: before it began, or at its beginning
        wait_for(lambda: tile.get_attribute("data-old") == "true" or shown() < first, "a jump back")
        seen = site.sign_in("zhiban").get("video/replays")["items"]
        assert {each["stream_id"] for each in seen} == {stream}
        assert people.complaints == []
        assert people.foreign == []
