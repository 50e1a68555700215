"""Planned ways and areas over ground and obstacles: no summit between two samples, no gap taken for low ground."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Malformed, Refused
from dispatch.geo import Position, distance_m
from dispatch.kinds import ObstacleKind
from dispatch.obstacle import ObstacleField, check, obstacle_field
from dispatch.obstacle_records import Obstacle
from dispatch.terrain import Terrain
from dispatch.terrain_path import along, clearance, highest_within
from tests.dispatch.test_terrain import tile


def at(lon: float, lat: float) -> Position:
    return Position(lon_deg=lon, lat_deg=lat)


def obstacle(name: str, *points: Position, **other: object) -> Obstacle:
    return Obstacle(
        **{
            "id": name,
            "site": "36",
            "name": name,
            "kind": ObstacleKind.TOWER,
            "points": points,
            "source": "测试",
            **other,
        }
    )


def ground(peaks: dict[tuple[int, int], float] | None = None, base: float = 100.0) -> Terrain:
    cells = np.full((1201, 1201), base)
    for place, height in (peaks or {}).items():
        cells[place] = height
    return Terrain(tiles=(tile(cells),))


PLACES = st.tuples(st.floats(115.05, 115.95), st.floats(28.05, 28.95))


@settings(max_examples=40)
@given(ends=st.lists(PLACES, min_size=2, max_size=4), share=st.floats(0.02, 0.98))
def test_a_summit_under_a_way_is_always_seen(ends: list[tuple[float, float]], share: float) -> None:
    way = [at(*end) for end in ends]
    a, b = way[0], way[1]
    lon = a.lon_deg + (b.lon_deg - a.lon_deg) * share
    lat = a.lat_deg + (b.lat_deg - a.lat_deg) * share
    # the cell below that place: one of its points is a summit
    row, column = int((29.0 - lat) * 1200), int((lon - 115.0) * 1200)
    found = clearance(ground({(row, column): 900.0}), ObstacleField(), way, height_m=1000.0)
    inside = 0.3 < ((29.0 - lat) * 1200) % 1 < 0.7 and 0.3 < ((lon - 115.0) * 1200) % 1 < 0.7
    if inside:
        assert found.highest_m == 900.0
        assert found.least_m == 100.0
        assert found.enough is False
    assert found.highest_m in {100.0, 900.0}
    assert found.unknown_share == 0.0
    assert max(one.ground_m or 0 for one in found.profile) == found.highest_m


@given(ends=st.lists(PLACES, min_size=1, max_size=5), step_m=st.floats(10, 5000))
def test_samples_are_close_and_hold_every_turn(ends: list[tuple[float, float]], step_m: float) -> None:
    way = [at(*end) for end in ends]
    lon, lat, far = along(way, step_m)
    places = [at(*place) for place in zip(lon.tolist(), lat.tolist(), strict=True)]
    for turn in way:
        assert min(distance_m(turn, place) for place in places) < 0.1
    gaps = [distance_m(a, b) for a, b in pairwise(places)]
    assert max(gaps, default=0) <= max(step_m, 5.0) * 1.02 + 0.1
    assert far[-1] == pytest.approx(sum(distance_m(a, b) for a, b in pairwise(way)))
    assert (np.diff(far) >= 0).all()


def test_unknown_ground_gives_no_leave_and_known_high_ground_still_warns() -> None:
    cells = np.full((1201, 1201), 100.0)
    cells[600:610, 500:520] = -32768
    cells[600, 700] = 800.0
    hole = Terrain(tiles=(tile(cells),))
    way = [at(115.2, 28.4975), at(115.8, 28.4975)]
    found = clearance(hole, ObstacleField(), way, height_m=2000.0)
    assert 0 < found.unknown_share < 0.1
    assert (found.enough, found.least_m) == (None, 1900.0)
    assert any(one.ground_m is None for one in found.profile)
    high = clearance(hole, ObstacleField(), [at(115.2, 28.5), at(115.8, 28.5)], height_m=900.0)
    assert high.enough is False
    nothing = clearance(Terrain(), ObstacleField(), way, height_m=2000.0)
    assert (nothing.highest_m, nothing.least_m, nothing.enough, nothing.unknown_share) == (
        None,
        None,
        None,
        1.0,
    )
    crossing = clearance(Terrain(), ObstacleField(), [at(179.9, 28.5), at(-179.9, 28.5)])
    assert crossing.length_m < 25_000


def test_obstacles_near_a_way_count_by_their_tops_and_unknown_tops_forbid_a_yes() -> None:
    flat = ground()
    mast = obstacle("塔", at(115.5, 28.501), height_m=80.0)
    line = obstacle(
        "线", at(115.3, 28.3), at(115.3, 28.7), kind=ObstacleKind.POWER_LINE, top_m=260.0, height_m=60.0
    )
    far = obstacle("远", at(115.5, 28.52), height_m=900.0)
    off = obstacle("界外", at(116.4, 28.5), height_m=50.0)
    field = obstacle_field([mast, line, far, off], flat)
    way = [at(115.2, 28.5), at(115.8, 28.5)]
    found = clearance(flat, field, way, height_m=400.0)
    assert found.obstacle is not None
    assert (found.obstacle.id, found.obstacle.top_m) == ("线", 260.0)
    assert (found.least_m, found.enough) == (140.0, False)
    assert found.obstacle.along_m == pytest.approx(distance_m(way[0], at(115.3, 28.5)), abs=60)
    agl = clearance(flat, field, way, above_ground_m=240.0)
    assert (agl.least_m, agl.enough) == (160.0, True)
    beyond = clearance(flat, field, [at(116.38, 28.5), at(116.42, 28.5)], height_m=4000.0)
    assert (beyond.unknown_tops, beyond.enough) == (1, None)
    box = [at(115.25, 28.45), at(115.55, 28.45), at(115.55, 28.53), at(115.25, 28.53), at(115.25, 28.45)]
    area = highest_within(ground({(600, 500): 700.0}), field, box)
    assert area.highest_m == 700.0
    assert area.obstacle is not None
    assert area.obstacle.id == "远"
    assert area.unknown_share == 0


@given(
    masts=st.lists(PLACES, min_size=1, max_size=12, unique=True),
    places=st.lists(PLACES, min_size=1, max_size=6),
)
def test_the_nearest_obstacle_is_the_nearest(
    masts: list[tuple[float, float]], places: list[tuple[float, float]]
) -> None:
    field = obstacle_field([obstacle(str(n), at(*m), top_m=300.0) for n, m in enumerate(masts)], Terrain())
    lon, lat = (np.array(each) for each in zip(*places, strict=True))
    found, away = field.nearest(lon, lat, 20_000.0)
    for n, place in enumerate(places):
        least = min(distance_m(at(*place), one.points[0]) for one in field.obstacles)
        if least < 19_900:
            assert away[n] == pytest.approx(least, rel=0.01, abs=1)
        if least > 20_100:
            assert found[n] == -1
            assert math.isnan(away[n])


def test_an_obstacle_without_a_height_or_with_too_many_points_is_refused_by_name() -> None:
    for wrong, field in (
        (obstacle("a", at(115, 28)), "height_m"),
        (obstacle("b", at(115, 28), height_m=2000.0), "height_m"),
        (obstacle("c", at(115, 28), top_m=20_000.0), "top_m"),
        (obstacle("d", top_m=100.0), "points"),
    ):
        with pytest.raises((Malformed, Refused)) as refused:
            check(wrong)
        assert refused.value.field == field
