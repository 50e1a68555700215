"""The form in which a fact leaves: without names of persons always, without what an agreement withholds.

Works by the names of fields, so that a record that grows a `signed_by` tomorrow does not give it away: whoever did
something is the site, a crew is nobody, a device's stamp stays at home. What is withheld is emptied; a field that
cannot be emptied is a number and becomes 0. The form of a fact is the same each time, so its hash is too.
"""

import dataclasses
from collections.abc import Callable, Collection
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from dispatch.consent_kinds import WithheldField
from dispatch.geo import Position

T = TypeVar("T")

COARSE_DEG = 0.05  # about 5 km: which valley, not which house
_PERSONS = frozenset({"by", "actor"})  # and every field that ends with _by
_GONE = {"crew_ids": (), "stamp": None, "key": "", "device_id": ""}
_TEXTS = frozenset({"note", "remark", "reason", "detail", "text"})
_BLANKED: dict[WithheldField, frozenset[str]] = {
    WithheldField.NOTES: _TEXTS,
    WithheldField.PLACE_NAMES: frozenset({"place"}),
    WithheldField.FREQUENCIES: frozenset({"frequency"}),
    WithheldField.FIRE_FIGURES: frozenset({"fire", "demand_l", "growth_lps"}),
    WithheldField.WATER: frozenset({"water", "litres_per_drop", "drops"}),
    WithheldField.HOURS: frozenset({"signatures"}),
    WithheldField.OPERATORS: frozenset({"operator_id"}),
    WithheldField.POSITION: frozenset(),
}


def formed(fact: T, site: str, withheld: Collection[WithheldField] = ()) -> T:
    """The fact as it may leave `site`. The same object where nothing of it is to be left out."""
    blank = frozenset[str]().union(*(_BLANKED[each] for each in withheld))
    made: T = _form(fact, site, blank, WithheldField.POSITION in withheld)
    return made


def _form(value: Any, site: str, blank: frozenset[str], coarse: bool) -> Any:
    if isinstance(value, tuple):
        made = tuple(_form(each, site, blank, coarse) for each in value)
        return value if all(a is b for a, b in zip(made, value, strict=True)) else made
    if isinstance(value, Position):
        return coarse_place(value) if coarse else value
    fields = _fields(type(value))  # type: ignore[arg-type]  # mypy takes a class for unhashable
    if fields is None:
        return value
    changes: dict[str, Any] = {}
    for name, treat in fields:
        present = getattr(value, name)
        if treat is not None:
            wanted = treat(present, site)
        elif name in blank:
            wanted = _emptied(present)
        else:
            wanted = _form(present, site, blank, coarse)
        if wanted is not present and wanted != present:
            changes[name] = wanted
    return dataclasses.replace(value, **changes) if changes else value


@cache
def _fields(cls: type) -> tuple[tuple[str, Callable[[Any, str], Any] | None], ...] | None:
    """Names, and for those that never leave what stands in their place; None for what is no record."""
    if not dataclasses.is_dataclass(cls):
        return None
    names = {each.name for each in dataclasses.fields(cls)}

    def treatment(name: str) -> Callable[[Any, str], Any] | None:
        if name in _PERSONS or name.endswith("_by"):
            return lambda present, site: site if present and isinstance(present, str) else present
        if name in _GONE and (name != "key" or "by" in names):  # of a command, beside who gave it
            return lambda _present, _site: _GONE[name]
        return None

    return tuple((each.name, treatment(each.name)) for each in dataclasses.fields(cls))


def _emptied(present: Any) -> Any:
    if isinstance(present, Enum | bool):
        return present
    if isinstance(present, str):
        return ""
    if isinstance(present, int | float):
        return type(present)(0)
    return () if isinstance(present, tuple) else None


def coarse_place(position: Position) -> Position:
    """A place without its exact position."""
    return Position(
        lon_deg=round(round(position.lon_deg / COARSE_DEG) * COARSE_DEG, 6),
        lat_deg=round(round(position.lat_deg / COARSE_DEG) * COARSE_DEG, 6),
    )
