"""Where a fire's demand and growth in a scenario come from: said by a person, modelled, or the level's starting value.

Pure. A person's figure always wins, each of the two by itself. Otherwise, where weather is known, fire_growth.py
reckons them from it and from the size that the level stands for. Only where nothing is known the level's starting
values stay. Which of the three it was is said in the plan's reasons.

What people said stands in the incident's `fire` (records.FireStated). Of what they did not say fuel is taken from the
kind of fire, slope as flat, wind as light, the size as the level's; the reasons say which.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.incident import DEFAULT_WIND_MPS, FIRE_SIZES
from dispatch.kinds import IncidentKind
from dispatch.records import FireStated, Incident
from optimizer.fire_growth import NO_HEAD_ATTACK_KW_M, Advance, Ground, Water, advance, water
from optimizer.fuels import FUEL_ZH, Fuel, Moisture

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
    """What a fire asks for, as of `as_of`."""
    said = _said(incident)
    if said.demand_l is not None and said.growth_lps is not None:
        return Need(
            demand_l=said.demand_l,
            growth_lps=said.growth_lps,
            code="FIRE_STATED",
            text="需水与增长按人工填报",
        )
    if said.wind_mps is None and said.fuel is None and said.slope_deg is None and said.area_m2 is None:
        filled = FIRE_SIZES[incident.level]
        return Need(
            demand_l=filled.demand_l if said.demand_l is None else said.demand_l,
            growth_lps=filled.growth_lps if said.growth_lps is None else said.growth_lps,
            code="FIRE_DEFAULT",
            text=f"未报风、可燃物、坡度与面积，按{_LEVEL_ZH[incident.level]}级火的起始值"
            + _stated_zh(said.demand_l, said.growth_lps),
        )
    how = advance(
        Ground(
            fuel=LIKELY_FUEL[incident.kind] if said.fuel is None else Fuel[said.fuel.name],
            wind_mps=said.wind_mps,
            slope_deg=said.slope_deg,
            moisture=_moisture(said.dead_moisture),
        )
    )
    modelled = water(how, LEVEL_AREA_M2[incident.level] if said.area_m2 is None else said.area_m2)
    return Need(
        demand_l=modelled.demand_l if said.demand_l is None else said.demand_l,
        growth_lps=modelled.growth_lps if said.growth_lps is None else said.growth_lps,
        code="FIRE_MODEL",
        text=_model_zh(how, modelled, said) + _stated_zh(said.demand_l, said.growth_lps),
    )


def as_of(incident: Incident) -> datetime:
    """When the demand was what `need` says: when it was last said, else at the report."""
    return incident.reported_at if incident.fire is None else incident.fire.at


def _said(incident: Incident) -> FireStated:
    """What people said. Of a report from before this was kept: what differs from what it would be filled in with."""
    if incident.fire is not None:
        return incident.fire
    filled = FIRE_SIZES[incident.level]
    return FireStated(
        at=incident.reported_at,
        demand_l=None if incident.demand_l == filled.demand_l else incident.demand_l,
        growth_lps=None if incident.growth_lps == filled.growth_lps else incident.growth_lps,
        wind_mps=None if incident.wind_mps == DEFAULT_WIND_MPS else incident.wind_mps,
    )


def _moisture(dead: float | None) -> Moisture | None:
    return None if dead is None else Moisture(dead_1h=dead, dead_10h=dead, dead_100h=dead)


def _model_zh(how: Advance, asked: Water, said: FireStated) -> str:
    assumed = "（假定）"
    text = (
        f"按风 {how.wind_mps:.0f} m/s{'' if said.wind_mps is not None else assumed}、"
        f"{FUEL_ZH[how.fuel]}{'' if said.fuel is not None else '（按火种假定）'}、"
        f"坡度 {how.slope_deg:.0f}°{'' if said.slope_deg is not None else assumed}"
        + (f"、面积 {said.area_m2 / 1e4:.1f} ha" if said.area_m2 is not None else "、面积按级别")
        + f"推算：需水 {asked.demand_l / 1000:.0f} t，每小时增 {asked.growth_lps * 3.6:.0f} t；"
        f"火头每分钟 {how.head_mps * 60:.0f} m、{how.intensity_kw_m:.0f} kW/m"
    )
    return text + ("，火头不宜直接扑打" if how.intensity_kw_m > NO_HEAD_ATTACK_KW_M else "")


def _stated_zh(demand_l: float | None, growth_lps: float | None) -> str:
    if demand_l is not None:
        return "；需水以人工填报为准"
    return "；增长以人工填报为准" if growth_lps is not None else ""
