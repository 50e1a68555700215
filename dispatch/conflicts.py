"""Aircraft that will come too close (冲突): predicted loss of separation over the next two minutes, straight ahead.

Both aircraft are carried on at their present speed, course and climb. Where they are nearer than the limit both
horizontally and vertically at one moment within the look-ahead, that is a conflict. The figures are DOMAIN §3's
(look-ahead about 120 s as in EUROCONTROL-GUID-159; limits proposed for rescue helicopters, not separation minima):

    amber   < 0.5 NM  and < 300 ft within 120 s
    red     < 0.25 NM and < 150 ft within 40 s

It is an aid and replaces no control. Ground traffic, invented aircraft, stale positions and pairs whose heights have
different datums are left out. Pairs are found over grids of where each aircraft will be in the middle of each quarter of the
look-ahead, so that the cost grows with crowding and not with the square of the number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dispatch.columns import DOUBT_BIT
from dispatch.freshness import LIMITS
from dispatch.fusion import KINDS
from dispatch.gate import Indices
from dispatch.kinds import Doubt, SourceKind, ThingKind
from dispatch.motion import DEGREE_M
from dispatch.picture import TrackPicture
from dispatch.sighting import THING_KINDS, Bools, Floats

NAUTICAL_MILE_M, FOOT_M = 1852.0, 0.3048
LOOK_AHEAD_S = 120.0
SPEED_LIMIT_MPS = 350.0  # faster is carried on at this speed: the grid is made for it
CLIMB_LIMIT_MPS = 30.0  # the same, up and down
PAIR_LIMIT = 4_000_000  # pairs looked at in one run; beyond it the run says `cut`
WINDOWS = 4  # the look-ahead in so many parts: each has a grid as coarse as half a part's flight
_HALF_WINDOW_S = LOOK_AHEAD_S / WINDOWS / 2


class Limit(NamedTuple):
    """Nearer than both, within the time."""

    severity: int
    horizontal_m: float
    vertical_m: float
    within_s: float


AMBER = Limit(2, 0.5 * NAUTICAL_MILE_M, 300 * FOOT_M, LOOK_AHEAD_S)
RED = Limit(1, 0.25 * NAUTICAL_MILE_M, 150 * FOOT_M, 40.0)
# Who meets somebody within a window is in the same or a neighbouring cell at its middle.
_CELL_M = 2 * SPEED_LIMIT_MPS * _HALF_WINDOW_S + AMBER.horizontal_m
_AIRCRAFT = frozenset(
    (None, ThingKind.AIRPLANE, ThingKind.HELICOPTER, ThingKind.UAV, ThingKind.OTHER_AIRCRAFT)
)
_IN_THE_AIR = np.array([kind in _AIRCRAFT for kind in THING_KINDS])
# Sources that may report anything are taken for aircraft only where they say so.
_SAYS_AIRCRAFT = np.array(
    [
        kind
        in (SourceKind.ADSB, SourceKind.MLAT, SourceKind.RADAR, SourceKind.SYSTEM_TRACK, SourceKind.PARTNER)
        for kind in KINDS
    ]
)
_DIM_S = np.array([LIMITS[kind].dim_s for kind in KINDS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Movers:
    """Aircraft at one moment as columns: where they are now, carried on from their last report."""

    slot: Indices  # place in `things`
    lon_deg: Floats
    lat_deg: Floats
    altitude_m: Floats
    datum: Indices
    east_mps: Floats
    north_mps: Floats
    climb_mps: Floats


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
    rows, things = picture.rows, picture.things
    ghost = (things.doubts & DOUBT_BIT[Doubt.GHOST]) > 0
    slot = np.flatnonzero(things.alive & (things.best_row >= 0) & ~ghost).astype(np.int32)
    best = things.best_row[slot]
    kinds = picture.roster.kind_codes(best)
    age_s = now - rows.position_at_s[best]
    said = rows.thing_kind[best]
    there = (
        (rows.on_ground[best] != 1)
        & ~np.isnan(rows.altitude_m[best])
        & (age_s < _DIM_S[kinds])
        & _IN_THE_AIR[said]
        & (_SAYS_AIRCRAFT[kinds] | (said > 0))
    )
    slot, best, age_s = slot[there], best[there], np.maximum(0.0, age_s[there])
    speed = np.minimum(np.nan_to_num(rows.ground_speed_mps[best].astype(np.float64)), SPEED_LIMIT_MPS)
    course = np.radians(np.nan_to_num(rows.track_deg[best].astype(np.float64)))
    climb = np.clip(
        np.nan_to_num(rows.vertical_rate_mps[best].astype(np.float64)), -CLIMB_LIMIT_MPS, CLIMB_LIMIT_MPS
    )
    east, north = speed * np.sin(course), speed * np.cos(course)
    lat = rows.lat_deg[best]
    return Movers(
        slot=slot,
        lon_deg=rows.lon_deg[best] + east * age_s / (DEGREE_M * np.maximum(0.01, np.cos(np.radians(lat)))),
        lat_deg=lat + north * age_s / DEGREE_M,
        altitude_m=rows.altitude_m[best].astype(np.float64) + climb * age_s,
        datum=rows.altitude_datum[best].astype(np.int32),
        east_mps=east,
        north_mps=north,
        climb_mps=climb,
    )


def find(among: Movers) -> Found:
    """All conflicts. Pure and slow when there are many aircraft: run it off the reactor."""
    conflicts: dict[tuple[int, int], Conflict] = {}
    looked_at = 0
    for window in range(WINDOWS):
        at_s = (2 * window + 1) * _HALF_WINDOW_S
        for a, b in _near(among, at_s):
            looked_at += len(a)
            if looked_at > PAIR_LIMIT:
                return Found(conflicts=tuple(conflicts.values()), cut=True)
            for conflict in _judge(among, *_may_meet(among, a, b, at_s)):
                conflicts[conflict.a, conflict.b] = conflict
    return Found(conflicts=tuple(conflicts.values()), cut=False)


def _near(among: Movers, at_s: float) -> Iterator[tuple[Indices, Indices]]:
    """Pairs in the same or neighbouring cells of the grid `at_s` from now whose heights may meet around then, each
    once, the lower place first."""
    if len(among.slot) < 2:
        return
    lat = among.lat_deg + among.north_mps * at_s / DEGREE_M
    shrink = np.maximum(0.05, np.cos(np.radians(np.minimum(89.0, np.abs(lat)))))
    lon = among.lon_deg + among.east_mps * at_s / (DEGREE_M * shrink)
    columns = max(3, int(360.0 * DEGREE_M * float(shrink.min()) / _CELL_M))  # whole cells around the earth
    x = np.floor((lon % 360.0) / (360.0 / columns)).astype(np.int64) % columns
    y = np.floor((lat + 90.0) * DEGREE_M / _CELL_M).astype(np.int64) + 1
    height = among.altitude_m + among.climb_mps * at_s
    reach = AMBER.vertical_m + (np.abs(among.climb_mps) + CLIMB_LIMIT_MPS) * _HALF_WINDOW_S
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


def _may_meet(among: Movers, a: Indices, b: Indices, at_s: float) -> tuple[Indices, Indices]:
    """Those of the pairs that could be near in height and in latitude half a window around `at_s`, and whose heights
    compare: nearly all of them cannot, and this costs less than judging."""
    for place, rate, limit_m in (
        (among.altitude_m, among.climb_mps, AMBER.vertical_m),
        (among.lat_deg * DEGREE_M, among.north_mps, AMBER.horizontal_m),
    ):
        apart, opening = place[b] - place[a], rate[b] - rate[a]
        may = np.abs(apart + opening * at_s) <= limit_m + np.abs(opening) * _HALF_WINDOW_S
        a, b = a[may], b[may]
    same = among.datum[a] == among.datum[b]
    return a[same], b[same]


def _judge(among: Movers, a: Indices, b: Indices) -> Iterator[Conflict]:
    lat = np.radians((among.lat_deg[a] + among.lat_deg[b]) / 2)
    x = ((among.lon_deg[b] - among.lon_deg[a] + 180.0) % 360.0 - 180.0) * DEGREE_M * np.cos(lat)
    y = (among.lat_deg[b] - among.lat_deg[a]) * DEGREE_M
    z = among.altitude_m[b] - among.altitude_m[a]
    u = among.east_mps[b] - among.east_mps[a]
    v = among.north_mps[b] - among.north_mps[a]
    w = among.climb_mps[b] - among.climb_mps[a]
    amber = _begins_s(x, y, z, (u, v, w), AMBER)
    hit = np.flatnonzero(np.isfinite(amber))
    if not len(hit):
        return
    x, y, z, u, v, w, amber = x[hit], y[hit], z[hit], u[hit], v[hit], w[hit], amber[hit]
    red = _begins_s(x, y, z, (u, v, w), RED)
    closing = u * u + v * v
    with np.errstate(divide="ignore", invalid="ignore"):
        nearest_s = np.where(closing > 0, np.clip(-(x * u + y * v) / closing, 0.0, LOOK_AHEAD_S), 0.0)
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
    x: Floats, y: Floats, z: Floats, closing: tuple[Floats, Floats, Floats], limit: Limit
) -> Floats:
    """When both limits begin to be broken at once, within the limit's time; infinite when they are not."""
    u, v, w = closing
    from_h, until_h = _inside(x * x + y * y - limit.horizontal_m**2, 2 * (x * u + y * v), u * u + v * v)
    from_v, until_v = _inside(z * z - limit.vertical_m**2, 2 * z * w, w * w)
    begins = np.maximum(np.maximum(from_h, from_v), 0.0)
    ends = np.minimum(until_h, until_v)
    broken: Bools = (begins < ends) & (begins <= limit.within_s)
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
