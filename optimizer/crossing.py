"""Whether a flight passes closed airspace while it is closed, as the format defines it: our own judge's part.

Ways and the sides of a polygon are straight in longitude and latitude; a way is flown evenly over its great-circle
length. Up to 100 m inside, and a second, are forgiven. Nothing here is shared with `around.py`.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import shapely

from optimizer.problem import NoFly

Point = tuple[float, float]  # lon, lat, degrees

_EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius, as the format says
_FORGIVEN_M, _FORGIVEN_S = 100.0, 1.0


def metres_between(a: Point, b: Point) -> float:
    """Great-circle distance."""
    lon_a, lat_a, lon_b, lat_b = map(math.radians, (*a, *b))
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def way_m(points: Sequence[Point]) -> float:
    """Length of a way through all points."""
    return sum(metres_between(a, b) for a, b in pairwise(points))


def crossed(
    volumes: Sequence[NoFly], points: Sequence[Point], start_s: float, end_s: float, *, leaving: bool = False
) -> str:
    """The id of a volume that a flight passes while it is closed; empty if none. `leaving`: one that it starts in,
    in the air, may be left."""
    for volume in volumes:
        for from_s, until_s, at_start in _inside(volume, points, start_s, end_s):
            if leaving and at_start:
                continue
            if from_s + _FORGIVEN_S < volume.until_s and until_s - _FORGIVEN_S > volume.from_s:
                return volume.id
    return ""


def crossed_by_line(volumes: Sequence[NoFly], a: Point, b: Point, start_s: float, end_s: float) -> str:
    """The same for work to and fro between two points, which may be anywhere on the line at any time of it."""
    for volume in volumes:
        closed = start_s + _FORGIVEN_S < volume.until_s and end_s - _FORGIVEN_S > volume.from_s
        if closed and any(True for _ in _inside(volume, (a, b), start_s, end_s)):
            return volume.id
    return ""


def _inside(
    volume: NoFly, points: Sequence[Point], start_s: float, end_s: float
) -> Iterator[tuple[float, float, bool]]:
    """(from, until, whether from its very start) of each run inside the polygon."""
    polygon = shapely.Polygon(volume.polygon)
    whole_m = way_m(points)
    if whole_m <= 0.0:
        if shapely.contains_xy(polygon, *points[0]):
            yield start_s, end_s, True
        return
    flown_m = 0.0
    for a, b in pairwise(points):
        piece_m, line = metres_between(a, b), shapely.LineString((a, b))
        if piece_m > 0.0:
            for run in shapely.get_parts(shapely.intersection(polygon, line)):
                if run.is_empty:
                    continue
                ends = sorted(line.project(shapely.Point(xy), normalized=True) for xy in run.coords)
                if (ends[-1] - ends[0]) * piece_m > _FORGIVEN_M:
                    pace = (end_s - start_s) / whole_m
                    from_s = start_s + pace * (flown_m + ends[0] * piece_m)
                    until_s = start_s + pace * (flown_m + ends[-1] * piece_m)
                    yield from_s, until_s, flown_m + ends[0] * piece_m < 1.0
        flown_m += piece_m
