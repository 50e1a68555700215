"""JT/T 808 terminals over real sockets into a real feed and picture: logins, positions, hostile ones, answers."""

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as installed_reactor
from twisted.internet.threads import deferToThread

from adapters.feeds import FeedConfig
from adapters.feeds.feed import Feed
from adapters.feeds.readers import Seen, jt808, jt808_files
from dispatch.errors import Malformed
from dispatch.kinds import Emergency, SourceKind, ThingKind
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.tracks import Verdict
from tests.adapters.feeds.test_feed import until
from tests.terminal808 import Answer, Terminal, answers, place

reactor: Any = installed_reactor
LIST = "number,name,thing_kind,registration\n13912345678,保障车1,vehicle,赣A12345\n13912345679,7015,helicopter,B-70Q1\n"
WHERE = "127.0.0.1"


@dataclass
class Site:
    """A feed of terminals with its picture, and what it was given."""

    folder: Path
    feeds: list[Feed] = field(default_factory=list)
    picture: TrackPicture = field(default_factory=TrackPicture)
    seen: list[Sighting] = field(default_factory=list)

    async def start(self, **said: Any) -> Feed:
        listed = self.folder / "terminals.csv"
        if not listed.exists():
            listed.write_text(LIST, encoding="utf-8")
        usual = {
            "name": "bd",
            "kind": "jt808",
            "listen": f"{WHERE}:0",
            "datum": "wgs84",
            "terminals": listed,
            "secrets": self.folder / "data",
        }
        feed = Feed(FeedConfig(**usual | said))
        self.feeds.append(feed)
        await feed.start(reactor, self._see)
        return feed

    def _see(self, seen: Seen) -> None:
        assert isinstance(seen, Sighting)
        self.seen.append(seen)
        self.picture.accept(seen, reactor.seconds())

    def keys(self) -> set[str]:
        return {key for track in self.picture.tracks() for key in track.keys}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    for feed in made.feeds:
        pytest_twisted.blockon(feed.stop())


class Call:
    """One connection of a terminal, used from a thread as another machine would."""

    def __init__(self, feed: Feed, terminal: Terminal) -> None:
        assert feed.port is not None
        self.terminal = terminal
        self.socket = socket.create_connection((WHERE, feed.port), timeout=30)

    def ask(self, wire: bytes, answer_count: int = 1, *, piece: int = 0) -> list[Answer]:
        """Send, in pieces of so many bytes, and take so many answers."""
        if piece:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(wire), piece):
                self.socket.sendall(wire[at : at + piece])
        else:
            self.socket.sendall(wire)
        came = b""
        while came.count(b"\x7e") < 2 * answer_count:
            more = self.socket.recv(4096)
            assert more, "the platform hung up"
            came += more
        found = answers(came)
        assert len(found) == answer_count
        return found

    def say(self, message_id: int, body: bytes = b"", *, piece: int = 0) -> int:
        """The result of the general answer."""
        serial = self.terminal.serial
        (answer,) = self.ask(self.terminal.say(message_id, body), piece=piece)
        assert (answer.message_id, answer.body[:4]) == (0x8001, struct.pack(">HH", serial, message_id))
        assert (answer.number, answer.version) == (self.terminal.number, self.terminal.version)
        return answer.body[4]

    def log_in(self) -> None:
        serial = self.terminal.serial
        (answer,) = self.ask(self.terminal.register(plate=""))
        assert (answer.message_id, answer.body[:3]) == (0x8100, struct.pack(">HB", serial, 0))
        assert (answer.number, answer.version) == (self.terminal.number, self.terminal.version)
        (answer,) = self.ask(self.terminal.authenticate(answer.body[3:]))
        assert (answer.message_id, answer.body[4]) == (0x8001, 0)

    def is_hung_up(self) -> None:
        with contextlib.suppress(ConnectionResetError):
            while self.socket.recv(4096):
                pass


def in_thread(work: Any, *arguments: Any) -> Any:
    return deferToThread(work, *arguments)


NUMBERS = ("13912345678", "13912345679")


@pytest_twisted.ensureDeferred
async def test_terminals_of_both_versions_are_seen_and_nobody_else(site: Site) -> None:
    feed = await site.start()
    now = datetime.now(UTC)
    # coordinates whose bytes need escapes: 0x06e87d7e and 0x01b57e7d millionths
    lon_deg, lat_deg = 0x06E87D7E / 1e6, 0x01B57E7D / 1e6

    def of_2013() -> None:
        call = Call(feed, Terminal(NUMBERS[0]))
        call.log_in()
        assert call.say(0x0002) == 0
        body = place(lon_deg, lat_deg, now, items=b"\xe1\x02\x7e\x7d")
        assert b"\x7d\x02" in call.terminal.say(0x0200, body)
        assert call.say(0x0200, body, piece=3) == 0
        late = [place(lon_deg, lat_deg, now - timedelta(hours=2, seconds=-n)) for n in range(40)]
        parts = call.terminal.parts(0x0704, call.terminal.batch(late, late=True), 500)
        assert [answer.body[4] for answer in call.ask(b"".join(parts), len(parts), piece=200)] == [0] * 3
        spoilt = bytearray(call.terminal.say(0x0200, place(1.0, 1.0, now)))
        assert spoilt[14] == 0  # of the alarm word; the check byte itself may be an escape
        spoilt[14] = 1
        assert call.ask(bytes(spoilt) + call.terminal.say(0x0002))[0].body[2:] == b"\x00\x02\x00"
        assert call.say(0x0200, place(1.0, 1.0, now, status=0b01)) == 0
        assert call.say(0x0900, b"\x00x") == 3
        assert call.say(0x0200, bytes(5)) == 2
        call.socket.close()

    def of_2019() -> None:
        call = Call(feed, Terminal(NUMBERS[1], 1))
        call.log_in()
        assert call.say(0x0002) == 0
        assert call.say(0x0200, place(-70.5, -33.25, now, alarm=1)) == 0
        call.socket.close()

    def stranger() -> None:
        call = Call(feed, Terminal("13900000000"))
        (answer,) = call.ask(call.terminal.register())
        assert (answer.message_id, answer.body[2:]) == (0x8100, b"\x04")
        assert call.say(0x0102, b"guess") == 1
        assert call.say(0x0200, place(2.0, 2.0, now)) == 1
        call.socket.close()

    def unauthenticated() -> None:
        call = Call(feed, Terminal(NUMBERS[0]))
        assert call.say(0x0200, place(3.0, 3.0, now)) == 1
        call.socket.close()

    def hostile() -> None:
        call = Call(feed, Terminal("0"))
        call.socket.sendall(b"\x7e" + b"\x7d" * 9000 + b"\x7e" + bytes(range(256)) * 20 + b"\x7e\x7e\x7e")
        assert call.say(0x0200, place(4.0, 4.0, now)) == 1
        call.socket.close()

    for each in (of_2013, of_2019, stranger, unauthenticated, hostile):
        await in_thread(each)
    await until(lambda: not feed.status().connected)
    assert site.keys() == {f"jt808:{number}" for number in NUMBERS}
    van, helicopter = (site.picture.get(f"jt808:{number}") for number in NUMBERS)
    assert van is not None
    assert helicopter is not None
    assert (van.lon_deg, van.lat_deg) == (pytest.approx(lon_deg), pytest.approx(lat_deg))
    assert (van.name, van.thing_kind, van.source_kind) == ("保障车1", ThingKind.VEHICLE, SourceKind.TERMINAL)
    assert (helicopter.lon_deg, helicopter.lat_deg) == (-70.5, -33.25)
    assert (helicopter.thing_kind, helicopter.registration) == (ThingKind.HELICOPTER, "B-70Q1")
    assert helicopter.emergency is Emergency.SOS
    assert site.picture.counts == {Verdict.ACCEPTED: 2, Verdict.BACKFILL: 40}
    status = feed.status()
    errors = dict(status.errors)
    assert (errors["CRC"], errors["OVERSIZE"], status.crc_errors) == (2, 1, 2)
    assert (errors["UNAUTHENTICATED"], errors["UNKNOWN_TERMINAL"]) == (3, 2)
    kinds = dict(status.kinds)
    assert (kinds["no fix"], kinds["unsupported"], kinds["0704"]) == (1, 1, 3)
    assert status.positions == 42


@pytest_twisted.ensureDeferred
async def test_a_code_holds_over_a_restart_of_the_site(site: Site) -> None:
    feed = await site.start()
    codes: list[bytes] = []

    def register() -> None:
        call = Call(feed, Terminal(NUMBERS[0]))
        codes.append(call.ask(call.terminal.register(plate=""))[0].body[3:])
        call.socket.close()

    await in_thread(register)
    secret = site.folder / "data" / jt808.SECRET_FILE
    assert secret.stat().st_mode & 0o077 == 0
    await feed.stop()
    again = await site.start()

    def authenticate() -> None:
        call = Call(again, Terminal(NUMBERS[0]))
        assert call.say(0x0102, codes[0]) == 0
        assert call.say(0x0200, place(115.9, 28.7, datetime.now(UTC))) == 0
        call.socket.close()

    await in_thread(authenticate)
    assert site.keys() == {"jt808:13912345678"}


@pytest_twisted.ensureDeferred
async def test_a_second_connection_of_a_terminal_ends_the_first(site: Site) -> None:
    feed = await site.start()

    def twice() -> None:
        first, second = Call(feed, Terminal(NUMBERS[0])), Call(feed, Terminal(NUMBERS[0], 1))
        first.log_in()
        second.log_in()
        first.is_hung_up()
        assert second.say(0x0200, place(115.9, 28.7, datetime.now(UTC))) == 0
        second.socket.close()

    await in_thread(twice)
    await until(lambda: not feed.status().connected)
    assert dict(feed.status().kinds)["taken over"] == 1
    assert len(site.seen) == 1


@pytest_twisted.ensureDeferred
async def test_who_keeps_being_refused_is_hung_up_on(site: Site) -> None:
    feed = await site.start()

    def knock() -> None:
        call = Call(feed, Terminal("1"))
        call.socket.sendall(b"".join(call.terminal.say(0x0102, b"guess") for _ in range(1000)))
        call.is_hung_up()

    await in_thread(knock)
    await until(lambda: not feed.status().connected)
    assert dict(feed.status().errors) == {"UNKNOWN_TERMINAL": 16}


@pytest_twisted.ensureDeferred
async def test_a_connection_that_never_logs_in_loses_its_place(site: Site) -> None:
    feed = await site.start(idle_timeout_s=0.3)

    def linger() -> None:
        call = Call(feed, Terminal(NUMBERS[0]))
        assert call.say(0x0002) == 1
        call.is_hung_up()

    await in_thread(linger)
    await until(lambda: not feed.status().connected)
    assert "no good frame" in feed.status().last_error


@pytest_twisted.ensureDeferred
async def test_a_list_that_changes_is_read_again_and_a_broken_one_is_not(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jt808_files, "LOOK_S", 0.0)
    feed = await site.start()
    listed = site.folder / "terminals.csv"

    def register(number: str) -> int:
        call = Call(feed, Terminal(number))
        result = call.ask(call.terminal.register(plate=""))[0].body[2]
        call.socket.close()
        return result

    async def until_registered(number: str, result: int) -> None:
        while await in_thread(register, number) != result:
            pass

    assert await in_thread(register, "18900000000") == 4
    listed.write_text(LIST + "18900000000,新车,,\n", encoding="utf-8")
    await until_registered("18900000000", 0)
    listed.write_text("no list at all", encoding="utf-8")
    os.utime(listed, (time.time() + 5, time.time() + 5))
    for _ in range(5):
        assert await in_thread(register, "18900000000") == 0
    listed.write_text(LIST, encoding="utf-8")
    os.utime(listed, (time.time() + 9, time.time() + 9))
    await until_registered("18900000000", 4)


def test_a_list_or_secret_that_cannot_be_read_is_said_at_the_start(tmp_path: Path) -> None:
    listed = tmp_path / "terminals.csv"

    def start(**said: Any) -> None:
        usual = {"name": "bd", "kind": "jt808", "listen": f"{WHERE}:0", "datum": "wgs84"}
        Feed(FeedConfig(**usual | {"terminals": listed, "secrets": tmp_path} | said))

    for text in (None, "number\nx\n", b"\xff\xfe".decode("latin-1")):
        if text is not None:
            listed.write_text(text, encoding="latin-1")
        with pytest.raises(Malformed, match=r"feed\.terminals"):
            start()
    listed.write_text(LIST, encoding="utf-8")
    start()
    with pytest.raises(Malformed, match=r"feed\.secrets"):
        start(secrets=None)
    (tmp_path / jt808.SECRET_FILE).write_bytes(b"short")
    with pytest.raises(Malformed, match=r"feed\.secrets"):
        start()
    with pytest.raises(Malformed, match=r"feed\.secrets"):
        start(secrets=listed)


@pytest_twisted.ensureDeferred
async def test_old_ordinary_reports_of_a_known_clock_are_history(site: Site) -> None:
    feed = await site.start()
    now = datetime.now(UTC)

    def backlog() -> None:
        call = Call(feed, Terminal(NUMBERS[0]))
        call.log_in()
        for minutes in (0, 0, 0, 20, 0):
            body = place(115.9, 28.7, now - timedelta(minutes=minutes), alarm=0)
            assert call.say(0x0200, body) == 0
        assert feed.status().source_clock == "utc"
        call.socket.close()

    await in_thread(backlog)
    assert [s.backfill for s in site.seen] == [False, False, False, True, False]
    assert site.seen[3].observed_at_s == pytest.approx(now.timestamp() - 1200, abs=1)


@pytest_twisted.ensureDeferred
async def test_a_terminal_in_another_time_zone_is_aged_by_arrival_and_said(site: Site) -> None:
    feed = await site.start()
    status = []

    def eight_hours_off() -> None:
        call = Call(feed, Terminal(NUMBERS[0]))
        call.log_in()
        assert call.say(0x0200, place(115.9, 28.7, datetime.now(UTC) - timedelta(hours=8))) == 0
        status.append(feed.status())
        call.socket.close()

    await in_thread(eight_hours_off)
    assert status[0].source_clock == "off"
    assert status[0].clock_off_s == pytest.approx(8 * 3600, abs=10)
    assert site.keys() == {"jt808:13912345678"}
    assert site.seen[0].observed_at_s == pytest.approx(time.time(), abs=60)


@pytest_twisted.ensureDeferred
async def test_terminals_may_come_by_datagrams(site: Site) -> None:
    feed = await site.start(transport="udp", accept_unknown=True, terminals=None)

    def report() -> None:
        terminal = Terminal("18911112222", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.settimeout(30)
            sender.connect((WHERE, feed.port))
            sender.send(terminal.register())
            (registered,) = answers(sender.recv(2048))
            sender.send(terminal.authenticate(registered.body[3:]))
            assert answers(sender.recv(2048))[0].body[4] == 0
            sender.send(terminal.say(0x0200, place(115.9, 28.7, datetime.now(UTC))))
            assert answers(sender.recv(2048))[0].body[4] == 0

    await in_thread(report)
    assert site.keys() == {"jt808:18911112222"}
    assert site.seen[0].name == "未登记 18911112222"
