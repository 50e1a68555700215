"""A frame's corners over level ground, computed without protocols/klv: turns as quaternions, earth by pyproj's geodesics.

A line of sight is an azimuth and an angle below the horizontal. In the vertical plane of that azimuth the earth is a
circle of the ellipsoid's radius of curvature there (Euler); where the line meets the circle at the ground's height is
the law of sines, and the way along it a geodesic. Within 20 km that is a centimetre from the straight line itself.
"""

import math
from collections.abc import Sequence

from pyproj import Geod

from protocols.klv import KlvFrame, LonLat

GEOD = Geod(ellps="WGS84")
SIGNS = ((-1, -1), (1, -1), (1, 1), (-1, 1))  # of the upper left and on, clockwise: right and down
_Quaternion = tuple[float, float, float, float]
_ITSELF: _Quaternion = (1.0, 0.0, 0.0, 0.0)


def level_m(frame: KlvFrame) -> float:
    """The ground that is taken: what the recording states of centre or target, else sea level."""
    stated = (frame.centre_elevation_m, frame.target_elevation_m)
    return next((each for each in stated if each is not None), 0.0)


def by_angles(frame: KlvFrame) -> list[LonLat] | None:
    """Of attitude and the sensor's angles; None: something is not said, or a corner looks over the horizon."""
    turns = (
        frame.platform_heading_deg,
        frame.platform_pitch_deg,
        frame.platform_roll_deg,
        frame.relative_azimuth_deg,
        frame.relative_elevation_deg,
        frame.relative_roll_deg or 0.0,
    )
    known = [each for each in turns if each is not None]
    return _corners(frame, _turned(known)) if len(known) == len(turns) else None


def by_centre(frame: KlvFrame) -> list[LonLat] | None:
    """Of the line to the stated centre, the picture's upper edge level; None as above."""
    place = _place(frame)
    if place is None or frame.centre_lon_deg is None or frame.centre_lat_deg is None:
        return None
    lon, lat, height_m = place
    azimuth, _, way_m = GEOD.inv(lon, lat, frame.centre_lon_deg, frame.centre_lat_deg)
    if way_m < 1e-3 * (height_m - level_m(frame)):
        return _corners(frame, _turned((frame.platform_heading_deg or 0.0, -90.0, 0.0)))
    radius = _radius_m(lat, azimuth)
    angle, ground = way_m / radius, radius + level_m(frame)
    below = math.atan2(radius + height_m - ground * math.cos(angle), ground * math.sin(angle))
    return _corners(frame, _turned((azimuth, -math.degrees(below), 0.0)))


def _place(frame: KlvFrame) -> tuple[float, float, float] | None:
    height_m = frame.sensor_altitude_m if frame.sensor_altitude_m is not None else frame.sensor_height_m
    if frame.sensor_lon_deg is None or frame.sensor_lat_deg is None or height_m is None:
        return None
    return frame.sensor_lon_deg, frame.sensor_lat_deg, height_m


def _corners(frame: KlvFrame, turned: _Quaternion) -> list[LonLat] | None:
    place, wide, high = _place(frame), frame.horizontal_fov_deg, frame.vertical_fov_deg
    if place is None or not wide or not high:
        return None
    lon, lat, height_m = place
    found = []
    for right, down in SIGNS:
        sight = (1.0, right * math.tan(math.radians(wide / 2)), down * math.tan(math.radians(high / 2)))
        north, east, below = _applied(turned, sight)
        azimuth = math.degrees(math.atan2(east, north))
        way_m = _way_m(
            _radius_m(lat, azimuth), height_m, level_m(frame), math.atan2(below, math.hypot(north, east))
        )
        if way_m is None:
            return None
        end_lon, end_lat, _ = GEOD.fwd(lon, lat, azimuth, way_m)
        found.append((end_lon, end_lat))
    return found


def _way_m(radius_m: float, height_m: float, ground_m: float, below: float) -> float | None:
    """Along the ground to where a line that leaves at `height_m` so far below the horizontal meets it; None: over the horizon."""
    steep = (radius_m + height_m) / (radius_m + ground_m) * math.cos(below)
    if below <= 0 or not 0 <= steep < 1:
        return None
    return radius_m * (below - math.acos(steep))


def _radius_m(lat_deg: float, azimuth_deg: float) -> float:
    """Of the ellipsoid's normal section (Euler's formula)."""
    flat = 1 - GEOD.es * math.sin(math.radians(lat_deg)) ** 2
    meridian, across = GEOD.a * (1 - GEOD.es) / flat**1.5, GEOD.a / math.sqrt(flat)
    azimuth = math.radians(azimuth_deg)
    return float(1 / (math.cos(azimuth) ** 2 / meridian + math.sin(azimuth) ** 2 / across))


def _turned(degrees: Sequence[float]) -> _Quaternion:
    """Turns about down, right and ahead, one after the other, each about the axis that those before have made."""
    whole = _ITSELF
    for number, each in enumerate(degrees):
        half = math.radians(each) / 2
        axis = 3 - number % 3  # z, y, x
        turn = [math.cos(half), 0.0, 0.0, 0.0]
        turn[axis] = math.sin(half)
        whole = _product(whole, (turn[0], turn[1], turn[2], turn[3]))
    return whole


def _product(a: _Quaternion, b: _Quaternion) -> _Quaternion:
    return (
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    )


def _applied(turn: _Quaternion, vector: tuple[float, float, float]) -> tuple[float, float, float]:
    back = (turn[0], -turn[1], -turn[2], -turn[3])
    _, x, y, z = _product(_product(turn, (0.0, *vector)), back)
    return x, y, z
