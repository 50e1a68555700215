"""The watch remembers what a polygon said; it must never remember wrongly, however points wander along edges."""

import math

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import volume
from dispatch.geo import Position
from dispatch.kinds import Role
from dispatch.outline_distance import Outlines
from dispatch.volume_index import Heights, VolumeIndex
from dispatch.volume_records import Footprint, Volume
from dispatch.volume_watch import Watch
from tests.dispatch.test_volume import NOW, terms


def star(corners: int, reach_deg: float, lon: float = 115.0, lat: float = 28.0) -> list[tuple[float, float]]:
    """A ring with spikes."""
    return [
        (
            lon + reach_deg * (0.6 + 0.4 * (n % 2)) * math.cos(2 * math.pi * n / corners),
            lat + reach_deg * (0.6 + 0.4 * (n % 2)) * math.sin(2 * math.pi * n / corners),
        )
        for n in range(corners)
    ]


def kept(name: str, corners: int, reach_deg: float) -> Volume:
    ring = tuple(Position(lon_deg=x, lat_deg=y) for x, y in star(corners, reach_deg))
    made = volume.checked(terms(name, footprint=Footprint(ring=ring), ceiling=volume.UNLIMITED))
    return Volume(id=name, site="36", terms=made, saved_at=NOW, saved_by="", saved_as=Role.ATC)


VOLUMES = [kept("few", 12, 0.05), kept("many", 500, 0.08), kept("huge", 40, 9.0), kept("tiny", 5, 0.004)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-5, 0.02))
def test_points_that_wander_by_little_are_inside_what_each_polygon_says_every_tick(
    seed: int, step_deg: float
) -> None:
    random = np.random.default_rng(seed)
    index = VolumeIndex(VOLUMES)
    watch = Watch(index)
    lon, lat = 115 + random.uniform(-0.09, 0.09, 40), 28 + random.uniform(-0.09, 0.09, 40)
    for turn in range(15):
        high = random.uniform(0, 1200, 40)
        told = watch.tick(lon, lat, Heights.of_msl(high), NOW)
        whole = index.inside(lon, lat, Heights.of_msl(high), NOW)
        assert told.inside.tolist() == sorted((whole.point * len(index.ids) + whole.volume).tolist())
        lon, lat = lon + random.normal(0, step_deg, 40), lat + random.normal(0, step_deg, 40)
        if turn == 7:
            lon[3] = np.nan  # one is gone
            lon[4] = 115.0  # and another has taken its number far away


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_place_is_never_said_to_be_farther_from_an_outline_than_it_is(seed: int) -> None:
    random = np.random.default_rng(seed)
    hole = shapely.Polygon(star(9, 0.5), [star(5, 0.1)])
    two = shapely.MultiPolygon([shapely.Polygon(star(7, 0.2)), shapely.Polygon(star(5, 0.2, lon=116.0))])
    shapes = [
        shapely.Polygon(star(int(random.integers(3, 20)), 0.3)),
        hole,
        two,
        shapely.Polygon(star(700, 0.3)),
    ]
    which = random.integers(0, len(shapes), 50)
    lon, lat = random.uniform(114.4, 116.4, 50), random.uniform(27.4, 28.6, 50)
    clear = Outlines(shapes).clear_of(which, lon, lat)
    for n, shape in enumerate(which.tolist()):
        distance = shapely.distance(shapely.boundary(shapes[shape]), shapely.Point(lon[n], lat[n]))
        assert clear[n] <= distance
        assert shape == 3 or clear[n] >= distance - 1e-6
