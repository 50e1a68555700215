"""How far a planned way and an area keep from ground and obstacles (离地余度). Pure.

A way is sampled no wider than half a cell of the finest tile, and the highest grid point round each sample counts, so
that no summit falls between two samples. Where any part of it has no fit terrain the answer says how much, and no
margin is given for it: unknown ground is not low ground.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.geo import Position, distance_m
from dispatch.obstacle import Near, ObstacleField
from dispatch.terrain import METRES_PER_DEG, Floats, Terrain

MOST_SAMPLES = 200_000  # of one way; 1″ over 3,000 km
LEAST_STEP_M = 5.0
MOST_CELLS = 1_000_000  # of one area; beyond it the area is looked at in coarser steps, and said so
PROFILE_POINTS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastClearance:
    """The minimum that a planned way is held against: a dated parameter, not a rule of ours."""

    height_m: float = 150.0
    half_width_m: float = 300.0  # obstacles this far from the way count
    valid_from: date = date(2026, 11, 26)
    source: str = "proposed"  # by us; the operator's own minima come before it


LEAST = LeastClearance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A place of a profile."""

    along_m: float
    lon_deg: float
    lat_deg: float
    ground_m: float | None  # None: unknown
    obstacle_m: float | None = None  # top above mean sea level of the highest obstacle near; None: none


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """Of one way. `least_m` of the known part at `height_m`; None: nothing is known, or no height is planned."""

    length_m: float
    highest_m: float | None  # ground
    highest_lon_deg: float | None = None
    highest_lat_deg: float | None = None
    unknown_share: float
    unknown_tops: int = 0  # obstacles near the way whose top cannot be said
    obstacle: Near | None = None  # the highest near the way
    height_m: float | None = None  # planned, above mean sea level
    least_m: float | None = None
    wanted_m: float
    profile: tuple[Sample, ...] = ()

    @property
    def enough(self) -> bool | None:
        """None: it cannot be said."""
        if self.least_m is None:
            return None
        if self.least_m < self.wanted_m:
            return False
        return None if self.unknown_share > 0 or self.unknown_tops else True


def along(way: Sequence[Position], step_m: float) -> tuple[Floats, Floats, Floats]:
    """lon[n], lat[n], metres from the start[n]: both ends and every turn, and points between no wider than `step_m`."""
    lons, lats, far = [np.array([way[0].lon_deg])], [np.array([way[0].lat_deg])], [np.zeros(1)]
    gone_m = 0.0
    total_m = sum(distance_m(a, b) for a, b in pairwise(way))
    step_m = max(step_m, LEAST_STEP_M, total_m / MOST_SAMPLES)
    for a, b in pairwise(way):
        leg_m = distance_m(a, b)
        share = np.linspace(0.0, 1.0, max(1, int(np.ceil(leg_m / step_m))) + 1)[1:]
        east = (b.lon_deg - a.lon_deg + 180.0) % 360.0 - 180.0  # the short way round
        lons.append((a.lon_deg + east * share + 180.0) % 360.0 - 180.0)
        lats.append(a.lat_deg + (b.lat_deg - a.lat_deg) * share)
        far.append(gone_m + leg_m * share)
        gone_m += leg_m
    return np.concatenate(lons), np.concatenate(lats), np.concatenate(far)


def clearance(
    terrain: Terrain,
    obstacles: ObstacleField,
    way: Sequence[Position],
    *,
    height_m: float | None = None,
    above_ground_m: float | None = None,
    least: LeastClearance = LEAST,
) -> Clearance:
    """Of a way of at least one point flown at `height_m` above mean sea level, or at `above_ground_m` over each place."""
    lon, lat, far = along(way, (terrain.finest_m or 2 * METRES_PER_DEG / 1200) / 2)
    ground = terrain.highest_m(lon, lat)
    known = np.isfinite(ground)
    near, unsaid = obstacles.near(lon, lat, far, least.half_width_m)
    tallest = max(near, key=lambda one: one.top_m, default=None)
    top = int(np.nanargmax(ground)) if known.any() else None
    margins: list[float] = []
    if height_m is not None:
        margins += [height_m - float(ground[top])] if top is not None else []
        margins += [height_m - tallest.top_m] if tallest is not None else []
    elif above_ground_m is not None:
        margins += [above_ground_m] if top is not None else []
        margins += [above_ground_m - one.height_m for one in near if one.height_m is not None]
    return Clearance(
        length_m=float(far[-1]),
        highest_m=None if top is None else float(ground[top]),
        highest_lon_deg=None if top is None else float(lon[top]),
        highest_lat_deg=None if top is None else float(lat[top]),
        unknown_share=float(1.0 - known.mean()),
        unknown_tops=unsaid,
        obstacle=tallest,
        height_m=height_m,
        least_m=min(margins, default=None),
        wanted_m=least.height_m,
        profile=_profile(lon, lat, far, ground, near),
    )


def _profile(
    lon: Floats, lat: Floats, far: Floats, ground: Floats, near: Sequence[Near]
) -> tuple[Sample, ...]:
    """The highest of each of at most PROFILE_POINTS stretches; a stretch with a gap in it is a gap."""
    edges = np.unique(np.linspace(0, len(far), min(PROFILE_POINTS, len(far)) + 1).astype(np.int64))
    tops = {index: _top(near, far, index) for index in pairwise(edges.tolist())} if near else {}
    made = []
    for begin, end in pairwise(edges.tolist()):
        part = ground[begin:end]
        whole = bool(np.isfinite(part).all())
        at = begin + (int(np.argmax(part)) if whole else 0)
        made.append(
            Sample(
                along_m=float(far[at]),
                lon_deg=float(lon[at]),
                lat_deg=float(lat[at]),
                ground_m=float(ground[at]) if whole else None,
                obstacle_m=tops.get((begin, end)),
            )
        )
    return tuple(made)


def _top(near: Sequence[Near], far: Floats, edges: tuple[int, int]) -> float | None:
    begin, end = edges
    last = far[end] if end < len(far) else float("inf")
    return max((one.top_m for one in near if far[begin] <= one.along_m < last), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Highest:
    """Within an area. `highest_m` None: nothing of it is known."""

    highest_m: float | None
    lon_deg: float | None = None
    lat_deg: float | None = None
    lowest_m: float | None = None
    unknown_share: float
    step_m: float  # between the looked-at places
    obstacle: Near | None = None
    unknown_tops: int = 0


def highest_within(terrain: Terrain, obstacles: ObstacleField, ring: Sequence[Position]) -> Highest:
    """The highest ground and obstacle within a closed ring (its corners, the last is the first), borders in."""
    area = shapely.Polygon([(corner.lon_deg, corner.lat_deg) for corner in ring])
    west, south, east, north = area.bounds
    step = (terrain.finest_m or METRES_PER_DEG / 1200) / METRES_PER_DEG
    cells = max(1.0, (east - west) / step) * max(1.0, (north - south) / step)
    step *= max(1.0, float(np.sqrt(cells / MOST_CELLS)))
    lons = np.linspace(west, east, int((east - west) / step) + 2)
    lats = np.linspace(south, north, int((north - south) / step) + 2)
    lon, lat = (each.ravel() for each in np.meshgrid(lons, lats))
    grown = area.buffer(step)  # so that a cell which the border cuts is looked at
    inside: NDArray[np.bool_] = shapely.contains_xy(grown, lon, lat)
    lon, lat = lon[inside], lat[inside]
    ground = terrain.highest_m(lon, lat)
    known = np.isfinite(ground)
    top = int(np.nanargmax(ground)) if known.any() else None
    near, unsaid = obstacles.within(area)
    return Highest(
        highest_m=None if top is None else float(ground[top]),
        lon_deg=None if top is None else float(lon[top]),
        lat_deg=None if top is None else float(lat[top]),
        lowest_m=float(np.nanmin(ground)) if known.any() else None,
        unknown_share=float(1.0 - known.mean()) if known.size else 1.0,
        step_m=step * METRES_PER_DEG,
        obstacle=max(near, key=lambda one: one.top_m, default=None),
        unknown_tops=unsaid,
    )
