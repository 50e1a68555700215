"""Closed airspace as the planner sees it: `no_fly` volumes of format 1.1, and ways round them for what is under way.

Pure. The format's volumes are closed at any height, so a closure that begins above where rescue aircraft fly is left
out (closure.is_low), and one that could be flown over counts all the same: the cautious reading. Places inside are
shut by shut.py from the same volumes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from dispatch.closure import corners, is_low, is_over
from dispatch.closure_reach import highest_ground_m
from dispatch.geo import Position
from dispatch.records import Closure, Reason
from dispatch.world import World
from optimizer.around import Airspace, Detours
from optimizer.crossing import crossed, way_m
from optimizer.problem import NoFly
from optimizer.situation_times import HORIZON, time_text
from optimizer.travel import haversine_m

VERSION = "1.1"  # of the interchange format, from which on it has closed airspace

Point = tuple[float, float]  # lon, lat, degrees


def standing_closures(world: World, now: datetime) -> tuple[Closure, ...]:
    """Those of ours that shut airspace to a plan made now, by id."""
    highest_m = highest_ground_m(world)
    found = (
        closure
        for closure in world.closures.values()
        if closure.site == world.site
        and not is_over(closure, now)
        and closure.active_from < now + HORIZON
        and is_low(closure, highest_m)
    )
    return tuple(sorted(found, key=lambda closure: closure.id))


def no_fly(closures: Sequence[Closure]) -> list[dict[str, Any]]:
    """The scenario's volumes."""
    return [
        {
            "id": closure.id,
            "name": closure.name,
            "polygon": [list(corner) for corner in corners(closure.outline)],
            "from": time_text(closure.active_from),
            "until": time_text(closure.active_until),
            "reason": closure.reason,
        }
        for closure in closures
    ]


def closed_reasons(closures: Sequence[Closure]) -> tuple[Reason, ...]:
    """What the plan flies round: of no aircraft and no incident; `text` is the closure's name."""
    return tuple(
        Reason(incident_id="", aircraft_id="", chosen=False, code="CLOSED_AIRSPACE", text=closure.name)
        for closure in closures
    )


class Lanes:
    """Ways from one place to another that keep clear of what is closed then. Times are aware UTC."""

    def __init__(self, closures: Sequence[Closure], now: datetime) -> None:
        self._now = now
        self._volumes = tuple(
            NoFly(
                id=closure.id,
                polygon=corners(closure.outline),
                from_s=(closure.active_from - now).total_seconds(),
                until_s=(closure.active_until - now).total_seconds(),
            )
            for closure in closures
        )

    def way(self, here: Position, there: Position, start: datetime, speed_mps: float) -> tuple[Point, ...]:
        """Points to turn at; none where the straight way is free, or where there is no way round."""
        ends = ((here.lon_deg, here.lat_deg), (there.lon_deg, there.lat_deg))
        start_s = (start - self._now).total_seconds()
        if not self._volumes or not crossed(self._volumes, ends, start_s, start_s + way_m(ends) / speed_mps):
            return ()
        lon, lat = np.array([ends[0][0], ends[1][0]]), np.array([ends[0][1], ends[1][1]])
        space = Airspace(self._volumes, lon, lat)
        turns = np.array([space.degrees(n) for n in range(len(space.corners))]).reshape(-1, 2)
        detours = Detours(
            space,
            haversine_m(lon, lat, lon, lat),
            haversine_m(lon, lat, turns[:, 0], turns[:, 1]),
            haversine_m(turns[:, 0], turns[:, 1], turns[:, 0], turns[:, 1]),
        )
        return detours.via(0, 1)
