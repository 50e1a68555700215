"""Compact positions of many frames at once: the arithmetic of cpr.py (pyModeS's) on columns, operation by operation, so
that every position is the same to the last bit. Sections as in cpr.py. Frames are given as fractions of a zone, latitude
before longitude: [2 or more, frame]; pairs as the even frame's latitude, longitude and time, then the odd one's: [6, pair].
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyModeS.position import cprNL

from dispatch.sighting import Bools, Floats

Ints = npt.NDArray[np.int64]
_STEPS = 131072.0  # 2^17
_BEYOND_DEG = 275  # noise can name latitudes beyond the poles, up to here
_CELLS_A_DEGREE = 4  # of the table of zones; no two boundaries are nearer than 0.46 degrees


class Places(NamedTuple):
    """Where frames say that they are; `found` is False where they say nothing."""

    lon_deg: Floats
    lat_deg: Floats
    found: Bools


def _zone_table() -> tuple[Floats, Floats]:
    """Zones at the start of each cell of latitude, and the latitude in it from where there is one less."""
    cells = np.arange(_BEYOND_DEG * _CELLS_A_DEGREE + 1)
    zones = np.array([cprNL(cell / _CELLS_A_DEGREE) for cell in cells.tolist()], np.float64)
    boundary = np.full(len(cells), np.inf)
    for cell in np.flatnonzero(zones[1:] < zones[:-1]).tolist():
        low, high = cell / _CELLS_A_DEGREE, (cell + 1) / _CELLS_A_DEGREE
        while np.nextafter(low, high) < high:
            middle = (low + high) / 2
            low, high = (low, middle) if cprNL(middle) < zones[cell] else (middle, high)
        boundary[cell] = high
    return zones, boundary


_ZONES, _BOUNDARY = _zone_table()
_TURNS = np.array([[60.0], [59.0]])  # zones of latitude in a whole turn, by the parity of a frame
_QUADRANTS_DEG = np.array([[0.0], [90.0], [180.0], [270.0]])
_LAT_ZONES = np.arange(-60, 60) % _TURNS  # the zone of every difference that a pair can show


def zones(lat_deg: Floats) -> Floats:
    """Longitude zones at each latitude, NL of DO-260B §A.1.7.2."""
    north = np.abs(lat_deg)
    cell = (north * _CELLS_A_DEGREE).astype(np.int64)
    count: Floats = _ZONES[cell]
    count -= north >= _BOUNDARY[cell]
    return count


def fractions(raw: Ints) -> tuple[Floats, Floats]:
    """Latitude and longitude in units of a zone, of raw latitudes above 17 bits of longitude."""
    return (raw >> 17) / _STEPS, (raw & 0x1FFFF) / _STEPS


class Ground(NamedTuple):
    """Which pairs are surface positions, and a place near each."""

    at: Ints
    lon_deg: Floats
    lat_deg: Floats


def pair(halves: Floats, newest_is_odd: Bools, ground: Ground | None = None) -> Places:
    """Positions of the newer frame of each pair, airborne but for those on the ground."""
    turn_deg: Floats | float = 360.0
    if ground is not None:
        turn_deg = np.full(halves.shape[1], 360.0)
        turn_deg[ground.at] = 90.0
    lat = halves[0::3]
    zone = np.floor(59 * lat[0] - 60 * lat[1] + 0.5).astype(np.int64) + 60
    latitudes = (turn_deg / _TURNS) * (_LAT_ZONES.take(zone, axis=1) + lat)
    latitudes -= (latitudes >= 270) * 360.0
    if ground is not None:
        _choose_hemisphere(latitudes, newest_is_odd, ground)
    counts = zones(latitudes)
    lat_deg = np.where(newest_is_odd, latitudes[1], latitudes[0])
    in_turn, fraction = _lon_fraction(halves, counts[0], newest_is_odd)
    lon_deg = (turn_deg / in_turn) * fraction
    lon_deg -= (lon_deg >= 180) * 360.0
    if ground is not None:
        _choose_quadrant(lon_deg, ground)
    lon_deg += 180.0  # and back, for it to be the same to the last bit
    lon_deg -= 180.0
    return Places(lon_deg, lat_deg, (counts[0] == counts[1]) & (lat_deg <= 90))


def _choose_hemisphere(latitudes: Floats, newest_is_odd: Bools, ground: Ground) -> None:
    even, odd = latitudes[:, ground.at]
    north = np.where(newest_is_odd[ground.at], odd, even)
    south = np.abs(ground.lat_deg - (north - 90)) < np.abs(ground.lat_deg - north)
    latitudes[:, ground.at[south]] -= 90.0


def _choose_quadrant(lon_deg: Floats, ground: Ground) -> None:
    quadrants = (lon_deg[ground.at] + _QUADRANTS_DEG + 180) % 360 - 180
    nearest = np.argmin(np.abs((quadrants - ground.lon_deg + 180) % 360 - 180), axis=0)
    lon_deg[ground.at] = quadrants[nearest, np.arange(len(nearest))]


def _lon_fraction(halves: Floats, count: Floats, odd: Bools) -> tuple[Floats, Floats]:
    """Zones, and the longitude in units of one."""
    even_lon, odd_lon = halves[1], halves[4]
    in_turn = np.maximum(count - odd, 1.0)
    zone = np.floor(even_lon * (count - 1) - odd_lon * count + 0.5)
    zone -= in_turn * np.floor(zone / in_turn)  # small whole numbers: exactly the remainder
    return in_turn, zone + np.where(odd, odd_lon, even_lon)


def near(frame: Floats, odd: Bools, surface: Bools, lon_ref_deg: Floats, lat_ref_deg: Floats) -> Places:
    """The positions of single frames within half a zone of each reference."""
    lat, lon = frame[0], frame[1]
    turn_deg = np.where(surface, 90.0, 360.0)
    zone_deg = turn_deg / np.where(odd, 59, 60)
    lat_deg = zone_deg * (np.floor(0.5 + lat_ref_deg / zone_deg - lat) + lat)
    zone_deg = turn_deg / np.maximum(zones(lat_deg) - odd, 1.0)
    lon_deg = zone_deg * (np.floor(0.5 + lon_ref_deg / zone_deg - lon) + lon)
    return Places((lon_deg + 180.0) % 360.0 - 180.0, lat_deg, np.abs(lat_deg) <= 90.0)
