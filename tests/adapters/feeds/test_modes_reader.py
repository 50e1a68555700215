"""The reader of Mode S: what it counts, and how much it decodes at once."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest

from adapters.feeds.config import FeedConfig, FeedKind
from adapters.feeds.readers import Line
from adapters.feeds.readers import modes as reader_module
from adapters.feeds.readers.modes import FIRST_BYTES, LEAST_BYTES, PIECE_BYTES, ModeSReader
from adapters.feeds.status import Counts
from protocols.receiver_clock import TICKS_HZ
from tests import recordings
from tests.protocols import traffic

NOW = 1_790_000_000.0


def reader(kind: FeedKind = FeedKind.BEAST) -> ModeSReader:
    config = FeedConfig(name="hill", kind=kind, listen="127.0.0.1:0", simulated_prefixes=("780a",))
    return ModeSReader(Line(config=config, counts=Counts(), clock_id="hill#1", peer="127.0.0.1:1"))


def sizes(of: ModeSReader, data: bytes) -> list[int]:
    """The bytes of each piece it decodes."""
    decoded = []
    for piece in of.cut(data):
        decoded.append(len(piece))
        of.read(piece, NOW)
    return decoded


def takes(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """From now on every piece takes so long."""
    readings: Iterator[float] = (number * seconds for number in count())
    monkeypatch.setattr(reader_module, "thread_time", lambda: next(readings))


def test_everything_is_counted_by_its_kind() -> None:
    made = reader()
    data = recordings.petersburg()
    batches = [batch for piece in made.cut(data) for batch in made.read(piece, NOW)]
    assert not made.read(None, NOW)
    counts = made.counts
    assert (counts.frames, counts.valid, counts.repeats, counts.positions) == (13_954, 13_948, 6_974, 728)
    assert counts.kinds["Mode A/C"] == 5_026
    assert counts.kinds["DF11"] == 3_978
    assert counts.errors == {"UNVERIFIED": 6}
    assert counts.sightings == sum(map(len, batches))
    assert made.clock == "counter"
    assert {f"{address:06x}" for batch in batches for address in batch.address[batch.simulated]} == {"780a5c"}


def test_a_sender_whose_pieces_take_long_is_decoded_in_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    made, data = reader(), recordings.petersburg()[:150_000]
    takes(monkeypatch, 0.5)
    slow = sizes(made, data)
    assert slow[:4] == [FIRST_BYTES, FIRST_BYTES // 2, FIRST_BYTES // 4, FIRST_BYTES // 8]
    assert min(slow[:-1]) == LEAST_BYTES
    takes(monkeypatch, 0.0001)
    assert max(sizes(made, data)) == PIECE_BYTES


def test_a_counter_that_restarts_at_every_frame_yields_a_batch_for_each() -> None:
    chance = np.random.default_rng(1)
    sent = traffic.made(chance, aircraft=20, seconds=2.0)
    ticks = sent.ticks.copy()
    ticks[::2] += 1000 * TICKS_HZ
    data = traffic.Corpus(ticks=ticks, long=sent.long, payload=sent.payload).beast()
    made = reader()
    batches = [batch for piece in made.cut(data) for batch in made.read(piece, NOW)]
    assert len({batch.clock_id for batch in batches}) == len(batches) > 100


def test_text_is_read_too() -> None:
    made = reader(FeedKind.AVR)
    text = b"*8D40621D58C382D690C8AC2863A7;*8D40621D58C386435CC412692AD6;what;"
    (batch,) = [batch for piece in made.cut(text) for batch in made.read(piece, NOW)]
    assert (batch.lon_deg[1], batch.lat_deg[1]) == pytest.approx((3.93891, 52.26578), abs=1e-5)
    assert made.clock == "arrival"
    assert made.counts.errors == {"MALFORMED": 1}
