"""What is asked about incidents and their alarms."""

from dataclasses import dataclass

from dispatch.geo import Position
from dispatch.kinds import FuelModel, IncidentAction, IncidentKind
from dispatch.records import AlarmSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIncident:
    """A new incident. Omitted figures are filled from the kind and level (incident.py)."""

    kind: IncidentKind
    level: int
    title: str
    place: str
    position: Position
    stated_datum: str = "wgs84"
    code: str = ""
    elevation_m: float | None = None
    life_at_risk: bool | None = None
    demand_l: float | None = None
    growth_lps: float | None = None
    wind_mps: float | None = None
    visibility_m: float | None = None
    note: str = ""
    simulated: bool = False
    fuel: FuelModel | None = None
    slope_deg: float | None = None
    area_m2: float | None = None
    dead_moisture: float | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateIncident:
    """What is known better now. None: as before."""

    incident_id: str
    version_seen: int
    level: int | None = None
    title: str | None = None
    life_at_risk: bool | None = None
    demand_l: float | None = None  # owed now; a fire's only, as the next
    growth_lps: float | None = None
    wind_mps: float | None = None
    visibility_m: float | None = None
    note: str | None = None
    fuel: FuelModel | None = None
    slope_deg: float | None = None
    area_m2: float | None = None
    dead_moisture: float | None = None
    people: int | None = None
    clear: tuple[str, ...] = ()  # figures of a fire (fire.FIRE_FIGURES) that nobody stands by any more


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectIncident:
    """What was reported is not so. None: as before. Over 500 m away its height is the default, unless stated."""

    incident_id: str
    version_seen: int
    reason: str
    kind: IncidentKind | None = None
    title: str | None = None
    place: str | None = None
    position: Position | None = None
    stated_datum: str = "wgs84"
    elevation_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnIncident:
    """Advance an incident."""

    incident_id: str
    action: IncidentAction
    version_seen: int
    reason: str = ""
    merge_into: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAlarms:
    """Alarms of one body, as they were read: each becomes a candidate, or joins the incident that it repeats."""

    alarms: tuple[AlarmSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyIncident:
    """A named person vouches for an unverified report; `note` says how (called back, seen on a camera …)."""

    incident_id: str
    version_seen: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareIncident:
    """Show an incident, its taskings and their aircraft to a partner site."""

    incident_id: str
    partner: str
    version_seen: int


IncidentCommand = (
    ReportIncident
    | UpdateIncident
    | CorrectIncident
    | ActOnIncident
    | TakeAlarms
    | VerifyIncident
    | ShareIncident
)
