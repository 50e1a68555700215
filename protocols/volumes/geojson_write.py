"""Volumes as GeoJSON (RFC 7946): whole for other systems and for reading back, or thin for the console's map.

Polygons are cut at 180° (§3.1.9) and turned as the text wants (§3.1.6). Circles and corridors are drawn as polygons and
said exactly in `shape`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
import shapely

from dispatch.volume_records import ActiveTime, Footprint, HeightLimit, Volume, VolumeTerms
from dispatch.volume_shape import polygons

WHOLE_DIGITS, MAP_DIGITS = 7, 5  # a centimetre; a metre


def collection(volumes: Iterable[Volume]) -> bytes:
    """All of them, whole."""
    return msgspec.json.encode({"type": "FeatureCollection", "features": [feature(each) for each in volumes]})


def feature(volume: Volume) -> dict[str, Any]:
    """One, whole."""
    return {
        "type": "Feature",
        "id": volume.id,
        "properties": properties(volume.terms),
        "geometry": geometry(volume.terms.footprint, WHOLE_DIGITS),
    }


def properties(terms: VolumeTerms) -> dict[str, Any]:
    """All that is said of it but where it is."""
    made: dict[str, Any] = {
        "name": terms.name,
        "own_id": terms.own_id,
        "kind": terms.kind,
        "class": terms.airspace_class,
        "control": terms.control,
        "floor": _height(terms.floor),
        "ceiling": _height(terms.ceiling),
        "permanent": terms.permanent,
        "times": times_of(terms),
        "note": terms.note,
        "remarks": list(terms.remarks),
        "source": msgspec.to_builtins(terms.source),
    }
    shape = _shape(terms.footprint)
    return {**made, "shape": shape} if shape else made


def times_of(terms: VolumeTerms) -> list[dict[str, Any]]:
    """When it is active."""
    return [_time(each) for each in terms.times]


def _height(limit: HeightLimit) -> dict[str, Any]:
    return {
        "value_m": limit.value_m,
        "datum": limit.datum,
        "unlimited": limit.unlimited,
        "stated": limit.stated,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _time(time: ActiveTime) -> dict[str, Any]:
    return {
        "begins_at": _iso(time.begins_at),
        "ends_at": _iso(time.ends_at),
        "weekdays": list(time.weekdays),
        "from_s": time.from_s,
        "until_s": time.until_s,
    }


def _shape(footprint: Footprint) -> dict[str, Any] | None:
    if footprint.centre is not None:
        centre = [footprint.centre.lon_deg, footprint.centre.lat_deg]
        return {"centre": centre, "radius_m": footprint.radius_m}
    if footprint.line:
        line = [[each.lon_deg, each.lat_deg] for each in footprint.line]
        return {"line": line, "half_width_m": footprint.half_width_m}
    return None


def geometry(footprint: Footprint, digits: int) -> dict[str, Any]:
    """A Polygon, or a MultiPolygon where 180° cuts it."""
    parts = [_rings(each, digits) for each in polygons(footprint)]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _rings(polygon: shapely.Polygon, digits: int) -> list[list[list[float]]]:
    turned = shapely.orient_polygons(polygon)
    rings = []
    for ring in (turned.exterior, *turned.interiors):
        corners = shapely.get_coordinates(ring).round(digits).tolist()
        corners[-1] = corners[0]
        rings.append(corners)
    return rings
