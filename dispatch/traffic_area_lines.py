"""The geometry of incident airspace: rings, entry points, circuits between water and fire. Pure.

Everything lies on the mean sphere, as dispatch/geo.py measures it; circuits and crossings are made on a plane about
the scene (distance and course from it), which over some 20 km is right within metres.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.geo import EARTH_RADIUS_M, Position, bearing_deg, distance_m
from dispatch.traffic_area_records import Circuit, EntryPoint, TrafficRules, TrafficZone

MOST_LATITUDE_DEG = 85.0
RING_CORNERS = 72
LEAST_CIRCUIT_M = 100.0  # water nearer to the fire than this has no circuit
_WINDS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")

Plane = tuple[float, float]  # metres east and north of the scene
Towards = tuple[float, tuple[str, ...]]  # a course and the bases that lie that way


def beyond(start: Position, course_deg: float, away_m: float) -> Position:
    """The place `away_m` from a start on a course, along the great circle."""
    lat, course, angle = math.radians(start.lat_deg), math.radians(course_deg), away_m / EARTH_RADIUS_M
    sine = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(course)
    there = math.asin(max(-1.0, min(1.0, sine)))
    east = math.atan2(
        math.sin(course) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * math.sin(there)
    )
    lon = (start.lon_deg + math.degrees(east) + 540.0) % 360.0 - 180.0
    return Position(lon_deg=lon, lat_deg=math.degrees(there))


def ring(centre: Position, radius_m: float) -> tuple[Position, ...]:
    """A circle as a closed ring of corners that lie on it."""
    corners = [beyond(centre, 360.0 * n / RING_CORNERS, radius_m) for n in range(RING_CORNERS)]
    return (*corners, corners[0])


def wind_of(bearing: float) -> str:
    """The nearest of 16 directions."""
    return _WINDS[round(bearing % 360.0 / 22.5) % 16]


def to_plane(centre: Position, place: Position) -> Plane:
    """Metres east and north of a centre."""
    away, course = distance_m(centre, place), math.radians(bearing_deg(centre, place))
    return away * math.sin(course), away * math.cos(course)


def from_plane(centre: Position, at: Plane) -> Position:
    """The place that lies so."""
    return beyond(centre, math.degrees(math.atan2(at[0], at[1])), math.hypot(*at))


def entries(
    centre: Position, hold_m: float, bases: Iterable[tuple[str, Position]], merge_deg: float
) -> tuple[EntryPoint, ...]:
    """Entry points on the holding ring towards the bases, those within `merge_deg` made one; without bases four
    cardinal ones. Clockwise from north."""
    found: list[Towards] = [
        (bearing_deg(centre, at), (base_id,)) for base_id, at in sorted(dict(bases).items()) if at != centre
    ]
    found = _merged(found, merge_deg) if found else [(course, ()) for course in (0.0, 90.0, 180.0, 270.0)]
    return tuple(
        EntryPoint(
            name=wind_of(course), bearing_deg=course, position=beyond(centre, course, hold_m), base_ids=ids
        )
        for course, ids in sorted(found)
    )


def _merged(found: list[Towards], merge_deg: float) -> list[Towards]:
    """Neighbours closer than `merge_deg` put together, the closest first, weighted by their number."""
    while len(found) > 1:
        found.sort()
        gaps = [((found[(n + 1) % len(found)][0] - course) % 360.0, n) for n, (course, _) in enumerate(found)]
        gap, n = min(gaps)
        if gap > merge_deg:
            break
        (course, ids), (_, others) = found[n], found[(n + 1) % len(found)]
        share = len(others) / (len(ids) + len(others))
        one = (round(course + gap * share, 9) % 360.0, tuple(sorted((*ids, *others))))
        found = [each for place, each in enumerate(found) if place not in (n, (n + 1) % len(found))] + [one]
    return found


def circuits(
    centre: Position,
    working_m: float,
    water: Sequence[tuple[str, str, Position, Position]],
    rules: TrafficRules,
) -> tuple[Circuit, ...]:
    """A circuit for each water point: (its id, its name, where it is, where its water is dropped).

    Dip zones are A, B …, drop zones 1, 2 …; circuits that drop at one place share its zone.
    """
    drops: dict[Position, TrafficZone] = {}
    made: list[Circuit] = []
    for water_id, name, at, target in sorted(water):
        away_m = distance_m(at, target)
        if away_m < LEAST_CIRCUIT_M:
            continue
        radius_m = min(rules.zone_m, away_m / 3)
        drop = drops.setdefault(
            target, TrafficZone(name=str(len(drops) + 1), centre=target, radius_m=radius_m)
        )
        if drop.radius_m > radius_m:  # the nearest water keeps the zones of one another clear
            drop = drops[target] = replace(drop, radius_m=radius_m)
        letter = _letter(len(made))
        loop = _loop(centre, at, target, min(rules.lane_m, away_m / 4))
        length_m = sum(distance_m(a, b) for a, b in pairwise(loop))
        made.append(
            Circuit(
                name=letter,
                water_point_id=water_id,
                water_point_name=name,
                dip=TrafficZone(name=letter, centre=at, radius_m=radius_m),
                drop=drop,
                loop=loop,
                length_m=length_m,
                in_trail=max(1, int(length_m // rules.trail_m)),
                leaves_ring=distance_m(centre, at) + radius_m > working_m,
            )
        )
    made = [replace(one, drop=drops[one.drop.centre]) for one in made]
    lines = [_line(centre, one) for one in made]
    return tuple(
        replace(
            one,
            crosses=tuple(
                other.name
                for place, other in enumerate(made)
                if place != n and _cross(centre, one, lines[n], other, lines[place])
            ),
        )
        for n, one in enumerate(made)
    )


def _letter(n: int) -> str:
    """A … Z, then A2 …"""
    return chr(ord("A") + n % 26) + ("" if n < 26 else str(n // 26 + 1))


def _loop(centre: Position, dip: Position, drop: Position, lane_m: float) -> tuple[Position, ...]:
    """Out right of the straight line and home right of it: closed, always anticlockwise."""
    (x0, y0), (x1, y1) = to_plane(centre, dip), to_plane(centre, drop)
    long_m = math.hypot(x1 - x0, y1 - y0)
    ahead = ((x1 - x0) / long_m, (y1 - y0) / long_m)
    right = (ahead[1], -ahead[0])

    def at(share: float, side: float) -> Position:
        along, across = share * long_m, side * lane_m
        return from_plane(
            centre,
            (
                x0 + ahead[0] * along + right[0] * across,
                y0 + ahead[1] * along + right[1] * across,
            ),
        )

    inset = min(0.3, 2 * lane_m / long_m)
    return (dip, at(inset, 1.0), at(1.0 - inset, 1.0), drop, at(1.0 - inset, -1.0), at(inset, -1.0), dip)


def _line(centre: Position, one: Circuit) -> BaseGeometry:
    return shapely.LineString([to_plane(centre, each) for each in one.loop])


def _cross(
    centre: Position, one: Circuit, line: BaseGeometry, other: Circuit, other_line: BaseGeometry
) -> bool:
    """Whether two ways meet anywhere but in a zone that both share, where there is only one aircraft."""
    if one.drop.centre == other.drop.centre:
        shared = shapely.Point(to_plane(centre, one.drop.centre)).buffer(one.drop.radius_m)
        line, other_line = line.difference(shared), other_line.difference(shared)
    return bool(line.intersects(other_line))
