"""The ground between grid points, and over which of several tiles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.ground_height import NoHeight, above, above_ground
from dispatch.kinds import AltitudeDatum
from dispatch.terrain import HeightDatum, Terrain, Tile, Unfit


def tile(
    heights: object, west: float = 115.0, north: float = 29.0, step: float = 1 / 1200, **other: object
) -> Tile:
    return Tile(
        **{
            "name": "t",
            "source": "hgt",
            "west_deg": west,
            "north_deg": north,
            "step_lon_deg": step,
            "step_lat_deg": step,
            "heights": np.asarray(heights, np.float32),
            "void": -32768.0,
            "datum": HeightDatum.EGM96,
            **other,
        }
    )


GRIDS = st.lists(st.lists(st.integers(-100, 3000), min_size=5, max_size=5), min_size=4, max_size=4)
PLACES = st.tuples(st.floats(0, 4), st.floats(0, 3))


@given(grid=GRIDS, place=PLACES)
def test_heights_lie_within_the_cell_and_the_highest_is_one_of_its_points(
    grid: list[list[int]], place: tuple[float, float]
) -> None:
    one = Terrain(tiles=(tile(grid),))
    x, y = place
    lon, lat = 115.0 + x / 1200, 29.0 - y / 1200
    row, column = min(int(y), 2), min(int(x), 3)
    around = [grid[row + r][column + c] for r in (0, 1) for c in (0, 1)]
    near_line = min(abs(x - round(x)), abs(y - round(y))) < 1e-6
    if near_line:  # either of two cells is right there
        return
    height = one.elevation_m(lon, lat)[0]
    assert min(around) - 1e-3 <= height <= max(around) + 1e-3
    assert one.highest_m(lon, lat)[0] == max(around)
    assert one.highest_m(lon, lat)[0] >= height - 1e-3


@given(rise_x=st.floats(-50, 50), rise_y=st.floats(-50, 50), place=PLACES)
def test_a_plane_is_met_exactly(rise_x: float, rise_y: float, place: tuple[float, float]) -> None:
    columns, rows = np.meshgrid(np.arange(5), np.arange(4))
    one = Terrain(tiles=(tile(500 + rise_x * columns + rise_y * rows),))
    x, y = place
    found = one.elevation_m(115.0 + x / 1200, 29.0 - y / 1200)[0]
    assert found == pytest.approx(500 + rise_x * x + rise_y * y, abs=0.01)


@given(grid=GRIDS, row=st.integers(0, 3), column=st.integers(0, 4), place=PLACES)
def test_a_void_makes_its_cells_unknown_and_no_others(
    grid: list[list[int]], row: int, column: int, place: tuple[float, float]
) -> None:
    grid[row][column] = -32768
    one = Terrain(tiles=(tile(grid),))
    x, y = place
    if min(abs(x - round(x)), abs(y - round(y))) < 1e-6:
        return
    found = one.elevation_m(115.0 + x / 1200, 29.0 - y / 1200)[0]
    touched = abs(x - column) < 1 and abs(y - row) < 1
    assert math.isnan(found) == touched
    assert math.isnan(one.highest_m(115.0 + x / 1200, 29.0 - y / 1200)[0]) == touched


def test_fit_tiles_answer_before_finer_ones_that_are_not_and_fill_each_others_voids() -> None:
    flat = np.full((1201, 1201), 50.0)
    flat[600, 600] = -32768
    coarse = tile(np.full((121, 121), 70.0), step=1 / 120, name="coarse")
    finest = tile(np.full((3601, 3601), 90.0), step=1 / 3600, name="fine", datum=HeightDatum.UNKNOWN)
    ground = Terrain(tiles=(coarse, finest, tile(flat, name="srtm3")))
    assert ground.elevation_m(115.25, 28.25)[0] == 50.0
    assert (coarse.unfit, finest.unfit) == (Unfit.COARSE, Unfit.DATUM_UNKNOWN)
    assert ground.elevation_m(115.5, 28.5)[0] == 90.0  # void of the fit one: shown, not used
    assert math.isnan(ground.elevation_m(115.5, 28.5, fit=True)[0])
    named = ground.tile_at(115.5, 28.5)
    assert named is not None
    assert named.name == "fine"
    assert ground.has_fit
    assert not Terrain(tiles=(coarse,)).has_fit


def test_where_there_is_nothing_the_answer_is_unknown() -> None:
    ground = Terrain(tiles=(tile(np.full((1201, 1201), 50.0), west=179.0),))
    places = np.array([np.nan, 115.0, 180.0, -180.0, 179.5, np.inf])
    found = ground.elevation_m(places, np.array([28.5, 28.5, 28.5, 28.5, 28.5, np.nan]))
    assert np.isnan(found[[0, 1, 5]]).all()
    assert found[4] == 50.0
    assert Terrain().elevation_m(places, places).shape == (6,)


def test_height_above_ground_says_what_it_is_made_of_and_why_there_is_none() -> None:
    ground = Terrain(tiles=(tile(np.full((1201, 1201), 200.0)),))
    msl = above_ground(ground, 115.5, 28.5, 500.0, AltitudeDatum.MSL)
    assert (msl.height_m, msl.ground_m, msl.by, msl.reason) == (300.0, 200.0, AltitudeDatum.MSL, None)
    pressure = above_ground(ground, 115.5, 28.5, 500.0, AltitudeDatum.PRESSURE)
    assert (pressure.within_m or 0) > 8 * (msl.within_m or 0)
    assert above_ground(ground, 100.0, 28.5, 500.0, AltitudeDatum.MSL).reason is NoHeight.NO_TERRAIN
    assert above_ground(ground, None, None, 500.0, AltitudeDatum.MSL).reason is NoHeight.NO_POSITION
    assert above_ground(ground, 115.5, 28.5, None, None).reason is NoHeight.NO_ALTITUDE
    own = above(None, 120.0, AltitudeDatum.AGL)
    assert (own.height_m, own.reason) == (120.0, None)
