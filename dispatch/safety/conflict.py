"""冲突: two aircraft that will come too near each other, by conflicts.py, with the limits of each one's phase.

A track whose height has jumped is looked at with both heights that are possible: what either of them makes is told,
and flagged. Of a pair of which one height is by pressure and the other above the sea, the latter is taken down to
pressure by the nearest station's QNH (qnh.py). Without one, or above the ellipsoid, they are compared as they stand and
flagged, for a tracker and a transponder must not pass each other unseen.
"""

import numpy as np

from dispatch import conflicts
from dispatch.alerts import AMBER, INFO, RED, Alert
from dispatch.columns import NO_ADDRESS
from dispatch.conflicts import Found, Limit, Limits, Movers
from dispatch.gate import Indices
from dispatch.kinds import AlertKind, AltitudeDatum
from dispatch.motion import DEGREE_M
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.parameters import Phase, Values
from dispatch.safety.sky import Sky
from dispatch.safety.turning import RolledOut, Turning
from dispatch.sighting import DATUMS, Floats

_AGL, _PRESSURE = DATUMS.index(AltitudeDatum.AGL), DATUMS.index(AltitudeDatum.PRESSURE)
_MSL = DATUMS.index(AltitudeDatum.MSL)
_NOMINAL, _GROUND, _SEA = 0, 1, 2  # scales of height
PHASES = (Phase.EN_ROUTE, Phase.WORKING)


class ConflictNet:
    """All pairs."""

    name = "conflict"
    kinds = (AlertKind.CONFLICT,)

    def __init__(self) -> None:
        self.hysteresis = Hysteresis()
        self._turning = Turning()
        self.cut = False  # the last look was too crowded to look at every pair

    def look(self, sky: Sky) -> list[Alert]:
        """Conflicts going on at this look."""
        values = sky.values
        rolled_out = self._turning.look(sky.flying, values)
        found = conflicts.find(_movers(sky, rolled_out), [_limits(values, phase) for phase in PHASES])
        self.cut = found.cut
        return self.hysteresis.step(
            _alerts(sky, found),
            begin_looks=lambda alert: _begin_looks(values, alert),
            end_looks=values.whole("conflict", "end_looks"),
            unheard=sky.unheard,
        )


def _begin_looks(values: Values, alert: Alert) -> int:
    """The nearer in time, the fewer: what is far off can wait until noise would have shown itself."""
    if alert.severity == RED:
        return values.whole("conflict", "begin_looks_red")
    if alert.severity == INFO:
        return values.whole("conflict", "begin_looks_early")
    near = (alert.lead_s or 0.0) <= values.of("conflict", "red_within_s")
    return values.whole("conflict", "begin_looks_near" if near else "begin_looks")


def _limits(values: Values, phase: Phase) -> Limits:
    def of(name: str) -> float:
        return values.of("conflict", name, phase=phase)

    return Limits(
        Limit(AMBER, of("horizontal_m"), of("vertical_m"), of("look_ahead_s")),
        Limit(RED, of("red_horizontal_m"), of("red_vertical_m"), of("red_within_s")),
    )


def _movers(sky: Sky, rolled_out: RolledOut) -> Movers:
    """Places in the columns stand for slots. Those with two heights, and those in a turn, are there twice."""
    there = sky.flying
    phase = np.zeros(len(there), np.int32)
    for place, flight in sky.by_place.items():
        phase[place] = PHASES.index(flight.phase)
    kept = np.flatnonzero(there.airborne & np.isfinite(there.altitude_m)).astype(np.int32)
    altitude_m: Floats = there.altitude_m[kept]
    if sky.other_m is not None:
        twice = np.flatnonzero(there.airborne & np.isfinite(sky.other_m)).astype(np.int32)
        kept = np.concatenate((kept, twice))
        altitude_m = np.concatenate((altitude_m, sky.other_m[twice]))
    lon, lat = there.lon_deg[kept], there.lat_deg[kept]
    east, north = there.east_mps[kept], there.north_mps[kept]
    from_s = np.zeros(len(kept))
    turns = np.isfinite(there.altitude_m[rolled_out.place])
    if turns.any():
        at = rolled_out.place[turns]
        squeeze = np.maximum(0.01, np.cos(np.radians(there.lat_deg[at])))
        kept = np.concatenate((kept, at))
        altitude_m = np.concatenate((altitude_m, there.altitude_m[at]))
        moved_deg = rolled_out.shift_east_m[turns] / (DEGREE_M * squeeze)
        lon = np.concatenate((lon, there.lon_deg[at] + moved_deg))
        lat = np.concatenate((lat, there.lat_deg[at] + rolled_out.shift_north_m[turns] / DEGREE_M))
        east = np.concatenate((east, rolled_out.east_mps[turns]))
        north = np.concatenate((north, rolled_out.north_mps[turns]))
        from_s = np.concatenate((from_s, rolled_out.from_s[turns]))
    altitude_m, scale = _comparable(sky, kept, altitude_m)
    again, pressure_m = _by_pressure(sky, kept, altitude_m, scale)
    kept = np.concatenate((kept, kept[again]))
    return Movers(
        slot=kept,
        lon_deg=np.concatenate((lon, lon[again])),
        lat_deg=np.concatenate((lat, lat[again])),
        altitude_m=np.concatenate((altitude_m, pressure_m)),
        datum=np.concatenate((scale, np.full(len(again), _NOMINAL, np.int32))),
        east_mps=np.concatenate((east, east[again])),
        north_mps=np.concatenate((north, north[again])),
        climb_mps=there.climb_mps[kept],
        from_s=np.concatenate((from_s, from_s[again])) if turns.any() else None,
        held_to=phase[kept] if phase.any() else None,
    )


def _comparable(sky: Sky, places: Indices, altitude_m: Floats) -> tuple[Floats, Indices]:
    """Heights with the scale on which each compares with its like: by pressure, above the sea (the ellipsoid is taken for
    it, and one above known ground), above unknown ground."""
    datum = sky.flying.datum[places]
    agl = datum == _AGL
    if not agl.any():
        return altitude_m, np.where(datum == _PRESSURE, _NOMINAL, _SEA).astype(np.int32)
    ground_m = sky.ground_m[places]
    known = agl & np.isfinite(ground_m)
    scale = np.select((datum == _PRESSURE, agl & ~known), (_NOMINAL, _GROUND), _SEA).astype(np.int32)
    return np.where(known, altitude_m + ground_m, altitude_m), scale


def _by_pressure(sky: Sky, places: Indices, altitude_m: Floats, scale: Indices) -> tuple[Indices, Floats]:
    """Who is above the sea compares with those by pressure too: by the QNH there, or nominally (such pairs are flagged).
    Both scales are kept, so that two by one scale never differ by a QNH: their places here, and those heights."""
    sea = np.flatnonzero(scale == _SEA).astype(np.int32)
    if not len(sea) or not (scale == _NOMINAL).any():
        return np.zeros(0, np.int32), np.zeros(0)
    return sea, altitude_m[sea] - np.nan_to_num(sky.to_sea_m[places[sea]])


def _flags(sky: Sky, a: int, b: int) -> tuple[str, ...]:
    datum = sky.flying.datum
    mixed = datum[a] != datum[b] and not (
        {int(datum[a]), int(datum[b])} == {_PRESSURE, _MSL} and bool(np.isfinite(sky.to_sea_m[[a, b]]).all())
    )
    unsure = ("height_unsure",) if mixed else ()
    return (*unsure, "height_jump") if sky.jumped(a) or sky.jumped(b) else unsure


def _alerts(sky: Sky, found: Found) -> list[Alert]:
    there = sky.flying
    alerts = []
    warned_s = sky.values.of("conflict", "amber_within_s")
    for one in found.conflicts:
        a, b = sorted((one.a, one.b), key=there.id_of)
        if there.address[a] == there.address[b] != NO_ADDRESS:
            continue  # one address twice, perhaps one aircraft: doubts.py tells that
        flight = sky.by_place.get(a) or sky.by_place.get(b)
        alerts.append(
            Alert(
                id=f"conflict:{there.id_of(a)}|{there.id_of(b)}",
                kind=AlertKind.CONFLICT,
                severity=INFO if one.severity == AMBER and one.in_s > warned_s else one.severity,
                began_at_s=sky.now_s,
                figures={
                    "in_s": one.in_s,
                    "nearest_in_s": one.nearest_in_s,
                    "nearest_m": one.nearest_m,
                    "vertical_m": one.vertical_m,
                },
                lead_s=one.in_s,
                tasking_id="" if flight is None else flight.tasking.id,
                flags=_flags(sky, a, b),
                **there.about(a, b),
            )
        )
    return alerts
