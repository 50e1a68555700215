"""How large a fire is taken to be: a level's starting values, what people have said of it, and when they did."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dispatch.errors import Malformed
from dispatch.records import FireStated, Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class FireSize:
    """Water owed when reported, and its growth: our starting values per level until somebody states better."""

    demand_l: float
    growth_lps: float


# Proposed values. Levels follow burnt area <1, 1-100, 100-1000, >=1000 ha (DOMAIN §6); the smallest equals the
# mean fire of the shared planning scenarios.
FIRE_SIZES: dict[int, FireSize] = {
    4: FireSize(demand_l=20_000, growth_lps=1.0),
    3: FireSize(demand_l=60_000, growth_lps=3.0),
    2: FireSize(demand_l=200_000, growth_lps=8.0),
    1: FireSize(demand_l=600_000, growth_lps=20.0),
}
DEFAULT_WIND_MPS = 4.0  # until weather is stated: light wind, no limit of any aircraft
FIRE_FIGURES = ("demand_l", "growth_lps", "wind_mps", "fuel", "slope_deg", "area_m2", "dead_moisture")
_OF_A_MOMENT = ("demand_l", "area_m2")  # said again with the same figure they are news: still so, as of now


def said(incident: Incident) -> FireStated:
    """What people have said of a fire.

    Of a report from before this was kept: the figures that differ from those it would have been filled in with.
    """
    if incident.fire is not None:
        return incident.fire
    filled = FIRE_SIZES[incident.level]
    return FireStated(
        at=incident.reported_at,
        demand_l=None if incident.demand_l == filled.demand_l else incident.demand_l,
        growth_lps=None if incident.growth_lps == filled.growth_lps else incident.growth_lps,
        wind_mps=None if incident.wind_mps == DEFAULT_WIND_MPS else incident.wind_mps,
    )


def owed_since(incident: Incident) -> datetime:
    """As of when the fire's water is what it is taken to be: the moment its demand was said, else its size (area or
    level), else the report. Of what was said before these moments were kept, the last word's."""
    stated = said(incident)
    if stated.demand_l is not None:
        return stated.demand_at or stated.at
    if stated.size_at is not None:
        return stated.size_at
    return incident.reported_at if stated.area_m2 is None else stated.at


def restated(
    before: FireStated,
    given: Mapping[str, Any],
    withdrawn: Collection[str],
    *,
    resized: bool,
    now: datetime,
) -> tuple[FireStated, tuple[str, ...]]:
    """What is said now, and which figures that changes.

    `given` has some of FIRE_FIGURES, `withdrawn` names those that nobody stands by any more; `resized`: the level is
    another, so the fire's size is known anew. Raises Malformed where a figure is both given and withdrawn.
    """
    both = sorted(set(given) & set(withdrawn))
    if both:
        raise Malformed(both[0], "is given and withdrawn at once")
    values = {**given, **dict.fromkeys(withdrawn)}
    changed = tuple(
        name
        for name in FIRE_FIGURES
        if name in values
        and (values[name] != getattr(before, name) or (name in given and name in _OF_A_MOMENT))
    )
    if not changed and not resized:
        return before, ()
    new = replace(before, at=now, **values)
    if "demand_l" in changed:
        new = replace(new, demand_at=None if new.demand_l is None else now)
    if resized or ("area_m2" in changed and new.area_m2 is not None):
        new = replace(new, size_at=now)
    return new, changed


def filled_in(level: int, stated: FireStated) -> dict[str, float]:
    """Demand, growth and wind of an incident: as said, else the starting values."""
    size = FIRE_SIZES[level]
    return {
        "demand_l": size.demand_l if stated.demand_l is None else stated.demand_l,
        "growth_lps": size.growth_lps if stated.growth_lps is None else stated.growth_lps,
        "wind_mps": DEFAULT_WIND_MPS if stated.wind_mps is None else stated.wind_mps,
    }
