"""The table of obstacles: a row is one obstacle, a line by the points of `line` instead of lon_deg and lat_deg."""

from typing import Any

from dispatch.errors import Malformed
from dispatch.geo import Position, position_from
from dispatch.kinds import HorizontalDatum, ObstacleKind
from dispatch.obstacle import MOST_HEIGHT_M, MOST_POINTS
from dispatch.obstacle_records import Obstacle
from protocols.cells import Table, Word, cell, id_, may, need, number, text, truth

_LON, _LAT = number(-180, 180), number(-90, 90)


def _line(raw: str) -> tuple[tuple[float, float], ...]:
    points = []
    for part in raw.split("|"):
        lon, colon, lat = part.strip().partition(":")
        if not colon:
            raise ValueError(f"{part[:40]!r} is not longitude:latitude")
        points.append((_LON(lon.strip()), _LAT(lat.strip())))
    if not 2 <= len(points) <= MOST_POINTS:
        raise ValueError(f"{len(points)} points; a line has 2 to {MOST_POINTS}")
    return tuple(points)


_COLUMNS = (
    need("id", id_, "stable id; 1 to 64 letters, digits or . _ : -"),
    need("name", text, "name on the map"),
    need("kind", Word(ObstacleKind), "power_line, tower, wind_turbine, building, cableway or other"),
    may("lon_deg", _LON, None, "longitude in the datum; empty for a line"),
    may("lat_deg", _LAT, None, "latitude in the datum; empty for a line"),
    may("line", _line, (), "points of a line in order, longitude:latitude|…; empty for a single point"),
    may("datum", Word(HorizontalDatum), HorizontalDatum.WGS84, "wgs84 (default), cgcs2000 or gcj02"),
    may("height_m", number(0.1, MOST_HEIGHT_M), None, "metres above the ground; this or top_m"),
    may("top_m", number(-450, 10_000), None, "top, metres above mean sea level; this or height_m"),
    may("lighted", truth, None, "true or false; empty: not stated"),
    need("source", text, "where the row comes from"),
)


def _build(values: dict[str, Any]) -> dict[str, Any]:
    fields = dict(values)
    lon, lat, line, datum = (fields.pop(name) for name in ("lon_deg", "lat_deg", "line", "datum"))
    if line and (lon is not None or lat is not None):
        raise Malformed("line", "is given, and lon_deg or lat_deg too")
    if not line:
        for name, value in (("lon_deg", lon), ("lat_deg", lat)):
            if value is None:
                raise Malformed(name, "is needed where no line is given")
        line = ((lon, lat),)
    if fields["height_m"] is None and fields["top_m"] is None:
        raise Malformed("height_m", "neither height_m nor top_m is given")
    fields["points"] = tuple(position_from(east, north, datum) for east, north in line)
    return fields


def _cells(record: Any) -> dict[str, str]:
    points: tuple[Position, ...] = record.points
    cells = {name: cell(getattr(record, name)) for name in record.__slots__ if name != "points"}
    single = points[0] if len(points) == 1 else None
    return cells | {
        "lon_deg": cell(single.lon_deg) if single else "",
        "lat_deg": cell(single.lat_deg) if single else "",
        "line": "" if single else "|".join(f"{cell(at.lon_deg)}:{cell(at.lat_deg)}" for at in points),
        "datum": HorizontalDatum.WGS84,
    }


OBSTACLES = {"obstacles": Table(record=Obstacle, columns=_COLUMNS, build=_build, cells=_cells)}
