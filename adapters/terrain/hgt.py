"""SRTM tiles: N28E115.hgt, plain, .gz or .zip, of 1″ (3601²) or 3″ (1201²).

Big-endian int16, north-west first, -32768 void, metres above EGM96 (NASA SRTM User Guide, 2015, §2). The size says which
grid it is; any other size is a truncated or foreign file.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from adapters.terrain.cached import kept, path_of
from dispatch.errors import Malformed
from dispatch.terrain import HeightDatum, Tile

NAME = re.compile(r"([NS])(\d{2})([EW])(\d{3})\.hgt(\.gz|\.zip)?", re.IGNORECASE)
SIDES = {1201 * 1201 * 2: 1201, 3601 * 3601 * 2: 3601}
MOST_BYTES = max(SIDES)
VOID = -32768
CHUNK = 1 << 20


def read_hgt(path: Path, cache: Path) -> Tile:
    """The tile in a file; a packed one is unpacked into `cache` first. Raises Malformed naming the file."""
    south, west = _corner(path.name)
    plain = path
    if path.suffix.lower() != ".hgt":
        plain = path_of(path, cache, ".hgt")
        if not plain.exists():
            unpack = _gunzip if path.suffix.lower() == ".gz" else _unzip
            kept(plain, unpack(path))
    side = SIDES.get(plain.stat().st_size)
    if side is None:
        size = plain.stat().st_size
        raise Malformed(path.name, f"{size} bytes; a tile of 3″ has 2884802, one of 1″ 25934402")
    heights = np.memmap(plain, dtype=">i2", mode="r", shape=(side, side))
    step = 1.0 / (side - 1)
    return Tile(
        name=path.name,
        source="hgt",
        west_deg=west,
        north_deg=south + 1.0,
        step_lon_deg=step,
        step_lat_deg=step,
        heights=heights,
        void=float(VOID),
        datum=HeightDatum.EGM96,
        void_share=float(
            (heights == VOID).mean()
        ),  # reads it once: from then on it is in the system's memory
    )


def _corner(name: str) -> tuple[int, int]:
    """Latitude and longitude of the south-west corner."""
    said = NAME.fullmatch(name)
    if said is None:
        raise Malformed(name, "is not named by its south-west corner, such as N28E115.hgt")
    south = int(said[2]) * (1 if said[1].upper() == "N" else -1)
    west = int(said[4]) * (1 if said[3].upper() == "E" else -1)
    if not (-90 <= south < 90 and -180 <= west < 180):
        raise Malformed(name, "names a corner that is not on the Earth")
    return south, west


def _gunzip(path: Path) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    total = 0
    try:
        with path.open("rb") as packed:
            while not unpacker.eof:
                given = unpacker.unconsumed_tail or packed.read(CHUNK)
                if not given:
                    raise Malformed(path.name, "the packed file ends early")
                part = unpacker.decompress(given, CHUNK)
                total += len(part)
                _check_size(path, total)
                yield part
    except zlib.error as error:
        raise Malformed(path.name, f"is not gzip: {error}") from None


def _unzip(path: Path) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(path) as packed:
            inside = [one for one in packed.infolist() if one.filename.lower().endswith(".hgt")]
            if len(inside) != 1:
                raise Malformed(path.name, f"holds {len(inside)} .hgt files, not one")
            with packed.open(inside[0]) as member:
                yield from _bounded(path, member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Malformed(path.name, f"is not a readable zip: {error}") from None


def _bounded(path: Path, member: IO[bytes]) -> Iterator[bytes]:
    total = 0
    while part := member.read(CHUNK):
        total += len(part)
        _check_size(path, total)
        yield part


def _check_size(path: Path, total: int) -> None:
    if total > MOST_BYTES:
        raise Malformed(path.name, f"unpacks to more than {MOST_BYTES} bytes")
