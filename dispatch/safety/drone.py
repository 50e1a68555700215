"""无人机闯入: a drone inside the ring of an incident or in closed airspace, without an approval: cried out at the first look.

Approved is who flies a tasking of ours within the block that ATC has approved. The ring is that of the
incident's airspace (traffic_area.py), else the working area of its run card, else 5 NM (DOMAIN §3). Record: time, place,
height, direction; tell control aircraft, pilots, ATC.
"""

import numpy as np
import shapely

from dispatch import closure as closures
from dispatch.alerts import RED, Alert
from dispatch.kinds import AlertKind, IncidentState
from dispatch.motion import span_m
from dispatch.records import Closure, Incident
from dispatch.safety import block
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.sky import Sky
from dispatch.traffic_area_watch import standing_area

_ONGOING = frozenset({IncidentState.CONFIRMED, IncidentState.RESPONDING, IncidentState.CONTAINED})


class DroneNet:
    """All drones of the picture against all incidents and closures of ours."""

    name = "drone"
    kinds = (AlertKind.DRONE,)

    def __init__(self) -> None:
        self.hysteresis = Hysteresis()
        self._shapes: dict[str, tuple[Closure, shapely.Polygon]] = {}

    def look(self, sky: Sky) -> list[Alert]:
        """Intrusions."""
        there = sky.flying
        drones = np.flatnonzero(there.uav & there.airborne).tolist()
        found: list[Alert] = []
        if drones:
            incidents = [
                one for one in sky.world.incidents.values() if one.state in _ONGOING and not one.merged_into
            ]
            shut = self._standing(sky)
            for place in drones:
                if not _approved(sky, place):
                    found += [each for one in incidents if (each := _in_ring(sky, place, one))]
                    found += [each for one, shape in shut if (each := _in_closure(sky, place, one, shape))]
        return self.hysteresis.step(
            found, begin_looks=1, end_looks=sky.values.whole("drone", "end_looks"), unheard=sky.unheard
        )

    def _standing(self, sky: Sky) -> list[tuple[Closure, shapely.Polygon]]:
        standing = [one for one in sky.world.closures.values() if closures.is_active(one, sky.now)]
        kept = {}
        for one in standing:
            known = self._shapes.get(one.id)
            same = known is not None and known[0] is one
            kept[one.id] = known if same and known else (one, shapely.Polygon(closures.corners(one.outline)))
        self._shapes = kept
        return list(kept.values())


def _approved(sky: Sky, place: int) -> bool:
    flight = sky.by_place.get(place)
    request = None if flight is None else block.held(sky, flight)
    if request is None:
        return False
    there = sky.flying
    height_m = block.height_in(sky, place, request.airspace.datum, float(there.altitude_m[place]))
    out = block.outside(request.airspace, float(there.lon_deg[place]), float(there.lat_deg[place]), height_m)
    return out.beside_m <= 0 and not out.above_m > 0


def _in_ring(sky: Sky, place: int, incident: Incident) -> Alert | None:
    there, at = sky.flying, incident.position
    area = standing_area(sky.world, incident.id)
    ring_m = sky.values.of("drone", "ring_m") if incident.run_card is None else incident.run_card.radius_m
    if area is not None:
        at, ring_m = area.centre, area.working_m
    away_m = span_m(float(there.lon_deg[place]), float(there.lat_deg[place]), at.lon_deg, at.lat_deg)
    if away_m > ring_m:
        return None
    return _alert(sky, place, "ring", incident.title, {"away_m": away_m}, incident_id=incident.id)


def _in_closure(sky: Sky, place: int, closure: Closure, shape: shapely.Polygon) -> Alert | None:
    there = sky.flying
    if not shapely.contains_xy(shape, float(there.lon_deg[place]), float(there.lat_deg[place])):
        return None
    height_m = block.height_in(sky, place, closure.datum, float(there.altitude_m[place]))
    if height_m > closure.ceiling_m or height_m < closure.floor_m:  # one that is not known counts as met
        return None
    flags = () if np.isfinite(height_m) else ("height_unsure",)
    return _alert(sky, place, "closure", closure.name, {}, flags=flags, closure_id=closure.id)


def _alert(
    sky: Sky,
    place: int,
    code: str,
    about: str,
    figures: dict[str, float],
    *,
    flags: tuple[str, ...] = (),
    incident_id: str = "",
    closure_id: str = "",
) -> Alert:
    there = sky.flying
    course = float(np.degrees(np.arctan2(there.east_mps[place], there.north_mps[place]))) % 360.0
    told = {
        "altitude_m": float(there.altitude_m[place]),
        "track_deg": course,
        "ground_speed_mps": float(np.hypot(there.east_mps[place], there.north_mps[place])),
        "lon_deg": float(there.lon_deg[place]),
        "lat_deg": float(there.lat_deg[place]),
    }
    return Alert(
        id=f"drone:{there.id_of(place)}|{incident_id or closure_id}",
        kind=AlertKind.DRONE,
        severity=RED,
        code=code,
        about=about,
        began_at_s=sky.now_s,
        figures=figures | {name: value for name, value in told.items() if np.isfinite(value)},
        flags=flags,
        incident_id=incident_id,
        closure_id=closure_id,
        lead_s=0.0,
        **there.about(place),
    )
