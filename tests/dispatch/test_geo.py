"""Positions: ranges, datums, distances."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from dispatch.errors import Malformed
from dispatch.geo import Position, bearing_deg, distance_m, position_from, wgs84_to_gcj02
from dispatch.kinds import HorizontalDatum

jiangxi = st.builds(Position, lon_deg=st.floats(113.5, 118.5), lat_deg=st.floats(24.4, 30.1))
GEOD = Geod(ellps="WGS84")


@given(jiangxi, jiangxi)
def test_distances_agree_with_the_ellipsoid(a: Position, b: Position) -> None:
    """The sphere is within 0.6 % of WGS-84, whatever the direction."""
    true_m = GEOD.inv(a.lon_deg, a.lat_deg, b.lon_deg, b.lat_deg)[2]
    assert distance_m(a, b) == pytest.approx(true_m, rel=0.006, abs=0.1)


@given(jiangxi, jiangxi)
def test_bearings_agree_with_the_ellipsoid(a: Position, b: Position) -> None:
    """Within half a degree, for points that are apart."""
    azimuth, _, apart_m = GEOD.inv(a.lon_deg, a.lat_deg, b.lon_deg, b.lat_deg)
    if apart_m > 1000:
        off = (bearing_deg(a, b) - azimuth + 180) % 360 - 180
        assert abs(off) < 0.5


@given(jiangxi)
def test_gcj02_comes_back_within_a_metre(position: Position) -> None:
    """What a phone map says in GCJ-02 is stored in WGS-84 within 1 m (DOMAIN: GCJ-02 input returns within 1 m)."""
    seen = wgs84_to_gcj02(position)
    assert 50 < distance_m(position, seen) < 900
    back = position_from(seen.lon_deg, seen.lat_deg, HorizontalDatum.GCJ02)
    assert distance_m(position, back) < 1.0


def test_gcj02_of_a_published_point() -> None:
    """Tiananmen: 116.391249, 39.907322 in WGS-84 is 116.397490, 39.908726 in GCJ-02, to ten metres."""
    seen = wgs84_to_gcj02(Position(lon_deg=116.391249, lat_deg=39.907322))
    assert distance_m(seen, Position(lon_deg=116.397490, lat_deg=39.908726)) < 10


@pytest.mark.parametrize(
    ("lon", "lat", "field"),
    [(181, 0, "lon_deg"), (0, 91, "lat_deg"), (math.nan, 0, "lon_deg"), (0, math.inf, "lat_deg")],
)
def test_a_place_off_the_earth_is_refused(lon: float, lat: float, field: str) -> None:
    """Ranges and not-a-number are named."""
    with pytest.raises(Malformed) as caught:
        Position(lon_deg=lon, lat_deg=lat)
    assert caught.value.field.endswith(field)
