"""What the sources page is given: every feed with all it counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest_twisted

from adapters.web.site import FeedState
from protocols.codec import client
from protocols.codec.client import FeedLine
from protocols.gen import client_pb2
from tests.adapters.web.running import Running

RADARS = FeedState(
    name="radars",
    kind="asterix",
    state="listening",
    messages=10,
    errors=3,
    heard_at=None,
    simulated=False,
    transport="udp",
    address="0.0.0.0:8600",
    bytes=4_000,
    valid=7,
    errors_by_code=(("TRUNCATED", 1), ("UNPLACED", 2)),
    messages_by_kind=(("CAT048", 7),),
    positions=5,
    positions_refused=1,
    repeats=2,
    dropped=4,
    backlog_bytes=90,
    connections=2,
    rate_per_s=2.5,
    clock="off",
    clock_off_s=3_600.25,
    last_error="TRUNCATED: 048/250",
)


@pytest_twisted.ensureDeferred
async def test_every_feed_is_listed_with_what_it_counts(site: Running) -> None:
    heard = site.site.clock() - timedelta(seconds=3)
    site.feeds[:] = [RADARS, replace(RADARS, name="hill", heard_at=heard)]
    answer = await site.http("GET", "feeds", role="observer")
    assert answer.status == 200
    first, second = answer.json["items"]
    assert (first["name"], second["name"]) == ("hill", "radars")
    assert first["heard_age_s"] >= 3
    assert second["heard_age_s"] is None
    assert second["errors_by_code"] == {"TRUNCATED": 1, "UNPLACED": 2}
    assert second["messages_by_kind"] == {"CAT048": 7}
    assert (second["clock"], second["clock_off_s"], second["dropped"]) == ("off", 3_600.25, 4)


@pytest_twisted.ensureDeferred
async def test_feeds_come_in_pages_and_only_to_those_signed_in(site: Running) -> None:
    site.feeds[:] = [replace(RADARS, name=f"feed{number}") for number in range(3)]
    first = (await site.http("GET", "feeds?limit=2", role="observer")).json
    rest = (await site.http("GET", f"feeds?limit=2&cursor={first['next']}", role="observer")).json
    assert [each["name"] for each in first["items"] + rest["items"]] == ["feed0", "feed1", "feed2"]
    assert rest["next"] is None
    assert (await site.http("GET", "feeds")).status == 401


@pytest_twisted.ensureDeferred
async def test_health_tells_strangers_no_addresses(site: Running) -> None:
    site.feeds[:] = [RADARS]
    (feed,) = (await site.http("GET", "health")).json["feeds"]
    assert set(feed) == {"name", "kind", "state", "messages", "errors", "heard_age_s", "simulated"}


def test_the_status_line_carries_every_count() -> None:
    values = {name: getattr(RADARS, name) for name in FeedLine.__dataclass_fields__ if hasattr(RADARS, name)}
    line = FeedLine(**values | {"heard_age_ms": None, "clock_off_ms": 3_600_250})
    message = client_pb2.ServerMessage()
    message.ParseFromString(client.status(datetime.now(UTC), [line], [], 0))
    (wire,) = message.status.feeds
    for name in ("bytes", "valid", "positions", "positions_refused", "repeats", "dropped", "backlog_bytes"):
        assert getattr(wire, name) == getattr(RADARS, name), name
    assert {each.name: each.count for each in wire.errors_by_code} == {"TRUNCATED": 1, "UNPLACED": 2}
    assert [(each.name, each.count) for each in wire.messages_by_kind] == [("CAT048", 7)]
    assert (wire.clock, wire.clock_off_ms, wire.transport, wire.rate_per_s) == ("off", 3_600_250, "udp", 2.5)
