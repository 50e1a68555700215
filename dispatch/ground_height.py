"""Height above ground of what flies (离地高度), and how sure it is. Pure.

A height above mean sea level is taken as it is, one above the ground as well. A pressure altitude is off by the day's
pressure and a height above the ellipsoid by the geoid: both are given with the margin that this makes, never hidden.
Only fit terrain counts; without it there is no height and the reason is said.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dispatch.kinds import AltitudeDatum
from dispatch.terrain import Floats, Terrain

# Proposed, as of 2026-11-26; what a height may be off by, metres.
TERRAIN_M = 16.0  # SRTM's absolute height error, 90 % of points
MSL_M = 25.0  # a receiver's geometric height
AGL_M = 15.0
PRESSURE_M = 270.0  # without the local pressure: 30 hPa from 1013.25 at some 8.4 m each, and cold or hot air
ELLIPSOID_M = 60.0  # the geoid over China lies within this of WGS-84


class NoHeight(StrEnum):
    """Why there is no height above ground."""

    NO_POSITION = "no_position"
    NO_ALTITUDE = "no_altitude"
    NO_TERRAIN = "no_terrain"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightAboveGround:
    """Of one thing. Either `height_m` with `within_m` and `by`, or the reason why not."""

    height_m: float | None = None
    within_m: float | None = None  # it may be off by this much
    by: AltitudeDatum | None = None  # which altitude it is made of
    ground_m: float | None = None
    reason: NoHeight | None = None


_OFF_M = {
    AltitudeDatum.MSL: MSL_M,
    AltitudeDatum.AGL: AGL_M,
    AltitudeDatum.PRESSURE: PRESSURE_M,
    AltitudeDatum.ELLIPSOID: ELLIPSOID_M,
}


def above_ground(
    terrain: Terrain,
    lon_deg: float | None,
    lat_deg: float | None,
    altitude_m: float | None,
    datum: AltitudeDatum | None,
) -> HeightAboveGround:
    """Of one thing; a few tens of microseconds."""
    if lon_deg is None or lat_deg is None:
        return HeightAboveGround(reason=NoHeight.NO_POSITION)
    ground = float(terrain.elevation_m(np.array([lon_deg]), np.array([lat_deg]), fit=True)[0])
    ground_m = None if np.isnan(ground) else ground
    return above(ground_m, altitude_m, datum)


def above(ground_m: float | None, altitude_m: float | None, datum: AltitudeDatum | None) -> HeightAboveGround:
    """The same where the ground is known already; None: it is not."""
    if altitude_m is None or datum is None:
        return HeightAboveGround(reason=NoHeight.NO_ALTITUDE, ground_m=ground_m)
    off_m = _OFF_M[datum]
    if datum is AltitudeDatum.AGL:  # measured above the ground by the aircraft itself
        return HeightAboveGround(height_m=altitude_m, within_m=off_m, by=datum, ground_m=ground_m)
    if ground_m is None:
        return HeightAboveGround(reason=NoHeight.NO_TERRAIN)
    off_m = float(np.hypot(off_m, TERRAIN_M))
    return HeightAboveGround(height_m=altitude_m - ground_m, within_m=off_m, by=datum, ground_m=ground_m)


def grounds(terrain: Terrain, lon_deg: Floats, lat_deg: Floats) -> Floats:
    """float64[thing]: the ground below many, of fit tiles; NaN: unknown."""
    return terrain.elevation_m(lon_deg, lat_deg, fit=True)
