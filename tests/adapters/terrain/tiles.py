"""Height models that the tests make."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

SIDE = 1201


def slope(lon: Any, lat: Any) -> Any:
    """A plain that rises towards the north-east: exact under linear interpolation."""
    return 100.0 + 200.0 * (lon - 115.0) + 400.0 * (lat - 28.0)


def hgt_bytes(
    south: int = 28,
    west: int = 115,
    height: Callable[[Any, Any], Any] = slope,
    side: int = SIDE,
    voids: tuple[tuple[int, int], ...] = (),
) -> bytes:
    lon, lat = np.meshgrid(np.linspace(west, west + 1, side), np.linspace(south + 1, south, side))
    cells = np.round(height(lon, lat)).astype(">i2")
    for row, column in voids:
        cells[row, column] = -32768
    return cells.tobytes()


def write_geotiff(
    path: Path,
    cells: Any = None,
    *,
    west: float = 115.0,
    north: float = 29.0,
    step: float = 1 / 1200,
    crs: str | None = "EPSG:4326+5773",
    nodata: float | None = -9999,
    **profile: Any,
) -> None:
    """`crs` EPSG:4326+5773: longitude and latitude with heights above EGM96."""
    if cells is None:
        cells = np.full((60, 80), 321.0, np.float32)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=cells.shape[0],
        width=cells.shape[1],
        count=profile.pop("count", 1),
        dtype=cells.dtype,
        crs=crs,
        transform=profile.pop("transform", from_origin(west, north, step, step)),
        nodata=nodata,
        **profile,
    ) as file:
        file.write(cells, 1)
