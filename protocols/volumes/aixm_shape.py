"""Surfaces and curves of AIXM 5.1 (GML 3.2.1, OGC 12-028) as footprints.

Axis order follows the reference system: latitude first for EPSG:4326 and 4490, longitude first for CRS84; none is a
fault. Angles of arcs are bearings in the former and counter-clockwise from east in the latter; an arc runs from its start
to its end angle, up or down. Segments are taken straight in longitude and latitude.
"""

import math
from collections.abc import Iterator

from dispatch.geo import Position
from dispatch.volume_records import Footprint, Ring
from dispatch.volume_shape import MOST_CORNERS, arc, bearing_and_reach
from protocols.volumes.aixm_xml import Element, Tree
from protocols.volumes.heights import FOOT_M
from protocols.volumes.reading import Collected, Fault

LENGTHS_M = {"M": 1.0, "KM": 1000.0, "NM": 1852.0, "[NMI_I]": 1852.0, "FT": FOOT_M, "MI": 1609.344}
_LAT_FIRST = ("4326", "4490")
_STRAIGHT = ("GeodesicString", "LineStringSegment", "Geodesic", "LineString", "LinearRing")
JOIN_SHARE = 0.02  # of its radius: an arc's end this near to the next point is the next point


class Shapes:
    """Reads shapes of one document. `arcs` says whether any became corners."""

    def __init__(self, tree: Tree, collected: Collected) -> None:
        self._tree, self._collected = tree, collected
        self.arcs = False

    def surface(self, element: Element) -> Footprint:
        """A Surface or Polygon: one patch. Raises Fault."""
        patches = list(element.below("PolygonPatch", "Rectangle", "Polygon")) or [element]
        if len(patches) != 1:
            raise Fault("NO_SHAPE", f"{len(patches)} patches; one is read", field="horizontalProjection")
        exterior = patches[0].find("exterior")
        if exterior is None:
            raise Fault("NO_SHAPE", "has no exterior", field="horizontalProjection")
        circle = self._lone_circle(exterior)
        if circle is not None:
            if patches[0].find("interior") is not None:
                raise Fault("NO_SHAPE", "a circle with holes", field="horizontalProjection")
            return circle
        holes = tuple(Ring(corners=self._closed(each)) for each in patches[0].all("interior"))
        return Footprint(ring=self._closed(exterior), holes=holes)

    def line(self, element: Element) -> tuple[Position, ...]:
        """A Curve."""
        found = tuple(self._curve(element))
        if not found:
            raise Fault("NO_SHAPE", "a curve without points", field=element.tag)
        return found

    def length_m(self, element: Element | None, field: str) -> float:
        """A length with its unit."""
        if element is None:
            raise Fault("WIDTH", "is missing", field=field)
        unit = element.attributes.get("uom", "")
        if not unit:
            raise Fault("UNIT_MISSING", f"{element.text[:20]} has no uom", field=field)
        if unit.upper() not in LENGTHS_M:
            raise Fault("UNIT", f"{unit[:20]!r} is no unit of length", field=field)
        return self._number(element.text, field) * LENGTHS_M[unit.upper()]

    def _lone_circle(self, exterior: Element) -> Footprint | None:
        circles = list(exterior.below("CircleByCenterPoint"))
        if len(circles) != 1 or any(True for _ in exterior.below(*_STRAIGHT, "ArcByCenterPoint")):
            return None
        return Footprint(
            centre=self._points(circles[0])[0], radius_m=self.length_m(circles[0].find("radius"), "radius")
        )

    def _closed(self, boundary: Element) -> tuple[Position, ...]:
        corners: list[Position] = []
        for each in boundary.children:
            ring = self._tree.follow(each)
            members = ring.all("curveMember") if ring.tag == "Ring" else []
            for part in [self._curve(member) for member in members] if members else [self._curve(ring)]:
                corners.extend(part[1:] if corners and part and part[0] == corners[-1] else part)
                self._count(corners)
        if len(corners) < 3:
            raise Fault("TOO_FEW_CORNERS", f"{len(corners)} corners, at least 3", field=boundary.tag)
        if corners[0] == corners[-1]:
            return tuple(corners[:-1])
        _, gap_m = bearing_and_reach(corners[0], corners[-1])
        reach_m = max(
            bearing_and_reach(corners[0], each)[1] for each in corners[:: max(1, len(corners) // 64)]
        )
        if not self.arcs or gap_m > JOIN_SHARE * reach_m:
            raise Fault("RING_OPEN", f"its last point is {gap_m:.0f} m from its first", field=boundary.tag)
        return tuple(corners[:-1])  # an arc's computed end, which is the first point

    def _count(self, corners: list[Position]) -> None:
        if len(corners) > MOST_CORNERS + 1:
            raise Fault("TOO_MANY_CORNERS", f"more than {MOST_CORNERS} corners", field="footprint")

    def _curve(self, element: Element, depth: int = 0) -> list[Position]:
        """The corners of a curve, a member of one, a feature that has one, or a segment."""
        if depth > 12:
            raise Fault("XLINK_UNRESOLVED", "points round and round", field=element.tag)
        element = self._tree.follow(element)
        if element.tag in _STRAIGHT:
            return self._points(element)
        if element.tag == "ArcByCenterPoint":
            return self._arc(element)
        if element.tag in (
            "CircleByCenterPoint",
            "Arc",
            "ArcString",
            "Circle",
            "Bezier",
            "CubicSpline",
            "Clothoid",
        ):
            raise Fault("SEGMENT", f"{element.tag} is not read as part of a curve", field=element.tag)
        if element.tag == "OrientableCurve":
            corners = [p for each in element.children for p in self._curve(each, depth + 1)]
            return corners[::-1] if element.attributes.get("orientation") == "-" else corners
        corners = []
        for each in self._parts(element):
            part = self._curve(each, depth + 1)
            corners = (
                _joined(corners, part)
                if self.arcs
                else [*corners, *(part[1:] if corners and part[:1] == corners[-1:] else part)]
            )
            self._count(corners)
        return corners

    def _parts(self, element: Element) -> Iterator[Element]:
        shapes = (
            *_STRAIGHT,
            "ArcByCenterPoint",
            "CircleByCenterPoint",
            "Arc",
            "ArcString",
            "Circle",
            "Curve",
        )
        wanted = (
            *shapes,
            "ElevatedCurve",
            "CompositeCurve",
            "OrientableCurve",
            "curveMember",
            "Bezier",
            "CubicSpline",
            "Clothoid",
        )
        return element.below(*wanted)

    def _arc(self, element: Element) -> list[Position]:
        centre = self._points(element)[0]
        radius_m = self.length_m(element.find("radius"), "radius")
        begin, end = self._angle(element, "startAngle"), self._angle(element, "endAngle")
        clockwise = end > begin
        if not self._lat_first(element):
            begin, end, clockwise = 90.0 - begin, 90.0 - end, not clockwise
        if abs(end - begin) > 360.0 or math.isclose(begin, end):
            raise Fault("ARC", f"from {begin:g} to {end:g} degrees", field=element.tag)
        self.arcs = True
        return arc(centre, radius_m, begin, end, clockwise=clockwise)

    def _angle(self, element: Element, tag: str) -> float:
        found = element.find(tag)
        if found is None:
            raise Fault("ARC", f"has no {tag}", field=element.tag)
        if found.attributes.get("uom", "deg") not in ("deg", "°"):
            raise Fault("UNIT", f"{found.attributes['uom'][:20]!r} is not deg", field=tag)
        return self._number(found.text, tag)

    def _lat_first(self, element: Element) -> bool:
        srs = element.srs.upper()
        if srs.endswith("CRS84"):
            return False
        if srs.rpartition(":")[2].rpartition("/")[2] in _LAT_FIRST and "EPSG" in srs:
            return True
        said = f"{element.srs[:60]!r} is not read" if srs else "no srsName here or above"
        raise Fault("SRS", f"{said}: EPSG:4326, EPSG:4490 or CRS84", field=element.tag)

    def _points(self, element: Element) -> list[Position]:
        """All positions directly in an element, or that its points point to."""
        found: list[Position] = []
        for each in element.children:
            if each.tag in ("pos", "posList"):
                found += self._pairs(each)
            elif each.tag in ("pointProperty", "Point", "ElevatedPoint", "pointRep"):
                target = self._tree.follow(each)
                found += next((self._pairs(p) for p in [target, *target.below("pos")] if p.tag == "pos"), [])
            self._count(found)
        if not found:
            raise Fault("POSITION", "has no positions", field=element.tag)
        return found

    def _pairs(self, element: Element) -> list[Position]:
        figures = element.text.split(None, 3 * (MOST_CORNERS + 2))
        if len(figures) > 3 * (MOST_CORNERS + 1):
            raise Fault("TOO_MANY_CORNERS", f"more than {MOST_CORNERS} corners", field=element.tag)
        size = 3 if element.attributes.get("srsDimension") == "3" else 2
        if not figures or len(figures) % size:
            raise Fault("POSITION", f"{len(figures)} figures are no list of positions", field=element.tag)
        lat_first = self._lat_first(element)
        found = []
        for n in range(0, len(figures), size):
            a, b = self._number(figures[n], element.tag), self._number(figures[n + 1], element.tag)
            found.append(self._collected.position(b, a) if lat_first else self._collected.position(a, b))
        return found

    def _number(self, text: str, field: str) -> float:
        try:
            value = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise Fault("NUMBER", f"{text[:30]!r} is not a number", field=field)
        return value


def _joined(before: list[Position], part: list[Position]) -> list[Position]:
    """Two segments where one is an arc: its computed end and the point that was meant are one corner."""
    if not before or not part:
        return [*before, *part]
    _, gap_m = bearing_and_reach(before[-1], part[0])
    _, reach_m = bearing_and_reach(part[0], part[-1])
    return [*before, *part[1:]] if gap_m <= JOIN_SHARE * max(reach_m, 1_000.0) else [*before, *part]
