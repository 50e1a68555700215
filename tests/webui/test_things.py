"""Things other than aircraft, doubts and last positions in a real Chromium: nothing looks surer than it is."""

import time
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.webui.test_pages import (
    DESK,
    SiteProcess,
    both,
    drawing,
    plain,
    sign_in,
    site,
    until,
)

__all__ = ("both", "drawing", "plain", "site")  # fixtures of test_pages.py, in use here too

TRUCK = {
    "id": "jt808:13912345678",
    "kind": "vehicle",
    "lon": 115.0,
    "lat": 28.6,
    "source": "trucks",
    "accuracy_m": 15,
    "speed_mps": 12,
    "label": {"name": "水罐车7"},
}


def put(site: SiteProcess, number: int, **thing: Any) -> None:
    site.tell("thing", number=number, **thing)


def said(source: str, kind: str, key: str, age_s: float, lon: float, **more: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [lon, 28.6]}
    told = {"source": source, "source_kind": kind, "key": key, "heard_age_s": age_s, "position_age_s": age_s}
    rest = {"position": place, "accuracy_m": None, "altitude_m": None, "altitude_datum": None}
    return {**told, **rest, "chosen": False, **more}


def open_card(page: Page, key: str) -> None:
    page.evaluate(f"() => {{ location.hash = '#aircraft={key}' }}")
    page.reload()
    until(page, "() => !!window.__ganying && window.__ganying.loaded")


def test_a_truck_has_its_symbol_its_name_and_its_last_position(drawing: Browser, site: SiteProcess) -> None:
    put(site, 1001, **TRUCK)
    put(
        site,
        1002,
        **{**TRUCK, "id": "cot:A1", "kind": "team", "source": "field", "lon": 116.2}
        | {"label": {"name": "森防一队"}, "last_at": time.time() - 400, "doubts": 8 | 16},
    )
    page = sign_in(drawing, site, "diaodu", DESK)
    label = page.locator("[data-testid=aircraft-label]", has_text="水罐车7")
    expect(label).to_be_visible()
    ghost = page.locator("[data-testid=aircraft-label]", has_text="森防一队")
    expect(ghost).to_contain_text("最后位置")
    expect(ghost.locator("[data-testid=doubt]")).to_have_text(["时钟偏差", "仅一次"])
    label.click()
    card = page.get_by_test_id("aircraft-detail")
    expect(card).to_have_attribute("data-shape", "vehicle")
    expect(page.get_by_test_id("track-accuracy")).to_have_text("±15 m")
    expect(card).to_contain_text("JT/T 808 终端 13912345678")
    assert page.complaints == []  # type: ignore[attr-defined]  # set in open_page


def test_the_card_names_the_chosen_source_and_the_others_with_age_and_accuracy(
    plain: Browser, site: SiteProcess
) -> None:
    put(site, 1001, **TRUCK, doubts=1 | 32)
    site.tell(
        "sources",
        id=TRUCK["id"],
        items=[
            said("trucks", "terminal", "jt808:13912345678", 2.0, 115.0, chosen=True, accuracy_m=15),
            said("report:jidi", "report", "report:truck-7", 31.0, 115.002),
        ],
    )
    page = sign_in(plain, site, "diaodu", DESK)
    open_card(page, "jt808:13912345678")
    sources = page.get_by_test_id("track-source")
    expect(sources).to_have_count(2)
    expect(sources.nth(0)).to_have_attribute("data-chosen", "true")
    expect(sources.nth(0)).to_contain_text("±15 m")
    expect(sources.nth(1)).to_contain_text("未报精度")
    expect(sources.nth(1)).to_contain_text("31 s")
    expect(sources.nth(1)).to_contain_text("相距 195 m")
    doubts = page.get_by_test_id("aircraft-detail").get_by_test_id("doubt")
    expect(doubts.nth(0)).to_contain_text("两处同时自称此地址")
    expect(doubts.nth(1)).to_contain_text("来源不一致")


def test_what_is_only_carried_on_is_said_to_be(plain: Browser, site: SiteProcess) -> None:
    put(site, 1001, **TRUCK)
    page = sign_in(plain, site, "diaodu", DESK)
    open_card(page, "jt808:13912345678")
    expect(page.get_by_test_id("aircraft-detail")).to_contain_text("实时")
    # from two reports it learns how often they come
    until(page, "() => window.__ganying.tracks().some((t) => t.name === '水罐车7' && t.cadence_s > 0)")
    expect(page.get_by_test_id("carried-on")).to_have_count(0)
    put(site, 1001, **TRUCK, last_at=time.time())
    expect(page.get_by_test_id("carried-on")).to_contain_text("外推")


def test_a_thing_is_registered_from_its_card(plain: Browser, site: SiteProcess) -> None:
    put(site, 1001, **TRUCK)
    page = sign_in(plain, site, "diaodu", DESK)
    open_card(page, "jt808:13912345678")
    page.get_by_test_id("thing-register").click()
    expect(page.get_by_test_id("identity-name")).to_have_value("水罐车7")
    expect(page.locator('[data-testid=identity-key][data-key="jt808:13912345678"]')).to_be_visible()
    page.get_by_test_id("identity-kind").select_option("vehicle")
    page.get_by_test_id("identity-save").click()
    expect(page.get_by_test_id("identity-form")).to_have_attribute("data-id", "36-IDN-1")
    put(site, 1001, **{**TRUCK, "id": "36-IDN-1"})  # as the server names it from now on
    page.keyboard.press("Escape")
    open_card(page, "36-IDN-1")
    expect(page.get_by_test_id("aircraft-detail")).to_contain_text("登记为")
    page.get_by_test_id("thing-identity").click()
    expect(page.get_by_test_id("identity-form")).to_have_attribute("data-id", "36-IDN-1")


def test_who_may_not_change_identities_is_not_offered_it(plain: Browser, site: SiteProcess) -> None:
    put(site, 1001, **TRUCK)
    page = sign_in(plain, site, "zhiban", DESK)
    open_card(page, "jt808:13912345678")
    expect(page.get_by_test_id("aircraft-detail")).to_be_visible()
    expect(page.get_by_test_id("thing-register")).to_have_count(0)
