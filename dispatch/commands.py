"""What is asked of the site: imperative, frozen. `decide.decide` turns each into facts or refuses it.

Commands have passed the edge already: types and ranges hold, ids exist or not.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import (
    AirspaceAction,
    FuelModel,
    IncidentAction,
    IncidentKind,
    RefusalReason,
    Role,
    TaskingAction,
    TimerKind,
)
from dispatch.records import Account, Assignment, Counter, Identity, Reason, Resource, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAccount:
    """Create or change an account; `version_seen` 0 creates."""

    account: Account
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Record a sign-in whose factors the edge has checked."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """Sign out."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResource:
    """Create or change one resource; `version_seen` 0 creates."""

    resource: Resource
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveIdentity:
    """Create (an empty id, `version_seen` 0) or change an identity."""

    identity: Identity
    version_seen: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnIncident:
    """Advance an incident."""

    incident_id: str
    action: IncidentAction
    version_seen: int
    reason: str = ""
    merge_into: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareIncident:
    """Show an incident, its taskings and their aircraft to a partner site."""

    incident_id: str
    partner: str
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposePlan:
    """The planner's answer, brought back as a command."""

    requested_by: str
    incident_ids: tuple[str, ...]
    assignments: tuple[Assignment, ...]
    reasons: tuple[Reason, ...]
    score: float
    human_score: float
    solve_s: float
    solver: str
    seed: int
    interchange: bytes
    bound: float | None = None
    conditions: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPlan:
    """Adopt a proposal, or only the named aircraft of it."""

    plan_id: str
    version_seen: int
    aircraft_ids: tuple[str, ...] = ()  # empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnTasking:
    """Advance a tasking. `refusal` is required for refuse; `reason` for refuse, recall, turn_back, divert."""

    tasking_id: str
    action: TaskingAction
    version_seen: int
    reason: str = ""
    refusal: RefusalReason | None = None
    done_at: datetime | None = None  # when it was done in the field, if sent later


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnAirspace:
    """Advance an airspace request. `counter` is required for counter."""

    request_id: str
    action: AirspaceAction
    version_seen: int
    reason: str = ""
    counter: Counter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateTimer:
    """The clock's own command: a timer has passed."""

    tasking_id: str
    timer: TimerKind
    due_at: datetime


Command = (
    SaveAccount
    | OpenSession
    | CloseSession
    | SaveResource
    | SaveIdentity
    | ReportIncident
    | UpdateIncident
    | ActOnIncident
    | ShareIncident
    | ProposePlan
    | AdoptPlan
    | ActOnTasking
    | ActOnAirspace
    | EscalateTimer
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A command with who asks, under which role, and the key that makes a retry the same ask.

    `role` is None for the site itself (its clock, its planner, its command line).
    `command_id` is 1 to 64 characters, chosen by the caller, unique per actor.
    """

    actor: str
    role: Role | None
    command_id: str
    command: Command
    operator_id: str = ""  # of the account, for the scope of operators
