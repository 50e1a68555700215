"""What a simulated crew makes of its tasking: the order to the aircraft, and where the sortie leads. Pure.

The helicopters obey accepted taskings whoever advances them: a person on the phone page or a scripted seat.
"""

from dataclasses import dataclass

from adapters.exercise.flight import Mission, Order, Place, beyond
from dispatch.kinds import TaskingState
from dispatch.records import Aircraft, Base, Incident, Tasking, WaterPoint

_ORDERS = {
    TaskingState.PREPARING: Order.START,
    TaskingState.RELEASED: Order.START,
    TaskingState.AIRBORNE: Order.GO,
    TaskingState.WORKING: Order.GO,
    TaskingState.RETURNING: Order.HOME,
}
LEVELS = 4
STACK_M = 60.0  # between levels, some 200 ft: what fits below a usual ceiling
STAND_SPACING_M = 70.0  # two rotor diameters of a Mi-171 and some
STANDS_COURSE_DEG = 90.0
DEFAULT_SCENE_ELEVATION_M = 300.0  # where the incident is no longer to be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the exercise has read from the server, by id."""

    aircraft: dict[str, Aircraft]
    bases: dict[str, Base]
    water_points: dict[str, WaterPoint]
    incidents: dict[str, Incident]
    taskings: dict[str, Tasking]


def current(situation: Situation, aircraft_id: str) -> Tasking | None:
    """The tasking that moves an aircraft now; at most one does."""
    for tasking in situation.taskings.values():
        if tasking.aircraft_id == aircraft_id and tasking.state in _ORDERS:
            return tasking
    return None


def known(situation: Situation, tasking: Tasking) -> bool:
    """Whether the places that a tasking of our aircraft names have been read already."""
    return tasking.aircraft_id not in situation.aircraft or (
        tasking.base_id in situation.bases
        and (not tasking.water_point_id or tasking.water_point_id in situation.water_points)
    )


def order_of(tasking: Tasking | None) -> Order:
    """Stand, start engines, go, or come home."""
    return Order.STAND if tasking is None else _ORDERS.get(tasking.state, Order.STAND)


def place_of(record: WaterPoint) -> Place:
    """A water point as a point with its ground."""
    return Place(position=record.position, elevation_m=record.elevation_m)


def stand_of(base: Base, aircraft: Aircraft) -> Place:
    """Where an aircraft stands at a base: each of a few in a row, so that they are to be told apart."""
    position = beyond(base.position, STANDS_COURSE_DEG, _turn(aircraft) * STAND_SPACING_M)
    return Place(position=position, elevation_m=base.elevation_m)


def _turn(aircraft: Aircraft) -> int:
    """A small number that differs between aircraft that are likely to meet."""
    return int(aircraft.icao24 or "0", 16) % LEVELS


def mission_of(situation: Situation, tasking: Tasking, max_drops: int) -> Mission | None:
    """Where a tasking leads, or None while its base or aircraft is not known. `max_drops` shortens a drill."""
    base = situation.bases.get(tasking.base_id)
    if base is None:
        return None
    incident = situation.incidents.get(tasking.incident_id)
    elevation_m = incident.elevation_m if incident else DEFAULT_SCENE_ELEVATION_M
    aircraft = situation.aircraft.get(tasking.aircraft_id)
    if aircraft is None:
        return None
    water = situation.water_points.get(tasking.water_point_id)
    return Mission(
        base=stand_of(base, aircraft),
        scene=Place(position=tasking.incident_position, elevation_m=elevation_m),
        water=place_of(water) if water else None,
        drops=min(tasking.drops, max_drops) if water else 0,
        stack_m=_turn(aircraft) * STACK_M,
    )
