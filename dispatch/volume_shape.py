"""Footprints of airspace volumes: what cannot be meant is refused by name, what can is put in one order.

A ring's sides are straight in longitude and latitude. One that crosses 180° is kept as it is and cut there when it is
drawn or searched; one round a pole is refused, as this plane has no poles.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import shapely
import shapely.affinity
from pyproj import Geod

from dispatch.errors import Refused
from dispatch.geo import EARTH_RADIUS_M, Position
from dispatch.volume_kinds import VolumeRemark
from dispatch.volume_records import Footprint, Ring

MOST_CORNERS = 5_000  # of one volume, holes included; national files stay under 2,000
MOST_RADIUS_M = 1_000_000.0
MOST_HALF_WIDTH_M = 100_000.0
LEAST_M = 1.0
CIRCLE_CORNERS = 72
ARC_SAGITTA_M = 20.0  # how far an arc may lie from the corners it became
_GEOD = Geod(ellps="WGS84")
_FIELD = "footprint"

Corners = Sequence[Position]


def checked(footprint: Footprint) -> tuple[Footprint, tuple[VolumeRemark, ...]]:
    """The same in order, and what was done to it. Raises Refused with the code of what is wrong."""
    given = (bool(footprint.ring), footprint.centre is not None, bool(footprint.line))
    if sum(given) != 1 or (footprint.holes and not footprint.ring):
        raise Refused("NO_SHAPE", "is one of a ring, a circle and a corridor", field=_FIELD)
    if footprint.centre is not None:
        return _checked_circle(footprint, footprint.centre)
    if footprint.line:
        return _checked_corridor(footprint)
    return _checked_polygon(footprint)


def _checked_circle(footprint: Footprint, centre: Position) -> tuple[Footprint, tuple[VolumeRemark, ...]]:
    if not LEAST_M <= footprint.radius_m <= MOST_RADIUS_M:
        raise Refused(
            "RADIUS",
            f"{footprint.radius_m:g} m is not within 1 m to {MOST_RADIUS_M / 1000:g} km",
            field=_FIELD,
        )
    if abs(centre.lat_deg) + math.degrees(footprint.radius_m / EARTH_RADIUS_M) > 89.0:
        raise Refused("OVER_POLE", "the circle reaches a pole", field=_FIELD)
    lons, _ = _circle(centre, footprint.radius_m)
    return footprint, _crossing(lons)


def _checked_corridor(footprint: Footprint) -> tuple[Footprint, tuple[VolumeRemark, ...]]:
    if not LEAST_M <= footprint.half_width_m <= MOST_HALF_WIDTH_M:
        raise Refused(
            "WIDTH",
            f"half of it, {footprint.half_width_m:g} m, is not within 1 m to {MOST_HALF_WIDTH_M / 1000:g} km",
            field=_FIELD,
        )
    line, repeated = _without_repeats(footprint.line, closed=False)
    _check_count(len(line), least=2)
    if any(abs(each.lat_deg) > 85.0 for each in line):
        raise Refused("OVER_POLE", "a corridor beyond 85° is not drawn here", field=_FIELD)
    lons = unwrapped([each.lon_deg for each in line])
    shaped = replace(footprint, line=tuple(line))
    edge = shapely.get_coordinates(_corridor(shaped))[:, 0]
    if float(edge.max() - edge.min()) > 90.0:
        raise Refused("VERY_LONG", "a corridor over 90° of longitude is not drawn here", field=_FIELD)
    return shaped, (*repeated, *_crossing([*lons, *edge]))


def _checked_polygon(footprint: Footprint) -> tuple[Footprint, tuple[VolumeRemark, ...]]:
    remarks: dict[VolumeRemark, None] = {}
    count = len(footprint.ring) + sum(len(hole.corners) for hole in footprint.holes)
    _check_count(count, least=3)
    ring, repeated = _without_repeats(footprint.ring, closed=True)
    remarks.update(dict.fromkeys(repeated))
    shell = _checked_ring(ring)
    holes = []
    for hole in footprint.holes:
        corners, _ = _without_repeats(hole.corners, closed=True)
        inner = _checked_ring(corners)
        holes.append((corners, _near(inner, shell)))
    polygon = shapely.Polygon(shell, [inner for _, inner in holes])
    if not polygon.is_valid:
        raise Refused("SELF_CROSSING", f"crosses itself: {_reason(polygon)}", field=_FIELD)
    if polygon.area <= 0.0:
        raise Refused("NO_AREA", "its corners lie on one line", field=_FIELD)
    if not shapely.is_ccw(polygon.exterior):
        remarks[VolumeRemark.TURNED_ROUND] = None
        ring = ring[::-1]
    turned = tuple(
        Ring(corners=tuple(corners if not shapely.is_ccw(shapely.LinearRing(inner)) else corners[::-1]))
        for corners, inner in holes
    )
    remarks.update(dict.fromkeys(_crossing([lon for lon, _ in shell])))
    return Footprint(ring=tuple(ring), holes=turned), tuple(remarks)


def _reason(polygon: shapely.Polygon) -> str:
    return shapely.is_valid_reason(polygon)[:120]


def _check_count(count: int, *, least: int) -> None:
    if count < least:
        raise Refused("TOO_FEW_CORNERS", f"{count} corners, at least {least}", field=_FIELD)
    if count > MOST_CORNERS:
        raise Refused("TOO_MANY_CORNERS", f"{count} corners, at most {MOST_CORNERS}", field=_FIELD)


def _without_repeats(corners: Corners, *, closed: bool) -> tuple[list[Position], tuple[VolumeRemark, ...]]:
    kept = [each for n, each in enumerate(corners) if n == 0 or each != corners[n - 1]]
    if closed and len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
        if len(kept) < len(corners) - 1:
            return kept, (VolumeRemark.REPEATED_CORNER,)
        return kept, ()
    return kept, (VolumeRemark.REPEATED_CORNER,) if len(kept) < len(corners) else ()


def _checked_ring(ring: Corners) -> list[tuple[float, float]]:
    _check_count(len(ring), least=3)
    lons = unwrapped([corner.lon_deg for corner in (*ring, ring[0])])
    if abs(lons[-1] - lons[0]) > 1.0:
        raise Refused("OVER_POLE", "its sides go round a pole", field=_FIELD)
    if max(lons) - min(lons) > 180.0:
        raise Refused("VERY_WIDE", "is wider than half the earth", field=_FIELD)
    return [(lon, corner.lat_deg) for lon, corner in zip(lons, ring, strict=False)]


def unwrapped(lons: Sequence[float]) -> list[float]:
    """Longitudes without the jump at 180°: each within 180° of the one before."""
    made = [lons[0]] if lons else []
    for before, lon in pairwise(lons):
        step = (lon - before + 540.0) % 360.0 - 180.0
        made.append(made[-1] + (step if abs(lon - before) > 180.0 else lon - before))
    return made


def _near(inner: list[tuple[float, float]], shell: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A hole on the same side of 180° as what it is a hole of."""
    shift = round((shell[0][0] - inner[0][0]) / 360.0) * 360.0
    return [(lon + shift, lat) for lon, lat in inner]


def _crossing(lons: Sequence[float]) -> tuple[VolumeRemark, ...]:
    return (VolumeRemark.ANTIMERIDIAN,) if max(lons) > 180.0 or min(lons) < -180.0 else ()


def _circle(centre: Position, radius_m: float) -> tuple[list[float], list[float]]:
    """Corners whose sides touch the circle from outside: nothing of it is left out."""
    count = CIRCLE_CORNERS
    bearings = [360.0 * n / count for n in range(count)][::-1]
    reach = [radius_m / math.cos(math.pi / count)] * count
    lons, lats, _ = _GEOD.fwd([centre.lon_deg] * count, [centre.lat_deg] * count, bearings, reach)
    return [centre.lon_deg + (lon - centre.lon_deg + 540.0) % 360.0 - 180.0 for lon in lons], list(lats)


def _corridor(footprint: Footprint) -> shapely.Polygon:
    """The line's surroundings on the mean sphere, 0.3 % of its width off at most; longitudes without the jump."""
    lons = np.array(unwrapped([each.lon_deg for each in footprint.line]))
    lats = np.array([each.lat_deg for each in footprint.line])
    lon_0, lat_0 = float(lons.mean()), float(lats.mean())
    x, y = _flat(lons, lats, lon_0, lat_0)
    surrounding = shapely.LineString(np.column_stack((x, y))).buffer(footprint.half_width_m, quad_segs=12)
    edge = shapely.get_coordinates(surrounding.exterior)
    lon, lat = _round(edge[:, 0], edge[:, 1], lon_0, lat_0)
    inner = []
    for hole in surrounding.interiors:  # a line that comes back to itself
        corners = shapely.get_coordinates(hole)
        inner.append(np.column_stack(_round(corners[:, 0], corners[:, 1], lon_0, lat_0)))
    return shapely.Polygon(np.column_stack((lon, lat)), inner)


# azimuthal equidistant on the sphere, both ways (Snyder, Map Projections, 1987, p. 195)
def _flat(
    lon: "np.ndarray", lat: "np.ndarray", lon_0: float, lat_0: float
) -> tuple["np.ndarray", "np.ndarray"]:
    d, phi, phi_0 = np.radians(lon - lon_0), np.radians(lat), math.radians(lat_0)
    cosine = math.sin(phi_0) * np.sin(phi) + math.cos(phi_0) * np.cos(phi) * np.cos(d)
    c = np.arccos(np.clip(cosine, -1.0, 1.0))
    scale = np.where(c < 1e-12, 1.0, c / np.where(c < 1e-12, 1.0, np.sin(c))) * EARTH_RADIUS_M
    x = scale * np.cos(phi) * np.sin(d)
    return x, scale * (math.cos(phi_0) * np.sin(phi) - math.sin(phi_0) * np.cos(phi) * np.cos(d))


def _round(x: "np.ndarray", y: "np.ndarray", lon_0: float, lat_0: float) -> tuple["np.ndarray", "np.ndarray"]:
    phi_0, rho = math.radians(lat_0), np.hypot(x, y)
    c, safe = rho / EARTH_RADIUS_M, np.where(rho < 1e-9, 1.0, rho)
    lat = np.arcsin(np.clip(np.cos(c) * math.sin(phi_0) + y * np.sin(c) * math.cos(phi_0) / safe, -1.0, 1.0))
    lon = np.arctan2(x * np.sin(c), safe * math.cos(phi_0) * np.cos(c) - y * math.sin(phi_0) * np.sin(c))
    return lon_0 + np.degrees(lon), np.degrees(lat)


def polygons(footprint: Footprint) -> tuple[shapely.Polygon, ...]:
    """What it covers, within -180 to 180 degrees of longitude: two parts or more where it crosses 180°."""
    whole = _whole(footprint)
    west, _, east, _ = whole.bounds
    if west >= -180.0 and east <= 180.0:
        return (whole,)
    parts: list[shapely.Polygon] = []
    for turn in (-360.0, 0.0, 360.0):
        cut = shapely.clip_by_rect(shapely.affinity.translate(whole, xoff=turn), -180.0, -90.0, 180.0, 90.0)
        parts.extend(
            each for each in shapely.get_parts(cut) if isinstance(each, shapely.Polygon) and each.area
        )
    return tuple(parts)


def _whole(footprint: Footprint) -> shapely.Polygon:
    if footprint.centre is not None:
        return shapely.Polygon(np.column_stack(_circle(footprint.centre, footprint.radius_m)))
    if footprint.line:
        return _corridor(footprint)
    shell = _unwrapped_ring(footprint.ring)
    return shapely.Polygon(shell, [_near(_unwrapped_ring(hole.corners), shell) for hole in footprint.holes])


def _unwrapped_ring(ring: Corners) -> list[tuple[float, float]]:
    lons = unwrapped([corner.lon_deg for corner in ring])
    return [(lon, corner.lat_deg) for lon, corner in zip(lons, ring, strict=True)]


def arc(
    centre: Position, radius_m: float, from_deg: float, to_deg: float, *, clockwise: bool
) -> list[Position]:
    """Corners along an arc between two bearings, both ends included; equal bearings are the whole circle."""
    sweep = (to_deg - from_deg) % 360.0 if clockwise else (from_deg - to_deg) % 360.0
    sweep = sweep or 360.0
    ratio = min(1.0, ARC_SAGITTA_M / max(radius_m, ARC_SAGITTA_M))
    step = min(10.0, max(1.0, math.degrees(2.0 * math.acos(1.0 - ratio))))
    count = max(1, math.ceil(sweep / step))
    sign = 1.0 if clockwise else -1.0
    bearings = [from_deg + sign * sweep * n / count for n in range(count + 1)]
    lons, lats, _ = _GEOD.fwd(
        [centre.lon_deg] * len(bearings),
        [centre.lat_deg] * len(bearings),
        bearings,
        [radius_m] * len(bearings),
    )
    return [Position(lon_deg=lon, lat_deg=lat) for lon, lat in zip(lons, lats, strict=True)]


def bearing_and_reach(centre: Position, point: Position) -> tuple[float, float]:
    """Bearing in degrees and distance in metres from a centre to a point, on the ellipsoid."""
    azimuth, _, reach = _GEOD.inv(centre.lon_deg, centre.lat_deg, point.lon_deg, point.lat_deg)
    return azimuth % 360.0, reach
