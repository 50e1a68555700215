"""Between which heights a thing flies, above each datum: heights of volumes are compared with these.

A pressure height is off by the day's pressure where no station has told it (qnh.py), one above the ellipsoid by the geoid, and without fit terrain the ground
is anywhere between the Dead Sea and the Himalaya. What is not known makes the span wide, and never the answer «not
there».
"""

import numpy as np

from dispatch.ground_height import ELLIPSOID_M
from dispatch.safety.sky import Sky
from dispatch.sighting import DATUMS, Floats
from dispatch.volume_index import DATUMS as VOLUME_DATUMS

LOWEST_GROUND_M, HIGHEST_GROUND_M = -500.0, 9_000.0
_MSL, _AGL, _PRESSURE, _ELLIPSOID = (VOLUME_DATUMS.index(each) for each in VOLUME_DATUMS)
_PLACE = {place: VOLUME_DATUMS.index(datum) for place, datum in enumerate(DATUMS) if datum is not None}

Spans = tuple[Floats, Floats]


def spans(sky: Sky, altitude_m: Floats, within_m: float, *, ground: bool) -> Spans:
    """float64[datum, place] twice, the lowest and the highest; without an altitude from −∞ to ∞. `within_m`: what a
    pressure height may be off by. `ground`: whether any limit is above ground, so that terrain is worth asking."""
    there = sky.flying
    count = len(there)
    if ground:
        low_ground = high_ground = sky.ground_m
        unknown = np.isnan(low_ground)
        low_ground = np.where(unknown, LOWEST_GROUND_M, low_ground)
        high_ground = np.where(unknown, HIGHEST_GROUND_M, high_ground)
    else:
        low_ground, high_ground = np.full(count, LOWEST_GROUND_M), np.full(count, HIGHEST_GROUND_M)
    low, high = np.full((4, count), -np.inf), np.full((4, count), np.inf)
    for place, datum in _PLACE.items():
        said = np.flatnonzero((there.datum == place) & np.isfinite(altitude_m))
        if not len(said):
            continue
        h = altitude_m[said]
        to_sea_m = sky.to_sea_m[said]
        known = np.isfinite(to_sea_m)
        pressure_m = np.where(known, sky.values.of("pressure", "within_m"), within_m)
        to_sea_m = np.where(known, to_sea_m, 0.0)
        off_m: Floats | float = 0.0
        if datum == _PRESSURE:
            off_m = pressure_m
        elif datum == _ELLIPSOID:
            off_m = ELLIPSOID_M
        sea = h + to_sea_m if datum == _PRESSURE else h
        sea_low, sea_high = sea - off_m, sea + off_m
        if datum == _AGL:
            sea_low, sea_high = h + low_ground[said], h + high_ground[said]
        low[_MSL, said], high[_MSL, said] = sea_low, sea_high
        low[_AGL, said], high[_AGL, said] = sea_low - high_ground[said], sea_high - low_ground[said]
        low[_PRESSURE, said] = sea_low - to_sea_m - pressure_m
        high[_PRESSURE, said] = sea_high - to_sea_m + pressure_m
        low[_ELLIPSOID, said], high[_ELLIPSOID, said] = sea_low - ELLIPSOID_M, sea_high + ELLIPSOID_M
        low[datum, said], high[datum, said] = h, h
    return low, high
