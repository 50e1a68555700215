"""What stands beside and under the one-way water circuits of incident airspace: obstacles by name, and rising ground.

A circuit is flown low at both ends, so every obstacle beside it is told, the highest first; ground is told where it
stands higher over the higher end than a circuit climbs. Where no fit terrain is known that is told too: unknown ground is
not low ground. It is looked up as the area is shown, over the terrain and obstacles of that moment. Pure.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from dispatch.obstacle import ObstacleField
from dispatch.terrain import METRES_PER_DEG, Terrain
from dispatch.terrain_path import along
from dispatch.traffic_area_records import Circuit, TrafficArea


class HazardKind(StrEnum):
    """What is told of a circuit."""

    OBSTACLE = "obstacle"
    GROUND = "ground"
    UNKNOWN = "unknown"  # no fit terrain under some of it, or an obstacle without a top


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitLimits:
    """A dated row."""

    half_width_m: float = 200.0  # obstacles so near the way count
    rise_m: float = 60.0  # ground so much over the higher end is told
    most_named: int = 5
    valid_from: date = date(2026, 11, 26)
    source: str = "proposed"


LIMITS = CircuitLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitHazard:
    """One of one circuit. Metres; `top_m` above the sea, `over_ends_m` above the higher of dip and drop zone."""

    circuit: str
    kind: HazardKind
    name: str = ""
    top_m: float | None = None
    over_ends_m: float | None = None
    away_m: float | None = None
    along_m: float | None = None
    unknown_share: float = 0.0


def hazards(
    area: TrafficArea, terrain: Terrain, obstacles: ObstacleField, limits: CircuitLimits = LIMITS
) -> tuple[CircuitHazard, ...]:
    """Of all circuits, in their order."""
    return tuple(found for each in area.circuits for found in _of(each, terrain, obstacles, limits))


def _of(
    circuit: Circuit, terrain: Terrain, obstacles: ObstacleField, limits: CircuitLimits
) -> list[CircuitHazard]:
    loop = (*circuit.loop, circuit.loop[0])
    lon, lat, far = along(loop, (terrain.finest_m or 2 * METRES_PER_DEG / 1200) / 2)
    ends_m = np.nan
    ground = np.full(len(lon), np.nan)
    if terrain.has_fit:
        ground = terrain.highest_m(lon, lat)
        centres = [circuit.dip.centre, circuit.drop.centre]
        ends_m = float(
            terrain.elevation_m(
                np.array([each.lon_deg for each in centres]),
                np.array([each.lat_deg for each in centres]),
                fit=True,
            ).max()
        )
    near, untold = obstacles.near(lon, lat, far, limits.half_width_m)
    found = [
        CircuitHazard(
            circuit=circuit.name,
            kind=HazardKind.OBSTACLE,
            name=one.name or one.id,
            top_m=one.top_m,
            over_ends_m=_or_none(one.top_m - ends_m),
            away_m=one.away_m,
            along_m=one.along_m,
        )
        for one in sorted(near, key=lambda each: (-each.top_m, each.id))[: limits.most_named]
    ]
    known = np.isfinite(ground)
    if known.any():
        at = int(np.nanargmax(ground))
        rise_m = float(ground[at]) - ends_m
        if rise_m > limits.rise_m:
            found.append(
                CircuitHazard(
                    circuit=circuit.name,
                    kind=HazardKind.GROUND,
                    top_m=float(ground[at]),
                    over_ends_m=rise_m,
                    along_m=float(far[at]),
                )
            )
    if not known.all() or untold or not np.isfinite(ends_m):
        share = float((~known).mean())
        found.append(CircuitHazard(circuit=circuit.name, kind=HazardKind.UNKNOWN, unknown_share=share))
    return found


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
