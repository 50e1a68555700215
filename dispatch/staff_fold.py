"""How facts about operators, contracts, crews and their rules change the world."""

from collections.abc import Callable
from typing import Any

from dispatch import staff_facts
from dispatch.facts import Recorded
from dispatch.world import World, put


def _operator_saved(world: World, _: Recorded, fact: staff_facts.OperatorSaved) -> World:
    return put(world, "operators", fact.operator.id, fact.operator)


def _contract_saved(world: World, _: Recorded, fact: staff_facts.ContractSaved) -> World:
    return put(world, "contracts", fact.contract.id, fact.contract)


def _crew_member_saved(world: World, _: Recorded, fact: staff_facts.CrewMemberSaved) -> World:
    return put(world, "crew", fact.crew_member.id, fact.crew_member)


def _equipment_saved(world: World, _: Recorded, fact: staff_facts.EquipmentSaved) -> World:
    return put(world, "equipment", fact.equipment.id, fact.equipment)


def _duty_rule_saved(world: World, _: Recorded, fact: staff_facts.DutyRuleSaved) -> World:
    return put(world, "duty_rules", fact.duty_rule.id, fact.duty_rule)


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    staff_facts.OperatorSaved: _operator_saved,
    staff_facts.ContractSaved: _contract_saved,
    staff_facts.CrewMemberSaved: _crew_member_saved,
    staff_facts.EquipmentSaved: _equipment_saved,
    staff_facts.DutyRuleSaved: _duty_rule_saved,
}
