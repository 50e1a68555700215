"""How near a place is to a partner's ground: pure geometry over outlines that an adapter reads.

Borders are simplified to about 500 m (adapters/data/area), so a band is good to that.
"""

import math
from collections.abc import Sequence

import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from dispatch.consent_records import ConsentTerms
from dispatch.geo import EARTH_RADIUS_M, Position

MOST_PLACES = 4_096  # remembered
_M_PER_DEG = math.radians(1.0) * EARTH_RADIUS_M


def distance_m(outline: BaseGeometry, place: Position) -> float:
    """Metres from a place to an outline, 0 inside it."""
    here = shapely.Point(place.lon_deg, place.lat_deg)
    shrink = math.cos(math.radians(place.lat_deg))  # so that a degree is as long both ways
    return float(affinity.scale(outline, xfact=shrink, yfact=1.0, origin=here).distance(here)) * _M_PER_DEG


def polygon(corners: Sequence[Position]) -> BaseGeometry:
    """The area of these corners; one that crosses itself is made valid."""
    made = shapely.Polygon([(each.lon_deg, each.lat_deg) for each in corners])
    return made if made.is_valid else shapely.make_valid(made)


class Nearness:
    """What is near for one partner under its terms: a prepared shape for the ticks, metres for the rules.

    Without the partner's outline a band is not known and nothing is near it.
    """

    def __init__(self, terms: ConsentTerms, outline: BaseGeometry | None) -> None:
        self._outline = outline
        self._known: dict[Position, float] = {}  # asked of the same places every second
        self._band_m = terms.band_m
        self._area = polygon(terms.area) if terms.area else None
        self._shape = self._area if self._area is not None else self._widened()
        if self._shape is not None:
            shapely.prepare(self._shape)

    def _widened(self) -> BaseGeometry | None:
        """The partner's outline and the band round it, as wide everywhere as in the middle of its latitudes."""
        if self._outline is None or self._band_m <= 0:
            return None
        middle = (self._outline.bounds[1] + self._outline.bounds[3]) / 2
        shrink = math.cos(math.radians(middle))
        flat = affinity.scale(self._outline, xfact=shrink, yfact=1.0, origin=(0, 0))
        wide = flat.buffer(self._band_m / _M_PER_DEG, quad_segs=4)
        return affinity.scale(wide, xfact=1 / shrink, yfact=1.0, origin=(0, 0))

    @property
    def shape(self) -> BaseGeometry | None:
        """The area, or the band and what is beyond it; None: nothing is near."""
        return self._shape

    def holds(self, lon_deg: float, lat_deg: float) -> bool:
        """Whether a place is in the area, or in the band or beyond it. Microseconds."""
        return self._shape is not None and bool(shapely.intersects_xy(self._shape, lon_deg, lat_deg))

    def border_m(self, place: Position) -> float | None:
        """Metres to the partner's ground; None: not known. Some 100 µs the first time of a place."""
        return None if self._outline is None else self._distance_m(self._outline, place)

    def _distance_m(self, outline: BaseGeometry, place: Position) -> float:
        if len(self._known) >= MOST_PLACES:
            self._known.clear()
        if place not in self._known:
            self._known[place] = distance_m(outline, place)
        return self._known[place]

    def reached(self, place: Position, spread_m: float) -> bool:
        """Whether what is here, or what it will be, is near."""
        if self.holds(place.lon_deg, place.lat_deg):
            return True
        if spread_m <= 0 or self._shape is None:
            return False
        border_m = self.border_m(place) if self._area is None else distance_m(self._area, place)
        return border_m is not None and border_m <= spread_m
