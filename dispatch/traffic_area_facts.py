"""What happened with incident airspace; part of the vocabulary of dispatch/facts.py."""

from dataclasses import dataclass

from dispatch.traffic_area_records import Intrusion, TrafficArea


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficAreaMade:
    """Incident airspace is made, whole."""

    area: TrafficArea


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficAreaAmended:
    """Incident airspace as it now is. `changed` names its fields that are others."""

    area: TrafficArea
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficAreaWithdrawn:
    """It counts no more."""

    area_id: str
    incident_id: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrusionRecorded:
    """A drone was seen: the airspace of its incident is suspended."""

    intrusion: Intrusion


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrusionCleared:
    """It is confirmed gone."""

    intrusion_id: str
    incident_id: str
    version: int
    reason: str
