"""Resources: aircraft, bases, water points, landing sites and hospitals, saved whole with an optimistic version."""

import re
from dataclasses import replace

from dispatch import access
from dispatch.commands import Ask, SaveResource
from dispatch.errors import Malformed, Refused
from dispatch.facts import AircraftSaved, BaseSaved, Fact, HospitalSaved, LandingSiteSaved, WaterPointSaved
from dispatch.records import Aircraft, Base, Hospital, LandingSite, Resource, WaterPoint
from dispatch.world import World

_ICAO24 = re.compile(r"^([0-9a-f]{6})?\Z")

TABLES: dict[type, str] = {
    Aircraft: "aircraft",
    Base: "bases",
    WaterPoint: "water_points",
    LandingSite: "landing_sites",
    Hospital: "hospitals",
}


def decide_save(world: World, ask: Ask, command: SaveResource) -> tuple[Fact, ...]:
    """Create or change one resource. Its site is this one; its version follows the one seen."""
    if ask.role is not None:
        access.require(ask, access.SAVE_RESOURCE, "changing resources")
    resource = command.resource
    present = getattr(world, TABLES[type(resource)]).get(resource.id)
    if present is not None and present.site != world.site:
        raise Refused("NOT_OWNER", f"{resource.id} belongs to site {present.site}", field="id")
    access.check_version(command.version_seen, present.version if present else 0, resource.id)
    if not resource.name.strip():
        raise Malformed("name", "is empty")
    saved = replace(resource, site=world.site, version=command.version_seen + 1)
    return (_fact(world, saved),)


def _fact(world: World, resource: Resource) -> Fact:
    match resource:
        case Aircraft():
            _check_aircraft(world, resource)
            return AircraftSaved(aircraft=resource)
        case Base():
            return BaseSaved(base=resource)
        case WaterPoint():
            return WaterPointSaved(water_point=resource)
        case LandingSite():
            return LandingSiteSaved(landing_site=resource)
        case Hospital():
            return HospitalSaved(hospital=resource)


def _check_aircraft(world: World, aircraft: Aircraft) -> None:
    if not _ICAO24.match(aircraft.icao24):
        raise Malformed("icao24", f"{aircraft.icao24!r} is not six lower-case hex digits")
    for other in world.aircraft.values():
        if aircraft.icao24 and other.icao24 == aircraft.icao24 and other.id != aircraft.id:
            raise Refused("DUPLICATE", f"address {aircraft.icao24} belongs to {other.id}", field="icao24")
    for name in ("cruise_mps", "loaded_mps", "fuel_capacity_kg", "burn_kgps"):
        if not getattr(aircraft, name) > 0:
            raise Malformed(name, f"{getattr(aircraft, name)} is not above 0")
    if aircraft.home_base_id not in world.bases:
        raise Malformed("home_base_id", f"no base {aircraft.home_base_id!r}")
    if aircraft.at_base_id and aircraft.at_base_id not in world.bases:
        raise Malformed("at_base_id", f"no base {aircraft.at_base_id!r}")
    if not aircraft.serviceable and not aircraft.unserviceable_reason.strip():
        raise Malformed("unserviceable_reason", "an unserviceable aircraft says why")
