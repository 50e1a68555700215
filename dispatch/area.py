"""A site's ground (辖区), and where the divisions of GB/T 2260 are: pure lookups over data that an adapter reads.

An alarm that names only a county is placed in it; one whose position is outside the ground is marked, not refused.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from dispatch.geo import EARTH_RADIUS_M, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A province, prefecture or county: a point inside it, and how far from it the border is at most, about."""

    code: str  # six digits
    name: str
    position: Position
    radius_m: float


class Counties:
    """Outlines of counties, for finding the one that a place is in. Borders are simplified: near one it may be the next."""

    def __init__(self, *, codes: Sequence[str] = (), outlines: Sequence[BaseGeometry] = ()) -> None:
        self._codes = codes
        self._tree = shapely.STRtree(outlines)

    def code_at(self, position: Position) -> str:
        """The code of the county, empty where there is none."""
        found = self._tree.query(shapely.Point(position.lon_deg, position.lat_deg), predicate="intersects")
        return self._codes[int(found[0])] if len(found) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """`outline` None: not known, and then nothing is outside. `centre` stands in for an alarm without any place."""

    outline: BaseGeometry | None = None
    centre: Position = field(default_factory=lambda: Position(lon_deg=0.0, lat_deg=0.0))
    divisions: Mapping[str, Division] = field(default_factory=dict)
    counties: Counties = field(default_factory=Counties)

    def contains(self, position: Position) -> bool:
        """Whether a place is on the site's ground."""
        return self.outline is None or bool(
            shapely.intersects_xy(self.outline, position.lon_deg, position.lat_deg)
        )

    def division(self, code: str) -> Division | None:
        """The division of a code of six digits, or of twelve (with township and village), if it is known."""
        if len(code) not in (6, 12) or not (code.isascii() and code.isdigit()):
            return None
        return self.divisions.get(code[:6]) or self.divisions.get(code[:4] + "00")

    def county_at(self, position: Position) -> Division | None:
        """The county that a place is in, if it is known."""
        return self.divisions.get(self.counties.code_at(position))

    def border_m(self, position: Position) -> float | None:
        """Metres from a place to the nearest point of the site's border, inside or outside; None: no border is known."""
        if self.outline is None:
            return None
        here = shapely.Point(position.lon_deg, position.lat_deg)
        shrink = math.cos(math.radians(position.lat_deg))  # so that a degree is as long both ways
        border = affinity.scale(self.outline.boundary, xfact=shrink, yfact=1.0, origin=here)
        return float(border.distance(here)) * math.radians(1.0) * EARTH_RADIUS_M
