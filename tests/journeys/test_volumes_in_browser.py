"""The chart in the console: a file tried with its faults by line, imported, drawn, its times changed, one withdrawn."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import DESK, SMALL_DESK, WAIT_MS, browser, picture
from tests.journeys.running import RunningSite, running_site
from tests.journeys.test_first_sortie import DEMONSTRATION

expect.set_options(timeout=WAIT_MS)

# Made up for this test: names, places and heights are of no real airspace.
CHART = """*VERSION: 2.0
AC C
AY TMA
AN 南昌进近管制区
AL 900 m AMSL
AH FL 197
V X=28:52:00 N 115:54:00 E
DC 45

AC D
AY CTR
AN 昌北管制地带
AF 118.7
AL GND
AH 600 m AMSL
V X=28:52:00 N 115:54:00 E
DC 6.5

AC UNC
AY P
AN 试验禁区
AL GND
AH UNL
DP 28:40:00 N 117:10:00 E
DP 28:40:00 N 117:35:00 E
DP 28:20:00 N 117:35:00 E
DP 28:20:00 N 117:10:00 E

AC UNC
AY R
AN 井冈山限制区
AA 2020-01-01T00:00Z/2020-02-01T00:00Z
AL 300 m AGL
AH 3000 m AMSL
DP 26:20:00 N 113:55:00 E
DP 26:55:00 N 114:25:00 E
DP 26:30:00 N 114:45:00 E

AC UNC
AY AWY
AN 昌吉低空走廊
AL 100 m AGL
AH 300 m AGL
V W=4
DY 28:30:00 N 115:50:00 E
DY 27:40:00 N 115:20:00 E
DY 27:05:00 N 114:58:00 E

AC UNC
AY R
AN 自交限制区
AL GND
AH FL 100
DP 27:00 N 116:00 E
DP 27:30 N 116:30 E
DP 27:00 N 116:30 E
DP 27:30 N 116:00 E

AC R
AN 倒置限制区
AL FL 200
AH FL 100
DP 27:00 N 116:00 E
DP 27:30 N 116:30 E
DP 27:00 N 116:30 E
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources."""
    with running_site(tmp_path / "36", more=DEMONSTRATION) as running:
        yield running


def opened(people: object, account: str, size: dict[str, int], path: str = "/") -> Page:
    page: Page = people.sign_in(account, size, path)  # type: ignore[attr-defined]
    page.locator('[data-testid="map"][data-ready="true"]').wait_for()
    return page


@pytest.mark.timeout(300)
def test_a_chart_is_tried_imported_drawn_changed_and_withdrawn(site: RunningSite, tmp_path: Path) -> None:
    """Desk and ATC see one chart; each fault stands by its line; nothing is recorded before it is meant."""
    chart = tmp_path / "江西试验图.txt"
    chart.write_text(CHART)
    with browser(site.url) as people:
        desk = opened(people, "diaodu", DESK)
        desk.get_by_test_id("volumes-open").click()
        desk.get_by_test_id("volumes-file").set_input_files(chart)
        expect(desk.get_by_test_id("volumes-fault")).to_have_count(2)
        expect(desk.locator('[data-code="SELF_CROSSING"]')).to_contain_text("49")
        expect(desk.get_by_test_id("volume-row")).to_have_count(0)
        picture(desk, "volumes-tried")
        desk.get_by_test_id("volumes-commit").click()
        expect(desk.get_by_test_id("volume-row")).to_have_count(5)
        desk.get_by_test_id("volumes-tried-close").click()
        desk.get_by_test_id("volumes-active").check()
        expect(desk.get_by_test_id("volume-row")).to_have_count(4)
        desk.get_by_test_id("volumes-active").uncheck()

        desk.locator('[data-testid="volume-row"]', has_text="井冈山限制区").click()
        expect(desk.get_by_test_id("volume-state")).to_have_text("未生效")
        desk.get_by_test_id("volume-edit").click()
        desk.get_by_test_id("volume-add-time").click()
        picture(desk, "volumes-desk")
        desk.get_by_test_id("volume-save").click()
        expect(desk.get_by_test_id("volume-state")).to_have_text("生效中")
        desk.get_by_test_id("volume-show").click()
        box = desk.get_by_test_id("map").bounding_box()
        assert box is not None
        desk.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
        desk.mouse.move(box["x"] + box["width"] * 0.5 + 4, box["y"] + box["height"] * 0.5)
        expect(desk.get_by_test_id("volume-hover")).to_contain_text("井冈山限制区")
        picture(desk, "volumes-hover")
        desk.get_by_test_id("map-layers").click()
        desk.get_by_test_id("layer-volumes").uncheck()
        desk.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5 + 4)
        expect(desk.get_by_test_id("volume-hover")).to_have_count(0)
        desk.get_by_test_id("layer-volumes").check()
        desk.context.close()

        tower = opened(people, "kongguan", DESK, "/atc")
        picture(tower, "volumes-atc-map")
        tower.get_by_test_id("volumes-open").click()
        tower.locator('[data-testid="volume-row"]', has_text="试验禁区").click()
        tower.get_by_test_id("volume-withdraw").click()
        tower.get_by_test_id("volume-reason").fill("新版航图已无")
        tower.get_by_test_id("volume-withdraw-commit").click()
        expect(tower.get_by_test_id("volume-row")).to_have_count(4)
        picture(tower, "volumes-atc")
        tower.context.close()

        chief = opened(people, "zhiban", SMALL_DESK)
        picture(chief, "volumes-map-1280")
        chief.get_by_test_id("lang-switch").click()
        chief.get_by_test_id("volumes-open").click()
        expect(chief.get_by_test_id("volume-row")).to_have_count(4)
        chief.get_by_test_id("volumes-file").set_input_files(chart)
        expect(chief.get_by_test_id("volumes-new")).to_contain_text("1")
        chief.locator('[data-testid="volume-row"]', has_text="井冈山").click()
        picture(chief, "volumes-en-1280")
        assert people.complaints == []
        assert people.foreign == []
