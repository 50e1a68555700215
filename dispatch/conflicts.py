"""Aircraft that will come too close (冲突): predicted loss of separation over the next two minutes, straight ahead.

Both aircraft are carried on at their present speed, course and climb. Where they are nearer than the limit both
horizontally and vertically at one moment within the look-ahead, that is a conflict. The plain figures are DOMAIN §3's
(look-ahead about 120 s as in EUROCONTROL-GUID-159; limits proposed for rescue helicopters, not separation minima):

    amber   < 0.5 NM  and < 300 ft within 120 s
    red     < 0.25 NM and < 150 ft within 40 s

It is an aid and replaces no control. Ground traffic, invented aircraft, stale positions and pairs whose heights have
different datums are left out. Pairs are found over grids of where each aircraft will be in the middle of each half minute of the
look-ahead, so that the cost grows with crowding and not with the square of the number.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from dispatch.gate import Indices
from dispatch.motion import DEGREE_M
from dispatch.picture import TrackPicture
from dispatch.safety.sky import CLIMB_LIMIT_MPS, SPEED_LIMIT_MPS, Flying, flying
from dispatch.sighting import Bools, Floats

NAUTICAL_MILE_M, FOOT_M = 1852.0, 0.3048
LOOK_AHEAD_S = 120.0
PAIR_LIMIT = 4_000_000  # pairs looked at in one run; beyond it the run says `cut`
WINDOW_S = (
    30.0  # the look-ahead in parts no longer than this: each has a grid as coarse as half a part's flight
)


class Limit(NamedTuple):
    """Nearer than both, within the time."""

    severity: int
    horizontal_m: float
    vertical_m: float
    within_s: float


class Limits(NamedTuple):
    """What one aircraft is held to; of a pair the wider of both counts."""

    amber: Limit
    red: Limit


AMBER = Limit(2, 0.5 * NAUTICAL_MILE_M, 300 * FOOT_M, LOOK_AHEAD_S)
RED = Limit(1, 0.25 * NAUTICAL_MILE_M, 150 * FOOT_M, 40.0)
PLAIN = (Limits(AMBER, RED),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movers:
    """Aircraft at one moment as columns: where they are now, carried on from their last report."""

    slot: Indices  # whose they are; one with two possible heights is there twice
    lon_deg: Floats
    lat_deg: Floats
    altitude_m: Floats
    datum: Indices
    east_mps: Floats
    north_mps: Floats
    climb_mps: Floats
    from_s: Floats | None = (
        None  # before so long it is elsewhere: who rolls out of a turn; None: all hold from now
    )
    held_to: Indices | None = None  # which of the limits; None: the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two aircraft, by their places in `things`. The vertical figure is that at the nearest moment."""

    a: int
    b: int
    severity: int  # 1 red, 2 amber
    in_s: float  # until both limits are broken; 0: now
    nearest_in_s: float
    nearest_m: float
    vertical_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All conflicts of one run. `cut`: too crowded, not every pair was looked at."""

    conflicts: tuple[Conflict, ...]
    cut: bool


def movers(picture: TrackPicture, now: float) -> Movers:
    """Who may come into conflict at `now`; a copy, so that `find` may run elsewhere."""
    return of(flying(picture, now))


def of(there: Flying) -> Movers:
    """The same of a copy."""
    kept = np.flatnonzero(there.airborne & np.isfinite(there.altitude_m))
    return Movers(
        slot=there.slot[kept],
        lon_deg=there.lon_deg[kept],
        lat_deg=there.lat_deg[kept],
        altitude_m=there.altitude_m[kept],
        datum=there.datum[kept],
        east_mps=there.east_mps[kept],
        north_mps=there.north_mps[kept],
        climb_mps=there.climb_mps[kept],
    )


def find(among: Movers, limits: Sequence[Limits] = PLAIN) -> Found:
    """All conflicts. Pure and slow when there are many aircraft: run it off the reactor."""
    conflicts: dict[tuple[int, int], Conflict] = {}
    looked_at = 0
    held = _Held(limits)
    windows = max(1, math.ceil(held.look_ahead_s / WINDOW_S))
    half_s = held.look_ahead_s / windows / 2
    for window in range(windows):
        at_s = (2 * window + 1) * half_s
        for a, b in _near(among, at_s, half_s, held):
            looked_at += len(a)
            if looked_at > PAIR_LIMIT:
                return Found(conflicts=tuple(conflicts.values()), cut=True)
            for conflict in _judge(among, *_may_meet(among, a, b, (at_s, half_s), held), held):
                key = (min(conflict.a, conflict.b), max(conflict.a, conflict.b))
                if key not in conflicts or conflict.severity < conflicts[key].severity:
                    conflicts[key] = conflict
    return Found(conflicts=tuple(conflicts.values()), cut=False)


class _Held:
    """The limits as columns, and the widest of them, for which the grid is made."""

    def __init__(self, limits: Sequence[Limits]) -> None:
        self.amber = np.array([each.amber[1:] for each in limits], np.float64)
        self.red = np.array([each.red[1:] for each in limits], np.float64)
        self.horizontal_m, self.vertical_m, self.look_ahead_s = np.maximum(self.amber, self.red).max(axis=0)

    def of(self, among: Movers, a: Indices, b: Indices, which: Floats) -> tuple[Any, Any, Any]:
        """Horizontal, vertical, within: of each pair the wider; single figures where all are held to the same."""
        if among.held_to is None or len(which) == 1:
            return tuple(which[0])
        both = np.maximum(which[among.held_to[a]], which[among.held_to[b]])
        return both[:, 0], both[:, 1], both[:, 2]


def _near(among: Movers, at_s: float, half_s: float, held: _Held) -> Iterator[tuple[Indices, Indices]]:
    """Pairs in the same or neighbouring cells of the grid `at_s` from now whose heights may meet around then, each
    once, the lower place first."""
    if len(among.slot) < 2:
        return
    # Who meets somebody within a window is in the same or a neighbouring cell at its middle.
    cell_m = 2 * SPEED_LIMIT_MPS * half_s + held.horizontal_m
    lat = among.lat_deg + among.north_mps * at_s / DEGREE_M
    shrink = np.maximum(0.05, np.cos(np.radians(np.minimum(89.0, np.abs(lat)))))
    lon = among.lon_deg + among.east_mps * at_s / (DEGREE_M * shrink)
    columns = max(3, int(360.0 * DEGREE_M * float(shrink.min()) / cell_m))  # whole cells around the earth
    x = np.floor((lon % 360.0) / (360.0 / columns)).astype(np.int64) % columns
    y = np.floor((lat + 90.0) * DEGREE_M / cell_m).astype(np.int64) + 1
    height = among.altitude_m + among.climb_mps * at_s
    reach = held.vertical_m + (np.abs(among.climb_mps) + CLIMB_LIMIT_MPS) * half_s
    bottom = float((height - reach).min())
    wide_y, wide_z = int(y.max()) + 2, int((height + reach).max() - bottom) + 2
    z = np.floor(height - bottom).astype(np.int64)
    order = np.argsort((x * wide_y + y) * wide_z + z, kind="stable").astype(np.int32)
    x, y, z = x[order], y[order], z[order]
    keys = (x * wide_y + y) * wide_z + z
    low = np.floor((height - reach)[order] - bottom).astype(np.int64)
    high = np.floor((height + reach)[order] - bottom).astype(np.int64)
    for dx, dy in ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1)):  # the other half is seen from the other side
        column = ((x + dx) % columns * wide_y + y + dy) * wide_z
        first = np.searchsorted(keys, column + low, "left")
        count = np.searchsorted(keys, column + high, "right") - first
        if not count.any():
            continue
        a = np.repeat(np.arange(len(keys)), count)
        b = np.repeat(first - np.cumsum(count) + count, count) + np.arange(len(a))
        if (dx, dy) == (0, 0):
            once = a < b
            a, b = a[once], b[once]
        one, other = order[a], order[b]
        yield np.minimum(one, other), np.maximum(one, other)


def _may_meet(
    among: Movers, a: Indices, b: Indices, when: tuple[float, float], held: _Held
) -> tuple[Indices, Indices]:
    """Those of the pairs that could be near in height and in latitude half a window around `at_s`, and whose heights
    compare: nearly all of them cannot, and this costs less than judging."""
    at_s, half_s = when
    for place, rate, limit_m in (
        (among.altitude_m, among.climb_mps, held.vertical_m),
        (among.lat_deg * DEGREE_M, among.north_mps, held.horizontal_m),
    ):
        apart, opening = place[b] - place[a], rate[b] - rate[a]
        may = np.abs(apart + opening * at_s) <= limit_m + np.abs(opening) * half_s
        a, b = a[may], b[may]
    same = (among.datum[a] == among.datum[b]) & (among.slot[a] != among.slot[b])
    return a[same], b[same]


def _judge(among: Movers, a: Indices, b: Indices, held: _Held) -> Iterator[Conflict]:
    if not len(a):
        return
    lat = np.radians((among.lat_deg[a] + among.lat_deg[b]) / 2)
    x = ((among.lon_deg[b] - among.lon_deg[a] + 180.0) % 360.0 - 180.0) * DEGREE_M * np.cos(lat)
    y = (among.lat_deg[b] - among.lat_deg[a]) * DEGREE_M
    z = among.altitude_m[b] - among.altitude_m[a]
    u = among.east_mps[b] - among.east_mps[a]
    v = among.north_mps[b] - among.north_mps[a]
    w = among.climb_mps[b] - among.climb_mps[a]
    earliest = np.zeros(len(a)) if among.from_s is None else np.maximum(among.from_s[a], among.from_s[b])
    amber = _begins_s(x, y, z, (u, v, w), held.of(among, a, b, held.amber), earliest=earliest)
    hit = np.flatnonzero(np.isfinite(amber))
    if not len(hit):
        return
    x, y, z, u, v, w, amber = x[hit], y[hit], z[hit], u[hit], v[hit], w[hit], amber[hit]
    earliest = earliest[hit]
    red = _begins_s(x, y, z, (u, v, w), held.of(among, a[hit], b[hit], held.red), earliest=earliest)
    closing = u * u + v * v
    with np.errstate(divide="ignore", invalid="ignore"):
        nearest_s = np.where(closing > 0, np.clip(-(x * u + y * v) / closing, 0.0, held.look_ahead_s), 0.0)
    nearest_s = np.maximum(nearest_s, earliest)
    nearest_m = np.hypot(x + u * nearest_s, y + v * nearest_s)
    vertical_m = np.abs(z + w * nearest_s)
    for place, pair in enumerate(hit.tolist()):
        is_red = bool(np.isfinite(red[place]))
        yield Conflict(
            a=int(among.slot[a[pair]]),
            b=int(among.slot[b[pair]]),
            severity=(RED if is_red else AMBER).severity,
            in_s=float(red[place] if is_red else amber[place]),
            nearest_in_s=float(nearest_s[place]),
            nearest_m=float(nearest_m[place]),
            vertical_m=float(vertical_m[place]),
        )


def _begins_s(
    x: Floats,
    y: Floats,
    z: Floats,
    closing: tuple[Floats, Floats, Floats],
    limit: tuple[Any, Any, Any],
    *,
    earliest: Floats,
) -> Floats:
    """When both limits begin to be broken at once, from `earliest` on and within the limit's time; infinite when they are
    not."""
    u, v, w = closing
    horizontal_m, vertical_m, within_s = limit
    from_h, until_h = _inside(x * x + y * y - horizontal_m**2, 2 * (x * u + y * v), u * u + v * v)
    from_v, until_v = _inside(z * z - vertical_m**2, 2 * z * w, w * w)
    begins = np.maximum(np.maximum(from_h, from_v), earliest)
    ends = np.minimum(until_h, until_v)
    broken: Bools = (begins < ends) & (begins <= within_s)
    return np.where(broken, begins, np.inf)


def _inside(c: Floats, b: Floats, a: Floats) -> tuple[Floats, Floats]:
    """When a·t² + b·t + c is below zero: from, until. Without motion: always or never."""
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(0.0, b * b - 4 * a * c))
        moving = a > 1e-12
        never = np.where(moving, b * b - 4 * a * c <= 0, c >= 0)
        from_s = np.where(moving, (-b - root) / (2 * a), -np.inf)
        until_s = np.where(moving, (-b + root) / (2 * a), np.inf)
    return np.where(never, np.inf, from_s), np.where(never, -np.inf, until_s)
