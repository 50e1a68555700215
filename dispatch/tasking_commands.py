"""What is asked about plans and taskings."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import DiversionCause, PlaceKind, RefusalReason, TaskingAction, TimerKind
from dispatch.records import Assignment, Reason
from dispatch.tasking_records import RefusedAct, Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCrew:
    """Say who flies an aircraft from now on. `versions_seen` are of the aircraft's crew before and after, by id."""

    aircraft_id: str
    crew_ids: tuple[str, ...]
    versions_seen: tuple[tuple[str, int], ...]


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
class Whereto:
    """A place by its id, or a position."""

    kind: PlaceKind
    place_id: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnTasking:
    """Advance a tasking. `refusal` is required for refuse; `reason` for recall, turn_back, expire, decline."""

    tasking_id: str
    action: TaskingAction
    version_seen: int
    reason: str = ""
    refusal: RefusalReason | None = None
    done_at: datetime | None = None  # when it was done in the field, if sent later
    amendment: int = 0  # which is acknowledged or declined
    to: Whereto | None = None  # of divert, technical_stop, emergency_land
    cause: DiversionCause | None = None  # of the same three
    persons_well: int | None = None  # on board, of emergency_land
    persons_hurt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendTasking:
    """Change an order that has not landed. None: as before; empty: none any more."""

    tasking_id: str
    version_seen: int
    reason: str
    base_id: str | None = None
    water_point_id: str | None = None
    hospital_id: str | None = None
    incident_position: Position | None = None
    take_off_at: datetime | None = None
    on_scene_at: datetime | None = None
    land_at: datetime | None = None
    drops: int | None = None
    remark: str | None = None
    turns: Turns | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRefusals:
    """The site's own command: keep what it has refused."""

    refused: tuple[RefusedAct, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateTimer:
    """The clock's own command: a timer has passed."""

    tasking_id: str
    timer: TimerKind
    due_at: datetime


TaskingCommand = (
    AssignCrew | ProposePlan | AdoptPlan | ActOnTasking | AmendTasking | NoteRefusals | EscalateTimer
)
