"""A search drawn at the desk: tried as one types, drawn on the map, taken as a file, withdrawn."""

from playwright.sync_api import Page, expect

from tests.journeys.browser import picture


def draw_search(desk: Page) -> None:
    """For the missing person that is selected; leaves one search, withdrawn."""
    desk.get_by_test_id("search-new").click()
    expect(desk.get_by_test_id("search-figures")).to_contain_text("C")
    desk.get_by_test_id("search-form-name").fill("水库北岸")
    desk.get_by_test_id("search-form-spacing").fill("5")
    expect(desk.locator('[data-testid="problem"][data-code="SPACING"]')).to_be_visible()
    desk.get_by_test_id("search-form-spacing").fill("400")
    desk.get_by_test_id("search-form-pattern").select_option("parallel")
    desk.get_by_test_id("search-form-heading").fill("30")
    expect(desk.get_by_test_id("search-figures")).to_be_visible()
    picture(desk, "search-drawing")
    desk.get_by_test_id("search-form-submit").click()
    expect(desk.get_by_test_id("search-pattern")).to_have_count(1)
    expect(desk.get_by_test_id("search-pattern")).to_contain_text("平行线")
    picture(desk, "search-drawn")
    with desk.expect_download() as taken:
        desk.get_by_test_id("search-gpx").click()
    assert b"<rtept" in taken.value.path().read_bytes()
    desk.get_by_test_id("search-amend").click()
    expect(desk.get_by_test_id("search-form-name")).to_have_value("水库北岸")
    desk.get_by_test_id("search-form-close").click()
    desk.get_by_test_id("search-withdraw").click()
    desk.get_by_test_id("search-withdraw-reason").fill("人已找到")
    desk.get_by_test_id("search-withdraw-commit").click()
    expect(desk.get_by_test_id("search-pattern")).to_have_count(0)
