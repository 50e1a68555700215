"""The remaining doors: plans, resources, tracks, partners, guide, metrics."""

import pytest_twisted

from adapters.web.site import LinkState
from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.sighting import Sighting
from protocols.resources_csv import write_table
from tests.adapters.web.running import Running, base

BASE = {"id": "B2", "name": "九江", "position": {"lon_deg": 116, "lat_deg": 29.7}, "elevation_m": 30}


def sight(site: Running, icao24: str, lon_deg: float, **more: object) -> None:
    site.picture.accept(
        Sighting(
            source="hill",
            source_kind=SourceKind.ADSB,
            icao24=icao24,
            lon_deg=lon_deg,
            lat_deg=28.7,
            altitude_m=900.0,
            altitude_datum=AltitudeDatum.PRESSURE,
            **more,
        ),
        site.clock().timestamp(),
    )


@pytest_twisted.ensureDeferred
async def test_tracks_are_geojson_with_age_source_and_freshness(site: Running) -> None:
    sight(site, "78a001", 115.9, callsign="B70K3", simulated=True)
    sight(site, "78a002", 117.5)
    site.clock.forward(seconds=12)
    answer = (await site.http("GET", "tracks", role="dispatcher")).json
    assert answer["type"] == "FeatureCollection"
    by_id = {each["properties"]["icao24"]: each for each in answer["features"]}
    assert set(by_id) == {"78a001", "78a002"}
    track = by_id["78a001"]
    assert track["geometry"] == {"type": "Point", "coordinates": [115.9, 28.7]}
    properties = track["properties"]
    assert (properties["icao24"], properties["callsign"], properties["source"]) == ("78a001", "B70K3", "hill")
    assert (properties["age_s"], properties["freshness"]) == (12.0, "dim")
    assert (properties["altitude_m"], properties["altitude_datum"]) == (900.0, "pressure")
    assert properties["simulated"] is True


@pytest_twisted.ensureDeferred
async def test_more_tracks_than_asked_for_are_said_to_be_more(site: Running) -> None:
    for number in range(120):
        sight(site, f"{0x780000 + number:06x}", 115.0 + number * 0.001)
    answer = (await site.http("GET", "tracks?limit=70", role="dispatcher")).json
    assert (len(answer["features"]), answer["more"]) == (70, True)
    answer = (await site.http("GET", "tracks", role="dispatcher")).json
    assert (len(answer["features"]), answer["more"]) == (120, False)


@pytest_twisted.ensureDeferred
async def test_what_each_source_says_is_told_with_the_chosen_one_first(site: Running) -> None:
    sight(site, "78a001", 115.9)
    site.picture.accept(
        Sighting(
            source="dam",
            source_kind=SourceKind.MLAT,
            icao24="78a001",
            lon_deg=115.9001,
            lat_deg=28.7,
            accuracy_m=5.0,
        ),
        site.clock().timestamp(),
    )
    answer = await site.http("GET", "tracks/sources?id=icao24:78a001", role="dispatcher")
    said = [(each["source"], each["chosen"]) for each in answer.json["items"]]
    assert said == [("dam", True), ("hill", False)]
    assert (await site.http("GET", "tracks/sources?id=icao24:000000", role="dispatcher")).status == 404


@pytest_twisted.ensureDeferred
async def test_alerts_going_on_are_listed_and_administrators_see_none(site: Running) -> None:
    sight(site, "78a001", 115.9, squawk="7700")
    (alert,) = (await site.http("GET", "alerts", role="dispatcher")).json["items"]
    assert (alert["kind"], alert["severity"], alert["code"]) == ("emergency", 1, "general")
    assert alert["track_ids"] == ["icao24:78a001"]
    assert (await site.http("GET", "alerts", role="sysadmin")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_tracks_can_be_asked_for_by_box_even_across_the_antimeridian(site: Running) -> None:
    for icao24, lon_deg in (("78a001", 115.9), ("78a002", 179.9), ("78a003", -179.9)):
        sight(site, icao24, lon_deg)

    async def inside(bbox: str) -> list[str]:
        answer = await site.http("GET", f"tracks?bbox={bbox}", role="dispatcher")
        assert answer.status == 200, answer.body
        return sorted(each["properties"]["icao24"] for each in answer.json["features"])

    assert await inside("115,28,116,29") == ["78a001"]
    assert await inside("179,28,-179,29") == ["78a002", "78a003"]
    assert await inside("115,29,116,28") == []
    for bbox in ("1,2,3", "a,b,c,d", "190,0,191,1"):
        assert (await site.http("GET", f"tracks?bbox={bbox}", role="dispatcher")).json["field"] == "bbox"


@pytest_twisted.ensureDeferred
async def test_a_resource_is_created_changed_and_not_overwritten_unseen(site: Running) -> None:
    made = await site.http("POST", "resources/bases", BASE, role="dispatcher")
    assert (made.status, made.json["version"], made.json["site"]) == (201, 1, "36")
    again = await site.http("POST", "resources/bases", BASE, role="dispatcher")
    assert (again.status, again.json["code"], again.json["version"]) == (409, "CHANGED", 1)
    changed = {**BASE, "name": "庐山", "version_seen": 1}
    put = await site.http("PUT", "resources/bases/B2", changed, role="sysadmin")
    assert (put.status, put.json["name"], put.json["version"]) == (200, "庐山", 2)
    elsewhere = await site.http("PUT", "resources/bases/B3", changed, role="sysadmin")
    assert (elsewhere.status, elsewhere.json["code"]) == (409, "ID_MISMATCH")
    listed = (await site.http("GET", "resources/bases?limit=1", role="observer")).json
    assert ([each["id"] for each in listed["items"]], listed["next"]) == (["B2"], "B2")
    rest = (await site.http("GET", "resources/bases?limit=1&cursor=B2", role="observer")).json
    assert ([each["id"] for each in rest["items"]], rest["next"]) == (["YS"], None)


@pytest_twisted.ensureDeferred
async def test_an_aircraft_names_a_base_that_exists(site: Running) -> None:
    present = (await site.http("GET", "resources/aircraft/B-70K3", role="dispatcher")).json
    body = {key: value for key, value in present.items() if key not in ("site", "version")}
    unknown = await site.http(
        "PUT",
        "resources/aircraft/B-70K3",
        {**body, "home_base_id": "NOWHERE", "version_seen": 1},
        role="dispatcher",
    )
    assert (unknown.status, unknown.json["field"]) == (404, "home_base_id")
    grounded = {**body, "serviceable": False, "version_seen": 1}
    silent = await site.http("PUT", "resources/aircraft/B-70K3", grounded, role="dispatcher")
    assert (silent.status, silent.json["field"]) == (422, "unserviceable_reason")
    said = {**grounded, "unserviceable_reason": "主减漏油"}
    assert (await site.http("PUT", "resources/aircraft/B-70K3", said, role="dispatcher")).status == 200


@pytest_twisted.ensureDeferred
async def test_a_table_is_imported_whole_and_can_be_sent_again(site: Running) -> None:
    text = write_table("bases", [base("B2"), base("B3"), base()]).encode()
    csv = {"Content-Type": "text/csv"}
    first = await site.http("POST", "resources/bases/import", text, role="dispatcher", headers=csv)
    assert first.json == {"saved": 2, "failed": []}
    again = await site.http("POST", "resources/bases/import", text, role="dispatcher", headers=csv)
    assert again.json == {"saved": 0, "failed": []}
    bad = text.replace(b"28.6", b"128.6", 1)
    refused = await site.http("POST", "resources/bases/import", bad, role="dispatcher", headers=csv)
    assert (refused.status, refused.json["code"]) == (409, "BAD_TABLE")
    [fault] = refused.json["faults"]
    assert (fault["line"], fault["field"]) == (2, "lat_deg")
    assert (
        await site.http("POST", "resources/bases/import", text, role="observer", headers=csv)
    ).status == 403
    empty = await site.http("POST", "resources/bases/import", b"", role="dispatcher", headers=csv)
    assert empty.status == 422


@pytest_twisted.ensureDeferred
async def test_a_proposal_comes_with_its_interchange_and_is_adopted_once(site: Running) -> None:
    incident = await site.confirmed()
    unknown = await site.http("POST", "plans", {"incident_ids": ["36-INC-NONE"]}, role="dispatcher")
    assert (unknown.status, unknown.json["code"]) == (404, "UNKNOWN_ID")
    plan = await site.http("POST", "plans", role="dispatcher")
    assert plan.status == 201
    assert plan.json["interchange"] == {"format": "test"}
    assert plan.json["assignments"][0]["incident_id"] == incident["id"]
    path = f"plans/{plan.json['id']}/adopt"
    foreign = await site.http("POST", path, {"version": 1, "aircraft_ids": ["B-NONE"]}, role="dispatcher")
    assert (foreign.status, foreign.json["field"]) == (404, "aircraft_ids")
    assert (await site.act(path, "dispatcher", 1))["state"] == "adopted"
    assert (await site.http("POST", path, {"version": 1}, role="dispatcher")).json["code"] == "CHANGED"
    assert (await site.http("GET", "plans", role="operator")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_partners_are_listed_with_their_link(site: Running) -> None:
    site.links.append(LinkState(site="43", name="湖南", state="live", lag_ms=40))
    site.links.append(LinkState(site="35", name="福建", state="down"))
    listed = (await site.http("GET", "partners?limit=1", role="observer")).json
    assert (listed["items"][0]["site"], listed["next"]) == ("35", "35")
    rest = (await site.http("GET", "partners?cursor=35", role="observer")).json
    assert [(each["site"], each["state"]) for each in rest["items"]] == [("43", "live")]


@pytest_twisted.ensureDeferred
async def test_the_guide_is_only_in_a_demonstration(site: Running, tmp_path: object) -> None:
    assert (await site.http("GET", "guide")).json == {"accounts": []}
    folder = tmp_path / "demonstration"
    folder.mkdir()
    account = {"account": "d", "password": "p", "role": "dispatcher", "display_name": "D"}
    shown = await Running.start(folder, demonstration=True, guide={"accounts": [account]})
    try:
        assert (await shown.http("GET", "guide")).json == {"accounts": [account]}
    finally:
        await shown.stop()


@pytest_twisted.ensureDeferred
async def test_metrics_count_requests_by_door_and_status(site: Running) -> None:
    await site.incident()
    await site.http("GET", "nowhere")
    text = (await site.http("GET", "/metrics")).body.decode()
    assert 'ganying_http_requests_total{door="reportIncident",status="201"} 1.0' in text
    assert 'ganying_http_requests_total{door="none",status="404"} 1.0' in text
    assert (await site.http("POST", "/metrics")).status == 405


@pytest_twisted.ensureDeferred
async def test_a_lost_journal_is_said_as_such(site: Running) -> None:
    await site.desk.stop()
    fire = {"kind": "flood", "level": 2, "title": "内涝", "position": {"lon_deg": 116, "lat_deg": 28}}
    answer = await site.http("POST", "incidents", fire, role="dispatcher")
    assert (answer.status, answer.json["code"]) == (503, "NOT_STORED")
    assert answer.headers["retry-after"] == "1"
    assert (await site.http("GET", "health")).json["status"] == "degraded"
