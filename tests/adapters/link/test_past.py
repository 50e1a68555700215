"""Tracks of the time of a cut over real links: fetched, once each, and nothing of what the policy withholds."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from adapters.archive.query import Query, everything
from adapters.archive.source import Reading
from adapters.clock import utc_now
from adapters.link import past
from adapters.link.past_gaps import NAME
from adapters.link.peer import Peer
from adapters.link.socket import LinkSocket
from dispatch.consent_commands import RevokeConsent
from dispatch.consent_kinds import ObjectClass
from dispatch.incident_commands import ShareIncident
from dispatch.kinds import AltitudeDatum, Role, SourceKind, TaskingAction
from dispatch.sighting import Sighting
from dispatch.tasking_commands import ActOnTasking, AdoptPlan, ProposePlan
from protocols.codec import link
from protocols.codec.link_past import PastPart, read_rows
from protocols.link_state import LinkState
from tests.adapters.desks import pause
from tests.adapters.link.sites import Line, Site, certificates, partner, sites, until
from tests.adapters.link.test_consents import act, agreed, fire, furnished, terms
from tests.dispatch.scene import Scene

TRACKS = (ObjectClass.INCIDENTS, ObjectClass.TASKINGS, ObjectClass.TRACKS)
SHOWN, MILITARY, STRANGER = "78f001", "78f002", "780abc"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "43")


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every frame that either side puts on its socket, before TLS."""
    caught: list[bytes] = []
    send = LinkSocket.send

    def caught_send(self: LinkSocket, data: bytes) -> None:
        caught.append(data)
        send(self, data)

    monkeypatch.setattr(LinkSocket, "send", caught_send)
    return caught


async def both_fly(site: Site, to: str = "43") -> None:
    """A fire that is shared with a partner, and both helicopters on their way to it; one of them is military."""
    incident_id = await fire(site)
    scene = Scene()
    scene.now = utc_now()
    plan = ProposePlan(
        requested_by="diaodu.wang",
        incident_ids=(incident_id,),
        assignments=tuple(scene.assignment(incident_id, number) for number in (1, 2)),
        reasons=(),
        score=1,
        human_score=2,
        solve_s=0.1,
        solver="test",
        seed=0,
        interchange=b"{}",
    )
    answer = await act(site, plan, None, "planner")
    await act(site, AdoptPlan(plan_id=answer.recorded[0].fact.plan.id, version_seen=1))
    for tasking in list(site.desk.world.taskings.values()):
        for action, role in (
            (TaskingAction.ORDER, Role.DUTY_CHIEF),
            (TaskingAction.ACCEPT, Role.OPERATOR),
        ):
            version = site.desk.world.taskings[tasking.id].version
            command = ActOnTasking(tasking_id=tasking.id, action=action, version_seen=version, reason="")
            await act(site, command, role, "zhiban.li")
    present = site.incident(incident_id)
    assert present is not None
    await act(site, ShareIncident(incident_id=incident_id, partner=to, version_seen=present.version))


class Air:
    """What a receiver of a site hears: three aircraft, each somewhere else every time."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.heard: list[int] = []  # longitudes of SHOWN, 1e-7 degrees

    def hear(self) -> None:
        now = utc_now().timestamp()
        for number, icao24 in enumerate((SHOWN, MILITARY, STRANGER)):
            lon_e7 = 1_138_000_000 + number * 2_000_000 + len(self.heard) * 7_000
            heard = Sighting(
                source="hill",
                source_kind=SourceKind.ADSB,
                icao24=icao24,
                observed_at_s=now,
                lon_deg=lon_e7 / 1e7,
                lat_deg=27.6,
                altitude_m=900.0,
                altitude_datum=AltitudeDatum.PRESSURE,
                ground_speed_mps=60.0,
                track_deg=90.0,
                callsign={SHOWN: "GY7001", MILITARY: "KJ7002"}.get(icao24, "CES5301"),
            )
            self.site.picture.accept(heard, now)
        self.heard.append(1_138_000_000 + len(self.heard) * 7_000)

    async def hear_for(self, times: int) -> None:
        for _ in range(times):
            self.hear()
            await pause(0.3)


def archived(site: Site) -> list[dict[str, Any]]:
    """What stands in a site's archive on disk."""
    assert site.archive is not None
    reading = Reading(site.archive.settings)
    with reading.source() as source:
        found = list(everything(source, Query(from_us=0, to_us=4_000_000_000_000_000)))
    return [row for table in found for row in table.to_pylist()]


def of_partner(site: Site) -> list[dict[str, Any]]:
    return [row for row in archived(site) if row["source"] == "36"]


def places(rows: list[dict[str, Any]], address: str) -> list[int]:
    return [row["lon_e7"] for row in rows if row["address"] == int(address, 16)]


def parts(frames: list[bytes]) -> Iterator[PastPart]:
    for frame in frames:
        message = link.decode(frame)
        if isinstance(message, PastPart):
            yield message


def fetched(site: Site) -> Any:
    return site.status().past.fetched  # type: ignore[union-attr]  # a running site tells it


def done(site: Site, code: str = "") -> int:
    """How many gaps ended so, where none is open."""
    told = fetched(site)
    return 0 if told.missing_us else sum(1 for each in told.ended if each.code == code)


def check(ours: Site, theirs: Site) -> list[int]:
    """Every report of the shown aircraft that 43 has is one of 36's, once; and nothing of any other. Where they were."""
    held = of_partner(theirs)
    assert {row["source_kind"] for row in held} <= {"partner"}
    assert {row["address"] for row in held} <= {int(SHOWN, 16)}
    came = places(held, SHOWN)
    assert len(came) == len(set(came)), "one twice"
    assert set(came) <= set(places(archived(ours), SHOWN))
    return came


@pytest_twisted.ensureDeferred
async def test_what_flew_during_a_cut_is_fetched_once_and_nothing_that_is_withheld(
    tmp_path: Path, ca: Path, frames: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "SETTLE_UNKNOWN", past.SETTLE)
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    ours.archived = theirs.archived = True
    async with sites(theirs, ours):
        await ours.start(partner("43"))
        line.target = ours.links.port
        port = await line.open()
        await theirs.start(partner("36", port), listen="")
        await until(lambda: theirs.status().state is LinkState.LIVE, "live")
        await furnished(ours)
        consent_id = await agreed(ours, "43", replace(terms(*TRACKS), track_every_s=1.0))
        await both_fly(ours)
        air = Air(ours)
        await air.hear_for(2)
        await until(lambda: theirs.picture.of_icao24(SHOWN), "live at 43")

        line.cut()
        await until(lambda: ours.status().state is LinkState.DOWN, "the cut noticed")
        began = len(air.heard)
        await air.hear_for(14)
        line.restore()
        await until(lambda: done(theirs), "what was missed")
        during = set(air.heard[began:])
        assert len(during & set(check(ours, theirs))) >= 3  # 4.2 s, one a second

        await theirs.stop()  # and what was missed while the server was down
        began = len(air.heard)
        await air.hear_for(8)
        await theirs.start(partner("36", port), listen="")
        await until(lambda: done(theirs), "what was missed by a server that was down")
        assert set(air.heard[began:]) & set(check(ours, theirs))
        assert fetched(theirs).rows >= 2
        await until(lambda: theirs.counted("past_rows_written", "36") >= fetched(theirs).rows, "counted")

        version = ours.desk.world.consents[consent_id].version
        revoke = RevokeConsent(consent_id=consent_id, version_seen=version, reason="协议终止")
        await act(ours, revoke, Role.DUTY_CHIEF, "zhiban.li")
        line.cut()
        await until(lambda: ours.status().state is LinkState.DOWN, "another cut")
        line.restore()
        await until(lambda: done(theirs, "NO_CONSENT"), "the refusal by name")
        check(ours, theirs)
        await line.close()
    sent = [part for part in parts(frames) if part.rows]
    assert sent
    for part in sent:
        assert set(read_rows(part).columns["address"].tolist()) == {int(SHOWN, 16)}
        assert read_rows(part).callsigns == ("GY7001",)


@pytest_twisted.ensureDeferred
async def test_what_found_no_room_on_a_full_line_is_fetched_afterwards_and_nothing_stands_there_twice(
    tmp_path: Path, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "SETTLE_UNKNOWN", past.SETTLE)
    monkeypatch.setattr("protocols.link_left_out.QUIET", timedelta(seconds=2))
    full: list[str] = []
    monkeypatch.setattr(Peer, "_congested", lambda self: self.site in full)
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    ours.archived = theirs.archived = True
    async with sites(theirs, ours):
        await ours.start(partner("43"))
        await theirs.start(partner("36", ours.links.port), listen="")
        await until(lambda: theirs.status().state is LinkState.LIVE, "live")
        await furnished(ours)
        await agreed(ours, "43", replace(terms(*TRACKS), track_every_s=1.0))
        await both_fly(ours)
        air = Air(ours)
        await air.hear_for(3)
        await until(lambda: theirs.picture.of_icao24(SHOWN), "live at 43")
        full.append("43")
        began = len(air.heard)
        await air.hear_for(12)
        during = set(air.heard[began : began + 10])
        assert ours.counted("tracks_dropped", "43") > 0
        full.clear()
        await air.hear_for(2)
        await until(lambda: theirs.counted("past_left_out_rows", "36"), "told")
        await until(lambda: done(theirs), "what was left out")
        assert len(during & set(check(ours, theirs))) >= 3


@pytest_twisted.ensureDeferred
async def test_a_site_without_an_archive_says_so_and_asks_for_nothing(
    tmp_path: Path, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "SETTLE_UNKNOWN", past.SETTLE)
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    theirs.archived = True
    async with sites(theirs, ours):
        await ours.start(partner("43"))
        line.target = ours.links.port
        await theirs.start(partner("36", await line.open()), listen="")
        await until((theirs.folder / NAME).exists, "live for a while")
        line.cut()
        await until(lambda: ours.status().state is LinkState.DOWN, "the cut noticed")
        line.restore()
        await until(lambda: done(theirs, "NO_ARCHIVE"), "the reason by name")
        told = ours.status().past
        assert told is not None
        assert not told.wanted
        assert told.fetched.state == "none"
        assert theirs.counted("past_asked", "36") == 0
        await line.close()
