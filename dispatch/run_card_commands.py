"""What is asked about an incident's run card."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.run_card_records import TaskWant


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRunCard:
    """Apply a run card to an incident. `county` and `border_m` are where the edge finds its place (GB/T 2260, metres
    from the site's border). `tasks` None: the card's own. Another card than the proposed one, or other tasks: `reason`."""

    incident_id: str
    card_id: str
    version_seen: int
    county: str = ""
    border_m: float | None = None
    tasks: tuple[TaskWant, ...] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickCardItem:
    """Tick off a line of an applied card, or open it again; `version_seen` is the line's."""

    incident_id: str
    key: str
    done: bool
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateCardClock:
    """The clock's own command: the clock of an open line of an applied card has passed."""

    incident_id: str
    key: str
    due_at: datetime


RunCardCommand = ApplyRunCard | TickCardItem | EscalateCardClock
