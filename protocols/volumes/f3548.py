"""ASTM F3548-21 volumes as JSON: Volume4D of operational intents and constraints, one volume each.

Read are `[Volume4D, …]` and objects that hold such lists under `volumes`, `off_nominal_volumes`, `extents` or `area`, at
most a few levels deep. Outlines are not closed there: the last vertex joins the first.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from dispatch.kinds import HorizontalDatum
from dispatch.volume_kinds import VolumeFormat, VolumeKind
from dispatch.volume_records import ActiveTime, Footprint, HeightLimit, VolumeSource, VolumeTerms
from dispatch.volume_shape import MOST_CORNERS
from protocols.volumes import json_fields
from protocols.volumes.heights import FOOT_M, limit, metres
from protocols.volumes.json_fields import Fields
from protocols.volumes.reading import Collected, Fault, VolumesRead

_LISTS = ("volumes", "off_nominal_volumes", "extents", "area")
_DEPTH = 6
_SHAPES = ("outline_polygon", "outline_circle")


def volumes_in(whole: Any, path: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """Every Volume4D of a document with its path."""
    if isinstance(whole, list):
        for n, each in enumerate(whole):
            yield from volumes_in(each, f"{path}[{n}]", depth)
    elif isinstance(whole, dict) and depth:
        inner = whole.get("volume", whole)
        if isinstance(inner, dict) and any(name in inner for name in _SHAPES):
            yield path, whole
            return
        for name, value in whole.items():
            if isinstance(value, dict | list):
                if name in _LISTS and isinstance(value, list):
                    for n, each in enumerate(value):
                        yield f"{path}.{name}[{n}]".lstrip("."), each
                else:
                    yield from volumes_in(value, f"{path}.{name}".lstrip("."), depth - 1)


def read_document(whole: Any, file: str, datum: HorizontalDatum) -> VolumesRead:
    """All volumes."""
    collected = Collected(file=file, format=VolumeFormat.F3548, datum=datum)
    for path, found in volumes_in(whole):
        collected.take(path or "volume", 0, partial(_volumes, collected, found))
    return collected.done()


def _volumes(collected: Collected, value: Any, source: VolumeSource) -> list[VolumeTerms]:
    return [_terms(collected, value, source)]


def _terms(collected: Collected, value: Any, source: VolumeSource) -> VolumeTerms:
    of = json_fields.fields(value, "volume")
    inner = json_fields.fields(of.get("volume", of), "volume")
    begins, ends = _time(of, "time_start", "start_time"), _time(of, "time_end", "end_time")
    return VolumeTerms(
        name=source.feature,
        kind=VolumeKind.OPERATION,
        footprint=_footprint(collected, inner),
        floor=_height(inner, "altitude_lower"),
        ceiling=_height(inner, "altitude_upper"),
        times=(ActiveTime(begins_at=begins, ends_at=ends),) if begins or ends else (),
        source=source,
    )


def _time(of: Fields, *names: str) -> Any:
    for name in names:
        value = of.get(name)
        if value is None:
            continue
        if isinstance(value, dict):
            if value.get("format", "RFC3339") != "RFC3339" or "value" not in value:
                raise Fault("TIMES", "is not an RFC3339 value", field=name)
            value = value["value"]
        return json_fields.instant(value, name)
    return None


def _height(of: Fields, name: str) -> HeightLimit:
    if of.get(name) is None:
        raise Fault("HEIGHT_MISSING", f"no {name}", field=name)
    part = json_fields.fields(of[name], name)
    value = json_fields.number(part.get("value"), f"{name}.value")
    unit, reference = (
        json_fields.text(part, "units", f"{name}."),
        json_fields.text(part, "reference", f"{name}."),
    )
    return limit(value, unit, reference, name)


def _vertex(collected: Collected, value: Any, path: str) -> Any:
    of = json_fields.fields(value, path)
    lon, lat = (
        json_fields.number(of.get("lng"), f"{path}.lng"),
        json_fields.number(of.get("lat"), f"{path}.lat"),
    )
    return collected.position(lon, lat)


def _footprint(collected: Collected, of: Fields) -> Footprint:
    polygon, circle = of.get("outline_polygon"), of.get("outline_circle")
    if (polygon is None) == (circle is None):
        raise Fault("NO_SHAPE", "has not one of outline_polygon and outline_circle", field="volume")
    if polygon is not None:
        path = "outline_polygon.vertices"
        found = json_fields.items(json_fields.fields(polygon, path).get("vertices"), path)
        if len(found) > MOST_CORNERS:
            raise Fault("TOO_MANY_CORNERS", f"{len(found)} corners, at most {MOST_CORNERS}", field=path)
        return Footprint(ring=tuple(_vertex(collected, each, f"{path}[{n}]") for n, each in enumerate(found)))
    path = "outline_circle"
    part = json_fields.fields(circle, path)
    radius = json_fields.fields(part.get("radius"), f"{path}.radius")
    per_unit = {"M": 1.0, "FT": FOOT_M}.get(json_fields.text(radius, "units", f"{path}.radius.").upper())
    if per_unit is None:
        raise Fault("UNIT_MISSING", "a radius without M or FT", field=f"{path}.radius.units")
    reach = metres(json_fields.number(radius.get("value"), f"{path}.radius.value"), per_unit)
    return Footprint(centre=_vertex(collected, part.get("center"), f"{path}.center"), radius_m=reach)
