"""Two provinces at one table: drawn here, seen there; cut, both go on, restored, both have the same room in order."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.journeys import aid_steps
from tests.journeys.browser import DESK, SMALL_DESK, WAIT_MS, Browser, picture
from tests.journeys.running import Client, wait_for
from tests.journeys.two_sites import Pair, link_state, two_sites

expect.set_options(timeout=WAIT_MS)
SETTINGS = "[demonstration]\nenabled = true\n[planner]\nautomatic = false\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40_000)
FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "萍乡边界林火",
    "place": "萍乡市",
    "position": {"lon_deg": 113.85, "lat_deg": 27.62},
}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with two_sites(tmp_path, SETTINGS) as running:
        running.live()
        yield running


def order_at(client: Client, room: str) -> list[tuple[str, str]]:
    """Id and site of every entry, oldest first."""
    items = client.get(f"rooms/{room}/entries?limit=200")["items"]
    items.sort(key=lambda one: (one["at"], one["site"], one["origin_seq"]))
    return [(one["id"], one["site"]) for one in items]


def choose(page: Page) -> None:
    """The one incident, by its number."""
    expect(page.get_by_test_id("map-incident")).to_have_count(1)
    page.keyboard.press("1")
    expect(page.get_by_test_id("incident-detail")).to_be_visible()


def open_room(page: Page) -> None:
    """From the incident's card."""
    page.get_by_test_id("room-line").click()
    expect(page.get_by_test_id("room")).to_be_visible()


def say(page: Page, text: str) -> None:
    page.get_by_test_id("room-text").fill(text)
    page.get_by_test_id("room-say").click()
    expect(page.get_by_test_id("room-text")).to_have_value("")


def draw(page: Page, tool: str, *places: tuple[float, float], label: str = "") -> None:
    """Places are shares of the map's width and height."""
    page.get_by_test_id(f"room-tool-{tool}").click()
    page.get_by_test_id("room-label").fill(label)
    box: Any = page.get_by_test_id("map").bounding_box()
    before = page.get_by_test_id("room-entry").count()
    for x, y in places:
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        page.wait_for_timeout(350)  # two clicks of one hand, not a double one
    if len(places) > 1:
        page.get_by_test_id("room-finish").click()
    expect(page.get_by_test_id("room-entry")).to_have_count(before + 1)
    page.get_by_test_id(f"room-tool-{tool}").click()


def aid_is_asked_and_answered(pair: Pair, asking: Page, helping: Page) -> None:
    """From the incident's card of 36 to the alarm strip of 43, and the answer back; chiefs by their doors."""
    aid_steps.furnish(pair)
    asking.get_by_test_id("room-back").click()
    asking.get_by_test_id("aid-ask").click()
    asking.get_by_test_id("aid-partner").check()
    asking.get_by_test_id("aid-ask-confirm").click()
    line = asking.get_by_test_id("aid-line")
    expect(line).to_have_attribute("data-state", "requested")
    path = f"aid/{line.get_attribute('data-id')}"
    aid_steps.asking(pair.ours.sign_in("zhiban"), path, "approve")
    asking.get_by_test_id("aid-send").click()
    asking.get_by_test_id("aid-order").fill("应急调机〔2026〕11号")
    asking.get_by_test_id("aid-confirm").click()
    expect(line).to_have_attribute("data-state", "received")
    strip = helping.get_by_test_id("alarm-strip")
    expect(strip).to_contain_text("赣求援")
    picture(helping, "aid-alarm")
    strip.get_by_role("button", name="赣求援").click()
    page = helping.get_by_test_id("aid-page")
    page.get_by_test_id("aid-offer").click()
    page.get_by_test_id("aid-craft").first.check()
    page.get_by_test_id("aid-confirm").click()
    aid_steps.helping(pair.theirs.sign_in("zhiban"), path, "approve")
    expect(line).to_have_attribute("data-state", "answered")
    picture(asking, "aid-answered")
    picture(helping, "aid-offered")


def test_a_partners_mark_shows_and_after_a_cut_both_have_the_same_room(pair: Pair, tmp_path: Path) -> None:
    ours, theirs = pair.ours.sign_in("diaodu"), pair.theirs.sign_in("diaodu")
    incident = ours.post("incidents", FIRE)
    path = f"incidents/{incident['id']}"
    ours.post(f"{path}/confirm", {"version": 1})
    ours.post(f"{path}/share", {"version": ours.get(path)["version"], "partner": "43"})
    with sync_playwright() as playwright:
        here, there = Browser(playwright, pair.ours.url), Browser(playwright, pair.theirs.url)
        jiangxi = here.sign_in("diaodu", DESK)
        choose(jiangxi)
        jiangxi.get_by_test_id("room-new").click()
        jiangxi.get_by_test_id("room-open").click()
        expect(jiangxi.get_by_test_id("room")).to_be_visible()
        room = str(jiangxi.get_by_test_id("room").get_attribute("data-id"))
        say(jiangxi, "火头向西，距省界约 3 公里，请湖南参加会商")
        jiangxi.get_by_test_id("room-invite").click()
        jiangxi.get_by_test_id("room-invite-site").click()
        wait_for(lambda: theirs.get("rooms")["items"], "the room at 43")
        hunan = there.sign_in("diaodu", SMALL_DESK)
        choose(hunan)
        open_room(hunan)
        expect(hunan.get_by_test_id("room-entry")).to_have_count(1)

        jiangxi.wait_for_timeout(800)  # the map has come to rest
        draw(jiangxi, "arrow", (0.55, 0.45), (0.42, 0.4), label="主攻方向")
        draw(jiangxi, "area", (0.5, 0.5), (0.6, 0.52), (0.58, 0.62), label="集结区")
        expect(hunan.get_by_test_id("room-entry")).to_have_count(3)
        begun = time.monotonic()
        draw(hunan, "symbol", (0.5, 0.25), label="醴陵水源")
        jiangxi.locator('[data-testid="room-entry"][data-site="43"]').wait_for()
        assert time.monotonic() - begun < 30
        jiangxi.get_by_test_id("room-vote").click()
        jiangxi.get_by_test_id("room-question").fill("是否请湖南直升机支援？")
        jiangxi.get_by_test_id("room-commit").click()
        for page in (hunan, jiangxi):
            page.get_by_test_id("room-vote-option").first.click()
        expect(jiangxi.get_by_test_id("room-vote-option").first).to_contain_text("2")
        jiangxi.get_by_test_id("room-decide-by").click()
        jiangxi.get_by_test_id("room-commit").click()
        expect(hunan.locator('[data-kind="decision"]')).to_have_count(1)
        picture(jiangxi, "room-jiangxi")
        picture(hunan, "room-hunan")

        picture_file = tmp_path / "航拍.png"
        picture_file.write_bytes(PNG)
        jiangxi.get_by_test_id("room-file").set_input_files(picture_file)
        expect(jiangxi.get_by_test_id("room-say")).to_be_enabled()
        say(jiangxi, "航拍")
        with hunan.expect_download() as sent:  # fetched over the link when it is opened
            hunan.get_by_test_id("room-file-save").click()
        sent.value.save_as(tmp_path / "got.png")
        assert (tmp_path / "got.png").read_bytes() == PNG
        box: Any = jiangxi.get_by_test_id("map").bounding_box()
        for step in range(3):
            jiangxi.mouse.move(box["x"] + 400 + 9 * step, box["y"] + 300)
            jiangxi.wait_for_timeout(200)
        expect(hunan.get_by_test_id("room-pointer")).to_contain_text("赣")

        pair.line.cut()
        wait_for(lambda: link_state(ours) != "live" and link_state(theirs) != "live", "both to see the cut")
        for number in range(3):
            say(jiangxi, f"江西：断链中 {number}")
            say(hunan, f"湖南：断链中 {number}")
        draw(hunan, "line", (0.5, 0.3), (0.62, 0.55), label="隔离带")
        expect(jiangxi.get_by_test_id("room-cut")).to_be_visible()
        picture(jiangxi, "room-cut")
        assert order_at(ours, room) != order_at(theirs, room)
        pair.line.restore()
        wait_for(partial(lambda: order_at(ours, room) == order_at(theirs, room)), "the same room at both")
        rows = order_at(ours, room)
        assert len(rows) == len(set(rows)) == 16
        for page in (jiangxi, hunan):
            expect(page.get_by_test_id("room-entry")).to_have_count(16)
            shown = page.get_by_test_id("room-entry").evaluate_all("all => all.map(one => one.dataset.id)")
            assert shown == [each for each, _ in rows]
        picture(jiangxi, "room-caught-up")
        slider = jiangxi.get_by_test_id("room-slider")
        slider.evaluate(
            "one => { one.value = Number(one.min) + 2000; one.dispatchEvent(new Event('input')) }"
        )
        jiangxi.wait_for_function("document.querySelectorAll('[data-testid=room-entry]').length < 16")
        picture(jiangxi, "room-past")
        with jiangxi.expect_download() as told:
            jiangxi.get_by_test_id("room-pdf").click()
        minutes = tmp_path / "minutes.pdf"
        told.value.save_as(minutes)
        assert minutes.read_bytes().startswith(b"%PDF-")
        data = ours.get(f"rooms/{room}/minutes")
        assert [each["id"] for each in data["entries"]] == [each for each, _ in rows]
        assert {each["name"] for each in data["people"] if each["site"] == "43"} == {""}
        aid_is_asked_and_answered(pair, jiangxi, hunan)
        assert here.complaints == there.complaints == []
        here.close()
        there.close()
