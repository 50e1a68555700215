"""The way that a tasking is to fly, and the ground that a block asked of ATC covers. Pure."""

import numpy as np
import shapely

from dispatch.geo import Position
from dispatch.records import Airspace, Tasking
from dispatch.terrain import METRES_PER_DEG
from dispatch.world import World


def way_of(world: World, tasking: Tasking) -> tuple[Position, ...]:
    """Base, turns, water, scene, hospital, turns, base; a flight that goes elsewhere ends there. Unknown stops are
    left out."""
    base, water = world.bases.get(tasking.base_id), world.water_points.get(tasking.water_point_id)
    hospital = world.hospitals.get(tasking.hospital_id)
    aircraft = world.aircraft.get(tasking.aircraft_id)
    start = world.bases.get(aircraft.at_base_id or aircraft.home_base_id) if aircraft else None
    out = [(start or base), *tasking.out_turns, water, tasking.incident_position]
    if tasking.elsewhere is not None:
        back: list[object] = [tasking.elsewhere.position]
    else:
        back = [hospital, *tasking.back_turns, base]
    places = (one if isinstance(one, Position) else getattr(one, "position", None) for one in (*out, *back))
    return tuple(one for one in places if one is not None)


def ring_of(block: Airspace) -> tuple[Position, ...]:
    """The outline of a block: its circle and the corridors to it, as one closed ring. What two corridors go round lies
    within the ring: where ground is looked at it is looked at too, rather than left out."""
    return outlines_of(block)[0]


def outlines_of(block: Airspace) -> tuple[tuple[Position, ...], ...]:
    """Exactly what a block holds: its outline, then the holes that its corridors go round, each a closed ring."""
    squeeze = float(np.cos(np.radians(block.centre.lat_deg)))
    centre = shapely.Point(block.centre.lon_deg * squeeze, block.centre.lat_deg)
    half_width = block.corridor_half_width_m / METRES_PER_DEG
    ways = (corridor_of(block), (block.centre, *block.back_turns, block.corridor_from))
    corridors = [
        shapely.LineString([(at.lon_deg * squeeze, at.lat_deg) for at in way]).buffer(half_width)
        for way in ways
    ]
    whole = shapely.union_all([centre.buffer(block.radius_m / METRES_PER_DEG), *corridors])
    holes = [shapely.get_interior_ring(whole, n) for n in range(shapely.get_num_interior_rings(whole))]
    return tuple(
        tuple(
            Position(lon_deg=float(x / squeeze), lat_deg=float(y))
            for x, y in shapely.get_coordinates(line).tolist()
        )
        for line in (shapely.get_exterior_ring(whole), *holes)
    )


def corridor_of(block: Airspace) -> tuple[Position, ...]:
    """The way out that is asked of ATC: from the base over its turns to the middle of the circle."""
    return (block.corridor_from, *block.out_turns, block.centre)
