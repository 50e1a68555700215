"""A recording goes out at the pace at which it came: slower, faster, from another place, or not at all."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from adapters.video.gb28181.player import US, Player
from adapters.video.recording.film import Film, FilmPicture

COUNT = 40  # ten a second, each fifth a key frame, and a hole of a minute after the twentieth
TIMES = [n * US // 10 + (60 * US if n >= 20 else 0) for n in range(COUNT)]
PICTURES = [FilmPicture(at_us, n % 5 == 0, b"x" * 300_000) for n, at_us in enumerate(TIMES)]


class Shown:
    def __init__(self) -> None:
        self.clock, self.sent = Clock(), [-1]
        self.player = Player(self._film, lambda each: self.sent.append(PICTURES.index(each)), self.clock)
        self.player.start(self._piece(0, begin=True))

    async def _film(self, from_us: int, begin: bool) -> Film:
        return self._piece(from_us, begin=begin)

    def _piece(self, from_us: int, *, begin: bool) -> Film:
        first = next((n for n, at in enumerate(TIMES) if at >= from_us), COUNT)
        if begin:
            first -= first % 5
        rest = PICTURES[first + 4].at_us if first + 4 < COUNT else None
        return Film(pictures=tuple(PICTURES[first : first + 4]), next_us=rest)

    def after(self, seconds: float) -> int:
        """The last one that is out by then."""
        self.clock.pump([0.01] * round(seconds * 100))
        assert self.sent == sorted(set(self.sent))
        return self.sent[-1]


@pytest.fixture
def shown() -> Shown:
    return Shown()


def test_at_its_pace_and_a_hole_is_skipped(shown: Shown) -> None:
    assert shown.after(1.05) == 10
    assert shown.after(1.0) in (20, 21)  # the hole's end follows at once
    assert not shown.player.finished
    shown.after(2.0)
    assert (shown.sent[1:], shown.player.finished) == ([*range(COUNT)], True)


def test_faster_paused_and_from_another_place(shown: Shown) -> None:
    shown.player.play(scale=4.0)
    assert shown.after(0.255) in (10, 11)  # the next one at once
    shown.player.pause()
    before = shown.sent[-1]
    assert shown.after(30) == before
    shown.player.play(scale=1.0)
    assert shown.after(0.25) in (before + 2, before + 3)
    shown.sent = [-1]
    shown.player.play(from_us=1_700_000)
    assert shown.sent == [-1, 15]  # the key frame before
    shown.after(5)
    assert shown.player.finished
    shown.sent = [-1]
    shown.player.play(from_us=0)
    assert not shown.player.finished
    assert shown.after(0.01) == 0


def test_one_that_is_stopped_says_nothing_more(shown: Shown) -> None:
    shown.player.stop()
    assert shown.after(1) == 0
    assert shown.clock.getDelayedCalls() == []


def test_one_piece_is_read_at_a_time_however_often_another_place_is_asked_for() -> None:
    reads: list[tuple[int, Deferred[Film]]] = []
    sent: list[int] = []

    async def film(from_us: int, begin: bool) -> Film:
        waiting: Deferred[Film] = Deferred()
        reads.append((from_us, waiting))
        return await waiting

    player = Player(film, lambda each: sent.append(each.at_us), Clock())
    player.start(Film(pictures=(), next_us=1))
    for place in (100, 200, 300):
        player.play(from_us=place)
    assert [each for each, _ in reads] == [1]
    reads[0][1].callback(Film(pictures=(PICTURES[0],), next_us=None))
    assert [each for each, _ in reads] == [1, 300]
    assert sent == []  # what was read for the earlier place is of no use
    reads[1][1].callback(Film(pictures=(PICTURES[5],), next_us=None))
    assert (sent, player.finished) == ([PICTURES[5].at_us], True)
