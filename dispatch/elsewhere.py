"""Flights that go, or come down, elsewhere: diversion (备降), technical stop (技术经停), emergency landing (迫降).

Where to and why is the captain's to say; what follows from an emergency landing is here: an incident that the desk
sees at once, and an aircraft that flies no more until a person releases it.
"""

from dataclasses import replace
from datetime import datetime

from dispatch import alarm_match, ids, incident
from dispatch.commands import Ask
from dispatch.errors import Malformed, Unknown
from dispatch.facts import Fact
from dispatch.fire import DEFAULT_WIND_MPS
from dispatch.geo import Position
from dispatch.incident_facts import IncidentReported
from dispatch.kinds import IncidentKind, PlaceKind, TaskingAction
from dispatch.records import Incident, Tasking
from dispatch.resource_facts import AircraftSaved
from dispatch.tasking_commands import ActOnTasking, Whereto
from dispatch.tasking_records import Elsewhere
from dispatch.world import World

_A = TaskingAction
ACTIONS = frozenset({_A.DIVERT, _A.TECHNICAL_STOP, _A.EMERGENCY_LAND})
MOST_ON_BOARD = 200
_TABLES = {
    PlaceKind.BASE: "bases",
    PlaceKind.LANDING_SITE: "landing_sites",
    PlaceKind.HOSPITAL: "hospitals",
}


def check(command: ActOnTasking) -> None:
    """Raises Malformed where a diversion gives no cause, or a figure belongs to another act."""
    if command.action not in ACTIONS:
        if command.to is not None or command.cause is not None:
            raise Malformed(
                "to" if command.to is not None else "cause", f"{command.action} goes nowhere else"
            )
    elif command.cause is None and not command.reason.strip() and command.action is not _A.EMERGENCY_LAND:
        raise Malformed("cause", f"{command.action} says why")
    for name in ("persons_well", "persons_hurt"):
        count = getattr(command, name)
        if count is not None and command.action is not _A.EMERGENCY_LAND:
            raise Malformed(name, f"{command.action} has none")
        if count is not None and not 0 <= count <= MOST_ON_BOARD:
            raise Malformed(name, f"{count} is not 0 to {MOST_ON_BOARD}")


def elsewhere_of(world: World, ask: Ask, tasking: Tasking, command: ActOnTasking) -> Elsewhere | None:
    """Where the flight goes or stands. What names no place goes to the base that the order names. Raises Unknown."""
    if command.action not in ACTIONS:
        return None
    emergency = command.action is _A.EMERGENCY_LAND
    kind, place_id, name, position = _place(world, tasking, command.to, emergency=emergency)
    return Elsewhere(
        kind=kind,
        place_id=place_id,
        name=name,
        position=position,
        cause=command.cause,
        persons_well=command.persons_well,
        persons_hurt=command.persons_hurt,
        incident_id=ids.derive(world.site, "INC", f"{ask.actor}\0{ask.command_id}") if emergency else "",
    )


def _place(
    world: World, tasking: Tasking, to: Whereto | None, *, emergency: bool
) -> tuple[PlaceKind, str, str, Position]:
    if to is None:
        base = None if emergency else world.bases.get(tasking.base_id)
        if base is None:  # nobody has said where: the target is the best that is known
            return PlaceKind.POSITION, "", "", tasking.incident_position
        return PlaceKind.BASE, base.id, base.name, base.position
    if to.kind is PlaceKind.POSITION:
        if to.position is None:
            raise Malformed("to.position", "is missing")
        return PlaceKind.POSITION, "", "", to.position
    found = getattr(world, _TABLES[to.kind]).get(to.place_id)
    if found is None:
        raise Unknown("to.id", f"no {to.kind} {to.place_id}")
    return to.kind, found.id, found.name, found.position


def emergency(
    world: World, ask: Ask, command: ActOnTasking, down: Elsewhere, now: datetime
) -> tuple[Fact, ...]:
    """The incident that an emergency landing makes, unconfirmed as every report is, and the grounded aircraft."""
    tasking = world.taskings[command.tasking_id]
    aircraft = world.aircraft.get(tasking.aircraft_id)
    called = tasking.aircraft_id if aircraft is None else aircraft.name
    reported = Incident(
        id=down.incident_id,
        site=world.site,
        kind=IncidentKind.TRANSPORT,
        level=3 if down.persons_hurt else 4,
        title=f"{called} 迫降",
        place=down.name,
        position=down.position,
        elevation_m=incident.DEFAULT_ELEVATION_M,
        reported_at=now,
        reported_by=ask.actor,
        state=incident.LIFECYCLE.initial,
        life_at_risk=down.persons_hurt is None or down.persons_hurt > 0,
        demand_l=0.0,
        growth_lps=0.0,
        wind_mps=DEFAULT_WIND_MPS,
        visibility_m=incident.DEFAULT_VISIBILITY_M,
        note=_note(tasking, command, down),
        simulated=tasking.simulated,
    )
    near = alarm_match.possible_duplicates(world, reported, now)
    made: list[Fact] = [IncidentReported(incident=replace(reported, possible_duplicates=near))]
    if aircraft is not None and aircraft.site == world.site:
        grounded = replace(
            aircraft,
            serviceable=False,
            unserviceable_reason=f"迫降 {tasking.number}，待检查放行",
            at_base_id=down.place_id if down.kind is PlaceKind.BASE else "",
            version=aircraft.version + 1,
        )
        made.append(AircraftSaved(aircraft=grounded))
    return tuple(made)


def _note(tasking: Tasking, command: ActOnTasking, down: Elsewhere) -> str:
    def count(persons: int | None) -> str:
        return "不详" if persons is None else str(persons)

    told = (
        f"任务 {tasking.number}，机上平安 {count(down.persons_well)} 人，受伤 {count(down.persons_hurt)} 人"
    )
    where = "" if command.to is not None else "；位置未报，按任务目标点"
    return f"{told}{where}{'；' + command.reason.strip() if command.reason.strip() else ''}"
