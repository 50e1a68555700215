"""«身份登记» in a real Chromium: keys checked before they are sent, proposals looked at before they are accepted."""

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.webui.test_pages import DESK, SMALL_DESK, SiteProcess, both, plain, sign_in, site

__all__ = ("both", "plain", "site")  # fixtures of test_pages.py, in use here too

TRUCK = {
    "name": "水罐车7",
    "thing_kind": "vehicle",
    "keys": ["jt808:13912345678"],
    "apart": [],
    "aircraft_id": "",
    "note": "",
}


def track(**facts: Any) -> dict[str, Any]:
    words = dict.fromkeys(("id", "name", "callsign", "registration", "source"), "")
    figures = {"lon_deg": 115.36, "lat_deg": 28.86, "position_age_s": 1.0, "accuracy_m": 30.0}
    motion = {"altitude_m": None, "altitude_datum": None, "ground_speed_mps": 40.0, "track_deg": 90.0}
    return {**words, **figures, **motion, "thing_kind": None, "source_kind": "adsb", **facts}


def proposal(*, owner: str = "") -> dict[str, Any]:
    field = track(name="赣鹰01机组", source="field", source_kind="cot", lon_deg=115.3606, thing_kind="team")
    return {
        "reason": "flies_together",
        "since": "2026-11-24T03:00:00Z",
        "figures": {"moved_m": 8200.0},
        "distance_m": 61.0,
        "sides": [
            {"key": "cot:ANDROID-1", "identity_id": owner, "track": field},
            {"key": "icao24:78f001", "identity_id": "", "track": track(callsign="GY01", source="hill")},
        ],
    }


def open_registry(browser: Browser, site: SiteProcess, account: str = "diaodu", size: Any = DESK) -> Page:
    page = sign_in(browser, site, account, size)
    page.get_by_test_id("sheet-identities").click()
    expect(page.get_by_test_id("identities-page")).to_be_visible()
    return page


def test_an_identity_is_registered_with_its_keys_and_a_wrong_key_is_named_at_once(
    plain: Browser, site: SiteProcess
) -> None:
    site.tell("identify", id="", body=TRUCK)
    page = open_registry(plain, site)
    expect(page.get_by_test_id("identity")).to_have_count(1)
    page.get_by_test_id("identity-new").click()
    page.get_by_test_id("identity-name").fill("赣鹰02")
    page.get_by_test_id("identity-value").fill("78F00Z")
    expect(page.get_by_test_id("identity-key-fault")).to_contain_text("6 位十六进制")
    expect(page.get_by_test_id("identity-add")).to_be_disabled()
    page.get_by_test_id("identity-value").fill("78F002")
    page.get_by_test_id("identity-add").click()
    expect(page.locator('[data-testid=identity-key][data-key="icao24:78f002"]')).to_be_visible()
    page.get_by_test_id("identity-scheme").select_option("jt808")
    page.get_by_test_id("identity-value").fill("13912345678")
    expect(page.get_by_test_id("identity-key-fault")).to_contain_text("水罐车7")
    page.get_by_test_id("identity-value").fill("")
    page.get_by_test_id("identity-aircraft").select_option("B-70K3")
    page.get_by_test_id("identity-save").click()
    expect(page.get_by_test_id("identity")).to_have_count(2)
    expect(page.get_by_test_id("identity-form")).to_have_attribute("data-id", "36-IDN-2")
    [sent] = site.executed("identities")
    assert sent["body"]["keys"] == ["icao24:78f002"]
    assert sent["body"]["aircraft_id"] == "B-70K3"
    page.get_by_test_id("identity-search").fill("78f002")
    expect(page.get_by_test_id("identity")).to_have_count(1)
    assert page.complaints == []  # type: ignore[attr-defined]  # set in open_page


def test_an_entry_that_somebody_else_changed_is_not_overwritten(plain: Browser, site: SiteProcess) -> None:
    site.tell("identify", id="", body=TRUCK)
    page = open_registry(plain, site)
    page.get_by_test_id("identity").click()
    page.get_by_test_id("identity-note").fill("南昌支队")
    site.tell("identify", id="36-IDN-1", body={**TRUCK, "name": "水罐车8"})
    expect(page.get_by_test_id("identity-behind")).to_be_visible()
    page.get_by_test_id("identity-save").click()
    expect(page.locator('[data-testid=problem][data-code="CHANGED"]')).to_be_visible()
    page.get_by_test_id("identity-reload").click()
    expect(page.get_by_test_id("identity-name")).to_have_value("水罐车8")
    page.get_by_test_id("identity-retire").click()
    assert site.executed("identities") == []
    page.get_by_test_id("identity-retire").click()
    expect(page.get_by_test_id("identity")).to_have_count(0)
    page.get_by_test_id("identity-retired").check()
    expect(page.locator("[data-testid=identity][data-retired=true]")).to_have_count(1)


def test_a_proposal_is_looked_at_and_then_becomes_one_entry(plain: Browser, site: SiteProcess) -> None:
    site.tell("propose", proposals=[proposal()])
    page = open_registry(plain, site)
    expect(page.get_by_test_id("proposals-count")).to_have_text("1")
    page.get_by_test_id("identities-tab-proposals").click()
    card = page.get_by_test_id("proposal")
    expect(card).to_contain_text("现相距 61 m")
    expect(card).to_contain_text("同行 8.2 km")
    expect(card).to_contain_text("速差 0 km/h")
    expect(page.get_by_test_id("pair-sketch")).to_be_visible()
    page.get_by_test_id("proposal-look").click()
    assert site.executed("identities") == []
    page.get_by_test_id("proposal-name").fill("赣鹰01")
    page.get_by_test_id("proposal-kind").select_option("helicopter")
    page.get_by_test_id("proposal-commit").click()
    expect(page.get_by_test_id("identity-form")).to_have_attribute("data-id", "36-IDN-1")
    body = site.executed("identities")[0]["body"]
    assert (body["name"], body["thing_kind"]) == ("赣鹰01", "helicopter")
    assert body["keys"] == ["cot:ANDROID-1", "icao24:78f001"]


def test_accepting_extends_the_entry_that_is_there_and_declining_is_written_down(
    plain: Browser, site: SiteProcess
) -> None:
    site.tell("identify", id="", body={**TRUCK, "name": "赣鹰01", "keys": ["cot:ANDROID-1"]})
    site.tell("propose", proposals=[proposal(owner="36-IDN-1")])
    page = open_registry(plain, site, size=SMALL_DESK)
    page.get_by_test_id("identities-tab-proposals").click()
    page.get_by_test_id("proposal-decline").click()
    expect(page.get_by_test_id("proposal")).to_contain_text("已记下不是同一目标")
    declined = site.executed("identities")[0]["body"]
    assert (declined["keys"], declined["apart"]) == (["cot:ANDROID-1"], ["icao24:78f001"])
    site.tell("propose", proposals=[proposal(owner="36-IDN-1"), {**proposal(), "reason": "same_name"}][:1])
    page.reload()
    page.get_by_test_id("identities-tab-proposals").click()
    page.get_by_test_id("proposal-look").click()
    expect(page.get_by_test_id("proposal-confirm")).to_contain_text("并入已有登记“赣鹰01”")
    page.get_by_test_id("proposal-commit").click()
    expect(page.get_by_test_id("identity-form")).to_have_attribute("data-id", "36-IDN-1")
    assert site.executed("identities")[1]["body"]["keys"] == ["cot:ANDROID-1", "icao24:78f001"]


def test_who_may_not_change_identities_reads_them(plain: Browser, site: SiteProcess) -> None:
    site.tell("identify", id="", body=TRUCK)
    page = open_registry(plain, site, "zhiban")
    page.get_by_test_id("identity").click()
    expect(page.get_by_test_id("identity-name")).to_be_disabled()
    for handle in ("identity-new", "identity-save", "identity-retire", "identities-tab-proposals"):
        expect(page.get_by_test_id(handle)).to_have_count(0)
