"""Exact interval capacities: height layers over an incident, aircraft at a water point, refuelling points.

A ledger books half-open spans [start, end) of some units against one limit. It is stricter than the referee,
who forgives overlaps of two seconds.
"""

import math
from bisect import bisect_right


class Ledger:
    """The bookings of one limited thing, kept as a profile: `_used[n]` units from `_times[n]` to `_times[n + 1]`; the
    last is 0, and no two neighbours are equal."""

    __slots__ = ("_times", "_used", "limit", "stamp")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.stamp = 0  # grows with every change
        self._times = [-math.inf]
        self._used = [0]

    def add(self, start_s: float, end_s: float, units: int) -> None:
        """Book without asking; callers ask `earliest_s` first, locked legs do not."""
        self._change(start_s, end_s, units)

    def remove(self, start_s: float, end_s: float, units: int) -> None:
        """Take back one booking."""
        self._change(start_s, end_s, -units)

    def fits(self, start_s: float, end_s: float, units: int) -> bool:
        """Whether `units` more fit during the span."""
        return self.earliest_s(start_s, end_s - start_s, units) == start_s

    def earliest_s(self, start_s: float, length_s: float, units: int) -> float:
        """The first time from `start_s` on at which `units` more fit for `length_s`; infinity if never."""
        room = self.limit - units
        if room < 0:
            return math.inf
        times, used = self._times, self._used
        at = bisect_right(times, start_s) - 1
        last = len(times) - 1
        while True:
            if used[at] > room:
                at += 1  # the last is 0, so there is always a next
                start_s = times[at]
            elif at == last or times[at + 1] >= start_s + length_s:
                return start_s
            else:
                at += 1

    def widen(self, units: int) -> None:
        """Make room for so many more, or fewer: what was worked out before no longer holds."""
        self.limit += units
        self.stamp += 1

    def full(self) -> bool:
        """Whether there is a time at which nothing more fits."""
        return max(self._used) >= self.limit

    def room_until_s(self, start_s: float, units: int) -> float:
        """Until when `units` more fit from `start_s` on: `start_s` itself if not at all, or infinity."""
        room = self.limit - units
        first = bisect_right(self._times, start_s) - 1
        for n in range(first, len(self._times)):
            if self._used[n] > room:
                return max(start_s, self._times[n])
        return math.inf

    def _change(self, start_s: float, end_s: float, units: int) -> None:
        self.stamp += 1
        if not units or end_s <= start_s:
            return
        first, end = self._edge(start_s), self._edge(end_s)
        used = self._used
        for n in range(first, end):
            used[n] += units
        for n in (end, first):  # the later one first: taking it out moves nothing before it
            if n and used[n] == used[n - 1]:
                del self._times[n], used[n]

    def _edge(self, at_s: float) -> int:
        """The place in the profile that begins at a time, made if there is none."""
        n = bisect_right(self._times, at_s)
        if self._times[n - 1] == at_s:
            return n - 1
        self._times.insert(n, at_s)
        self._used.insert(n, self._used[n - 1])
        return n
