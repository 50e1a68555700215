"""Searches as files for flight computers and maps: a GPX 1.1 route, a KML 2.2 document. Heights are above ground, so
a GPX point has none: `ele` would be above the sea."""

from xml.sax.saxutils import escape

from dispatch.geo import Position
from dispatch.search_records import Search

_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))


def gpx(search: Search) -> bytes:
    """One route; its points are named in the order in which they are flown."""
    drawn_at = search.drawn_at.isoformat().replace("+00:00", "Z")
    digits = len(str(len(search.way.points)))
    points = "".join(
        f'<rtept lat="{each.lat_deg:.7f}" lon="{each.lon_deg:.7f}"><name>S{place:0{digits}d}</name></rtept>'
        for place, each in enumerate(search.way.points, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<gpx version="1.1" creator="Ganying" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<metadata><name>{_text(search.terms.name)}</name><time>{drawn_at}</time></metadata>"
        f"<rte><name>{_text(search.terms.name)}</name><desc>{_text(_said(search))}</desc>{points}</rte></gpx>"
    ).encode()


def kml(search: Search) -> bytes:
    """The way and the outline of what is searched."""
    name = _text(search.terms.name)
    above = f",{search.terms.height_m:g}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{name}</name>'
        '<Style id="way"><LineStyle><color>ff20b0ff</color><width>2</width></LineStyle></Style>'
        '<Style id="area"><LineStyle><color>ffffa34d</color></LineStyle><PolyStyle><color>22ffa34d</color>'
        "</PolyStyle></Style>"
        f'<Placemark id="{_text(search.id)}-area"><name>{name}</name><styleUrl>#area</styleUrl><Polygon>'
        f"<outerBoundaryIs><LinearRing><coordinates>{_places(search.way.area, '')}</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></Placemark>"
        f'<Placemark id="{_text(search.id)}"><name>{name}</name><description>{_text(_said(search))}</description>'
        "<styleUrl>#way</styleUrl><LineString><altitudeMode>relativeToGround</altitudeMode>"
        f"<coordinates>{_places(search.way.points, above)}</coordinates></LineString></Placemark></Document></kml>"
    ).encode()


def _places(points: tuple[Position, ...], height: str) -> str:
    return " ".join(f"{each.lon_deg:.7f},{each.lat_deg:.7f}{height}" for each in points)


def _said(search: Search) -> str:
    terms, way = search.terms, search.way
    return (
        f"{search.id} v{search.version} {terms.pattern} S={terms.spacing_m:g} m W={terms.sweep_width_m:g} m "
        f"C={way.coverage:.2f} {way.length_m / 1000:.1f} km {way.duration_s / 60:.0f} min "
        f"{terms.height_m:g} m AGL {terms.note}"
    ).strip()


def _text(said: str) -> str:
    return escape(said.translate(_CONTROL), {'"': "&quot;"})
