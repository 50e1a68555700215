"""The safety nets of a real site: a chart, a closure and hills, three things that fly, and what the desk is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.adapters.terrain.tiles import hgt_bytes
from tests.journeys.browser import DESK, WAIT_MS, browser, picture
from tests.journeys.running import Client, RunningSite, running_site, wait_for
from tests.journeys.test_closed_airspace import closed
from tests.journeys.test_first_sortie import DEMONSTRATION, confirmed

expect.set_options(timeout=WAIT_MS)
TERRAIN = '\n[terrain]\nfolder = "../dem"\n'
ZONE = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [115.6, 28.6]},
    "properties": {
        "name": "试验限制区",
        "kind": "restricted",
        "radius_m": 6000,
        "floor": "GND",
        "ceiling": "3000 m AMSL",
        "permanent": True,
    },
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site over a plain at 400 m."""
    (tmp_path / "dem").mkdir()
    (tmp_path / "dem" / "N28E115.hgt").write_bytes(
        hgt_bytes(28, 115, lambda lon, lat: 400.0 + 0 * lon + 0 * lat)
    )
    with running_site(tmp_path / "36", more=DEMONSTRATION + TERRAIN) as running:
        yield running


def seen(client: Client, key: str, lon_deg: float, lat_deg: float, **other: Any) -> None:
    """A report of something that flies."""
    usual = {
        "key": key,
        "position": {"lon_deg": lon_deg, "lat_deg": lat_deg},
        "datum": "wgs84",
        "altitude_datum": "msl",
        "thing_kind": "helicopter",
        "ground_speed_mps": 50,
        "track_deg": 90,
    }
    client.post("positions", usual | other)


def alert(client: Client, kind: str, code: str) -> Any:
    """One that goes on."""
    found = client.get("alerts")["items"]
    return next((one for one in found if (one["kind"], one["code"]) == (kind, code)), None)


@pytest.mark.timeout(300)
def test_the_desk_is_told_of_a_breach_low_flight_a_drone_and_a_closure(site: RunningSite) -> None:
    """Through the doors and at the console; each says what to do, and that it replaces no control once."""
    dispatcher, atc = site.sign_in("diaodu"), site.sign_in("kongguan")
    incident = confirmed(dispatcher)
    wait_for(lambda: dispatcher.get("terrain")["tiles"], "the tile")
    craft = next(one for one in dispatcher.get("resources/aircraft")["items"] if one["id"])
    for name, key in (("赣鹰试飞", "report:heli"), ("赣鹰低飞", "report:low")):
        body = {"name": name, "keys": [key], "thing_kind": "helicopter"}
        dispatcher.post("identities", body | ({"aircraft_id": craft["id"]} if key == "report:heli" else {}))
    atc.post("volumes/import?source=test.geojson", {"type": "FeatureCollection", "features": [ZONE]})
    shut = closed(atc, "试验禁飞区", {"lon_deg": 115.3, "lat_deg": 28.3}, 4_000)
    seen(dispatcher, "uav", 115.12, 28.96, altitude_m=600, thing_kind="uav", name="大疆")
    drone = wait_for(lambda: alert(dispatcher, "drone", "ring"), "the drone")
    assert (drone["incident_id"], drone["severity"], drone["about"]) == (incident, 1, "三爪仑林火")
    assert drone["figures"]["altitude_m"] == pytest.approx(600)
    seen(dispatcher, "heli", 115.65, 28.6, altitude_m=430, ground_speed_mps=0)
    breach = wait_for(lambda: alert(dispatcher, "airspace", "breach"), "the breach")
    assert (breach["about"], breach["severity"], breach["lead_s"]) == ("试验限制区", 1, 0)
    low = wait_for(lambda: alert(dispatcher, "terrain", "ground"), "low flight")
    assert low["figures"]["least_m"] == pytest.approx(30, abs=1)
    seen(dispatcher, "stranger", 115.3, 28.3, altitude_m=800)
    wait_for(
        lambda: [one for one in dispatcher.get("alerts")["items"] if one["closure_id"] == shut["id"]],
        "a stranger in the closure",
    )
    with browser(site.url) as people:
        desk = people.sign_in("diaodu", DESK)
        desk.get_by_test_id("tab-alarms").click()
        listed = desk.get_by_test_id("alarm-list")
        for words in ("已进入 试验限制区", "低高度", "无人机 大疆 闯入 三爪仑林火", "已进入 试验禁飞区"):
            expect(listed).to_contain_text(words)
        expect(desk.get_by_test_id("alarm-aid")).to_have_text("辅助告警，不替代管制")
        picture(desk, "safety-alarms")
        seen(dispatcher, "heli", 115.68, 28.6, altitude_m=900)
        expect(listed).not_to_contain_text("已进入 试验限制区")
        assert not people.complaints
