"""Compact position reporting: the 17-bit coordinates of ADS-B, both ways. Longitude before latitude, as everywhere.

Decoding is pyModeS's arithmetic behind our order of arguments, with results normalised and range-checked.
Encoding is for simulated aircraft and for tests: RTCA DO-260B §A.1.7.3 (airborne) and §A.1.7.5 (surface).
Which two frames may be paired is not decided here: modes.py keeps the receiver's clock.
"""

import math
from typing import NamedTuple

from pyModeS.position import (
    airborne_position_pair,
    airborne_position_with_ref,
    cprNL,
    surface_position_pair,
    surface_position_with_ref,
)

PAIR_WINDOW_S = 10.0  # airborne even/odd pair, DO-260B §A.1.7.7; 3 NM of flight at 1,000 kt
SURFACE_PAIR_WINDOW_S = 50.0  # surface, 25 kt or less; §A.1.7.8
_STEPS = 1 << 17  # 17-bit fractions, DO-260B §A.1.7.2


class Cpr(NamedTuple):
    """The raw 17-bit pair of one frame. A tuple, not a dataclass: made once per position message."""

    odd: bool
    lat: int
    lon: int


LonLat = tuple[float, float]


def pair(even: Cpr, odd: Cpr, *, newest_is_even: bool) -> LonLat | None:
    """The globally unambiguous airborne position of the newer frame; None when the two lie in different zones."""
    found = airborne_position_pair(even.lat, even.lon, odd.lat, odd.lon, even_is_newer=newest_is_even)
    return None if found is None else _checked(found[1], found[0])


def near(frame: Cpr, reference: LonLat) -> LonLat | None:
    """The airborne position within half a zone (180 NM) of `reference`."""
    lat_deg, lon_deg = airborne_position_with_ref(
        int(frame.odd), frame.lat, frame.lon, reference[1], reference[0]
    )
    return _checked(lon_deg, lat_deg)


def surface_pair(even: Cpr, odd: Cpr, reference: LonLat, *, newest_is_even: bool) -> LonLat | None:
    """The surface position of the newer frame, in the quadrant nearest `reference` (within 45 NM)."""
    found = surface_position_pair(
        even.lat,
        even.lon,
        odd.lat,
        odd.lon,
        lat_ref=reference[1],
        lon_ref=reference[0],
        even_is_newer=newest_is_even,
    )
    return None if found is None else _checked(found[1], found[0])


def surface_near(frame: Cpr, reference: LonLat) -> LonLat | None:
    """The surface position within half a surface zone (45 NM) of `reference`."""
    lat_deg, lon_deg = surface_position_with_ref(
        int(frame.odd), frame.lat, frame.lon, reference[1], reference[0]
    )
    return _checked(lon_deg, lat_deg)


def encode(lon_deg: float, lat_deg: float, *, odd: bool, surface: bool = False) -> Cpr:
    """The 17-bit pair of a position, as a transponder sends it."""
    span_deg = 90.0 if surface else 360.0
    zone_lat_deg = span_deg / (59 if odd else 60)
    lat = math.floor(_STEPS * ((lat_deg % zone_lat_deg) / zone_lat_deg) + 0.5)
    # the receiver recovers this latitude, and zones are counted on what it recovers
    seen_lat_deg = zone_lat_deg * (lat / _STEPS + math.floor(lat_deg / zone_lat_deg))
    zones = max(cprNL(seen_lat_deg) - int(odd), 1)
    zone_lon_deg = span_deg / zones
    lon = math.floor(_STEPS * ((lon_deg % zone_lon_deg) / zone_lon_deg) + 0.5)
    return Cpr(odd=odd, lat=lat % _STEPS, lon=lon % _STEPS)


def _checked(lon_deg: float, lat_deg: float) -> LonLat | None:
    """On the globe, or nothing: noise can name latitudes beyond the poles."""
    if not -90.0 <= lat_deg <= 90.0:
        return None
    return (lon_deg + 180.0) % 360.0 - 180.0, lat_deg
