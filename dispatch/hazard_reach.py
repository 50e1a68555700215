"""What lies inside hazards: places of no use while they are valid, and the side from which a plume is approached. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import shapely

from dispatch.geo import Position, distance_m
from dispatch.hazard import is_valid
from dispatch.hazard_records import Hazard
from dispatch.weather_kinds import HazardKind
from dispatch.world import World

TABLES = ("bases", "water_points", "landing_sites", "hospitals")
NEAR_M = 30_000.0  # proposed: a plume farther from the scene is nobody's concern there


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A place inside a hazard."""

    table: str
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """Come from up-wind of a plume. `from_deg`: the side, degrees true, from which the wind blows."""

    hazard_id: str
    name: str
    source: str
    from_deg: float
    wind_mps: float | None
    distance_m: float


def valid(world: World, now: datetime, *, keep_out: bool = True) -> tuple[Hazard, ...]:
    """Ours that lie there now, by id; those that keep out, or all."""
    found = (
        each
        for each in world.hazards.values()
        if each.site == world.site and is_valid(each, now) and (each.terms.keep_out or not keep_out)
    )
    return tuple(sorted(found, key=lambda each: each.id))


def holds(hazard: Hazard, place: Position) -> bool:
    """Whether a place is inside, its edge included."""
    return any(
        bool(shapely.intersects_xy(_shape(ring.corners), place.lon_deg, place.lat_deg))
        for ring in hazard.terms.rings
    )


def _shape(corners: tuple[Position, ...]) -> shapely.Polygon:
    return shapely.Polygon([(each.lon_deg, each.lat_deg) for each in corners])


def hazard_at(world: World, place: Position, now: datetime) -> Hazard | None:
    """The first keep-out hazard over a place now."""
    return next((each for each in valid(world, now) if holds(each, place)), None)


def inside(world: World, hazard: Hazard) -> Iterator[Inside]:
    """Our places in it, and open incidents."""
    for table in TABLES:
        for one in getattr(world, table).values():
            if one.site == world.site and holds(hazard, one.position):
                yield Inside(table=table, id=one.id, name=one.name)
    for incident in world.incidents.values():
        if incident.state in ("reported", "confirmed", "responding") and holds(hazard, incident.position):
            yield Inside(table="incidents", id=incident.id, name=incident.title)


def approach(world: World, place: Position, now: datetime) -> tuple[Approach, ...]:
    """For each plume near a place whose wind is known: from where to come."""
    found = []
    for each in valid(world, now, keep_out=False):
        terms = each.terms
        if terms.kind is not HazardKind.PLUME or terms.wind_from_deg is None:
            continue
        away_m = (
            0.0
            if holds(each, place)
            else min(distance_m(place, corner) for ring in terms.rings for corner in ring.corners)
        )
        if away_m <= NEAR_M:
            found.append(
                Approach(
                    hazard_id=each.id,
                    name=terms.name,
                    source=terms.source,
                    from_deg=terms.wind_from_deg,
                    wind_mps=terms.wind_mps,
                    distance_m=round(away_m),
                )
            )
    return tuple(found)


def centre(hazard_rings: tuple[tuple[Position, ...], ...]) -> Position:
    """The middle of the first ring, for the weather there."""
    point = _shape(hazard_rings[0]).representative_point()
    return Position(lon_deg=point.x, lat_deg=point.y)
