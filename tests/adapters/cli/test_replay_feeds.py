"""`ganying replay` into real feeds, by stream and by datagram: what was recorded is what they see."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from adapters.__main__ import main
from adapters.feeds.feed import Feed
from dispatch.kinds import SourceKind
from protocols import cot_stream
from tests import recordings
from tests.adapters.feeds.cot_site import CotSite, fresh
from tests.adapters.feeds.test_feed import Running, running, until
from tests.adapters.feeds.test_jt808_feed import Site
from tests.adapters.feeds.test_udp import GROUP
from tests.protocols.asterix_peers import DATA as ASTERIX
from tests.protocols.test_jt808_messages import vectors, wire
from tests.protocols.test_nmea import DATA as NMEA
from tests.terminal808 import Terminal, place

__all__ = ["running"]  # a fixture

CODE = b"set-by-hand"
NUMBER = "13912345678"


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    (tmp_path / "terminals.csv").write_text(f"number,name,auth_code\n{NUMBER},保障车1,{CODE.decode()}\n")
    yield made
    for feed in made.feeds:
        pytest_twisted.blockon(feed.stop())


@pytest_twisted.async_yield_fixture
async def field() -> AsyncIterator[CotSite]:
    made = CotSite()
    yield made
    await made.stop()


def sent(file: Path, feed: Feed, *words: str, udp: bool = False, host: str = "127.0.0.1") -> "Deferred[int]":
    """Its exit status. From a thread, as another machine would."""
    to = f"{'udp:' if udp else ''}{host}:{feed.port}"
    done: Deferred[int] = deferToThread(main, ["replay", str(file), "--to", to, "--speed", "max", *words])
    return done


def errors(feed: Feed) -> dict[str, int]:
    return dict(feed.status().errors)


@pytest_twisted.ensureDeferred
async def test_a_capture_of_radars_by_multicast(running: Running) -> None:
    feed = await running.start(
        kind="asterix",
        transport="udp",
        listen="0.0.0.0:0",
        group=GROUP,
        interface="127.0.0.1",
    )
    words = ("--interface", "127.0.0.1")
    assert await sent(ASTERIX / "cat_034_048.pcap", feed, *words, udp=True, host=GROUP) == 0
    await until(lambda: feed.counts.frames == 162)
    status = feed.status()
    assert status.kinds == (("CAT034", 34), ("CAT048", 128))
    assert (status.dropped, status.connections) == (0, 1)
    assert set(errors(feed)) == {"UNPLACED"}  # nobody said where those radars stand
    assert len(running.seen) == 64  # each record was recorded from two networks


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("udp", [False, True])
async def test_blocks_without_a_capture_by_stream_and_by_datagram(
    running: Running, tmp_path: Path, *, udp: bool
) -> None:
    file = tmp_path / "radar.ast"
    file.write_bytes((ASTERIX / "cat048.raw").read_bytes() + (ASTERIX / "cat034.raw").read_bytes())
    feed = await running.start(kind="asterix", **({"transport": "udp"} if udp else {}))
    assert await sent(file, feed, "--format", "asterix", udp=udp) == 0
    await until(lambda: feed.counts.frames == 2)
    assert errors(feed) == {"UNPLACED": 1}


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("udp", [False, True])
async def test_frames_of_a_receiver_by_stream_and_by_datagram(running: Running, *, udp: bool) -> None:
    feed = await running.start(**({"transport": "udp"} if udp else {}))
    assert await sent(recordings.ADSB / "sample_dump1090_24s.beast", feed, udp=udp) == 0
    await until(lambda: sum(sighting.lon_deg is not None for sighting in running.seen) == 3)
    await until(lambda: feed.counts.frames == 239)
    assert errors(feed) == {"UNVERIFIED": 10}
    assert feed.status().dropped == 0


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("udp", [False, True])
async def test_a_satellite_receiver_at_a_hundred_times_its_pace(running: Running, *, udp: bool) -> None:
    feed = await running.start(kind="nmea", datum="wgs84", **({"transport": "udp"} if udp else {}))
    file = NMEA / "pygpsdata-mixed.log"
    assert await sent(file, feed, "--speed", "100", "--format", "nmea", udp=udp) == 0
    await until(lambda: feed.counts.frames == 15)
    await until(lambda: len(running.seen) >= (1 if udp else 2))  # by datagram the last burst has no end yet
    assert running.seen[0].source_kind is SourceKind.NMEA
    assert (running.seen[0].lon_deg, running.seen[0].altitude_m) == (pytest.approx(-2.24037, abs=1e-5), 65.4)


@pytest_twisted.ensureDeferred
async def test_field_clients_events_and_what_they_are_told_is_let_go(field: CotSite, tmp_path: Path) -> None:
    """The feed offers the protobuf form to every client: replay takes it and says nothing."""
    file = tmp_path / "clients.cot"
    events = [fresh(f"ANDROID-{number}", age_s=3.0 - number) for number in range(3)]
    file.write_bytes(
        cot_stream.xml_frame(events[0]) + cot_stream.stream_frame(events[1]) + cot_stream.xml_frame(events[2])
    )
    feed = await field.start()
    field.tell()
    assert await sent(file, feed, "--speed", "50") == 0
    await until(lambda: len(field.seen) == 3)
    assert [sighting.key for sighting in field.seen] == [f"cot:ANDROID-{number}" for number in range(3)]
    assert errors(feed) == {}


@pytest_twisted.ensureDeferred
async def test_field_clients_of_a_mesh_by_datagram(field: CotSite, tmp_path: Path) -> None:
    file = tmp_path / "mesh.cot"
    file.write_bytes(cot_stream.xml_frame(fresh("ANDROID-1")) + cot_stream.stream_frame(fresh("ANDROID-2")))
    feed = await field.start(transport="udp")
    assert await sent(file, feed, udp=True) == 0
    await until(lambda: len(field.seen) == 2)
    assert errors(feed) == {}


@pytest_twisted.ensureDeferred
async def test_a_terminal_that_a_platform_lets_in_by_its_code_reports(
    terminals: Site, tmp_path: Path
) -> None:
    """The code was set by hand on both sides, so the recorded dialogue holds here too."""
    terminal, at = Terminal(NUMBER), datetime.now(UTC) - timedelta(seconds=3)
    packets = [terminal.authenticate(CODE)] + [
        terminal.say(0x0200, place(115.9 + number / 1000, 28.68, at + timedelta(seconds=number)))
        for number in range(3)
    ]
    file = tmp_path / "line.808"
    file.write_bytes(b"".join(packets))
    feed = await terminals.start()
    assert await sent(file, feed, "--speed", "100") == 0
    await until(lambda: len(terminals.seen) == 3)
    assert [round(sighting.lon_deg or 0, 3) for sighting in terminals.seen] == [115.9, 115.901, 115.902]
    assert errors(feed) == {}


@pytest_twisted.ensureDeferred
async def test_terminals_that_were_not_let_in_are_refused_and_replay_says_beforehand_that_it_may_be(
    terminals: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "many.808"
    file.write_bytes(b"".join(wire(each) for each in vectors() if each["checksum_ok"])[:2000])
    feed = await terminals.start()
    await sent(file, feed)
    await until(lambda: "UNAUTHENTICATED" in errors(feed))
    assert terminals.seen == []
    assert "without a registration" in capsys.readouterr().err


@pytest_twisted.ensureDeferred
async def test_lines_of_another_decoder_by_datagram(running: Running) -> None:
    feed = await running.start(kind="sbs", transport="udp")
    assert await sent(recordings.ADSB / "stratux_gms5002_es.sbs.log", feed, udp=True) == 0
    await until(lambda: feed.counts.frames + sum(errors(feed).values()) >= 1_061)
    assert errors(feed) == {"UNKNOWN_RECORD": 1}


def test_nobody_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    words: list[Any] = ["replay", str(ASTERIX / "cat_034_048.pcap"), "--to", "udp:127.0.0.1:1"]
    assert main([*words, "--speed", "max"]) == 1
    assert "udp:127.0.0.1:1" in capsys.readouterr().err
