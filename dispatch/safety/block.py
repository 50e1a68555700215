"""Blocks of airspace as the nets ask of them: how far outside one a place is, and who holds leave to be where."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dispatch.airspace_state import GRANTED, in_force
from dispatch.kinds import AirspaceState, AltitudeDatum
from dispatch.motion import DEGREE_M
from dispatch.records import Airspace, AirspaceRequest
from dispatch.safety.sky import Flight, Sky
from dispatch.sighting import DATUMS

HELD = GRANTED | {AirspaceState.NONCONFORMING}  # approved, whether or not it is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Metres beyond a block's edge, its ceiling and below its floor; 0: within. Heights NaN: not known."""

    beside_m: float
    above_m: float
    below_m: float


def held(sky: Sky, flight: Flight) -> AirspaceRequest | None:
    """What a flight may fly by now: approved by ATC and in time. None: nothing."""
    request = in_force(sky.world, flight.tasking)
    if request is None or request.state not in HELD:
        return None
    block = request.airspace
    return request if block.active_from <= sky.now <= block.active_until else None


def outside(block: Airspace, lon_deg: float, lat_deg: float, height_m: float) -> Outside:
    """Of one place; `height_m` above the block's datum. In the corridors alone the heights of transit hold."""
    squeeze = float(np.cos(np.radians(block.centre.lat_deg)))

    def flat(lon: float, lat: float) -> tuple[float, float]:
        east = (lon - block.centre.lon_deg + 180.0) % 360.0 - 180.0
        return east * DEGREE_M * squeeze, (lat - block.centre.lat_deg) * DEGREE_M

    at = flat(lon_deg, lat_deg)
    from_circle_m = float(np.hypot(*at)) - block.radius_m
    home = flat(block.corridor_from.lon_deg, block.corridor_from.lat_deg)
    ways = [
        [home, *(flat(turn.lon_deg, turn.lat_deg) for turn in block.out_turns), (0.0, 0.0)],
        [(0.0, 0.0), *(flat(turn.lon_deg, turn.lat_deg) for turn in block.back_turns), home],
    ]
    from_way_m = min(to_leg_m(at, a, b) for way in ways for a, b in pairwise(way))
    floor_m, ceiling_m = block.floor_m, block.ceiling_m
    if from_circle_m > 0:
        floor_m = floor_m if block.transit_floor_m is None else block.transit_floor_m
        ceiling_m = ceiling_m if block.transit_ceiling_m is None else block.transit_ceiling_m
    return Outside(
        beside_m=max(0.0, min(from_circle_m, from_way_m - block.corridor_half_width_m)),
        above_m=max(0.0, height_m - ceiling_m),
        below_m=max(0.0, floor_m - height_m),
    )


def to_leg_m(at: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    """From a place to a straight leg, on a plane in metres."""
    along = (b[0] - a[0], b[1] - a[1])
    length2 = along[0] ** 2 + along[1] ** 2
    share = 0.0
    if length2 > 0:
        share = min(1.0, max(0.0, ((at[0] - a[0]) * along[0] + (at[1] - a[1]) * along[1]) / length2))
    return float(np.hypot(at[0] - a[0] - share * along[0], at[1] - a[1] - share * along[1]))


def height_in(sky: Sky, place: int, datum: AltitudeDatum, altitude_m: float) -> float:
    """A height above another datum, nominally: pressure without a QNH and the ellipsoid are taken for the sea. NaN: not
    known."""
    said = DATUMS[int(sky.flying.datum[place])]
    to_sea_m = float(np.nan_to_num(sky.to_sea_m[place]))
    if said is AltitudeDatum.PRESSURE and datum is not AltitudeDatum.PRESSURE:
        altitude_m += to_sea_m
    if datum is AltitudeDatum.PRESSURE and said is not AltitudeDatum.PRESSURE:
        altitude_m -= to_sea_m
    if said is datum or (said is not AltitudeDatum.AGL and datum is not AltitudeDatum.AGL):
        return altitude_m
    ground_m = float(sky.ground_m[place])
    return altitude_m + ground_m if said is AltitudeDatum.AGL else altitude_m - ground_m
