"""The footprint beside an independent computation: axes turned one after the other, earth by pyproj, short steps by numpy."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pyproj import Geod, Transformer

from dispatch.terrain import HeightDatum, Terrain, Tile
from protocols import klv
from protocols.klv import CornersBy, NoCorners
from tests.klv_sent import said
from tests.protocols.klv.test_packets import recorded

GEOD = Geod(ellps="WGS84")
TO_ECEF = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
FROM_ECEF = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
LON, LAT = 115.8, 28.6
WHERE = {13: LAT, 14: LON, 15: 1_500.0, 16: 24.0, 17: 14.0}
VIEWS = [
    # heading, pitch, roll, azimuth, elevation, sensor roll
    (0.0, 0.0, 0.0, 0.0, -90.0, 0.0),
    (37.0, 0.0, 0.0, 0.0, -45.0, 0.0),
    (211.0, 4.0, -12.0, 63.0, -35.0, 7.0),
    (350.0, -6.0, 20.0, 250.0, -60.0, 340.0),
    (120.0, 2.0, 1.0, 180.0, -25.0, 0.0),
]
Ground = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def frame(view: tuple[float, ...], **more: float) -> klv.KlvFrame:
    tags = dict(zip((5, 6, 7, 18, 19, 20), view, strict=True))
    return klv.decode(said(WHERE | tags | {int(name[1:]): value for name, value in more.items()}))


def rotated(vector: NDArray[np.float64], axis: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    """Rodrigues' formula."""
    angle = math.radians(degrees)
    turned: NDArray[np.float64] = (
        vector * math.cos(angle)
        + np.cross(axis, vector) * math.sin(angle)
        + axis * np.dot(axis, vector) * (1 - math.cos(angle))
    )
    return turned


def independent(seen: klv.KlvFrame, ground: Ground, step_m: float) -> list[tuple[float, float]]:
    """Centre and corners; every angle about the axis that the turns before have made."""
    place = np.array(TO_ECEF.transform(seen.sensor_lon_deg, seen.sensor_lat_deg, seen.sensor_altitude_m))

    def towards(east: float, north: float) -> NDArray[np.float64]:
        tiny = 1e-5
        there = np.array(
            TO_ECEF.transform(
                seen.sensor_lon_deg + east * tiny, seen.sensor_lat_deg + north * tiny, seen.sensor_altitude_m
            )
        )
        way = there - place
        unit: NDArray[np.float64] = way / np.linalg.norm(way)
        return unit

    ahead, right = towards(0, 1), towards(1, 0)
    down = np.cross(ahead, right)
    turns = (
        (seen.platform_heading_deg, seen.platform_pitch_deg, seen.platform_roll_deg),
        (seen.relative_azimuth_deg, seen.relative_elevation_deg, seen.relative_roll_deg),
    )
    for yaw, pitch, roll in turns:
        ahead, right = rotated(ahead, down, yaw), rotated(right, down, yaw)
        ahead, down = rotated(ahead, right, pitch), rotated(down, right, pitch)
        right, down = rotated(right, ahead, roll), rotated(down, ahead, roll)
    wide, high = (
        math.tan(math.radians(each / 2)) for each in (seen.horizontal_fov_deg, seen.vertical_fov_deg)
    )
    found = []
    for x, y in ((0, 0), (-1, -1), (1, -1), (1, 1), (-1, 1)):
        ray = ahead + right * (x * wide) + down * (y * high)
        ray /= np.linalg.norm(ray)
        ways = np.arange(0, 12_000, step_m)
        lon, lat, height = FROM_ECEF.transform(*(place[:, None] + ray[:, None] * ways))
        at = int(np.argmax(height <= ground(lon, lat)))
        assert at > 0
        found.append((lon[at], lat[at]))
    return found


def off_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(GEOD.inv(*a, *b)[2])


def level(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.full_like(lon, 60.0) + 0 * lat


def hills(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ridges of 250 m, some 1.5 km from top to top; slopes up to 45 degrees."""
    return 300.0 + 250.0 * np.sin((lon - LON) * 400.0) * np.cos((lat - LAT) * 420.0)


def of_one(ground: Ground) -> Callable[[float, float], float]:
    return lambda lon, lat: float(ground(np.array([lon]), np.array([lat]))[0])


def of_tiles() -> Terrain:
    """The same hills as a tile of 1 second of arc."""
    step = 1 / 3600
    lon = LON - 0.15 + np.arange(1_081) * step
    lat = LAT + 0.15 - np.arange(1_081) * step
    heights = hills(*np.meshgrid(lon, lat)).astype(np.float32)
    return Terrain(
        tiles=(
            Tile(
                name="hills", source="hgt", west_deg=lon[0], north_deg=lat[0], step_lon_deg=step, step_lat_deg=step,
                heights=heights, void=None, datum=HeightDatum.EGM96,
            ),
        )
    )  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["level", "hills", "tiles"])
def test_centre_and_corners_are_where_another_computation_finds_them(
    view: tuple[float, ...], name: str
) -> None:
    tiles = of_tiles() if name == "tiles" else None
    ground: Ground = {"level": level, "hills": hills}.get(name) or (
        lambda lon, lat: tiles.elevation_m(lon, lat, fit=True)
    )
    seen = frame(view)
    got = klv.footprint(seen, of_one(ground))
    assert got is not None
    assert (got.corners_by, got.cut, got.level, got.reason) == (CornersBy.ANGLES, False, False, None)
    step_m = 0.5
    for mine, other in zip((got.centre, *got.corners), independent(seen, ground, step_m), strict=True):
        assert off_m(mine, other) < step_m + 0.2


def test_straight_down_is_the_tangents_of_the_halves() -> None:
    got = klv.footprint(frame(VIEWS[0]), lambda _lon, _lat: 100.0)
    a, b, c, d = got.corners
    assert off_m(a, b) == pytest.approx(2 * 1_400 * math.tan(math.radians(12)), rel=1e-3)
    assert off_m(b, c) == pytest.approx(2 * 1_400 * math.tan(math.radians(7)), rel=1e-3)
    assert a[1] > d[1]  # the top of the picture is ahead, which is north
    assert b[0] > a[0]


def test_what_is_stated_is_not_computed_and_asks_no_ground() -> None:
    def never(_lon: float, _lat: float) -> float:
        raise AssertionError

    stated = {f"t{82 + n}": [29.0, 115.0, 29.0, 115.1, 28.9, 115.1, 28.9, 115.0][n] for n in range(8)}
    got = klv.footprint(frame(VIEWS[1], **stated, t23=28.6, t24=115.8, t25=40.0), never)
    assert (got.corners_by, got.cut) == (CornersBy.STATED, False)
    assert got.corners[0] == pytest.approx((115.0, 29.0), abs=1e-6)
    assert got.centre_elevation_m == pytest.approx(40, abs=0.2)


def test_without_terrain_the_ground_is_level_at_what_is_stated_and_says_so() -> None:
    nowhere = float("nan")
    assert klv.footprint(frame(VIEWS[1]), lambda _lon, _lat: nowhere).reason is NoCorners.GROUND
    got = klv.footprint(frame(VIEWS[1], t42=100.0), lambda _lon, _lat: nowhere)
    assert (got.level, got.corners_by) == (True, CornersBy.ANGLES)
    known = klv.footprint(frame(VIEWS[1]), lambda _lon, _lat: 100.0)
    assert all(off_m(a, b) < 0.5 for a, b in zip(got.corners, known.corners, strict=True))


def test_a_picture_with_the_horizon_in_it_is_cut_where_the_ground_ends() -> None:
    got = klv.footprint(frame((0.0, 0.0, 0.0, 0.0, -5.0, 0.0)), lambda _lon, _lat: 50.0)
    assert (got.cut, got.corners_by) == (True, CornersBy.ANGLES)
    far, near = off_m((LON, LAT), got.corners[0]), off_m((LON, LAT), got.corners[3])
    assert 20_000 < far <= 60_000
    assert near == pytest.approx(1_450 / math.tan(math.radians(12)), rel=0.06)
    upside_down = klv.footprint(frame((0.0, 0.0, 0.0, 0.0, -5.0, 180.0)), lambda _lon, _lat: 50.0)
    assert upside_down.cut
    assert off_m(upside_down.corners[2], got.corners[0]) < 200
    sky = klv.footprint(frame((0.0, 0.0, 0.0, 0.0, 20.0, 0.0)), lambda _lon, _lat: 50.0)
    assert (sky.corners, sky.centre, sky.reason) == (None, None, NoCorners.SKY)
    assert sky.sensor is not None


def test_angles_that_contradict_the_centre_are_not_believed() -> None:
    north = {"t23": LAT + 0.01, "t24": LON, "t25": 60.0}
    near = klv.footprint(frame((2.0, 0.0, 0.0, 0.0, -52.5, 0.0), **north), lambda _lon, _lat: 60.0)
    assert near.corners_by is CornersBy.ANGLES
    assert near.off_deg < 2
    away = klv.footprint(frame((90.0, 0.0, 0.0, 0.0, -52.5, 0.0), **north), lambda _lon, _lat: 60.0)
    assert away.corners_by is CornersBy.CENTRE
    assert away.off_deg > 45
    a, b, c, d = away.corners
    assert a[1] > away.centre[1] > d[1]
    assert b[0] > away.centre[0] > a[0]
    assert off_m(a, b) > off_m(d, c)  # the far edge is the longer one
    assert GEOD.inv(*a, *b)[0] == pytest.approx(90, abs=0.5)  # and lies level


def test_the_recorded_flights_angles_contradict_its_centres_and_its_width_agrees() -> None:
    for seen in map(klv.decode, recorded()):
        level_m = seen.centre_elevation_m
        got = klv.footprint(seen, lambda _lon, _lat, level_m=level_m: level_m)
        assert got.corners_by is CornersBy.CENTRE
        assert got.off_deg > 80
        a, b, c, d = got.corners
        far, near = off_m(a, b), off_m(c, d)
        across = 2 * far * near / (far + near)  # through the centre, in perspective
        # the last packet says another slant range than lies between its own places
        slant_m = math.hypot(off_m(got.sensor, got.centre), seen.sensor_altitude_m - level_m)
        assert across / slant_m == pytest.approx(seen.target_width_m / seen.slant_range_m, rel=0.05)


def test_a_centre_straight_below_has_the_heading_at_the_top() -> None:
    tags = {5: 90.0, 23: LAT, 24: LON, 25: 0.0}
    got = klv.footprint(klv.decode(said(WHERE | tags)), lambda _lon, _lat: 0.0)
    assert got.corners_by is CornersBy.CENTRE
    assert got.corners[0][0] > LON > got.corners[3][0]
    assert got.corners[0][1] > LAT > got.corners[1][1]


@pytest.mark.parametrize(
    ("without", "reason"),
    [
        ((13,), NoCorners.POSITION),
        ((15,), NoCorners.ALTITUDE),
        ((5,), NoCorners.ANGLES),
        ((16,), NoCorners.ANGLES),
        ((19,), NoCorners.ANGLES),
    ],
)
def test_what_is_missing_is_named(without: tuple[int, ...], reason: NoCorners) -> None:
    tags = WHERE | dict(zip((5, 6, 7, 18, 19, 20), VIEWS[1], strict=True)) | {40: 28.7, 41: 115.9}
    for tag in without:
        del tags[tag]
    got = klv.footprint(klv.decode(said(tags)), lambda _lon, _lat: 50.0)
    assert (got.corners, got.reason) == (None, reason)
    assert got.target == pytest.approx((115.9, 28.7), abs=1e-6)


def test_nothing_to_draw_is_none_and_below_the_ground_is_said() -> None:
    assert klv.footprint(klv.decode(said({5: 3.0})), lambda _lon, _lat: 0.0) is None
    assert klv.footprint(frame(VIEWS[1]), lambda _lon, _lat: 2_000.0).reason is NoCorners.BELOW_GROUND


def test_the_ground_is_not_asked_without_end() -> None:
    asked = 0

    def ground(_lon: float, _lat: float) -> float:
        nonlocal asked
        asked += 1
        return 0.0

    klv.footprint(frame(VIEWS[2]), ground)
    assert asked < 400
    klv.footprint(frame((0.0, 0.0, 0.0, 0.0, 0.0, 0.0)), ground)  # grazing, half of it sky
    assert asked < 40_000
