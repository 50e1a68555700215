"""What the picture cries out, in a real Chromium: at once, in words, gone when it is over, there again after a cut."""

from typing import Any

from playwright.sync_api import Browser, expect

from protocols.gen import kinds_pb2
from tests.webui.stage import OWN
from tests.webui.test_pages import DESK, SiteProcess, both, plain, sign_in, site

__all__ = ("both", "plain", "site")  # fixtures of test_pages.py, in use here too

DISTRESS: dict[str, Any] = {
    "id": "emergency:icao24:78f002",
    "kind": kinds_pb2.ALERT_KIND_EMERGENCY,
    "severity": 1,
    "code": "general",
    "track_ids": [f"icao24:{OWN + 1:06x}"],
    "numbers": [2],
    "names": ["SIM0001"],
}


def test_distress_stands_in_the_strip_at_once_and_goes_when_it_is_over(
    plain: Browser, site: SiteProcess
) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    strip = page.get_by_test_id("alarm-strip")
    expect(strip).not_to_contain_text("遇险")
    site.tell("cry", alert=DISTRESS)
    expect(strip).to_contain_text("SIM0001 遇险：紧急")
    page.get_by_test_id("lang-switch").click()
    expect(strip).to_contain_text("SIM0001 in distress: emergency")
    page.get_by_test_id("lang-switch").click()
    page.get_by_test_id("tab-alarms").click()
    alarm = page.locator("[data-testid=alarm]", has_text="遇险")
    expect(alarm).to_have_attribute("data-level", "1")
    alarm.get_by_role("button").first.click()
    assert page.url.endswith(f"#aircraft={OWN + 1:06x}")
    site.tell("cry", alert={**DISTRESS, "over": True})
    expect(page.locator("[data-testid=alarm]", has_text="遇险")).to_have_count(0)
    assert page.complaints == []  # type: ignore[attr-defined]  # set in open_page


def test_what_goes_on_is_there_again_after_a_cut_and_what_ended_meanwhile_is_not(
    plain: Browser, site: SiteProcess
) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    conflict = {
        "id": "conflict:a|b",
        "kind": kinds_pb2.ALERT_KIND_CONFLICT,
        "severity": 2,
        "track_ids": ["icao24:78f003", "icao24:78f004"],
        "numbers": [3, 4],
        "names": ["SIM0002", "SIM0003"],
        "figures": {"nearest_m": 420.0, "vertical_m": 30.0},
    }
    site.tell("cry", alert=DISTRESS)
    site.tell("cry", alert=conflict)
    page.get_by_test_id("tab-alarms").click()
    expect(
        page.locator("[data-testid=alarm]", has_text="SIM0002 与 SIM0003 将接近：水平 420 m，垂直 30 m")
    ).to_have_count(1)
    site.tell("cut")
    site.tell("cry", alert={**DISTRESS, "over": True})
    site.tell("restore")
    expect(page.locator("[data-testid=alarm]", has_text="遇险")).to_have_count(0)
    expect(page.locator("[data-testid=alarm]", has_text="将接近")).to_have_count(1)


def test_what_one_acknowledges_is_acknowledged_at_the_other_console_until_it_gets_graver(
    plain: Browser, site: SiteProcess
) -> None:
    one, other = sign_in(plain, site, "diaodu", DESK), sign_in(plain, site, "zhiban", DESK)
    site.tell("cry", alert={**DISTRESS, "severity": 2, "code": "lifeguard"})
    for page in (one, other):
        page.get_by_test_id("tab-alarms").click()
        expect(page.get_by_test_id("alarm-aid")).to_contain_text("不替代管制")
    here = other.locator(f"[data-testid=alarm][data-id='{DISTRESS['id']}']")
    expect(here).to_have_attribute("data-state", "unacknowledged")
    one.keyboard.press("Space")
    expect(here).to_have_attribute("data-state", "acknowledged")
    expect(here.get_by_test_id("alarm-acknowledged")).to_contain_text("diaodu")
    expect(other.get_by_test_id("alarm-strip")).not_to_contain_text("遇险")
    site.tell("cry", alert=DISTRESS)
    expect(here).to_have_attribute("data-state", "unacknowledged")
    one.keyboard.press("Space")  # red asks for Shift with it
    one.keyboard.press("Shift+Space")
    expect(here).to_have_attribute("data-state", "acknowledged")
    here.get_by_test_id("alarm-shelve").click()
    here.get_by_test_id("alarm-minutes-3").click()
    expect(one.get_by_test_id("alarms-shelved")).to_contain_text("1")
    one.get_by_test_id("alarms-shelved").click()
    expect(one.get_by_test_id("alarm-shelved")).to_contain_text("zhiban：已处置，待恢复")
    done = [act for act in site.tell("executed")["executed"] if act["path"].startswith("alerts/")]
    assert [act["path"].rpartition("/")[2] for act in done] == ["acknowledge", "acknowledge", "shelve"]
    assert [page.complaints for page in (one, other)] == [[], []]  # type: ignore[attr-defined]  # set in open_page


def test_a_flood_is_grouped_by_cause_with_red_ones_single(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    page.get_by_test_id("tab-alarms").click()
    for number in range(11):
        ghosts = {"id": f"ghosts:{number}", "kind": kinds_pb2.ALERT_KIND_GHOSTS, "severity": 2}
        site.tell("cry", alert={**ghosts, "source": f"hill{number}", "figures": {"count": 120.0}})
    site.tell("cry", alert=DISTRESS)
    expect(page.get_by_test_id("alarm-flood")).to_be_visible()
    group = page.locator("[data-testid=alarm][data-count='11']")
    expect(group).to_have_count(1)
    red = page.locator(f"[data-testid=alarm][data-id='{DISTRESS['id']}']")
    expect(red).to_have_attribute("data-count", "1")
    group.get_by_test_id("alarm-group").click()
    expect(page.locator("[data-testid=alarm][data-id^='ghosts:']")).to_have_count(12)  # the group and its own
    assert page.complaints == []  # type: ignore[attr-defined]  # set in open_page
