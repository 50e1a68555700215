"""What a table of resources may say: each kind's columns with unit, range and default, and how a row becomes a record.

Positions are lon_deg, lat_deg in WGS-84 unless a `datum` column says otherwise. Lists are separated by `|`, a lift
table is `density altitude:litres|…`, an empty cell means not given. Reading and writing whole files is resources_csv.py.
"""

import itertools
import re
from collections.abc import Mapping
from typing import Any

from dispatch.errors import Malformed
from dispatch.geo import Position, position_from
from dispatch.kinds import AircraftKind, Capability, FuelType, HorizontalDatum, WaterMode
from dispatch.records import (
    Aircraft,
    Base,
    Hospital,
    LandingSite,
    LiftPoint,
    SeasonDepth,
    WaterGear,
    WaterPoint,
)
from protocols.aid_table import AID_LIMITS
from protocols.card_table import CARDS
from protocols.cells import (
    Table,
    Word,
    Words,
    cell,
    icao24,
    id_,
    instant,
    may,
    need,
    number,
    since,
    text,
    truth,
    until,
    whole,
)
from protocols.clearance_table import CLEARANCES
from protocols.obstacle_table import OBSTACLES
from protocols.staff_table import STAFF


def _lift(cell: str) -> tuple[LiftPoint, ...]:
    points = []
    for part in cell.split("|"):
        height, colon, litres = part.partition(":")
        if not colon:
            raise ValueError(f"{part[:40]!r} is not density altitude:litres")
        points.append(
            LiftPoint(
                density_altitude_m=number(-500, 9000)(height.strip()),
                litres=number(0, 50_000)(litres.strip()),
            )
        )
    heights = [point.density_altitude_m for point in points]
    if any(b <= a for a, b in itertools.pairwise(heights)):
        raise ValueError("density altitudes must rise")
    return tuple(points)


def _seasons(cell: str) -> tuple[SeasonDepth, ...]:
    found = []
    for part in cell.split("|"):
        months = re.fullmatch(r"(\d{1,2})-(\d{1,2}):(.+)", part.strip())
        if months is None:
            raise ValueError(f"{part[:40]!r} is not month-month:metres")
        found.append(
            SeasonDepth(
                from_month=whole(1, 12)(months[1]),
                until_month=whole(1, 12)(months[2]),
                depth_m=number(0, 500)(months[3].strip()),
            )
        )
    return tuple(found)


_PLACE = (
    need("id", id_, "stable id; 1 to 64 letters, digits or . _ : -"),
    need("name", text, "name on the map"),
    need("lon_deg", number(-180, 180), "longitude in the datum"),
    need("lat_deg", number(-90, 90), "latitude in the datum"),
    may("datum", Word(HorizontalDatum), HorizontalDatum.WGS84, "wgs84 (default), cgcs2000 or gcj02"),
    need("elevation_m", number(-450, 9000), "metres above mean sea level"),
)
_SOURCE = (need("source", text, "where the row comes from"),)

_BASE = (
    *_PLACE,
    need("runway_m", number(0, 6000), "longest runway, metres; 0: helicopters only"),
    need("fuels", Words(FuelType), "jet|avgas"),
    need("refuel_points", whole(0, 100), "aircraft that can be fuelled at once"),
    *_SOURCE,
)
_WATER_POINT = (
    *_PLACE,
    need("modes", Words(WaterMode), "bucket|snorkel|scoop|pit"),
    need("depth_m", number(0, 500), "usable depth, metres; 0 for a pit"),
    need("max_aircraft", whole(1, 50), "aircraft that can take water at once"),
    may("seasons", _seasons, (), "depth by season, month-month:metres|…; 11-2:1.5 goes over the new year"),
    may("ban", text, "", "why no water may be taken: drinking water, fish …; empty: it may"),
    may("ban_from", since, None, "day or ISO 8601; empty: always has been"),
    may("ban_until", until, None, "day, through to its end, or ISO 8601; empty: until lifted"),
    *_SOURCE,
)
_LANDING_SITE = (*_PLACE, need("surface", text, "concrete, compacted earth, grass, roof …"), *_SOURCE)
_HOSPITAL = (*_PLACE, *_SOURCE)
_AIRCRAFT = (
    need("id", id_, "registration"),
    need("name", text, "call name on the map"),
    need("model", text, "type"),
    need("kind", Word(AircraftKind), "helicopter or fixed_wing"),
    need("operator_id", id_, "whose aircraft it is"),
    may("icao24", icao24, "", "24-bit address, six lower-case hex digits; empty: no transponder known"),
    need("home_base_id", id_, "base"),
    may("at_base_id", id_, "", "base where it stands; empty: in the air"),
    may("serviceable", truth, True, "true or false"),
    may("unserviceable_reason", text, "", "why not"),
    need("cruise_mps", number(5, 400), "m/s"),
    need("loaded_mps", number(5, 400), "m/s with water"),
    need("fuel_type", Word(FuelType), "jet or avgas"),
    need("fuel_capacity_kg", number(0, 200_000), "kg"),
    need("fuel_kg", number(0, 200_000), "kg now"),
    need("burn_kgps", number(0, 20), "kg/s in the air"),
    need("turnaround_s", number(0, 86_400), "seconds on the ground to be full again"),
    need("min_runway_m", number(0, 6000), "metres; 0: none"),
    need("slots", whole(1, 20), "height layers taken over an incident"),
    may("water_mode", Word(WaterMode), None, "bucket, snorkel, scoop or pit; empty: takes no water"),
    may("water_capacity_l", number(1, 50_000), None, "litres"),
    may("water_fill_s", number(1, 7200), None, "seconds"),
    may("water_drop_s", number(1, 7200), None, "seconds"),
    may("water_min_depth_m", number(0, 100), None, "metres"),
    may("water_lift", _lift, None, "density altitude m:litres|…, rising"),
    need("seats", whole(0, 1000), "passengers"),
    need("cargo_kg", number(0, 200_000), "kg"),
    may("capabilities", Words(Capability), (), "water|hoist|medical|cargo|search|recon|night"),
    need("max_wind_mps", number(0, 60), "m/s"),
    need("min_visibility_m", number(0, 50_000), "metres"),
    may("flown_today_s", number(0, 86_400), 0.0, "seconds"),
    may("duty_ends_at", instant, None, "ISO 8601 with zone"),
    need("cost_per_hour", number(0, 10_000), "thousand CNY"),
    may("certificate_until", until, None, "airworthy through this day; empty: not stated"),
    may("inspection_due_at", until, None, "flies through this day, then is inspected; empty: not stated"),
    *_SOURCE,
    may("simulated", truth, False, "true or false"),
)


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


def _place_cells(record: Any) -> dict[str, str]:
    position: Position = record.position
    cells = {name: cell(getattr(record, name)) for name in record.__slots__ if name != "position"}
    return cells | {
        "lon_deg": cell(position.lon_deg),
        "lat_deg": cell(position.lat_deg),
        "datum": HorizontalDatum.WGS84,
    }


def _aircraft_cells(record: Any) -> dict[str, str]:
    cells = {name: cell(getattr(record, name)) for name in record.__slots__ if name != "water"}
    gear: WaterGear | None = record.water
    for name in ("mode", *_WATER_PARTS):
        cells[f"water_{name}"] = "" if gear is None else cell(getattr(gear, name))
    return cells


COLUMNS: Mapping[str, Table] = {
    "aircraft": Table(record=Aircraft, columns=_AIRCRAFT, build=_build_aircraft, cells=_aircraft_cells),
    "bases": Table(record=Base, columns=_BASE, build=_build_place, cells=_place_cells),
    "water_points": Table(record=WaterPoint, columns=_WATER_POINT, build=_build_place, cells=_place_cells),
    "landing_sites": Table(record=LandingSite, columns=_LANDING_SITE, build=_build_place, cells=_place_cells),
    "hospitals": Table(record=Hospital, columns=_HOSPITAL, build=_build_place, cells=_place_cells),
    **OBSTACLES,
    **CLEARANCES,
    **AID_LIMITS,
    **STAFF,
    **CARDS,
}


def table_of(kind: str) -> Table:
    """The table of a kind by its public name (`bases`, …). Raises Malformed."""
    try:
        return COLUMNS[kind]
    except KeyError:
        raise Malformed("kind", f"{kind[:40]!r} is not one of {', '.join(COLUMNS)}") from None
