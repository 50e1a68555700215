"""Obstacles (障碍物): masts, turbines, power lines: their tops, and which are near. Pure.

A top is said above mean sea level, or as a height above a ground that the terrain must then know; where it cannot be
said the obstacle is counted and never taken for low.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.errors import Malformed, Refused
from dispatch.obstacle_records import Obstacle
from dispatch.terrain import METRES_PER_DEG, Floats, Terrain

MOST_POINTS = 200  # of one line
MOST_HEIGHT_M = 1_500.0  # the tallest structure there is has 830 m


def check(obstacle: Obstacle) -> None:
    """Raises Malformed naming the field, and Refused NO_HEIGHT."""
    if not 1 <= len(obstacle.points) <= MOST_POINTS:
        raise Malformed("points", f"{len(obstacle.points)} points, 1 to {MOST_POINTS} are taken")
    if obstacle.height_m is None and obstacle.top_m is None:
        raise Refused("NO_HEIGHT", "neither height_m nor top_m is given", field="height_m")
    if obstacle.height_m is not None and not 0 < obstacle.height_m <= MOST_HEIGHT_M:
        raise Malformed("height_m", f"{obstacle.height_m:g} is not above 0 and at most {MOST_HEIGHT_M:g} m")
    if obstacle.top_m is not None and not -450 <= obstacle.top_m <= 10_000:
        raise Malformed("top_m", f"{obstacle.top_m:g} is not -450 to 10000 m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """An obstacle near a way. Metres; `top_m` above mean sea level."""

    id: str
    name: str
    top_m: float
    height_m: float | None
    away_m: float
    along_m: float = 0.0


@dataclass(frozen=True, slots=True)
class ObstacleField:
    """All obstacles of a site over its terrain, with a tree for what is near. Made anew when either changes."""

    obstacles: tuple[Obstacle, ...] = ()
    tops_m: Floats = field(default_factory=lambda: np.empty(0))  # NaN: cannot be said
    heights_m: Floats = field(default_factory=lambda: np.empty(0))
    shapes: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, object))
    tree: shapely.STRtree = field(default_factory=lambda: shapely.STRtree([]))

    def near(
        self, lon_deg: Floats, lat_deg: Floats, along_m: Floats, within_m: float
    ) -> tuple[list[Near], int]:
        """Those within `within_m` of a line of points, and how many of them have a top that cannot be said."""
        if not self.obstacles:
            return [], 0
        ways = _stretches(lon_deg, lat_deg, within_m)
        found = np.unique(self.tree.query(ways, predicate="intersects")[1])
        near = []
        for place in found.tolist():
            away, at = self._away_m(place, lon_deg, lat_deg)
            if away <= within_m and not np.isnan(self.tops_m[place]):
                near.append(self._near(place, away, float(along_m[at])))
        unsaid = sum(
            1
            for place in found.tolist()
            if np.isnan(self.tops_m[place]) and self._away_m(place, lon_deg, lat_deg)[0] <= within_m
        )
        return near, unsaid

    def within(self, area: shapely.Geometry) -> tuple[list[Near], int]:
        """Those that an area touches, likewise."""
        found = self.tree.query(area, predicate="intersects").tolist()
        said = [place for place in found if not np.isnan(self.tops_m[place])]
        return [self._near(place, 0.0, 0.0) for place in said], len(found) - len(said)

    def nearest(self, lon_deg: Floats, lat_deg: Floats, within_m: float) -> tuple[NDArray[np.int64], Floats]:
        """Of each point the nearest obstacle's place, -1: none that near, and metres to it, NaN: none."""
        places = np.full(len(lon_deg), -1, np.int64)
        away_m = np.full(len(lon_deg), np.nan)
        known = np.flatnonzero(np.isfinite(lon_deg) & np.isfinite(lat_deg))
        if not self.obstacles or not known.size:
            return places, away_m
        wide = np.cos(np.radians(np.minimum(np.abs(lat_deg[known]) + 1.0, 89.0))).min()
        points = np.asarray(shapely.points(lon_deg[known], lat_deg[known]), object)
        reach = within_m / METRES_PER_DEG / float(wide)
        asked, hit = self.tree.query(points, predicate="dwithin", distance=reach)
        # Degrees of longitude are shorter than those of latitude: distances are taken in metres.
        metres = _metres(points[asked], self.shapes[hit], lat_deg[known][asked])
        order = np.argsort(-metres, kind="stable")  # the nearest is written last
        order = order[metres[order] <= within_m]
        places[known[asked[order]]], away_m[known[asked[order]]] = hit[order], metres[order]
        return places, away_m

    def told(self, place: int, away_m: float) -> Near:
        """One by its place, as of `nearest`."""
        return self._near(place, away_m, 0.0)

    def _away_m(self, place: int, lon: Floats, lat: Floats) -> tuple[float, int]:
        squeeze = np.cos(np.radians(float(lat.mean())))
        shape = shapely.transform(self.shapes[place], lambda at: at * [squeeze, 1.0])
        away = shapely.distance(shapely.points(lon * squeeze, lat), shape)
        at = int(np.argmin(away))
        if len(lon) > 1:  # the way between samples, not only the samples
            line = shapely.LineString(np.column_stack([lon * squeeze, lat]))
            return float(shapely.distance(line, shape)) * METRES_PER_DEG, at
        return float(away[at]) * METRES_PER_DEG, at

    def _near(self, place: int, away_m: float, along_m: float) -> Near:
        one = self.obstacles[place]
        height_m = float(self.heights_m[place])
        return Near(
            id=one.id,
            name=one.name,
            top_m=float(self.tops_m[place]),
            height_m=None if np.isnan(height_m) else height_m,
            away_m=away_m,
            along_m=along_m,
        )


def obstacle_field(obstacles: Iterable[Obstacle], terrain: Terrain) -> ObstacleField:
    """Tops worked out over fit terrain: the highest of a line is that of its highest point."""
    kept = tuple(sorted(obstacles, key=lambda one: one.id))
    if not kept:
        return ObstacleField()
    counts = np.array([len(one.points) for one in kept])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    lon = np.array([at.lon_deg for one in kept for at in one.points])
    lat = np.array([at.lat_deg for one in kept for at in one.points])
    ground = np.maximum.reduceat(terrain.highest_m(lon, lat), starts)  # NaN where any point's is
    lowest = np.minimum.reduceat(terrain.elevation_m(lon, lat, fit=True), starts)
    high = np.array([np.nan if one.height_m is None else one.height_m for one in kept])
    said = np.array([np.nan if one.top_m is None else one.top_m for one in kept])
    tops = np.fmax(said, ground + high)  # where both are said, the higher
    heights = np.where(np.isnan(high), said - lowest, high)
    shapes = np.array([_shape(one) for one in kept], object)
    return ObstacleField(kept, tops, heights, shapes, shapely.STRtree(shapes))


def _shape(one: Obstacle) -> shapely.Geometry:
    at = [(point.lon_deg, point.lat_deg) for point in one.points]
    return shapely.Point(at[0]) if len(at) == 1 else shapely.LineString(at)


def _stretches(lon: Floats, lat: Floats, within_m: float) -> NDArray[np.object_]:
    """Boxes round pieces of a way, wide enough in degrees of longitude."""
    lat_deg = within_m / METRES_PER_DEG
    pieces = np.array_split(np.arange(len(lon)), min(len(lon), 64))
    made = []
    for piece in pieces:
        ends = np.append(piece, min(piece[-1] + 1, len(lon) - 1))
        lon_deg = lat_deg / max(0.02, float(np.cos(np.radians(np.abs(lat[ends]).max()))))
        made.append(
            shapely.box(
                lon[ends].min() - lon_deg,
                lat[ends].min() - lat_deg,
                lon[ends].max() + lon_deg,
                lat[ends].max() + lat_deg,
            )
        )
    return np.array(made, object)


def _metres(points: NDArray[np.object_], shapes: NDArray[np.object_], lat_deg: Floats) -> Floats:
    """Between each point and each shape, on a plane at the point's latitude."""
    if not len(points):
        return np.empty(0)
    squeeze = np.cos(np.radians(lat_deg))

    def flat(of: NDArray[np.object_]) -> NDArray[np.object_]:
        at, index = shapely.get_coordinates(of, return_index=True)
        at[:, 0] *= squeeze[index]
        made: NDArray[np.object_] = shapely.set_coordinates(of.copy(), at)
        return made

    away: Floats = shapely.distance(flat(points), flat(shapes)) * METRES_PER_DEG
    return away
