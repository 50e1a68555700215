"""Radar plots to positions, against exact topocentric coordinates."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from dispatch.errors import Malformed
from dispatch.polar import FARTHEST_M, Radar, at_ground_range, plotted, pressure_doubt_m

GEOD = Geod(ellps="WGS84")
TO_EARTH = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def seen(radar: Radar, lon_deg: float, lat_deg: float, height_m: float) -> tuple[float, float]:
    """Exact slant range and azimuth of a point, by the radar's local frame."""
    origin = np.array(TO_EARTH.transform(radar.lon_deg, radar.lat_deg, radar.height_m))
    x, y, z = np.array(TO_EARTH.transform(lon_deg, lat_deg, height_m)) - origin
    lon, lat = math.radians(radar.lon_deg), math.radians(radar.lat_deg)
    east = -math.sin(lon) * x + math.cos(lon) * y
    north = -math.sin(lat) * math.cos(lon) * x - math.sin(lat) * math.sin(lon) * y + math.cos(lat) * z
    return math.sqrt(x * x + y * y + z * z), math.degrees(math.atan2(east, north)) % 360.0


@given(
    lat_deg=st.floats(-70, 70),
    radar_m=st.floats(0, 3_000),
    azimuth_deg=st.floats(0, 359.99),
    ground_m=st.floats(0, 400_000),
    height_m=st.floats(0, 15_000),
)
def test_a_plot_is_where_the_aircraft_is(
    lat_deg: float, radar_m: float, azimuth_deg: float, ground_m: float, height_m: float
) -> None:
    radar = Radar(lon_deg=115.9, lat_deg=lat_deg, height_m=radar_m)
    lon, lat, _ = GEOD.fwd(radar.lon_deg, radar.lat_deg, azimuth_deg, ground_m)
    slant_m, seen_deg = seen(radar, lon, lat, height_m)
    plot = plotted(radar, slant_m, seen_deg, height_m)
    assert plot is not None
    assert GEOD.inv(lon, lat, plot.lon_deg, plot.lat_deg)[2] < 20.0
    assert plot.accuracy_m >= 200.0


@given(azimuth_deg=st.floats(0, 359.99), ground_m=st.floats(0, 300_000), height_m=st.floats(100, 14_000))
def test_without_a_height_the_stated_error_holds_the_aircraft(
    azimuth_deg: float, ground_m: float, height_m: float
) -> None:
    radar = Radar(lon_deg=115.9, lat_deg=28.7, height_m=100.0)
    lon, lat, _ = GEOD.fwd(radar.lon_deg, radar.lat_deg, azimuth_deg, ground_m)
    slant_m, seen_deg = seen(radar, lon, lat, height_m)
    plot = plotted(radar, slant_m, seen_deg, None)
    assert plot is not None
    assert GEOD.inv(lon, lat, plot.lon_deg, plot.lat_deg)[2] <= plot.accuracy_m


@given(ground_m=st.floats(1_000, 300_000), height_m=st.floats(0, 13_000), wrong=st.floats(-1, 1))
def test_a_pressure_altitude_that_is_wrong_stays_within_the_stated_error(
    ground_m: float, height_m: float, wrong: float
) -> None:
    radar = Radar(lon_deg=115.9, lat_deg=28.7)
    lon, lat, _ = GEOD.fwd(radar.lon_deg, radar.lat_deg, 77.0, ground_m)
    slant_m, seen_deg = seen(radar, lon, lat, height_m)
    told_m = height_m + wrong * 0.9 * pressure_doubt_m(height_m)
    plot = plotted(radar, slant_m, seen_deg, told_m, height_doubt_m=pressure_doubt_m(told_m))
    assert plot is not None
    assert GEOD.inv(lon, lat, plot.lon_deg, plot.lat_deg)[2] <= plot.accuracy_m


def test_a_line_shorter_than_the_height_is_nowhere() -> None:
    radar = Radar(lon_deg=115.9, lat_deg=28.7)
    assert plotted(radar, 5_000.0, 10.0, 10_000.0) is None
    assert plotted(radar, FARTHEST_M + 1, 10.0, None) is None
    assert plotted(radar, 50_000.0, 10.0, 50_000.0) is None
    assert at_ground_range(radar, FARTHEST_M + 1, 10.0) is None


def test_right_above_the_radar_the_height_may_be_a_little_more_than_the_range() -> None:
    radar = Radar(lon_deg=115.9, lat_deg=28.7)
    plot = plotted(radar, 9_990.0, 10.0, 10_000.0, height_doubt_m=200.0)
    assert plot is not None
    assert plot.accuracy_m > 1_000.0


def test_azimuth_errors_grow_with_the_range() -> None:
    radar = Radar(lon_deg=115.9, lat_deg=28.7)
    near, far = (at_ground_range(radar, range_m, 45.0) for range_m in (20_000.0, 200_000.0))
    assert near is not None
    assert far is not None
    assert far.accuracy_m > 3 * near.accuracy_m


@pytest.mark.parametrize(
    "said",
    [
        {"lat_deg": 91.0},
        {"height_m": 10_000.0},
        {"range_sigma_m": 0.0},
        {"azimuth_sigma_deg": 11.0},
    ],
)
def test_a_radar_that_cannot_be_is_named(said: dict[str, float]) -> None:
    with pytest.raises(Malformed):
        Radar(**({"lon_deg": 115.9, "lat_deg": 28.7} | said))
