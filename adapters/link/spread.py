"""How far a fire may reach in the hours ahead, and which airspace lies round an incident: for what partners are told."""

import math

import shapely

from dispatch import fire
from dispatch.geo import Position, distance_m
from dispatch.kinds import FIRES
from dispatch.records import Incident
from dispatch.sharing import MOST_VOLUMES, tellable
from dispatch.volume_records import Footprint, Volume
from dispatch.volume_shape import polygons
from dispatch.world import World
from optimizer.fire_growth import Ground, advance
from optimizer.fuels import Fuel

AHEAD_S = 6 * 3600.0  # proposed: cross-border plans start early (DOMAIN §5)
FARTHEST_M = 20_000.0  # a model's head run is not trusted beyond
VOLUME_REACH_M = 10_000.0  # airspace this near to a joint incident concerns whoever flies there
_ROUGH_DEG = 1.0


def spread_m(incident: Incident) -> float:
    """Metres from its place that a fire may reach in AHEAD_S at its head's rate; 0 for anything else."""
    if incident.kind not in FIRES:
        return 0.0
    said = fire.said(incident)
    how = advance(
        Ground(
            fuel=None if said.fuel is None else Fuel[said.fuel.name],
            wind_mps=said.wind_mps,
            slope_deg=said.slope_deg,
        )
    )
    radius_m = math.sqrt((said.area_m2 or 0.0) / math.pi)
    return min(radius_m + how.head_mps * AHEAD_S, FARTHEST_M)


def volumes_near(world: World, place: Position) -> tuple[Volume, ...]:
    """Volumes that may be told and lie within VOLUME_REACH_M of a place, by id."""
    reach_deg = VOLUME_REACH_M / 111_000
    here = shapely.Point(place.lon_deg, place.lat_deg).buffer(reach_deg * 1.1, quad_segs=8)
    found = (
        each
        for each in world.volumes.values()
        if tellable(world, each)
        and _roughly_near(each.terms.footprint, place)
        and any(part.intersects(here) for part in polygons(each.terms.footprint))
    )
    return tuple(sorted(found, key=lambda each: each.id))[:MOST_VOLUMES]


def _roughly_near(footprint: Footprint, place: Position) -> bool:
    if footprint.centre is not None:
        return distance_m(footprint.centre, place) <= footprint.radius_m + 2 * VOLUME_REACH_M
    corners = footprint.ring or footprint.line
    lons = [each.lon_deg for each in corners]
    lats = [each.lat_deg for each in corners]
    return (
        bool(corners)
        and min(lons) - _ROUGH_DEG <= place.lon_deg <= max(lons) + _ROUGH_DEG
        and min(lats) - _ROUGH_DEG <= place.lat_deg <= max(lats) + _ROUGH_DEG
    )
