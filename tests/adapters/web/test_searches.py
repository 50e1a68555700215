"""Searches over HTTP: tried, drawn, given to a tasking, seen by whom it concerns, amended, withdrawn, taken as files."""

from typing import Any

import pytest_twisted
from defusedxml import ElementTree

from tests.adapters.web.running import Running

LOST = {
    "kind": "missing_person",
    "level": 3,
    "title": "走失老人",
    "position": {"lon_deg": 115.36, "lat_deg": 28.86},
}
SQUARE: dict[str, Any] = {
    "name": "老人 <一>",
    "pattern": "expanding_square",
    "datum": {"lon_deg": 115.36, "lat_deg": 28.86},
    "heading_deg": 30,
    "spacing_m": 400,
    "sweep_width_m": 300,
    "along_m": 4000,
    "speed_mps": 35,
    "height_m": 120,
}
GPX = "{http://www.topografix.com/GPX/1/1}"
KML = "{http://www.opengis.net/kml/2.2}"


@pytest_twisted.ensureDeferred
async def test_a_search_is_tried_drawn_amended_taken_as_a_file_and_withdrawn(site: Running) -> None:
    tried = await site.http("POST", "searches/try", SQUARE, role="dispatcher")
    assert tried.status == 200
    assert tried.json["coverage"] > 0.5
    assert (await site.http("GET", "searches", role="dispatcher")).json["items"] == []  # nothing was recorded
    incident = (await site.http("POST", "incidents", LOST, role="dispatcher")).json["id"]
    made = await site.http("POST", "searches", SQUARE | {"incident_id": incident}, role="observer")
    assert made.status == 201
    assert made.json["way"] == tried.json
    path = f"searches/{made.json['id']}"

    gpx = ElementTree.fromstring((await site.http("GET", f"{path}/gpx", role="observer")).body)
    route = [(float(p.get("lon", "")), float(p.get("lat", ""))) for p in gpx.iter(f"{GPX}rtept")]
    assert route == [(p["lon_deg"], p["lat_deg"]) for p in made.json["way"]["points"]]
    assert gpx.findtext(f"{GPX}rte/{GPX}name") == SQUARE["name"]
    kml = ElementTree.fromstring((await site.http("GET", f"{path}/kml", role="observer")).body)
    line = kml.findtext(f".//{KML}LineString/{KML}coordinates") or ""
    assert [tuple(map(float, each.split(","))) for each in line.split()] == [(*at, 120.0) for at in route]

    changed = SQUARE | {"version": 1, "pattern": "sector", "along_m": 3000}
    amended = await site.http("POST", f"{path}/amend", changed, role="dispatcher")
    assert (amended.json["version"], amended.json["history"][-1]["action"]) == (2, "amend")
    stale = await site.http("POST", f"{path}/amend", changed, role="dispatcher")
    assert (stale.status, stale.json["code"]) == (409, "CHANGED")
    same = await site.http("POST", f"{path}/amend", changed | {"version": 2}, role="dispatcher")
    assert same.json["code"] == "NOTHING_CHANGED"
    gone = await site.http("POST", f"{path}/withdraw", {"version": 2, "reason": "已找到"}, role="dispatcher")
    assert gone.json["withdrawn_at"]
    again = await site.http("POST", f"{path}/withdraw", {"version": 3, "reason": "再撤"}, role="dispatcher")
    assert (again.status, again.json["code"]) == (409, "NOT_NOW")


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_searched_and_who_may_not_are_refused_by_name(site: Running) -> None:
    incident = (await site.http("POST", "incidents", LOST, role="dispatcher")).json["id"]
    draft = SQUARE | {"incident_id": incident}
    for change, status, code in (
        ({"spacing_m": 5}, 409, "SPACING"),
        ({"along_m": 100}, 409, "SIDE"),
        ({"datum": None}, 409, "NO_DATUM"),
        ({"along_m": 300_000}, 409, "TOO_MANY_LEGS"),
        ({"pattern": "track_line", "datum": None, "line": [SQUARE["datum"]] * 2}, 409, "LINE"),
        ({"tasking_id": "36-TSK-1"}, 404, "UNKNOWN_ID"),
        ({"incident_id": "36-INC-1"}, 404, "UNKNOWN_ID"),
        ({"speed_mps": "fast"}, 422, "MALFORMED"),
    ):
        refused = await site.http("POST", "searches", draft | change, role="dispatcher")
        assert (refused.status, refused.json["code"]) == (status, code), change
    for role in ("atc", "operator", "base"):
        refused = await site.http("POST", "searches", draft, role=role)
        assert (refused.status, refused.json["code"]) == (403, "FORBIDDEN")
    made = (await site.http("POST", "searches", draft, role="dispatcher")).json
    assert (
        await site.http("GET", f"searches/{made['id']}", role="operator")
    ).status == 404  # not tasked for it
    await site.http(
        "POST", f"incidents/{incident}/dismiss", {"version": 1, "reason": "误报"}, role="dispatcher"
    )
    over = await site.http("POST", "searches", draft | {"name": "二"}, role="dispatcher")
    assert (over.status, over.json["code"], over.json["field"]) == (409, "NOT_NOW", "incident_id")
