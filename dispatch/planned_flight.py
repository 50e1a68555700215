"""Planned flights as legs in place, time and height, from taskings and what ATC is asked for them. Pure.

Out: from the base over its turns (and the water) to the scene, between take-off and arrival. Work: anywhere between
water and scene until it leaves. Home: over hospital and turns. Between two stops a flight is steady; climbs are not
modelled, so near a base or scene only its plan's band counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from dispatch.airspace_state import in_force
from dispatch.amended import open_amendment, with_terms
from dispatch.apart import Leg
from dispatch.filing import HEIGHT_ABOVE_SCENE_M
from dispatch.geo import Position, distance_m
from dispatch.kinds import TaskingState
from dispatch.records import Airspace, Tasking
from dispatch.world import IN_THE_AIR, World

LEAST_MPS = 10.0  # slower than this a way is planned by nobody
SLOWEST_HOME_MPS = 40.0  # where no cruise speed is known
_BACK_ONLY = frozenset({TaskingState.RETURNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Heights in metres MSL of the ways and of the work at the scene."""

    transit_floor_m: float
    transit_ceiling_m: float
    work_floor_m: float
    work_ceiling_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFlight:
    """One tasking's flight. `base` and `scene` are where others are near it by intent."""

    tasking_id: str
    number: str
    aircraft_id: str
    incident_id: str
    base: Position
    scene: Position
    take_off_at: datetime
    on_scene_at: datetime
    land_at: datetime
    out: tuple[Position, ...]  # stops, the base first and the scene last
    home: tuple[Position, ...]  # the scene first and the base last
    water: Position | None
    band: Band
    legs: tuple[Leg, ...]
    out_count: int  # how many of the legs are the way out; one more is the work


def of_tasking(world: World, tasking: Tasking) -> PlannedFlight | None:
    """The flight as it is asked for: with what an open amendment will make of it. None where a stop is not known."""
    waiting = open_amendment(tasking)
    asked = tasking if waiting is None else with_terms(tasking, waiting.after)
    aircraft = world.aircraft.get(asked.aircraft_id)
    home = world.bases.get(asked.base_id)
    if home is None or asked.elsewhere is not None:
        return None
    start = world.bases.get(aircraft.at_base_id or aircraft.home_base_id) if aircraft is not None else home
    water = world.water_points.get(asked.water_point_id)
    hospital = world.hospitals.get(asked.hospital_id)
    begin = (start or home).position
    block = _block(world, tasking)
    source = None if water is None else water.position
    out = (
        begin,
        *_turns(asked.out_turns, block, "out", source),
        *((source,) if source else ()),
        asked.incident_position,
    )
    back = (
        asked.incident_position,
        *((hospital.position,) if hospital else ()),
        *_turns(asked.back_turns, block, "back", None if hospital is None else hospital.position),
        home.position,
    )
    return timed(
        PlannedFlight(
            tasking_id=tasking.id,
            number=tasking.number,
            aircraft_id=tasking.aircraft_id,
            incident_id=tasking.incident_id,
            base=begin,
            scene=asked.incident_position,
            take_off_at=asked.take_off_at,
            on_scene_at=asked.on_scene_at,
            land_at=asked.land_at,
            out=out,
            home=back,
            water=source,
            band=_band(world, tasking, block),
            legs=(),
            out_count=0,
        ),
        cruise_mps=SLOWEST_HOME_MPS if aircraft is None else aircraft.cruise_mps,
        back_only=tasking.state in _BACK_ONLY,
    )


def _turns(
    planned: tuple[Position, ...], block: Airspace | None, way: str, stop: Position | None
) -> tuple[Position, ...]:
    """The planned turns; where there are none, those that ATC is asked for (without the stop among them)."""
    if planned or block is None:
        return planned
    asked = block.out_turns if way == "out" else block.back_turns
    return tuple(each for each in asked if each != stop)


def _block(world: World, tasking: Tasking) -> Airspace | None:
    waiting = open_amendment(tasking)
    if waiting is not None and waiting.request_id in world.requests:
        return world.requests[waiting.request_id].airspace
    stands = in_force(world, tasking)
    return None if stands is None else stands.airspace


def _band(world: World, tasking: Tasking, block: Airspace | None) -> Band:
    if block is None:
        subject, base = world.incidents.get(tasking.incident_id), world.bases.get(tasking.base_id)
        ground = max(
            0.0 if subject is None else subject.elevation_m, 0.0 if base is None else base.elevation_m
        )
        top = ground + HEIGHT_ABOVE_SCENE_M
        return Band(transit_floor_m=0.0, transit_ceiling_m=top, work_floor_m=0.0, work_ceiling_m=top)
    low, high = block.floor_m, block.ceiling_m
    return Band(
        transit_floor_m=low if block.transit_floor_m is None else block.transit_floor_m,
        transit_ceiling_m=high if block.transit_ceiling_m is None else block.transit_ceiling_m,
        work_floor_m=low,
        work_ceiling_m=high,
    )


def timed(flight: PlannedFlight, *, cruise_mps: float, back_only: bool = False) -> PlannedFlight:
    """The flight with its legs."""
    begin, scene, land = (
        each.timestamp() for each in (flight.take_off_at, flight.on_scene_at, flight.land_at)
    )
    home_s = way_m(flight.home) / max(cruise_mps, LEAST_MPS)
    leave = max(scene, land - home_s)
    band = flight.band
    out = () if back_only else _flown(flight.out, begin, scene, band)
    source = flight.water or flight.scene
    work = Leg(
        start=source,
        end=flight.scene,
        begins_s=scene,
        ends_s=leave,
        floor_m=band.work_floor_m,
        ceiling_m=band.work_ceiling_m,
        roams=True,
    )
    back = _flown(flight.home, leave, max(land, leave + 1.0), band)
    return replace(flight, legs=(*out, *(() if back_only else (work,)), *back), out_count=len(out))


def _flown(stops: Sequence[Position], begin_s: float, end_s: float, band: Band) -> tuple[Leg, ...]:
    """Legs through stops, steady over the whole."""
    whole = way_m(stops)
    legs, gone = [], 0.0
    for start, end in pairwise(stops):
        length = distance_m(start, end)
        if length <= 0.0:
            continue
        times = (begin_s + (end_s - begin_s) * share for share in (gone / whole, (gone + length) / whole))
        since, until = times
        gone += length
        legs.append(
            Leg(
                start=start,
                end=end,
                begins_s=since,
                ends_s=until,
                floor_m=band.transit_floor_m,
                ceiling_m=band.transit_ceiling_m,
            )
        )
    return tuple(legs)


def way_m(stops: Sequence[Position]) -> float:
    """The length of a way through stops, metres."""
    return sum(distance_m(a, b) for a, b in pairwise(stops))


ASKED_IN = (
    frozenset(
        {
            TaskingState.PENDING,
            TaskingState.ORDERED,
            TaskingState.ACCEPTED,
            TaskingState.PREPARING,
            TaskingState.RELEASED,
        }
    )
    | IN_THE_AIR
)


def flights(world: World) -> tuple[PlannedFlight, ...]:
    """Every flight of ours that is planned or under way."""
    found = (
        of_tasking(world, each)
        for each in sorted(world.taskings.values(), key=lambda each: each.id)
        if each.site == world.site and each.state in ASKED_IN
    )
    return tuple(each for each in found if each is not None)
