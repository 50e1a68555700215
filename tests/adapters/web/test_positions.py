"""Position reports over HTTP: who may say what, the datum is stated, bursts are bounded, nothing is journalled."""

from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.allowance import Allowance, Allowances
from adapters.web.doors_positions import FOR_OTHERS, OWN
from adapters.web.reports import MAX_SOURCES, Reports
from dispatch import access
from dispatch.geo import Position, distance_m, position_from, wgs84_to_gcj02
from dispatch.kinds import Emergency, HorizontalDatum, Role, SourceKind, ThingKind
from dispatch.sighting import Sighting
from dispatch.tracks import Verdict
from tests.adapters.web.running import Running

HERE = {"position": {"lon_deg": 115.36, "lat_deg": 28.86}, "datum": "wgs84"}


@pytest.fixture
def heard(site: Running) -> list[Sighting]:
    """What the picture was handed, in order; each is then judged by the picture itself."""
    found: list[Sighting] = []

    def accept(sighting: Sighting, now: float) -> Verdict:
        found.append(sighting)
        return site.picture.accept(sighting, now)

    site.site.accept = accept
    return found


async def report(site: Running, role: str, **changes: Any) -> Any:
    return await site.http("POST", "positions", {**HERE, **changes}, role=role)


@pytest_twisted.ensureDeferred
async def test_a_crew_reports_itself_and_is_told_the_verdict(site: Running, heard: list[Sighting]) -> None:
    answer = await report(
        site,
        "operator",
        observed_at="2026-11-24T11:00:00+08:00",
        accuracy_m=8.5,
        altitude_m=420,
        altitude_datum="ellipsoid",
        ground_speed_mps=12.5,
        track_deg=360,
        thing_kind="team",
        emergency="sos",
    )
    assert (answer.status, answer.json) == (202, {"key": "phone:operator", "verdict": "accepted"})
    [seen] = heard
    assert (seen.key, seen.source, seen.source_kind) == ("phone:operator", "phone", SourceKind.PHONE)
    assert seen.observed_at_s == site.clock().timestamp()
    assert (seen.lon_deg, seen.lat_deg, seen.accuracy_m, seen.track_deg) == (115.36, 28.86, 8.5, 0.0)
    assert (seen.name, seen.thing_kind, seen.emergency) == ("Operator", ThingKind.TEAM, Emergency.SOS)
    assert seen.simulated is False


@pytest_twisted.ensureDeferred
async def test_a_gateway_reports_another_thing_under_its_key(site: Running, heard: list[Sighting]) -> None:
    answer = await report(site, "base", key="truck-7", name="水罐车7", thing_kind="vehicle", accuracy_m=15)
    assert answer.json == {"key": "report:truck-7", "verdict": "accepted"}
    [seen] = heard
    assert (seen.key, seen.source, seen.source_kind) == ("report:truck-7", "report:base", SourceKind.REPORT)
    assert (seen.name, seen.thing_kind) == ("水罐车7", ThingKind.VEHICLE)


@pytest_twisted.ensureDeferred
async def test_gcj02_is_converted_and_an_undeclared_datum_is_refused(
    site: Running, heard: list[Sighting]
) -> None:
    true = Position(lon_deg=115.36, lat_deg=28.86)
    stated = wgs84_to_gcj02(true)
    place = {"lon_deg": stated.lon_deg, "lat_deg": stated.lat_deg}
    assert (await report(site, "observer", position=place, datum="gcj02")).status == 202
    [seen] = heard
    assert seen.lon_deg is not None
    assert seen.lat_deg is not None
    assert distance_m(Position(lon_deg=seen.lon_deg, lat_deg=seen.lat_deg), true) < 0.1
    silent = await site.http("POST", "positions", {"position": place}, role="observer")
    assert (silent.status, silent.json["code"], silent.json["field"]) == (422, "MALFORMED", "datum")
    foreign = await report(site, "observer", datum="bd09")
    assert (foreign.status, foreign.json["field"]) == (422, "datum")
    height = await report(site, "observer", altitude_m=300)
    assert (height.status, height.json["code"], height.json["field"]) == (
        409,
        "UNDECLARED_DATUM",
        "altitude_datum",
    )
    assert len(heard) == 1


@pytest_twisted.ensureDeferred
async def test_each_role_reports_what_the_table_lets_it(site: Running, heard: list[Sighting]) -> None:
    for role in Role:
        own = await report(site, role.value)
        assert own.status == (202 if role in access.REPORT_POSITION else 403), role
        other = await report(site, role.value, key="truck-7")
        assert other.status == (202 if role in access.REPORT_THING else 403), role
    assert {Role.AUDITOR, Role.SECADMIN, Role.ATC, Role.PARTNER}.isdisjoint(
        access.REPORT_POSITION | access.REPORT_THING
    )
    assert (await site.http("POST", "positions", HERE)).status == 401
    assert {each.source_kind for each in heard} == {SourceKind.PHONE, SourceKind.REPORT}


@pytest_twisted.ensureDeferred
async def test_a_real_site_takes_in_nothing_simulated(
    site: Running, heard: list[Sighting], tmp_path: Any
) -> None:
    refused = await report(site, "operator", simulated=True)
    assert (refused.status, refused.json["code"], refused.json["field"]) == (
        409,
        "NOT_A_DEMONSTRATION",
        "simulated",
    )
    assert heard == []
    folder = tmp_path / "demonstration"
    folder.mkdir()
    shown = await Running.start(folder, demonstration=True)
    try:
        assert (await report(shown, "operator", simulated=True)).status == 202
    finally:
        await shown.stop()


@pytest_twisted.ensureDeferred
async def test_a_batch_is_judged_one_by_one_and_refused_as_a_whole(
    site: Running, heard: list[Sighting]
) -> None:
    kept = [
        {**HERE, "observed_at": f"2026-11-24T02:59:{second:02d}Z", "backfill": True} for second in (10, 20)
    ]
    now = {**HERE, "position": {"lon_deg": 115.361, "lat_deg": 28.86}}
    answer = await site.http("POST", "positions/batch", {"reports": [*kept, now]}, role="operator")
    assert answer.status == 202, answer.body
    assert [item["key"] for item in answer.json["items"]] == ["phone:operator"] * 3
    assert all(item["verdict"] in set(Verdict) for item in answer.json["items"])
    assert [each.backfill for each in heard] == [True, True, False]
    bare = {**HERE, "altitude_m": 3}
    bad = await site.http("POST", "positions/batch", {"reports": [HERE, bare]}, role="operator")
    assert (bad.status, bad.json["field"]) == (409, "reports[1].altitude_datum")
    mixed = {"reports": [HERE, {**HERE, "key": "truck-7"}]}
    assert (await site.http("POST", "positions/batch", mixed, role="operator")).status == 403
    for reports in ([], [HERE] * 101):
        assert (await site.http("POST", "positions/batch", {"reports": reports}, role="base")).status == 422
    assert len(heard) == 3


@pytest_twisted.ensureDeferred
async def test_a_flood_is_answered_429_until_the_account_may_again(
    site: Running, heard: list[Sighting]
) -> None:
    batch = {"reports": [HERE] * 100}
    for _ in range(int(OWN.burst / 100)):
        assert (await site.http("POST", "positions/batch", batch, role="operator")).status == 202
    full = await report(site, "operator")
    assert (full.status, full.json["code"], full.headers["retry-after"]) == (429, "TOO_MANY", "1")
    assert (await report(site, "observer")).status == 202  # everybody has an allowance of their own
    assert (await site.http("POST", "positions/batch", batch, role="base")).status == 202
    site.clock.forward(seconds=1)
    assert (await report(site, "operator")).status == 202
    assert {source.name: source.errors["TOO_MANY"] for source in site.site.reports}["phone"] == 1
    assert FOR_OTHERS.per_s > OWN.per_s


@pytest_twisted.ensureDeferred
async def test_no_report_reaches_the_journal(site: Running, heard: list[Sighting]) -> None:
    before = site.desk.world.seq
    for role in ("operator", "base"):
        assert (await report(site, role)).status == 202
    assert site.desk.world.seq == before
    assert len(heard) == 2


@pytest_twisted.ensureDeferred
async def test_reports_are_counted_as_sources_with_their_faults(site: Running, heard: list[Sighting]) -> None:
    near = {"lon_deg": 115.36001, "lat_deg": 28.86}
    await report(site, "operator")
    await report(site, "base", key="truck-7", position=near)
    await report(site, "base", key="truck-7", datum="bd09")
    await report(site, "base", key="truck-7", observed_at="2026-11-24T04:00:00Z")
    sources = {source.name: source for source in site.site.reports}
    assert (sources["phone"].messages, sources["phone"].verdicts[Verdict.ACCEPTED]) == (1, 1)
    gateway = sources["report:base"]
    assert (gateway.messages, dict(gateway.verdicts)) == (2, {Verdict.ACCEPTED: 1, Verdict.FUTURE: 1})
    assert dict(gateway.errors) == {"MALFORMED": 1}
    assert "datum" in gateway.last_error
    assert gateway.heard_at == site.clock()
    assert len(heard) == 3
    listed = (await site.http("GET", "feeds", role="dispatcher")).json["items"]
    [shown] = [each for each in listed if each["name"] == "report:base"]
    assert (shown["kind"], shown["state"], shown["tracks"]) == ("report", "connected", 1)
    assert (shown["positions"], shown["positions_refused"], shown["errors_by_code"]) == (
        1,
        1,
        {"MALFORMED": 1},
    )
    assert 0 < shown["rate_per_s"] < 1
    site.clock.forward(minutes=20)
    site.picture.expire(site.clock().timestamp())
    listed = (await site.http("GET", "feeds", role="dispatcher")).json["items"]
    [silent] = [each for each in listed if each["name"] == "report:base"]
    assert (silent["state"], silent["tracks"]) == ("listening", 0)  # nobody has to report


def test_gateways_beyond_the_bound_push_out_the_one_silent_longest() -> None:
    reports, at = Reports(), datetime(2026, 11, 24, tzinfo=UTC)
    for number in range(MAX_SOURCES + 1):
        reports.judged(f"report:g{number}", Verdict.ACCEPTED, simulated=False, at=at)
    names = [source.name for source in reports]
    assert (len(names), names[0], names[-1]) == (MAX_SOURCES, "report:g1", f"report:g{MAX_SOURCES}")


@given(
    asks=st.lists(st.tuples(st.floats(0, 20), st.integers(1, 100)), min_size=1, max_size=60),
    burst=st.integers(1, 200),
    per_s=st.floats(0.1, 50),
)
def test_an_account_never_gets_more_than_its_allowance(
    asks: list[tuple[float, int]], burst: int, per_s: float
) -> None:
    allowances, now, taken = Allowances(), 0.0, 0
    for passed, number in asks:
        now += passed
        wait_s = allowances.take("a", number, Allowance(burst, per_s), now)
        assert wait_s >= 0
        if wait_s == 0:
            taken += number
        assert taken <= burst + now * per_s + 1e-6


@given(lon=st.floats(100, 120), lat=st.floats(20, 40))
def test_every_stated_datum_comes_back_to_the_same_place(lon: float, lat: float) -> None:
    true = Position(lon_deg=lon, lat_deg=lat)
    assert position_from(true.lon_deg, true.lat_deg, HorizontalDatum.CGCS2000) == true
    stated = wgs84_to_gcj02(true)
    back = position_from(stated.lon_deg, stated.lat_deg, HorizontalDatum.GCJ02)
    assert distance_m(back, true) < 0.5
