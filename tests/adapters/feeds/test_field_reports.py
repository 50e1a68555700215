"""Spots of field clients at the desk: a report to be looked at, once, however often and by whatever client it comes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from adapters.feeds import FeedConfig
from adapters.feeds.field_reports import NEW_IN_A_WINDOW, RETRY_S, WAITING, WINDOW, FieldReports
from adapters.metrics import Metrics
from dispatch.commands import Ask
from dispatch.errors import Busy, Malformed, Refused
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import AlarmFlag, AlarmKind, IncidentAction, IncidentKind, IncidentState, Role
from dispatch.records import AlarmSource, Incident
from protocols.cot_event import Detail, Link
from protocols.cot_marker import report_of
from tests.adapters.feeds.cot_site import WHERE, Client, CotSite, Pytak, fresh
from tests.adapters.feeds.test_feed import until
from tests.dispatch.scene import Scene
from tests.protocols.test_cot_marker import spot


class Desk:
    """A scene that is asked; `busy` so many times it cannot."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.busy = scene, 0
        self.asked: list[Ask] = []

    def ask(self, ask: Ask) -> "Deferred[Any]":
        self.asked.append(ask)
        if self.busy:
            self.busy -= 1
            return fail(Busy())
        try:
            return succeed(self.scene.take(ask))
        except Refused as error:
            return fail(error)


@pytest_twisted.async_yield_fixture
async def site() -> AsyncIterator[CotSite]:
    made = CotSite()
    yield made
    await made.stop()


def reports_for(desk: Desk, clock: Clock) -> FieldReports:
    return FieldReports(desk.ask, clock=lambda: desk.scene.now, metrics=Metrics(), reactor=clock)


def fires(scene: Scene) -> list[Incident]:
    return list(scene.world.incidents.values())


def alarm(uid: str = "spot-1", **changes: Any) -> AlarmSource:
    made = report_of(spot(), source="tak", simulated=False, made_s=None)
    return replace(made, own_id=f"cot:{uid}", **changes)


@pytest_twisted.ensureDeferred
async def test_a_spot_of_pytak_is_a_candidate_once_and_says_so_when_it_is_deleted(site: CotSite) -> None:
    desk = Desk(site.scene)
    feed = await site.start(markers=True)
    feed.reports = reports_for(desk, Clock())
    peer = Pytak(f"tcp://{WHERE}:{feed.port}")
    await until(lambda: peer.connected)
    mark = fresh(
        "spot-7", type="b-m-p-s-m", how="h-g-i-g-o", detail=Detail(callsign="山火 7号", remarks="火头向西")
    )
    for _ in range(3):
        peer.send(mark)
    nothing = replace(mark, uid="spot-8", detail=Detail())
    peer.send(nothing)
    await until(lambda: dict(feed.status().errors).get("MARKER") == 1)
    (found,) = fires(site.scene)
    assert (found.state, found.kind, found.title) == (
        IncidentState.REPORTED,
        IncidentKind.FOREST_FIRE,
        "山火 7号",
    )
    assert AlarmFlag.UNVERIFIED in found.flags
    assert [(each.kind, each.source, each.own_id) for each in found.sources] == [
        (AlarmKind.FIELD_MARKER, "field0", "cot:spot-7")
    ]
    kinds = dict(feed.status().kinds)
    assert (kinds["marker_taken"], kinds["marker_repeated"]) == (1, 2)
    with pytest.raises(Refused, match="UNVERIFIED"):
        site.scene.ask(
            Role.DISPATCHER,
            ActOnIncident(incident_id=found.id, action=IncidentAction.CONFIRM, version_seen=found.version),
        )
    link = Link(uid="spot-7", type="b-m-p-s-m", relation="p-p")
    peer.send(fresh("del", type="t-x-d-d", how="m-g", detail=Detail(links=(link,), force_delete=True)))
    await until(lambda: AlarmFlag.CANCELLED in fires(site.scene)[0].flags)
    assert fires(site.scene)[0].state is IncidentState.REPORTED  # people end it
    assert site.seen == []  # a spot is no track
    peer.close()


@pytest_twisted.ensureDeferred
async def test_our_own_words_and_feeds_that_take_no_spots_make_no_reports(site: CotSite) -> None:
    desk = Desk(site.scene)
    feed, deaf = await site.start(markers=True), await site.start()
    for each in (feed, deaf):
        each.reports = reports_for(desk, Clock())
    mark = fresh("ganying.36.36-INC-1", type="b-m-p-s-m", detail=Detail(callsign="火情"))
    for each, said in ((feed, mark), (deaf, replace(mark, uid="spot-1"))):
        client = Client.dial(each)
        client.send(said)
        await until(lambda each=each: each.status().valid >= 1)
        client.close()
    assert desk.asked == []


def test_a_flood_of_spots_is_counted_and_not_written_down() -> None:
    desk = Desk(Scene())
    reports = reports_for(desk, Clock())
    told = [reports.take(alarm(f"spot-{number}")) for number in range(3 * NEW_IN_A_WINDOW)]
    assert told.count("taken") == NEW_IN_A_WINDOW == len(fires(desk.scene))
    assert told.count("too_many") == 2 * NEW_IN_A_WINDOW
    assert reports.take(alarm("x", source="other")) == "taken"  # another feed is not held up
    desk.scene.wait(seconds=WINDOW / timedelta(seconds=1))
    assert reports.take(alarm("later")) == "taken"


def test_a_spot_that_says_something_else_joins_its_own_incident_also_after_a_busy_desk() -> None:
    desk, clock = Desk(Scene()), Clock()
    desk.busy = 1
    reports = reports_for(desk, clock)
    reports.take(alarm())
    assert fires(desk.scene) == []
    clock.advance(RETRY_S)
    assert len(fires(desk.scene)) == 1
    assert reports.take(alarm(text="过了山脊")) == "taken"
    (found,) = fires(desk.scene)
    assert [each.text for each in found.sources] == ["过了山脊"]
    desk.busy = 10_000
    for number in range(2 * WAITING):
        desk.scene.wait(minutes=11)
        reports.take(alarm(f"w{number}"))
    assert len(reports._waiting) <= WAITING
    reports.stop()


def test_only_a_cot_feed_takes_spots() -> None:
    with pytest.raises(Malformed) as wrong:
        FeedConfig(name="hill", kind="beast", listen="127.0.0.1:0", markers=True)  # type: ignore[arg-type]
    assert wrong.value.field == "feed.markers"
