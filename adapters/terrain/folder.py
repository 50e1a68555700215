"""A folder of height models as one Terrain: a broken tile is named, the others go on. Takes seconds; on a thread."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from adapters.terrain.cached import drop_others, path_of
from adapters.terrain.geotiff import read_geotiff
from adapters.terrain.hgt import read_hgt
from dispatch.errors import Malformed
from dispatch.terrain import HeightDatum, Terrain, Tile

log = structlog.get_logger(__name__)

MOST_FILES = 2000
PACKED = (".hgt.gz", ".hgt.zip")
GEOTIFF = (".tif", ".tiff")


@dataclass(frozen=True, slots=True, kw_only=True)
class TileFault:
    """A file that is not used, and why."""

    file: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a look into the folder found."""

    terrain: Terrain = field(default_factory=Terrain)
    faults: tuple[TileFault, ...] = ()
    at: datetime | None = None  # None: never looked


def read_folder(
    folder: Path, cache: Path, stated: HeightDatum | None, most_bytes: float, now: datetime
) -> Reading:
    """Every tile of a folder. Files of `most_bytes` together are read, the rest are named as faults."""
    tiles: list[Tile] = []
    faults: list[TileFault] = []
    used: list[Path] = []
    try:
        found = sorted(path for path in folder.iterdir() if is_tile(path.name))
    except OSError as error:
        return Reading(faults=(TileFault(file=folder.name, detail=error.strerror or "not readable"),), at=now)
    total = 0
    for place, path in enumerate(found):
        try:
            if place >= MOST_FILES:
                raise Malformed(path.name, f"beyond the first {MOST_FILES} files")
            if not path.is_file():
                raise Malformed(path.name, "is not a plain file")
            tile = _read(path, cache, stated)
            total += tile.heights.nbytes
            if total > most_bytes:
                raise Malformed(path.name, "beyond [terrain] max_gigabytes")
            tiles.append(tile)
            used += [path_of(path, cache, suffix) for suffix in (".hgt", ".f4")]
        except Malformed as error:
            faults.append(TileFault(file=path.name, detail=error.detail))
        except OSError as error:
            faults.append(TileFault(file=path.name, detail=error.strerror or "not readable"))
        except Exception:  # one file must not take the others with it
            log.exception("defect in reading a terrain tile", file=path.name)
            faults.append(TileFault(file=path.name, detail="could not be read, see the log"))
    drop_others(cache, used)
    return Reading(terrain=Terrain(tiles=tuple(tiles)), faults=tuple(faults), at=now)


def is_tile(name: str) -> bool:
    """Whether a file is meant to be one."""
    low = name.lower()
    return low.endswith((".hgt", *PACKED, *GEOTIFF)) and not low.startswith(".")


def _read(path: Path, cache: Path, stated: HeightDatum | None) -> Tile:
    if path.suffix.lower() in GEOTIFF:
        return read_geotiff(path, cache, stated)
    return read_hgt(path, cache)
