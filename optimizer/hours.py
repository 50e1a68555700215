"""When a place is open: the first opening that holds a span of work, and how long it lasts."""

import math

from optimizer.problem import Place


def opening_s(place: Place, from_s: float, length_s: float) -> float:
    """The first time from `from_s` on at which the place is open for so long; infinity if never."""
    if not place.windows:
        return from_s
    starts = [max(from_s, w.from_s) for w in place.windows]
    fits = [s for s, w in zip(starts, place.windows, strict=True) if s + length_s <= w.until_s]
    return min(fits, default=math.inf)


def closing_s(place: Place, at_s: float) -> float:
    """Until when the place, open at `at_s`, stays open by one window; infinity without windows."""
    if not place.windows:
        return math.inf
    return max((w.until_s for w in place.windows if w.from_s <= at_s <= w.until_s), default=at_s)
