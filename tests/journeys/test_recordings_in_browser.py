"""A recording in a real browser: found by its small picture, replayed by the replay's clock frame by frame, exported with its hash."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import DESK, WAIT_MS, browser, picture
from tests.journeys.running import RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION
from tests.journeys.test_video_in_browser import READ, filming

expect.set_options(timeout=WAIT_MS)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site that takes video at any port, and cuts recordings short."""
    more = "\n[video]\nfirst_port = 1024\nlast_port = 65535\nrecord_segment_s = 5\n"
    with running_site(tmp_path / "36", more=DEMONSTRATION + more) as running:
        yield running


@pytest.mark.timeout(240)
def test_a_recording_is_found_replayed_in_step_with_the_clock_and_exported(site: RunningSite) -> None:
    """kill -9 in between: what was written is there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    dispatcher = site.sign_in("diaodu")
    aircraft = dispatcher.get("resources/aircraft")["items"][0]["id"]
    stream = dispatcher.post(
        "video/streams",
        {
            "name": "赣鹰01 吊舱",
            "source": "ts_udp",
            "address": str(port),
            "carrier": "aircraft",
            "carrier_id": aircraft,
        },
    )["stream"]["id"]

    def recorded() -> int:
        return sum(each["pictures"] for each in dispatcher.get("video/recordings")["items"])

    with filming(port) as camera:
        wait_for(lambda: recorded() > 150, "six seconds recorded")
        begin_us = dispatcher.get("video/recordings")["items"][-1]["from"]
        site.kill()
        sent = camera.number
    site.start()
    dispatcher = site.sign_in("diaodu")
    wait_for(lambda: recorded() > 150, "the recording after kill -9")
    with browser(site.url) as people:
        page = people.sign_in("diaodu", DESK)
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

        verified = site.command("clips", "verify")
        assert json.loads(verified.stdout)["state"] == "whole"
        (file,) = (site.config.parent / "data" / "clips").glob("*.mp4")
        handed_out = json.loads(site.command("clips", "verify", str(file)).stdout)
        assert (handed_out["reason"], handed_out["exported_by"]) == ("事故调查", "diaodu")

        moment = begin_us[:19]
        page.goto(f"{site.url}/#replay={moment}Z,1,{stream}")
        tile = page.get_by_test_id("recorded-tile")
        canvas = tile.locator("canvas")

        def shown() -> int:
            said, number = canvas.evaluate(READ).split()
            return int(number) if said == "320x240" else -1

        page.get_by_test_id("replay-play").click()
        wait_for(lambda: shown() > 40, "the recording plays")
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
