"""What is known of aircraft, places and things, saved."""

from dataclasses import dataclass

from dispatch.obstacle_records import Obstacle
from dispatch.records import Aircraft, Base, Hospital, Identity, LandingSite, WaterPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class AircraftSaved:
    """An aircraft as it now is."""

    aircraft: Aircraft


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSaved:
    """A base as it now is."""

    base: Base


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterPointSaved:
    """A water point as it now is."""

    water_point: WaterPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingSiteSaved:
    """A landing site as it now is."""

    landing_site: LandingSite


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalSaved:
    """A hospital as it now is."""

    hospital: Hospital


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleSaved:
    """An obstacle as it now is."""

    obstacle: Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySaved:
    """An identity as it now is."""

    identity: Identity


ResourceFact = (
    AircraftSaved
    | BaseSaved
    | WaterPointSaved
    | LandingSiteSaved
    | HospitalSaved
    | ObstacleSaved
    | IdentitySaved
)
