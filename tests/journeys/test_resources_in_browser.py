"""The resources page in a real browser: a licence ends and the aircraft is out, tables go out and come in."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.journeys.browser import DESK, WAIT_MS, browser, picture
from tests.journeys.running import RunningSite, running_site
from tests.journeys.test_first_sortie import DEMONSTRATION

expect.set_options(timeout=WAIT_MS)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources."""
    with running_site(tmp_path / "36", more=DEMONSTRATION) as running:
        yield running


@pytest.mark.timeout(240)
def test_a_licence_that_ends_takes_the_aircraft_out_and_tables_go_both_ways(
    site: RunningSite, tmp_path: Path
) -> None:
    with browser(site.url) as people:
        desk = people.sign_in("diaodu", DESK)
        desk.get_by_test_id("sheet-resources").click()
        desk.get_by_test_id("resources-crew").click()
        desk.locator('[data-testid="resource"][data-id="C-011"]').click()
        desk.get_by_test_id("cell-licence_until").fill("2025-12-31")
        desk.get_by_test_id("row-save").click()
        expect(desk.get_by_test_id("row-unfit")).to_contain_text("执照已到期")
        desk.get_by_test_id("resources-aircraft").click()
        desk.locator('[data-testid="resource"][data-id="B-70G1"]').click()
        expect(desk.get_by_test_id("row-unfit")).to_contain_text("演示机长01")
        picture(desk, "resources-unfit")
        desk.get_by_test_id("cell-certificate_until").fill("sometime")
        desk.get_by_test_id("row-save").click()
        expect(desk.locator('[data-testid="problem"][data-code="BAD_CELL"]')).to_be_visible()

        desk.get_by_test_id("resources-aid_rules").click()
        desk.locator('[data-testid="resource"][data-id="AID-ANSWER"]').click()
        expect(desk.get_by_test_id("cell-within_s")).to_have_value("1800")
        expect(desk.get_by_test_id("row-save")).to_have_count(
            0
        )  # the limits of mutual aid are the duty chief's
        desk.get_by_test_id("resources-aircraft").click()
        with desk.expect_download() as saved:
            desk.get_by_test_id("resources-xlsx").click()
        book = load_workbook(io.BytesIO(Path(saved.value.path()).read_bytes()))
        sheet = book.worksheets[0]
        assert sheet.max_row == 13
        names = [cell.value for cell in sheet[1]]
        sheet.cell(2, names.index("name") + 1).value = "赣鹰一号"
        good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
        book.save(good)
        sheet.cell(3, names.index("fuel_kg") + 1).value = "=A1"
        book.save(bad)
        desk.get_by_test_id("resources-file").set_input_files(bad)
        expect(desk.get_by_test_id("resources-imported")).to_contain_text("第 3 行")
        picture(desk, "resources-bad-import")
        desk.get_by_test_id("resources-file").set_input_files(good)
        expect(desk.locator('[data-testid="resource"][data-id="B-70G1"]')).to_contain_text("赣鹰一号")

        fleet = site.sign_in("zhiban").get("fitness")
        out = {
            one["aircraft_id"] for one in fleet for why in one["unfit"] if why["code"] == "LICENCE_EXPIRED"
        }
        assert out == {"B-70G1"}
        assert people.foreign == []
