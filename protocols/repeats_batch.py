"""Frames heard again with the same counter, among many at once: read the first time, then only counted.

As in modes.py, the newest REPEAT_LIMIT frames that were no repeats are remembered, of one epoch of the counter.
"""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.sighting import Bools
from protocols.frames_batch import Words
from protocols.modes import REPEAT_LIMIT

Ints = npt.NDArray[np.int64]
_NO_REPEAT = -1
# Odd multipliers that spread the three words of a key over 64 bits (fractions of the golden ratio and of roots)
_SPREAD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
_COUNTER = (1 << 56) - 1  # of a head: all but the kind
_EPOCH_SPREAD = 0x27D4EB2F165667C5


class Keys(NamedTuple):
    """Which frame at which counter; [frame] each."""

    head: Words  # kind and counter
    first: Words  # payload, zero beyond its end
    second: Words
    epoch: Ints

    def at(self, places: Ints | Bools | slice) -> "Keys":
        """Some of them."""
        return Keys(self.head[places], self.first[places], self.second[places], self.epoch[places])

    def before(self, other: "Keys") -> "Keys":
        """These, then those."""
        return Keys(*(np.concatenate((mine, theirs)) for mine, theirs in zip(self, other, strict=True)))


def _no_keys() -> Keys:
    empty = np.zeros(0, np.uint64)
    return Keys(empty, empty, empty, np.zeros(0, np.int64))


class Repeats:
    """What one connection sent lately. Constant size."""

    def __init__(self) -> None:
        self._keys = _no_keys()
        self._problems = np.zeros(0, np.uint8)
        self._newest = 0  # highest counter among them

    def first_heard(self, keys: Keys) -> Ints | None:
        """For each frame that is a repeat, the number of the one it repeats, else -1; None when none is.

        Numbers below `remembered` are of frames from before; these frames follow in order. Every frame must have a counter that names a time.
        """
        if not len(keys.head) or self._onward(keys):
            return None
        known = self._keys.before(keys)
        spread = known.head * np.uint64(_SPREAD[0])
        spread ^= known.first * np.uint64(_SPREAD[1])
        spread ^= known.second * np.uint64(_SPREAD[2])
        spread ^= known.epoch.view(np.uint64) * np.uint64(_EPOCH_SPREAD)
        order = np.argsort(spread, kind="stable")
        sorted_spread = spread[order]
        alike = (sorted_spread[1:] == sorted_spread[:-1]).nonzero()[0] + 1
        if not len(alike):
            return None
        here, there = order[alike], order[alike - 1]
        if not all(np.array_equal(column[here], column[there]) for column in known):
            return self._singly(keys)  # two frames that spread alike
        # the first of each run of equal ones is what the others repeat
        begins = np.ones(len(alike), np.bool_)
        begins[1:] = alike[1:] != alike[:-1] + 1
        first = there[np.maximum.accumulate(np.where(begins, np.arange(len(alike)), 0))]
        repeated = np.full(len(known.head), _NO_REPEAT, np.int64)
        repeated[here] = first
        if len(known.head) > REPEAT_LIMIT:
            # is each still remembered when its repeat comes? Frames that were no repeats are counted up to then
            fresh = np.cumsum(repeated < 0, dtype=np.int64)
            if int((fresh[here] - fresh[first]).max()) >= REPEAT_LIMIT:
                return self._singly(keys)
        found = repeated[self.remembered :]
        return found if bool((found >= 0).any()) else None

    @property
    def remembered(self) -> int:
        """Frames from before."""
        return len(self._keys.head)

    def problems(self, of: npt.NDArray[np.uint8], first: Ints) -> npt.NDArray[np.uint8]:
        """What was wrong with the frames that are repeated; `of` says it of the frames last asked about."""
        known: npt.NDArray[np.uint8] = np.concatenate((self._problems, of))[first]
        return known

    def remember(self, keys: Keys, problems: npt.NDArray[np.uint8]) -> None:
        """These were no repeats."""
        count = len(problems)
        newest = slice(max(count - REPEAT_LIMIT, 0), count)
        if count >= REPEAT_LIMIT:
            self._keys, self._problems = keys.at(newest), problems[newest]
        else:
            older = slice(max(self.remembered + count - REPEAT_LIMIT, 0), None)
            self._keys = self._keys.at(older).before(keys.at(newest))
            self._problems = np.concatenate((self._problems[older], problems[newest]))
        if self.remembered:
            self._newest = int((self._keys.head & _COUNTER).max())

    def _onward(self, keys: Keys) -> bool:
        """Whether counters only go up, so that nothing can be a repeat."""
        epoch = int(keys.epoch[0])
        if epoch != int(keys.epoch[-1]):
            return False
        counter = keys.head & _COUNTER
        if self.remembered and int(self._keys.epoch[-1]) == epoch and self._newest >= int(counter[0]):
            return False
        if (counter[1:] > counter[:-1]).all():
            return True
        if (counter[1:] < counter[:-1]).any():
            return False
        # two at one counter may be of two aircraft; three are looked at closely
        second = (counter[1:] == counter[:-1]).nonzero()[0] + 1
        if (second[1:] == second[:-1] + 1).any():
            return False
        same = keys.first[second] == keys.first[second - 1]
        return not (same & (keys.second[second] == keys.second[second - 1])).any()

    def _singly(self, keys: Keys) -> Ints:
        """The same, one at a time."""
        recent: OrderedDict[tuple[int, ...], int] = OrderedDict()
        for number, key in enumerate(zip(*(column.tolist() for column in self._keys), strict=True)):
            recent[key] = number
        found = np.full(len(keys.head), _NO_REPEAT, np.int64)
        for number, key in enumerate(zip(*(column.tolist() for column in keys), strict=True)):
            first = recent.get(key)
            if first is not None:
                found[number] = first
                continue
            recent[key] = self.remembered + number
            if len(recent) > REPEAT_LIMIT:
                recent.popitem(last=False)
        return found
