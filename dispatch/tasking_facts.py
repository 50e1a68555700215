"""What happens to plans and taskings."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import RefusalReason, TaskingAction, TaskingState, TimerKind
from dispatch.records import Plan, Tasking, Timer
from dispatch.tasking_records import Amendment, Elsewhere, RefusedAct


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
    amendment: int = 0  # of acknowledge and decline: which
    elsewhere: Elsewhere | None = None  # of divert, technical_stop and emergency_land


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskingAmended:
    """An order is changed. The crew has yet to acknowledge it; until then what was in force before holds."""

    tasking_id: str
    version: int
    amendment: Amendment
    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActsRefused:
    """Acts that were refused: nothing came of them, and it is kept who tried."""

    refused: tuple[RefusedAct, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerEscalated:
    """A timer passed unmet. People are told; nothing is decided for them."""

    tasking_id: str
    timer: TimerKind
    version: int


TaskingFact = (
    PlanProposed
    | PlanAdopted
    | TaskingAdopted
    | TaskingAdvanced
    | TaskingAmended
    | ActsRefused
    | TimerEscalated
)
