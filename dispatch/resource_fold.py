"""How facts about aircraft, places and things change the world."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch import resource_facts
from dispatch.facts import Recorded
from dispatch.world import World, put, step_of


def _aircraft_saved(world: World, _: Recorded, fact: resource_facts.AircraftSaved) -> World:
    return put(world, "aircraft", fact.aircraft.id, fact.aircraft)


def _base_saved(world: World, _: Recorded, fact: resource_facts.BaseSaved) -> World:
    return put(world, "bases", fact.base.id, fact.base)


def _water_point_saved(world: World, _: Recorded, fact: resource_facts.WaterPointSaved) -> World:
    return put(world, "water_points", fact.water_point.id, fact.water_point)


def _landing_site_saved(world: World, _: Recorded, fact: resource_facts.LandingSiteSaved) -> World:
    return put(world, "landing_sites", fact.landing_site.id, fact.landing_site)


def _hospital_saved(world: World, _: Recorded, fact: resource_facts.HospitalSaved) -> World:
    return put(world, "hospitals", fact.hospital.id, fact.hospital)


def _obstacle_saved(world: World, _: Recorded, fact: resource_facts.ObstacleSaved) -> World:
    return put(world, "obstacles", fact.obstacle.id, fact.obstacle)


def _identity_saved(world: World, recorded: Recorded, fact: resource_facts.IdentitySaved) -> World:
    identity = fact.identity
    step = step_of(recorded, "save", "retired" if identity.retired else "in_use")
    return put(world, "identities", identity.id, replace(identity, history=(*identity.history, step)))


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    resource_facts.AircraftSaved: _aircraft_saved,
    resource_facts.BaseSaved: _base_saved,
    resource_facts.WaterPointSaved: _water_point_saved,
    resource_facts.LandingSiteSaved: _landing_site_saved,
    resource_facts.HospitalSaved: _hospital_saved,
    resource_facts.ObstacleSaved: _obstacle_saved,
    resource_facts.IdentitySaved: _identity_saved,
}
