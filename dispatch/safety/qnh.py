"""What turns a pressure height into one above the sea: the QNH of the nearest station that has said one lately.

A pressure height counts from 1013.25 hPa; the day's pressure puts it off by 8.3 m a hectopascal, up to some 270 m. The
standard atmosphere between both pressures is the correction. Asked by cells of a quarter of a degree, to whose middle
the station has to be near: so a look over 20,000 aircraft asks some hundred times. Temperature is not corrected.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from dispatch.motion import DEGREE_M
from dispatch.safety.parameters import Values
from dispatch.sighting import Floats
from dispatch.weather import is_current
from dispatch.weather_records import WeatherReport

STANDARD_HPA = 1013.25  # ICAO Doc 7488
SCALE_M, EXPONENT = 44_330.77, 0.190263  # of the troposphere, the same
CELL_DEG = 0.25


def above_sea_m(qnh_hpa: Floats) -> Floats:
    """What to add to a pressure height. 10 hPa over the standard: about 83 m."""
    found: Floats = SCALE_M * ((qnh_hpa / STANDARD_HPA) ** EXPONENT - 1.0)
    return found


def corrections(
    reports: Iterable[WeatherReport], now: datetime, values: Values, lon_deg: Floats, lat_deg: Floats
) -> Floats:
    """float64[place]: metres to add to a pressure height there; NaN where no fresh QNH is near."""
    age = timedelta(seconds=values.of("pressure", "age_s"))
    told = [each for each in reports if each.sky.qnh_hpa is not None and is_current(each, now, age)]
    found = np.full(len(lon_deg), np.nan)
    if not told or not len(lon_deg):
        return found
    lon = np.array([each.position.lon_deg for each in told])
    lat = np.array([each.position.lat_deg for each in told])
    add_m = above_sea_m(np.array([each.sky.qnh_hpa for each in told], np.float64))
    cells, which = np.unique(
        np.floor(lon_deg / CELL_DEG) * 10_000 + np.floor(lat_deg / CELL_DEG), return_inverse=True
    )
    first = np.zeros(len(cells), np.int64)
    first[which] = np.arange(len(lon_deg))
    x = (np.floor(lon_deg[first] / CELL_DEG) + 0.5) * CELL_DEG
    y = (np.floor(lat_deg[first] / CELL_DEG) + 0.5) * CELL_DEG
    by_cell = np.full(len(cells), np.nan)
    most_m = values.of("pressure", "station_m")
    for begin in range(0, len(cells), 256):  # so many cells at once, whatever the number of stations
        part = slice(begin, begin + 256)
        east = ((lon - x[part, None] + 180.0) % 360.0 - 180.0) * np.cos(np.radians(y[part, None]))
        away_m = DEGREE_M * np.hypot(east, lat - y[part, None])
        nearest = away_m.argmin(axis=1)
        near = away_m[np.arange(len(nearest)), nearest] <= most_m
        by_cell[part] = np.where(near, add_m[nearest], np.nan)
    found[:] = by_cell[which.ravel()]
    return found
