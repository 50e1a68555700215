"""What has happened: past tense, frozen, the journal's vocabulary. Never edited, only added to.

Each fact class has a protobuf message of the same name and fields in protocols/schema/facts.proto;
`world.fold` is the only reader that changes state.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import (
    AirspaceAction,
    AirspaceState,
    IncidentAction,
    IncidentState,
    RefusalReason,
    Role,
    TaskingAction,
    TaskingState,
    TimerKind,
)
from dispatch.records import (
    Account,
    Aircraft,
    AirspaceRequest,
    Base,
    Counter,
    FireStated,
    Hospital,
    Identity,
    Incident,
    LandingSite,
    Plan,
    Session,
    Tasking,
    Timer,
    WaterPoint,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSaved:
    """An account as it now is."""

    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """Somebody signed in."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    """Somebody signed out."""

    token_digest: str


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
class IdentitySaved:
    """An identity as it now is."""

    identity: Identity


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


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentShared:
    """An incident is shown to a partner from here on; carries it and its taskings as they are now."""

    partner: str
    incident: Incident
    taskings: tuple[Tasking, ...]
    requests: tuple[AirspaceRequest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProposed:
    """A proposal, whole."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAdopted:
    """Taskings were made of a proposal."""

    plan_id: str
    version: int
    aircraft_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskingAdopted:
    """A new tasking, whole, waiting for the duty chief."""

    tasking: Tasking


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskingAdvanced:
    """A tasking took a step of its lifecycle. `timers` are those that run from now on."""

    tasking_id: str
    action: TaskingAction
    state: TaskingState
    version: int
    timers: tuple[Timer, ...]
    reason: str = ""
    refusal: RefusalReason | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerEscalated:
    """A timer passed unmet. People are told; nothing is decided for them."""

    tasking_id: str
    timer: TimerKind
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceFiled:
    """A request to ATC, whole."""

    request: AirspaceRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceAdvanced:
    """A request took a step of its lifecycle."""

    request_id: str
    action: AirspaceAction
    state: AirspaceState
    version: int
    reason: str = ""
    counter: Counter | None = None


Fact = (
    AccountSaved
    | SessionOpened
    | SessionClosed
    | AircraftSaved
    | BaseSaved
    | WaterPointSaved
    | LandingSiteSaved
    | HospitalSaved
    | IdentitySaved
    | IncidentReported
    | IncidentAdvanced
    | IncidentUpdated
    | IncidentShared
    | PlanProposed
    | PlanAdopted
    | TaskingAdopted
    | TaskingAdvanced
    | TimerEscalated
    | AirspaceFiled
    | AirspaceAdvanced
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A fact with its row's header: its place in this site's journal, whose it is, and who did it.

    `seq` numbers every row of this site's journal; `origin_seq` numbers the origin site's own rows.
    """

    seq: int
    at: datetime
    origin: str
    origin_seq: int
    command_id: str
    part: int
    actor: str
    role: Role | None
    fact: Fact
