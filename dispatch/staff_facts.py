"""What is known of operators, contracts, crews and their rules, saved."""

from dataclasses import dataclass

from dispatch.staff_records import Contract, CrewMember, DutyRule, Equipment, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSaved:
    """An operator as it now is."""

    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSaved:
    """A contract as it now is."""

    contract: Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewMemberSaved:
    """Somebody of a crew as it now is."""

    crew_member: CrewMember


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentSaved:
    """Equipment as it now is."""

    equipment: Equipment


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRuleSaved:
    """A duty rule as it now is."""

    duty_rule: DutyRule


StaffFact = OperatorSaved | ContractSaved | CrewMemberSaved | EquipmentSaved | DutyRuleSaved
