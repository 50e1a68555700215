"""Which taskings a closure reaches: those whose way still to be flown passes it while it is closed. Pure.

Ways are the tasking's own (base, water, scene, base, with the turns of its plan) and so are its times; a captain may
already be flying another way. It tells people, and turns nobody back: only the crew and the desk do that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch import closure as closures
from dispatch.geo import Position
from dispatch.kinds import TaskingState
from dispatch.records import Assignment, Closure, Tasking
from dispatch.world import IN_THE_AIR, ONGOING, World

LEAST_AHEAD = timedelta(minutes=10)  # proposed: an overdue sortie still has at least this much to fly


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A tasking that a closure lies in the way of. `places`: the ends inside it (base, water_point, incident)."""

    closure_id: str
    tasking_id: str
    number: str
    aircraft_id: str
    incident_id: str
    in_the_air: bool
    places: tuple[str, ...]


def reached(world: World, now: datetime) -> tuple[Reached, ...]:
    """All of ours, by closure and number. High closures reach nobody."""
    highest_m = highest_ground_m(world)
    standing = [
        closure
        for closure in world.closures.values()
        if closure.site == world.site
        and not closures.is_over(closure, now)
        and closures.is_low(closure, highest_m)
    ]
    if not standing:
        return ()
    rests = [
        _rest(world, tasking, now)
        for tasking in world.taskings.values()
        if tasking.site == world.site and tasking.state in ONGOING
    ]
    lines = np.array([rest.line for rest in rests], dtype=object)
    found = [one for closure in standing for one in _of(closure, rests, lines)]
    return tuple(sorted(found, key=lambda one: (one.closure_id, one.number)))


def is_closed_since(world: World, one: Assignment, since: datetime) -> bool:
    """Whether a closure that was declared or changed after `since` lies in the way of a proposed sortie."""
    highest_m = highest_ground_m(world)
    newer = [
        closure
        for closure in world.closures.values()
        if closure.site == world.site
        and closure.lifted_at is None
        and (closure.history[-1].at if closure.history else closure.declared_at) >= since
        and closure.active_from < one.land_at
        and closure.active_until > one.take_off_at
        and closures.is_low(closure, highest_m)
    ]
    incident = world.incidents.get(one.incident_id)
    if not newer or incident is None:
        return False
    base, water = world.bases.get(one.base_id), world.water_points.get(one.water_point_id)
    home = () if base is None else (base.position,)
    source = () if water is None else (water.position,)
    line = _line([*home, *one.out_turns, *source, incident.position, *one.back_turns, *home])
    return any(shapely.Polygon(closures.corners(each.outline)).intersects(line) for each in newer)


def highest_ground_m(world: World) -> float:
    """The highest place that our aircraft go to, MSL; 0 where there is none."""
    places = (*world.bases.values(), *world.water_points.values(), *world.hospitals.values())
    heights = [place.elevation_m for place in places if place.site == world.site]
    heights += [one.elevation_m for one in world.incidents.values() if one.site == world.site]
    return max(heights, default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """What is left of a sortie: named places, the way through all stops, from when until when."""

    tasking: Tasking
    places: tuple[tuple[str, Position], ...]
    line: shapely.Geometry
    begin: datetime
    end: datetime


def _of(closure: Closure, rests: list[_Rest], lines: NDArray[np.object_]) -> Iterator[Reached]:
    shape = shapely.Polygon(closures.corners(closure.outline))
    shapely.prepare(shape)
    for n in np.nonzero(shapely.intersects(shape, lines))[0].tolist():
        rest = rests[n]
        if rest.begin >= closure.active_until or rest.end <= closure.active_from:
            continue
        tasking = rest.tasking
        yield Reached(
            closure_id=closure.id,
            tasking_id=tasking.id,
            number=tasking.number,
            aircraft_id=tasking.aircraft_id,
            incident_id=tasking.incident_id,
            in_the_air=tasking.state in IN_THE_AIR,
            places=tuple(name for name, at in rest.places if shapely.intersects_xy(shape, *_xy(at))),
        )


def _rest(world: World, tasking: Tasking, now: datetime) -> _Rest:
    scene = ("incident", tasking.incident_position)
    base = world.bases.get(tasking.base_id)
    water = world.water_points.get(tasking.water_point_id)
    home = () if base is None else (("base", base.position),)
    if tasking.elsewhere is not None:
        home = ((str(tasking.elsewhere.kind), tasking.elsewhere.position),)
    source = () if water is None else (("water_point", water.position),)
    turns = tasking.back_turns if tasking.elsewhere is None else ()
    back = (scene[1], *turns, *(at for _, at in home))
    if tasking.state is TaskingState.RETURNING:
        stops, places = back, home
    else:
        out = () if tasking.state is TaskingState.WORKING else (*(at for _, at in home), *tasking.out_turns)
        stops, places = (*out, *(at for _, at in source), *back), (*home, *source, scene)
    begin = now if tasking.state in IN_THE_AIR else max(now, tasking.take_off_at)
    return _Rest(
        tasking=tasking,
        places=places,
        line=_line(stops),
        begin=begin,
        end=max(tasking.land_at, begin + LEAST_AHEAD),
    )


def _line(stops: Sequence[Position]) -> shapely.Geometry:
    points = [_xy(at) for at in stops]
    return shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])


def _xy(at: Position) -> tuple[float, float]:
    return at.lon_deg, at.lat_deg
