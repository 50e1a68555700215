"""The doors from outside: shapes of answers and errors, whoever asks."""

import contextlib
import json

import pytest
import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.json_doors import MAX_BODY_BYTES
from tests.adapters.web.running import Running

FIRE = {"kind": "forest_fire", "level": 3, "title": "山火", "position": {"lon_deg": 115.9, "lat_deg": 28.7}}


@pytest_twisted.ensureDeferred
async def test_a_reported_incident_is_answered_with_its_id_and_can_be_read(site: Running) -> None:
    made = await site.http("POST", "incidents", FIRE, role="dispatcher")
    assert made.status == 201
    assert made.headers["content-type"] == "application/json"
    assert made.headers["cache-control"] == "no-store"
    incident = made.json
    assert incident["state"] == "reported"
    assert incident["position"] == {"lon_deg": 115.9, "lat_deg": 28.7}
    assert incident["reported_at"] == "2026-11-24T03:00:00Z"
    assert incident["history"][0]["actor"] == "dispatcher"
    assert (await site.http("GET", f"incidents/{incident['id']}", role="dispatcher")).json == incident
    listed = await site.http("GET", "incidents", role="observer")
    assert [each["id"] for each in listed.json["items"]] == [incident["id"]]
    assert listed.json["next"] is None


@pytest_twisted.ensureDeferred
async def test_a_coordinate_in_gcj02_is_stored_as_wgs84(site: Running) -> None:
    incident = await site.incident(datum="gcj02")
    assert incident["stated_datum"] == "gcj02"
    assert 1e-4 < abs(incident["position"]["lon_deg"] - 115.9) < 1e-2


@pytest_twisted.ensureDeferred
async def test_errors_are_problems_with_a_code_and_the_field(site: Running) -> None:
    async def wrong(body: object) -> tuple[int, str, str]:
        answer = await site.http("POST", "incidents", body, role="dispatcher")
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json
        assert problem["status"] == answer.status
        assert problem["title"]
        assert problem["type"].startswith("urn:ganying:problem:")
        return answer.status, problem["code"], problem.get("field", "")

    assert await wrong(b"{nonsense") == (400, "UNREADABLE", "")
    assert await wrong(b"\xff\xfe") == (400, "UNREADABLE", "")
    deep = b'{"kind":' + b"[" * 60_000
    assert (await wrong(deep))[0] in (400, 422)
    assert await wrong([]) == (422, "MALFORMED", "")
    assert await wrong({**FIRE, "kind": "dragon"}) == (422, "MALFORMED", "kind")
    assert await wrong({**FIRE, "level": "3"}) == (422, "MALFORMED", "level")
    assert await wrong({**FIRE, "level": 5}) == (422, "MALFORMED", "level")
    assert await wrong({**FIRE, "title": "  "}) == (422, "MALFORMED", "title")
    assert await wrong({**FIRE, "colour": 1}) == (422, "MALFORMED", "colour")
    assert await wrong({**FIRE, "position": {"lon_deg": 1}}) == (422, "MALFORMED", "position.lat_deg")
    assert await wrong({**FIRE, "position": {"lon_deg": 1, "lat_deg": 91.2}}) == (
        422,
        "MALFORMED",
        "position.lat_deg",
    )
    assert await wrong(b'{"level": 1e999}') == (422, "MALFORMED", "level")


@pytest_twisted.ensureDeferred
async def test_paths_and_methods_that_are_no_doors_say_so(site: Running) -> None:
    nowhere = await site.http("GET", "nowhere", role="dispatcher")
    assert (nowhere.status, nowhere.json["code"]) == (404, "NOT_FOUND")
    wrong = await site.http("PATCH", "incidents", role="dispatcher")
    assert (wrong.status, wrong.json["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert {"GET", "POST"} <= set(wrong.headers["allow"].split(", "))
    assert (await site.http("GET", "incidents/%ff", role="dispatcher")).status == 404
    assert (await site.http("GET", "incidents/36-INC-NONE", role="dispatcher")).json["code"] == "UNKNOWN_ID"
    kind = await site.http("POST", "incidents", b"a=1", role="dispatcher", headers={"Content-Type": "text/x"})
    assert (kind.status, kind.json["code"]) == (415, "WRONG_CONTENT_TYPE")


@pytest_twisted.ensureDeferred
async def test_without_a_session_only_open_doors_answer(site: Running) -> None:
    for method, path in (("GET", "incidents"), ("POST", "incidents"), ("GET", "tracks"), ("GET", "session")):
        answer = await site.http(method, path, FIRE if method == "POST" else None)
        assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await site.http("GET", "incidents", token="made-up")).status == 401
    assert (await site.http("GET", "incidents", headers={"Authorization": "Basic eDp5"})).status == 401
    assert (await site.http("GET", "health")).status == 200


@pytest_twisted.ensureDeferred
async def test_a_repeated_key_gets_the_first_answer_and_another_body_is_refused(site: Running) -> None:
    key = {"Idempotency-Key": "retry 1"}
    first = await site.http("POST", "incidents", FIRE, role="dispatcher", headers=key)
    again = await site.http("POST", "incidents", FIRE, role="dispatcher", headers=key)
    assert first.status == again.status == 201
    assert first.json["id"] == again.json["id"]
    other = await site.http("POST", "incidents", {**FIRE, "level": 2}, role="dispatcher", headers=key)
    assert (other.status, other.json["code"]) == (422, "KEY_REUSED")
    somebody_else = await site.http("POST", "incidents", FIRE, role="duty_chief", headers=key)
    assert somebody_else.json["id"] != first.json["id"]
    assert len((await site.http("GET", "incidents", role="dispatcher")).json["items"]) == 2
    for bad in ("x" * 65, "é", ""):
        wrong = await site.http(
            "POST", "incidents", FIRE, role="dispatcher", headers={"Idempotency-Key": bad}
        )
        assert (wrong.status, wrong.json["field"]) == (422, "Idempotency-Key")


@pytest_twisted.ensureDeferred
async def test_a_stale_version_is_told_the_present_one_and_none_is_malformed(site: Running) -> None:
    incident = await site.confirmed()
    path = f"incidents/{incident['id']}/dismiss"
    stale = await site.http("POST", path, {"version": 1, "reason": "误报"}, role="dispatcher")
    assert (stale.status, stale.json["code"], stale.json["version"]) == (409, "CHANGED", 2)
    for body in ({"reason": "误报"}, None):
        none = await site.http("POST", path, body, role="dispatcher")
        assert (none.status, none.json["code"], none.json["field"]) == (422, "MALFORMED", "version")


@pytest_twisted.ensureDeferred
async def test_what_the_state_does_not_allow_is_refused_with_what_it_does(site: Running) -> None:
    incident = await site.incident()
    answer = await site.http("POST", f"incidents/{incident['id']}/contain", {"version": 1}, role="dispatcher")
    assert (answer.status, answer.json["code"]) == (409, "NOT_NOW")
    assert "confirm" in answer.json["detail"]


@pytest_twisted.ensureDeferred
async def test_lists_come_in_parts_that_join_without_gap_or_repeat(site: Running) -> None:
    made = []
    for _ in range(7):
        site.clock.forward(seconds=1)
        made.append((await site.incident())["id"])
    seen: list[str] = []
    cursor = ""
    while True:
        answer = await site.http("GET", f"incidents?limit=3&cursor={cursor}", role="dispatcher")
        seen += [each["id"] for each in answer.json["items"]]
        cursor = answer.json["next"]
        if cursor is None:
            break
    assert seen == made[::-1]
    for query in ("limit=0", "limit=501", "limit=x", "limit=1&limit=2", "cursor=%00", "colour=1"):
        wrong = await site.http("GET", f"incidents?{query}", role="dispatcher")
        assert (wrong.status, wrong.json["code"]) == (422, "MALFORMED"), query


@pytest_twisted.ensureDeferred
async def test_a_body_over_the_limit_is_refused_whether_announced_or_in_chunks(site: Running) -> None:
    big = await site.http("POST", "incidents", b'"' + b"x" * MAX_BODY_BYTES + b'"', role="dispatcher")
    assert (big.status, big.json["code"]) == (413, "TOO_LARGE")

    def chunks(line: object) -> bytes:
        line.sendall(b"POST /api/v1/incidents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(9):
            line.sendall(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
        return line.recv(4096)

    assert (await site.raw(chunks)).startswith(b"HTTP/1.1 413 ")


@pytest_twisted.ensureDeferred
async def test_health_says_how_the_journal_and_the_feeds_are_and_nothing_secret(site: Running) -> None:
    health = (await site.http("GET", "health")).json
    assert health["status"] == "ok"
    assert health["site"] == "36"
    assert health["journal_seq"] == site.desk.world.seq
    assert "token" not in json.dumps(health)


@pytest_twisted.ensureDeferred
async def test_secrets_of_accounts_are_in_no_answer(site: Running) -> None:
    for path in ("session", "incidents", "taskings", "resources/aircraft", "health", "openapi.json"):
        answer = await site.http("GET", path, role="dispatcher")
        assert answer.status == 200
        assert b"argon2" not in answer.body
        assert b"totp_sealed" not in answer.body


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("path", ["session", "incidents", "plans", "resources/bases", "taskings/x/refuse"])
def test_no_json_shape_makes_a_door_fail(path: str) -> None:
    from adapters.web.server import all_doors
    from dispatch.errors import Malformed
    from protocols.json_doors import Unreadable, read

    taken = {
        "session": "openSession",
        "incidents": "reportIncident",
        "plans": "proposePlan",
        "resources/bases": "saveBases",
        "taskings/x/refuse": "refuseTasking",
    }
    door = next(each for each in all_doors() if each.name == taken[path])

    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(value=json_values)
    def shapes(value: object) -> None:
        with contextlib.suppress(Malformed, Unreadable):
            read(json.dumps(value).encode("utf-8", "surrogatepass"), door.takes)

    shapes()
