"""Airspace volumes over HTTP: files in with every fault named, the map once under its tag, files out."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest_twisted

from dispatch import access
from dispatch.kinds import Role
from tests.adapters.web.running import Running
from tests.adapters.web.talking import talk

DATA = Path(__file__).parents[2] / "data" / "airspace"
SQUARE = "DP 28:00 N 115:00 E\nDP 28:00 N 116:00 E\nDP 29:00 N 116:00 E\nDP 29:00 N 115:00 E\n"


def block(name: str, ceiling: str = "600 m AMSL") -> str:
    return f"AC CTR\nAN {name}\nAL GND\nAH {ceiling}\n{SQUARE}\n"


async def load(site: Running, text: str, role: str = "dispatcher", query: str = "") -> Any:
    headers = {"Content-Type": "application/octet-stream"}
    path = f"volumes/import?source=jx.txt{query}"
    return await site.http("POST", path, text.encode(), role=role, headers=headers)


async def chart(site: Running, since: int = 0, tag: str = "", role: str = "dispatcher") -> Any:
    headers = {"If-None-Match": tag} if tag else {}
    return await site.http("GET", f"volumes/map?since={since}", role=role, headers=headers)


def opened(answer: Any) -> Any:
    assert answer.headers["content-encoding"] == "gzip"
    return json.loads(gzip.decompress(answer.body))


@pytest_twisted.ensureDeferred
async def test_a_file_is_tried_imported_changed_and_its_gone_volumes_withdrawn(site: Running) -> None:
    talker = await talk(site.port)
    await talker.hello(site.tokens["dispatcher"])
    before = (await talker.hear("status", lambda status: True)).volumes_at
    text = block("甲") + block("乙") + block("丙", "Ask ATC")
    tried = (await load(site, text, query="&dry_run=true")).json
    assert (tried["new"], tried["rejected"], tried["dry_run"]) == (2, 1, True)
    [fault] = tried["faults"]
    assert (fault["code"], fault["feature"], fault["line"], fault["field"]) == ("HEIGHT", "丙", 22, "ceiling")
    assert (await site.http("GET", "volumes", role="base")).json["items"] == []
    done = (await load(site, text)).json
    assert (done["format"], done["new"], [each["name"] for each in done["changes"]]) == (
        "openair",
        2,
        ["甲", "乙"],
    )
    told = await talker.hear("status", lambda status: status.volumes_at > before)
    whole = opened(await chart(site))
    assert (whole["through"], whole["whole"], len(whole["features"])) == (told.volumes_at, True, 2)
    assert (await load(site, text)).json["unchanged"] == 2
    next_ = block("甲", "900 m AMSL") + block("丙", "Ask ATC")
    edition = (await load(site, next_, query="&replace=true")).json
    assert (edition["changed"], edition["withdrawn"], edition["unchanged"]) == (1, 1, 0)
    part = opened(await chart(site, told.volumes_at))
    assert [each["properties"]["ceiling"] for each in part["features"]] == ["900 m AMSL"]
    assert (part["whole"], len(part["gone"])) == (False, 1)
    back = (await site.http("GET", "volumes/export.geojson", role="atc")).body
    assert (await load(site, back.decode(), query="&format=geojson")).json["seen"] == 1
    kml = (await site.http("GET", "volumes/export.kml", role="base")).body
    assert b"<Placemark" in kml


@pytest_twisted.ensureDeferred
async def test_the_map_is_not_sent_twice_and_is_compressed(site: Running) -> None:
    await load(site, gzip.decompress((DATA / "openair_switzerland.txt.gz").read_bytes()).decode())
    first = await chart(site)
    assert len(opened(first)["features"]) == 308
    again = await chart(site, tag=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert opened(await chart(site, role="sysadmin"))["features"] == []
    assert (await site.http("GET", "volumes/export.kml", role="sysadmin")).status == 403
    listed = (await site.http("GET", "volumes?kind=ctr", role="operator")).json["items"]
    assert len(listed) == 2
    assert listed[0]["active"] is True


@pytest_twisted.ensureDeferred
async def test_only_its_roles_keep_the_chart_and_a_volume_is_drawn_amended_and_withdrawn(
    site: Running,
) -> None:
    for role in Role:
        answer = await load(site, block("甲"), role=role.value, query="&dry_run=true")
        assert answer.status == (200 if role in access.SAVE_VOLUME else 403), role
    corners = [{"lon_deg": lon, "lat_deg": lat} for lon, lat in ((115, 28), (116, 28), (116, 29))]
    draft = {
        "name": "灭火作业空域",
        "kind": "temporary",
        "footprint": {"ring": corners},
        "floor": {"datum": "agl"},
        "ceiling": {"datum": "msl", "value_m": 1500},
        "times": [{"begins_at": "2026-11-24T00:00:00Z", "ends_at": "2026-11-24T09:00:00Z"}],
        "airspace_class": "G",
        "control": "reported",
    }
    made = await site.http("POST", "volumes", draft, role="atc")
    assert (made.status, made.json["active"], made.json["version"]) == (201, True, 1)
    path = f"volumes/{made.json['id']}"
    refused = await site.http("POST", f"{path}/amend", {"version": 1, "permanent": True}, role="dispatcher")
    assert refused.status == 403
    later = [{"begins_at": "2026-11-25T00:00:00Z"}]
    amended = await site.act(f"{path}/amend", "atc", 1, times=later)
    assert (amended["active"], amended["version"]) == (False, 2)
    assert [each["action"] for each in amended["history"]] == ["save", "amend"]
    gone = await site.act(f"{path}/withdraw", "atc", 2, reason="任务结束")
    assert gone["withdrawn_at"]
    wrong = {
        **draft,
        "footprint": {"ring": [corners[0], corners[2], corners[1], {"lon_deg": 115, "lat_deg": 29}]},
    }
    for body, code in (
        (wrong, "SELF_CROSSING"),
        (
            {**draft, "ceiling": {"datum": "msl", "value_m": 10}, "floor": {"datum": "msl", "value_m": 20}},
            "FLOOR_ABOVE_CEILING",
        ),
    ):
        answer = await site.http("POST", "volumes", body, role="dispatcher")
        assert (answer.status, answer.json["code"]) == (409, code)


@pytest_twisted.ensureDeferred
async def test_what_is_no_chart_is_refused_by_name(site: Running) -> None:
    entity = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    for text, query, status in (
        ("hello", "", 409),
        (entity, "", 409),
        ("", "", 422),
        ("{", "&format=ed269", 409),
    ):
        answer = await load(site, text, query=query)
        assert (answer.status, answer.json["field"]) == (status, "file"), answer.body
    assert (await load(site, "x" * 17_000_000)).status == 413
