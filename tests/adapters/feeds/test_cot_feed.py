"""Field clients over real sockets: what they say, how they are answered, who is let in."""

import json
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest_twisted
import takproto
from OpenSSL import SSL
from twisted.internet.threads import deferToThread

from adapters.cli.ca import init_authority, issue_certificate
from adapters.feeds.feed import Feed
from dispatch.geo import Position, wgs84_to_gcj02
from dispatch.kinds import Emergency, ThingKind
from protocols import cot_stream, cot_xml
from protocols.cot_event import EVENT_BYTES, Detail, Link
from tests.adapters.feeds.cot_site import WHERE, Client, CotSite, Pytak, control, fresh
from tests.adapters.feeds.test_feed import until
from tests.cot_events import shared_events


@pytest_twisted.async_yield_fixture
async def site() -> AsyncIterator[CotSite]:
    made = CotSite()
    yield made
    await made.stop()


def errors(feed: Feed) -> dict[str, int]:
    return dict(feed.status().errors)


def kinds(feed: Feed) -> dict[str, int]:
    return dict(feed.status().kinds)


@pytest_twisted.ensureDeferred
async def test_a_phone_is_in_the_picture(site: CotSite) -> None:
    """In XML, in the middle of what else it sends."""
    feed = await site.start()
    client = Client.dial(feed)
    client.connection.sendall(b"".join(shared["xml"].encode() for shared in shared_events()[8:]))
    client.send(fresh())
    await until(lambda: bool(site.seen))
    track = site.picture.get("cot:ANDROID-1")
    assert track is not None
    assert (track.name, track.thing_kind, track.source) == ("队员01", ThingKind.TEAM, "field0")
    assert (track.lon_deg, track.lat_deg) == (115.9012, 28.6841)
    assert kinds(feed) == {"file_transfer": 1, "marker": 2, "route": 1, "chat": 1, "drawing": 3, "thing": 1}
    status = feed.status()
    assert (status.source_clock, status.clock_off_s, status.positions) == ("utc", None, 1)
    client.close()


@pytest_twisted.ensureDeferred
async def test_a_client_changes_over_to_protobuf(site: CotSite) -> None:
    """Offer, request, answer; then both sides, and pings too."""
    feed = await site.start()
    client = Client.dial(feed)
    await until(lambda: len(client.events()) == 1)
    offer = client.events()[0]
    assert (offer.type, offer.detail.offers) == ("t-x-takp-v", (1,))
    client.send(control("t-x-takp-q", asks=1))
    await until(lambda: len(client.events()) == 2)
    assert client.events()[1].detail.grants is True
    assert not client.protobuf()
    theirs = takproto.xml2proto(cot_xml.write(fresh()), takproto.TAKProtoVer.STREAM)
    client.connection.sendall(bytes(theirs))
    ping = takproto.xml2proto(cot_xml.write(control("t-x-c-t")), takproto.TAKProtoVer.STREAM)
    client.connection.sendall(bytes(ping))
    await until(lambda: bool(client.protobuf()))
    assert client.protobuf()[0].type == "t-x-c-t-r"
    assert site.seen[0].key == "cot:ANDROID-1"
    client.close()


@pytest_twisted.ensureDeferred
async def test_a_client_that_only_pings_is_answered_in_xml(site: CotSite) -> None:
    """And stays on the line: a ping is a sign of life."""
    feed = await site.start()
    client = Client.dial(feed)
    client.send(control("t-x-c-t"))
    await until(lambda: len(client.events()) == 2)
    assert client.events()[1].type == "t-x-c-t-r"
    assert feed.status().last_heard_at_s is not None
    client.close()


@pytest_twisted.ensureDeferred
async def test_what_is_stale_is_refused_and_counted(site: CotSite) -> None:
    """And what is no event; the line stays."""
    feed = await site.start()
    client = Client.dial(feed)
    client.send(fresh(age_s=76.0))
    client.connection.sendall(b"<event uid='x'></event>" + b"noise" + b"<a" + b"x" * EVENT_BYTES)
    client.connection.sendall(b"</event>")
    client.send(fresh("ANDROID-2"))
    await until(lambda: bool(site.seen))
    assert [sighting.key for sighting in site.seen] == ["cot:ANDROID-2"]
    assert errors(feed)["STALE"] == 1
    assert errors(feed)["MALFORMED"] == 1
    assert errors(feed)["GARBAGE"] >= 1
    assert errors(feed)["OVERSIZE"] >= 1
    client.close()


@pytest_twisted.ensureDeferred
async def test_an_alarm_holds_until_it_is_taken_back(site: CotSite) -> None:
    """Reports in between, without a word of it, do not end it; another line may take it back."""
    feed = await site.start()
    client = Client.dial(feed)
    client.send(fresh())
    link = Link(uid="ANDROID-1", type="a-f-G-U-C", relation="p-p")
    client.send(
        fresh("ANDROID-1-9-1-1", type="b-a-o-tbl", detail=Detail(emergency="911 Alert", links=(link,)))
    )
    await until(lambda: len(site.seen) == 3)
    client.send(fresh())
    await until(lambda: len(site.seen) == 4)
    track = site.picture.get("cot:ANDROID-1")
    assert track is not None
    assert track.emergency is Emergency.SOS
    client.close()
    other = Client.dial(feed)
    other.send(fresh("ANDROID-1-9-1-1", type="b-a-o-can", detail=Detail(emergency_over=True)))
    await until(lambda: len(site.seen) == 6)
    track = site.picture.get("cot:ANDROID-1")
    assert track is not None
    assert track.emergency is None
    assert len(site.picture) == 1
    other.close()


@pytest_twisted.ensureDeferred
async def test_a_phone_with_a_wrong_clock_is_seen_and_said(site: CotSite) -> None:
    """An hour behind: refused until it keeps step, then in the picture with its true age."""
    feed = await site.start()
    client = Client.dial(feed)
    for number in range(6):
        client.send(fresh(age_s=3600.0 - 1.0 * number))  # its clock runs on, a second a report
        await until(lambda count=number + 1: feed.counts.frames == count)
    assert errors(feed)["STALE"] == 2
    track = site.picture.get("cot:ANDROID-1")
    assert track is not None
    assert track.position_at_s is not None
    assert abs(time.time() - track.position_at_s) < 30
    status = feed.status()
    assert status.source_clock == "off"
    assert status.clock_off_s is not None
    assert abs(status.clock_off_s - 3600) < 60
    client.close()


@pytest_twisted.ensureDeferred
async def test_coordinates_of_a_feed_set_up_for_gcj02_are_converted(site: CotSite) -> None:
    """Against the format's own rule, where the site says that its phones do so."""
    feed = await site.start(datum="gcj02")
    shifted = wgs84_to_gcj02(Position(lon_deg=115.9012, lat_deg=28.6841))
    client = Client.dial(feed)
    client.send(fresh(lon_deg=shifted.lon_deg, lat_deg=shifted.lat_deg))
    await until(lambda: bool(site.seen))
    assert site.seen[0].lon_deg is not None
    assert abs(site.seen[0].lon_deg - 115.9012) < 1e-6
    client.close()


@pytest_twisted.ensureDeferred
async def test_simulated_feeds_mark_what_they_bring(site: CotSite) -> None:
    """As every feed."""
    feed = await site.start(simulated=True)
    client = Client.dial(feed)
    client.send(fresh())
    await until(lambda: bool(site.seen))
    assert site.seen[0].simulated
    client.close()


@pytest_twisted.ensureDeferred
async def test_datagrams_are_heard_in_every_form(site: CotSite) -> None:
    """XML, mesh form by takproto, stream form; what is none is counted. Nothing is sent back."""
    feed = await site.start(transport="udp")
    assert feed.port is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0.0)
        to = (WHERE, feed.port)
        sender.sendto(cot_xml.write(fresh("a")), to)
        sender.sendto(bytes(takproto.xml2proto(cot_xml.write(fresh("b")), takproto.TAKProtoVer.MESH)), to)
        sender.sendto(cot_stream.stream_frame(fresh("c")), to)
        sender.sendto(b"\xbf\x02\xbfxx", to)
        sender.sendto(cot_xml.write(control("t-x-c-t")), to)
        long = fresh("d", detail=Detail(remarks="长" * 1000, callsign="x" * 250))
        padded = cot_xml.write(long).replace(b"<detail>", b"<detail>" + b" " * 20_000)
        sender.sendto(padded, to)
        await until(lambda: len(site.seen) == 4)
    assert {sighting.key for sighting in site.seen} == {"cot:a", "cot:b", "cot:c", "cot:d"}
    assert errors(feed) == {"UNKNOWN_TYPE": 1}


@pytest_twisted.ensureDeferred
async def test_a_mesh_is_heard_by_multicast(site: CotSite) -> None:
    """The group that ATAK uses for situational awareness, on the loopback interface."""
    feed = await site.start(
        listen="0.0.0.0:0", transport="udp", group="239.2.3.1", interface=WHERE, allow_plain=True
    )
    assert feed.port is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(WHERE))
        sender.sendto(cot_stream.mesh_frame(fresh()), ("239.2.3.1", feed.port))
        await until(lambda: bool(site.seen))
    assert site.seen[0].key == "cot:ANDROID-1"


def authority(folder: Path) -> dict[str, Path]:
    """The site's own CA, its server, one field client, and a client of somebody else's."""
    now = datetime.now(UTC)
    ca = init_authority(folder / "ca", "Test CA", now)
    server = issue_certificate(folder / "ca", "36", now, hosts=["localhost", "127.0.0.1"])
    client = issue_certificate(folder / "ca", "phone-1", now, client=True)
    init_authority(folder / "other", "Other CA", now)
    stranger = issue_certificate(folder / "other", "phone-1", now, client=True)
    return {"ca": ca, "server": server, "client": client, "stranger": stranger}


def secured(files: dict[str, Path]) -> dict[str, Any]:
    return {
        "transport": "tls",
        "certificate": files["server"],
        "key": files["server"].with_suffix(".key"),
        "ca": files["ca"],
    }


def by_tls(feed: Feed, ca: Path, certificate: Path | None) -> str:
    """Report by TLS; what became of it."""
    assert feed.port is not None
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(str(ca))
    if certificate is not None:
        context.use_certificate_file(str(certificate))
        context.use_privatekey_file(str(certificate.with_suffix(".key")))
    with socket.create_connection((WHERE, feed.port), timeout=60) as plain:
        plain.setblocking(True)
        connection = SSL.Connection(context, plain)
        connection.set_connect_state()
        try:
            connection.do_handshake()
            connection.sendall(cot_xml.write(fresh(certificate.parent.name if certificate else "none")))
            while data := connection.recv(4096):  # TLS 1.3 refuses a client's certificate after its handshake
                if b"t-x-takp-v" in data:
                    return "greeted"
        except SSL.Error as error:
            return "refused" if error.args else "closed"
    return "closed"


@pytest_twisted.ensureDeferred
async def test_only_certificates_of_our_own_authority_are_let_in(site: CotSite, tmp_path: Path) -> None:
    """No certificate, or another authority's: the handshake fails and nothing is heard."""
    files = authority(tmp_path)
    feed = await site.start(**secured(files))
    for certificate in (None, files["stranger"]):
        assert await deferToThread(by_tls, feed, files["ca"], certificate) == "refused"
    assert await deferToThread(by_tls, feed, files["ca"], files["client"]) == "greeted"
    await until(lambda: bool(site.seen))
    assert [sighting.key for sighting in site.seen] == ["cot:ca"]


@pytest_twisted.ensureDeferred
async def test_a_lost_phone_s_certificate_is_let_in_no_more(site: CotSite, tmp_path: Path) -> None:
    """By name: others of the same authority are."""
    files = authority(tmp_path)
    other = issue_certificate(tmp_path / "ca", "phone-2", datetime.now(UTC), client=True)
    feed = await site.start(**secured(files), refused=("phone-1",))
    assert await deferToThread(by_tls, feed, files["ca"], files["client"]) in ("refused", "closed")
    assert await deferToThread(by_tls, feed, files["ca"], other) == "greeted"
    await until(lambda: bool(site.seen))
    assert len(site.seen) == 1
    status = feed.status()
    assert status.refused_connections == 1


@pytest_twisted.ensureDeferred
async def test_pytak_reports_in_xml_and_is_told(site: CotSite) -> None:
    """A client that its makers did not write for us: it hears of the other one, and not of itself."""
    feed = await site.start(send_every_s=1.0)
    site.tell()
    one, two = (Pytak(f"tcp://{WHERE}:{feed.port}") for _ in range(2))
    await until(lambda: one.connected and two.connected)
    one.send(fresh("ANDROID-1"))
    two.send(fresh("ANDROID-2", detail=Detail(callsign="乙队", app=fresh().detail.app)))
    await until(lambda: len(site.seen) == 2)
    await until(lambda: any("乙队" in line for line in map(_text, one.lines)))
    await until(lambda: any("队员01" in line for line in map(_text, two.lines)))
    assert not any("队员01" in line for line in map(_text, one.lines))
    assert not any("ANDROID" in line for line in map(_text, (*one.lines, *two.lines)))
    one.close()
    two.close()


def _text(line: str) -> str:
    return str(json.loads(line))


@pytest_twisted.ensureDeferred
async def test_pytak_reports_in_protobuf(site: CotSite) -> None:
    """By TCP without asking first, and by UDP."""
    stream = await site.start()
    datagrams = await site.start(transport="udp")
    peers = [
        Pytak(f"tcp://{WHERE}:{stream.port}", 1),
        Pytak(f"udp+wo://{WHERE}:{datagrams.port}", 1),
        Pytak(f"udp+wo://{WHERE}:{datagrams.port}", 0),
    ]
    await until(lambda: all(peer.connected for peer in peers))
    for number, peer in enumerate(peers):
        peer.send(fresh(f"P{number}"))
    await until(lambda: len(site.seen) == 3)
    assert {sighting.key for sighting in site.seen} == {"cot:P0", "cot:P1", "cot:P2"}
    assert not errors(stream)
    assert not errors(datagrams)
    for peer in peers:
        peer.close()


@pytest_twisted.ensureDeferred
async def test_pytak_comes_by_tls_with_our_authority_s_certificates(site: CotSite, tmp_path: Path) -> None:
    """It checks our name; we check its certificate."""
    files = authority(tmp_path)
    feed = await site.start(**secured(files))
    peer = Pytak(
        f"tls://localhost:{feed.port}",
        PYTAK_TLS_CLIENT_CERT=str(files["client"]),
        PYTAK_TLS_CLIENT_KEY=str(files["client"].with_suffix(".key")),
        PYTAK_TLS_CLIENT_CAFILE=str(files["ca"]),
    )
    await until(lambda: peer.connected)
    peer.send(fresh())
    await until(lambda: bool(site.seen))
    await until(lambda: len(peer.lines) >= 2)
    assert "t-x-takp-v" in peer.lines[1]
    peer.close()


@pytest_twisted.ensureDeferred
async def test_we_are_a_client_of_another_server(site: CotSite) -> None:
    """We dial, ping, are told of theirs and tell of ours, but not of theirs back."""
    server = CotSite()
    theirs = await server.start(send_every_s=1.0)
    server.tell()
    ours = await site.start(listen=None, connect=f"{WHERE}:{theirs.port}", send_every_s=1.0)
    local = await site.start(send_every_s=1.0)
    site.tell()
    there, here = Client.dial(theirs), Client.dial(local)
    there.send(fresh("THERE"))
    here.send(fresh("HERE"))
    await until(lambda: any(sighting.source == "field0" for sighting in server.seen))
    await until(lambda: kinds(theirs).get("control", 0) >= 1)  # our ping
    assert kinds(ours).get("control", 0) >= 1  # its offer
    # what they tell of THERE is ours by its uid's beginning: another Ganying's word goes by a link, not round by CoT
    await until(lambda: kinds(ours).get("echo", 0) >= 1)
    assert {sighting.key for sighting in site.seen} == {"cot:HERE"}
    there.close()
    here.close()
    await server.stop()
