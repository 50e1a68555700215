"""The line of sight of one frame: where the camera stands, its axes, and how wide it sees. Two ways to know it.

By the angles: the platform's heading, pitch and roll, then the sensor's azimuth, elevation and roll in the platform (MISB
ST 0601 §8.18 to 8.20). By the centre: from the sensor to the stated centre of the picture, its upper edge level, as a
stabilised camera holds it; where it looks straight down the top of the picture is taken to be the platform's heading.

The angles are taken unless they are missing or contradict the stated centre by more than DISAGREE_DEG: encoders are known
that send the azimuth from north, or an elevation of another scale. A picture without distortion is assumed.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from protocols.klv import geometry
from protocols.klv.frame import KlvFrame
from protocols.klv.geometry import Ground, Matrix, Vector

DISAGREE_DEG = 5.0  # proposed, as of 2026-11-27: attitudes of small gimbals are off by a degree or two
_WIDEST_DEG = 170.0  # a wider lens does not project so
_STRAIGHT_DOWN = 1e-3  # sine of the angle from the vertical


class NoCorners(StrEnum):
    """Why a frame has no corners."""

    POSITION = "no_position"
    ALTITUDE = "no_altitude"
    ANGLES = "no_angles"  # of view, or both the attitude and the centre
    GROUND = "no_ground"  # neither terrain nor an elevation of the centre or target
    BELOW_GROUND = "below_ground"  # the sensor, by its own altitude
    SKY = "sky"  # even the lower edge looks over the horizon, or too far


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The sensor's place (ECEF metres), its axes there (ahead, right, down), half the picture's width and height as tangents."""

    place: Vector
    axes: Matrix
    right: float
    down: float

    def ray(self, right: float, down: float) -> Vector:
        """Through a point of the picture, in halves of it from the middle; a unit vector."""
        return geometry.unit(geometry.of(self.axes, (1.0, right * self.right, down * self.down)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """`sight`, or the `reason` why not. `off_deg` between the two ways, where both are known."""

    sight: Sight | None = None
    by_centre: bool = False
    reason: NoCorners | None = None
    off_deg: float | None = None


def of(frame: KlvFrame, ground: Ground) -> Looks:
    """How the frame looks. `ground` gives the centre's elevation where the frame does not."""
    lon, lat = frame.sensor_lon_deg, frame.sensor_lat_deg
    if lon is None or lat is None:
        return Looks(reason=NoCorners.POSITION)
    altitude_m = frame.sensor_altitude_m if frame.sensor_altitude_m is not None else frame.sensor_height_m
    if altitude_m is None:
        return Looks(reason=NoCorners.ALTITUDE)
    place, level = geometry.ecef(lon, lat, altitude_m), geometry.down_axes(lon, lat)
    angles, to_centre = _by_angles(frame), _to_centre(frame, ground, place)
    off_deg = None
    axes = None if angles is None else geometry.times(level, angles)
    if axes is not None and to_centre is not None:
        ahead = geometry.of(axes, (1.0, 0.0, 0.0))
        off_deg = math.degrees(math.acos(max(-1.0, min(1.0, geometry.dot(ahead, to_centre)))))
    by_centre = to_centre is not None and (off_deg is None or off_deg > DISAGREE_DEG)
    if by_centre and to_centre is not None:
        axes = _levelled(to_centre, level, frame.platform_heading_deg or 0.0)
    wide, high = frame.horizontal_fov_deg, frame.vertical_fov_deg
    if (
        axes is None
        or wide is None
        or high is None
        or not (0 < wide <= _WIDEST_DEG and 0 < high <= _WIDEST_DEG)
    ):
        return Looks(reason=NoCorners.ANGLES, off_deg=off_deg)
    seen = Sight(
        place=place,
        axes=axes,
        right=math.tan(math.radians(wide) / 2),
        down=math.tan(math.radians(high) / 2),
    )
    return Looks(sight=seen, by_centre=by_centre, off_deg=off_deg)


def _by_angles(frame: KlvFrame) -> Matrix | None:
    """The sensor's axes in north-east-down. A roll of the sensor that is not said is none."""
    heading, pitch, roll = frame.platform_heading_deg, frame.platform_pitch_deg, frame.platform_roll_deg
    azimuth, up = frame.relative_azimuth_deg, frame.relative_elevation_deg
    if heading is None or pitch is None or roll is None or azimuth is None or up is None:
        return None
    platform = geometry.turned(*map(math.radians, (heading, pitch, roll)))
    camera = geometry.turned(*map(math.radians, (azimuth, up, frame.relative_roll_deg or 0.0)))
    return geometry.times(platform, camera)


def _to_centre(frame: KlvFrame, ground: Ground, place: Vector) -> Vector | None:
    """The direction to the stated centre; None: not said, or farther away than anything is drawn."""
    lon, lat = frame.centre_lon_deg, frame.centre_lat_deg
    if lon is None or lat is None:
        return None
    elevation_m = frame.centre_elevation_m if frame.centre_elevation_m is not None else ground(lon, lat)
    if math.isnan(elevation_m):
        return None
    there = geometry.ecef(lon, lat, elevation_m)
    way = (there[0] - place[0], there[1] - place[1], there[2] - place[2])
    return geometry.unit(way) if 0 < math.hypot(*way) <= geometry.REACH_M else None


def _levelled(ahead: Vector, level: Matrix, heading_deg: float) -> Matrix:
    """Axes that look ahead with the picture's upper edge level; all in the earth-centred frame."""
    down = geometry.of(level, (0.0, 0.0, 1.0))
    right = geometry.cross(down, ahead)
    if math.hypot(*right) < _STRAIGHT_DOWN:
        heading = math.radians(heading_deg)
        right = geometry.of(level, (-math.sin(heading), math.cos(heading), 0.0))
    right = geometry.unit(right)
    below = geometry.cross(ahead, right)
    return (
        (ahead[0], right[0], below[0]),
        (ahead[1], right[1], below[1]),
        (ahead[2], right[2], below[2]),
    )
