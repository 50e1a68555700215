"""The story by hand in Chromium, a page for every role, a screenshot of every stage.

    python -m loadtests.story_in_browser --shots DIR [--language en]

The same short story as `python -m loadtests.story --short`: machines (warning platform, 119, telephone gateway, the
transponder) speak over their doors, people press buttons on their own pages: desk and ATC at 1920 x 1080, phone at
390 x 844. Exit status 1 where a step does not show, a page complains, or anything is asked of another machine.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from adapters.exercise.flight import Order
from loadtests import story_alarm
from loadtests.machine import stamp
from loadtests.story_book import Book
from loadtests.story_pages import Album, leave, select, state
from loadtests.story_stage import CRAFT, TEXTED, set_up
from tests.gateway import code_in, reply
from tests.journeys.browser import DESK, PHONE, Browser
from tests.journeys.running import wait_for


def alarms(album: Album) -> str:
    """Two alarms come in; one is vouched for and merged, the other confirmed; the incident's id."""
    stage = album.stage
    desk = album.page("diaodu")
    album.shot(desk, "desk-quiet")
    fire = stage.yujing.call("POST", "alarms/cap", stage.cap(), kind="application/cap+xml").body["candidates"]
    told = {
        "title": "三爪仑山上有烟（演练）",
        "kind": "forest_fire",
        "position": {"lon_deg": stage.fire.lon_deg + 0.004, "lat_deg": stage.fire.lat_deg},
        "contact": "13800138000",
    }
    report = stage.jiejing.call("POST", "alarms/report", told).body["candidates"]
    select(desk, report[0]["id"])
    album.shot(desk, "alarm-from-the-public")
    desk.get_by_test_id("alarm-note").fill("回拨 119，护林员在场")
    desk.get_by_test_id("alarm-vouch").click()
    desk.get_by_test_id("alarm-verified").wait_for()
    album.shot(desk, "alarm-vouched-for")
    desk.get_by_test_id("alarm-merge").click()
    desk.get_by_test_id("alarm-merge").click()
    desk.locator('[data-testid="incident-detail"][data-state="merged"]').wait_for()
    fire_id = str(fire[0]["id"])
    select(desk, fire_id)
    album.shot(desk, "candidate-from-cap")
    desk.get_by_test_id("act-confirm").click()
    desk.locator('[data-testid="incident-detail"][data-state="confirmed"]').wait_for()
    desk.get_by_test_id("run-card-apply").click()
    desk.get_by_test_id("run-card-name").wait_for()
    desk.get_by_test_id("run-card-all").click()
    desk.get_by_test_id("run-card-line").first.click()
    album.show(desk, "run-card", "run-card-applied")
    desk.get_by_test_id("fire-edit").click()
    desk.get_by_test_id("fire-area").fill("3.5")
    desk.get_by_test_id("fire-demand").fill("60")
    album.show(desk, "fire-figures", "fire-figures")
    desk.get_by_test_id("fire-save").click()
    desk.get_by_test_id("fire-save").wait_for(state="hidden")
    planned(album, desk)
    leave(desk)
    return fire_id


def planned(album: Album, desk: Page) -> None:
    """A proposal by itself or asked for, adopted whole."""
    if desk.get_by_test_id("plan-ask").is_enabled():
        desk.get_by_test_id("plan-ask").click()
    wait_for(lambda: not album.stage.diaodu.get("planner/runs")["items"], "a quiet planner", 60)
    desk.get_by_test_id("plan-option").first.wait_for()
    album.show(desk, "plan", "plan-options")
    desk.get_by_test_id("plan-adopt").click()
    wait_for(lambda: album.stage.diaodu.get("taskings")["items"], "taskings", 60)
    desk.get_by_test_id("tasking-line").first.wait_for()
    album.shot(desk, "plan-adopted")


def orders(album: Album, fire: str) -> dict[str, Any]:
    """The duty chief orders each; the taskings by aircraft."""
    chief = album.page("zhiban")
    made = {each["aircraft_id"]: each for each in album.stage.zhiban.get("taskings")["items"]}
    for number, tasking in enumerate(made.values()):
        select(chief, fire, tasking["id"])
        if not number:
            album.shot(chief, "chief-before-the-order")
        chief.get_by_test_id("tasking-order").click()
        state(chief, tasking["id"], "ordered")
    album.shot(chief, "chief-ordered")
    leave(chief)
    return made


def accepted(album: Album, made: dict[str, Any]) -> Page:
    """The captain's phone: order, another crew, acceptance; the other company by text. The phone stays open."""
    stage, own = album.stage, made[CRAFT]["id"]
    if TEXTED in made:
        texts = wait_for(lambda: stage.phones.to("13900002121"), "a text to the other captain")
        events = [reply("mo-1", "13900002121", f"1 {code_in(texts[0]['text'])}")]
        stage.duanxin.call("POST", "gateway/sms", {"events": events})
    phone = album.page("jizhang", PHONE, "/phone")
    phone.locator(f'[data-testid=phone-craft][data-id="{CRAFT}"]').click()
    phone.locator(f'[data-testid=phone-task][data-id="{own}"]').wait_for()
    album.shot(phone, "phone-ordered")
    phone.get_by_test_id("phone-refuse").click()
    album.shot(phone, "phone-refuse-reasons")
    phone.get_by_test_id("phone-refuse-back").click()
    phone.get_by_test_id("phone-accept").click()
    state(phone, own, "accepted")
    phone.get_by_test_id("phone-crew-open").click()
    phone.get_by_test_id("phone-crew").wait_for()
    album.shot(phone, "phone-crew")
    phone.get_by_test_id("phone-crew-open").click()
    phone.get_by_test_id("phone-prepare").click()
    state(phone, own, "preparing")
    album.shot(phone, "phone-preparing")
    return phone


def airspace(album: Album, fire: str, own: str) -> None:
    """ATC offers less, the desk takes it, the base releases."""
    request = album.stage.kongguan.get(f"taskings/{own}")["airspace_request_ids"][-1]
    atc = album.page("kongguan", DESK, "/atc")
    atc.locator(f'[data-testid="atc-request"][data-id="{request}"]').click()
    album.shot(atc, "atc-request")
    atc.get_by_test_id("atc-counter").click()
    atc.get_by_test_id("atc-counter-ceiling").fill("700")
    atc.get_by_test_id("atc-reason").fill("上方有航班")
    album.shot(atc, "atc-counter")
    atc.get_by_test_id("atc-commit").click()
    wait_for(
        lambda: album.stage.kongguan.get(f"airspace/{request}")["state"] == "countered", "the counter-offer"
    )
    leave(atc)
    desk = album.page("diaodu")
    select(desk, fire, own)
    album.show(desk, "tasking-airspace", "desk-counter-offer")
    desk.get_by_test_id("airspace-accept").click()
    desk.locator('[data-testid="tasking-airspace"][data-state="approved"]').wait_for()
    leave(desk)
    base = album.page("jidi")
    select(base, fire, own)
    album.shot(base, "base-before-release")
    base.get_by_test_id("tasking-release").click()
    state(base, own, "released")
    leave(base)


def flown(album: Album, phone: Page, fire: str, own: str) -> None:
    """A sortie: proposed by the track, amended on the way, drops, home by the captain's word."""
    album.stage.craft.switch_on()
    phone.wait_for_timeout(7000)  # heard on the ground
    album.stage.craft.order = Order.GO
    says = phone.locator('[data-testid="track-says"][data-action="take_off"]')
    says.wait_for(timeout=120_000)
    album.shot(phone, "phone-track-says-take-off")
    says.get_by_test_id("track-confirm").click()
    state(phone, own, "airborne")
    says = phone.locator('[data-testid="track-says"][data-action="arrive"]')
    says.wait_for(timeout=120_000)
    says.get_by_test_id("track-confirm").click()
    state(phone, own, "working")
    desk = album.page("yeban")
    select(desk, fire, own)
    album.shot(desk, "desk-working")
    desk.get_by_test_id("amend-open").click()
    desk.get_by_test_id("amend-remark").fill("由东向西洒水")
    desk.get_by_test_id("amend-reason").fill("先保东侧林带")
    album.show(desk, "amend-form", "desk-amend")
    desk.get_by_test_id("amend-commit").click()
    phone.get_by_test_id("phone-amendment").wait_for()
    album.shot(phone, "phone-amendment")
    phone.get_by_test_id("phone-acknowledge").click()
    phone.get_by_test_id("phone-amendment").wait_for(state="detached")
    album.shot(desk, "desk-amendment-in-force")
    phone.get_by_test_id("phone-drop").click()
    phone.get_by_test_id("phone-drops").wait_for()
    album.shot(phone, "phone-drop")
    phone.get_by_test_id("phone-divert").click()
    phone.get_by_test_id("phone-cause-weather").click()
    phone.get_by_test_id("phone-place").first.click()
    album.shot(phone, "phone-divert")
    phone.get_by_test_id("phone-elsewhere-commit").click()
    state(phone, own, "returning")
    desk.get_by_test_id("tasking-gone").wait_for()
    album.shot(desk, "desk-diverted")
    phone.get_by_test_id("phone-land").click()
    state(phone, own, "landed")
    album.shot(phone, "phone-landed")
    phone.get_by_test_id("phone-sign-hours").click()
    phone.locator('[data-testid="phone-hours"][data-signed="true"]').wait_for()
    album.show(phone, "phone-hours", "phone-hours-signed")
    album.stage.craft.switch_off()
    leave(phone)
    leave(desk)


def handed_over(album: Album) -> None:
    """The roster, the handover signed by both, the logbook."""
    desk = album.page("diaodu")
    desk.get_by_test_id("duty-chip").click()
    desk.get_by_test_id("duty-logbook").click()
    desk.get_by_test_id("book-note").fill("县里要求每两小时报一次（演练）")
    desk.get_by_test_id("book-for-next").check()
    desk.get_by_test_id("book-add").click()
    desk.locator('[data-testid="book-line"][data-kind="NoteAdded"]').first.wait_for()
    album.shot(desk, "logbook")
    desk.get_by_test_id("duty-handover").first.click()
    desk.get_by_test_id("handover-begin").click()
    desk.get_by_test_id("handover-remarks").fill("注意水源")
    desk.get_by_test_id("handover-sign").click()
    desk.locator('[data-testid="handover"][data-state="signed"]').wait_for()
    album.shot(desk, "handover-signed")
    leave(desk)
    night = album.page("yeban")
    night.get_by_test_id("duty-chip").click()
    night.locator(".tabs").get_by_test_id("duty-handover").click()
    album.shot(night, "handover-to-read")
    ticks = night.get_by_test_id("handover-tick")
    ticks.first.wait_for()
    for place in range(ticks.count()):
        ticks.nth(place).check()
    night.get_by_test_id("handover-take").click()
    night.locator('[data-testid="handover-past"][data-state="done"]').first.wait_for()
    album.shot(night, "handover-taken")
    leave(night)


def closed(album: Album, fire: str, made: dict[str, Any]) -> None:
    """What still waits is recalled, the fire contained by the observer, closed, settled, archived."""
    own = made[CRAFT]["id"]
    chief = album.page("zhiban")
    for tasking in made.values():
        if album.stage.zhiban.get(f"taskings/{tasking['id']}")["state"] in ("ordered", "accepted"):
            select(chief, fire, tasking["id"])
            chief.get_by_test_id("tasking-recall").click()
            chief.get_by_test_id("tasking-reason").fill("火势已控")
            album.shot(chief, "chief-recall")
            chief.get_by_test_id("tasking-commit").click()
            state(chief, tasking["id"], "ended")
    observer = album.page("guancha")
    select(observer, fire)
    album.shot(observer, "observer")
    observer.get_by_test_id("act-contain").click()
    observer.locator('[data-testid="incident-detail"][data-state="contained"]').wait_for()
    leave(observer)
    select(chief, fire)
    chief.get_by_test_id("act-close").click()
    chief.get_by_test_id("act-reason").fill("余火清理完毕，移交属地")
    album.shot(chief, "chief-close")
    chief.get_by_test_id("act-commit").click()
    chief.locator('[data-testid="incident-detail"][data-state="closed"]').wait_for()
    settled(album, fire, own)
    select(chief, fire, own)
    chief.get_by_test_id("tasking-archive").click()
    chief.get_by_test_id("tasking-commit").click()
    state(chief, own, "archived")
    album.shot(chief, "chief-archived")
    select(chief, fire)
    chief.get_by_test_id("document").first.wait_for()
    album.show(chief, "documents", "chief-documents")
    leave(chief)


def settled(album: Album, fire: str, own: str) -> None:
    """By the base."""
    base = album.page("jidi")
    select(base, fire, own)
    album.show(base, "drops", "base-drops")
    base.get_by_test_id("hours-sign").click()
    base.locator('[data-testid="hours"][data-both="true"]').wait_for()
    album.show(base, "hours", "base-hours-signed")
    base.get_by_test_id("tasking-settle").click()
    base.get_by_test_id("tasking-commit").click()
    state(base, own, "settled")
    leave(base)


def looked_back(album: Album, fire: str) -> None:
    """Papers, key figures, audit; the other pages of the desk; accounts."""
    auditor = album.page("shenji")
    select(auditor, fire)
    auditor.get_by_test_id("document-open").first.wait_for()
    for kind in ("alarm_record", "task_order", "flight_plan", "flight_log", "settlement", "fire_report"):
        line = auditor.locator(f'[data-testid="document"][data-kind="{kind}"]').first
        line.get_by_test_id("document-open").click()
        auditor.locator(f'[data-testid="paper"][data-kind="{kind}"]').wait_for()
        album.shot(auditor, f"paper-{kind}")
        auditor.get_by_test_id("sheet-close").click()
    auditor.get_by_test_id("sheet-kpis").click()
    auditor.get_by_test_id("kpis-drill").check()
    auditor.locator('[data-testid="kpis-page"][data-incidents="1"]').wait_for()
    album.shot(auditor, "key-figures")
    auditor.get_by_test_id("sheet-audit").click()
    auditor.get_by_test_id("audit-line").first.wait_for()
    album.shot(auditor, "audit")
    leave(auditor)
    desk = album.page("diaodu")
    for sheet in ("resources", "sources", "identities", "callouts", "devices", "replay"):
        desk.get_by_test_id(f"sheet-{sheet}").click()
        album.shot(desk, f"page-{sheet}")
        if sheet != "replay":
            desk.keyboard.press("Escape")
    leave(desk)
    guard = album.page("xitong")
    album.shot(guard, "sysadmin")
    leave(guard)
    partner = album.page("linsheng")
    album.shot(partner, "partner")
    leave(partner)


def tell(album: Album) -> None:
    """The whole of it."""
    fire = alarms(album)
    made = orders(album, fire)
    own = str(made[CRAFT]["id"])
    phone = accepted(album, made)
    airspace(album, fire, own)
    flown(album, phone, fire, own)
    handed_over(album)
    closed(album, fire, made)
    looked_back(album, fire)


def main() -> int:
    """Exit status 1 where something did not show."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", type=Path, required=True, help="a folder for the screenshots")
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    given = parser.parse_args()
    given.shots.mkdir(parents=True, exist_ok=True)
    print(stamp())
    began = time.monotonic()
    book = Book()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        stage = set_up(Path(name), short=True)
        people = Browser(playwright, stage.site.url)
        album = Album(people, stage, given.shots, given.language)
        try:
            story_alarm.accounts(book, stage)
            story_alarm.resources(book, stage)
            tell(album)
        finally:
            people.close()
            stage.close()
    # papers that are still being written answer 503 and are asked for again
    complaints = [each for each in people.complaints if "503" not in each]
    for fault in (*book.faults, *complaints, *people.foreign):
        print(f"FAULT {fault}")
    print(f"{len(album.taken)} screenshots, {time.monotonic() - began:.0f} s")
    return 1 if book.faults or complaints or people.foreign else 0


if __name__ == "__main__":
    sys.exit(main())
