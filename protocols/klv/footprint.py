"""Where the picture lies on the ground (画面覆盖范围): corners, centre and target, stated or computed from the angles.

What the aircraft says is taken as it is. Corners that it does not say are where the lines of sight through the picture's
corners first meet the terrain (`sight.py` has the two ways in which the line of sight is known). Where the terrain is not
known the ground is taken as level at the stated elevation of centre or target. Corners that look over the horizon are
brought down along the picture's side to the last line that meets the ground, and `cut` says so. Beyond geometry.REACH_M
nothing is met.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from protocols.klv import geometry, sight
from protocols.klv.frame import Corners, KlvFrame, LonLat
from protocols.klv.geometry import Ground, Vector
from protocols.klv.sight import NoCorners, Sight

# Of the upper left corner and on, clockwise: right and down, in halves of the fields of view.
_SIGNS = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
_CUT_STEPS = 8  # halvings of the picture's height: a two-hundredth


class CornersBy(StrEnum):
    """How the corners are known."""

    STATED = "stated"
    ANGLES = "angles"  # attitudes and the sensor's angles
    CENTRE = "centre"  # line of sight to the stated centre, the picture taken as level: angles missing or contradicting it


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Of one frame; longitudes before latitudes, WGS-84 degrees.

    `corners` from the picture's upper left, clockwise, with `corners_by`; else `reason`. `level`: the ground was taken as
    level, for want of terrain. `off_deg`: between the line of sight by the angles and the line to the stated centre, where
    both are known: how far the angles are to be believed.
    """

    sensor: LonLat | None
    centre: LonLat | None
    centre_elevation_m: float | None
    target: LonLat | None
    corners: Corners | None
    corners_by: CornersBy | None = None
    level: bool = False
    cut: bool = False
    reason: NoCorners | None = None
    off_deg: float | None = None


def footprint(frame: KlvFrame, ground: Ground) -> Footprint | None:
    """Of the frame over this ground (elevation in metres above mean sea level by lon, lat in degrees; NaN unknown).

    None where nothing of it is to be drawn. Typically two hundred askings of `ground`, some ten thousand at most.
    """
    sensor = _pair(frame.sensor_lon_deg, frame.sensor_lat_deg)
    centre = _pair(frame.centre_lon_deg, frame.centre_lat_deg)
    target = _pair(frame.target_lon_deg, frame.target_lat_deg)
    if sensor is None and centre is None and target is None and frame.corners is None:
        return None
    looks = sight.of(frame, ground)
    elevation_m = frame.centre_elevation_m
    corners, by, over, reason = frame.corners, CornersBy.STATED, _NOTHING, looks.reason
    if looks.sight is not None and (corners is None or centre is None):
        found = _over(looks.sight, frame, ground)
        if isinstance(found, NoCorners):
            reason = found
        else:
            over = found
            if centre is None and over.middle is not None:
                centre, elevation_m = (over.middle[0], over.middle[1]), over.middle[2]
            reason = NoCorners.SKY
        if corners is None:
            corners, by = over.corners, CornersBy.CENTRE if looks.by_centre else CornersBy.ANGLES
    return Footprint(
        sensor=sensor,
        centre=centre,
        centre_elevation_m=elevation_m,
        target=target,
        corners=corners,
        corners_by=None if corners is None else by,
        level=over.level,
        cut=over.cut,
        reason=reason if corners is None else None,
        off_deg=looks.off_deg,
    )


def _pair(lon: float | None, lat: float | None) -> LonLat | None:
    return None if lon is None or lat is None else (lon, lat)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """What lines of sight meet."""

    middle: Vector | None  # lon, lat, elevation
    corners: Corners | None
    cut: bool
    level: bool


_NOTHING = _Over(middle=None, corners=None, cut=False, level=False)


def _over(seen: Sight, frame: KlvFrame, ground: Ground) -> _Over | NoCorners:
    """Centre and corners over the terrain, else over level ground."""
    lon, lat, altitude_m = geometry.geodetic(seen.place)
    if altitude_m <= ground(lon, lat):
        return NoCorners.BELOW_GROUND
    holes = False

    def known(lon: float, lat: float) -> float:
        nonlocal holes
        elevation_m = ground(lon, lat)
        holes = holes or math.isnan(elevation_m)
        return elevation_m

    over = _met(seen, known)
    if not holes:
        return over
    level_m = frame.centre_elevation_m if frame.centre_elevation_m is not None else frame.target_elevation_m
    if level_m is None:
        return NoCorners.GROUND
    if altitude_m <= level_m:
        return NoCorners.BELOW_GROUND
    return replace(_met(seen, lambda _lon, _lat: level_m), level=True)


def _met(seen: Sight, ground: Ground) -> _Over:
    middle = geometry.meets(seen.place, seen.ray(0.0, 0.0), ground)
    found = [geometry.meets(seen.place, seen.ray(*signs), ground) for signs in _SIGNS]
    cut = False
    for above, below in ((0, 3), (1, 2), (3, 0), (2, 1)):  # a side's two ends; the picture may be upside down
        if found[above] is None and found[below] is not None:
            found[above] = _cut(seen, _SIGNS[below], found[below], ground)
            cut = True
    a, b, c, d = ((None if one is None else (one[0], one[1])) for one in found)
    whole = None if a is None or b is None or c is None or d is None else (a, b, c, d)
    return _Over(middle=middle, corners=whole, cut=cut and whole is not None, level=False)


def _cut(seen: Sight, end: tuple[float, float], met: Vector | None, ground: Ground) -> Vector | None:
    """The farthest point of the picture's side that is on the ground, from its end that is (`met`)."""
    right, down = end
    good, bad = down, -down
    for _ in range(_CUT_STEPS):
        middle = (good + bad) / 2
        point = geometry.meets(seen.place, seen.ray(right, middle), ground)
        good, bad, met = (middle, bad, point) if point is not None else (good, middle, met)
    return met
