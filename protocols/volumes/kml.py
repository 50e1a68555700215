"""Volumes as KML 2.2, for Google Earth and its kind: folders by kind, each standing on its floor's datum as far as KML can.

KML knows heights above sea level and above ground: a volume whose ceiling is neither (a flight level, unlimited) lies
on the ground with its heights in words.
"""

from collections.abc import Iterable
from xml.sax.saxutils import escape

import shapely

from dispatch.kinds import AltitudeDatum
from dispatch.volume_kinds import VolumeKind
from dispatch.volume_records import HeightLimit, Volume, VolumeTerms
from dispatch.volume_shape import polygons

_MODES = {AltitudeDatum.MSL: "absolute", AltitudeDatum.AGL: "relativeToGround"}
_COLOURS = {
    VolumeKind.PROHIBITED: "ff4f5aff",
    VolumeKind.RESTRICTED: "ff20b0ff",
    VolumeKind.DANGER: "ff20b0ff",
}  # aabbggrr
_OTHER_COLOUR = "ffffa34d"
_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535))


def collection(volumes: Iterable[Volume]) -> bytes:
    """The document."""
    kept = sorted(volumes, key=lambda each: (each.terms.kind, each.terms.name, each.id))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>',
    ]
    for kind in VolumeKind:
        colour = _COLOURS.get(kind, _OTHER_COLOUR)
        lines.append(
            f'<Style id="{kind}"><LineStyle><color>{colour}</color><width>1.5</width></LineStyle>'
            f"<PolyStyle><color>33{colour[2:]}</color></PolyStyle></Style>"
        )
    for kind in VolumeKind:
        found = [each for each in kept if each.terms.kind is kind]
        if found:
            lines.append(f"<Folder><name>{kind}</name>")
            lines.extend(_placemark(each) for each in found)
            lines.append("</Folder>")
    lines.append("</Document></kml>")
    return "\n".join(lines).encode()


def _text(said: str) -> str:
    return escape(said.translate(_CONTROL))


def _placemark(volume: Volume) -> str:
    terms = volume.terms
    mode = "clampToGround" if terms.ceiling.unlimited else _MODES.get(terms.ceiling.datum, "clampToGround")
    height = "" if mode == "clampToGround" else f",{terms.ceiling.value_m:g}"
    shape = "".join(_polygon(each, mode, height) for each in polygons(terms.footprint))
    return (
        f'<Placemark id="{_text(volume.id)}"><name>{_text(terms.name)}</name>'
        f"<description>{_text(_said(terms))}</description><styleUrl>#{terms.kind}</styleUrl>{_span(terms)}"
        f"<MultiGeometry>{shape}</MultiGeometry></Placemark>"
    )


def _span(terms: VolumeTerms) -> str:
    begins = [each.begins_at for each in terms.times if each.begins_at is not None]
    ends = [each.ends_at for each in terms.times if each.ends_at is not None]
    if terms.permanent or len(begins) < len(terms.times) or len(ends) < len(terms.times) or not terms.times:
        return ""
    begin, end = (each.isoformat().replace("+00:00", "Z") for each in (min(begins), max(ends)))
    return f"<TimeSpan><begin>{begin}</begin><end>{end}</end></TimeSpan>"


def words(limit: HeightLimit) -> str:
    """A height for people."""
    if limit.stated:
        return limit.stated
    return "UNL" if limit.unlimited else f"{limit.value_m:g} m {limit.datum.upper()}"


def _said(terms: VolumeTerms) -> str:
    clazz = f"class {terms.airspace_class}" if terms.airspace_class else ""
    heights = f"{words(terms.floor)} – {words(terms.ceiling)}"
    return " · ".join(filter(None, (terms.kind, clazz, terms.control or "", heights, terms.note)))


def _ring(ring: shapely.LinearRing, height: str) -> str:
    corners = " ".join(f"{lon:.7f},{lat:.7f}{height}" for lon, lat in shapely.get_coordinates(ring).tolist())
    return f"<LinearRing><coordinates>{corners}</coordinates></LinearRing>"


def _polygon(polygon: shapely.Polygon, mode: str, height: str) -> str:
    inner = "".join(f"<innerBoundaryIs>{_ring(each, height)}</innerBoundaryIs>" for each in polygon.interiors)
    extrude = "0" if mode == "clampToGround" else "1"
    return (
        f"<Polygon><extrude>{extrude}</extrude><altitudeMode>{mode}</altitudeMode>"
        f"<outerBoundaryIs>{_ring(polygon.exterior, height)}</outerBoundaryIs>{inner}</Polygon>"
    )
