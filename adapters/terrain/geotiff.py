"""Height models as GeoTIFF, read through GDAL and unpacked once into the data folder.

Only the GeoTIFF driver, only a plain file, no look at what lies beside it, no network: the file may be anybody's.
Heights of one band in metres over WGS-84 or CGCS2000 longitude and latitude, north up. What the heights are measured
from stands in a compound reference system, or the site's file says it for all that do not; else it is unknown.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from adapters.terrain.cached import kept, path_of
from dispatch.errors import Malformed
from dispatch.terrain import HeightDatum, Tile

MOST_CELLS = 400_000_000  # a province of 1″; 1.6 GB unpacked
HARDENED = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_CACHEMAX": 64,  # MB
    "GDAL_MAX_DATASET_POOL_SIZE": 8,
    "GTIFF_IGNORE_READ_ERRORS": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".nothing",
    "GDAL_HTTP_TIMEOUT": "1",
}
TYPES = frozenset({"int16", "uint16", "int32", "float32", "float64"})
ROWS_BYTES = 8_000_000  # read at once
HORIZONTAL = frozenset({4326, 4490, 4979})  # WGS-84, CGCS2000, WGS-84 with ellipsoidal heights
_VERTICAL = (
    ("EGM2008", HeightDatum.EGM2008),
    ("EGM96", HeightDatum.EGM96),
    ("EGM 96", HeightDatum.EGM96),
)
METRE = frozenset({None, "", "m", "metre", "meter", "metres", "meters"})


def read_geotiff(path: Path, cache: Path, stated: HeightDatum | None = None) -> Tile:
    """The tile in a file. `stated`: what heights are measured from where the file does not say. Raises Malformed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # it is refused below
            with (
                rasterio.Env(**HARDENED),
                rasterio.open(path.resolve(), driver="GTiff", sharing=False) as file,
            ):
                return _tile(path, file, cache, stated)
    except RasterioError as error:
        raise Malformed(path.name, f"is not a readable GeoTIFF: {str(error)[:200]}") from None


def _tile(path: Path, file: Any, cache: Path, stated: HeightDatum | None) -> Tile:
    _check(path, file)
    plain = path_of(path, cache, ".f4")
    if not plain.exists():
        kept(plain, _rows(file))
    if plain.stat().st_size != 4 * file.width * file.height:
        plain.unlink()
        raise Malformed(path.name, "its unpacked form was damaged; read it again")
    heights = np.memmap(plain, dtype="<f4", mode="r", shape=(file.height, file.width))
    at = file.transform
    return Tile(
        name=path.name,
        source="geotiff",
        west_deg=at.c + at.a / 2,
        north_deg=at.f + at.e / 2,
        step_lon_deg=at.a,
        step_lat_deg=-at.e,
        heights=heights,
        void=None,  # NaN in the unpacked form
        datum=_datum(file.crs, stated),
        void_share=_void_share(heights),
    )


def _check(path: Path, file: Any) -> None:
    """Everything that a header may say wrong, before a row is read."""
    cells, at = file.width * file.height, file.transform
    faults = {
        f"{file.count} bands, not one": file.count != 1,
        f"{file.width} × {file.height} cells, at most {MOST_CELLS} are read": cells > MOST_CELLS,
        f"{file.dtypes[0]} cells, not one of {', '.join(sorted(TYPES))}": file.dtypes[0] not in TYPES,
        "no reference system": file.crs is None,
        "it is not north up": at.b != 0 or at.d != 0 or not (at.a > 0 > at.e),
        f"heights in {file.units[0]}, not metres": (file.units[0] or "").strip().lower() not in METRE,
        "scaled heights": file.scales[0] != 1 or file.offsets[0] != 0,
    }
    for fault, found in faults.items():
        if found:
            raise Malformed(path.name, fault)
    if not _is_lon_lat(file.crs):
        raise Malformed(
            path.name,
            f"its reference system is {_code(file.crs) or 'not known'}; WGS-84 or CGCS2000 longitude and latitude is read",
        )
    west, south, east, north = file.bounds
    if not (west >= -180.01 and east <= 180.01 and south >= -90.01 and north <= 90.01):
        raise Malformed(path.name, "it reaches beyond the Earth")


def _is_lon_lat(crs: Any) -> bool:
    if not crs.is_geographic:
        return False
    wkt = crs.to_wkt().upper()
    return crs.to_epsg() in HORIZONTAL or any(
        name in wkt for name in ('"WGS 84"', '"WGS_1984"', '"CHINA GEODETIC', '"CHINA_2000"')
    )


def _code(crs: Any) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.to_wkt())[:60]


def _datum(crs: Any, stated: HeightDatum | None) -> HeightDatum:
    wkt = crs.to_wkt().upper()
    for word, datum in _VERTICAL:
        if word in wkt:
            return datum
    if crs.to_epsg() == 4979 or "ELLIPSOIDAL HEIGHT" in wkt:
        return HeightDatum.ELLIPSOID
    if "VERT_CS" in wkt or "VERTCRS" in wkt:
        return HeightDatum.UNKNOWN  # another one than ours: nobody's statement outweighs the file's
    return stated or HeightDatum.UNKNOWN


def _rows(file: Any) -> Iterator[bytes]:
    height = max(1, ROWS_BYTES // (8 * file.width))
    for top in range(0, file.height, height):
        window = Window(0, top, file.width, min(height, file.height - top))
        part = file.read(1, window=window, masked=True)
        heights = np.ma.filled(part.astype("<f4"), np.nan)
        heights[~np.isfinite(heights)] = np.nan
        yield heights.tobytes()


def _void_share(heights: np.ndarray[Any, Any]) -> float:
    """In stripes: a province at once would take gigabytes."""
    step = max(1, ROWS_BYTES // (4 * heights.shape[1]))
    void = sum(int(np.isnan(heights[top : top + step]).sum()) for top in range(0, heights.shape[0], step))
    return void / heights.size
