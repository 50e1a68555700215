"""Tracks of the time of a cut over real links: fetched, once each, and nothing of what the policy withholds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from adapters.archive.query import Query, everything
from adapters.archive.source import Reading
from adapters.clock import utc_now
from adapters.link.socket import LinkSocket
from dispatch.commands import ActOnTasking, AdoptPlan, ProposePlan, ShareIncident
from dispatch.consent_kinds import ObjectClass
from dispatch.kinds import AltitudeDatum, Role, SourceKind, TaskingAction
from dispatch.sighting import Sighting
from protocols import link_past
from protocols.codec import link
from protocols.codec.link_past import PastPart, read_rows
from protocols.link_state import LinkState
from tests.adapters.desks import pause
from tests.adapters.link.sites import Line, Site, certificates, partner, sites, until
from tests.adapters.link.test_consents import act, agreed, fire, furnished, terms
from tests.dispatch.scene import Scene

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


async def both_fly(site: Site) -> None:
    """A fire that is shared with 43, and both helicopters on their way to it; one of them is military."""
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
    await act(site, ShareIncident(incident_id=incident_id, partner="43", version_seen=present.version))


class Air:
    """What a receiver of a site hears: three aircraft, each somewhere else every time."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.count = 0

    def hear(self) -> None:
        self.count += 1
        now = utc_now().timestamp()
        for number, icao24 in enumerate((SHOWN, MILITARY, STRANGER)):
            heard = Sighting(
                source="hill",
                source_kind=SourceKind.ADSB,
                icao24=icao24,
                observed_at_s=now,
                lon_deg=113.8 + number * 0.2 + self.count * 0.0007,
                lat_deg=27.6,
                altitude_m=900.0,
                altitude_datum=AltitudeDatum.PRESSURE,
                ground_speed_mps=60.0,
                track_deg=90.0,
                callsign={SHOWN: "GY7001", MILITARY: "KJ7002"}.get(icao24, "CES5301"),
            )
            self.site.picture.accept(heard, now)

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


@pytest_twisted.ensureDeferred
async def test_what_flew_during_a_cut_is_fetched_once_and_nothing_that_is_withheld(
    tmp_path: Path, ca: Path, frames: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_past, "FIRST_BYTES", 1)  # many parts
    monkeypatch.setattr(link_past, "MOST_BYTES", 1)
    monkeypatch.setattr("adapters.link.past_reader.LEAST_ROWS", 2)
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    ours.archived = theirs.archived = True
    async with sites(theirs, ours):
        await ours.start(partner("43"))
        line.target = ours.links.port
        await theirs.start(partner("36", await line.open()), listen="")
        await until(lambda: theirs.status().state is LinkState.LIVE, "live")
        await furnished(ours)
        one_a_second = terms(ObjectClass.INCIDENTS, ObjectClass.TASKINGS, ObjectClass.TRACKS)
        await agreed(ours, "43", one_a_second)
        await both_fly(ours)
        air = Air(ours)
        await air.hear_for(2)
        await until(lambda: theirs.picture.of_icao24(SHOWN), "live at 43")
        await until(lambda: theirs.desk.world.taskings, "its tasking at 43")

        line.cut()
        await until(lambda: ours.status().state is LinkState.DOWN, "the cut noticed")
        await air.hear_for(16)
        line.restore()
        await pause(8)
        print(
            "P",
            theirs.status().past,
            ours.status().past,
            theirs.status().state,
            theirs.links._peers["36"].session.counts,
            ours.links._peers["43"].session.counts,
        )
        await until(lambda: fetched(theirs).rows, "the first of what was missed")
        line.cut()
        await until(lambda: ours.status().state is LinkState.DOWN, "another cut")
        await air.hear_for(2)
        line.restore()
        await until(lambda: any(each.code == "" for each in fetched(theirs).ended), "the last of it")
        await until(lambda: not fetched(theirs).missing_us, "nothing missing")

        held = of_partner(theirs)
        assert {row["source_kind"] for row in held} == {"partner"}
        assert {row["address"] for row in held} == {int(SHOWN, 16)}
        heard = places(archived(ours), SHOWN)
        came = places(held, SHOWN)
        assert len(came) == len(set(came)), "one twice"
        assert set(came) <= set(heard)
        times = sorted(row["at"] for row in held)
        assert len(times) >= 2
        await line.close()
        print(len(heard), len(came), [str(t) for t in times], theirs.status().past)
    for part in parts(frames):
        assert set(read_rows(part).columns["address"].tolist()) <= {int(SHOWN, 16)}
        assert b"KJ7002" not in link.encode(part)
