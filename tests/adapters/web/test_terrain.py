"""The ground over HTTP: without a fit model it is said so; with tiles heights, margins and blocks are answered."""

import json
from pathlib import Path
from typing import Any

import pytest_twisted
from twisted.internet.defer import Deferred

from adapters.terrain.folder import read_folder
from dispatch.kinds import AltitudeDatum, Role, SourceKind
from dispatch.sighting import Sighting
from tests.adapters.terrain.tiles import hgt_bytes
from tests.adapters.web.running import Running

HEAD = "id,name,kind,lon_deg,lat_deg,line,height_m,top_m,lighted,source\n"


def give(site: Running, folder: Path, **files: bytes) -> None:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / f"{name}.hgt").write_bytes(data)
    keeper = site.site.terrain
    assert keeper is not None
    keeper.reading = read_folder(folder, folder.parent / "cache", None, 1e9, site.clock())


def heard(site: Running, altitude_m: float | None, datum: AltitudeDatum = AltitudeDatum.MSL) -> None:
    at_s = site.clock().timestamp()
    made = Sighting(
        icao24="78f001",
        source="adsb",
        source_kind=SourceKind.ADSB,
        observed_at_s=at_s,
        lon_deg=115.5,
        lat_deg=28.5,
        altitude_m=altitude_m,
        altitude_datum=datum,
    )
    site.picture.accept(made, at_s)


async def get(site: Running, path: str, status: int = 200, role: str = "dispatcher") -> Any:
    answer = await site.http("GET", path, role=role)
    assert answer.status == status, answer.body
    return answer.json


@pytest_twisted.ensureDeferred
async def test_a_site_without_tiles_says_so_everywhere(site: Running) -> None:
    told = await get(site, "terrain")
    assert (told["state"], told["fit"], told["tiles"]) == ("none", False, [])
    assert (await get(site, "terrain/elevation?lon=115.5&lat=28.5"))["elevation_m"] is None
    heard(site, 500.0)
    height = await get(site, "tracks/height?id=icao24:78f001")
    assert (height["height_above_ground_m"], height["reason"]) == (None, "no_terrain")
    feature = (await get(site, "tracks"))["features"][0]["properties"]
    assert (feature["height_above_ground_m"], feature["height_reason"]) == (None, "no_terrain")
    assert await get(site, "tracks/heights") == {"fit": False, "numbers": [], "heights_m": []}
    tasking = await site.ordered()
    margin = await get(site, f"taskings/{tasking['id']}/clearance")
    assert (margin["enough"], margin["highest_m"], margin["unknown_share"]) == (None, None, 1.0)
    assert all(point["ground_m"] is None for point in margin["profile"])


@pytest_twisted.ensureDeferred
async def test_with_tiles_heights_margins_and_blocks_are_answered(site: Running, tmp_path: Path) -> None:
    bumpy = hgt_bytes(height=lambda lon, lat: 50.0 + 1500.0 * ((lon - 115.9) ** 2 + (lat - 28.7) ** 2 < 4e-4))
    give(site, tmp_path / "dem", N28E115=bumpy, N29E115=b"broken", N28E116=hgt_bytes(west=116))
    told = await get(site, "terrain")
    assert told["fit"] is True
    assert [tile["name"] for tile in told["tiles"]] == ["N28E115.hgt", "N28E116.hgt"]
    assert told["faults"][0]["file"] == "N29E115.hgt"
    spot = await get(site, "terrain/elevation?lon=115.5&lat=28.5")
    assert (spot["elevation_m"], spot["fit"], spot["datum"], spot["tile"]) == (
        50.0,
        True,
        "egm96",
        "N28E115.hgt",
    )
    many = await site.http(
        "POST", "terrain/elevation", {"points": [[115.5, 28.5], [10.0, 28.5]]}, role="observer"
    )
    assert many.json == {"elevations_m": [50.0, None]}
    heard(site, 350.0)
    height = await get(site, "tracks/height?id=icao24:78f001")
    assert (height["height_above_ground_m"], height["by"], height["ground_m"]) == (300.0, "msl", 50.0)
    assert (await get(site, "tracks"))["features"][0]["properties"]["height_above_ground_m"] == 300.0
    assert (await get(site, "tracks/heights?bbox=115,28,116,29"))["heights_m"] == [300]
    tasking = await site.ordered()
    margin = await get(site, f"taskings/{tasking['id']}/clearance")
    assert margin["highest_m"] == 1550.0
    assert margin["enough"] is False
    assert margin["least_height_m"] == 1700.0
    block = await get(site, f"airspace/{tasking['airspace_request_ids'][0]}/ground", role="atc")
    assert block["highest_m"] == 1550.0
    assert block["profile"]
    outline = {"centre": {"lon_deg": 115.5, "lat_deg": 28.5}, "radius_m": 3000}
    area = await site.http(
        "POST",
        "terrain/area",
        {"outline": outline, "floor_agl_m": 100, "ceiling_agl_m": 300},
        role="duty_chief",
    )
    assert area.status == 200, area.body
    assert (area.json["floor_msl_m"], area.json["ceiling_msl_m"]) == (150.0, 350.0)


@pytest_twisted.ensureDeferred
async def test_obstacles_are_imported_with_faults_by_row_and_count_in_margins(
    site: Running, tmp_path: Path
) -> None:
    bad = HEAD + (
        "W1,风机,wind_turbine,115.5,28.5,,120,,true,测试\n"
        "W2,无高,tower,115.5,28.5,,,,,测试\n"
        "L1,两种,power_line,115.5,28.5,115.1:28.1|115.2:28.2,60,,,测试\n"
        "L2,一点,power_line,,,115.1:28.1,60,,,测试\n"
        "T1,太高,tower,115.5,28.5,,9000,,,测试\n"
        "T2,何物,kite,115.5,28.5,,90,,,测试\n"
    )
    headers = {"Content-Type": "text/csv"}
    path = "resources/obstacles/import"
    refused = await site.http("POST", path, bad.encode(), role="dispatcher", headers=headers)
    assert refused.status == 409, refused.body
    found = {(fault["line"], fault["field"]) for fault in json.loads(refused.body)["faults"]}
    assert found == {(3, "height_m"), (4, "line"), (5, "line"), (6, "height_m"), (7, "kind")}
    good = HEAD + (
        "W1,风机,wind_turbine,115.501,28.5,,120,,true,测试\n"
        "L1,赣江跨越线,power_line,,,115.85:28.69|115.89:28.71,,900,,测试\n"
    )
    taken = await site.http("POST", path, good.encode(), role="dispatcher", headers=headers)
    assert (taken.status, taken.json["saved"]) == (200, 2)
    assert (await site.http("POST", path, good.encode(), role="dispatcher", headers=headers)).json[
        "saved"
    ] == 0
    assert (await site.http("POST", path, good.encode(), role="operator", headers=headers)).status == 403
    table = (await site.http("GET", "resources/obstacles/export", role="observer")).body.decode()
    assert "115.85:28.69|115.89:28.71" in table
    body = {"id": "W3", "name": "无高", "kind": "tower", "points": [{"lon_deg": 115.5, "lat_deg": 28.5}]}
    answer = await site.http("POST", "resources/obstacles", body, role="dispatcher")
    assert (answer.status, answer.json["code"], answer.json["field"]) == (409, "NO_HEIGHT", "height_m")
    give(site, tmp_path / "dem", N28E115=hgt_bytes(height=lambda lon, _: 50.0 + 0 * lon))
    heard(site, 350.0)
    near = (await get(site, "tracks/height?id=icao24:78f001"))["obstacle"]
    assert (near["id"], near["top_m"]) == ("W1", 170.0)
    assert 95 <= near["away_m"] <= 101
    assert (await get(site, "terrain"))["obstacles"] == 2


@pytest_twisted.ensureDeferred
async def test_reading_again_is_for_its_roles_and_bad_questions_are_named(
    site: Running, tmp_path: Path
) -> None:
    for role in Role:
        answer = await site.http("POST", "terrain/read", {}, role=role.value)
        assert answer.status == (200 if role in {Role.DUTY_CHIEF, Role.SYSADMIN} else 403), role
    for path in (
        "terrain/elevation?lon=181&lat=28",
        "terrain/elevation?lon=115",
        "terrain/elevation?lon=x&lat=2",
    ):
        await get(site, path, 422)
    await get(site, "tracks/height?id=icao24:000001", 404)
    await get(site, "taskings/NONE/clearance", 404)
    keeper = site.site.terrain
    assert keeper is not None
    keeper.folder = tmp_path / "later"
    keeper.folder.mkdir()
    (keeper.folder / "N28E115.hgt").write_bytes(hgt_bytes())
    asked = await site.http("POST", "terrain/read", {}, role="sysadmin")
    assert asked.json["state"] in {"reading", "ready"}
    while keeper.state.value == "reading":
        turn: Deferred[None] = Deferred()
        keeper._reactor.callLater(0.01, turn.callback, None)
        await turn
    assert (await get(site, "terrain"))["fit"] is True
