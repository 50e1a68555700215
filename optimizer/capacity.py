"""Exact interval capacities: height layers over an incident, aircraft at a water point, refuelling points.

A ledger books half-open spans [start, end) of some units against one limit. It is stricter than the referee,
who forgives overlaps of two seconds.
"""

import math
from bisect import bisect_right

Span = tuple[float, float, int]  # start, end (seconds after now), units


class Ledger:
    """The bookings of one limited thing.

    Questions are answered from a profile: `_used[n]` units from `_times[n]` to `_times[n + 1]`, the last 0.
    It is drawn anew after changes, when it is next needed.
    """

    __slots__ = ("_spans", "_stale", "_times", "_used", "limit", "stamp")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.stamp = 0  # grows with every change
        self._spans: list[Span] = []
        self._times = [-math.inf]
        self._used = [0]
        self._stale = False

    def add(self, start_s: float, end_s: float, units: int) -> None:
        """Book without asking; callers ask `earliest_s` first, locked legs do not."""
        self._spans.append((start_s, end_s, units))
        self._stale = True
        self.stamp += 1

    def remove(self, start_s: float, end_s: float, units: int) -> None:
        """Take back one booking."""
        self._spans.remove((start_s, end_s, units))
        self._stale = True
        self.stamp += 1

    def fits(self, start_s: float, end_s: float, units: int) -> bool:
        """Whether `units` more fit during the span."""
        return self.earliest_s(start_s, end_s - start_s, units) == start_s

    def earliest_s(self, start_s: float, length_s: float, units: int) -> float:
        """The first time from `start_s` on at which `units` more fit for `length_s`; infinity if never."""
        room = self.limit - units
        if room < 0:
            return math.inf
        if self._stale:
            self._draw()
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
        self._stale = True
        self.stamp += 1

    def full(self) -> bool:
        """Whether there is a time at which nothing more fits."""
        if self._stale:
            self._draw()
        return max(self._used) >= self.limit

    def room_until_s(self, start_s: float, units: int) -> float:
        """Until when `units` more fit from `start_s` on: `start_s` itself if not at all, or infinity."""
        if self._stale:
            self._draw()
        room = self.limit - units
        first = bisect_right(self._times, start_s) - 1
        for n in range(first, len(self._times)):
            if self._used[n] > room:
                return max(start_s, self._times[n])
        return math.inf

    def _draw(self) -> None:
        steps: dict[float, int] = {}
        for start_s, end_s, units in self._spans:
            steps[start_s] = steps.get(start_s, 0) + units
            steps[end_s] = steps.get(end_s, 0) - units
        self._times, self._used, level = [-math.inf], [0], 0
        for at_s in sorted(steps):
            if steps[at_s]:
                level += steps[at_s]
                self._times.append(at_s)
                self._used.append(level)
        self._stale = False
