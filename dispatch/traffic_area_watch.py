"""Incident airspace as it is now: who is in control, who is in which zone, whether it is suspended. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.geo import Position, distance_m
from dispatch.incident import LIFECYCLE
from dispatch.kinds import TaskingState
from dispatch.records import Tasking
from dispatch.traffic_area_approved import Approved
from dispatch.traffic_area_clearance import CircuitHazard
from dispatch.traffic_area_lines import LEAST_CIRCUIT_M
from dispatch.traffic_area_records import EntryPoint, Intrusion, TrafficArea, TrafficZone
from dispatch.world import ONGOING, World


@dataclass(frozen=True, slots=True, kw_only=True)
class InControl:
    """The first aircraft on scene: it runs the area until another takes over by radio."""

    tasking_id: str
    number: str
    aircraft_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing in the air, of the live picture."""

    track_id: str
    name: str
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """Who is in a zone; `crowded`: more than the one that it has room for."""

    circuit: str
    zone: str
    dip: bool  # else a drop zone
    track_ids: tuple[str, ...]
    names: tuple[str, ...]
    crowded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfDate:
    """What the taskings under way use and the area was not made for."""

    water_point_ids: tuple[str, ...] = ()
    base_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficAreaNow:
    """An area with all that changes by itself."""

    area: TrafficArea
    stands: bool  # neither withdrawn nor its incident over
    suspended: bool
    intrusions: tuple[Intrusion, ...]  # open ones
    approved: Approved
    in_control: InControl | None  # None: nobody is on scene; whoever comes first
    occupied: tuple[Occupied, ...]
    out_of_date: OutOfDate
    circuit_hazards: tuple[CircuitHazard, ...] = ()  # of the terrain and obstacles known now


def stands(world: World, area: TrafficArea) -> bool:
    """Whether it counts: not withdrawn, and its incident goes on."""
    incident = world.incidents.get(area.incident_id)
    return area.withdrawn_at is None and incident is not None and not LIFECYCLE.final(incident.state)


def standing_area(world: World, incident_id: str) -> TrafficArea | None:
    """The area of an incident, if it has one."""
    return next(
        (
            each
            for each in world.traffic_areas.values()
            if each.incident_id == incident_id and stands(world, each)
        ),
        None,
    )


def open_intrusions(world: World, incident_id: str) -> tuple[Intrusion, ...]:
    """Drones that nobody has confirmed to be gone, oldest first."""
    found = (
        each
        for each in world.intrusions.values()
        if each.incident_id == incident_id and each.cleared_at is None
    )
    return tuple(sorted(found, key=lambda each: (each.seen_at, each.id)))


def ongoing_for(world: World, incident_id: str) -> tuple[Tasking, ...]:
    """Our taskings for an incident that go on, by number."""
    found = (
        each
        for each in world.taskings.values()
        if each.site == world.site and each.incident_id == incident_id and each.state in ONGOING
    )
    return tuple(sorted(found, key=lambda each: (each.number, each.id)))


def in_control(world: World, incident_id: str) -> InControl | None:
    """The aircraft that has been working longest on scene, by its last arrival."""
    there = [one for one in ongoing_for(world, incident_id) if one.state is TaskingState.WORKING]
    if not there:
        return None
    first = min(there, key=lambda one: (_arrived(one), one.number))
    aircraft = world.aircraft.get(first.aircraft_id)
    return InControl(
        tasking_id=first.id,
        number=first.number,
        aircraft_id=first.aircraft_id,
        name=aircraft.name if aircraft is not None else first.aircraft_id,
    )


def _arrived(tasking: Tasking) -> float:
    steps = [step for step in tasking.history if step.action == "arrive"]
    return steps[-1].at.timestamp() if steps else tasking.on_scene_at.timestamp()


def entry_for(area: TrafficArea, tasking: Tasking, start_base_id: str) -> EntryPoint | None:
    """By which entry a tasking comes: that of the base it starts from, else of the one it lands at."""
    for base_id in (start_base_id, tasking.base_id):
        for entry in area.entries:
            if base_id and base_id in entry.base_ids:
                return entry
    return None


def out_of_date(world: World, area: TrafficArea) -> OutOfDate:
    """Water points and bases in use that the area knows nothing of."""
    known_water = {each.water_point_id for each in area.circuits}
    known_bases = {each for entry in area.entries for each in entry.base_ids}
    going = ongoing_for(world, area.incident_id)
    water_ids = {
        each.water_point_id
        for each in going
        if each.water_point_id not in known_water
        and (water := world.water_points.get(each.water_point_id)) is not None
        and distance_m(water.position, each.incident_position) >= LEAST_CIRCUIT_M
    }
    bases = {
        each.base_id for each in going if each.base_id in world.bases and each.base_id not in known_bases
    }
    return OutOfDate(water_point_ids=tuple(sorted(water_ids)), base_ids=tuple(sorted(bases)))


def occupied(area: TrafficArea, seen: Sequence[Seen]) -> tuple[Occupied, ...]:
    """The zones with anybody in them. A zone that circuits share is told once, with the first of them."""
    zones: list[tuple[str, bool, TrafficZone]] = []
    for circuit in area.circuits:
        zones.append((circuit.name, True, circuit.dip))
        if all(circuit.drop != zone for _, dip, zone in zones if not dip):
            zones.append((circuit.name, False, circuit.drop))
    made = []
    for name, dip, zone in zones:
        inside = [one for one in seen if distance_m(one.position, zone.centre) <= zone.radius_m]
        if inside:
            made.append(
                Occupied(
                    circuit=name,
                    zone=zone.name,
                    dip=dip,
                    track_ids=tuple(one.track_id for one in inside),
                    names=tuple(one.name for one in inside),
                    crowded=len(inside) > 1,
                )
            )
    return tuple(made)
