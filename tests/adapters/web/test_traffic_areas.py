"""Incident airspace over HTTP: made in one act, seen as it is now, amended, suspended by a drone, withdrawn."""

from typing import Any

import pytest_twisted

from dispatch.kinds import SourceKind, TaskingState
from dispatch.sighting import Sighting
from loadtests.refusals import brought_to
from tests.adapters.web.running import Running

FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "靖安林火",
    "position": {"lon_deg": 115.36, "lat_deg": 28.86},
    "elevation_m": 420,
}


SEEN_AT = "2026-11-24T02:59:00Z"  # a minute before the clock of the test site


def drone(incident: str, **said: Any) -> dict[str, Any]:
    return {
        "incident_id": incident,
        "seen_at": SEEN_AT,
        "position": {"lon_deg": 115.37, "lat_deg": 28.87},
        "seen_by": "赣鹰01 机长",
    } | said


@pytest_twisted.ensureDeferred
async def test_one_act_makes_it_and_it_is_amended_and_withdrawn(site: Running) -> None:
    incident = (await site.http("POST", "incidents", FIRE, role="dispatcher")).json["id"]
    made = await site.http("POST", "traffic-areas", {"incident_id": incident}, role="observer")
    assert made.status == 201
    area = made.json
    assert [round(area[each] / 1852) for each in ("working_m", "hold_m", "call_m")] == [5, 7, 12]
    assert (area["ground_basis"], area["ground_m"]) == ("incident", 420)
    assert [layer["altitude_m"] for layer in area["layers"]] == [580, 730, 880, 1190, 1490]
    assert [entry["name"] for entry in area["entries"]] == ["N", "E", "S", "W"]
    assert (area["most_at_work"], "proposed" in area["rules"]["source"]) == (4, True)

    again = await site.http("POST", "traffic-areas", {"incident_id": incident}, role="dispatcher")
    assert (again.status, again.json["code"]) == (409, "EXISTS")
    path = f"traffic-areas/{area['id']}"
    now = (await site.http("GET", path, role="dispatcher")).json
    assert (now["stands"], now["suspended"], now["in_control"]) == (True, False, None)
    assert (now["approved"]["polygons"], now["approved"]["usable"]) == ([], [])  # nothing was granted
    assert len(now["approved"]["not_approved"]) == 5

    change = {"version": 1, "frequency": "123.45 MHz", "most_at_work": 2, "ground_m": 700}
    amended = (await site.http("POST", f"{path}/amend", change, role="dispatcher")).json
    assert (amended["version"], amended["ground_basis"], amended["layers"][0]["altitude_m"]) == (
        2,
        "stated",
        860,
    )
    assert (await site.http("POST", f"{path}/amend", change, role="dispatcher")).json["code"] == "CHANGED"
    same = await site.http("POST", f"{path}/amend", {"version": 2}, role="dispatcher")
    assert same.json["code"] == "NOTHING_CHANGED"
    rings = await site.http("POST", f"{path}/amend", {"version": 2, "working_m": 90_000}, role="dispatcher")
    assert (rings.status, rings.json["code"]) == (409, "RINGS")

    gone = await site.http(
        "POST", f"{path}/withdraw", {"version": 2, "reason": "明火已灭"}, role="dispatcher"
    )
    assert gone.json["withdrawn_at"]
    assert (await site.http("GET", "traffic-areas", role="dispatcher")).json["items"] == []
    assert len((await site.http("GET", "traffic-areas?over=true", role="dispatcher")).json["items"]) == 1
    late = await site.http("POST", f"{path}/amend", {"version": 3, "remark": "x"}, role="dispatcher")
    assert (late.status, late.json["code"]) == (409, "NOT_NOW")


@pytest_twisted.ensureDeferred
async def test_a_drone_suspends_it_until_somebody_confirms_it_gone(site: Running) -> None:
    incident = (await site.http("POST", "incidents", FIRE, role="dispatcher")).json["id"]
    area = (await site.http("POST", "traffic-areas", {"incident_id": incident}, role="dispatcher")).json["id"]
    said = drone(incident, height_m=120, height_datum="agl", heading_deg=90, track_id="track:7")
    seen = await site.http("POST", "intrusions", said, role="atc")
    assert seen.status == 201
    assert seen.json["track_id"] == "track:7"
    now = (await site.http("GET", f"traffic-areas/{area}", role="observer")).json
    assert (now["suspended"], [each["id"] for each in now["intrusions"]]) == (True, [seen.json["id"]])
    twice = await site.http("POST", "intrusions", said, role="dispatcher")
    assert (twice.status, twice.json["code"]) == (409, "EXISTS")
    gone = {"version": 1, "reason": "操控人已找到，无人机已降落"}
    path = f"intrusions/{seen.json['id']}/clear"
    assert (await site.http("POST", path, gone, role="base")).status == 403
    assert (await site.http("POST", path, gone, role="dispatcher")).json["cleared_at"]
    assert (await site.http("POST", path, gone | {"version": 2}, role="dispatcher")).json["code"] == "NOT_NOW"
    now = (await site.http("GET", f"traffic-areas/{area}", role="observer")).json
    assert (now["suspended"], now["intrusions"]) == (False, [])
    assert (await site.http("GET", "intrusions", role="dispatcher")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_who_may_not_and_what_cannot_be_are_refused_by_name(site: Running) -> None:
    incident = (await site.http("POST", "incidents", FIRE, role="dispatcher")).json["id"]
    draft = {"incident_id": incident}
    for change, status, code in (
        ({"incident_id": "36-INC-1"}, 404, "UNKNOWN_ID"),
        ({"working_m": 20_000}, 409, "RINGS"),
        ({"most_at_work": 0}, 422, "MALFORMED"),
        ({"speed_mps": "fast"}, 422, "MALFORMED"),
    ):
        refused = await site.http("POST", "traffic-areas", draft | change, role="dispatcher")
        assert (refused.status, refused.json["code"]) == (status, code), change
    for role in ("atc", "operator", "base"):
        assert (await site.http("POST", "traffic-areas", draft, role=role)).status == 403
    for change, status, code in (
        ({"height_m": 100}, 409, "HEIGHT"),
        ({"seen_at": "2020-01-01T00:00:00Z"}, 409, "TIMES"),
        ({"position": {"lon_deg": 110, "lat_deg": 28}}, 409, "FAR_AWAY"),
        ({"seen_by": " "}, 422, "MALFORMED"),
    ):
        refused = await site.http("POST", "intrusions", drone(incident, **change), role="dispatcher")
        assert (refused.status, refused.json["code"]) == (status, code), change
    assert (await site.http("POST", "intrusions", drone(incident), role="operator")).status == 403
    made = (await site.http("POST", "traffic-areas", draft, role="dispatcher")).json
    path = f"traffic-areas/{made['id']}"
    assert (await site.http("GET", path, role="operator")).status == 404  # not tasked for it
    await site.http(
        "POST", f"incidents/{incident}/dismiss", {"version": 1, "reason": "误报"}, role="dispatcher"
    )
    assert not (await site.http("GET", path, role="dispatcher")).json["stands"]
    over = await site.http("POST", "traffic-areas", draft, role="dispatcher")
    assert (over.status, over.json["code"], over.json["field"]) == (409, "NOT_NOW", "incident_id")


RESERVOIR = {
    "id": "W9",
    "version_seen": 0,
    "name": "石门水库",
    "position": {"lon_deg": 115.93, "lat_deg": 28.7},
    "elevation_m": 60,
    "modes": ["bucket"],
    "depth_m": 8,
    "source": "test",
}


@pytest_twisted.ensureDeferred
async def test_a_crew_at_work_is_in_control_and_two_in_one_zone_are_marked(site: Running) -> None:
    tasking = await brought_to(site, TaskingState.WORKING, 1, amended=False)
    saved = await site.http("POST", "resources/water_points", RESERVOIR, role="dispatcher")
    assert saved.status in (200, 201), saved.body
    path = f"taskings/{tasking['id']}"
    change = {"version": tasking["version"], "reason": "取水", "water_point_id": "W9"}
    amended = (await site.http("POST", f"{path}/amend", change, role="dispatcher")).json
    yes = await site.http(
        "POST", f"{path}/acknowledge", {"version": amended["version"], "amendment": 1}, role="operator"
    )
    assert yes.status == 200, yes.body
    made = await site.http(
        "POST", "traffic-areas", {"incident_id": tasking["incident_id"]}, role="dispatcher"
    )
    (circuit,) = made.json["circuits"]
    assert (circuit["water_point_name"], made.json["entries"][0]["base_ids"]) == ("石门水库", ["YS"])
    dip = circuit["dip"]["centre"]
    for number, east in ((1, 0.0), (2, 0.001), (3, 0.02)):
        heard = Sighting(
            source="hill",
            source_kind=SourceKind.ADSB,
            icao24=f"78f0{number:02d}",
            lon_deg=dip["lon_deg"] + east,
            lat_deg=dip["lat_deg"],
        )
        site.picture.accept(heard, site.clock().timestamp())
    for role in ("dispatcher", "operator", "atc", "observer"):
        now = (await site.http("GET", f"traffic-areas/{made.json['id']}", role=role)).json
        assert now["in_control"]["number"] == tasking["number"]
        assert now["approved"]["share"] > 0.99
        assert "helicopter" in now["approved"]["usable"]
        (taken,) = now["occupied"]
        assert (taken["zone"], taken["dip"], taken["crowded"], len(taken["track_ids"])) == (
            "A",
            True,
            True,
            2,
        )
    site.clock.forward(seconds=60)
    now = (await site.http("GET", f"traffic-areas/{made.json['id']}", role="dispatcher")).json
    assert now["occupied"] == []  # heard too long ago
