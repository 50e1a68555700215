"""Resources: what is flown, by whom, from where, with what and under which rules; saved whole with an optimistic
version."""

import math
import re
from dataclasses import replace

from dispatch import access, aid_rules, clearance, obstacle, run_card, shifts
from dispatch.aid_facts import AidRuleSaved
from dispatch.aid_limit_records import AidRule
from dispatch.clearance_facts import ClearanceRuleSaved
from dispatch.clearance_records import ClearanceRule
from dispatch.commands import Ask
from dispatch.duty_facts import DutyShiftSaved
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import Role
from dispatch.obstacle_records import Obstacle
from dispatch.records import Aircraft, Base, Hospital, LandingSite, Resource, WaterPoint
from dispatch.resource_commands import SaveResource
from dispatch.resource_facts import (
    AircraftSaved,
    BaseSaved,
    HospitalSaved,
    LandingSiteSaved,
    ObstacleSaved,
    WaterPointSaved,
)
from dispatch.run_card_facts import RunCardSaved
from dispatch.run_card_records import RunCard
from dispatch.staff_facts import ContractSaved, CrewMemberSaved, DutyRuleSaved, EquipmentSaved, OperatorSaved
from dispatch.staff_records import Contract, CrewMember, DutyRule, DutyShift, Equipment, Operator
from dispatch.weather_facts import MinimumSaved
from dispatch.weather_kinds import WHOLE_SITE
from dispatch.weather_records import Minimum
from dispatch.world import World

_ICAO24 = re.compile(r"^([0-9a-f]{6})?\Z")

TABLES: dict[type, str] = {
    Aircraft: "aircraft",
    Base: "bases",
    WaterPoint: "water_points",
    LandingSite: "landing_sites",
    Hospital: "hospitals",
    Obstacle: "obstacles",
    Operator: "operators",
    Contract: "contracts",
    CrewMember: "crew",
    Equipment: "equipment",
    DutyRule: "duty_rules",
    Minimum: "minima",
    DutyShift: "shifts",
    RunCard: "run_cards",
    ClearanceRule: "clearance_rules",
    AidRule: "aid_rules",
}


def decide_save(world: World, ask: Ask, command: SaveResource) -> tuple[Fact, ...]:
    """Create or change one resource. Its site is this one; its version follows the one seen."""
    resource = command.resource
    kind = TABLES[type(resource)]
    present = getattr(world, kind).get(resource.id)
    if ask.role is not None:
        access.require(ask, access.may_save(kind), f"changing {kind}")
    if ask.role is Role.OPERATOR:
        _check_own_crew(ask, resource, present)
    if present is not None and present.site != world.site:
        raise Refused("NOT_OWNER", f"{resource.id} belongs to site {present.site}", field="id")
    access.check_version(command.version_seen, present.version if present else 0, resource.id)
    if not resource.name.strip():
        raise Malformed("name", "is empty")
    saved = replace(resource, site=world.site, version=command.version_seen + 1)
    return (_fact(world, saved),)


def _fact(world: World, resource: Resource) -> Fact:
    match resource:
        case Aircraft():
            _check_aircraft(world, resource)
            return AircraftSaved(aircraft=resource)
        case Base():
            return BaseSaved(base=resource)
        case WaterPoint():
            return WaterPointSaved(water_point=resource)
        case LandingSite():
            return LandingSiteSaved(landing_site=resource)
        case Hospital():
            return HospitalSaved(hospital=resource)
        case Obstacle():
            obstacle.check(resource)
            return ObstacleSaved(obstacle=resource)
        case ClearanceRule():
            _check_period(resource)
            clearance.check(resource)
            return ClearanceRuleSaved(clearance_rule=resource)
        case AidRule():
            _check_period(resource)
            aid_rules.check(resource)
            return AidRuleSaved(aid_rule=resource)
        case Minimum():
            _check_minimum(resource)
            return MinimumSaved(minimum=resource)
        case _:
            return _staff_fact(world, resource)


def _staff_fact(
    world: World, resource: Operator | Contract | CrewMember | Equipment | DutyRule | DutyShift | RunCard
) -> Fact:
    match resource:
        case Operator():
            return OperatorSaved(operator=resource)
        case Contract():
            _check_period(resource)
            return ContractSaved(contract=resource)
        case CrewMember():
            _check_crew(world, resource)
            return CrewMemberSaved(crew_member=resource)
        case Equipment():
            if resource.base_id not in world.bases:
                raise Unknown("base_id", f"no base {resource.base_id}")
            return EquipmentSaved(equipment=resource)
        case DutyRule() | RunCard():
            return _rule_fact(resource)
        case DutyShift():
            shifts.check(world, resource)
            return DutyShiftSaved(shift=resource)


def _rule_fact(rule: DutyRule | RunCard) -> Fact:
    _check_period(rule)
    if isinstance(rule, RunCard):
        run_card.check(rule)
        return RunCardSaved(run_card=rule)
    if rule.days < 1 or not rule.limit_s > 0:
        raise Malformed("days" if rule.days < 1 else "limit_s", "is not above 0")
    return DutyRuleSaved(duty_rule=rule)


def _check_own_crew(ask: Ask, resource: Resource, present: Resource | None) -> None:
    """An operator keeps its own crew's record and nobody else's."""
    for one in (resource, present):
        if isinstance(one, CrewMember) and one.operator_id != ask.operator_id:
            raise Forbidden(f"{one.id} belongs to another operator")


def _check_minimum(row: Minimum) -> None:
    _check_period(row)
    if not (math.isfinite(row.limit) and row.limit >= 0):
        raise Malformed("limit", f"{row.limit} is not 0 or more")
    if row.measure in WHOLE_SITE and (row.aircraft_kind, row.task, row.night) != (None, None, None):
        raise Refused("WHOLE_SITE", f"{row.measure} is of no aircraft, task or light", field="measure")


def _check_period(record: Contract | DutyRule | RunCard | Minimum | ClearanceRule | AidRule) -> None:
    if record.valid_until is not None and record.valid_until <= record.valid_from:
        raise Refused("PERIOD", "it ends before it begins", field="valid_until")


def _check_crew(world: World, member: CrewMember) -> None:
    if not member.aircraft_id:
        return
    aircraft = world.aircraft.get(member.aircraft_id)
    if aircraft is None:
        raise Unknown("aircraft_id", f"no aircraft {member.aircraft_id}")
    if aircraft.operator_id != member.operator_id:
        raise Refused("OTHER_OPERATOR", f"{aircraft.id} is {aircraft.operator_id}'s", field="aircraft_id")


def _check_aircraft(world: World, aircraft: Aircraft) -> None:
    if not _ICAO24.match(aircraft.icao24):
        raise Malformed("icao24", f"{aircraft.icao24!r} is not six lower-case hex digits")
    for other in world.aircraft.values():
        if aircraft.icao24 and other.icao24 == aircraft.icao24 and other.id != aircraft.id:
            raise Refused("DUPLICATE", f"address {aircraft.icao24} belongs to {other.id}", field="icao24")
    for name in ("cruise_mps", "loaded_mps", "fuel_capacity_kg", "burn_kgps"):
        if not getattr(aircraft, name) > 0:
            raise Malformed(name, f"{getattr(aircraft, name)} is not above 0")
    if aircraft.home_base_id not in world.bases:
        raise Malformed("home_base_id", f"no base {aircraft.home_base_id!r}")
    if aircraft.at_base_id and aircraft.at_base_id not in world.bases:
        raise Malformed("at_base_id", f"no base {aircraft.at_base_id!r}")
    if not aircraft.serviceable and not aircraft.unserviceable_reason.strip():
        raise Malformed("unserviceable_reason", "an unserviceable aircraft says why")
