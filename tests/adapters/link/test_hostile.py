"""A certified partner that means no good, over real TLS: refused or held by name, while another link and the desk go on."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_twisted

from adapters.clock import utc_now
from adapters.link import LinkStatus
from dispatch.incident_facts import IncidentShared
from dispatch.kinds import Role
from protocols.codec import facts, link
from protocols.codec.link import Ack, Batch, LinkRow
from protocols.codec.link_columns import MAX_COLUMN_ROWS, LinkColumns
from protocols.codec.track_states import STATE
from protocols.gen import link_pb2
from protocols.link_lanes import Lane
from protocols.link_state import LinkState
from tests.adapters.desks import report
from tests.adapters.link.intruder import Intruder
from tests.adapters.link.sites import Site, certificates, partner, sites, until
from tests.dispatch.scene import Scene

HUGE = 100 << 20
UNKNOWN = b"\xa2\x1f\x03new"  # field 500, three bytes


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "42", "43")


@asynccontextmanager
async def besieged(tmp_path: Path, ca: Path) -> AsyncIterator[Site]:
    """Site 36 with an honest link to 42, waiting for 43. At the end the honest link and the desk still go on."""
    ours, honest = Site(tmp_path, "36", ca), Site(tmp_path, "42", ca)
    async with sites(honest, ours):
        await ours.start(partner("43"), partner("42"))
        await honest.start(partner("36", ours.links.port), listen="")
        await until(lambda: honest.status().state is LinkState.LIVE, "the honest link")
        yield ours
        incident_id = await ours.shared_incident("the honest one goes on", "42")
        await until(lambda: honest.incident(incident_id), "the honest link works")
        assert honest.status().state is LinkState.LIVE


async def intruding(ours: Site, ca: Path, **greet: Any) -> Intruder:
    intruder = Intruder()
    await intruder.dial(ca, ours.links.port)
    intruder.greet(**greet)
    return intruder


def shown(ours: Site) -> LinkStatus:
    """The hostile partner's link as `GET partners` and the link page show it."""
    found: LinkStatus = ours.links.statuses()[0]
    return found


def shared_row(number: int) -> LinkRow:
    """An incident of site 43 that it shares with us."""
    scene = Scene("43")
    incident_id = scene.report()
    incident = scene.world.incidents[incident_id]
    kind, body = facts.encode(IncidentShared(partner="36", incident=incident, taskings=(), requests=()))
    return LinkRow(
        seq=number,
        at=utc_now(),
        origin="43",
        origin_seq=number,
        command_id=str(number),
        part=0,
        actor="43",
        role=Role.DISPATCHER,
        kind=kind,
        body=body,
        object_class="incidents",
    )


@pytest_twisted.ensureDeferred
async def test_a_frame_of_a_hundred_megabytes_is_refused_by_its_head(tmp_path: Path, ca: Path) -> None:
    """Nobody waits for the rest of it, and the link page says what happened."""
    async with besieged(tmp_path, ca) as ours:
        intruder = await intruding(ours, ca)
        await until(lambda: shown(ours).state is LinkState.CATCHING_UP, "greeted")
        intruder.socket.transport.write(struct.pack("!BBQI", 0x82, 0xFF, HUGE, 0) + bytes(4096))
        await until(lambda: intruder.gone, "the end")
        await until(lambda: shown(ours).refused == {"FRAME_TOO_LARGE": 1}, "counted")
        assert shown(ours).reason == "FRAME_TOO_LARGE"
        assert shown(ours).state is LinkState.DOWN


@pytest_twisted.ensureDeferred
async def test_another_major_is_refused_a_newer_minor_talks_and_may_not_go_back(
    tmp_path: Path, ca: Path
) -> None:
    """What it sends that is not known here is passed over and counted; what is known is taken."""
    async with besieged(tmp_path, ca) as ours:
        future = await intruding(ours, ca, version=2)
        await until(lambda: future.gone, "the end of another major")
        assert future.parted() == "VERSION"
        assert (shown(ours).state, shown(ours).reason) == (LinkState.REFUSED, "VERSION")

        lanes = tuple(
            link.LaneAt(lane=lane, have=0, have_epoch="", head=head)
            for lane, head in ((0, 10), (1, 10), (9, 5))
        )
        newer = await intruding(ours, ca, minor=9, capabilities=("lanes", "telepathy"), lanes=lanes)
        await until(lambda: shown(ours).version == "1.9", "the newer minor")
        batch = link.encode(Batch(after=0, through=10, rows=(shared_row(4),)))
        newer.socket.send(UNKNOWN)
        newer.socket.send(batch + UNKNOWN)
        await until(lambda: Ack(through=10) in newer.heard, "taken")
        assert shown(ours).refused == {"UNKNOWN_MESSAGE": 1}
        assert len([each for each in await ours.desk.rows_after(0, 10) if each.origin == "43"]) == 1
        newer.socket.close()
        await until(lambda: newer.gone and shown(ours).state is LinkState.DOWN, "gone")

        older = await intruding(ours, ca)
        await until(lambda: older.gone, "the end of the step back")
        assert older.parted() == "DOWNGRADE"
        assert (shown(ours).state, shown(ours).reason) == (LinkState.REFUSED, "DOWNGRADE")


@pytest_twisted.ensureDeferred
async def test_a_row_by_a_role_nobody_knows_is_refused_alone(tmp_path: Path, ca: Path) -> None:
    """Its neighbours in the batch are taken and the cursor passes it."""
    async with besieged(tmp_path, ca) as ours:
        intruder = await intruding(ours, ca)
        wire = link_pb2.LinkMessage.FromString(
            link.encode(Batch(after=0, through=9, rows=(shared_row(3), shared_row(4))))
        )
        wire.batch.rows[0].role = 99  # type: ignore[assignment]  # a role of a later version
        intruder.socket.send(wire.SerializeToString())
        await until(lambda: Ack(through=9) in intruder.heard, "the cursor passes")
        assert shown(ours).refused == {"ROLE": 1}
        kept = [each.origin_seq for each in await ours.desk.rows_after(0, 10) if each.origin == "43"]
        assert kept == [4]
        assert ours.desk.cursor("43", Lane.ORDERS).have == 9


@pytest_twisted.ensureDeferred
async def test_a_million_tracks_are_held_and_the_others_notice_nothing(tmp_path: Path, ca: Path) -> None:
    """As fast as its socket goes, in the form that is cheapest to send."""
    async with besieged(tmp_path, ca) as ours:
        intruder = await intruding(ours, ca)
        await until(lambda: shown(ours).state is LinkState.CATCHING_UP, "greeted")
        states = np.zeros(MAX_COLUMN_ROWS, STATE)
        states["number"] = np.arange(MAX_COLUMN_ROWS) + 0x780000
        states["lon_e7"], states["lat_e7"] = 1_159_000_000, 287_000_000
        frame = link.encode(LinkColumns(at=utc_now() - timedelta(seconds=1), states=states, labels=()))
        head = struct.pack("!BBQI", 0x82, 0xFF, len(frame), 0)  # masked with nothing, which costs nothing
        for _ in range(1_000_000 // MAX_COLUMN_ROWS):
            intruder.socket.transport.write(head + frame)
        await ours.ask(report(1).command)  # the desk answers meanwhile
        incident_id = await ours.shared_incident("meanwhile", "42")
        await until(lambda: ours.links.statuses()[1].queue == 0, "and the honest link carries it")
        assert ours.incident(incident_id) is not None
        assert shown(ours).bytes_in["tracks"] < 123 * len(frame)  # the rest waits at the sender
        assert shown(ours).state is LinkState.CATCHING_UP  # held, not punished
        assert len(ours.picture) <= MAX_COLUMN_ROWS
