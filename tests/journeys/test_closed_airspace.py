"""Airspace is closed over the water while a proposal stands: the server proposes anew, from other water and round it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.adopting import adopted
from tests.journeys.running import Client, Refusal, RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION, FIRE, act, confirmed
from tests.journeys.test_replan import open_plan


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources, and one solver process."""
    with running_site(tmp_path / "36", more=DEMONSTRATION) as running:
        yield running


def closed(client: Client, name: str, at: dict[str, float], radius_m: float) -> Any:
    """A circle closed from the ground up for six hours."""
    return client.post(
        "closures",
        {
            "name": name,
            "kind": "temporary_control",
            "outline": {"centre": at, "radius_m": radius_m},
            "floor_m": 0,
            "ceiling_m": 1500,
            "datum": "agl",
            "active_until": (datetime.now(UTC) + timedelta(hours=6)).isoformat(),
            "reason": "库区爆破",
            "source": "县应急局电话",
        },
    )


def inundation(water: Any) -> Any:
    """A model's polygon over a water point for six hours."""
    lon, lat = water["position"]["lon_deg"], water["position"]["lat_deg"]
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    now = datetime.now(UTC)
    return {
        "type": "Feature",
        "properties": {
            "name": f"{water['name']}下游",
            "kind": "inundation",
            "source": "溃坝模型",
            "model_time": now.isoformat(),
            "valid_from": now.isoformat(),
            "valid_until": (now + timedelta(hours=6)).isoformat(),
        },
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[lon + 0.01 * x, lat + 0.01 * y] for x, y in corners]],
        },
    }


def waters(plan: Any) -> set[str]:
    """The water points of all cycles of a proposal."""
    legs = (leg for entry in plan["interchange"]["aircraft"] for leg in entry["legs"])
    return {leg["water_point_id"] for leg in legs if leg["kind"] == "cycles"}


def turns(plan: Any) -> list[Any]:
    """The points at which its flights turn."""
    legs = (leg for entry in plan["interchange"]["aircraft"] for leg in entry["legs"])
    return [point for leg in legs for point in leg.get("via", ())]


def test_a_closure_over_the_water_brings_a_proposal_with_other_water_and_lifting_it_the_first(
    site: RunningSite,
) -> None:
    """Closed by ATC over the water and over the straight way; who was ordered there is named; then it is lifted."""
    dispatcher, chief, atc = site.sign_in("diaodu"), site.sign_in("zhiban"), site.sign_in("kongguan")
    confirmed(dispatcher)
    first, _ = adopted(dispatcher, choose=lambda plan: [plan["assignments"][0]["aircraft_id"]])
    assert not turns(first)
    used = waters(first)
    assert used
    chosen = first["assignments"][0]
    (tasking,) = dispatcher.get("taskings")["items"]
    act(chief, tasking["id"], "order")

    points = {row["id"]: row for row in dispatcher.get("resources/water_points?limit=500")["items"]}
    shut = [closed(atc, f"{points[one]['name']}爆破", points[one]["position"], 1_000) for one in used]
    base = next(
        row for row in dispatcher.get("resources/bases?limit=100")["items"] if row["id"] == chosen["base_id"]
    )
    midway = {key: (base["position"][key] + FIRE["position"][key]) / 2 for key in ("lon_deg", "lat_deg")}
    shut.append(closed(atc, "航路管制", midway, 2_000))
    second = wait_for(
        lambda: (
            (plan := open_plan(dispatcher))
            and plan["id"] != first["id"]
            and len([r for r in plan["reasons"] if r["code"] == "CLOSED_AIRSPACE"]) == len(shut)
            and plan
        ),
        "a proposal that knows of all of them",
        60,
    )
    assert second["interchange"]["schema_version"] == "1.1"
    assert not waters(second) & used
    assert turns(second)
    reached = dispatcher.get("closures/reached")["items"]
    assert {one["tasking_id"] for one in reached} == {tasking["id"]}
    assert ["water_point"] in [one["places"] for one in reached]
    with pytest.raises(Refusal, match="FORBIDDEN"):  # what ATC has closed only ATC opens
        dispatcher.post(f"closures/{shut[0]['id']}/lift", {"version": 1, "reason": "开放"})
    for one in shut:
        atc.post(f"closures/{one['id']}/lift", {"version": 1, "reason": "爆破结束"})
    assert dispatcher.get("closures/reached")["items"] == []
    again = dispatcher.post("plans", {})
    assert not turns(again)
    assert "CLOSED_AIRSPACE" not in {row["code"] for row in again["reasons"]}

    fog = f"METAR ZSCN {datetime.now(UTC):%d%H%M}Z 36001MPS 0300 FG VV001 04/04 Q1020="
    scene = {"id": "ZSCN", "name": "南昌昌北", "position": FIRE["position"], "elevation_m": 44}
    dispatcher.post("weather/stations", scene)
    assert [one["stale"] for one in dispatcher.post("weather/metar", fog)["accepted"]] == [False]
    blind = dispatcher.post("plans", {})
    assert blind["assignments"] == []  # nobody, and the limit is named
    said = [row["text"] for row in blind["reasons"] if row["code"] == "BELOW_MINIMA"]
    assert said
    assert all("能见度 300 m" in text and "南昌昌北 METAR" in text for text in said)
    dispatcher.post(
        "weather/metar", fog.replace("36001MPS 0300 FG VV001", "36001MPS CAVOK").replace("METAR", "SPECI")
    )
    fit = dispatcher.post("plans", {})
    assert fit["assignments"]
    drowned = waters(fit)
    taken = dispatcher.post(
        "hazards", {"type": "FeatureCollection", "features": [inundation(points[one]) for one in drowned]}
    )
    assert (len(taken["accepted"]), taken["rejected"]) == (len(drowned), [])
    inside = {place["id"] for one in dispatcher.get("hazards")["items"] for place in one["inside"]}
    assert drowned <= inside
    dry = dispatcher.post("plans", {})
    assert not waters(dry) & drowned
    assert {row["text"] for row in dry["reasons"] if row["code"] == "CLOSED_AIRSPACE"} == {
        f"{points[one]['name']}下游" for one in drowned
    }
