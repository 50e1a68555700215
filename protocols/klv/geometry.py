"""Lines of sight from the aircraft to the ground: attitudes to a direction, a direction to where it meets the terrain.

Frames: earth-centred (ECEF, WGS-84, metres); north-east-down at the sensor; the platform (nose, right wing, floor); the
sensor (line of sight, right, down). Angles in radians, clockwise as seen along the axis: heading about down, pitch about
the right wing, roll about the nose, and the same three for the sensor in the platform. Light goes straight: refraction
lifts a point ten kilometres away by about a metre.

Heights above mean sea level are put on the ellipsoid as if they were above it, the aircraft's and the ground's alike: both
are off by the same geoid, so the triangle between them is not.
"""

import math
from collections.abc import Callable

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Ground = Callable[[float, float], float]  # lon, lat in degrees -> elevation in metres; NaN unknown

A_M = 6_378_137.0  # WGS-84, NIMA TR8350.2 §3
E2 = 0.00669437999014
REACH_M = 60_000.0  # farther is haze, and a degree of attitude is a kilometre
STEEPEST = (
    1.5  # rise over run that a step towards the ground allows for; steeper and narrower may be stepped over
)
STEP_M, STEP_SHARE = 10.0, 0.004  # the shortest step, and of the way already gone
CLOSE_M = 0.1


def turned(yaw: float, pitch: float, roll: float) -> Matrix:
    """The axes of what is turned so, as columns of a matrix in the frame it is turned in."""
    cy, sy = math.cos(yaw), math.sin(yaw)
    cp, sp = math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    return (
        (cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
        (sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
        (-sp, cp * sr, cp * cr),
    )


def times(a: Matrix, b: Matrix) -> Matrix:
    """The matrix product."""
    columns = of(b, (1.0, 0.0, 0.0)), of(b, (0.0, 1.0, 0.0)), of(b, (0.0, 0.0, 1.0))
    x, y, z = (of(a, column) for column in columns)
    return (x[0], y[0], z[0]), (x[1], y[1], z[1]), (x[2], y[2], z[2])


def of(matrix: Matrix, vector: Vector) -> Vector:
    """The vector in the outer frame."""
    x, y, z = vector
    a, b, c = matrix
    return (
        a[0] * x + a[1] * y + a[2] * z,
        b[0] * x + b[1] * y + b[2] * z,
        c[0] * x + c[1] * y + c[2] * z,
    )


def ecef(lon_deg: float, lat_deg: float, height_m: float) -> Vector:
    """Earth-centred place."""
    lon, lat = math.radians(lon_deg), math.radians(lat_deg)
    n = A_M / math.sqrt(1 - E2 * math.sin(lat) ** 2)
    across = (n + height_m) * math.cos(lat)
    return across * math.cos(lon), across * math.sin(lon), (n * (1 - E2) + height_m) * math.sin(lat)


def geodetic(place: Vector) -> Vector:
    """Longitude, latitude in degrees and height of an earth-centred place within some hundred kilometres of the ellipsoid.

    Bowring's formula, applied twice: under a millimetre there.
    """
    x, y, z = place
    p = math.hypot(x, y)
    b = A_M * math.sqrt(1 - E2)
    second = E2 / (1 - E2)
    beta = math.atan2(z * A_M, p * b)
    lat = 0.0
    for _ in range(2):
        lat = math.atan2(z + second * b * math.sin(beta) ** 3, p - E2 * A_M * math.cos(beta) ** 3)
        beta = math.atan2(b / A_M * math.sin(lat), math.cos(lat))
    sin, cos = math.sin(lat), math.cos(lat)
    height = p * cos + z * sin - A_M * math.sqrt(1 - E2 * sin * sin)
    return math.degrees(math.atan2(y, x)), math.degrees(lat), height


def down_axes(lon_deg: float, lat_deg: float) -> Matrix:
    """North, east and down there, as columns in the earth-centred frame."""
    lon, lat = math.radians(lon_deg), math.radians(lat_deg)
    return (
        (-math.sin(lat) * math.cos(lon), -math.sin(lon), -math.cos(lat) * math.cos(lon)),
        (-math.sin(lat) * math.sin(lon), math.cos(lon), -math.cos(lat) * math.sin(lon)),
        (math.cos(lat), 0.0, -math.sin(lat)),
    )


def along(place: Vector, direction: Vector, way_m: float) -> Vector:
    """So far from `place`."""
    return (
        place[0] + direction[0] * way_m,
        place[1] + direction[1] * way_m,
        place[2] + direction[2] * way_m,
    )


def dot(a: Vector, b: Vector) -> float:
    """The scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """The vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def unit(vector: Vector) -> Vector:
    """Of length 1."""
    long = math.sqrt(sum(part * part for part in vector))
    return vector[0] / long, vector[1] / long, vector[2] / long


def meets(start: Vector, direction: Vector, ground: Ground) -> Vector | None:
    """Longitude, latitude and elevation where the line first comes down to the ground; None: not within REACH_M.

    The step is as long as the height above ground allows for ground that rises by STEEPEST, so that nothing less steep is
    stepped over; it is no shorter than STEP_M and STEP_SHARE of the way, which bounds the number of steps. None as
    well where `ground` does not know. From below the ground nothing is met.
    """
    way, before = 0.0, 0.0
    while way <= REACH_M:
        lon, lat, height = geodetic(along(start, direction, way))
        above = height - ground(lon, lat)
        if math.isnan(above):
            return None
        if above <= 0:
            return None if way == 0 else _between(start, direction, ground, (before, way))
        before = way
        way += max(STEP_M, STEP_SHARE * way, above / (1 + STEEPEST))
    return None


def _between(start: Vector, direction: Vector, ground: Ground, ways: tuple[float, float]) -> Vector | None:
    """Where it is within CLOSE_M of the ground, by halving; the first way is above it and the second is not."""
    near, far = ways
    while far - near > CLOSE_M:
        middle = (near + far) / 2
        lon, lat, height = geodetic(along(start, direction, middle))
        above = height - ground(lon, lat)
        if math.isnan(above):
            return None
        near, far = (middle, far) if above > 0 else (near, middle)
    lon, lat, _ = geodetic(along(start, direction, far))
    return lon, lat, ground(lon, lat)
