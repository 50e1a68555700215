"""Steps of video between two sites: a consent with video, a stream at 36, asked for at 43, granted, watched, taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect

from dispatch.consent_kinds import ObjectClass
from tests.journeys.browser import DESK, NO_MAP, SMALL_DESK, Browser, picture
from tests.journeys.running import wait_for
from tests.journeys.test_video_in_browser import READ, filming
from tests.journeys.two_sites import Pair, free_port


def consent_with_video(pair: Pair) -> None:
    """36 lets everything leave to 43, by two people."""
    terms = {
        "partner": "43",
        "agreement": "六省一市-2023",
        "classes": [{"object_class": str(each)} for each in ObjectClass],
        "valid_until": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
    }
    made = pair.ours.sign_in("zhiban").post("consents", terms)
    pair.ours.sign_in("anquan").post(f"consents/{made['id']}/sign", {"version": made["version"]})


def wall(people: Browser, account: str, url: str, size: dict[str, int] = DESK) -> Page:
    """The wall of a site."""
    people.before = NO_MAP
    page = people.sign_in(account, size, url)
    page.get_by_test_id("desk").wait_for()
    page.goto(f"{url}/video")
    page.get_by_test_id("video-page").wait_for()
    return page


def seen_next_door(pair: Pair, people: Browser) -> None:
    """Asked for with a purpose; answered; watched under the burnt-in mark; taken back, and the tile says so."""
    consent_with_video(pair)
    port = free_port()
    body = {"name": "赣鹰01 吊舱", "source": "ts_udp", "address": str(port), "carrier": "fixed"}
    stream = pair.ours.sign_in("diaodu").post("video/streams", body)["stream"]["id"]
    theirs = wall(people, "diaodu", pair.theirs.url)
    line = theirs.locator(f'[data-testid="partner-stream"][data-stream="{stream}"]')
    expect(line).to_have_attribute("data-share", "none")
    expect(line.get_by_test_id("partner-pick")).to_be_disabled()
    line.get_by_test_id("video-ask").click()
    line.get_by_test_id("video-purpose").fill("边界火情会商")
    picture(theirs, "video-partner-ask")
    line.get_by_test_id("video-ask-send").click()
    expect(line).to_have_attribute("data-share", "asked")
    ours = wall(people, "zhiban", pair.ours.url, SMALL_DESK)  # it stands on the page of mutual aid, too
    asked = ours.get_by_test_id("video-ask-line")
    expect(asked).to_contain_text("边界火情会商")
    picture(ours, "video-asked-small")
    asked.get_by_test_id("video-grant").click()
    asked.get_by_test_id("video-grant-send").click()
    expect(line).to_have_attribute("data-share", "granted")
    with filming(port):
        line.get_by_test_id("partner-pick").click()
        tile = theirs.get_by_test_id("video-tile")
        canvas = tile.locator("canvas")

        def shown() -> int:
            said, number = canvas.evaluate(READ).split()
            return int(number) if said == "320x240" else -1

        wait_for(lambda: shown() > 5, "a numbered frame next door")
        expect(tile).to_have_attribute("data-stale", "false")
        expect(ours.get_by_test_id("video-given")).to_contain_text("1 人在看")
        picture(theirs, "video-partner-tile")
        picture(ours, "video-given-small")
        theirs.set_viewport_size({"width": 1280, "height": 800})
        picture(theirs, "video-partner-tile-small")
        ours.get_by_test_id("video-revoke").click()
        ours.get_by_test_id("video-revoke-reason").fill("画面涉及营区")
        ours.get_by_test_id("video-revoke-send").click()
        expect(tile).to_contain_text("画面涉及营区")
        expect(tile).to_have_attribute("data-painted", "0")
        picture(theirs, "video-partner-revoked")
    who_watched(pair, stream)


def who_watched(pair: Pair, stream: str) -> None:
    """At 43 by name, at 36 by role; what was granted in the book of both."""
    seen: Any = pair.theirs.sign_in("zhiban").get("video/viewings")["items"]
    assert [(each["who"], each["purpose"]) for each in seen if each["stream_id"] == stream] == [
        ("diaodu", "边界火情会商")
    ]
    for site in (pair.ours, pair.theirs):
        client = site.sign_in("zhiban")
        told = [each["zh"] for each in client.get("logbook?limit=100")["items"]]
        assert any("准予 43 观看视频" in each for each in told), told
        (request,) = client.get("video/requests")["items"]
        assert (request["grant"]["state"], request["grant"]["viewed"]) == ("revoked", 1)
        (link,) = client.get("links")["items"]
        assert any(each["traffic"] == "video" for each in link["traffic"])
