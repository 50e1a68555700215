"""The parts of scale-out on their own: the ring, the numbers, the frames, the messages made, the marks kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.config import parse
from adapters.scale import marks as marks_file
from adapters.scale.children import shares
from adapters.scale.collector import FULL_ROWS, FULL_SIGHTINGS, Collector
from adapters.scale.frames import BrokenStream, Deframer, framed
from adapters.scale.heard import HOLES, EpochHeard, Heard
from adapters.scale.marks import Marks
from adapters.scale.order import order_line, read_order
from adapters.scale.ring import Ring
from adapters.scale.scale import own_feeds
from dispatch.errors import Malformed
from dispatch.sighting import AddressBatch
from protocols.codec import sightings
from protocols.codec.sightings import MAX_MESSAGE_BYTES, SightingBatch
from tests.adapters.scale.pretend import one, rows
from tests.chunking import cut, sizes


def test_a_full_ring_drops_its_oldest_and_counts_their_sightings() -> None:
    ring = Ring(limit_bytes=100)
    for number in range(20):
        ring.put("hill", bytes(10), 3, float(number) / 100)
    assert (len(ring), ring.held_bytes, ring.dropped) == (10, 100, 30)


def test_what_is_too_old_to_be_live_is_dropped() -> None:
    ring = Ring(keep_s=10.0)
    ring.put("hill", b"old", 1, 0.0)
    ring.put("hill", b"young", 1, 9.0)
    taken = ring.take(10.5)
    assert taken is not None
    assert (taken.body, ring.dropped, taken.sequence) == (b"young", 1, 1)
    assert ring.take(10.5) is None


def test_parcels_are_numbered_by_feed_when_they_leave_and_keep_their_number() -> None:
    ring = Ring()
    for feed in ("hill", "ridge", "hill"):
        ring.put(feed, b"x", 1, 0.0)
    first = [ring.take(0.0) for _ in range(3)]
    assert [parcel and (parcel.feed, parcel.sequence) for parcel in first] == [
        ("hill", 1), ("ridge", 1), ("hill", 2),
    ]  # fmt: skip
    ring.confirm(1)
    ring.rewind()
    again = [ring.take(0.0), ring.take(0.0)]
    assert again == first[1:]
    assert (ring.sent, ring.dropped) == (3, 0)


@given(st.data())
def test_each_number_is_new_once(data: st.DataObject) -> None:
    first = data.draw(st.integers(1, 5))
    sent = list(range(first, first + data.draw(st.integers(1, 60))))
    order = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent), max_size=30))))
    heard = EpochHeard()
    assert sorted(number for number in order if heard.take(number)) == sent
    assert heard.holes == ([(1, first - 1)] if first > 1 else [])


def test_holes_are_bounded_and_what_is_given_up_is_counted() -> None:
    heard = EpochHeard()
    for number in range(1, 20 * HOLES, 10):
        heard.take(number)
    assert len(heard.holes) == HOLES
    top = heard.top
    heard.take(top + 3)  # after the stream was asked: this hole may still be filled
    assert heard.give_up(top) == 9 * (2 * HOLES - 1)
    assert heard.holes == [(top + 1, top + 2)]
    assert heard.take(top + 1)
    assert heard.give_up(top + 3) == 1
    assert not heard.missing
    late = EpochHeard()
    late.take(1000)  # we came to it late: what was before was not ours to hear
    assert (late.missing, late.give_up(1000)) == (False, 0)


def test_runs_of_a_worker_are_told_apart() -> None:
    heard = Heard()
    assert heard.take("w1", "hill", 1, 1)
    assert heard.take("w1", "hill", 2, 1)
    assert heard.take("w1", "ridge", 1, 1)
    assert heard.take("w2", "hill", 1, 1)
    assert not heard.take("w1", "hill", 1, 1)


@given(st.lists(st.binary(max_size=50), max_size=8), sizes)
def test_messages_in_a_pipe_are_cut_the_same_however_they_come(
    messages: list[bytes], steps: list[int]
) -> None:
    deframer = Deframer()
    whole = b"".join(framed(message) for message in messages)
    assert [each for piece in cut(whole, steps) for each in deframer.feed(piece)] == messages


def test_a_message_longer_than_any_is_no_message() -> None:
    with pytest.raises(BrokenStream):
        Deframer().feed((MAX_MESSAGE_BYTES + 1).to_bytes(4, "big"))


class _Later:
    """callLater, by hand."""

    def __init__(self) -> None:
        self.due: Any = None

    def __call__(self, _delay_s: float, work: Any) -> "_Later":
        self.due = work
        return self

    def cancel(self) -> None:
        self.due = None


def collector() -> tuple[Collector, _Later, list[SightingBatch]]:
    made: list[SightingBatch] = []
    later = _Later()

    def put(feed: str, body: bytes, count: int) -> None:
        message = sightings.decode(body)
        assert isinstance(message, SightingBatch)
        assert (message.feed, len(message.content)) == (feed, count)
        made.append(message)

    return (
        Collector(worker="w1", epoch=5, feed="hill", put=put, clock=lambda: 1_790_000_000.0, later=later),
        later,
        made,
    )


def test_sightings_leave_together_soon_or_when_they_are_enough() -> None:
    gathering, later, made = collector()
    gathering.add(one(1))
    gathering.add(one(2))
    assert made == []
    later.due()
    assert [len(message.content) for message in made] == [2]
    for number in range(FULL_SIGHTINGS):
        gathering.add(one(number))
    assert [len(message.content) for message in made] == [2, FULL_SIGHTINGS]
    assert later.due is None


def test_batches_of_one_clock_are_joined_and_of_two_are_not() -> None:
    gathering, later, made = collector()
    gathering.add(rows([1, 2], at_s=1.0))
    gathering.add(rows([3], at_s=2.0))
    gathering.add(rows([4], feed="other", at_s=2.0))
    later.due()
    contents = [message.content for message in made]
    assert all(isinstance(content, AddressBatch) for content in contents)
    assert [content.address.tolist() for content in contents if isinstance(content, AddressBatch)] == [
        [1, 2, 3], [4],
    ]  # fmt: skip


def test_more_rows_than_a_picture_takes_in_a_turn_are_split() -> None:
    gathering, _, made = collector()
    gathering.add(rows(list(range(10_000)), at_s=1.0))
    assert [len(message.content) for message in made] == [4096, 4096, 1808]
    seen = [message.content.address for message in made if isinstance(message.content, AddressBatch)]
    assert np.concatenate(seen).tolist() == list(range(10_000))
    assert FULL_ROWS < 10_000


def test_marks_outlive_a_restart(tmp_path: Path) -> None:
    marks = Marks(stream="2026", through=12, offsets_us={"w1": -5})
    for number in (1, 2, 9, 5):
        marks.heard.take("w1", "hill", 7, number)
    marks_file.save(tmp_path, marks.to_bytes())
    read = marks_file.load(tmp_path)
    assert (read.stream, read.through, read.offsets_us) == ("2026", 12, {"w1": -5})
    assert [read.heard.take("w1", "hill", 7, number) for number in (1, 2, 3, 5, 6, 9, 10)] == [
        False, False, True, False, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1}', "\x00", '{"version": 2, "stream": ""}'])
def test_marks_that_cannot_be_read_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / marks_file.NAME).write_text(text)
    assert marks_file.load(tmp_path).through == 0


def test_marks_with_something_else_in_them_are_none(tmp_path: Path) -> None:
    kept = json.loads(Marks(stream="x", through=3).to_bytes())
    for name, wrong in (("heard", [{"worker": 1}]), ("through", "many"), ("offsets_us", 3), ("heard", 5)):
        (tmp_path / marks_file.NAME).write_text(json.dumps(kept | {name: wrong}))
        assert marks_file.load(tmp_path).stream == ""


TOML = """
[site]
id = "36"
name = "x"
[security]
second_factor = "off"
[database]
url = "postgresql://secret@host/x"
[broker]
url = "nats://127.0.0.1:1"
credentials = "secret.txt"
[[feed]]
name = "a"
kind = "beast"
listen = "127.0.0.1:1"
[[feed]]
name = "b"
kind = "sbs"
listen = "127.0.0.1:2"
[[feed]]
name = "c"
kind = "avr"
listen = "127.0.0.1:3"
[[feed]]
name = "d"
kind = "beast"
listen = "127.0.0.1:4"
worker = "w1"
[[feed]]
name = "e"
kind = "cot"
listen = "127.0.0.1:5"
"""


def test_children_share_the_feeds_that_only_speak() -> None:
    config = parse((TOML + "[worker]\nprocesses = 2\n").encode(), Path())
    assert {name: [feed.name for feed in share] for name, share in shares(config).items()} == {
        "process-1": ["a", "c"],
        "process-2": ["b"],
    }
    assert [feed.name for feed in own_feeds(config)] == ["e"]  # its line is two-way
    many = parse((TOML + "[worker]\nprocesses = 16\n").encode(), Path())
    assert len(shares(many)) == 3  # and no child without a feed
    none = parse(TOML.encode(), Path())
    assert shares(none) == {}
    assert [feed.name for feed in own_feeds(none)] == ["a", "b", "c", "e"]


def test_a_child_is_told_its_feeds_and_no_secret() -> None:
    config = parse(TOML.encode(), Path("/etc/ganying"))
    line = order_line(config, "process-1", config.feed[:2])
    assert b"secret@host" not in line
    assert b"secret.txt" not in line
    assert line.endswith(b"\n")
    order = read_order(line)
    assert order.name == "process-1"
    assert order.feeds == tuple(config.feed_config(feed) for feed in config.feed[:2])
    with pytest.raises(Malformed):
        read_order(b"{}")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ('[worker]\nname = "a b"\n', "worker.name"),
        ("[worker]\nprocesses = 17\n", "worker.processes"),
        ('[broker]\nurl = "nats://me:pw@h:1"\n', "broker.url"),
        ('[broker]\nworkers = ["w1"]\n', "broker.url"),
        ('[broker]\nurl = "nats://h:1"\nworkers = ["w.1"]\n', "broker.workers[0]"),
        ('[[feed]]\nname = "a"\nkind = "beast"\nlisten = "127.0.0.1:1"\nworker = "w1"\n', "feed[0].worker"),
        ('[[feed]]\nname = "a"\nkind = "beast"\nlisten = "127.0.0.1:1"\nworker = ">"\n', "feed[0].worker"),
        ('[broker]\nurl = "nats://h:1"\nkeep_minutes = 0.0\n', "broker.keep_minutes"),
    ],
)
def test_a_mistake_in_the_file_is_named(more: str, field: str) -> None:
    small = '[site]\nid = "36"\nname = "x"\n[security]\nsecond_factor = "off"\n'
    with pytest.raises(Malformed) as refusal:
        parse((small + more).encode(), Path())
    assert refusal.value.field == field
