"""Links over real sockets, real TLS and real journals."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import protocol, reactor
from twisted.internet.defer import fail
from twisted.internet.endpoints import TCP4ClientEndpoint, wrapClientTLS
from twisted.internet.ssl import CertificateOptions

from adapters.cli.ca import issue_certificate
from adapters.clock import utc_now
from adapters.link.peer import Peer
from adapters.link.socket import DiallingFactory
from dispatch.errors import Malformed, NotStored
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident, ShareIncident
from dispatch.incident_facts import IncidentAdvanced
from dispatch.kinds import IncidentAction, IncidentState, SourceKind
from dispatch.sighting import Sighting
from protocols.codec import facts, link
from protocols.codec.link import Batch, LinkRow
from protocols.link_state import LinkState
from tests.adapters.desks import pause, report
from tests.adapters.link.intruder import Intruder
from tests.adapters.link.sites import Line, Site, certificates, partner, sites, until


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = certificates(tmp_path_factory.mktemp("ca"), "36", "42", "43")
    issue_certificate(folder, "person", utc_now(), client=True)
    return folder


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("stranger"), "43")


async def joined(ours: Site, theirs: Site) -> None:
    """36 listens, 43 dials, both are live."""
    await ours.start(partner("43"))
    await theirs.start(partner("36", ours.links.port), listen="")
    await until(lambda: live(ours) and live(theirs), "both links live")


def live(site: Site) -> bool:
    return site.status().state is LinkState.LIVE


def confirm(incident_id: str, version: int) -> ActOnIncident:
    return ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=version)


@pytest_twisted.ensureDeferred
async def test_a_shared_incident_and_what_follows_appears_at_the_neighbour(tmp_path: Path, ca: Path) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    async with sites(theirs, ours):
        await joined(ours, theirs)
        incident_id = await ours.shared_incident("三爪仑林火", "43")
        await until(lambda: theirs.incident(incident_id), "the incident at 43")
        await ours.ask(confirm(incident_id, 2))
        await until(
            lambda: theirs.incident(incident_id).state is IncidentState.CONFIRMED,  # type: ignore[union-attr]
            "its next state at 43",
        )
        await until(lambda: ours.desk.cursor("43").acked == ours.desk.through, "acknowledged")
        rows = [row for row in await theirs.desk.rows_after(0, 100) if row.origin == "36"]
        assert [row.kind for row in rows] == ["IncidentShared", "IncidentAdvanced"]
        assert {row.actor for row in rows} == {"36"}  # no person's name has left
        assert not any(b"zhang.wei" in row.body for row in rows)
        assert ours.status().queue == 0


@pytest_twisted.ensureDeferred
async def test_both_sites_catch_up_in_order_after_a_cut(tmp_path: Path, ca: Path) -> None:
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    async with sites(theirs, ours):
        await ours.start(partner("43"))
        line.target = ours.links.port
        await theirs.start(partner("36", await line.open()), listen="")
        await until(lambda: live(ours) and live(theirs), "live")
        line.cut()
        await until(lambda: ours.status().state is LinkState.DOWN, "the cut noticed")
        mine = [await ours.shared_incident(f"36-{number}", "43") for number in range(5)]
        yours = [await theirs.shared_incident(f"43-{number}", "36") for number in range(5)]
        assert ours.status().queue > 0
        line.restore()
        await until(lambda: live(ours) and live(theirs), "live again")
        await until(lambda: all(map(theirs.incident, mine)) and all(map(ours.incident, yours)), "everything")
        for site, origin, ids in ((theirs, "36", mine), (ours, "43", yours)):
            rows = [row for row in await site.desk.rows_after(0, 100) if row.origin == origin]
            assert len(rows) == len(ids)
            assert [row.origin_seq for row in rows] == sorted(row.origin_seq for row in rows)
        await line.close()


@pytest_twisted.ensureDeferred
async def test_a_cut_at_any_byte_loses_and_doubles_nothing(tmp_path: Path, ca: Path) -> None:
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    async with sites(theirs, ours):
        await ours.start(partner("43"))
        line.target = ours.links.port
        await theirs.start(partner("36", await line.open()), listen="")
        shared = []
        for cut_after in (1, 700, 2300, 3100, 3900, 4700, 6100):
            line.cut_after = cut_after
            line.restore()
            shared.append(await ours.shared_incident(f"cut after {cut_after}", "43"))
            await until(lambda: not line.up, f"the cut after {cut_after} bytes")
        line.cut_after = None
        line.restore()
        await until(lambda: all(map(theirs.incident, shared)), "everything")
        rows = [row for row in await theirs.desk.rows_after(0, 100) if row.origin == "36"]
        assert len(rows) == len(shared) == len({row.origin_seq for row in rows})
        await line.close()


@pytest_twisted.ensureDeferred
async def test_a_restarted_site_goes_on_where_its_journal_ends(tmp_path: Path, ca: Path) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    async with sites(theirs, ours):
        await joined(ours, theirs)
        first = await ours.shared_incident("before", "43")
        await until(lambda: theirs.incident(first), "the first")
        port = ours.links.port
        await ours.stop()
        await ours.start(partner("43"), listen=f"127.0.0.1:{port}")
        second = await ours.shared_incident("after", "43")
        await until(lambda: theirs.incident(second), "the second")
        rows = [row for row in await theirs.desk.rows_after(0, 100) if row.origin == "36"]
        assert len(rows) == 2


@pytest_twisted.ensureDeferred
async def test_when_both_dial_one_connection_stays(tmp_path: Path, ca: Path) -> None:
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    async with sites(theirs, ours):
        await ours.start(partner("43", await line.open()))
        await theirs.start(partner("36", ours.links.port))
        line.target = theirs.links.port
        await until(lambda: live(ours) and live(theirs), "live")
        incident_id = await ours.shared_incident("one line is enough", "43")
        await until(lambda: theirs.incident(incident_id), "the incident")
        await pause(1.0)  # the other dialler has tried by now
        assert live(ours)
        assert live(theirs)
        assert theirs.counted("parted_REPLACED", "36") <= 1
        await line.close()


@pytest_twisted.ensureDeferred
async def test_a_partner_that_stops_reading_holds_up_nobody_and_catches_up_later(
    tmp_path: Path, ca: Path
) -> None:
    ours, slow, quick = (Site(tmp_path, site, ca) for site in ("36", "43", "42"))
    line = Line()
    async with sites(slow, quick, ours):
        await ours.start(partner("43"), partner("42"))
        line.target = ours.links.port
        await slow.start(partner("36", await line.open()), listen="")
        await quick.start(partner("36", ours.links.port), listen="")
        await until(lambda: live(slow) and live(quick), "both live")
        line.hold()
        for number in range(60):  # more than the window
            incident_id = await ours.shared_incident(f"fire {number}", "43")
            await ours.ask(ShareIncident(incident_id=incident_id, partner="42", version_seen=2))
        await until(lambda: quick.incident(incident_id), "the quick partner has the last")
        assert slow.incident(incident_id) is None
        await until(lambda: ours.links.statuses()[0].state is LinkState.DOWN, "the slow one given up")
        assert ours.links.statuses()[0].reason == "SILENT"
        line.restore()
        await until(lambda: slow.incident(incident_id), "the slow one caught up over a new connection")
        rows = [row for row in await slow.desk.rows_after(0, 200) if row.origin == "36"]
        assert len(rows) == 60
        await line.close()


def flying(track_deg: float, at_s: float) -> Sighting:
    return Sighting(
        source="hill",
        source_kind=SourceKind.ADSB,
        icao24="780001",
        observed_at_s=at_s,
        lon_deg=115.9,
        lat_deg=28.7,
        track_deg=track_deg,
        callsign="GY01",
        simulated=True,
    )


@pytest_twisted.ensureDeferred
async def test_only_aircraft_that_fly_for_a_shared_incident_are_shown(
    tmp_path: Path, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    async with sites(theirs, ours):
        shown: set[str] = set()
        monkeypatch.setattr(
            "dispatch.partner.shown_aircraft",
            lambda world, *_: frozenset(shown) if world.site == "36" else frozenset(),
        )
        await joined(ours, theirs)
        now = utc_now().timestamp()
        ours.picture.accept(flying(90.0, now), now)
        await pause(1.5)
        assert theirs.picture.of_icao24("780001") is None
        shown.add("780001")
        await until(lambda: theirs.picture.of_icao24("780001"), "the track at 43")
        track = theirs.picture.of_icao24("780001")
        assert track is not None
        assert (track.source, track.source_kind) == ("36", SourceKind.PARTNER)
        assert (track.lon_deg, track.callsign, track.simulated) == (115.9, "GY01", True)
        assert track.position_at_s == pytest.approx(now, abs=0.5)
        assert ours.picture.of_icao24("780001").source == "hill"  # type: ignore[union-attr]  # and no echo
        await until(lambda: ours.counted("tracks_sent", "43") > 0, "counted")
        await ours.stop()
        await ours.start(partner("43"))  # what stands in the journal for the audit
        rows = [row for row in await ours.desk.rows_after(0, 50) if row.kind == "RowsSent"]
        noted = [facts.decode(row.kind, row.body) for row in rows]
        assert [(each.partner, each.rows, each.tracks > 0) for each in noted] == [("43", (), True)]  # type: ignore[union-attr]  # RowsSent


@pytest_twisted.ensureDeferred
async def test_another_authority_is_turned_away_at_the_handshake(
    tmp_path: Path, ca: Path, stranger: Path
) -> None:
    ours, impostor = Site(tmp_path, "36", ca), Site(tmp_path, "43", stranger)
    async with sites(impostor, ours):
        await ours.start(partner("43"))
        await impostor.start(partner("36", ours.links.port), listen="")
        await until(lambda: ours.refused("HANDSHAKE"), "the refused handshake")
        assert ours.status().state is LinkState.DOWN


@pytest_twisted.ensureDeferred
async def test_a_site_that_is_no_partner_is_turned_away_by_name(tmp_path: Path, ca: Path) -> None:
    ours, other = Site(tmp_path, "36", ca), Site(tmp_path, "42", ca)
    async with sites(other, ours):
        await ours.start(partner("43"))
        await other.start(partner("36", ours.links.port), listen="")
        await until(lambda: other.status().state is LinkState.REFUSED, "refused at 42")
        assert other.status().reason == "UNKNOWN_SITE"
        assert ours.refused("UNKNOWN_SITE") == 1


@pytest_twisted.ensureDeferred
async def test_a_site_with_anothers_certificate_is_refused_on_both_sides(tmp_path: Path, ca: Path) -> None:
    ours, wrong = (
        Site(tmp_path, "36", ca),
        Site(tmp_path, "42", ca, names="43"),
    )  # says 42, is certified as 43
    async with sites(wrong, ours):
        await ours.start(partner("43"))
        await wrong.start(partner("36", ours.links.port), listen="")
        await until(lambda: ours.status().state is LinkState.REFUSED, "refused at 36")
        await until(lambda: wrong.status().state is LinkState.REFUSED, "refused at the other")
        assert ours.status().reason == "SITE_MISMATCH"


@pytest_twisted.ensureDeferred
async def test_a_server_that_is_not_the_site_we_dialled_is_refused(tmp_path: Path, ca: Path) -> None:
    ours, other = Site(tmp_path, "36", ca), Site(tmp_path, "42", ca)
    async with sites(ours, other):
        await other.start(partner("36"))
        await ours.start(partner("43", other.links.port), listen="")
        await until(lambda: ours.status().state is LinkState.REFUSED, "refused")
        assert ours.status().reason == "SITE_MISMATCH"


@pytest_twisted.ensureDeferred
async def test_another_agreement_is_refused_and_shown_on_both_sides(tmp_path: Path, ca: Path) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    async with sites(theirs, ours):
        await ours.start(partner("43", agreement="2019"))
        await theirs.start(partner("36", ours.links.port), listen="")
        await until(
            lambda: {ours.status().reason, theirs.status().reason} == {"AGREEMENT"}, "both name the reason"
        )


@pytest_twisted.ensureDeferred
async def test_hostile_bytes_end_their_own_link_and_nothing_else(tmp_path: Path, ca: Path) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "42", ca)
    async with sites(theirs, ours):
        await ours.start(partner("43"), partner("42"))
        await theirs.start(partner("36", ours.links.port), listen="")
        await until(lambda: live(theirs), "the honest link")
        for hostile in (b"", b"\xff" * 100, b"\x0a\x80", bytes(100_000)):
            intruder = Intruder()
            await intruder.dial(ca, ours.links.port)
            intruder.greet()
            intruder.socket.send(hostile)
            await until(lambda each=intruder: each.gone, "the intruder's end")
            assert intruder.parted() == "MALFORMED"
        await until(lambda: ours.counted("malformed", "43") == 4, "all counted")
        incident_id = await ours.shared_incident("the honest one goes on", "42")
        await until(lambda: theirs.incident(incident_id), "the honest link works")


@pytest_twisted.ensureDeferred
async def test_a_peer_that_lies_replays_or_floods_is_counted_and_named(tmp_path: Path, ca: Path) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "42", ca)

    def first() -> Any:
        return ours.links.statuses()[0]

    async with sites(theirs, ours):
        await ours.start(partner("43"), partner("42"))
        await theirs.start(partner("36", ours.links.port), listen="")
        await until(lambda: live(theirs), "the honest link")

        def row(number: int, title: str) -> LinkRow:
            step = IncidentAdvanced(
                incident_id="43-INC-1",
                action=IncidentAction.CONFIRM,
                state=IncidentState.CONFIRMED,
                version=2,
                reason=title,
            )
            kind, body = facts.encode(step)
            return LinkRow(
                seq=number,
                at=utc_now(),
                origin="43",
                origin_seq=number,
                command_id=str(number),
                part=0,
                actor="43",
                role=None,
                kind=kind,
                body=body,
                object_class="incidents",
            )

        honest = row(3, "as it was")
        newer = replace(row(4, "-"), kind="SomethingOfTomorrow", body=b"\x0a\x01x")
        steps: list[tuple[Any, str]] = [
            (Batch(after=0, through=4, rows=(honest, newer)), ""),
            (Batch(after=0, through=3, rows=(honest,)), ""),  # last week again, word for word
            (Batch(after=0, through=3, rows=(row(3, "another text"),)), "JOURNAL_DIVERGED"),
            (Batch(after=17, through=18, rows=()), "MALFORMED"),  # a gap
        ]
        for batch, code in steps:
            intruder = Intruder()
            await intruder.dial(ca, ours.links.port)
            # it says that its journal is the same and that we have nothing: we go on from what we do have
            intruder.greet()
            have = ours.desk.cursor("43").have
            moved = replace(batch, after=have, through=have + 5) if code != "MALFORMED" else batch
            moved = replace(
                moved, rows=tuple(replace(each, seq=have + 1 + i) for i, each in enumerate(moved.rows))
            )
            intruder.socket.send(link.encode(moved))
            if code:
                await until(lambda each=intruder: each.gone, "the end")
                assert intruder.parted() == code
            else:
                await until(lambda h=have: ours.desk.cursor("43").have == h + 5, "taken")
        kept = [each for each in await ours.desk.rows_after(0, 10) if each.origin == "43"]
        assert [each.kind for each in kept] == ["IncidentAdvanced", "?SomethingOfTomorrow"]
        assert kept[1].body == newer.body
        assert ours.counted("row_kept_unread", "43") == 1

        liar = Intruder()
        await liar.dial(ca, ours.links.port)
        liar.greet(site="42")
        await until(lambda: liar.gone, "the liar's end")
        assert (first().state, first().reason) == (LinkState.REFUSED, "SITE_MISMATCH")

        flood = Intruder()
        await flood.dial(ca, ours.links.port)
        flood.greet()
        track = link.LinkTrack(icao24="780001", position=Position(lon_deg=115.9, lat_deg=28.7), age_ms=1)
        frame = link.encode(link.LinkTracks(at=utc_now(), tracks=(track,) * link.MAX_TRACKS))
        for _ in range(300):
            flood.socket.send(frame)
        await until(lambda: first().refused.get("TRACKS_TOO_OFTEN", 0) > 200, "dropped and counted")
        incident_id = await ours.shared_incident("the honest one goes on", "42")
        await until(lambda: theirs.incident(incident_id), "the honest link works")
        assert first().bytes_in["tracks"] > 200 * len(frame)


@pytest_twisted.ensureDeferred
async def test_a_full_disk_stops_acknowledgements_and_nothing_else(
    tmp_path: Path, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    async with sites(theirs, ours):
        await joined(ours, theirs)
        with monkeypatch.context() as full:
            full.setattr(theirs.desk, "receive_lane", lambda _job: fail(NotStored("no space left on device")))
            incident_id = await ours.shared_incident("a fire", "43")
            await until(lambda: theirs.counted("commit_retried", "36") > 1, "tried again")
            assert ours.status().queue > 0
            assert live(ours)
            await theirs.ask(report(1).command)  # the desk does its own work
        await until(lambda: theirs.incident(incident_id), "stored once there is room")
        await until(lambda: ours.status().queue == 0, "and acknowledged")


@pytest_twisted.ensureDeferred
async def test_an_oversize_frame_is_cut_off(tmp_path: Path, ca: Path) -> None:
    ours = Site(tmp_path, "36", ca)
    async with sites(ours):
        await ours.start(partner("43"))
        intruder = Intruder()
        await intruder.dial(ca, ours.links.port)
        intruder.greet()
        intruder.socket.maxMessagePayloadSize = 0  # its own end would not send it
        intruder.socket.send(bytes(link.MAX_MESSAGE_BYTES + 1))
        await until(lambda: intruder.gone, "the intruder's end")


@pytest_twisted.ensureDeferred
async def test_rows_that_are_not_the_partners_own_never_reach_the_journal(tmp_path: Path, ca: Path) -> None:
    ours, source = Site(tmp_path, "36", ca), Site(tmp_path, "42", ca)
    async with sites(ours, source):
        await ours.start(partner("43"))
        await source.start()
        await source.ask(report(1).command)
        foreign = (await source.desk.rows_after(0, 10))[0]
        intruder = Intruder()
        await intruder.dial(ca, ours.links.port)
        intruder.greet()
        stolen = link.encode(Batch(after=0, through=5, rows=(foreign,)))
        intruder.socket.send(stolen)
        await until(lambda: ours.counted("row_refused", "43") == 1, "the refused row")
        await until(lambda: any(isinstance(each, link.Ack) for each in intruder.heard), "the cursor moves on")
        assert ours.desk.through == 0


@pytest_twisted.ensureDeferred
async def test_another_journal_under_the_same_site_is_refused_for_people_to_see(
    tmp_path: Path, ca: Path
) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    async with sites(theirs, ours):
        await joined(ours, theirs)
        incident_id = await theirs.shared_incident("the old journal", "36")
        await until(lambda: ours.incident(incident_id), "the incident")
        await theirs.stop()
        (tmp_path / "fresh").mkdir()
        fresh = Site(tmp_path / "fresh", "43", ca)
        async with sites(fresh):
            await fresh.start(partner("36", ours.links.port), listen="")
            await fresh.shared_incident("a new journal", "36")
            await until(lambda: ours.status().state is LinkState.REFUSED, "refused")
            assert ours.status().reason == "EPOCH_CHANGED"


class Mute(protocol.Protocol):
    """Connects and says nothing."""

    gone = False

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802 (twisted's)
        self.gone = True


@pytest_twisted.ensureDeferred
async def test_sockets_that_say_nothing_or_no_tls_are_let_go(tmp_path: Path, ca: Path) -> None:
    ours = Site(tmp_path, "36", ca)
    async with sites(ours):
        await ours.start(partner("43"))
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", ours.links.port)
        mute, plain = Mute(), Mute()
        await endpoint.connect(protocol.Factory.forProtocol(lambda: mute))
        await endpoint.connect(protocol.Factory.forProtocol(lambda: plain))
        plain.transport.write(b"GET /link HTTP/1.1\r\n\r\n")  # type: ignore[union-attr]  # connected
        await until(lambda: plain.gone, "the plain socket is gone")
        await until(lambda: mute.gone, "the mute socket is gone")


@pytest_twisted.ensureDeferred
async def test_without_a_certificate_there_is_no_handshake(tmp_path: Path, ca: Path) -> None:
    ours = Site(tmp_path, "36", ca)
    async with sites(ours):
        await ours.start(partner("43"))
        intruder = Intruder()
        factory = DiallingFactory(intruder, "36", f"wss://127.0.0.1:{ours.links.port}/link", reactor)
        anonymous: Any = CertificateOptions()
        tcp = TCP4ClientEndpoint(reactor, "127.0.0.1", ours.links.port)
        await wrapClientTLS(anonymous, tcp).connect(factory)
        await until(lambda: ours.refused("HANDSHAKE"), "the refused handshake")
        assert intruder.socket is None or intruder.heard == []


@pytest_twisted.ensureDeferred
async def test_a_wrong_address_or_file_is_named_at_the_start(tmp_path: Path, ca: Path) -> None:
    for index, (section, field) in enumerate(
        (
            (partner("43", 1), "certificate"),
            (partner("43"), "certificate"),
        )
    ):
        (tmp_path / str(index)).mkdir()
        site = Site(tmp_path / str(index), "36", ca, names="nobody")
        with pytest.raises(Malformed) as caught:
            await site.start(section)
        assert caught.value.field == field
        await site.stop()
    (tmp_path / "plain").mkdir()
    site = Site(tmp_path / "plain", "36", ca)
    section = partner("43", 1)
    plain = type(section)(site="43", name="", url="ws://127.0.0.1:1/link", agreement="")
    with pytest.raises(Malformed) as caught:
        await site.start(plain)
    assert caught.value.field == "partner.url"
    await site.stop()


@pytest_twisted.ensureDeferred
async def test_a_partner_shut_out_or_added_while_all_are_seen_to_disturbs_no_other(
    tmp_path: Path, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done for the first brings one in and shuts one out, in every round over all links; the clock goes on."""
    site = Site(tmp_path, "36", ca)
    wanted = {"42": partner("42"), "43": partner("43"), "44": partner("44")}
    seen: list[str] = []

    def turning(name: str) -> None:
        honest = getattr(Peer, name)

        def turned(self: Peer, *args: Any, **more: Any) -> Any:
            seen.append(self.site)
            if self.site == "42":
                wanted.pop("43", None)
                wanted[f"36-YS{len(seen)}"] = partner(f"36-YS{len(seen)}")
                site.links._partners_changed()  # as a fact does that is published within this very call
            return honest(self, *args, **more)

        monkeypatch.setattr(Peer, name, turned)

    async with sites(site):
        await site.start(*wanted.values())
        monkeypatch.setattr(site.links._partners, "sections", lambda: dict(wanted))
        turning("tick")
        await until(lambda: seen.count("44") >= 3, "the clock goes on for the others")
        assert "43" not in seen
        assert not any(each.site == "43" for each in site.links.statuses())
        for name in ("received", "closed", "line_changed", "journal_grew"):
            wanted["43"] = partner("43")
            site.links._partners_changed()
            turning(name)
        socket: Any = SimpleNamespace(was_open=True, dialled=False)
        site.links.received(socket, b"")
        site.links.line_changed(socket)
        site.links.closed(socket, "gone")
        site.links._journals_grew()
        assert "43" not in site.links._down_since  # nothing is remembered of who is out
        turning("part")
