"""Who flies an aircraft: assigning its crew as a whole, checked by the same rules that would keep it on the ground."""

from dataclasses import replace
from datetime import datetime

from dispatch import access, fitness
from dispatch.commands import Ask
from dispatch.errors import Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import Role
from dispatch.staff_facts import CrewMemberSaved
from dispatch.staff_records import CrewMember
from dispatch.tasking_commands import AssignCrew
from dispatch.world import IN_THE_AIR, World

# What a crew is refused for; what is wrong with the aircraft itself is told elsewhere and does not keep a crew off it.
_OF_CREW = frozenset(
    {
        "NO_CAPTAIN",
        "LICENCE_EXPIRED",
        "MEDICAL_EXPIRED",
        "NOT_RATED",
        "FLIGHT_TIME_SPENT",
        "DUTY_TIME_SPENT",
    }
)


def decide_assign(world: World, ask: Ask, command: AssignCrew, now: datetime) -> tuple[Fact, ...]:
    """The members whose place changes. Raises Refused UNFIT when somebody may not fly, NOT_NOW in the air."""
    access.require(ask, access.ASSIGN_CREW, "assigning a crew")
    aircraft = world.aircraft.get(command.aircraft_id)
    own = aircraft is not None and (ask.role is not Role.OPERATOR or aircraft.operator_id == ask.operator_id)
    if aircraft is None or not own:
        raise Unknown("aircraft_id", f"no aircraft {command.aircraft_id}")
    if aircraft.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {aircraft.site}", field="aircraft_id")
    flies = world.ongoing_tasking(aircraft.id)
    if flies is not None and flies.state in IN_THE_AIR:
        raise Refused("NOT_NOW", f"{aircraft.name} is in the air for {flies.number}", field="aircraft_id")
    seen = dict(command.versions_seen)
    named = [_own(world, one, aircraft.operator_id) for one in dict.fromkeys(command.crew_ids)]
    joining = [one for one in named if one.aircraft_id != aircraft.id]
    leaving = [one for one in fitness.crew_of(world, aircraft.id) if one not in named]
    for one in (*joining, *leaving):
        access.check_version(seen.get(one.id, 0), one.version, f"{one.name} {one.id}")
    made = [
        *(replace(one, aircraft_id=aircraft.id, version=one.version + 1) for one in joining),
        *(replace(one, aircraft_id="", version=one.version + 1) for one in leaving),
    ]
    for one in joining:
        elsewhere = world.ongoing_tasking(one.aircraft_id)
        if elsewhere is not None and elsewhere.state in IN_THE_AIR:
            raise Refused("NOT_NOW", f"{one.name} is in the air for {elsewhere.number}", field="crew_ids")
    after = world.crew.mutate()
    for one in made:
        after[one.id] = one
    if command.crew_ids:
        _require_fit(replace(world, crew=after.finish()), aircraft.id, now)
    if not made:
        raise Refused("NOTHING_CHANGED", "that is its crew already", field="crew_ids")
    return tuple(CrewMemberSaved(crew_member=one) for one in made)


def _own(world: World, member_id: str, operator_id: str) -> CrewMember:
    member = world.crew.get(member_id)
    if member is None or member.operator_id != operator_id:
        raise Unknown("crew_ids", f"no {member_id} of this operator")
    return member


def _require_fit(world: World, aircraft_id: str, now: datetime) -> None:
    found = [each for each in fitness.unfit(world, world.aircraft[aircraft_id], now) if each.code in _OF_CREW]
    if found:
        why = "; ".join(" ".join(filter(None, (each.code, each.who, each.detail))) for each in found[:4])
        raise Refused("UNFIT", why, field="crew_ids")
