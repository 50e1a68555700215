"""偏航/越界/越高: a flight of ours that is not on its way, or not within the block that ATC approved.

    route         over 2 km from the way of its tasking for a minute, on the way out or home
    block         outside the block to the side, block_height: above or below it

Within its block on scene a flight goes where the work is: no route is asked then. A pressure height may be off by some
hundred metres: it counts beyond that, and is flagged.
"""

from itertools import pairwise

import numpy as np

from dispatch.alerts import AMBER, RED, Alert
from dispatch.kinds import AlertKind, AltitudeDatum, TaskingState
from dispatch.motion import DEGREE_M
from dispatch.safety import block
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.sky import Flight, Sky
from dispatch.sighting import DATUMS
from dispatch.terrain_way import way_of

_ON_A_WAY = frozenset({TaskingState.AIRBORNE, TaskingState.RETURNING})


class DeviationNet:
    """Of every flight that is seen."""

    name = "deviation"
    kinds = (AlertKind.DEVIATION,)

    def __init__(self) -> None:
        self.hysteresis = Hysteresis()
        self._since: dict[str, float] = {}  # by alert, since when it has been so

    def look(self, sky: Sky) -> list[Alert]:
        """Deviations that have gone on for long enough."""
        off = []
        for flight in sky.flights:
            if flight.place is not None and sky.flying.age_s[flight.place] < sky.flying.dim_s[flight.place]:
                off += [*_off_route(sky, flight), *_off_block(sky, flight)]
        self._since = {one.id: self._since.get(one.id, sky.now_s) for one in off}
        values = sky.values
        lasting = {
            "route": values.of("deviation", "route_s"),
            "block": values.of("deviation", "block_s"),
            "block_height": values.of("deviation", "block_s"),
        }
        found = [one for one in off if sky.now_s - self._since[one.id] >= lasting[one.code]]
        return self.hysteresis.step(found, begin_looks=1, end_looks=values.whole("deviation", "end_looks"))


def _off_route(sky: Sky, flight: Flight) -> list[Alert]:
    if flight.tasking.state not in _ON_A_WAY or flight.place is None:
        return []
    away_m = _from_way_m(sky, flight, flight.place)
    if away_m <= sky.values.of("deviation", "route_m"):
        return []
    return [_alert(sky, flight, "route", AMBER, {"away_m": away_m})]


def _from_way_m(sky: Sky, flight: Flight, place: int) -> float:
    way = way_of(sky.world, flight.tasking)
    lon, lat = float(sky.flying.lon_deg[place]), float(sky.flying.lat_deg[place])
    squeeze = float(np.cos(np.radians(lat)))
    flat = [
        (((at.lon_deg - lon + 180.0) % 360.0 - 180.0) * DEGREE_M * squeeze, (at.lat_deg - lat) * DEGREE_M)
        for at in way
    ]
    return min((block.to_leg_m((0.0, 0.0), a, b) for a, b in pairwise(flat)), default=0.0)


def _off_block(sky: Sky, flight: Flight) -> list[Alert]:
    request, place = block.held(sky, flight), flight.place
    if request is None or place is None:
        return []
    there, values = sky.flying, sky.values
    lon, lat = float(there.lon_deg[place]), float(there.lat_deg[place])
    heights = [float(there.altitude_m[place])]
    if sky.other_m is not None and sky.jumped(place):
        heights.append(float(sky.other_m[place]))
    said = DATUMS[int(there.datum[place])]
    by_pressure = said is AltitudeDatum.PRESSURE
    slack_m = values.of("deviation", "block_height_m") + (
        values.of("deviation", "pressure_within_m") if by_pressure else 0.0
    )
    found = []
    sides = [
        block.outside(request.airspace, lon, lat, block.height_in(sky, place, request.airspace.datum, height))
        for height in heights
    ]
    if sides[0].beside_m > values.of("deviation", "block_m"):
        found.append(_alert(sky, flight, "block", AMBER, {"away_m": sides[0].beside_m}))
    worst = max(sides, key=lambda one: np.nan_to_num(max(one.above_m, one.below_m)))
    if max(worst.above_m, worst.below_m) > slack_m:
        flags: tuple[str, ...] = ("height_unsure",) if by_pressure else ()
        flags += ("height_jump",) if len(heights) > 1 else ()
        severity = RED if worst.above_m > 2 * slack_m else AMBER
        figures = {"above_m": worst.above_m, "below_m": worst.below_m}
        found.append(_alert(sky, flight, "block_height", severity, figures, flags=flags))
    return found


def _alert(
    sky: Sky,
    flight: Flight,
    code: str,
    severity: int,
    figures: dict[str, float],
    *,
    flags: tuple[str, ...] = (),
) -> Alert:
    tasking = flight.tasking
    return Alert(
        id=f"deviation:{tasking.id}.{code}",
        kind=AlertKind.DEVIATION,
        severity=severity,
        code=code,
        tasking_id=tasking.id,
        incident_id=tasking.incident_id,
        about=tasking.number,
        began_at_s=sky.now_s,
        figures=figures,
        flags=flags,
        lead_s=0.0,
        **({} if flight.place is None else sky.flying.about(flight.place)),
    )
