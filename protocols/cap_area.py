"""Areas of a CAP message (§3.2.4): polygons and circles, latitude first, checked against the standard and ours.

A polygon is a closed ring, so its first and last pairs are the same and there are at least four. Everything here
raises Malformed with the path it is given.
"""

import re

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.errors import Malformed
from dispatch.geo import Position, distance_m
from dispatch.records import AlarmArea

MAX_POINTS = 20_000  # of one message; a county drawn to 10 m has fewer
KEPT_POINTS = 400  # of one message on a console: rings are thinned, their shape stays
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{0,15})?\Z")
_RADIUS = re.compile(r"[0-9]{1,6}(\.[0-9]{0,10})?\Z")


def read_polygon(text: str, field: str) -> AlarmArea:
    """A ring from pairs `lat,lon` with blanks between."""
    pairs = text.split(
        None, MAX_POINTS
    )  # the rest stays one piece: a million points are not a million objects
    if len(pairs) > MAX_POINTS:
        raise Malformed(field, f"more than {MAX_POINTS} points")
    points = tuple(_pair(pair, field) for pair in pairs)
    if len(points) < 4:
        raise Malformed(field, f"{len(points)} points, a closed ring has at least 4")
    if points[0] != points[-1]:
        raise Malformed(field, "the last point is not the first again")
    return AlarmArea(points=points)


def read_circle(text: str, field: str) -> AlarmArea:
    """A circle from `lat,lon radius`, the radius in kilometres."""
    parts = text.split()
    if len(parts) != 2 or not _RADIUS.match(parts[1]):
        raise Malformed(field, f"{text[:60]!r} is not `lat,lon radius`")
    radius_m = float(parts[1]) * 1000.0
    if radius_m > 20_100_000:  # half the earth's way round
        raise Malformed(field, f"{parts[1]} km is larger than the earth")
    return AlarmArea(points=(_pair(parts[0], field),), radius_m=radius_m)


def _pair(text: str, field: str) -> Position:
    lat, _, lon = text.partition(",")
    if not (_NUMBER.match(lat) and _NUMBER.match(lon)):
        raise Malformed(field, f"{text[:40]!r} is not `lat,lon`")
    if abs(float(lat)) > 90.0:
        raise Malformed(field, f"{text[:40]!r}: latitude comes first and is within -90 to 90")
    if abs(float(lon)) > 180.0:
        raise Malformed(field, f"{text[:40]!r}: longitude is within -180 to 180")
    return Position(lon_deg=float(lon), lat_deg=float(lat))


def _shape(area: AlarmArea) -> BaseGeometry:
    return shapely.make_valid(shapely.Polygon([(point.lon_deg, point.lat_deg) for point in area.points]))


def whole_of(areas: tuple[AlarmArea, ...]) -> tuple[Position, float]:
    """A point inside the largest area, and how far everything reaches from it, metres. Circles go by their centre."""
    circle = next((area for area in areas if len(area.points) == 1), None)
    if circle is not None:
        position = circle.points[0]
    else:
        inside = max((_shape(area) for area in areas), key=lambda each: each.area).representative_point()
        position = Position(lon_deg=inside.x, lat_deg=inside.y)
    reach_m = max(distance_m(position, point) + area.radius_m for area in areas for point in area.points)
    return position, round(reach_m, 1)


def simplified(areas: tuple[AlarmArea, ...]) -> tuple[AlarmArea, ...]:
    """The same areas with no more than about KEPT_POINTS points: thinned ever more until they fit, then the first ones."""
    tolerance_deg = 0.0005  # 50 m
    thin = areas
    while sum(len(area.points) for area in thin) > KEPT_POINTS and tolerance_deg < 1.0:
        thin = tuple(_thinned(area, tolerance_deg) for area in areas)
        tolerance_deg *= 2
    return thin[:KEPT_POINTS]


def _thinned(area: AlarmArea, tolerance_deg: float) -> AlarmArea:
    if len(area.points) == 1:
        return area
    ring = shapely.LinearRing([(point.lon_deg, point.lat_deg) for point in area.points])
    kept = ring.simplify(tolerance_deg).coords
    if len(kept) < 4:
        return area
    return AlarmArea(points=tuple(Position(lon_deg=lon, lat_deg=lat) for lon, lat in kept))
