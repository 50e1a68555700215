"""Exact interval capacities: height layers over an incident, aircraft at a water point, refuelling points.

A ledger books half-open spans [start, end) of some units against one limit. It is stricter than the referee,
who forgives overlaps of two seconds.
"""

import math

Span = tuple[float, float, int]  # start, end (seconds after now), units


class Ledger:
    """The bookings of one limited thing."""

    __slots__ = ("_spans", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._spans: list[Span] = []

    def add(self, start_s: float, end_s: float, units: int) -> None:
        """Book without asking; callers ask `earliest_s` first, locked legs do not."""
        self._spans.append((start_s, end_s, units))

    def remove(self, start_s: float, end_s: float, units: int) -> None:
        """Take back one booking."""
        self._spans.remove((start_s, end_s, units))

    def earliest_s(self, start_s: float, length_s: float, units: int) -> float:
        """The first time from `start_s` on at which `units` more fit for `length_s`; infinity if never."""
        if units > self.limit:
            return math.inf
        spans = self._spans
        while True:
            end_s = start_s + length_s
            overlapping = [span for span in spans if span[0] < end_s and span[1] > start_s]
            if sum(span[2] for span in overlapping) + units <= self.limit:
                return start_s
            if _peak(overlapping) + units <= self.limit:
                return start_s
            start_s = min(span[1] for span in overlapping)

    def room_until_s(self, start_s: float, units: int) -> float:
        """Until when `units` more fit from `start_s` on: `start_s` itself if not at all, or infinity."""
        later = sorted((span for span in self._spans if span[1] > start_s), key=lambda span: span[0])
        for n, span in enumerate(later):
            at_s = max(start_s, span[0])
            used = sum(other[2] for other in later[: n + 1] if other[1] > at_s)
            if used + units > self.limit:
                return at_s
        return math.inf


def _peak(spans: list[Span]) -> int:
    """The most units booked at one time within the hull of these spans."""
    best = 0
    for start_s, _, _ in spans:
        best = max(best, sum(span[2] for span in spans if span[0] <= start_s < span[1]))
    return best
