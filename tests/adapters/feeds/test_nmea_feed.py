"""NMEA receivers over real sockets: plain bytes in, one thing on the map for each stream."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as installed_reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread

from adapters.feeds import FeedConfig
from adapters.feeds.feed import Feed
from adapters.feeds.readers import Seen
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from protocols.nmea_lines import checksum
from tests.adapters.feeds.test_feed import until

reactor: Any = installed_reactor
WHERE = "127.0.0.1"


def line(body: str) -> bytes:
    return f"${body}*{checksum(body)}\r\n".encode()


def second(at_s: float, lat: str = "2841.50000") -> bytes:
    """What a BeiDou receiver says in one second, with another maker's binary in it."""
    clock, day = time.strftime("%H%M%S.00", time.gmtime(at_s)), time.strftime("%d%m%y", time.gmtime(at_s))
    return b"".join(
        (
            line(f"BDRMC,{clock},A,{lat},N,11554.25000,E,10.0,90.0,{day},,,A"),
            b"\xb5\x62\x01\x07\x00\x00\x08\x19",
            line(f"BDGGA,{clock},{lat},N,11554.25000,E,1,12,1.00,56.0,M,5.0,M,,"),
            line("BDGSV,1,1,00"),
            line("AIVDM,1,1,,A,15M67FC000G?ufbE`FepT@3n00Sa,0").replace(b"$", b"!"),
        )
    )


class Site:
    """Feeds of receivers and the picture they fill."""

    def __init__(self) -> None:
        self.feeds: list[Feed] = []
        self.picture = TrackPicture()
        self.seen: list[Sighting] = []

    async def start(self, **said: Any) -> Feed:
        usual = {"name": "van", "kind": "nmea", "datum": "wgs84"}
        if "connect" not in said:
            usual["listen"] = f"{WHERE}:0"
        feed = Feed(FeedConfig(**usual | said))
        self.feeds.append(feed)
        await feed.start(reactor, self._see)
        return feed

    def _see(self, seen: Seen) -> None:
        assert isinstance(seen, Sighting)
        self.seen.append(seen)
        self.picture.accept(seen, reactor.seconds())


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    for feed in made.feeds:
        pytest_twisted.blockon(feed.stop())


@pytest_twisted.ensureDeferred
async def test_plain_bytes_become_one_moving_thing(site: Site) -> None:
    feed = await site.start(connection_limit=1)
    now = float(int(time.time()))
    stream = b"".join(second(now - 3 + step, f"2841.5{step}000") for step in range(4))

    def pour() -> None:
        with socket.create_connection((WHERE, feed.port), timeout=30) as connection:
            for at in range(0, len(stream), 11):
                connection.sendall(stream[at : at + 11])

    await deferToThread(pour)
    await until(lambda: not feed.status().connected and feed.counts.bytes == len(stream))
    assert [s.observed_at_s for s in site.seen] == [now - 3, now - 2, now - 1, now]
    track = site.picture.get("nmea:van")
    assert track is not None
    assert len(site.picture) == 1
    assert (track.lat_deg, track.altitude_m, track.accuracy_m, track.name) == (
        pytest.approx(28 + 41.53 / 60),
        56.0,
        pytest.approx(7.0),
        "van",
    )
    status = feed.status()
    assert dict(status.kinds) == {"BDRMC": 4, "BDGGA": 4, "other": 8}
    assert dict(status.errors) == {"GARBAGE": 4}
    assert (status.source_clock, status.positions) == ("utc", 4)


@pytest_twisted.ensureDeferred
async def test_a_damaged_sentence_moves_nothing(site: Site) -> None:
    feed = await site.start()
    good = second(time.time())
    bad = good.replace(b"2841.50000", b"3841.50000")

    def pour() -> None:
        with socket.create_connection((WHERE, feed.port), timeout=30) as connection:
            connection.sendall(bad + b"$" * 5000 + b"\x00" * 5000 + good)

    await deferToThread(pour)
    await until(lambda: not feed.status().connected and feed.counts.bytes > 10_000)
    assert [s.lat_deg for s in site.seen] == [pytest.approx(28 + 41.5 / 60)]
    assert (feed.status().crc_errors, dict(feed.status().errors)["CRC"]) == (2, 2)


@pytest_twisted.ensureDeferred
async def test_several_senders_are_several_things(site: Site) -> None:
    feed = await site.start(transport="udp")
    now = time.time()
    data = second(now - 1) + second(now)

    def pour(host: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((host, 0))
            for each in data.splitlines(keepends=True):  # a datagram each, as some gateways send
                sender.sendto(each, (WHERE, feed.port))

    for host in ("127.0.0.1", "127.0.0.2"):
        await deferToThread(pour, host)
    await until(lambda: {s.key for s in site.seen} == {"nmea:van-127.0.0.1", "nmea:van-127.0.0.2"})
    assert site.seen[0].name == "van 127.0.0.1"


class _Receiver(Protocol):
    """A receiver that a feed dials."""

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        self.transport.write(second(time.time()))
        self.transport.loseConnection()


@pytest_twisted.ensureDeferred
async def test_a_receiver_that_is_dialled_is_known_by_the_feed(site: Site) -> None:
    station = reactor.listenTCP(0, Factory.forProtocol(_Receiver), interface=WHERE)
    await site.start(connect=f"{WHERE}:{station.getHost().port}")
    await until(lambda: bool(site.seen))
    assert site.seen[0].key == "nmea:van"
    await site.feeds[0].stop()
    await station.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_recording_is_aged_by_arrival_and_said(site: Site) -> None:
    feed = await site.start()
    with socket.create_connection((WHERE, feed.port), timeout=30) as connection:
        connection.sendall(second(1_600_000_000.0) + second(1_600_000_001.0))
        await until(lambda: len(site.seen) == 2)
        assert feed.status().source_clock == "off"
    assert all(s.observed_at_s == pytest.approx(time.time(), abs=60) for s in site.seen)
