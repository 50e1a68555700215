"""Feeds of datagrams: from anybody and by multicast, in bounded memory, without harm to other feeds."""

import itertools
import socket
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.error import CannotListenError
from twisted.internet.task import Clock

from adapters.feeds import FeedConfig, channel, pump, udp
from adapters.feeds.feed import Feed
from adapters.feeds.readers import Seen
from dispatch.sighting import Sighting
from protocols import beast
from protocols.adsb_encode import identification
from protocols.frames import Frame
from tests.adapters.feeds.test_feed import Running, one_by_one, running, squitter, until

__all__ = ["running"]  # a fixture

GROUP = "239.255.36.1"
LINE = b"MSG,8,1,1,780A5C,1,,,,,,,,,,,,,,,,"


def sender() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


@pytest_twisted.ensureDeferred
async def test_datagrams_are_seen_and_each_sender_has_its_own_clock(running: Running) -> None:
    feed = await running.start(transport="udp")
    with sender() as one, sender() as other:
        one.sendto(squitter(0), ("127.0.0.1", feed.port))
        await until(lambda: len(running.seen) == 1)
        other.sendto(squitter(1), ("127.0.0.1", feed.port))  # the other half of a pair by another counter
        await until(lambda: len(running.seen) == 2)
        one.sendto(squitter(1), ("127.0.0.1", feed.port))
        await until(lambda: len(running.seen) == 3)
    assert [sighting.lon_deg is not None for sighting in running.seen] == [False, False, True]
    status = feed.status()
    assert (status.transport, status.connections, status.valid, status.dropped) == ("udp", 2, 3, 0)
    assert status.bytes == 3 * len(squitter(0))


@pytest_twisted.ensureDeferred
async def test_a_group_is_heard_and_what_is_sent_to_the_host_alone_is_not(running: Running) -> None:
    feed = await running.start(
        transport="udp", listen="0.0.0.0:0", group=GROUP, interface="127.0.0.1", name="radars"
    )
    with sender() as one:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        one.sendto(squitter(1), ("127.0.0.1", feed.port))
        one.sendto(squitter(0), (GROUP, feed.port))
        await until(lambda: len(running.seen) == 1)
    assert feed.status().frames == 1


@pytest_twisted.ensureDeferred
async def test_a_datagram_is_whole_and_what_it_lacks_does_not_come_with_the_next(running: Running) -> None:
    feed = await running.start(transport="udp", kind="sbs")
    with sender() as one:
        for data in (LINE[:9], LINE[9:], b"", LINE):
            one.sendto(data, ("127.0.0.1", feed.port))
        await until(lambda: len(running.seen) == 1)
    assert feed.status().errors == (("MALFORMED", 1), ("UNKNOWN_RECORD", 1))


def test_what_waits_of_one_sender_is_read_at_once_where_many_cost_little_more() -> None:
    turns, seen = _Turns(), list[Sighting]()
    feed, datagrams = started(turns, "hill", seen)
    cuts: list[bytes] = []
    for port in (1, 2):
        datagrams.take(squitter(0), ("127.0.0.1", port), 0.0)
    while len(seen) < 2:
        turns.turn()
    for reader in feed.readers():
        cut = reader.cut

        def noted(data: bytes, cut: Any = cut) -> Any:
            cuts.append(data)
            return cut(data)

        reader.cut = noted  # type: ignore[method-assign]  # to see what it is given
    for port, number in ((1, 1), (1, 2), (1, 3), (2, 1), (1, 4)):
        datagrams.take(squitter(number), ("127.0.0.1", port), 1.0)
    while len(seen) < 7:
        turns.turn()
    frames = [len(data) // len(squitter(1)) for data in cuts]
    assert frames == [3, 1, 1]  # in the order of arrival, never mixing senders
    feed.stop()


@pytest_twisted.ensureDeferred
async def test_a_port_in_use_is_said_at_the_start(running: Running) -> None:
    feed = await running.start(transport="udp")
    with pytest.raises(CannotListenError):
        await running.start(transport="udp", listen=f"127.0.0.1:{feed.port}")
    await feed.stop()
    assert feed.port is None


class _Turns(Clock):
    """A reactor that turns when told; datagrams are handed over by hand."""

    def turn(self) -> None:
        """What was due when the turn began, not what it asks for in its course."""
        due = [call for call in self.calls if call.getTime() <= self.seconds()]
        for call in due:
            self.calls.remove(call)
            call.func(*call.args, **call.kw)

    def addReader(self, _reader: Any) -> None:  # noqa: N802  # Twisted's name
        pass

    def removeReader(self, _reader: Any) -> None:  # noqa: N802  # Twisted's name
        pass


def started(
    turns: _Turns, name: str, seen: list[Sighting], kind: str = "beast"
) -> tuple[Feed, udp.Datagrams]:
    config = FeedConfig(name=name, kind=kind, transport="udp", listen="127.0.0.1:0")  # type: ignore[arg-type]  # as text
    feed = Feed(config)
    feed.start(turns, lambda each: seen.extend(one_by_one(each)))
    assert feed._datagrams is not None
    return feed, feed._datagrams


def named(number: int) -> bytes:
    return beast.encode(Frame(payload=identification(0x780000 + number, "B7001", 7), ticks=1 + number))


def test_what_is_too_much_goes_from_the_front_and_is_counted() -> None:
    turns, seen = _Turns(), list[Sighting]()
    feed, datagrams = started(turns, "flood", seen)
    extra = 9 * udp.DATAGRAM_LIMIT
    for number in range(udp.DATAGRAM_LIMIT + extra):
        datagrams.take(named(number), ("127.0.0.1", 1), 0.0)
    assert feed.status().backlog_bytes <= udp.DATAGRAM_LIMIT * 40
    while len(seen) < udp.DATAGRAM_LIMIT:
        turns.turn()
    assert feed.status().dropped == extra
    addresses = [int(each.icao24, 16) - 0x780000 for each in seen]
    assert addresses == list(range(extra, udp.DATAGRAM_LIMIT + extra))
    feed.stop()


def test_long_datagrams_are_bounded_by_their_bytes() -> None:
    turns, seen = _Turns(), list[Sighting]()
    feed, datagrams = started(turns, "flood", seen)
    for _ in range(100):
        datagrams.take(bytes(65_000), ("127.0.0.1", 1), 0.0)
    assert feed.status().backlog_bytes <= udp.BYTE_LIMIT
    assert feed.status().dropped == 100 - udp.BYTE_LIMIT // 65_000
    feed.stop()


def test_a_flood_on_one_feed_does_not_hold_up_another(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = itertools.count()
    for module in (pump, udp, channel):  # fifty looks at the time are a turn, however fast this machine is
        monkeypatch.setattr(module, "perf_counter", lambda: next(looks) * pump.TURN_S / 50)
    turns, loud_seen, calm_seen = _Turns(), list[Sighting](), list[Sighting]()
    loud, flood = started(turns, "loud", loud_seen, "sbs")
    calm, drops = started(turns, "calm", calm_seen, "sbs")
    for _ in range(10 * udp.DATAGRAM_LIMIT):
        flood.take(LINE, ("127.0.0.1", 1), 0.0)
    for number in range(3):
        drops.take(LINE, ("127.0.0.1", 1), 0.0)
        turns.turn()
        turns.turn()
        # in the second turn at the latest, whatever the other has waiting
        assert len(calm_seen) == number + 1
    assert loud.status().backlog_bytes > 0
    for feed in (loud, calm):
        feed.stop()


def test_senders_that_nobody_understands_do_not_push_out_one_that_is_understood() -> None:
    turns, seen = _Turns(), list[Sighting]()
    feed, datagrams = started(turns, "hill", seen)
    datagrams.take(squitter(0), ("127.0.0.1", 1), 0.0)
    turns.turn()
    for port in range(2, 4 * udp.SENDER_LIMIT):
        datagrams.take(b"\x1a\x99 nonsense", ("127.0.0.1", port), 0.0)
    while feed.status().backlog_bytes:
        turns.turn()
    assert feed.status().connections == udp.SENDER_LIMIT
    datagrams.take(squitter(1), ("127.0.0.1", 1), 1.0)
    while len(seen) < 2:
        turns.turn()
    (_, last) = seen
    assert last.lon_deg is not None  # paired with the first by the same reader
    feed.stop()


def test_a_sender_not_heard_for_long_is_forgotten() -> None:
    turns, seen = _Turns(), list[Sighting]()
    feed, datagrams = started(turns, "hill", seen)
    datagrams.take(squitter(0), ("127.0.0.1", 1), 0.0)
    turns.turn()
    assert feed.status().connected
    turns.advance(feed.config.idle_timeout_s + 2)
    assert not feed.status().connected
    feed.stop()


def test_a_defect_behind_the_sink_costs_one_sender_only() -> None:
    turns, seen = _Turns(), list[Sighting]()

    def broken(each: Seen) -> None:
        (sighting,) = one_by_one(each)
        if sighting.icao24 == "780001":
            raise RuntimeError("a defect")
        seen.append(sighting)

    feed = Feed(FeedConfig(name="dam", kind="beast", transport="udp", listen="127.0.0.1:0"))  # type: ignore[arg-type]  # as text
    feed.start(turns, broken)
    assert feed._datagrams is not None
    for number in (1, 2):
        feed._datagrams.take(named(number), ("127.0.0.1", number), 0.0)
    while not seen:
        turns.turn()
    assert feed.status().last_error == "a defect; see the log"
    assert len(seen) == 1
    feed.stop()
