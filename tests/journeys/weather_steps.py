"""Weather and hazards at the chief's desk: fog over the scene, an entry by hand, a plume taken off the map and ended, an
order below minima that needs a reason."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.journeys.browser import DESK, picture
from tests.journeys.running import Client
from tests.journeys.test_first_sortie import FIRE


def weather_and_hazards(chief: Page, dispatcher: Client) -> None:
    """Leaves the weather panel shut, no hazard, and one tasking ordered."""
    now = datetime.now(UTC)
    scene = {"id": "ZSXX", "name": "三爪仑", "position": FIRE["position"], "elevation_m": 300}
    dispatcher.post("weather/stations", scene)
    lon, lat = FIRE["position"]["lon_deg"] + 0.1, FIRE["position"]["lat_deg"] + 0.05
    dispatcher.post("weather/metar", f"METAR ZSXX {now:%d%H%M}Z 30006MPS 0300 FG VV001 04/04 Q1020=")
    dispatcher.post(
        "weather/metar", f"METAR ZSCN {now - timedelta(days=1):%d%H%M}Z 36004MPS CAVOK 20/10 Q1020="
    )
    plume = {
        "type": "Feature",
        "properties": {
            "name": "氯气泄漏",
            "kind": "plume",
            "source": "省应急模型中心",
            "model_time": now.isoformat(),
            "valid_from": now.isoformat(),
            "valid_until": (now + timedelta(hours=3)).isoformat(),
            "certainty": "likely",
        },
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[lon, lat], [lon + 0.5, lat - 0.25], [lon + 0.4, lat - 0.4], [lon, lat]]],
        },
    }
    dispatcher.post("hazards", {"type": "FeatureCollection", "features": [plume]})

    chief.reload()
    chief.locator('[data-testid="map"][data-ready="true"]').wait_for()
    chief.get_by_test_id("weather-open").click()
    foggy = chief.locator('[data-testid="weather-station"][data-station="ZSXX"]')
    expect(foggy).to_contain_text("能见度 300 m 低于")
    expect(chief.locator('[data-testid="weather-station"][data-station="ZSCN"]')).to_have_attribute(
        "data-current", "false"
    )
    hazard = chief.get_by_test_id("hazard")
    expect(hazard).to_contain_text("省应急模型中心")
    picture(chief, "weather-1280")
    chief.set_viewport_size(DESK)
    picture(chief, "weather-desk")
    hazard.get_by_test_id("hazard-show").click()
    chief.get_by_test_id("weather-enter").click()
    for name, text in (
        ("name", "石门山瞭望塔"),
        ("observer", "李四"),
        ("visibility", "1200"),
        ("wind", "3"),
        ("from", "290"),
    ):
        chief.get_by_test_id(f"weather-form-{name}").fill(text)
    box = chief.get_by_test_id("map").bounding_box()
    assert box is not None
    chief.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5)
    picture(chief, "weather-form")
    chief.get_by_test_id("weather-form-submit").click()
    expect(chief.locator('[data-testid="weather-station"]', has_text="石门山瞭望塔")).to_contain_text("李四")
    hazard.get_by_test_id("hazard-end").click()
    hazard.get_by_test_id("hazard-end-reason").fill("已堵漏")
    hazard.get_by_test_id("hazard-end-commit").click()
    expect(hazard).to_have_count(0)
    chief.get_by_test_id("weather-close").click()

    tasking = next(one for one in dispatcher.get("taskings")["items"] if one["state"] == "pending")
    chief.goto(f"{chief.url.partition('#')[0]}#tasking={tasking['id']}")
    chief.reload()
    expect(chief.get_by_test_id("tasking-limits")).to_contain_text("能见度 300 m")
    chief.get_by_test_id("override-reason").fill("现场目视能见度好转")
    picture(chief, "weather-tasking")
    chief.get_by_test_id("override-order").click()
    expect(chief.get_by_test_id("tasking-state")).to_have_text("已下达")
