"""Closed airspace over HTTP and on every console: declared, changed, opened, and whose way it lies in."""

from typing import Any

import pytest_twisted

from dispatch import access
from dispatch.kinds import Role
from tests.adapters.web.running import Running
from tests.adapters.web.talking import talk

CORNERS = ((115.8, 28.6), (116.1, 28.6), (116.1, 28.8), (115.8, 28.8), (115.8, 28.6))


def body(**other: Any) -> dict[str, Any]:
    """Airspace over the base and the fire of the story, for two hours."""
    return {
        "name": "瑶湖临时管制",
        "kind": "temporary_control",
        "outline": {"ring": [{"lon_deg": lon, "lat_deg": lat} for lon, lat in CORNERS]},
        "floor_m": 0,
        "ceiling_m": 1200,
        "datum": "agl",
        "active_until": "2026-11-24T05:00:00Z",
        "reason": "无人机测绘",
        "source": "电话",
        **other,
    }


@pytest_twisted.ensureDeferred
async def test_a_closure_is_declared_seen_by_consoles_amended_and_lifted(site: Running) -> None:
    consoles = []
    for role in ("dispatcher", "operator", "atc"):
        talker = await talk(site.port)
        await talker.hello(site.tokens[role])
        consoles.append(talker)
    made = await site.http("POST", "closures", body(), role="atc")
    assert made.status == 201, made.body
    assert (made.json["declared_by"], made.json["active_from"]) == ("atc", "2026-11-24T03:00:00Z")
    for talker in consoles:
        told = await talker.hear("records", lambda records: bool(records.closures))
        assert told.closures[0].name == "瑶湖临时管制"
        assert len(told.closures[0].outline.ring) == 5
    path = f"closures/{made.json['id']}"
    await site.act(f"{path}/amend", "atc", 1, ceiling_m=600)
    assert (await site.http("GET", path, role="operator")).json["ceiling_m"] == 600
    assert len((await site.http("GET", "closures", role="base")).json["items"]) == 1
    lifted = await site.act(f"{path}/lift", "atc", 2, reason="测绘结束")
    assert lifted["lifted_at"] == "2026-11-24T03:00:00Z"
    assert (await site.http("GET", "closures", role="base")).json["items"] == []
    assert len((await site.http("GET", "closures?over=true", role="base")).json["items"]) == 1


@pytest_twisted.ensureDeferred
async def test_closing_airspace_is_for_its_roles_and_a_retry_closes_it_once(site: Running) -> None:
    for role in Role:
        answer = await site.http("POST", "closures", body(), role=role.value)
        assert answer.status == (201 if role in access.DECLARE_CLOSURE else 403), role
    key = {"Idempotency-Key": "once"}
    first = await site.http("POST", "closures", body(), role="dispatcher", headers=key)
    again = await site.http("POST", "closures", body(), role="dispatcher", headers=key)
    assert first.json["id"] == again.json["id"]
    assert (await site.http("GET", "closures", role="sysadmin")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_meant_names_its_field(site: Running) -> None:
    ring = body()["outline"]["ring"]
    for other, status, code, field in (
        ({"outline": {"ring": ring[:-1]}}, 409, "RING_OPEN", "outline.ring"),
        ({"outline": {"ring": [ring[0], {"lon_deg": 191, "lat_deg": 28}]}}, 422, "MALFORMED", "lon_deg"),
        ({"ceiling_m": -3}, 409, "HEIGHTS", "ceiling_m"),
        ({"datum": "pressure"}, 422, "MALFORMED", "datum"),
        ({"active_until": "2026-11-24T05:00:00"}, 422, "MALFORMED", "active_until"),
        ({"source": " "}, 422, "MALFORMED", "source"),
        ({"outline": {"centre": ring[0], "radius_m": 90_000}}, 409, "VERY_LARGE", "outline"),
    ):
        answer = await site.http("POST", "closures", body(**other), role="dispatcher")
        assert (answer.status, answer.json["code"]) == (status, code), answer.body
        assert field in answer.json.get("field", ""), answer.body
    many = {"ring": [{"lon_deg": 115 + n / 1e6, "lat_deg": 28} for n in range(100_000)]}
    assert (await site.http("POST", "closures", body(outline=many), role="dispatcher")).status == 413


@pytest_twisted.ensureDeferred
async def test_a_tasking_in_its_way_is_told_to_those_who_see_the_tasking(site: Running) -> None:
    tasking = await site.ordered()
    assert (await site.http("GET", "closures/reached", role="dispatcher")).json == {"items": []}
    await site.http("POST", "closures", body(), role="dispatcher")
    [one] = (await site.http("GET", "closures/reached", role="dispatcher")).json["items"]
    assert (one["tasking_id"], one["in_the_air"]) == (tasking["id"], False)
    assert set(one["places"]) == {"base", "incident"}
    assert len((await site.http("GET", "closures/reached", role="operator")).json["items"]) == 1
    assert (await site.http("GET", "closures/reached", role="other_operator")).json["items"] == []
