"""Positions and distances. WGS-84, longitude before latitude, degrees; metres on the mean sphere.

Stated datums are converted here and nowhere else, so that everything stored is WGS-84.
"""

import math
from dataclasses import dataclass

from dispatch.errors import Malformed
from dispatch.kinds import HorizontalDatum

EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius, the figure of the plan interchange format


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A point, WGS-84 degrees, rounded to 1e-7 as on the wire. Raises Malformed when out of range or not a number."""

    lon_deg: float
    lat_deg: float

    def __post_init__(self) -> None:
        if not -180.0 <= self.lon_deg <= 180.0:
            raise Malformed("position.lon_deg", f"{self.lon_deg} is not within -180 to 180")
        if not -90.0 <= self.lat_deg <= 90.0:
            raise Malformed("position.lat_deg", f"{self.lat_deg} is not within -90 to 90")
        # so that a record is the same before and after the journal
        object.__setattr__(self, "lon_deg", round(self.lon_deg, 7))
        object.__setattr__(self, "lat_deg", round(self.lat_deg, 7))


def distance_m(a: Position, b: Position) -> float:
    """Great-circle distance on the mean sphere, metres."""
    lat_a, lat_b = math.radians(a.lat_deg), math.radians(b.lat_deg)
    half_lon = math.radians(b.lon_deg - a.lon_deg) / 2
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def bearing_deg(a: Position, b: Position) -> float:
    """Initial great-circle course from `a` to `b`, degrees true, 0 to 360."""
    lat_a, lat_b = math.radians(a.lat_deg), math.radians(b.lat_deg)
    lon = math.radians(b.lon_deg - a.lon_deg)
    y = math.sin(lon) * math.cos(lat_b)
    x = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(lon)
    return math.degrees(math.atan2(y, x)) % 360.0


def position_from(lon_deg: float, lat_deg: float, datum: HorizontalDatum) -> Position:
    """A WGS-84 position from a coordinate in a stated datum. Raises Malformed when out of range."""
    stated = Position(lon_deg=lon_deg, lat_deg=lat_deg)
    if datum is not HorizontalDatum.GCJ02:
        return stated
    return _gcj02_to_wgs84(stated)


# Krasovsky 1940, on which the GCJ-02 offset is defined.
_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_2 = 0.00669342162296594323


def wgs84_to_gcj02(position: Position) -> Position:
    """The published GCJ-02 offset, applied inside China's bounding box only; outside it is the identity."""
    x, y = position.lon_deg - 105.0, position.lat_deg - 35.0
    if not (72.004 <= position.lon_deg <= 137.8347 and 0.8293 <= position.lat_deg <= 55.8271):
        return position
    common = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + common
    d_lat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    d_lat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + common
    d_lon += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    d_lon += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    lat = math.radians(position.lat_deg)
    magic = 1 - _ECCENTRICITY_2 * math.sin(lat) ** 2
    meridian_m = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_2) / (magic * math.sqrt(magic))
    parallel_m = _SEMI_MAJOR_M / math.sqrt(magic) * math.cos(lat)
    return Position(
        lon_deg=position.lon_deg + math.degrees(d_lon / parallel_m),
        lat_deg=position.lat_deg + math.degrees(d_lat / meridian_m),
    )


def _gcj02_to_wgs84(stated: Position) -> Position:
    """Inverse by fixed point; three rounds leave millimetres because the offset varies by about 1e-4 per degree."""
    guess = stated
    for _ in range(4):
        seen = wgs84_to_gcj02(guess)
        guess = Position(
            lon_deg=guess.lon_deg + stated.lon_deg - seen.lon_deg,
            lat_deg=guess.lat_deg + stated.lat_deg - seen.lat_deg,
        )
    return guess
