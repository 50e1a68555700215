"""What happens to run cards and to the lines of an incident's card."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.run_card_records import AppliedCard, RunCard


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCardSaved:
    """A run card as it now is."""

    run_card: RunCard


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCardApplied:
    """A run card was applied to an incident: the proposed one, or another choice with a reason."""

    incident_id: str
    version: int
    card: AppliedCard


@dataclass(frozen=True, slots=True, kw_only=True)
class CardItemTicked:
    """A line of an applied card was ticked off, or is open again. `version` is the line's."""

    incident_id: str
    key: str
    version: int
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardClockEscalated:
    """The clock of an open line of an applied card passed at `due_at`. People are told; nothing is decided for them."""

    incident_id: str
    key: str
    due_at: datetime


RunCardFact = RunCardSaved | RunCardApplied | CardItemTicked | CardClockEscalated
