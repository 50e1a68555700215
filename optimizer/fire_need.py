"""Where a fire's demand and growth in a scenario come from: said by a person, modelled, or the level's starting value.

Pure. A person's figure always wins, each of the two by itself. Otherwise, where weather is known, fire_growth.py
reckons them from it and from the size that the level stands for. Only where nothing is known the level's starting
values stay. Which of the three it was is said in the plan's reasons.

What people said stands in the incident's `fire` (records.FireStated). Of what they did not say fuel is taken from the
kind of fire, slope as flat, wind as light, the size as the level's; the reasons say which.
"""

from dataclasses import dataclass

from dispatch.fire import FIRE_SIZES, said
from dispatch.kinds import IncidentKind
from dispatch.records import FireStated, Incident
from optimizer.fire_growth import NO_HEAD_ATTACK_KW_M, Advance, Ground, Water, advance, water
from optimizer.fuels import FUEL_EN, FUEL_ZH, Fuel, Moisture

# Middle of each level's band of burnt area (<1, 1-100, 100-1000, ≥1000 ha, DOMAIN §6) by ratio, of the open ends the
# nearest third and the bound. Proposed; a mapped perimeter would be better.
LEVEL_AREA_M2: dict[int, float] = {4: 3e3, 3: 1e5, 2: 3.16e6, 1: 1e7}
# Forest: masson pine and broadleaf hills; 草原荒地: dry grass slopes. Proposed.
LIKELY_FUEL: dict[IncidentKind, Fuel] = {
    IncidentKind.FOREST_FIRE: Fuel.OPEN_LITTER,
    IncidentKind.WILDLAND_FIRE: Fuel.SHORT_GRASS,
}
_MODELLED_BY = ("wind_mps", "fuel", "slope_deg", "area_m2", "dead_moisture")
_LEVEL_ZH = {1: "Ⅰ", 2: "Ⅱ", 3: "Ⅲ", 4: "Ⅳ"}
_LEVEL_EN = {1: "I", 2: "II", 3: "III", 4: "IV"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Water owed when reported, its growth, and where both come from: `code` is stable; `text` and `text_en` say the
    same to people in Chinese and in English."""

    demand_l: float
    growth_lps: float
    code: str  # FIRE_STATED, FIRE_MODEL, FIRE_DEFAULT
    text: str
    text_en: str


def need(incident: Incident) -> Need:
    """What a fire asks for, as of fire.owed_since."""
    stated = said(incident)
    if stated.demand_l is not None and stated.growth_lps is not None:
        return Need(
            demand_l=stated.demand_l,
            growth_lps=stated.growth_lps,
            code="FIRE_STATED",
            text="需水与增长按人工填报",
            text_en="water owed and growth as reported by hand",
        )
    if all(getattr(stated, name) is None for name in _MODELLED_BY):
        filled = FIRE_SIZES[incident.level]
        return Need(
            demand_l=filled.demand_l if stated.demand_l is None else stated.demand_l,
            growth_lps=filled.growth_lps if stated.growth_lps is None else stated.growth_lps,
            code="FIRE_DEFAULT",
            text=f"未报风、可燃物、坡度、含水率与面积，按{_LEVEL_ZH[incident.level]}级火的起始值"
            + _stated_zh(stated.demand_l, stated.growth_lps),
            text_en="wind, fuel, slope, moisture and area not reported: starting values of a fire of level "
            + f"{_LEVEL_EN[incident.level]}{_stated_en(stated.demand_l, stated.growth_lps)}",
        )
    how = advance(
        Ground(
            fuel=LIKELY_FUEL[incident.kind] if stated.fuel is None else Fuel[stated.fuel.name],
            wind_mps=stated.wind_mps,
            slope_deg=stated.slope_deg,
            moisture=_moisture(stated.dead_moisture),
        )
    )
    modelled = water(how, LEVEL_AREA_M2[incident.level] if stated.area_m2 is None else stated.area_m2)
    return Need(
        demand_l=modelled.demand_l if stated.demand_l is None else stated.demand_l,
        growth_lps=modelled.growth_lps if stated.growth_lps is None else stated.growth_lps,
        code="FIRE_MODEL",
        text=_model_zh(how, modelled, stated) + _stated_zh(stated.demand_l, stated.growth_lps),
        text_en=_model_en(how, modelled, stated) + _stated_en(stated.demand_l, stated.growth_lps),
    )


def _moisture(dead: float | None) -> Moisture | None:
    return None if dead is None else Moisture(dead_1h=dead, dead_10h=dead, dead_100h=dead)


def _model_zh(how: Advance, asked: Water, stated: FireStated) -> str:
    assumed = "（假定）"
    text = (
        f"按风 {how.wind_mps:.0f} m/s{'' if stated.wind_mps is not None else assumed}、"
        f"{FUEL_ZH[how.fuel]}{'' if stated.fuel is not None else '（按火种假定）'}、"
        f"坡度 {how.slope_deg:.0f}°{'' if stated.slope_deg is not None else assumed}"
        + ("" if stated.dead_moisture is None else f"、枯死可燃物含水 {stated.dead_moisture * 100:.0f} %")
        + (f"、面积 {stated.area_m2 / 1e4:.1f} ha" if stated.area_m2 is not None else "、面积按级别")
        + f"推算：需水 {asked.demand_l / 1000:.0f} t，每小时增 {asked.growth_lps * 3.6:.0f} t；"
        f"火头每分钟 {how.head_mps * 60:.0f} m、{how.intensity_kw_m:.0f} kW/m"
    )
    return text + ("，火头不宜直接扑打" if how.intensity_kw_m > NO_HEAD_ATTACK_KW_M else "")


def _stated_zh(demand_l: float | None, growth_lps: float | None) -> str:
    if demand_l is not None:
        return "；需水以人工填报为准"
    return "；增长以人工填报为准" if growth_lps is not None else ""


def _model_en(how: Advance, asked: Water, stated: FireStated) -> str:
    assumed = " (assumed)"
    text = (
        f"from wind {how.wind_mps:.0f} m/s{'' if stated.wind_mps is not None else assumed}, "
        f"{FUEL_EN[how.fuel]}{'' if stated.fuel is not None else ' (assumed from the kind of fire)'}, "
        f"slope {how.slope_deg:.0f}°{'' if stated.slope_deg is not None else assumed}"
        + ("" if stated.dead_moisture is None else f", dead fuel moisture {stated.dead_moisture * 100:.0f} %")
        + (f", area {stated.area_m2 / 1e4:.1f} ha" if stated.area_m2 is not None else ", area by the level")
        + f": {asked.demand_l / 1000:.0f} t of water owed, {asked.growth_lps * 3.6:.0f} t more each hour; "
        f"the head runs {how.head_mps * 60:.0f} m a minute with {how.intensity_kw_m:.0f} kW/m"
    )
    return text + (", too hot to attack directly" if how.intensity_kw_m > NO_HEAD_ATTACK_KW_M else "")


def _stated_en(demand_l: float | None, growth_lps: float | None) -> str:
    if demand_l is not None:
        return "; water owed as reported by hand"
    return "; growth as reported by hand" if growth_lps is not None else ""
