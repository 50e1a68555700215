"""Where a fire's demand and growth in a scenario come from: said by a person, modelled, or the level's starting value.

Pure. A person's figure always wins, each of the two by itself. Otherwise, where weather is known, fire_growth.py
reckons them from it and from the size that the level stands for. Only where nothing is known the level's starting
values stay. Which of the three it was is said in the plan's reasons.

An incident does not store whether a figure was stated or filled in, so one that equals what a report is filled in with
(dispatch/incident.py) counts as filled in. Fuel and slope are not stored yet: fuel is taken from the kind of fire,
slope is assumed flat.
"""

from dataclasses import dataclass

from dispatch.incident import DEFAULT_WIND_MPS, FIRE_SIZES
from dispatch.kinds import IncidentKind
from dispatch.records import Incident
from optimizer.fire_growth import NO_HEAD_ATTACK_KW_M, Advance, Ground, Water, advance, water
from optimizer.fuels import FUEL_ZH, Fuel

# Middle of each level's band of burnt area (<1, 1-100, 100-1000, ≥1000 ha, DOMAIN §6) by ratio, of the open ends the
# nearest third and the bound. Proposed; a mapped perimeter would be better.
LEVEL_AREA_M2: dict[int, float] = {4: 3e3, 3: 1e5, 2: 3.16e6, 1: 1e7}
# Forest: masson pine and broadleaf hills; 草原荒地: dry grass slopes. Proposed.
LIKELY_FUEL: dict[IncidentKind, Fuel] = {
    IncidentKind.FOREST_FIRE: Fuel.OPEN_LITTER,
    IncidentKind.WILDLAND_FIRE: Fuel.SHORT_GRASS,
}
_LEVEL_ZH = {1: "Ⅰ", 2: "Ⅱ", 3: "Ⅲ", 4: "Ⅳ"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Water owed when reported, its growth, and where both come from: `code` is stable, `text` is for people."""

    demand_l: float
    growth_lps: float
    code: str  # FIRE_STATED, FIRE_MODEL, FIRE_DEFAULT
    text: str


def need(incident: Incident) -> Need:
    """What a fire asks for, as of its report."""
    filled = FIRE_SIZES[incident.level]
    demand_l = incident.demand_l if incident.demand_l != filled.demand_l else None
    growth_lps = incident.growth_lps if incident.growth_lps != filled.growth_lps else None
    if demand_l is not None and growth_lps is not None:
        return Need(demand_l=demand_l, growth_lps=growth_lps, code="FIRE_STATED", text="需水与增长按人工填报")
    wind_mps = incident.wind_mps if incident.wind_mps != DEFAULT_WIND_MPS else None
    if wind_mps is None:
        return Need(
            demand_l=incident.demand_l,
            growth_lps=incident.growth_lps,
            code="FIRE_DEFAULT",
            text=f"未报风、可燃物与坡度，按{_LEVEL_ZH[incident.level]}级火的起始值"
            + _stated_zh(demand_l, growth_lps),
        )
    how = advance(Ground(fuel=LIKELY_FUEL[incident.kind], wind_mps=wind_mps))
    modelled = water(how, LEVEL_AREA_M2[incident.level])
    return Need(
        demand_l=modelled.demand_l if demand_l is None else demand_l,
        growth_lps=modelled.growth_lps if growth_lps is None else growth_lps,
        code="FIRE_MODEL",
        text=_model_zh(how, modelled) + _stated_zh(demand_l, growth_lps),
    )


def _model_zh(how: Advance, asked: Water) -> str:
    text = (
        f"按风 {how.wind_mps:.0f} m/s、{FUEL_ZH[how.fuel]}（按火种假定）、平地（假定）推算："
        f"需水 {asked.demand_l / 1000:.0f} t，每小时增 {asked.growth_lps * 3.6:.0f} t；"
        f"火头每分钟 {how.head_mps * 60:.0f} m、{how.intensity_kw_m:.0f} kW/m"
    )
    return text + ("，火头不宜直接扑打" if how.intensity_kw_m > NO_HEAD_ATTACK_KW_M else "")


def _stated_zh(demand_l: float | None, growth_lps: float | None) -> str:
    if demand_l is not None:
        return "；需水以人工填报为准"
    return "；增长以人工填报为准" if growth_lps is not None else ""
