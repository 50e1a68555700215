"""GeoJSON (RFC 7946) in: one volume a feature; the properties are those that geojson_write.py writes.

`floor` and `ceiling` are words with unit and datum (`"FL95"`, `"2500 ft AMSL"`, `"GND"`) or
`{"value_m", "datum", "unlimited"?, "stated"?}`: what is left out is a fault, as the format has no rule for it. Times:
`permanent`, or `times`, or `active_from` with `active_until`; none of them: not active. A circle or corridor stands in
`shape`, or is a Point with `radius_m`, a LineString with `half_width_m`.
"""

from functools import partial
from typing import Any

from dispatch.kinds import AltitudeDatum, HorizontalDatum
from dispatch.volume_kinds import AirspaceClass, AirspaceControl, VolumeFormat, VolumeKind, VolumeRemark
from dispatch.volume_records import ActiveTime, Footprint, HeightLimit, VolumeSource, VolumeTerms
from protocols.volumes import json_fields
from protocols.volumes.heights import read_height
from protocols.volumes.json_fields import Fields
from protocols.volumes.reading import Collected, Fault, VolumesRead

_FORMAT_ONLY = (VolumeRemark.UNIT_ASSUMED, VolumeRemark.DATUM_ASSUMED, VolumeRemark.ARC_AS_CORNERS)


def read(body: bytes, file: str, datum: HorizontalDatum = HorizontalDatum.WGS84) -> VolumesRead:
    """All features of a collection. Raises Malformed, TooMuch."""
    return read_document(json_fields.document(body), file, datum)


def read_document(whole: Any, file: str, datum: HorizontalDatum) -> VolumesRead:
    """The same of a document that was parsed."""
    collected = Collected(file=file, format=VolumeFormat.GEOJSON, datum=datum)
    found = whole.get("features") if isinstance(whole, dict) else None
    features = found if isinstance(found, list) else [whole]
    for n, feature in enumerate(features):
        collected.take(_called(feature, n), 0, partial(_volumes, collected, feature))
    return collected.done()


def _called(feature: Any, n: int) -> str:
    """What a feature is called: its id, else its name, else its place in the file."""
    if isinstance(feature, dict):
        properties = feature.get("properties")
        inner = properties if isinstance(properties, dict) else {}
        for value in (inner.get("own_id"), feature.get("id"), inner.get("name")):
            if isinstance(value, str | int) and str(value).strip():
                return str(value).strip()
    return f"features[{n}]"


def _volumes(collected: Collected, feature: Any, source: VolumeSource) -> list[VolumeTerms]:
    of = json_fields.fields(feature, "feature")
    if of.get("type") != "Feature":
        raise Fault("FIELD", f"type {str(of.get('type'))[:30]!r} is not Feature", field="type")
    properties = json_fields.fields(of.get("properties") or {}, "properties")
    terms = _terms(properties, source)
    return [VolumeTerms(**terms, footprint=footprint) for footprint in _footprints(collected, of, properties)]


def _terms(of: Fields, source: VolumeSource) -> dict[str, Any]:
    clazz, control = json_fields.text(of, "class"), json_fields.text(of, "control")
    floor, floor_remarks = _height(of, "floor")
    ceiling, ceiling_remarks = _height(of, "ceiling")
    permanent, times = _times(of)
    remarks = [
        json_fields.enum(VolumeRemark, each, "remarks")
        for each in json_fields.items(of.get("remarks") or [], "remarks")
    ]
    said = [each for each in remarks if each in _FORMAT_ONLY]
    return {
        "name": json_fields.text(of, "name"),
        "own_id": json_fields.text(of, "own_id"),
        "kind": json_fields.enum(VolumeKind, json_fields.text(of, "kind", default="airspace"), "kind"),
        "airspace_class": json_fields.enum(AirspaceClass, clazz, "class") if clazz else None,
        "control": json_fields.enum(AirspaceControl, control, "control") if control else None,
        "floor": floor,
        "ceiling": ceiling,
        "permanent": permanent,
        "times": times,
        "note": json_fields.text(of, "note"),
        "source": source,
        "remarks": tuple(dict.fromkeys((*said, *floor_remarks, *ceiling_remarks))),
    }


def _height(of: Fields, name: str) -> tuple[HeightLimit, tuple[VolumeRemark, ...]]:
    value = of.get(name)
    if value is None:
        raise Fault("HEIGHT_MISSING", f"no {name}", field=name)
    if isinstance(value, str):
        return read_height(value, name, strict=True)
    parts = json_fields.fields(value, name)
    stated = json_fields.text(parts, "stated", f"{name}.")[:60]
    unlimited = json_fields.flag(parts, "unlimited", f"{name}.")
    if not json_fields.text(parts, "datum", f"{name}."):
        raise Fault("DATUM_MISSING", "has no datum", field=f"{name}.datum")
    if "value_m" not in parts:
        raise Fault("UNIT_MISSING", "has no value_m: heights are metres here", field=f"{name}.value_m")
    return HeightLimit(
        datum=json_fields.enum(AltitudeDatum, parts["datum"], f"{name}.datum"),
        value_m=json_fields.number(parts["value_m"], f"{name}.value_m"),
        unlimited=unlimited,
        stated=stated,
    ), ()


def _times(of: Fields) -> tuple[bool, tuple[ActiveTime, ...]]:
    permanent = json_fields.flag(of, "permanent")
    given = [
        _time(each, f"times[{n}]") for n, each in enumerate(json_fields.items(of.get("times") or [], "times"))
    ]
    if of.get("active_from") is not None or of.get("active_until") is not None:
        given.append(
            _time({"begins_at": of.get("active_from"), "ends_at": of.get("active_until")}, "active_")
        )
    return permanent, tuple(given)


def _time(value: Any, path: str) -> ActiveTime:
    of = json_fields.fields(value, path)
    begins, ends = of.get("begins_at"), of.get("ends_at")
    days = json_fields.items(of.get("weekdays") or [], f"{path}.weekdays")
    return ActiveTime(
        begins_at=None if begins is None else json_fields.instant(begins, f"{path}.begins_at"),
        ends_at=None if ends is None else json_fields.instant(ends, f"{path}.ends_at"),
        weekdays=tuple(int(json_fields.number(day, f"{path}.weekdays")) for day in days),
        from_s=int(json_fields.number(of.get("from_s", 0), f"{path}.from_s")),
        until_s=int(json_fields.number(of.get("until_s", 86_400), f"{path}.until_s")),
    )


def _footprints(collected: Collected, of: Fields, properties: Fields) -> list[Footprint]:
    shape = properties.get("shape")
    if shape is not None:
        return [_shape(collected, json_fields.fields(shape, "shape"))]
    geometry = json_fields.fields(of.get("geometry"), "geometry")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    path = "geometry.coordinates"
    match kind:
        case "Polygon":
            shell, holes = json_fields.polygon(collected, coordinates, path)
            return [Footprint(ring=shell, holes=holes)]
        case "MultiPolygon":
            parts = json_fields.items(coordinates, path)[:1000]
            made = [json_fields.polygon(collected, each, f"{path}[{n}]") for n, each in enumerate(parts)]
            return [Footprint(ring=shell, holes=holes) for shell, holes in made]
        case "Point":
            return [_shape(collected, {"centre": coordinates, "radius_m": properties.get("radius_m")})]
        case "LineString":
            return [_shape(collected, {"line": coordinates, "half_width_m": properties.get("half_width_m")})]
        case _:
            raise Fault("NO_SHAPE", f"{str(kind)[:30]!r} is no shape of a volume", field="geometry.type")


def _shape(collected: Collected, of: Fields) -> Footprint:
    if "centre" in of:
        return Footprint(
            centre=json_fields.position(collected, of["centre"], "centre"),
            radius_m=json_fields.number(of.get("radius_m"), "radius_m"),
        )
    return Footprint(
        line=json_fields.positions(collected, of.get("line"), "line"),
        half_width_m=json_fields.number(of.get("half_width_m"), "half_width_m"),
    )
