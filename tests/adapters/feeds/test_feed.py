"""Feeds over real TCP sockets: what comes in, what is refused, what is held back, what comes back."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread

from adapters.feeds import FeedConfig, tcp
from adapters.feeds import feed as feed_module
from adapters.feeds.feed import Feed
from adapters.feeds.readers import Seen
from adapters.metrics import Metrics
from dispatch.geo import Position
from dispatch.picture import TrackPicture, sighting_at
from dispatch.sighting import Sighting
from dispatch.tracks import Verdict
from protocols import avr, beast
from protocols.adsb_encode import airborne_position, identification
from protocols.frames import Frame
from tests import recordings

reactor: Any = installed_reactor
ADDRESS = 0x78F001


async def until(true: Callable[[], bool]) -> None:
    """Wait for a condition; pytest's timeout ends a wait in vain."""
    while not true():
        waiting: Deferred[None] = Deferred()
        reactor.callLater(0.005, waiting.callback, None)
        await waiting


def one_by_one(seen: Seen) -> list[Sighting]:
    """What a reader hands over, whether by columns or not."""
    if isinstance(seen, Sighting):
        return [seen]
    return [sighting_at(seen, place) for place in range(len(seen))]


class Running:
    """Feeds of one test and what they saw."""

    def __init__(self) -> None:
        self.seen: list[Sighting] = []
        self.feeds: list[Feed] = []

    async def start(self, metrics: Metrics | None = None, **said: Any) -> Feed:
        if "connect" not in said:
            said = {"listen": "127.0.0.1:0"} | said
        feed = Feed(FeedConfig(**{"name": "hill", "kind": "beast"} | said), metrics)
        self.feeds.append(feed)
        await feed.start(reactor, self._see)
        return feed

    def _see(self, seen: Seen) -> None:
        self.seen += one_by_one(seen)


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    yield made
    for feed in made.feeds:
        pytest_twisted.blockon(feed.stop())


def dial(feed: Feed) -> socket.socket:
    assert feed.port is not None
    return socket.create_connection(("127.0.0.1", feed.port), timeout=30)


def send(feed: Feed, pieces: list[bytes], pause_s: float = 0.0) -> "Deferred[None]":
    """From a thread, as another machine would."""

    def sending() -> None:
        with dial(feed) as connection:
            for piece in pieces:
                connection.sendall(piece)
                if pause_s:
                    time.sleep(pause_s)  # the sender's own pace, not a wait for a result

    done: Deferred[None] = deferToThread(sending)
    return done


def drained(feed: Feed, byte_count: int) -> Callable[[], bool]:
    return lambda: feed.counts.bytes == byte_count and not feed.status().connected


def told(sightings: list[Sighting]) -> list[tuple[Any, ...]]:
    """All of a sighting but which connection it came by."""
    return [
        (s.icao24, s.receiver_s, s.lon_deg, s.lat_deg, s.altitude_m, s.ground_speed_mps, s.callsign, s.squawk)
        for s in sightings
    ]


def squitter(number: int, *, address: int = ADDRESS) -> bytes:
    place = Position(lon_deg=115.9, lat_deg=28.7)
    payload = airborne_position(address, place, 500.0, odd=bool(number % 2))
    return beast.encode(Frame(payload=payload, ticks=1 + number * 6_000_000, signal=1))


@pytest_twisted.ensureDeferred
async def test_a_recording_is_seen_and_counted(running: Running) -> None:
    metrics = Metrics()
    feed = await running.start(metrics, simulated_prefixes=("780a",))
    data = recordings.petersburg()
    await send(feed, [data])
    await until(drained(feed, len(data)))
    status = feed.status()
    assert (status.frames, status.valid, status.repeats, status.unverified) == (13_954, 13_948, 6_974, 6)
    assert (status.crc_errors, status.framing_errors, status.positions_refused) == (0, 0, 0)
    assert status.positions == 728  # half of dump1090's 1,456: a repeat is not seen twice
    assert status.sightings == len(running.seen)
    assert status.source_clock == "counter"
    assert status.last_heard_at_s is not None
    assert {s.icao24 for s in running.seen if s.simulated} == {"780a5c"}
    await feed.stop()
    assert b'ganying_feed_frames_total{feed="hill"} 13954.0' in metrics.text()


@pytest_twisted.ensureDeferred
async def test_speed_and_chunking_change_nothing_in_what_is_seen(running: Running) -> None:
    data = recordings.petersburg()[:60_000]
    fast = await running.start()
    await send(fast, [data])
    await until(drained(fast, len(data)))
    at_once = told(running.seen)
    running.seen.clear()
    slow = await running.start(name="slow")
    await send(slow, [data[at : at + 997] for at in range(0, len(data), 997)], pause_s=0.01)
    await until(drained(slow, len(data)))
    assert told(running.seen) == at_once
    assert len(at_once) > 1000


@pytest_twisted.ensureDeferred
async def test_the_picture_is_the_same_at_any_speed(running: Running) -> None:
    data = [item for item in beast.Deframer().feed(recordings.petersburg()) if isinstance(item, Frame)]
    feed = await running.start()
    await send(feed, [b"".join(beast.encode(item) for item in data)])
    await until(lambda: not feed.status().connected and feed.counts.frames == len(data))
    flown = []
    for pace in (0.0, 1.0, 7.0):
        picture = TrackPicture()
        places: dict[str, list[tuple[float, float]]] = {}
        for sighting in running.seen:
            verdict = picture.accept(sighting, 1_790_000_000.0 + pace * (sighting.receiver_s or 0.0))
            if verdict is Verdict.ACCEPTED and sighting.lon_deg is not None and sighting.lat_deg is not None:
                places.setdefault(sighting.icao24, []).append((sighting.lon_deg, sighting.lat_deg))
        flown.append(places)
    assert flown[0] == flown[1] == flown[2]
    assert len(flown[0]) == 11


@pytest_twisted.ensureDeferred
async def test_avr_text_is_seen(running: Running) -> None:
    feed = await running.start(kind="avr")
    lines = [avr.encode(frame) for frame in recordings.easyjet()]
    await send(feed, lines)
    await until(drained(feed, sum(map(len, lines))))
    assert feed.status().positions == 933
    assert {sighting.icao24 for sighting in running.seen} == {"406b90"}


@pytest_twisted.ensureDeferred
async def test_sbs_of_another_time_zone_or_day_is_flagged_and_aged_from_its_arrival(running: Running) -> None:
    feed = await running.start(kind="sbs")
    rows = [(",".join(row) + "\r\n").encode() for row in recordings.petersburg_reference()]
    await send(feed, rows)
    await until(drained(feed, sum(map(len, rows))))
    status = feed.status()
    assert (status.valid, status.positions, status.source_clock) == (8_622, 1_456, "off")
    assert status.clock_off_s is not None
    assert status.clock_off_s > 7 * 365 * 86_400  # the recording is of 2018
    ages = [time.time() - (sighting.observed_at_s or 0.0) for sighting in running.seen]
    assert -5 < min(ages) <= max(ages) < 60


@pytest_twisted.ensureDeferred
async def test_garbage_is_counted_and_what_follows_is_seen(running: Running) -> None:
    feed = await running.start()
    noise = bytes(range(27, 256)) * 50 + b"\x1a3" + b"\x00" * 9 + b"\x1a\x99" + b"\x1a4" + b"x" * 500
    data = noise + squitter(0) + noise + squitter(1)
    await send(feed, [data])
    await until(drained(feed, len(data)))
    status = feed.status()
    assert status.framing_errors > 4
    assert (status.valid, status.positions) == (2, 1)


@pytest_twisted.ensureDeferred
async def test_wrong_parity_is_counted_and_seen_by_nobody(running: Running) -> None:
    feed = await running.start()
    payload = bytearray(identification(ADDRESS, "B7001", 7))
    payload[6] ^= 1
    data = beast.encode(Frame(payload=bytes(payload), ticks=5))
    await send(feed, [data])
    await until(drained(feed, len(data)))
    assert (feed.status().crc_errors, running.seen) == (1, [])


@pytest_twisted.ensureDeferred
async def test_one_connection_too_many_is_turned_away_and_the_others_go_on(running: Running) -> None:
    feed = await running.start(connection_limit=2)
    first, second = dial(feed), dial(feed)
    await until(lambda: feed.status().connections == 2)
    with dial(feed) as third:
        await until(lambda: feed.status().refused_connections == 1)
        await deferToThread(_is_closed, third)
    first.sendall(squitter(0))
    await until(lambda: len(running.seen) == 1)
    second.close()
    await until(lambda: feed.status().connections == 1)
    with dial(feed) as fourth:
        fourth.sendall(squitter(0))
        await until(lambda: len(running.seen) == 2)
    first.close()


def _is_closed(connection: socket.socket) -> None:
    with contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""


@pytest_twisted.ensureDeferred
async def test_a_socket_that_dribbles_no_whole_frame_loses_its_place(running: Running) -> None:
    feed = await running.start(idle_timeout_s=0.3)
    with dial(feed) as connection:
        connection.sendall(squitter(0)[:7])
        await deferToThread(_is_closed, connection)
    await until(lambda: not feed.status().connected)
    assert "no good frame" in feed.status().last_error


@pytest_twisted.ensureDeferred
async def test_two_sources_of_one_feed_have_each_their_own_clock(running: Running) -> None:
    feed = await running.start()
    with dial(feed) as one, dial(feed) as other:
        one.sendall(squitter(0))
        await until(lambda: len(running.seen) == 1)
        other.sendall(squitter(1))  # the other half of a pair, but by another counter
        await until(lambda: len(running.seen) == 2)
    assert [sighting.lon_deg for sighting in running.seen] == [None, None]
    assert len({sighting.clock_id for sighting in running.seen}) == 2


@pytest_twisted.ensureDeferred
async def test_a_flood_is_held_back_in_the_senders_socket(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.feeds.pump.TURN_S", 0.0005)
    feed = await running.start()
    data = recordings.petersburg() * 12
    most = 0

    def watch() -> bool:
        nonlocal most
        most = max(most, feed.status().backlog_bytes)
        return feed.counts.bytes == len(data) and not feed.status().connected

    sending = send(feed, [data])
    await until(watch)
    await sending
    assert tcp.LOW_BYTES < most <= tcp.HIGH_BYTES + 65_536
    assert feed.status().frames == 12 * 13_954


@pytest_twisted.ensureDeferred
async def test_a_defect_behind_the_sink_drops_that_connection_only(running: Running) -> None:
    def broken(_sighting: Sighting) -> None:
        raise RuntimeError("a defect")

    feed = Feed(FeedConfig(name="dam", kind="beast", listen="127.0.0.1:0"))  # type: ignore[arg-type]  # as text
    await feed.start(reactor, broken)
    healthy = await running.start()
    with dial(feed) as connection, dial(healthy) as other:
        connection.sendall(squitter(0))
        await deferToThread(_is_closed, connection)
        other.sendall(squitter(0))
        await until(lambda: len(running.seen) == 1)
    assert feed.status().last_error == "a defect; see the log"
    await feed.stop()


class _Station(Protocol):
    """A receiver that a feed dials: says one frame to each caller."""

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        self.factory.callers.append(self)
        self.transport.write(squitter(len(self.factory.callers)))


@pytest_twisted.ensureDeferred
async def test_a_lost_source_is_dialled_again_until_it_is_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "FIRST_RETRY_S", 0.02)
    factory: Any = Factory.forProtocol(_Station)
    factory.callers = []
    station = reactor.listenTCP(0, factory, interface="127.0.0.1")
    port = station.getHost().port
    feed = await running.start(connect=f"127.0.0.1:{port}")
    await until(lambda: len(running.seen) == 1)
    await station.stopListening()
    factory.callers[0].transport.abortConnection()
    await until(lambda: not feed.status().connected)
    station = reactor.listenTCP(port, factory, interface="127.0.0.1")
    await until(lambda: len(running.seen) == 2)
    assert feed.status().connections_total == 2
    assert running.seen[0].clock_id != running.seen[1].clock_id
    await feed.stop()
    await station.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_port_in_use_is_said_at_the_start(running: Running) -> None:
    feed = await running.start()
    with pytest.raises(CannotListenError):
        await running.start(listen=f"127.0.0.1:{feed.port}")


@pytest_twisted.ensureDeferred
async def test_stopping_closes_every_socket(running: Running) -> None:
    feed = await running.start()
    with dial(feed) as connection:
        await until(lambda: feed.status().connected)
        await feed.stop()
        await deferToThread(_is_closed, connection)
    assert not feed.status().connected
    assert feed.port is None
