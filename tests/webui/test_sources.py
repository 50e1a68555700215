"""The sources page in a real Chromium: what each source does, what is wrong with it, one line for a lost feed."""

from playwright.sync_api import Browser, expect

from tests.webui.test_pages import DESK, SMALL_DESK, SiteProcess, both, plain, sign_in, site

__all__ = ("both", "plain", "site")  # fixtures of test_pages.py, in use here too


def test_every_source_is_there_with_its_counts_and_its_errors_by_kind(
    plain: Browser, site: SiteProcess
) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    page.get_by_test_id("tab-feeds").click()
    expect(page.get_by_test_id("feed")).to_have_count(4)
    expect(page.locator("[data-testid=feed][data-name=phone]")).to_contain_text("手机位置上报")
    expect(page.locator("[data-testid=service][data-name=archive]")).to_contain_text("航迹归档")
    page.get_by_test_id("sheet-sources").click()
    expect(page.get_by_test_id("sources-page")).to_be_visible()
    assert page.url.endswith("#sources")
    hill = page.locator("[data-testid=source][data-name=hill]")
    expect(hill).to_have_attribute("data-health", "ok")
    expect(hill).to_contain_text("TCP 127.0.0.1:30036")
    hill.click()
    crc = page.locator("[data-testid=source-error][data-code=CRC]")
    expect(crc).to_contain_text("校验错")
    expect(crc).to_contain_text("31")
    page.get_by_test_id("lang-switch").click()
    expect(crc).to_contain_text("checksum")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("sources-page")).to_have_count(0)
    assert page.complaints == []  # type: ignore[attr-defined]  # set in open_page


def test_a_silent_feed_is_one_line_and_one_alarm_and_the_slow_one_beside_it_is_well(
    plain: Browser, site: SiteProcess
) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    page.get_by_test_id("tab-feeds").click()
    radar = page.locator('[data-testid=feed][data-name="radar-025-007"]')
    expect(radar).to_have_attribute("data-health", "ok")
    hill = page.locator("[data-testid=feed][data-name=hill]")
    site.tell("feed", name="hill", silent_s=4)
    expect(hill).to_have_attribute("data-health", "quiet")
    site.tell("feed", name="hill", silent_s=11)
    expect(hill).to_have_attribute("data-health", "lost")
    expect(radar).to_have_attribute("data-health", "ok")
    lost = page.get_by_test_id("feed-lost")
    expect(lost).to_have_count(1)
    expect(lost).to_contain_text("6 条航迹")
    page.get_by_test_id("tab-alarms").click()
    expect(page.locator("[data-testid=alarm]", has_text="信号源 hill 中断")).to_have_count(1)
    lost.click()
    page.get_by_test_id("sources-wrong").check()
    expect(page.get_by_test_id("source")).to_have_count(1)
    site.tell("feed", name="hill")
    expect(page.get_by_test_id("sources-none-wrong")).to_be_visible()


def test_a_clock_that_is_off_is_said_in_plain_words(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", SMALL_DESK)
    site.tell("feed", name="trucks", clock="off", clock_off_ms=3_600_000)
    page.get_by_test_id("sheet-sources").click()
    expect(page.get_by_test_id("source-clock")).to_contain_text("时钟比本站慢 1 h")
    expect(page.locator("[data-testid=source][data-name=trucks]")).to_have_attribute("data-clock", "off")


def test_without_a_link_the_page_says_how_old_it_is(plain: Browser, site: SiteProcess) -> None:
    page = sign_in(plain, site, "diaodu", SMALL_DESK)
    page.get_by_test_id("sheet-sources").click()
    expect(page.get_by_test_id("source")).to_have_count(4)
    site.tell("cut")
    expect(page.get_by_test_id("sources-page")).to_contain_text("以下是断链前的情况")
