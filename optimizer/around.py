"""Ways round closed airspace: which straight lines cross it, and the shortest ways by corners set off from it.

Works in a plane where longitude is shrunk by the cosine of the middle latitude; there the straight lines of the format
(straight in longitude and latitude) stay straight. A volume is taken as its convex hull, set off by a margin, and as
closed for the whole plan; `shut.py` sees to what lies inside. Cautious, and always legal.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.geo import EARTH_RADIUS_M
from optimizer.problem import NoFly, Place, Problem

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]  # [point, (x, y)], metres in the plane
Mask = NDArray[np.bool_]

_CLEAR_M = 150.0  # a line that comes nearer to a hull than this crosses it
_CORNER_M = 400.0  # corners stand off by this
_DEGREE_M = math.radians(1.0) * EARTH_RADIUS_M
FAR_M = 1e8  # where no way leads: beyond any tank


def positions_deg(problem: Problem) -> tuple[Matrix, Matrix]:
    """(longitudes, latitudes) of all places."""
    places: tuple[Place, ...] = (
        *problem.bases,
        *problem.water_points,
        *problem.hospitals,
        *problem.incidents,
    )
    lon = [*(row.lon_deg for row in places), *(row.lon_deg for row in problem.aircraft)]
    lat = [*(row.lat_deg for row in places), *(row.lat_deg for row in problem.aircraft)]
    return np.array(lon), np.array(lat)


class Airspace:
    """Hulls of the volumes in the plane. `lon_deg`, `lat_deg`: the places that matter."""

    def __init__(self, volumes: Sequence[NoFly], lon_deg: Matrix, lat_deg: Matrix) -> None:
        middle_deg = float(np.mean([lat for row in volumes for _, lat in row.polygon]))
        self._shrunk = math.cos(math.radians(middle_deg)) * _DEGREE_M
        self.points = self.plane(lon_deg, lat_deg)
        outlines = [
            shapely.convex_hull(shapely.Polygon(self.plane(*np.array(row.polygon).T))) for row in volumes
        ]
        self._hulls = [_ring(hull, _CLEAR_M) for hull in outlines]
        self.inside: list[Mask] = [_within(hull, self.points) for hull in self._hulls]
        corners = np.concatenate([_ring(hull, _CORNER_M) for hull in outlines])
        buried = np.any([_within(hull, corners) for hull in self._hulls], axis=0)
        self.corners: Points = corners[~buried]

    def plane(self, lon_deg: Matrix, lat_deg: Matrix) -> Points:
        """Points of the plane."""
        plane: Points = np.stack([lon_deg * self._shrunk, lat_deg * _DEGREE_M], axis=-1)
        return plane

    def degrees(self, corner: int) -> tuple[float, float]:
        """(lon, lat) of a corner, to a tenth of a metre."""
        x, y = self.corners[corner].tolist()
        return round(x / self._shrunk, 6), round(y / _DEGREE_M, 6)

    def crossed(self, here: Points, there: Points, in_here: list[Mask], in_there: list[Mask]) -> Mask:
        """bool[here, there]: whether the line crosses a hull that neither end lies in."""
        found: Mask = np.zeros((len(here), len(there)), dtype=bool)
        for hull, a, b in zip(self._hulls, in_here, in_there, strict=True):
            found |= _cuts(hull, here, there) & ~a[:, None] & ~b[None, :]
        return found

    def between(self, rows: slice, columns: slice) -> Mask:
        """The same for two ranges of the places."""
        inside = self.inside
        return self.crossed(
            self.points[rows], self.points[columns], [m[rows] for m in inside], [m[columns] for m in inside]
        )


class Detours:
    """Shortest ways between places. `distance_m` is what a straight line would be; `ways_m` is the answer."""

    def __init__(self, space: Airspace, distance_m: Matrix, corner_m: Matrix, between_m: Matrix) -> None:
        """`corner_m` [place, corner] and `between_m` [corner, corner]: straight distances."""
        self._space = space
        nowhere = [np.zeros(len(space.corners), dtype=bool) for _ in space.inside]
        seen = ~space.crossed(space.points, space.corners, space.inside, nowhere)
        self._out_m = np.where(seen, corner_m, np.inf)
        free = ~space.crossed(space.corners, space.corners, nowhere, nowhere)
        self._along_m, self._next = _shortest(np.where(free, between_m, np.inf))
        self.blocked = space.between(slice(None), slice(None))
        reach_m = np.min(self._out_m[:, :, None] + self._along_m[None, :, :], axis=1, initial=np.inf)
        self.ways_m = distance_m.copy()
        for place in np.nonzero(self.blocked.any(axis=1))[0].tolist():
            to = np.nonzero(self.blocked[place])[0]
            by_corner = np.min(reach_m[place][None, :] + self._out_m[to], axis=1, initial=np.inf)
            self.ways_m[place, to] = np.minimum(by_corner, FAR_M)

    def via(self, here: int, there: int) -> tuple[tuple[float, float], ...]:
        """(lon, lat) of the corners on the way; none where it is straight."""
        if not self.blocked[here, there] or self.ways_m[here, there] >= FAR_M:
            return ()
        total_m = self._out_m[here][:, None] + self._along_m + self._out_m[there][None, :]
        at, last = divmod(int(np.argmin(total_m)), len(self._along_m))
        corners = [at]
        while at != last:
            at = int(self._next[at, last])
            corners.append(at)
        return tuple(self._space.degrees(corner) for corner in corners)


def _ring(hull: shapely.Geometry, off_m: float) -> Points:
    """Corners of the hull set off by a margin, counter-clockwise."""
    wide = shapely.buffer(hull, off_m, join_style="mitre", mitre_limit=2.0)
    ring: Points = shapely.get_coordinates(shapely.orient_polygons(wide))[:-1]
    return ring


def _sides(hull: Points) -> tuple[Points, Matrix]:
    """Inward normals of the sides, and what lies inside has a product with each of at least the offset."""
    along = np.roll(hull, -1, axis=0) - hull
    normal = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    return normal, np.sum(normal * hull, axis=1)


def _within(hull: Points, points: Points) -> Mask:
    normal, offset = _sides(hull)
    within: Mask = np.all(points @ normal.T >= offset[None, :], axis=1)
    return within


def _cuts(hull: Points, here: Points, there: Points) -> Mask:
    """bool[here, there]: whether the lines pass through a convex ring (clipping by its sides)."""
    enter = np.zeros((len(here), len(there)))
    leave = np.ones_like(enter)
    for normal, offset in zip(*_sides(hull), strict=True):
        start, end = here @ normal - offset, there @ normal - offset
        run = end[None, :] - start[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            at = -start[:, None] / run
        enter = np.where(run > 0.0, np.maximum(enter, at), enter)
        leave = np.where(run < 0.0, np.minimum(leave, at), leave)
        leave = np.where((run == 0.0) & (start[:, None] < 0.0), -1.0, leave)
    cuts: Mask = leave - enter > 1e-9
    return cuts


def _shortest(straight_m: Matrix) -> tuple[Matrix, NDArray[np.int64]]:
    """Shortest ways between all corners, and the next corner on each (Floyd and Warshall)."""
    ways_m = straight_m.copy()
    np.fill_diagonal(ways_m, 0.0)
    following = np.tile(np.arange(len(ways_m)), (len(ways_m), 1))
    for middle in range(len(ways_m)):
        by_m = ways_m[:, middle, None] + ways_m[None, middle, :]
        shorter = by_m < ways_m - 1e-6
        ways_m = np.where(shorter, by_m, ways_m)
        following = np.where(shorter, following[:, middle, None], following)
    return ways_m, following
