"""What an hour in the air costs: by the contract in force, else by the aircraft's own figure. The one place that knows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.records import Aircraft
from dispatch.staff_records import Contract
from dispatch.world import World


class RateBasis(StrEnum):
    """Where a rate is from."""

    AIRCRAFT = "aircraft"  # 按机型单价: no contract holds; the aircraft's own planning figure
    CONTRACT = "contract"  # 按合同


BASIS_WORDS = {RateBasis.AIRCRAFT: "按机型单价（无合同记录）", RateBasis.CONTRACT: "按合同"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`yuan_per_hour` CNY for an hour between take-off and landing; `reference` and `name` are the contract's."""

    yuan_per_hour: float
    basis: RateBasis
    reference: str = ""
    name: str = ""
    standby_day_yuan: float = 0.0  # 0: the contract states none
    transit_hour_yuan: float = 0.0
    minimum_h: float = 0.0  # paid at least for a tasking that flew; 0: as flown


def contract_for(world: World, aircraft: Aircraft, operator_id: str, at: datetime) -> Contract | None:
    """The operator's contract in force: one that names the model before one for all models, the newer before the older."""
    holding = [
        each
        for each in world.contracts.values()
        if each.site == world.site
        and each.operator_id == operator_id
        and each.model in ("", aircraft.model)
        and each.valid_from <= at < each.valid_until
    ]
    return max(holding, key=lambda each: (bool(each.model), each.valid_from, each.id), default=None)


def rate_for(world: World, aircraft: Aircraft, operator_id: str, at: datetime) -> Rate:
    """The rate of an aircraft flown by an operator at a time."""
    contract = contract_for(world, aircraft, operator_id, at)
    if contract is None:
        return Rate(yuan_per_hour=aircraft.cost_per_hour * 1000, basis=RateBasis.AIRCRAFT)
    return Rate(
        yuan_per_hour=contract.hour_rate * 1000,
        basis=RateBasis.CONTRACT,
        reference=contract.id,
        name=contract.name,
        standby_day_yuan=contract.standby_day_rate * 1000,
        transit_hour_yuan=contract.transit_hour_rate * 1000,
        minimum_h=contract.minimum_hours,
    )
