"""What a table of resources may say: each kind's columns with unit, range and default, and how a row becomes a record.

Positions are lon_deg, lat_deg in WGS-84 unless a `datum` column says otherwise. Lists are separated by `|`, a lift
table is `density altitude:litres|…`, an empty cell means not given. Reading and writing whole files is resources_csv.py.
"""

import itertools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from dispatch.errors import Malformed
from dispatch.geo import Position, position_from
from dispatch.ids import check_id
from dispatch.kinds import AircraftKind, Capability, FuelType, HorizontalDatum, WaterMode
from dispatch.records import Aircraft, Base, Hospital, LandingSite, LiftPoint, WaterGear, WaterPoint

MAX_CELL_CHARS = 400

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading: `read` turns its text into a value or raises ValueError; `default` stands in for an empty cell."""

    name: str
    read: Callable[[str], Any]
    required: bool
    default: Any
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One kind of resource: the record it becomes, its columns, and how the cells become the record's fields."""

    record: type
    columns: tuple[Column, ...]
    build: Callable[[dict[str, Any]], dict[str, Any]]
    cells: Callable[[Any], dict[str, str]]


# --- cells ---------------------------------------------------------------------------------------------------


def _text(cell: str) -> str:
    if len(cell) > MAX_CELL_CHARS:
        raise ValueError(f"longer than {MAX_CELL_CHARS} characters")
    if any(ord(c) < 32 for c in cell):
        raise ValueError("has a control character")
    return cell


def _id(cell: str) -> str:
    try:
        return check_id(cell, "id")
    except Malformed as fault:
        raise ValueError(fault.detail) from None


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(cell: str) -> float:
        try:
            value = float(cell)
        except ValueError:
            raise ValueError(f"{cell[:40]!r} is not a number") from None
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"{cell[:40]} is not within {low:g} to {high:g}")
        return value

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(cell: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", cell):
            raise ValueError(f"{cell[:40]!r} is not a whole number")
        if not low <= int(cell) <= high:
            raise ValueError(f"{cell} is not within {low} to {high}")
        return int(cell)

    return read


def _truth(cell: str) -> bool:
    if cell not in {"true", "false"}:
        raise ValueError(f"{cell[:40]!r} is neither true nor false")
    return cell == "true"


def _word(words: type[E]) -> Callable[[str], E]:
    def read(cell: str) -> E:
        try:
            return words(cell)
        except ValueError:
            raise ValueError(f"{cell[:40]!r} is not one of {', '.join(words)}") from None

    return read


def _words(words: type[E]) -> Callable[[str], tuple[E, ...]]:
    one = _word(words)

    def read(cell: str) -> tuple[E, ...]:
        found = tuple(one(part.strip()) for part in cell.split("|"))
        if len(set(found)) != len(found):
            raise ValueError(f"{cell[:40]!r} says one thing twice")
        return found

    return read


def _icao24(cell: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{6}", cell):
        raise ValueError(f"{cell[:40]!r} is not six lower-case hex digits")
    return cell


def _instant(cell: str) -> datetime:
    try:
        value = datetime.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"{cell[:40]!r} is not an ISO 8601 time") from None
    if value.tzinfo is None:
        raise ValueError(f"{cell} does not say its time zone")
    return value.astimezone(UTC)


def _lift(cell: str) -> tuple[LiftPoint, ...]:
    points = []
    for part in cell.split("|"):
        height, colon, litres = part.partition(":")
        if not colon:
            raise ValueError(f"{part[:40]!r} is not density altitude:litres")
        points.append(
            LiftPoint(
                density_altitude_m=_number(-500, 9000)(height.strip()),
                litres=_number(0, 50_000)(litres.strip()),
            )
        )
    heights = [point.density_altitude_m for point in points]
    if any(b <= a for a, b in itertools.pairwise(heights)):
        raise ValueError("density altitudes must rise")
    return tuple(points)


# --- columns -------------------------------------------------------------------------------------------------


def _need(name: str, read: Callable[[str], Any], meaning: str) -> Column:
    return Column(name=name, read=read, required=True, default=None, meaning=meaning)


def _may(name: str, read: Callable[[str], Any], default: Any, meaning: str) -> Column:
    return Column(name=name, read=read, required=False, default=default, meaning=meaning)


_PLACE = (
    _need("id", _id, "stable id; 1 to 64 letters, digits or . _ : -"),
    _need("name", _text, "name on the map"),
    _need("lon_deg", _number(-180, 180), "longitude in the datum"),
    _need("lat_deg", _number(-90, 90), "latitude in the datum"),
    _may("datum", _word(HorizontalDatum), HorizontalDatum.WGS84, "wgs84 (default), cgcs2000 or gcj02"),
    _need("elevation_m", _number(-450, 9000), "metres above mean sea level"),
)
_SOURCE = (_need("source", _text, "where the row comes from"),)

_BASE = (
    *_PLACE,
    _need("runway_m", _number(0, 6000), "longest runway, metres; 0: helicopters only"),
    _need("fuels", _words(FuelType), "jet|avgas"),
    _need("refuel_points", _whole(0, 100), "aircraft that can be fuelled at once"),
    *_SOURCE,
)
_WATER_POINT = (
    *_PLACE,
    _need("modes", _words(WaterMode), "bucket|snorkel|scoop|pit"),
    _need("depth_m", _number(0, 500), "usable depth, metres; 0 for a pit"),
    _need("max_aircraft", _whole(1, 50), "aircraft that can take water at once"),
    *_SOURCE,
)
_LANDING_SITE = (*_PLACE, _need("surface", _text, "concrete, compacted earth, grass, roof …"), *_SOURCE)
_HOSPITAL = (*_PLACE, *_SOURCE)
_AIRCRAFT = (
    _need("id", _id, "registration"),
    _need("name", _text, "call name on the map"),
    _need("model", _text, "type"),
    _need("kind", _word(AircraftKind), "helicopter or fixed_wing"),
    _need("operator_id", _id, "whose aircraft it is"),
    _may("icao24", _icao24, "", "24-bit address, six lower-case hex digits; empty: no transponder known"),
    _need("home_base_id", _id, "base"),
    _may("at_base_id", _id, "", "base where it stands; empty: in the air"),
    _may("serviceable", _truth, True, "true or false"),
    _may("unserviceable_reason", _text, "", "why not"),
    _need("cruise_mps", _number(5, 400), "m/s"),
    _need("loaded_mps", _number(5, 400), "m/s with water"),
    _need("fuel_type", _word(FuelType), "jet or avgas"),
    _need("fuel_capacity_kg", _number(0, 200_000), "kg"),
    _need("fuel_kg", _number(0, 200_000), "kg now"),
    _need("burn_kgps", _number(0, 20), "kg/s in the air"),
    _need("turnaround_s", _number(0, 86_400), "seconds on the ground to be full again"),
    _need("min_runway_m", _number(0, 6000), "metres; 0: none"),
    _need("slots", _whole(1, 20), "height layers taken over an incident"),
    _may("water_mode", _word(WaterMode), None, "bucket, snorkel, scoop or pit; empty: takes no water"),
    _may("water_capacity_l", _number(1, 50_000), None, "litres"),
    _may("water_fill_s", _number(1, 7200), None, "seconds"),
    _may("water_drop_s", _number(1, 7200), None, "seconds"),
    _may("water_min_depth_m", _number(0, 100), None, "metres"),
    _may("water_lift", _lift, None, "density altitude m:litres|…, rising"),
    _need("seats", _whole(0, 1000), "passengers"),
    _need("cargo_kg", _number(0, 200_000), "kg"),
    _may("capabilities", _words(Capability), (), "water|hoist|medical|cargo|search|recon|night"),
    _need("max_wind_mps", _number(0, 60), "m/s"),
    _need("min_visibility_m", _number(0, 50_000), "metres"),
    _may("flown_today_s", _number(0, 86_400), 0.0, "seconds"),
    _may("duty_ends_at", _instant, None, "ISO 8601 with zone"),
    _need("cost_per_hour", _number(0, 10_000), "thousand CNY"),
    *_SOURCE,
    _may("simulated", _truth, False, "true or false"),
)


# --- rows to fields and back -----------------------------------------------------------------------------------


def _build_place(values: dict[str, Any]) -> dict[str, Any]:
    fields = dict(values)
    fields["position"] = position_from(fields.pop("lon_deg"), fields.pop("lat_deg"), fields.pop("datum"))
    return fields


_WATER_PARTS = ("capacity_l", "fill_s", "drop_s", "min_depth_m", "lift")


def _build_aircraft(values: dict[str, Any]) -> dict[str, Any]:
    fields = dict(values)
    mode = fields.pop("water_mode")
    parts = {name: fields.pop(f"water_{name}") for name in _WATER_PARTS}
    missing = [name for name, value in parts.items() if value is None]
    if mode is None and len(missing) < len(parts):
        raise Malformed("water_mode", "is empty, but other water columns are not")
    if mode is not None and missing:
        raise Malformed(f"water_{missing[0]}", "is needed where water_mode is given")
    if fields["fuel_kg"] > fields["fuel_capacity_kg"]:
        raise Malformed("fuel_kg", "is more than fuel_capacity_kg")
    if not fields["serviceable"] and not fields["unserviceable_reason"]:
        raise Malformed("unserviceable_reason", "is needed where serviceable is false")
    fields["water"] = None if mode is None else WaterGear(mode=mode, **parts)
    return fields


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, tuple):
        return "|".join(
            f"{_cell(v.density_altitude_m)}:{_cell(v.litres)}" if isinstance(v, LiftPoint) else str(v)
            for v in value
        )
    return str(value)


def _place_cells(record: Any) -> dict[str, str]:
    position: Position = record.position
    cells = {name: _cell(getattr(record, name)) for name in record.__slots__ if name != "position"}
    return cells | {
        "lon_deg": _cell(position.lon_deg),
        "lat_deg": _cell(position.lat_deg),
        "datum": HorizontalDatum.WGS84,
    }


def _aircraft_cells(record: Any) -> dict[str, str]:
    cells = {name: _cell(getattr(record, name)) for name in record.__slots__ if name != "water"}
    gear: WaterGear | None = record.water
    for name in ("mode", *_WATER_PARTS):
        cells[f"water_{name}"] = "" if gear is None else _cell(getattr(gear, name))
    return cells


COLUMNS: Mapping[str, Table] = {
    "aircraft": Table(record=Aircraft, columns=_AIRCRAFT, build=_build_aircraft, cells=_aircraft_cells),
    "bases": Table(record=Base, columns=_BASE, build=_build_place, cells=_place_cells),
    "water_points": Table(record=WaterPoint, columns=_WATER_POINT, build=_build_place, cells=_place_cells),
    "landing_sites": Table(record=LandingSite, columns=_LANDING_SITE, build=_build_place, cells=_place_cells),
    "hospitals": Table(record=Hospital, columns=_HOSPITAL, build=_build_place, cells=_place_cells),
}


def table_of(kind: str) -> Table:
    """The table of a kind by its public name (`bases`, …). Raises Malformed."""
    try:
        return COLUMNS[kind]
    except KeyError:
        raise Malformed("kind", f"{kind[:40]!r} is not one of {', '.join(COLUMNS)}") from None
