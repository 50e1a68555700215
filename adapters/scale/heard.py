"""Which messages of each worker's feeds have been taken: a repeat is known, and so is what is missing.

Numbers run from 1 within an epoch (a worker's run). Kept per feed: the highest, and the holes below it. What is known
survives a restart of the site (`to_json`), so that nothing is taken twice out of a broker's memory.
"""

from collections import OrderedDict
from typing import Any, TypedDict

HOLES = 256  # of one feed in one epoch; beyond it the oldest is given up
EPOCHS = 4096  # feeds times runs remembered; the one unheard longest is forgotten

Hole = tuple[int, int]  # first and last number missing
Tops = dict[tuple[str, str, int], int]  # worker, feed, epoch -> highest number


class _Kept(TypedDict):
    """One epoch of one feed in a file."""

    worker: str
    feed: str
    epoch: int
    first: int
    top: int
    holes: list[list[int]]


class EpochHeard:
    """The numbers of one feed in one epoch."""

    __slots__ = ("first", "forgotten", "holes", "top")

    def __init__(self, first: int = 0, top: int = 0, holes: list[Hole] | None = None) -> None:
        self.first = first  # the first number ever taken: what was before was not ours to hear
        self.top = top
        self.holes: list[Hole] = holes or []
        self.forgotten = 0  # messages in holes that were one too many

    def take(self, number: int) -> bool:
        """Whether this number is new."""
        if number > self.top:
            if number > self.top + 1:
                self.holes.append((self.top + 1, number - 1))
                if len(self.holes) > HOLES:
                    self.forgotten += self._size(self.holes.pop(0))
            self.first = self.first or number
            self.top = number
            return True
        for place, (low, high) in enumerate(self.holes):
            if low <= number <= high:
                left = [(low, number - 1)] if low < number else []
                right = [(number + 1, high)] if number < high else []
                self.holes[place : place + 1] = [*left, *right]
                return True
        return False

    def give_up(self, through: int) -> int:
        """Count nothing up to number `through` as missing any more; how many were, of those sent since we first heard
        this epoch."""
        gone = [hole for hole in self.holes if hole[1] <= through]
        self.holes = [hole for hole in self.holes if hole[1] > through]
        count, self.forgotten = self.forgotten + sum(map(self._size, gone)), 0
        return count

    def _size(self, hole: Hole) -> int:
        low, high = hole
        return max(0, high - max(low, self.first) + 1)

    @property
    def missing(self) -> bool:
        """Whether messages sent since we first heard this epoch are missing."""
        return any(high >= self.first for _, high in self.holes)


class Heard:
    """All feeds of all workers."""

    def __init__(self) -> None:
        self._epochs: OrderedDict[tuple[str, str, int], EpochHeard] = OrderedDict()

    def take(self, worker: str, feed: str, epoch: int, number: int) -> bool:
        """Whether this message is new."""
        key = (worker, feed, epoch)
        epoch_heard = self._epochs.get(key)
        if epoch_heard is None:
            epoch_heard = self._epochs[key] = EpochHeard()
            if len(self._epochs) > EPOCHS:
                self._epochs.popitem(last=False)
        else:
            self._epochs.move_to_end(key)
        return epoch_heard.take(number)

    @property
    def missing(self) -> bool:
        """Whether anything is known to be missing."""
        return any(each.missing for each in self._epochs.values())

    def tops(self) -> Tops:
        """The highest number of each feed in each epoch, for `give_up`."""
        return {key: each.top for key, each in self._epochs.items()}

    def give_up(self, tops: Tops) -> int:
        """What was missing below these will not come any more: how many messages."""
        return sum(each.give_up(tops.get(key, 0)) for key, each in self._epochs.items())

    def to_json(self) -> list[_Kept]:
        """For a file."""
        return [
            {
                "worker": worker,
                "feed": feed,
                "epoch": epoch,
                "first": each.first,
                "top": each.top,
                "holes": [list(hole) for hole in each.holes],
            }
            for (worker, feed, epoch), each in self._epochs.items()
        ]

    @classmethod
    def from_json(cls, kept: Any) -> "Heard":
        """Out of a file. Raises KeyError, TypeError or ValueError for one that is not ours."""
        heard = cls()
        for each in kept[-EPOCHS:]:
            holes = [(int(low), int(high)) for low, high in each["holes"]]
            key = (str(each["worker"]), str(each["feed"]), int(each["epoch"]))
            heard._epochs[key] = EpochHeard(int(each["first"]), int(each["top"]), holes)
        return heard
