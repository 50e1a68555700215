"""Resources over HTTP: one body per kind (aircraft, bases, water points, landing sites, hospitals).

A body holds every field of the record except `site` and `version`, which the site sets; `version_seen` 0 creates.
Tables of many at once are protocols/resources_csv.py's.
"""

from dataclasses import fields
from typing import Annotated, Any

from msgspec import Meta

from dispatch import records
from dispatch.kinds import AircraftKind, Capability, FuelType, WaterMode
from protocols.json_doors import (
    END,
    Amount,
    Body,
    Height,
    Id,
    Instant,
    Line,
    Note,
    OptionalId,
    PositionBody,
    Speed,
    VersionOrNone,
    position_of,
)

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Count = Annotated[int, Meta(ge=0, le=10_000)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]


class LiftPointBody(Body, frozen=True, kw_only=True):
    """Litres that can be lifted at a density altitude."""

    density_altitude_m: Height
    litres: Amount


class WaterGearBody(Body, frozen=True, kw_only=True):
    """Bucket, snorkel tank or scoop."""

    mode: WaterMode
    capacity_l: Amount
    fill_s: Amount
    drop_s: Amount
    min_depth_m: Amount
    lift: Annotated[tuple[LiftPointBody, ...], Meta(max_length=32)] = ()

    def record(self) -> records.WaterGear:
        """The record."""
        return records.WaterGear(
            mode=self.mode,
            capacity_l=self.capacity_l,
            fill_s=self.fill_s,
            drop_s=self.drop_s,
            min_depth_m=self.min_depth_m,
            lift=tuple(
                records.LiftPoint(density_altitude_m=p.density_altitude_m, litres=p.litres) for p in self.lift
            ),
        )


class ResourceBody(Body, frozen=True, kw_only=True):
    """What every resource has."""

    id: Id
    name: Name
    source: Note = ""
    version_seen: VersionOrNone = 0


class AircraftBody(ResourceBody, frozen=True, kw_only=True):
    """An aircraft."""

    model: Line
    kind: AircraftKind
    operator_id: OptionalId = ""
    icao24: Annotated[str, Meta(pattern="^([0-9a-f]{6})?" + END)] = ""
    home_base_id: Id
    at_base_id: OptionalId = ""
    serviceable: bool = True
    unserviceable_reason: Line = ""
    cruise_mps: Annotated[float, Meta(gt=0, le=400)]
    loaded_mps: Annotated[float, Meta(gt=0, le=400)]
    fuel_type: FuelType
    fuel_capacity_kg: Positive
    fuel_kg: Amount
    burn_kgps: Positive
    turnaround_s: Amount
    min_runway_m: Amount = 0
    slots: Count = 1
    water: WaterGearBody | None = None
    seats: Count = 0
    cargo_kg: Amount = 0
    capabilities: Annotated[tuple[Capability, ...], Meta(max_length=16)] = ()
    max_wind_mps: Speed
    min_visibility_m: Amount
    flown_today_s: Amount = 0
    duty_ends_at: Instant | None = None
    cost_per_hour: Amount = 0
    simulated: bool = False


class PlaceBody(ResourceBody, frozen=True, kw_only=True):
    """A resource with a place."""

    position: PositionBody
    elevation_m: Height


class BaseBody(PlaceBody, frozen=True, kw_only=True):
    """A base."""

    runway_m: Amount = 0
    fuels: Annotated[tuple[FuelType, ...], Meta(max_length=8)] = ()
    refuel_points: Count = 0


class WaterPointBody(PlaceBody, frozen=True, kw_only=True):
    """A water point."""

    modes: Annotated[tuple[WaterMode, ...], Meta(min_length=1, max_length=8)]
    depth_m: Amount
    max_aircraft: Count = 1


class LandingSiteBody(PlaceBody, frozen=True, kw_only=True):
    """A landing site."""

    surface: Line = ""


class HospitalBody(PlaceBody, frozen=True, kw_only=True):
    """A hospital."""


KINDS: dict[str, tuple[type[ResourceBody], type[Any]]] = {
    "aircraft": (AircraftBody, records.Aircraft),
    "bases": (BaseBody, records.Base),
    "water_points": (WaterPointBody, records.WaterPoint),
    "landing_sites": (LandingSiteBody, records.LandingSite),
    "hospitals": (HospitalBody, records.Hospital),
}


def record(body: ResourceBody, site: str) -> records.Resource:
    """The record that a body describes, at the version after the one seen."""
    cls = next(made for shape, made in KINDS.values() if shape is type(body))
    values = {"site": site, "version": body.version_seen + 1}
    for field in fields(cls):
        if field.name not in values:
            values[field.name] = _value(getattr(body, field.name))
    made: records.Resource = cls(**values)
    return made


def _value(item: Any) -> Any:
    if isinstance(item, PositionBody):
        return position_of(item)
    if isinstance(item, WaterGearBody):
        return item.record()
    return item
