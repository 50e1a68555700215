"""A radar's plot, slant range and azimuth, as a position with its error (雷达点迹).

A radar measures the straight line to the aircraft. The ground range under it follows from both heights by the law of
cosines on a sphere of the ellipsoid's radius in that direction, the point from the geodesic of that length. Against
exact topocentric coordinates this is within 20 m to 400 km (tests/dispatch/test_polar.py); refraction, which bends the
ray by less than 100 m of range, is left out. Heights are above mean sea level, the radar's and the aircraft's alike;
a pressure altitude stands in for the latter with PRESSURE_DOUBT.

The error is the radar's own, at 95 %: range and azimuth, each random error and bias, and what a height that is not
known well, or not at all, does to the ground range.
"""

import math
from dataclasses import dataclass

from pyproj import Geod

from dispatch.errors import Malformed
from dispatch.geo import Position

_GEOD = Geod(ellps="WGS84")
_A_M = 6_378_137.0  # WGS-84 semi-major axis
_E2 = 6.694379990141317e-3  # and first eccentricity squared
# Random errors (one standard deviation) and biases that a secondary radar in service keeps: EUROCONTROL Standard
# SUR.ET1.ST01.1000-STD-01-01 (1997), accuracy of radar positions. A radar's own figures belong into its feed's config.
RANGE_SIGMA_M = 70.0
AZIMUTH_SIGMA_DEG = 0.08
RANGE_BIAS_M = 100.0
AZIMUTH_BIAS_DEG = 0.1
_P95 = 1.96  # of one dimension
# Pressure altitude against true height: a day 20 K off the standard stretches the air by 7 %; 30 hPa are 250 m.
PRESSURE_DOUBT = 0.07
PRESSURE_DOUBT_M = 250.0
CEILING_M = 15_000.0  # an aircraft whose height is not known flies between the radar's and this
HIGHEST_M = 40_000.0  # heights that a plot may state
FARTHEST_M = 1_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Radar:
    """Where a radar stands, WGS-84 degrees, its antenna's height above mean sea level, and how well it measures.

    Raises Malformed when out of range.
    """

    lon_deg: float
    lat_deg: float
    height_m: float = 0.0
    range_sigma_m: float = RANGE_SIGMA_M
    azimuth_sigma_deg: float = AZIMUTH_SIGMA_DEG

    def __post_init__(self) -> None:
        Position(lon_deg=self.lon_deg, lat_deg=self.lat_deg)
        if not -500.0 <= self.height_m <= 9_000.0:
            raise Malformed("radar.height_m", f"{self.height_m} is not within -500 to 9000")
        if not 0.0 < self.range_sigma_m <= 10_000.0:
            raise Malformed("radar.range_sigma_m", f"{self.range_sigma_m} is not within 0 to 10000")
        if not 0.0 < self.azimuth_sigma_deg <= 10.0:
            raise Malformed("radar.azimuth_sigma_deg", f"{self.azimuth_sigma_deg} is not within 0 to 10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Where something is. `accuracy_m`: radius that holds it with 95 %."""

    lon_deg: float
    lat_deg: float
    accuracy_m: float


def plotted(
    radar: Radar, slant_m: float, azimuth_deg: float, height_m: float | None, *, height_doubt_m: float = 0.0
) -> Plot | None:
    """The place of a plot. `azimuth_deg` from true north; `height_doubt_m` at 95 %.

    Without a height the middle of what is possible, with half of it as error. None where no such place exists: below
    the radar's own height difference, or beyond FARTHEST_M.
    """
    if not 0.0 <= slant_m <= FARTHEST_M or (height_m is not None and not -1_000.0 <= height_m <= HIGHEST_M):
        return None
    radius_m = _radius_m(radar.lat_deg, azimuth_deg)
    low_m, high_m = radar.height_m, max(radar.height_m, min(CEILING_M, radar.height_m + slant_m))
    if height_m is not None:
        low_m, high_m = height_m - height_doubt_m, height_m + height_doubt_m
    shorter_m = slant_m - _P95 * radar.range_sigma_m - RANGE_BIAS_M
    longer_m = slant_m + _P95 * radar.range_sigma_m + RANGE_BIAS_M
    # the ground range falls as the height parts from the radar's, and rises with the slant range
    ends_m = [
        _ground_m(radius_m, range_m, radar.height_m, at_m)
        for range_m in (max(0.0, shorter_m), longer_m)
        for at_m in (low_m, high_m, min(max(radar.height_m, low_m), high_m))
    ]
    possible_m = [end_m for end_m in ends_m if end_m is not None]
    if not possible_m:
        return None
    least_m = 0.0 if None in ends_m else min(possible_m)
    most_m = max(possible_m)
    if height_m is None:
        ground_m = (least_m + most_m) / 2
    else:  # a line a little too short, within the errors: overhead
        ground_m = _ground_m(radius_m, slant_m, radar.height_m, height_m) or 0.0
    lon_deg, lat_deg, _ = _GEOD.fwd(radar.lon_deg, radar.lat_deg, azimuth_deg, ground_m)
    across_m = ground_m * math.radians(_P95 * radar.azimuth_sigma_deg + AZIMUTH_BIAS_DEG)
    along_m = max(most_m - ground_m, ground_m - least_m)
    return Plot(lon_deg=float(lon_deg), lat_deg=float(lat_deg), accuracy_m=math.hypot(along_m, across_m))


def at_ground_range(radar: Radar, ground_m: float, azimuth_deg: float) -> Plot | None:
    """The place of a plot whose range the radar's own tracker has already projected to the ground."""
    if not 0.0 <= ground_m <= FARTHEST_M:
        return None
    lon_deg, lat_deg, _ = _GEOD.fwd(radar.lon_deg, radar.lat_deg, azimuth_deg, ground_m)
    across_m = ground_m * math.radians(_P95 * radar.azimuth_sigma_deg + AZIMUTH_BIAS_DEG)
    along_m = _P95 * radar.range_sigma_m + RANGE_BIAS_M
    return Plot(lon_deg=float(lon_deg), lat_deg=float(lat_deg), accuracy_m=math.hypot(along_m, across_m))


def pressure_doubt_m(altitude_m: float) -> float:
    """How far the true height may be from a pressure altitude."""
    return PRESSURE_DOUBT_M + PRESSURE_DOUBT * max(0.0, altitude_m)


def _radius_m(lat_deg: float, azimuth_deg: float) -> float:
    """Of the ellipsoid in this direction (Euler)."""
    lat, azimuth = math.radians(lat_deg), math.radians(azimuth_deg)
    w2 = 1.0 - _E2 * math.sin(lat) ** 2
    prime_m = _A_M / math.sqrt(w2)
    meridian_m = prime_m * (1.0 - _E2) / w2
    return prime_m * meridian_m / (prime_m * math.cos(azimuth) ** 2 + meridian_m * math.sin(azimuth) ** 2)


def _ground_m(radius_m: float, slant_m: float, radar_m: float, height_m: float) -> float | None:
    """Length on the ellipsoid under a straight line between two heights; None: the line is too short for them."""
    squared = slant_m * slant_m - (height_m - radar_m) ** 2
    if squared < 0.0:
        return None
    half = math.sqrt(squared / (4.0 * (radius_m + radar_m) * (radius_m + height_m)))
    return 2.0 * radius_m * math.asin(min(1.0, half))
