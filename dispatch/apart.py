"""How near two planned flights come: closest approach of straight legs, exactly, with slack in time. Pure.

A leg is flown steadily from start to end, or roamed (work between water and scene: anywhere on it at any time). Two
legs are compared at all pairs of times that are no more than `slack_s` apart, since nobody flies to the second. The
differences of position over those pairs fill a convex polygon; the answer is its point nearest to nought. Positions are
on a plane, longitude squeezed at the mean latitude of both legs: within 100 km of the place good to some ten metres.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dispatch.geo import EARTH_RADIUS_M, Position

METRES_PER_DEG = math.radians(1.0) * EARTH_RADIUS_M
Pair = tuple[float, float]
_A_MICROSECOND = 1e-6  # so that pairs of one instant are a strip, not a line that rounding loses


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A straight part of a way. Times in seconds from any one epoch; heights in metres MSL, ±inf where open."""

    start: Position
    end: Position
    begins_s: float
    ends_s: float
    floor_m: float
    ceiling_m: float
    roams: bool = False
    unsure: bool = False  # its heights are not known, or of another datum: any are counted as met

    def at(self, share: float) -> Position:
        """The place after a share of it."""
        return Position(
            lon_deg=self.start.lon_deg + share * (self.end.lon_deg - self.start.lon_deg),
            lat_deg=self.start.lat_deg + share * (self.end.lat_deg - self.start.lat_deg),
        )

    def time_s(self, share: float) -> float:
        """The time after a share of it; of a roamed one its beginning."""
        return self.begins_s if self.roams else self.begins_s + share * (self.ends_s - self.begins_s)

    def part(self, since: float, until: float) -> "Leg":
        """The leg between two shares of it."""
        times = (self.begins_s, self.ends_s) if self.roams else (self.time_s(since), self.time_s(until))
        return replace(self, start=self.at(since), end=self.at(until), begins_s=times[0], ends_s=times[1])

    @property
    def length_m(self) -> float:
        """On the plane."""
        return math.dist(_xy(self.start, self.start.lat_deg), _xy(self.end, self.start.lat_deg))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """Where two legs are nearest: shares of both, and the distance there in metres."""

    own: float
    other: float
    apart_m: float


def _xy(at: Position, lat_deg: float) -> Pair:
    squeeze = math.cos(math.radians(lat_deg))
    return at.lon_deg * squeeze * METRES_PER_DEG, at.lat_deg * METRES_PER_DEG


def outside(leg: Leg, place: Position, radius_m: float) -> tuple[Leg, ...]:
    """The parts of a leg that are not within `radius_m` of a place: none, one or two."""
    (x, y), (x0, y0), (x1, y1) = (_xy(each, place.lat_deg) for each in (place, leg.start, leg.end))
    dx, dy = x1 - x0, y1 - y0
    a, b = dx * dx + dy * dy, dx * (x0 - x) + dy * (y0 - y)
    c = (x0 - x) ** 2 + (y0 - y) ** 2 - radius_m**2
    if a == 0.0:
        return (leg,) if c >= 0.0 else ()
    root = b * b - a * c
    if root <= 0.0:
        return (leg,)
    enters, leaves = (-b - math.sqrt(root)) / a, (-b + math.sqrt(root)) / a
    spans = [(0.0, min(1.0, enters)), (max(0.0, leaves), 1.0)]
    return tuple(leg.part(since, until) for since, until in spans if until > since)


def heights_meet(a: Leg, b: Leg, height_m: float) -> bool:
    """Whether the bands of two legs are less than `height_m` apart, or one of them is not known."""
    if a.unsure or b.unsure:
        return True
    return a.floor_m - height_m < b.ceiling_m and b.floor_m - height_m < a.ceiling_m


def nearest(a: Leg, b: Leg, slack_s: float) -> Nearest | None:
    """The closest approach; None where they are never flown within `slack_s` of each other."""
    times = _feasible(a, b, slack_s)
    if not times:
        return None
    lat = (a.start.lat_deg + a.end.lat_deg + b.start.lat_deg + b.end.lat_deg) / 4
    a0, a1, b0, b1 = (_xy(each, lat) for each in (a.start, a.end, b.start, b.end))
    own, other = (a1[0] - a0[0], a1[1] - a0[1]), (b1[0] - b0[0], b1[1] - b0[1])
    origin = (a0[0] - b0[0], a0[1] - b0[1])

    def gap(shares: Pair) -> Pair:
        u, v = shares
        return origin[0] + u * own[0] - v * other[0], origin[1] + u * own[1] - v * other[1]

    crossing = _crossing(origin, own, other)
    if crossing is not None and _holds(times, crossing):
        return Nearest(own=crossing[0], other=crossing[1], apart_m=0.0)
    best, found = math.inf, times[0]
    for n, corner in enumerate(times):
        shares = _on_edge(gap, times[n - 1], corner)
        apart = math.hypot(*gap(shares))
        if apart < best:
            best, found = apart, shares
    return Nearest(own=found[0], other=found[1], apart_m=best)


def _feasible(a: Leg, b: Leg, slack_s: float) -> list[Pair]:
    """The corners of the shares that may be flown within the slack of each other; of a roamed leg any share."""
    whole: list[Pair] = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    if a.begins_s > b.ends_s + slack_s or b.begins_s > a.ends_s + slack_s:
        return []
    own_s = 0.0 if a.roams else a.ends_s - a.begins_s
    other_s = 0.0 if b.roams else b.ends_s - b.begins_s
    lead_s = a.begins_s - b.begins_s
    # a's earliest and latest time at a share, less b's: a roamed leg lasts from begin to end at every share
    a_more = a.ends_s - a.begins_s if a.roams else 0.0
    b_more = b.ends_s - b.begins_s if b.roams else 0.0
    cut = _clip(whole, own_s, -other_s, slack_s + _A_MICROSECOND - lead_s + b_more)  # a is not too late
    return _clip(cut, -own_s, other_s, slack_s + _A_MICROSECOND + lead_s + a_more)  # nor b


def _clip(corners: Sequence[Pair], by_u: float, by_v: float, most: float) -> list[Pair]:
    """What of a convex polygon has by_u·u + by_v·v ≤ most."""
    kept: list[Pair] = []
    for n, here in enumerate(corners):
        before = corners[n - 1]
        over, over_before = (by_u * at[0] + by_v * at[1] - most for at in (here, before))
        if (over > 0.0) != (over_before > 0.0):
            share = over_before / (over_before - over)
            kept.append(
                (before[0] + share * (here[0] - before[0]), before[1] + share * (here[1] - before[1]))
            )
        if over <= 0.0:
            kept.append(here)
    return kept


def _crossing(origin: Pair, own: Pair, other: Pair) -> Pair | None:
    """Where both ways meet, in shares; None where they are parallel."""
    det = own[1] * other[0] - own[0] * other[1]
    if abs(det) < 1e-6:
        return None
    u = (origin[0] * other[1] - origin[1] * other[0]) / det
    v = (origin[0] * own[1] - origin[1] * own[0]) / det
    return u, v


def _holds(corners: Sequence[Pair], at: Pair) -> bool:
    """Whether a convex polygon holds a point; its edge is in it."""
    sides = []
    for n, here in enumerate(corners):
        before = corners[n - 1]
        sides.append(
            (here[0] - before[0]) * (at[1] - before[1]) - (here[1] - before[1]) * (at[0] - before[0])
        )
    near = 1e-12
    return all(side >= -near for side in sides) or all(side <= near for side in sides)


def _on_edge(gap: Callable[[Pair], Pair], start: Pair, end: Pair) -> Pair:
    """The shares on an edge at which the gap is least."""
    begin, finish = gap(start), gap(end)
    along = (finish[0] - begin[0], finish[1] - begin[1])
    length = along[0] ** 2 + along[1] ** 2
    share = 0.0 if length == 0.0 else -(begin[0] * along[0] + begin[1] * along[1]) / length
    share = min(1.0, max(0.0, share))
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
