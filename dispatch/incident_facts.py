"""What happens to incidents and their alarms."""

from dataclasses import dataclass

from dispatch.geo import Position
from dispatch.kinds import AlarmFlag, IncidentAction, IncidentKind, IncidentState
from dispatch.records import AirspaceRequest, AlarmSource, FireStated, Incident, PossibleDuplicate, Tasking


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported:
    """A new incident, whole."""

    incident: Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAdvanced:
    """An incident took a step of its lifecycle."""

    incident_id: str
    action: IncidentAction
    state: IncidentState
    version: int
    reason: str = ""
    merged_into: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUpdated:
    """More is known of an incident; every value as it is now. `changed` names those that are others."""

    incident_id: str
    version: int
    changed: tuple[str, ...]
    level: int
    title: str
    life_at_risk: bool
    demand_l: float
    growth_lps: float
    wind_mps: float
    visibility_m: float
    note: str
    fire: FireStated | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCorrected:
    """What was reported of an incident was not so; every value as it is now. `changed` names those that are others."""

    incident_id: str
    version: int
    changed: tuple[str, ...]
    reason: str
    kind: IncidentKind
    title: str
    place: str
    position: Position
    stated_datum: str
    elevation_m: float
    life_at_risk: bool
    demand_l: float
    growth_lps: float
    wind_mps: float
    fire: FireStated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsJoined:
    """Alarms that are of an incident already known, or came with one that was merged; it keeps them as sources."""

    incident_id: str
    version: int
    sources: tuple[AlarmSource, ...]
    flags: tuple[AlarmFlag, ...]  # of the incident, as they are now
    possible_duplicates: tuple[PossibleDuplicate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentVerified:
    """The person who did this vouches for an unverified report."""

    incident_id: str
    version: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentShared:
    """An incident is shown to a partner from here on; carries it and its taskings as they are now."""

    partner: str
    incident: Incident
    taskings: tuple[Tasking, ...]
    requests: tuple[AirspaceRequest, ...]


IncidentFact = (
    IncidentReported
    | IncidentAdvanced
    | IncidentUpdated
    | IncidentCorrected
    | AlarmsJoined
    | IncidentVerified
    | IncidentShared
)
