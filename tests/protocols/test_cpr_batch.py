"""Compact positions on columns: the same to the last bit as singly, everywhere on earth."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyModeS.position import cprNL

from protocols import cpr, cpr_batch

RAW = st.integers(0, (1 << 17) - 1)
SIDE = st.one_of(RAW, st.sampled_from([0, 1, (1 << 16) - 1, 1 << 16, (1 << 17) - 1]))
LON, LAT = st.floats(-180, 180), st.floats(-90, 90)
NEARBY = st.floats(-0.01, 0.01)
HALVES = st.one_of(
    st.tuples(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE)),
    st.builds(
        lambda lon, lat, east, north, surface: (
            cpr.encode(lon, lat, odd=False, surface=surface)[1:],
            cpr.encode(lon + east, lat + north, odd=True, surface=surface)[1:],
        ),
        LON,
        LAT,
        NEARBY,
        NEARBY,
        st.booleans(),
    ),
)


def fractions(half: tuple[int, int]) -> np.ndarray:
    raw = np.array([half[0] << 17 | half[1]])
    return np.array(cpr_batch.fractions(raw))


def place(found: cpr_batch.Places) -> tuple[float, float] | None:
    return (float(found.lon_deg[0]), float(found.lat_deg[0])) if found.found[0] else None


@settings(max_examples=500)
@given(HALVES, st.booleans(), LON, LAT)
def test_positions_are_the_same_to_the_last_bit(
    halves: tuple[tuple[int, int], tuple[int, int]], odd: bool, lon: float, lat: float
) -> None:
    even_half, odd_half = cpr.Cpr(False, *halves[0]), cpr.Cpr(True, *halves[1])
    evens, odds, is_odd = fractions(halves[0]), fractions(halves[1]), np.array([odd])
    lons, lats = np.array([lon]), np.array([lat])
    pairs = np.concatenate((evens, [[0.0]], odds, [[0.0]]))
    assert place(cpr_batch.pair(pairs, is_odd)) == cpr.pair(even_half, odd_half, newest_is_even=not odd)
    assert place(
        cpr_batch.pair(pairs, is_odd, cpr_batch.Ground(np.array([0]), lons, lats))
    ) == cpr.surface_pair(even_half, odd_half, (lon, lat), newest_is_even=not odd)
    newest, newest_half = (odds, odd_half) if odd else (evens, even_half)
    assert place(cpr_batch.near(newest, is_odd, np.array([False]), lons, lats)) == cpr.near(
        newest_half, (lon, lat)
    )
    assert place(cpr_batch.near(newest, is_odd, np.array([True]), lons, lats)) == cpr.surface_near(
        newest_half, (lon, lat)
    )


def test_zones_are_those_of_pymodes_on_both_sides_of_every_boundary() -> None:
    steps = np.linspace(-90, 90, 20_001)
    boundaries = cpr_batch._BOUNDARY[np.isfinite(cpr_batch._BOUNDARY)]
    assert len(boundaries) == 58
    around = [math.nextafter(b, side) for b in boundaries.tolist() for side in (0, b, 91)]
    latitudes = np.array([*steps.tolist(), *around, 87.0, -87.0, 100.0, 269.0])
    assert cpr_batch.zones(latitudes).tolist() == [cprNL(lat) for lat in latitudes.tolist()]
