"""From the terms of a search to the way that is flown, and what it covers. Pure geometry.

Patterns after the IAMSAR Manual (ICAO Doc 9731), Volume II, chapter 5: legs of a rectangle begin half a spacing inside
it; a square's legs are S, S, 2S, 2S, 3S, 3S …; a sector's legs are as long as its radius and turn by 120°.
Everything is made on a plane about the middle (azimuthal equidistant, WGS-84) and put back on the earth; a leg is
straight there, which a leg of 100 km flown as a great circle leaves by some metres.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import shapely
from pyproj import Geod

from dispatch.errors import Refused
from dispatch.geo import Position
from dispatch.search_kinds import SearchPattern, Turn
from dispatch.search_records import SearchTerms, SearchWay

MOST_POINTS = 250  # a flight computer's route, and more than a crew can follow
MOST_LENGTH_M = 2_000_000.0  # longer than any helicopter's day
LEAST_SPACING_M = 10.0
MOST_SIDE_M = 300_000.0
MOST_LATITUDE_DEG = 85.0
MOST_LINE = 50
MOST_TURN_DEG = 135.0  # of a line at a point: sharper ones are two lines
_GEOD = Geod(ellps="WGS84")
_SECTOR_TURN_DEG = 120.0
_STRAIGHT_DEG = 5.0  # a turn by less is none
_SPACED = frozenset({SearchPattern.EXPANDING_SQUARE, SearchPattern.PARALLEL, SearchPattern.CREEPING})

Plane = tuple[float, float]  # metres along the heading and to its right


def way_of(terms: SearchTerms) -> SearchWay:
    """The way and its figures. Raises Refused with the code of what cannot be flown."""
    middle = _middle(terms)
    spacing = terms.spacing_m
    if spacing < LEAST_SPACING_M:
        raise Refused("SPACING", f"legs closer than {LEAST_SPACING_M:g} m are one", field="spacing_m")
    if terms.pattern is SearchPattern.TRACK_LINE:
        flown, area = _along_line(terms, [_to_plane(middle, 0.0, each) for each in terms.line])
        heading = 0.0
    else:
        _check_sides(terms)
        flown, area = _PATTERNS[terms.pattern](terms)
        heading = terms.heading_deg
        if terms.turn is Turn.LEFT:
            flown = [(along, -across) for along, across in flown]
            area = shapely.Polygon([(along, -across) for along, across in area.exterior.coords])
    return _measured(terms, middle, heading, flown, area)


def _middle(terms: SearchTerms) -> Position:
    if terms.pattern is not SearchPattern.TRACK_LINE:
        if terms.datum is None or terms.line:
            raise Refused("NO_DATUM", "this pattern needs its datum, and no line", field="datum")
        middle = terms.datum
    else:
        if not 2 <= len(terms.line) <= MOST_LINE or terms.datum is not None:
            raise Refused("LINE", f"a track line has 2 to {MOST_LINE} points, and no datum", field="line")
        middle = terms.line[len(terms.line) // 2]
    if abs(middle.lat_deg) > MOST_LATITUDE_DEG:
        raise Refused("NEAR_POLE", f"beyond {MOST_LATITUDE_DEG:g}° of latitude", field="datum")
    return middle


def _check_sides(terms: SearchTerms) -> None:
    sides = [("along_m", terms.along_m)]
    if terms.pattern in (SearchPattern.PARALLEL, SearchPattern.CREEPING):
        sides.append(("across_m", terms.across_m))
    for field, side in sides:
        if not terms.spacing_m <= side <= MOST_SIDE_M:
            raise Refused(
                "SIDE", f"{side:g} m is not between the spacing and {MOST_SIDE_M / 1000:g} km", field=field
            )


def _expanding_square(terms: SearchTerms) -> tuple[list[Plane], shapely.Polygon]:
    """From the datum outwards. What is searched is the least square of an odd number of spacings that holds the side."""
    side, spacing = terms.along_m, terms.spacing_m
    rounds = max(1, math.ceil(side / spacing / 2 - 0.5 - 1e-9))
    if 4 * rounds + 2 > MOST_POINTS:
        raise _too_many()
    points, along, across = [(0.0, 0.0)], 0.0, 0.0
    steps = ((1, 0), (0, 1), (-1, 0), (0, -1))
    legs = 4 * rounds + 1
    for leg in range(legs):
        length = (leg // 2 + 1 if leg < legs - 1 else leg // 2) * spacing  # the last one closes the square
        along += steps[leg % 4][0] * length
        across += steps[leg % 4][1] * length
        points.append((along, across))
    half = (rounds + 0.5) * spacing
    return points, shapely.box(-half, -half, half, half)


def _sector(terms: SearchTerms) -> tuple[list[Plane], shapely.Polygon]:
    """Three sectors through the datum, all turns by 120° to one side; again, turned by half a sector."""
    radius = terms.along_m
    points: list[Plane] = [(0.0, 0.0)]
    for course in (0.0, _SECTOR_TURN_DEG / 4) if terms.again else (0.0,):
        # out, across, back through the datum and on: nine legs of one radius each
        for turn in range(3):
            out = math.radians(course + turn * _SECTOR_TURN_DEG * 2)
            end = math.radians(course + turn * _SECTOR_TURN_DEG * 2 + 60.0)
            points.append((radius * math.cos(out), radius * math.sin(out)))
            points.append((radius * math.cos(end), radius * math.sin(end)))
            points.append((0.0, 0.0))
    return points, shapely.Point(0.0, 0.0).buffer(radius, quad_segs=16)


def _parallel(terms: SearchTerms) -> tuple[list[Plane], shapely.Polygon]:
    """Legs along the heading, advancing to the side of the turn."""
    points = list(_legs(terms.along_m, terms.across_m, terms.spacing_m))
    return points, _rectangle(terms.along_m, terms.across_m)


def _creeping(terms: SearchTerms) -> tuple[list[Plane], shapely.Polygon]:
    """Legs across the heading, advancing along it."""
    points = [(across, along) for along, across in _legs(terms.across_m, terms.along_m, terms.spacing_m)]
    return points, _rectangle(terms.along_m, terms.across_m)


def _rectangle(along_m: float, across_m: float) -> shapely.Polygon:
    return shapely.box(-along_m / 2, -across_m / 2, along_m / 2, across_m / 2)


def _legs(leg_side: float, other_side: float, spacing: float) -> Iterator[Plane]:
    """Back and forth over a rectangle about the middle. No leg is outside it, and none of it is left out: where the
    side is no whole number of spacings, the last two legs are closer."""
    count = max(1, math.ceil(other_side / spacing - 1e-9))
    if 2 * count > MOST_POINTS:
        raise _too_many()
    end = (leg_side - spacing) / 2  # half a spacing inside
    end = end if end > 0 else leg_side / 2
    for leg in range(count):
        offset = (
            min(spacing / 2 + leg * spacing, max(other_side - spacing / 2, other_side / 2)) - other_side / 2
        )
        first, last = (-end, end) if leg % 2 == 0 else (end, -end)
        yield first, offset
        yield last, offset


def _along_line(terms: SearchTerms, line: list[Plane]) -> tuple[list[Plane], shapely.Polygon]:
    """Along the line half a spacing to one side of it, and back on the other; without `again` on the line itself."""
    for before, after in pairwise(line):
        if math.dist(before, after) < 1.0:
            raise Refused("LINE", "two of its points are one", field="line")
    whole = shapely.LineString(line)
    if whole.length > MOST_SIDE_M:
        raise Refused("VERY_LONG", f"the line is over {MOST_SIDE_M / 1000:g} km", field="line")
    if any(abs(turn) > MOST_TURN_DEG for turn in _turned(line)) or not whole.is_simple:
        raise Refused("TURN_TOO_SHARP", "the line turns back on itself or crosses itself", field="line")
    half = terms.spacing_m / 2
    if not terms.again:
        return line, whole.buffer(half, cap_style="flat", join_style="mitre")
    side = -1.0 if terms.turn is Turn.LEFT else 1.0
    there, back = (
        shapely.offset_curve(whole, distance, join_style="mitre") for distance in (half * side, -half * side)
    )
    if there.geom_type != "LineString" or back.geom_type != "LineString":
        raise Refused("TURN_TOO_SHARP", "the line bends too sharply for this spacing", field="line")
    out, home = ([(at[0], at[1]) for at in each.coords] for each in (there, back))
    if math.dist(out[0], line[0]) > math.dist(out[-1], line[0]):
        out.reverse()
    if math.dist(home[0], line[-1]) > math.dist(home[-1], line[-1]):
        home.reverse()
    return out + home, whole.buffer(terms.spacing_m, cap_style="flat", join_style="mitre")


_PATTERNS = {
    SearchPattern.EXPANDING_SQUARE: _expanding_square,
    SearchPattern.SECTOR: _sector,
    SearchPattern.PARALLEL: _parallel,
    SearchPattern.CREEPING: _creeping,
}


def _too_many() -> Refused:
    return Refused(
        "TOO_MANY_LEGS", f"over {MOST_POINTS} turning points: widen the spacing", field="spacing_m"
    )


def _measured(
    terms: SearchTerms, middle: Position, heading_deg: float, flown: Sequence[Plane], area: shapely.Polygon
) -> SearchWay:
    points = _from_plane(middle, heading_deg, flown)
    length_m = float(_GEOD.line_length([p.lon_deg for p in points], [p.lat_deg for p in points]))
    if length_m > MOST_LENGTH_M:
        raise Refused("VERY_LONG", f"{length_m / 1000:.0f} km are too long a way", field="spacing_m")
    way = shapely.LineString(flown)
    inside_m = way.intersection(area).length
    half_m = terms.sweep_width_m / 2
    if terms.pattern in _SPACED:  # beyond the neighbours' neighbours a wider sweep adds nothing but work
        half_m = min(half_m, 1.5 * terms.spacing_m)
    swept = way.buffer(half_m, cap_style="flat", quad_segs=4).intersection(area).area
    coverage = terms.sweep_width_m * inside_m / area.area
    return SearchWay(
        points=points,
        area=_from_plane(middle, heading_deg, [(at[0], at[1]) for at in area.exterior.coords]),
        length_m=length_m,
        duration_s=length_m / terms.speed_mps,
        area_m2=area.area,
        swept_share=min(1.0, swept / area.area),
        coverage=coverage,
        detection_random=1.0 - math.exp(-coverage),
        detection_ideal=math.erf(math.sqrt(math.pi) / 2 * coverage),
        turns=_turns(flown),
    )


def _turns(flown: Sequence[Plane]) -> int:
    """Where the course changes: a sector search passes its datum straight on."""
    return sum(abs(turn) > _STRAIGHT_DEG for turn in _turned(flown))


def _turned(flown: Sequence[Plane]) -> Iterator[float]:
    """By how many degrees the course changes at each point but the first and the last."""
    courses = [
        math.degrees(math.atan2(after[1] - before[1], after[0] - before[0]))
        for before, after in pairwise(flown)
    ]
    return ((b - a + 180.0) % 360.0 - 180.0 for a, b in pairwise(courses))


def _from_plane(middle: Position, heading_deg: float, places: Sequence[Plane]) -> tuple[Position, ...]:
    plane = np.array(places)
    course = heading_deg + np.degrees(np.arctan2(plane[:, 1], plane[:, 0]))
    away_m = np.hypot(plane[:, 0], plane[:, 1])
    of_middle = np.full(len(plane), middle.lon_deg), np.full(len(plane), middle.lat_deg)
    lons, lats, _ = _GEOD.fwd(*of_middle, course, away_m)
    return tuple(
        Position(lon_deg=lon, lat_deg=lat) for lon, lat in zip(lons.tolist(), lats.tolist(), strict=True)
    )


def _to_plane(middle: Position, heading_deg: float, place: Position) -> Plane:
    course, _, away_m = _GEOD.inv(middle.lon_deg, middle.lat_deg, place.lon_deg, place.lat_deg)
    turned = math.radians(course - heading_deg)
    return away_m * math.cos(turned), away_m * math.sin(turned)
