"""Hazard layers as GeoJSON: a FeatureCollection, or one Feature, of Polygons and MultiPolygons with their times. Pure.

Properties: `name`, `kind` (plume, blast, inundation, fire_perimeter), `source`, `model_time`, `valid_from`,
`valid_until` (ISO 8601 with a zone), `certainty` (observed, likely, possible, unknown), and where meant `keep_out`,
`large`, `note`, `wind_from_deg`, `wind_mps`. Others are ignored. WGS-84, as RFC 7946 has it; a `crs` is refused.

A ring is counted before it is looked at, and one of more corners than airspace may have is drawn simpler, never smaller:
it is widened by as much as simplifying may take away. Holes are filled, which is the careful reading. What RFC 7946 wants
cut at the antimeridian and is not, crosses itself or is open, is refused by name; a clockwise ring is turned and flagged.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import msgspec
import shapely

from dispatch import closure
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.geo import Position
from dispatch.hazard import MOST_RINGS
from dispatch.hazard_records import HazardRing, HazardTerms
from dispatch.weather_kinds import Certainty, HazardKind
from protocols.json_doors import Unreadable
from protocols.weather.read import Rejected, TooMuch

MAX_BYTES = 1_048_576
MOST_FEATURES = 50
MOST_VERTICES = 20_000  # of one feature
_FIRST_TOLERANCE_DEG = 0.0002  # some 20 m
_JSON_NUMBER = (int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHazards:
    """What a body held."""

    hazards: tuple[tuple[int, HazardTerms], ...]  # with the feature's place
    rejected: tuple[Rejected, ...]


def read(body: bytes) -> ReadHazards:
    """The hazards of a body. Raises Unreadable, Malformed, TooMuch."""
    if len(body) > MAX_BYTES:
        raise TooMuch("body", f"{len(body)} bytes, at most {MAX_BYTES}")
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}"[:300]) from None
    features = _features(told)
    if len(features) > MOST_FEATURES:
        raise TooMuch("features", f"{len(features)} features, at most {MOST_FEATURES}")
    hazards: list[tuple[int, HazardTerms]] = []
    rejected: list[Rejected] = []
    for row, feature in enumerate(features):
        try:
            hazards.append((row, _terms(feature)))
        except (Malformed, Refused, TooMuch) as error:
            rejected.append(rejected_row(row, error))
    return ReadHazards(hazards=tuple(hazards), rejected=tuple(rejected))


def rejected_row(row: int, error: GanyingError) -> Rejected:
    """A feature that makes no hazard."""
    return Rejected(code=error.code, field=error.field or "", detail=error.detail[:300], row=row)


def _features(told: Any) -> list[Any]:
    if not isinstance(told, dict) or told.get("type") not in ("FeatureCollection", "Feature"):
        raise Malformed("type", "is neither FeatureCollection nor Feature")
    if told.get("crs") is not None:
        raise Malformed("crs", "GeoJSON is WGS-84; a crs is not taken")
    if told["type"] == "Feature":
        return [told]
    features = told.get("features")
    if not isinstance(features, list) or not features:
        raise Malformed("features", "holds no feature")
    return features


def _terms(feature: Any) -> HazardTerms:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise Malformed("type", "is not a Feature")
    said = feature.get("properties")
    if not isinstance(said, dict):
        raise Malformed("properties", "are missing")
    kind = _word(said, "kind", HazardKind)
    rings, flags = _rings(feature.get("geometry"))
    keep_out = _truth(said, "keep_out", kind is not HazardKind.FIRE_PERIMETER)
    return HazardTerms(
        name=_text(said, "name"),
        kind=kind,
        source=_text(said, "source"),
        model_at=_time(said, "model_time"),
        certainty=_word(said, "certainty", Certainty, Certainty.UNKNOWN),
        valid_from=_time(said, "valid_from"),
        valid_until=_time(said, "valid_until"),
        rings=rings,
        keep_out=keep_out,
        large=_truth(said, "large", False),
        flags=flags,
        note=_text(said, "note", ""),
        wind_from_deg=_number(said, "wind_from_deg", 0.0, 360.0),
        wind_mps=_number(said, "wind_mps", 0.0, 120.0),
    )


def _text(said: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = said.get(name, otherwise)
    if not isinstance(value, str) or (otherwise is None and not value.strip()):
        raise Malformed(name, "is missing or no text")
    return value


def _word(said: Mapping[str, Any], name: str, kinds: Any, otherwise: Any = None) -> Any:
    value = said.get(name)
    if value is None and otherwise is not None:
        return otherwise
    try:
        return kinds(value)
    except ValueError:
        raise Malformed(name, f"{str(value)[:40]!r} is not one of {', '.join(kinds)}") from None


def _truth(said: Mapping[str, Any], name: str, otherwise: bool) -> bool:
    value = said.get(name)
    if value is not None and not isinstance(value, bool):
        raise Malformed(name, "is not true or false")
    return otherwise if value is None else value


def _number(said: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, _JSON_NUMBER) or isinstance(value, bool) or not least <= value <= most:
        raise Malformed(name, f"{str(value)[:40]} is not within {least:g} to {most:g}")
    return float(value)


def _time(said: Mapping[str, Any], name: str) -> datetime:
    try:
        at = datetime.fromisoformat(_text(said, name))
        if at.tzinfo is None:
            raise Malformed(name, "has no time zone")
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(name, f"{str(said.get(name))[:40]!r} is no ISO 8601 time") from None


def _rings(geometry: Any) -> tuple[tuple[HazardRing, ...], tuple[str, ...]]:
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise Malformed("geometry", "is neither Polygon nor MultiPolygon")
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(polygons, list) or not 1 <= len(polygons) <= MOST_RINGS:
        raise Malformed("geometry", f"holds no polygon, or more than {MOST_RINGS}")
    flags: list[str] = []
    rings: list[HazardRing] = []
    left = MOST_VERTICES
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            raise Malformed("geometry", "a polygon has no ring")
        if len(polygon) > 1:
            flags.append("HOLES_FILLED")
        left -= len(polygon[0]) if isinstance(polygon[0], list) else 0
        if left < 0:
            raise TooMuch("geometry", f"more than {MOST_VERTICES} corners")
        corners = tuple(_corners(polygon[0]))
        if len(corners) - 1 > closure.MOST_CORNERS:
            corners = _simpler(corners)
            flags.append("SIMPLIFIED")
        rings.append(HazardRing(corners=corners))
    return tuple(rings), tuple(dict.fromkeys(flags))


def _corners(ring: Any) -> Iterator[Position]:
    if not isinstance(ring, list):
        raise Malformed("geometry", "a ring is no list of positions")
    for n, at in enumerate(ring):
        if (
            not isinstance(at, list)
            or len(at) < 2
            or any(isinstance(each, bool) or not isinstance(each, _JSON_NUMBER) for each in at[:2])
            or not all(math.isfinite(each) for each in at[:2])
        ):
            raise Malformed("geometry", f"corner {n} is no position")
        if abs(at[0]) > 180 or abs(at[1]) > 90:
            raise Malformed("geometry", f"corner {n}, {at[0]}, {at[1]}, is not longitude and latitude")
        yield Position(lon_deg=float(at[0]), lat_deg=float(at[1]))


def _simpler(corners: tuple[Position, ...]) -> tuple[Position, ...]:
    """A ring of at most MOST_CORNERS that holds the whole of this one. Raises Refused for one that is none."""
    if corners[0] != corners[-1]:
        raise Refused("RING_OPEN", "its last corner is not its first", field="geometry")
    points = [(each.lon_deg, each.lat_deg) for each in corners]
    if any(abs(a[0] - b[0]) > 180 for a, b in pairwise(points)):
        raise Refused("OVER_EDGE", "its side crosses 180°; cut it there", field="geometry")
    shape = shapely.Polygon(points)
    if not shape.is_valid:
        raise Refused(
            "RING_CROSSES", f"crosses itself ({shapely.is_valid_reason(shape)})"[:200], field="geometry"
        )
    tolerance = _FIRST_TOLERANCE_DEG
    for _ in range(16):
        wide = shapely.Polygon(shapely.get_exterior_ring(shape.buffer(tolerance, quad_segs=4)))
        found = shapely.Polygon(shapely.get_exterior_ring(wide.simplify(tolerance / 2)))
        if len(found.exterior.coords) - 1 <= closure.MOST_CORNERS and found.covers(shape):
            break
        tolerance *= 2
    else:
        west, south, east, north = shape.bounds
        found = shapely.box(west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6)
    return tuple(
        Position(lon_deg=max(-180.0, min(180.0, lon)), lat_deg=max(-90.0, min(90.0, lat)))
        for lon, lat in found.exterior.coords
    )
