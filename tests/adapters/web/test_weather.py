"""Weather and hazards through their doors: METAR in, judged at the order; hazards in, airspace closed, renewed, ended."""

from typing import Any

import pytest_twisted

from tests.adapters.web.running import Running

CLEAR = "METAR ZSCN 240300Z 36004MPS CAVOK 24/18 Q1012 NOSIG="
FOG = "METAR ZSCN 240300Z 36001MPS 0400 FG VV001 04/04 Q1020="
STATION = {
    "id": "ZSCN",
    "name": "南昌昌北",
    "position": {"lon_deg": 115.9, "lat_deg": 28.86},
    "elevation_m": 44,
}


def minimum(measure: str, limit: float, **more: Any) -> dict[str, Any]:
    row = {"id": measure.upper().replace("_", "-"), "name": measure, "measure": measure, "limit": limit}
    said = {"hard": True, "valid_from": "2026-01-01T00:00:00Z", "source": "test (p)", "version_seen": 0}
    return row | said | more


def feature(name: str = "氯气", **said: Any) -> dict[str, Any]:
    ring = said.pop("ring", [[115.3, 28.8], [115.4, 28.8], [115.4, 28.9], [115.3, 28.9], [115.3, 28.8]])
    properties = {
        "name": name,
        "kind": "plume",
        "source": "省模型",
        "model_time": "2026-11-24T02:50:00Z",
        "valid_from": "2026-11-24T02:50:00Z",
        "valid_until": "2026-11-24T08:00:00Z",
        "certainty": "likely",
        "wind_from_deg": 300,
    }
    return {
        "type": "Feature",
        "properties": properties | said,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


async def post_metar(site: Running, text: str) -> Any:
    answer = await site.http("POST", "weather/metar", text.encode(), role="gateway")
    assert answer.status == 200, answer.body
    return answer.json


@pytest_twisted.ensureDeferred
async def test_a_report_is_taken_listed_with_its_age_and_flagged_when_it_is_of_yesterday(
    site: Running,
) -> None:
    nowhere = await post_metar(site, CLEAR)
    assert [each["code"] for each in nowhere["rejected"]] == ["UNKNOWN_STATION"]
    told = await site.http("POST", "weather/stations", STATION, role="gateway")
    assert told.json == {"accepted": [], "rejected": []}
    taken = await post_metar(site, CLEAR + "\nMETAR ZSCN 24 36004MPS=\nMETAR ZSCN 240300Z 36004 9999=")
    assert [(each["station"], each["stale"]) for each in taken["accepted"]] == [("ZSCN", False)]
    assert [(each["field"], each["row"]) for each in taken["rejected"]] == [("time", 1), ("wind", 2)]
    old = await post_metar(site, CLEAR.replace("240300Z", "230300Z"))
    assert [(each["stale"], each["newer_known"]) for each in old["accepted"]] == [(True, True)]
    (shown,) = (await site.http("GET", "weather", role="observer")).json["stations"]
    assert (shown["current"], shown["report"]["sky"]["visibility_m"]) == (True, 10_000)
    site.clock.forward(hours=3)
    (shown,) = (await site.http("GET", "weather", role="dispatcher")).json["stations"]
    assert (shown["current"], shown["age_s"]) == (False, 3 * 3600)


@pytest_twisted.ensureDeferred
async def test_what_somebody_saw_is_written_down_with_name_and_time(site: Running) -> None:
    entry = {
        "name": "石门山瞭望塔",
        "position": {"lon_deg": 115.36, "lat_deg": 28.91},
        "observed_at": "2026-11-24T02:55:00Z",
        "observer": "李四",
        "visibility_m": 1200,
        "wind_mps": 3,
    }
    made = await site.http("POST", "weather/observations", entry, role="observer")
    assert made.status == 201
    assert (made.json["kind"], made.json["observer"]) == ("hand", "李四")
    listed = (await site.http("GET", "weather", role="dispatcher")).json["stations"]
    assert [each["report"]["id"] for each in listed] == [made.json["id"]]
    for wrong, code in (
        ({"observed_at": "2026-11-25T02:55:00Z"}, "TIMES"),
        ({"observed_at": "2026-11-20T02:55:00Z"}, "STALE"),
        ({"visibility_m": None, "wind_mps": None}, "NO_FIGURES"),
    ):
        refused = await site.http("POST", "weather/observations", entry | wrong, role="dispatcher")
        assert (refused.status, refused.json["code"]) == (409, code)
    knots = await site.http("POST", "weather/observations", entry | {"wind_kt": 6}, role="dispatcher")
    assert knots.status == 422
    assert b"wind_kt" in knots.body


@pytest_twisted.ensureDeferred
async def test_an_order_below_a_hard_minimum_needs_the_chiefs_reason(site: Running) -> None:
    await site.http("POST", "weather/stations", STATION, role="gateway")
    rows = [minimum("visibility_m", 800), minimum("wind_mps", 8, hard=False)]
    for row in rows:
        saved = await site.http("POST", "resources/minima", row, role="duty_chief")
        assert saved.status == 201, saved.body
    nobody = await site.http("POST", "resources/minima", rows[0] | {"id": "X"}, role="dispatcher")
    assert nobody.status == 403
    tasking = await site.pending()
    path = f"taskings/{tasking['id']}"
    limits = (await site.http("GET", f"{path}/limits", role="dispatcher")).json["items"]
    assert {each["code"] for each in limits} == {"NO_WEATHER"}  # never taken for good
    await post_metar(site, FOG)
    limits = (await site.http("GET", f"{path}/limits", role="dispatcher")).json["items"]
    assert [(each["code"], each["figure"], each["station"]) for each in limits] == [
        ("VISIBILITY", 400, "南昌昌北")
    ] * 2  # at the base and at the scene
    refused = await site.http("POST", f"{path}/order", {"version": 1}, role="duty_chief")
    assert (refused.status, refused.json["code"], refused.json["field"]) == (409, "BELOW_MINIMA", "reason")
    assert "400 m" in refused.json["detail"]
    assert "南昌昌北" in refused.json["detail"]
    why = {"version": 1, "reason": "现场目视能见度 5 km，机长同意"}
    ordered = await site.http("POST", f"{path}/order", why, role="duty_chief")
    assert ordered.json["state"] == "ordered"
    log = (await site.http("GET", "logbook?limit=200", role="dispatcher")).json
    assert "低于气象最低标准仍下达" in str(log)


@pytest_twisted.ensureDeferred
async def test_a_hazard_closes_its_airspace_is_renewed_by_a_newer_run_and_ends(site: Running) -> None:
    body = collection(feature(), feature("过火线", kind="fire_perimeter"))
    taken = (await site.http("POST", "hazards", body, role="gateway")).json
    assert [each["row"] for each in taken["accepted"]] == [0, 1]
    (plume,) = [each for each in taken["accepted"] if each["name"] == "氯气"]
    closures = (await site.http("GET", "closures", role="dispatcher")).json["items"]
    assert [(each["name"], each["kind"]) for each in closures] == [("氯气", "plume")]  # no line of fire
    listed = (await site.http("GET", "hazards", role="operator")).json["items"]
    assert [each["valid"] for each in listed] == [True, True]

    wider = [[115.2, 28.7], [115.5, 28.7], [115.5, 29.0], [115.2, 29.0], [115.2, 28.7]]
    newer = collection(feature(model_time="2026-11-24T02:58:00Z", ring=wider))
    again = (await site.http("POST", "hazards", newer, role="dispatcher")).json
    assert [(each["id"], each["version"]) for each in again["accepted"]] == [(plume["id"], 2)]
    (closure,) = (await site.http("GET", "closures", role="dispatcher")).json["items"]
    assert (closure["version"], closure["outline"]["ring"][0]["lon_deg"]) == (2, 115.2)
    older = (await site.http("POST", "hazards", body, role="gateway")).json
    assert [(each["row"], each["code"]) for each in older["rejected"]] == [
        (0, "OLDER_RUN"),
        (1, "NOTHING_CHANGED"),
    ]
    for role, status in (("gateway", 403), ("dispatcher", 200)):
        end = {"version": 2, "reason": "已处置"}
        ended = await site.http("POST", f"hazards/{plume['id']}/end", end, role=role)
        assert ended.status == status
    assert (await site.http("GET", "closures", role="dispatcher")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_a_hazard_is_over_by_itself(site: Running) -> None:
    await site.http("POST", "hazards", collection(feature()), role="gateway")
    site.clock.forward(hours=6)
    assert (await site.http("GET", "hazards", role="dispatcher")).json["items"] == []
    over = (await site.http("GET", "hazards?over=true", role="dispatcher")).json["items"]
    assert [each["valid"] for each in over] == [False]


@pytest_twisted.ensureDeferred
async def test_hazards_that_cannot_be_are_named_errors(site: Running) -> None:
    bowtie = [[115.3, 28.8], [115.4, 28.9], [115.4, 28.8], [115.3, 28.9], [115.3, 28.8]]
    opened = [[115.3, 28.8], [115.4, 28.8], [115.4, 28.9]]
    province = [[113.5, 24.4], [118.5, 24.4], [118.5, 30.1], [113.5, 30.1], [113.5, 24.4]]
    across = [[179.9, 28.8], [-179.9, 28.8], [-179.9, 28.9], [179.9, 28.9], [179.9, 28.8]]
    clockwise = [[115.3, 28.8], [115.3, 28.9], [115.4, 28.9], [115.4, 28.8], [115.3, 28.8]]
    over = {"valid_from": "2026-11-23T00:00:00Z", "valid_until": "2026-11-23T08:00:00Z"}
    body = collection(
        feature("蝶", ring=bowtie),
        feature("开", ring=opened),
        feature("省", ring=province),
        feature("洋", ring=across),
        feature("无区", valid_until="2026-11-24T08:00:00"),
        feature("过期", **over),
        feature("词", kind="storm"),
        feature("顺", ring=clockwise),
        {
            "type": "Feature",
            "properties": {"name": "点", "kind": "blast"},
            "geometry": {"type": "Point", "coordinates": [1, 2]},
        },
    )
    taken = (await site.http("POST", "hazards", body, role="gateway")).json
    assert [(each["row"], each["code"], each["field"]) for each in taken["rejected"]] == [
        (0, "RING_CROSSES", "geometry"),
        (1, "RING_OPEN", "geometry"),
        (2, "VERY_LARGE", "geometry"),
        (3, "OVER_EDGE", "geometry"),
        (4, "MALFORMED", "valid_until"),
        (5, "EXPIRED", "valid_until"),
        (6, "MALFORMED", "kind"),
        (8, "MALFORMED", "geometry"),
    ]
    assert [(each["name"], each["flags"]) for each in taken["accepted"]] == [("顺", ["REVERSED"])]
    whole = await site.http(
        "POST", "hazards", collection(feature("省", ring=province, large=True)), role="gateway"
    )
    assert [each["name"] for each in whole.json["accepted"]] == ["省"]
    for wrong in (b"{", b"[]", b'{"type": "FeatureCollection", "features": []}'):
        refused = await site.http("POST", "hazards", wrong, role="gateway")
        assert 400 <= refused.status < 500
