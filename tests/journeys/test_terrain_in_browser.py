"""Terrain at the desk: 无地形数据 while there is none, then tiles, a height under the cursor, a margin and the profile."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.adapters.terrain.tiles import hgt_bytes
from tests.journeys.adopting import adopted
from tests.journeys.browser import DESK, WAIT_MS, browser, picture
from tests.journeys.running import RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION, confirmed

expect.set_options(timeout=WAIT_MS)
TERRAIN = '\n[terrain]\nfolder = "../dem"\n'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site whose folder of tiles is empty."""
    (tmp_path / "dem").mkdir()
    with running_site(tmp_path / "36", more=DEMONSTRATION + TERRAIN) as running:
        yield running


@pytest.mark.timeout(300)
def test_terrain_is_said_to_be_missing_and_then_shown(site: RunningSite, tmp_path: Path) -> None:
    """The chief reads the folder again; the tasking's card has a profile; an obstacle stands on the map."""
    with browser(site.url) as people:
        dispatcher, chief = site.sign_in("diaodu"), site.sign_in("zhiban")
        confirmed(dispatcher)
        adopted(dispatcher)
        desk = people.sign_in("zhiban", DESK)
        desk.locator('[data-testid="map"][data-ready="true"]').wait_for()
        box = desk.get_by_test_id("map").bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        desk.mouse.move(*middle)
        expect(desk.get_by_test_id("cursor-ground")).to_contain_text("无地形数据")
        hills = hgt_bytes(0, 0, lambda lon, lat: 300 + 250 * ((lon * 7).round() % 2) + 0 * lat)
        for south in range(24, 31):
            for west in range(113, 119):
                (tmp_path / "dem" / f"N{south}E{west}.hgt").write_bytes(hills)
        (tmp_path / "dem" / "N31E113.hgt").write_bytes(b"short")
        chief.post("terrain/read", {})
        wait_for(lambda: chief.get("terrain")["tiles"], "tiles", 60)
        told = chief.get("terrain")
        assert len(told["tiles"]) == 42
        assert told["faults"][0]["file"] == "N31E113.hgt"
        dispatcher.post(
            "resources/obstacles",
            {
                "id": "T1",
                "name": "梅岭铁塔",
                "kind": "tower",
                "points": [{"lon_deg": 115.72, "lat_deg": 28.78}],
                "height_m": 90,
                "lighted": True,
            },
        )
        desk.mouse.move(middle[0] + 3, middle[1])
        expect(desk.get_by_test_id("cursor-ground")).to_contain_text("地面")
        tasking = dispatcher.get("taskings")["items"][0]
        margin = dispatcher.get(f"taskings/{tasking['id']}/clearance")
        assert margin["unknown_share"] == 0
        assert margin["highest_m"] == 550
        desk.get_by_text(tasking["number"]).first.click()
        expect(desk.get_by_test_id("clearance")).to_be_visible()
        picture(desk, "terrain-tasking")
