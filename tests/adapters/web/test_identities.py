"""The registry of identities over HTTP: who may, one key one thing, proposals with both sides, versions."""

from typing import Any

import pytest_twisted

from dispatch import access
from dispatch.kinds import Role, SourceKind, ThingKind
from dispatch.sighting import Sighting
from tests.adapters.web.running import Running

TRUCK = {"name": "水罐车7", "thing_kind": "vehicle", "keys": ["jt808:13912345678", "report:truck-7"]}


async def create(site: Running, role: str = "dispatcher", **changes: Any) -> Any:
    return await site.http("POST", "identities", {**TRUCK, **changes}, role=role)


def see(site: Running, key: str, lon_deg: float, **more: Any) -> None:
    site.picture.accept(
        Sighting(
            source=more.pop("source", "gps"),
            source_kind=more.pop("source_kind", SourceKind.TERMINAL),
            own_key=key,
            lon_deg=lon_deg,
            lat_deg=28.7,
            **more,
        ),
        site.clock().timestamp(),
    )


@pytest_twisted.ensureDeferred
async def test_an_identity_is_made_found_changed_and_not_overwritten_unseen(site: Running) -> None:
    made = await create(site)
    assert made.status == 201, made.body
    assert (made.json["site"], made.json["version"], made.json["retired"]) == ("36", 1, False)
    path = f"identities/{made.json['id']}"
    for text in ("水罐", "13912345678", "REPORT:truck"):
        found = await site.http("GET", f"identities?q={_quoted(text)}", role="observer")
        assert [each["id"] for each in found.json["items"]] == [made.json["id"]]
    assert (await site.http("GET", "identities?q=xyz", role="observer")).json["items"] == []
    change = {**TRUCK, "name": "水罐车8", "keys": ["jt808:13912345678"], "version": 1}
    changed = await site.http("PUT", path, change, role="base")
    assert (changed.status, changed.json["name"], changed.json["version"]) == (200, "水罐车8", 2)
    again = await site.http("PUT", path, change, role="base")
    assert (again.status, again.json["code"], again.json["version"]) == (409, "CHANGED", 2)
    assert (await site.http("GET", path, role="auditor")).json["keys"] == ["jt808:13912345678"]


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest_twisted.ensureDeferred
async def test_a_key_belongs_to_one_identity_and_is_free_again_when_it_is_retired(site: Running) -> None:
    first = (await create(site)).json
    taken = await create(site, name="另一辆")
    assert (taken.status, taken.json["code"], taken.json["field"]) == (409, "KEY_TAKEN", "keys")
    assert first["id"] in taken.json["detail"]
    retired = {**TRUCK, "version": 1, "retired": True}
    assert (await site.http("PUT", f"identities/{first['id']}", retired, role="sysadmin")).status == 200
    assert (await create(site, name="另一辆")).status == 201
    assert len((await site.http("GET", "identities", role="dispatcher")).json["items"]) == 1
    both = await site.http("GET", "identities?retired=true", role="dispatcher")
    assert len(both.json["items"]) == 2


@pytest_twisted.ensureDeferred
async def test_keys_are_checked_and_faults_named(site: Running) -> None:
    for key in ("nonsense", "icao24:XYZ", "icao24:780ABC", "jt808:with blank", "unknown:1", "jt808:"):
        refused = await create(site, keys=[key])
        assert (refused.status, refused.json["code"]) == (422, "MALFORMED"), key
        assert refused.json["field"].startswith("keys")
    none = await create(site, keys=[])
    assert (none.status, none.json["field"]) == (422, "keys")
    stranger = await create(site, aircraft_id="B-NONE")
    assert (stranger.status, stranger.json["field"]) == (404, "aircraft_id")
    linked = await create(site, aircraft_id="B-70K3")
    assert (linked.status, linked.json["aircraft_id"]) == (201, "B-70K3")


@pytest_twisted.ensureDeferred
async def test_each_role_does_what_the_table_lets_it(site: Running) -> None:
    for number, role in enumerate(Role):
        made = await create(site, role.value, keys=[f"report:t{number}"])
        assert made.status == (201 if role in access.SAVE_IDENTITY else 403), role
        listed = await site.http("GET", "identities/proposals", role=role.value)
        assert listed.status == (200 if role in access.SAVE_IDENTITY else 403), role
    for role in ("operator", "atc", "partner", "secadmin"):
        assert (await site.http("GET", "identities", role=role)).json["items"] == [], role
    for role in ("sysadmin", "dispatcher", "observer", "auditor"):
        assert (await site.http("GET", "identities", role=role)).json["items"] != [], role


@pytest_twisted.ensureDeferred
async def test_a_proposal_shows_both_sides_and_how_far_apart_they_are(site: Running) -> None:
    two_words_for_one_truck(site)
    site.clock.forward(seconds=4)
    [shown] = await proposals(site)
    assert shown["reason"] == "same_name"
    assert 15 < shown["distance_m"] < 25
    field, gps = shown["sides"]
    assert (field["key"], field["identity_id"], field["track"]["source"]) == ("cot:ANDROID-1", "", "field")
    assert gps["track"]["position_age_s"] == 4.0
    assert (gps["track"]["ground_speed_mps"], gps["track"]["accuracy_m"]) == (12.0, 15.0)
    assert (await site.http("GET", "identities/proposals", role="sysadmin")).json["items"] == []
    site.clock.forward(hours=1)
    site.picture.expire(site.clock().timestamp())  # between two looks of the watch: gone, still proposed
    [gone] = (await site.http("GET", "identities/proposals", role="dispatcher")).json["items"]
    assert [side["track"] for side in gone["sides"]] == [None, None]
    assert gone["distance_m"] is None


def two_words_for_one_truck(site: Running) -> None:
    see(site, "jt808:13912345678", 115.9, name="水罐车7", ground_speed_mps=12.0, accuracy_m=15.0)
    see(site, "cot:ANDROID-1", 115.9002, name="水罐车7", source="field", source_kind=SourceKind.COT)


async def proposals(site: Running) -> Any:
    """As of a look of the watch at things as they are now."""
    site.site.watch.follow(site.desk.world)
    site.site.watch.look()
    return (await site.http("GET", "identities/proposals", role="dispatcher")).json["items"]


@pytest_twisted.ensureDeferred
async def test_what_was_accepted_is_one_track_and_what_was_declined_is_not_asked_again(site: Running) -> None:
    two_words_for_one_truck(site)
    [shown] = await proposals(site)
    first, second = (side["key"] for side in shown["sides"])
    declined = (await create(site, name="水罐车7", keys=[first], apart=[second])).json
    site.clock.forward(seconds=15)
    two_words_for_one_truck(site)
    assert await proposals(site) == []
    assert len(site.picture) == 2
    joined = {**TRUCK, "keys": [first, second], "version": declined["version"]}
    assert (await site.http("PUT", f"identities/{declined['id']}", joined, role="dispatcher")).status == 200
    site.clock.forward(seconds=15)
    two_words_for_one_truck(site)
    assert await proposals(site) == []
    [track] = site.picture.tracks()
    assert (track.id, track.name, track.thing_kind) == (declined["id"], "水罐车7", ThingKind.VEHICLE)
    assert set(track.keys) == {first, second}
