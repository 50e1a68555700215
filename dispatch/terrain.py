"""The ground's height (地形): tiles of a height model as one value, asked for many points at once. Pure.

    elevation_m   between the four grid points round a place, weighted by nearness: what a profile draws
    highest_m     the highest of those four: what a margin is measured from

Where no tile is, or one of the four is void, the answer is NaN: unknown, never 0. A tile that is coarser than 3″ or
whose heights are not above mean sea level is for display only: `fit` leaves it out. Reading files is
adapters/terrain's.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FIT_ARCSEC = 3.01  # SRTM3, GLO-90: 3″ of latitude are 93 m
METRES_PER_DEG = 111_195.08  # of latitude, on the mean sphere
HALF_CELL = 0.500001  # beyond the outermost grid points of a raster whose cells are areas


class HeightDatum(StrEnum):
    """What a tile's heights are measured from."""

    EGM96 = "egm96"  # mean sea level
    EGM2008 = "egm2008"  # mean sea level; within a metre or two of EGM96
    ELLIPSOID = "ellipsoid"  # WGS-84: tens of metres from mean sea level
    UNKNOWN = "unknown"


class Unfit(StrEnum):
    """Why a tile is for display only."""

    COARSE = "coarse"
    DATUM_UNKNOWN = "datum_unknown"
    ELLIPSOID = "ellipsoid"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    """A grid of heights, its first row in the north, its first column in the west. Steps in degrees, above 0.

    heights: metres[row, column], contiguous; NaN or `void` where unknown, never infinite. `west_deg`, `north_deg` are of the first grid point, not of its cell's edge.
    """

    name: str
    source: str  # hgt, geotiff
    west_deg: float
    north_deg: float
    step_lon_deg: float
    step_lat_deg: float
    heights: NDArray[Any]
    void: float | None
    datum: HeightDatum
    void_share: float = 0.0

    @property
    def east_deg(self) -> float:
        """Of the last column."""
        return self.west_deg + (len(self.heights[0]) - 1) * self.step_lon_deg

    @property
    def south_deg(self) -> float:
        """Of the last row."""
        return self.north_deg - (len(self.heights) - 1) * self.step_lat_deg

    @property
    def resolution_m(self) -> float:
        """Between grid points, the wider of the two ways."""
        across = self.step_lon_deg * math.cos(math.radians((self.north_deg + self.south_deg) / 2))
        return METRES_PER_DEG * max(self.step_lat_deg, across)

    @property
    def unfit(self) -> Unfit | None:
        """Why the safety nets do not use it; None: they do."""
        if self.datum is HeightDatum.UNKNOWN:
            return Unfit.DATUM_UNKNOWN
        if self.datum is HeightDatum.ELLIPSOID:
            return Unfit.ELLIPSOID
        if max(self.step_lat_deg, self.step_lon_deg) * 3600 > FIT_ARCSEC and not self._fine_across():
            return Unfit.COARSE
        return None

    def _fine_across(self) -> bool:
        """High in the north columns are thinned, which makes them no coarser in metres."""
        return (
            self.step_lat_deg * 3600 <= FIT_ARCSEC and self.resolution_m <= FIT_ARCSEC / 3600 * METRES_PER_DEG
        )

    def corners(self, lon_deg: Floats, lat_deg: Floats) -> tuple[Floats, Floats, Floats]:
        """heights[4, point] of the grid points north-west, north-east, south-west, south-east of each; NaN: void or
        outside. With it how far each lies towards the east and towards the south of its cell, 0 to 1."""
        rows, columns = self.heights.shape
        x = (lon_deg - self.west_deg) / self.step_lon_deg
        y = (self.north_deg - lat_deg) / self.step_lat_deg
        inside = (x >= -HALF_CELL) & (x <= columns - 1 + HALF_CELL) & (y >= -HALF_CELL)
        inside &= y <= rows - 1 + HALF_CELL
        x = np.clip(np.where(inside, x, 0.0), 0.0, columns - 1.0)
        y = np.clip(np.where(inside, y, 0.0), 0.0, rows - 1.0)
        column = np.minimum(x.astype(np.int64), max(columns - 2, 0))
        row = np.minimum(y.astype(np.int64), max(rows - 2, 0))
        right, down = np.minimum(column + 1, columns - 1), np.minimum(row + 1, rows - 1)
        # A flat view of a memory-mapped array: indexing the map itself makes a map of every answer, which costs more.
        flat = self.heights.view(np.ndarray).reshape(-1)
        top, bottom = row * columns, down * columns
        found = flat[np.stack([top + column, top + right, bottom + column, bottom + right])].astype(
            np.float64
        )
        if self.void is not None:
            found[found == self.void] = np.nan
        if not inside.all():
            found[:, ~inside] = np.nan
        return found, x - column, y - row


def _between(found: Floats, east: Floats, south: Floats) -> Floats:
    weights = np.stack([(1 - east) * (1 - south), east * (1 - south), (1 - east) * south, east * south])
    bare = np.where(weights > 0, found, 0.0)  # a void that has no part in it spoils nothing
    blended: Floats = (bare * weights).sum(axis=0)
    return blended


def _highest(found: Floats, _east: Floats, _south: Floats) -> Floats:
    top: Floats = found.max(axis=0)  # NaN where any is
    return top


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """All tiles of a site. The fit ones answer first, the finer before the coarser. Frozen: a new folder, a new value."""

    tiles: tuple[Tile, ...] = ()
    _by_degree: Mapping[int, Sequence[Tile]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_degree: dict[int, list[Tile]] = defaultdict(list)
        for tile in sorted(self.tiles, key=lambda one: (one.unfit is not None, one.resolution_m, one.name)):
            for lon in range(math.floor(tile.west_deg), math.floor(tile.east_deg) + 1):
                for lat in range(math.floor(tile.south_deg), math.floor(tile.north_deg) + 1):
                    by_degree[_key(lon, lat)].append(tile)
        object.__setattr__(self, "_by_degree", dict(by_degree))

    @property
    def has_fit(self) -> bool:
        """Whether there is anything that the nets may use."""
        return any(tile.unfit is None for tile in self.tiles)

    @property
    def finest_m(self) -> float | None:
        """The finest grid's spacing; None without tiles."""
        return min((tile.resolution_m for tile in self.tiles), default=None)

    def elevation_m(self, lon_deg: Floats | float, lat_deg: Floats | float, *, fit: bool = False) -> Floats:
        """float64[point], metres above the tiles' datum. `fit`: of fit tiles only."""
        return self._ask(lon_deg, lat_deg, fit=fit, how=_between)

    def highest_m(self, lon_deg: Floats, lat_deg: Floats, *, fit: bool = True) -> Floats:
        """float64[point], metres: never below the grid points round the place."""
        return self._ask(lon_deg, lat_deg, fit=fit, how=_highest)

    def tile_at(self, lon_deg: float, lat_deg: float) -> Tile | None:
        """Which tile answers for a place."""
        lon, lat = _points(lon_deg, lat_deg)
        for tile in self._by_degree.get(int(_keys(lon, lat)[0]), ()):
            if not np.isnan(_between(*tile.corners(lon, lat))[0]):
                return tile
        return None

    def _ask(self, lon_deg: Any, lat_deg: Any, *, fit: bool, how: Any) -> Floats:
        lon, lat = _points(lon_deg, lat_deg)
        answer = np.full(lon.shape, np.nan)
        keys = _keys(lon, lat)
        order = np.argsort(keys, kind="stable")
        found, starts = np.unique(keys[order], return_index=True)
        for key, part in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
            open_ = part
            for tile in self._by_degree.get(key, ()):
                if not open_.size or (fit and tile.unfit is not None):
                    break  # the fit ones come first
                answer[open_] = how(*tile.corners(lon[open_], lat[open_]))
                open_ = open_[np.isnan(answer[open_])]
        return answer


def _points(lon_deg: Any, lat_deg: Any) -> tuple[Floats, Floats]:
    lon = np.atleast_1d(np.asarray(lon_deg, np.float64))
    lat = np.atleast_1d(np.asarray(lat_deg, np.float64))
    return np.where(lon >= 180.0, lon - 360.0, lon), lat


def _key(lon: int, lat: int) -> int:
    return (lat + 90) * 1000 + (lon + 180)


def _keys(lon: Floats, lat: Floats) -> NDArray[np.int64]:
    known = np.isfinite(lon) & np.isfinite(lat)
    keys = (np.floor(np.where(known, lat, 0.0)) + 90) * 1000 + np.floor(np.where(known, lon, 0.0)) + 180
    return np.where(known, keys, -1.0).astype(np.int64)
