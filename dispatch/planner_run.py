"""A run of the planner while it thinks (推演进度): what consoles show of it. Never stored."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import PlannerCause


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerRun:
    """One run now. `score` and `bound`: the best told so far; None: none yet. No plan scores less than `bound`."""

    id: int  # of this run of the site
    incident_ids: tuple[str, ...]
    requested_by: str
    cause: PlannerCause
    began_at: datetime
    solving: bool  # False: it waits for a free solver process
    seconds: float  # the time it may think
    score: float | None
    bound: float | None
    plans: int  # how often a better plan was found
    stopping: bool  # it was told to stop: it answers with what it has found
