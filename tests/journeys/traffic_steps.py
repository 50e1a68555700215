"""Incident airspace from the desk to a crew's phone: one press, a drone that suspends it, confirmed gone, amended."""

from playwright.sync_api import Page, expect

from tests.journeys.browser import SMALL_DESK, WAIT_MS, picture


def fly_in_a_traffic_area(desk: Page, phone: Page) -> None:
    """For the incident called so; a crew works there. Leaves an area without drones."""
    expect.set_options(timeout=WAIT_MS)
    desk.get_by_test_id("incident-card").filter(has_text="working").click()
    desk.get_by_test_id("traffic-make").click()
    expect(desk.locator('[data-testid="traffic-layers"] tr')).to_have_count(5)
    helicopters = desk.locator('[data-testid="traffic-layers"] tr[data-kind="helicopter"]')
    expect(helicopters).to_have_attribute("data-usable", "true")
    expect(desk.locator('[data-testid="traffic-layers"] tr[data-kind="media"]')).to_have_attribute(
        "data-usable", "false"
    )
    expect(desk.get_by_test_id("traffic-circuit")).to_have_count(1)
    expect(desk.get_by_test_id("traffic-control")).to_contain_text("GY-")
    desk.get_by_test_id("traffic-amend").click()
    desk.get_by_test_id("traffic-form-frequency").fill("130.00 MHz")
    desk.get_by_test_id("traffic-form-most").fill("2")
    desk.get_by_test_id("traffic-form-save").click()
    expect(desk.get_by_test_id("traffic-form")).to_have_count(0)
    desk.get_by_test_id("traffic-show").click()
    desk.get_by_test_id("traffic-layers").scroll_into_view_if_needed()
    notice = phone.get_by_test_id("phone-traffic")
    expect(notice).to_contain_text("130.00 MHz")
    expect(phone.get_by_test_id("phone-control")).not_to_have_text("—")
    picture(desk, "traffic-desk")
    notice.get_by_text("130.00 MHz").scroll_into_view_if_needed()
    picture(phone, "traffic-phone")

    desk.get_by_test_id("intrusion-new").click()
    box = desk.get_by_test_id("map").bounding_box()
    assert box is not None
    desk.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.45)
    desk.get_by_test_id("intrusion-form-seen-by").fill("赣鹰01 机长")
    desk.get_by_test_id("intrusion-form-height").fill("120")
    picture(desk, "traffic-drone-form")
    desk.get_by_test_id("intrusion-form-submit").click()
    expect(desk.get_by_test_id("traffic-suspended")).to_be_visible()
    expect(notice).to_have_attribute("data-suspended", "true")
    expect(phone.get_by_test_id("phone-suspended")).to_be_visible()
    desk.get_by_test_id("tab-alarms").click()
    expect(desk.get_by_test_id("alarm").filter(has_text="无人机闯入")).to_have_attribute("data-level", "1")
    picture(desk, "traffic-suspended-desk")
    whole = desk.viewport_size
    assert whole is not None
    desk.set_viewport_size(SMALL_DESK)  # type: ignore[arg-type]  # wants its own dict
    picture(desk, "traffic-suspended-small")
    desk.set_viewport_size(whole)
    picture(phone, "traffic-suspended-phone")
    desk.get_by_test_id("intrusion-clear").click()
    desk.get_by_test_id("intrusion-clear-reason").fill("操控人已降落")
    desk.get_by_test_id("intrusion-clear-commit").click()
    expect(desk.get_by_test_id("traffic-suspended")).to_have_count(0)
    expect(notice).to_have_attribute("data-suspended", "false")
    desk.get_by_test_id("tab-timeline").click()
