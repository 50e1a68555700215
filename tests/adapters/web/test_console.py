"""Consoles over real sockets: snapshot, deltas, resume, commands, tracks, and what a bad one costs the others."""

import socket

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import deferLater

from adapters.web import client_socket as socket_module
from adapters.web import consoles as consoles_module
from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.resource_commands import SaveResource
from dispatch.sighting import Sighting
from protocols.gen import client_pb2, kinds_pb2, records_pb2
from tests.adapters.web.running import Running, aircraft
from tests.adapters.web.talking import Talker, talk
from tests.protocols.air import View


def sight(site: Running, icao24: str, lon_deg: float, lat_deg: float, **said: str) -> None:
    site.picture.accept(
        Sighting(
            source="hill",
            source_kind=SourceKind.ADSB,
            icao24=icao24,
            lon_deg=lon_deg,
            lat_deg=lat_deg,
            altitude_m=900.0,
            altitude_datum=AltitudeDatum.PRESSURE,
            callsign="B70K3",
            simulated=True,
            **said,
        ),
        site.clock().timestamp(),
    )


def ids(records: object, table: str) -> set[str]:
    return {each.id for each in getattr(records, table)}


async def console(site: Running, role: str, **hello: object) -> tuple[Talker, object]:
    talker = await talk(site.port)
    return talker, await talker.hello(site.tokens[role], **hello)


@pytest_twisted.ensureDeferred
async def test_a_console_is_welcomed_and_gets_everything_it_may_see(site: Running) -> None:
    incident = await site.incident()
    talker, records = await console(site, "dispatcher")
    welcome = await talker.hear("welcome")
    assert (welcome.site, welcome.account, welcome.role) == ("36", "dispatcher", kinds_pb2.ROLE_DISPATCHER)
    assert welcome.epoch == site.desk.epoch
    assert records.whole
    assert records.through == site.desk.world.seq
    assert ids(records, "incidents") == {incident["id"]}
    assert ids(records, "aircraft") == {"B-70K3", "B-OTHER"}
    assert ids(records, "bases") == {"YS"}


@pytest_twisted.ensureDeferred
async def test_what_changes_reaches_every_console_once_with_its_range(site: Running) -> None:
    one, first = await console(site, "dispatcher")
    two, _ = await console(site, "duty_chief")
    incident = await site.incident()
    for talker in (one, two):
        delta = await talker.hear("records", lambda r: incident["id"] in ids(r, "incidents"))
        assert not delta.whole
        assert delta.after <= first.through < delta.through
        assert sum(incident["id"] in ids(m.records, "incidents") for m in talker.heard) == 1


@pytest_twisted.ensureDeferred
async def test_a_console_that_was_cut_off_gets_what_it_missed_and_no_more(site: Running) -> None:
    old = await site.incident()
    talker, records = await console(site, "dispatcher")
    talker.sendClose()
    await talker.gone()
    new = await site.incident()
    again, missed = await console(site, "dispatcher", resume_after=records.through, epoch=site.desk.epoch)
    assert not missed.whole
    assert (missed.after, missed.through) == (records.through, site.desk.world.seq)
    assert ids(missed, "incidents") == {new["id"]}
    assert old["id"] not in ids(missed, "incidents")
    for resume_after, epoch in ((records.through, "another journal"), (10_000, site.desk.epoch)):
        _, whole = await console(site, "dispatcher", resume_after=resume_after, epoch=epoch)
        assert whole.whole
        assert ids(whole, "incidents") == {old["id"], new["id"]}
    again.sendClose()


@pytest_twisted.ensureDeferred
async def test_operators_see_only_what_was_ordered_of_them(site: Running) -> None:
    mine, at_first = await console(site, "operator")
    other, _ = await console(site, "other_operator")
    assert ids(at_first, "aircraft") == {"B-70K3"}
    assert not at_first.incidents
    tasking = await site.pending()
    assert not any(m.records.taskings for m in mine.heard)
    await site.act(f"taskings/{tasking['id']}/order", "duty_chief", tasking["version"])
    delta = await mine.hear("records", lambda r: tasking["id"] in ids(r, "taskings"))
    assert ids(delta, "incidents") == {tasking["incident_id"]}
    assert len(delta.requests) == 1
    await other.hear("records", lambda r: r.through >= delta.through)
    assert not any(m.records.taskings or m.records.incidents for m in other.heard)
    assert (await site.http("GET", f"taskings/{tasking['id']}", role="other_operator")).status == 404


@pytest_twisted.ensureDeferred
async def test_atc_sees_a_request_with_its_tasking_and_incident(site: Running) -> None:
    atc, at_first = await console(site, "atc")
    assert not at_first.incidents
    tasking = await site.ordered()
    delta = await atc.hear("records", lambda r: len(r.requests) > 0)
    assert ids(delta, "taskings") == {tasking["id"]}
    assert ids(delta, "incidents") == {tasking["incident_id"]}
    assert not delta.plans


@pytest_twisted.ensureDeferred
async def test_a_command_is_answered_under_its_key_and_a_retry_gets_the_same(site: Running) -> None:
    talker, _ = await console(site, "dispatcher")
    report = client_pb2.ReportIncident(
        kind=kinds_pb2.INCIDENT_KIND_FOREST_FIRE,
        level=3,
        title="山火",
        position=records_pb2.Position(lon_e7=1_159_000_000, lat_e7=287_000_000),
    )
    for _ in range(2):
        talker.say(command=client_pb2.Command(command_id="k1", report_incident=report))
    first = await talker.hear("answer")
    await talker.hear("answer", lambda a: a is not first)
    answers = [m.answer for m in talker.heard if m.WhichOneof("body") == "answer"]
    assert all(a.accepted and a.command_id == "k1" for a in answers)
    assert answers[0].ids == answers[1].ids
    assert len(site.desk.world.incidents) == 1
    report.level = 2
    talker.say(command=client_pb2.Command(command_id="k1", report_incident=report))
    refused = await talker.hear("answer", lambda a: not a.accepted)
    assert refused.code == "KEY_REUSED"


@pytest_twisted.ensureDeferred
async def test_a_command_that_is_wrong_is_answered_and_the_console_goes_on(site: Running) -> None:
    talker, _ = await console(site, "dispatcher")
    talker.say(command=client_pb2.Command(command_id="a", report_incident=client_pb2.ReportIncident()))
    wrong = await talker.hear("answer", lambda a: a.command_id == "a")
    assert (wrong.accepted, wrong.code, wrong.field) == (False, "MALFORMED", "position")
    act = client_pb2.ActOnIncident(
        incident_id="36-INC-NONE", action=kinds_pb2.INCIDENT_ACTION_CONFIRM, version_seen=1
    )
    talker.say(command=client_pb2.Command(command_id="b", act_on_incident=act))
    unknown = await talker.hear("answer", lambda a: a.command_id == "b")
    assert unknown.code == "UNKNOWN_ID"
    incident = await site.confirmed()
    act.incident_id = incident["id"]
    talker.say(command=client_pb2.Command(command_id="c", act_on_incident=act))
    stale = await talker.hear("answer", lambda a: a.command_id == "c")
    assert (stale.code, stale.version) == ("CHANGED", 2)
    talker.say(ping=client_pb2.Ping(at_us=7))
    assert (await talker.hear("pong")).at_us == 7


@pytest_twisted.ensureDeferred
async def test_breaking_the_dialogue_ends_it_with_a_reason(site: Running) -> None:
    async def said(data: bytes, *, hello: bool = False, binary: bool = True) -> str:
        talker = await talk(site.port)
        if hello:
            await talker.hello(site.tokens["dispatcher"])
        talker.sendMessage(data, isBinary=binary)
        code = (await talker.hear("failure")).code
        await talker.gone()
        return code

    say = client_pb2.ClientMessage
    assert await said(b"\xff\xff\xff") == "MALFORMED"
    assert await said(b"") == "MALFORMED"
    assert await said(b"text", binary=False) == "MALFORMED"
    assert await said(say(subscribe=client_pb2.Subscribe(tracks=True)).SerializeToString()) == "OUT_OF_TURN"
    assert await said(say(hello=client_pb2.Hello(token="wrong")).SerializeToString()) == "UNAUTHENTICATED"
    again = say(hello=client_pb2.Hello(token=site.tokens["dispatcher"])).SerializeToString()
    assert await said(again, hello=True) == "OUT_OF_TURN"
    port = client_pb2.Viewport(west_e7=-1_900_000_000)
    bad_port = say(subscribe=client_pb2.Subscribe(viewport=port)).SerializeToString()
    assert await said(bad_port, hello=True) == "MALFORMED"
    talker = await talk(site.port, protocols=("something.else",))
    assert (await talker.hear("failure")).code == "WRONG_SUBPROTOCOL"
    await talker.gone()


def port(west: float, south: float, east: float, north: float) -> client_pb2.Viewport:
    edges = {"west_e7": west, "south_e7": south, "east_e7": east, "north_e7": north}
    return client_pb2.Viewport(**{name: round(edge * 1e7) for name, edge in edges.items()})


async def watching(site: Running, role: str, viewport: client_pb2.Viewport | None) -> tuple[Talker, View]:
    """A console that keeps what it is told of the air."""
    talker, _ = await console(site, role)
    view = View()
    talker.listen("tracks", view.take)
    talker.say(subscribe=client_pb2.Subscribe(viewport=viewport, tracks=True))
    await talker.hear("tracks", lambda t: t.whole)
    return talker, view


@pytest_twisted.ensureDeferred
async def test_tracks_come_whole_for_the_viewport_and_then_as_they_change(site: Running) -> None:
    sight(site, "78a001", 115.9, 28.7)
    sight(site, "78a002", 120.5, 31.5)
    site.clock.forward(seconds=3)
    talker, view = await watching(site, "dispatcher", port(115, 28, 116, 29))
    await talker.hear("tracks", lambda t: len(view.labels) == 1)
    [track] = view.shown().values()
    assert (track["icao24"], track["callsign"], track["lon_e7"]) == ("78a001", "B70K3", 1_159_000_000)
    assert (track["datum"], track["simulated"]) == (kinds_pb2.ALTITUDE_DATUM_PRESSURE, True)
    assert track["source"] == ("hill", kinds_pb2.SOURCE_KIND_ADSB)
    [state] = view.states.values()
    assert state["age_ms"] == 3000
    sight(site, "78a001", 115.901, 28.7)
    before = view.tick
    moved = await talker.hear("tracks", lambda t: not t.whole and t.states, new=True)
    assert moved.from_tick <= before < moved.to_tick
    [state] = view.states.values()
    assert (state["lon_e7"], state["age_ms"]) == (1_159_010_000, 0)
    site.clock.forward(seconds=120)
    site.picture.expire(site.clock().timestamp())
    gone = await talker.hear("tracks", lambda t: len(t.lost) > 0)
    assert state["number"] in gone.lost
    assert not view.states


@pytest_twisted.ensureDeferred
async def test_who_begins_beside_the_first_aircraft_is_told_everything_once(site: Running) -> None:
    """The first aircraft makes what was known before worthless: that is no reason to tell newcomers all of it twice."""
    empty, _ = await watching(site, "dispatcher", None)
    await empty.hear("tracks", lambda t: not t.whole)
    sight(site, "78a001", 115.9, 28.7)
    while not (await watching(site, "dispatcher", None))[1].states:
        pass
    newcomers = [(await watching(site, "dispatcher", None))[0] for _ in range(6)]
    for talker in newcomers:
        await talker.hear("tracks", lambda t: not t.whole)
        assert sum(each.tracks.whole for each in talker.heard if each.WhichOneof("body") == "tracks") == 1


@pytest_twisted.ensureDeferred
async def test_a_track_that_leaves_the_viewport_is_named_as_having_left(site: Running) -> None:
    sight(site, "78a001", 115.9995, 28.7)
    talker, view = await watching(site, "dispatcher", port(115.5, 28.5, 115.9999, 28.9))
    await talker.hear("tracks", lambda t: len(view.labels) == 1)
    site.clock.forward(seconds=10)
    sight(site, "78a001", 116.0010, 28.7)
    left = await talker.hear("tracks", lambda t: len(t.left) == 1)
    assert not left.states
    assert not view.states


@pytest_twisted.ensureDeferred
async def test_a_console_that_looks_elsewhere_all_the_time_is_shown_the_last_place_and_not_each(
    site: Running,
) -> None:
    sight(site, "78a001", 115.9, 28.7)
    talker, view = await watching(site, "dispatcher", port(115, 28, 116, 29))
    for step in range(40):
        at = port(100 + step / 10, 20, 101 + step / 10, 21)
        talker.say(subscribe=client_pb2.Subscribe(viewport=at, tracks=True))
    talker.say(subscribe=client_pb2.Subscribe(viewport=port(115, 28, 116, 29), tracks=True))
    await talker.hear("tracks", lambda t: not t.whole and len(view.labels) == 1)
    assert [track["icao24"] for track in view.shown().values()] == ["78a001"]
    assert sum(message.tracks.whole for message in talker.heard) < 10


@pytest_twisted.ensureDeferred
async def test_the_fleet_is_told_wherever_the_map_looks(site: Running) -> None:
    await site.ask(SaveResource(resource=aircraft("B-FAR", icao24="78a009"), version_seen=0))
    sight(site, "78a001", 115.9, 28.7)
    sight(site, "78a009", 120.5, 31.5)
    talker, view = await watching(site, "dispatcher", port(115, 28, 116, 29))
    await talker.hear("tracks", lambda t: len(view.labels) == 2)
    assert {track["icao24"] for track in view.shown().values()} == {"78a001", "78a009"}


@pytest_twisted.ensureDeferred
async def test_a_console_that_does_not_read_gets_the_newest_later_and_costs_the_others_nothing(
    site: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_module.ClientSocket, "kernel_buffer_bytes", 4096)
    stuck, late = await watching(site, "dispatcher", None)
    well, view = await watching(site, "duty_chief", None)
    stuck.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    stuck.transport.pauseProducing()
    left_out = site.site.metrics.counter("ganying_console_tracks_left_out", "")
    rounds = 0
    while left_out._value.get() < 2:  # the kernel takes the first ones
        rounds += 1
        assert rounds < 100
        site.clock.forward(seconds=1)
        for number in range(3000):
            lon, lat = 110 + number % 60 * 0.1 + rounds * 0.001, 25 + number // 60 * 0.1
            sight(site, f"{number + 1:06x}", lon, lat)
        told = view.tick
        await well.hear("tracks", lambda t, told=told: t.to_tick > told and t.states, new=True)
    stuck.transport.resumeProducing()
    await stuck.hear("tracks", lambda t: len(late.labels) == 3000 and late.tick > view.tick, new=True)
    await well.hear("tracks", lambda t: view.tick >= late.tick, new=True)
    assert late.shown() == view.shown()


@pytest_twisted.ensureDeferred
async def test_an_alert_is_told_at_once_to_whoever_may_see_the_air_and_whole_to_who_comes_back(
    site: Running,
) -> None:
    talker, _ = await console(site, "dispatcher")
    administrator, _ = await console(site, "sysadmin")
    assert (await talker.hear("alerts")).whole
    sight(site, "78a001", 115.9, 28.7, squawk="7700")
    told = await talker.hear("alerts", lambda a: len(a.alerts) == 1)
    [alert] = told.alerts
    assert (alert.kind, alert.severity, alert.code) == (kinds_pb2.ALERT_KIND_EMERGENCY, 1, "general")
    assert (list(alert.track_ids), list(alert.names)) == (["icao24:78a001"], ["B70K3"])
    assert list(alert.numbers) == [site.picture.of_icao24("78a001").number]
    assert (alert.lon_e7, alert.over, told.whole) == (1_159_000_000, False, False)
    talker.sendClose()
    await talker.gone()
    again, _ = await console(site, "dispatcher")
    present = await again.hear("alerts")
    assert (present.whole, [each.id for each in present.alerts]) == (True, ["emergency:icao24:78a001"])
    sight(site, "78a001", 115.9001, 28.7, squawk="1200")
    site.site.watch.look()
    stays = await again.hear("alerts", lambda a: any(each.returned_at_us for each in a.alerts))
    assert not stays.alerts[0].over  # until somebody has seen it
    path = "alerts/emergency:icao24:78a001/acknowledge"
    await site.http("POST", path, {"severity": 1, "code": "general"}, role="atc")
    await site.http("POST", path, {"severity": 1, "code": "general"}, role="dispatcher")
    over = await again.hear("alerts", lambda a: any(each.over for each in a.alerts))
    assert over.alerts[0].id == "emergency:icao24:78a001"
    assert not any(message.WhichOneof("body") == "alerts" for message in administrator.heard)


@pytest_twisted.ensureDeferred
async def test_what_an_alert_is_about_is_told_wherever_the_map_looks(site: Running) -> None:
    talker, view = await watching(site, "dispatcher", port(100, 20, 101, 21))
    sight(site, "78a001", 115.9, 28.7, squawk="7600")
    await talker.hear("tracks", lambda t: len(view.labels) == 1)
    [track] = view.shown().values()
    assert (track["squawk"], track["emergency"]) == ("7600", kinds_pb2.EMERGENCY_RADIO)


@pytest_twisted.ensureDeferred
async def test_the_status_line_comes_once_a_second(site: Running) -> None:
    sight(site, "78a001", 115.9, 28.7)
    talker, _ = await console(site, "dispatcher")
    status = await talker.hear("status")
    assert status.tracks == 1


@pytest_twisted.ensureDeferred
async def test_signing_out_and_running_out_close_the_socket(site: Running) -> None:
    out, _ = await console(site, "dispatcher")
    kept, _ = await console(site, "duty_chief")
    assert (await site.http("DELETE", "session", role="dispatcher")).status == 204
    assert (await out.hear("failure")).code == "UNAUTHENTICATED"
    await out.gone()
    assert kept.state == kept.STATE_OPEN
    site.clock.forward(hours=13)
    assert (await kept.hear("failure")).code == "UNAUTHENTICATED"
    await kept.gone()


@pytest_twisted.ensureDeferred
async def test_a_console_that_stops_reading_is_told_slow_and_slows_nobody(site: Running) -> None:
    stuck, _ = await console(site, "dispatcher")
    well, _ = await console(site, "duty_chief")
    stuck.transport.pauseProducing()
    note, made = "风" * 2000, 0
    parted = site.site.metrics.counter("ganying_consoles_parted", "", ("code",))
    while parted.labels("SLOW")._value.get() == 0:
        made += 1
        assert made < 2000
        await site.incident(note=note)
    await well.hear("records", lambda r: r.through == site.desk.world.seq)
    seen = {each.id for m in well.heard for each in m.records.incidents}
    assert len(seen) == made
    stuck.transport.resumeProducing()
    await stuck.gone()
    again, records = await console(site, "dispatcher", resume_after=1, epoch=site.desk.epoch)
    assert len(records.incidents) == made
    again.sendClose()


@pytest_twisted.ensureDeferred
async def test_a_defect_in_telling_costs_a_resync_and_not_the_news_after_it(
    site: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    talker, records = await console(site, "dispatcher")

    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(consoles_module, "touched", broken)
        missed = await site.incident()
    assert (await talker.hear("failure")).code == "RESYNC"
    await talker.gone()
    again, after = await console(site, "dispatcher", resume_after=records.through, epoch=site.desk.epoch)
    assert ids(after, "incidents") == {missed["id"]}
    new = await site.incident()
    await again.hear("records", lambda r: new["id"] in ids(r, "incidents"))


@pytest_twisted.ensureDeferred
async def test_a_socket_that_never_says_hello_is_closed(
    site: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_module, "HELLO_WITHIN_S", 0.2)
    talker = await talk(site.port)
    assert (await talker.hear("failure")).code == "NO_HELLO"
    await talker.gone()


@pytest_twisted.ensureDeferred
async def test_stopping_the_server_tells_its_consoles(site: Running) -> None:
    talker, _ = await console(site, "dispatcher")
    await site.server.stop()
    assert (await talker.hear("failure")).code == "STOPPING"
    await talker.gone()
    await deferLater(reactor, 0)
