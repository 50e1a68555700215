"""ASTERIX over real sockets, sent by an independent codec: libasterix."""

import socket
import time
from typing import Any

import pytest
import pytest_twisted

from adapters.feeds import FeedConfig
from adapters.feeds.readers import Line
from adapters.feeds.readers.asterix import AsterixReaders
from adapters.feeds.status import Counts
from dispatch.errors import Malformed
from dispatch.sighting import Sighting
from protocols.asterix import Block
from tests.adapters.feeds.test_feed import Running, drained, running, send, until
from tests.adapters.feeds.test_udp import GROUP, sender
from tests.protocols.asterix_peers import datagrams
from tests.protocols.asterix_sent import block, plot_048, report_021, track_062

__all__ = ["running"]  # a fixture

NOON_S = 1_790_078_400.0
RADARS = {"25/7": (115.36, 28.86, 310.0)}


def second_of_day(ago_s: float = 0.5) -> tuple[float, str]:
    return (time.time() - ago_s) % 86_400, "s"


def sent_now() -> list[bytes]:
    """One block of each category that shows aircraft, and one of a radar's north mark."""
    return [
        block(21, report_021(i073=second_of_day())),
        block(48, plot_048(i140=second_of_day()), plot_048(i140=second_of_day(), i161=(0, ("TRN", 2)))),
        block(62, track_062(i070=second_of_day())),
        block(34, {"000": 1, "030": second_of_day()}),
    ]


def keys(seen: list[Sighting]) -> list[str]:
    return [sighting.key for sighting in seen]


SEEN = ["icao24:780abc", "radar:025/007/1234", "radar:025/007/2", "track:025/007/4713"]


@pytest_twisted.ensureDeferred
async def test_datagrams_to_this_host_are_seen(running: Running) -> None:
    feed = await running.start(kind="asterix", transport="udp", radars=RADARS)
    with sender() as station:
        for each in sent_now():
            station.sendto(each, ("127.0.0.1", feed.port))
        await until(lambda: feed.counts.frames == 5)
    assert keys(running.seen) == SEEN
    assert all(sighting.lon_deg is not None for sighting in running.seen)
    assert all(abs(time.time() - (sighting.observed_at_s or 0)) < 60 for sighting in running.seen)
    status = feed.status()
    assert status.kinds == (("CAT021", 1), ("CAT034", 1), ("CAT048", 2), ("CAT062", 1))
    assert (status.errors, status.positions, status.valid) == ((), 4, 5)


@pytest_twisted.ensureDeferred
async def test_a_group_is_seen_and_one_record_by_two_senders_once(running: Running) -> None:
    feed = await running.start(
        kind="asterix",
        transport="udp",
        listen="0.0.0.0:0",
        group=GROUP,
        interface="127.0.0.1",
        radars=RADARS,
    )
    with sender() as one, sender() as other:
        for station in (one, other):
            station.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        for each in sent_now()[:3]:
            for station in (one, other):
                station.sendto(each, (GROUP, feed.port))
        await until(lambda: feed.counts.frames == 8)
    assert keys(running.seen) == SEEN
    assert (feed.status().repeats, feed.status().connections) == (4, 2)


@pytest_twisted.ensureDeferred
async def test_a_stream_is_seen_however_it_is_cut(running: Running) -> None:
    feed = await running.start(kind="asterix", radars=RADARS)
    stream = b"".join(sent_now())
    pieces = [stream[at : at + 7] for at in range(0, len(stream), 7)]
    await send(feed, [b"garbage", *pieces, stream[:20]])
    await until(drained(feed, len(stream) + 27))
    assert keys(running.seen) == SEEN
    assert feed.status().errors == (("GARBAGE", 1), ("TRUNCATED", 1))


@pytest_twisted.ensureDeferred
async def test_a_recording_is_seen_and_counted(running: Running) -> None:
    feed = await running.start(kind="asterix", transport="udp")
    with sender() as station:
        for each in datagrams("cat_034_048.pcap"):
            station.sendto(each, ("127.0.0.1", feed.port))
        await until(lambda: feed.counts.frames == 162)
    status = feed.status()
    assert (status.valid, status.repeats, status.sightings, status.positions) == (162, 64, 64, 9)
    # seven radars, one of which says where it stands
    assert dict(status.errors)["UNPLACED"] == 54
    assert "say radars in the feed's config" in status.last_error


class Told:
    """A reader whose time is ours."""

    def __init__(self, **said: Any) -> None:
        config = FeedConfig(**{"name": "radars", "kind": "asterix", "listen": "127.0.0.1:0"} | said)
        self.counts = Counts()
        self.reader = AsterixReaders(config)(
            Line(config=config, counts=self.counts, clock_id="radars#1", peer="127.0.0.1:1")
        )

    def read(self, sent: bytes, now: float) -> list[Sighting]:
        items = [*self.reader.cut(sent)]
        assert all(isinstance(item, Block) for item in items)
        found = [each for item in items for each in self.reader.read(item, now) or ()]
        return [each for each in found if each is not None]


@pytest.mark.parametrize("off_s", [3600.0, -3600.0])
def test_a_station_with_its_clock_an_hour_off_is_flagged_and_shown_with_honest_ages(off_s: float) -> None:
    told = Told()
    for second in range(60):
        now = NOON_S + second
        (sighting,) = told.read(block(21, report_021(i073=(43_200 + second - off_s - 0.25, "s"))), now)
        assert sighting.observed_at_s == pytest.approx(now, abs=0.3)
    assert told.reader.clock == "off"
    assert told.reader.clock_off_s == pytest.approx(off_s, abs=0.5)


def test_one_radar_with_a_wrong_clock_does_not_move_the_others() -> None:
    told = Told(radars=RADARS)
    (good,) = told.read(block(48, plot_048(i140=(43_199.5, "s"))), NOON_S)
    wrong_source = (("SAC", 25), ("SIC", 8))
    (wrong,) = told.read(block(48, plot_048(i010=wrong_source, i140=(39_600.0, "s"))), NOON_S)
    assert good.observed_at_s == NOON_S - 0.5
    assert wrong.observed_at_s == pytest.approx(NOON_S)
    assert told.reader.clock_off_s == pytest.approx(3600.0)


def test_what_is_passed_over_is_counted_by_its_reason() -> None:
    told = Told()
    assert told.read(block(48, plot_048(i030=(1,))), NOON_S) == []
    assert told.counts.kinds["CAT048 false target"] == 1


def test_one_reference_position_is_not_given_to_two_radars() -> None:
    told = Told(reference_position=(115.36, 28.86), reference_height_m=310.0)
    (first,) = told.read(block(48, plot_048()), NOON_S)
    assert first.lon_deg is not None
    told.read(block(48, plot_048(i010=(("SAC", 25), ("SIC", 8)))), NOON_S)
    (again,) = told.read(block(48, plot_048(i140=(43_204.5, "s"))), NOON_S + 4)
    assert again.lon_deg is None
    assert "several radars" in told.counts.last_error


def test_a_category_that_is_only_counted_is_no_error() -> None:
    told = Told()
    assert told.read(bytes.fromhex("13000401"), NOON_S) == []
    assert (told.counts.kinds["CAT019"], told.counts.errors.total()) == (1, 0)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"edition": "3"}, "feed.edition"),
        ({"kind": "beast", "edition": "2"}, "feed.edition"),
        ({"kind": "beast", "radars": RADARS}, "feed.radars"),
        ({"radars": {"25": (115.0, 28.0, 0.0)}}, "feed.radars"),
        ({"radars": {"25/300": (115.0, 28.0, 0.0)}}, "feed.radars"),
        ({"radars": {"25/7": (215.0, 28.0, 0.0)}}, "feed.radars"),
        ({"radars": RADARS, "range_sigma_m": 0.0}, "feed.range_sigma_m"),
        ({"reference_position": (115.0, 28.0), "reference_height_m": 1e5}, "feed.reference_position"),
    ],
)
def test_a_wrong_word_is_named(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as raised:
        FeedConfig(**{"name": "radars", "kind": "asterix", "listen": "127.0.0.1:1"} | said)
    assert raised.value.field == field


def test_radars_are_known_by_three_digits_each() -> None:
    assert set(Told(radars=RADARS).reader.line.config.radars) == {"025/007"}
