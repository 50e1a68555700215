"""What is asked about requests to ATC, beside their own steps (commands.ActOnAirspace)."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import AirspaceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAirspace:
    """Ask ATC for a tasking. What is None is as the tasking says; an open request of the kind is replaced."""

    tasking_id: str
    version_seen: int  # of the tasking
    kind: AirspaceKind
    reason: str = ""
    ceiling_m: float | None = None
    active_from: datetime | None = None
    active_until: datetime | None = None
    transit_floor_m: float | None = None
    transit_ceiling_m: float | None = None
    out_turns: tuple[Position, ...] | None = None
    back_turns: tuple[Position, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDesk:
    """ATC asks the desk about a request."""

    request_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAtc:
    """The desk answers a question of ATC."""

    request_id: str
    number: int
    text: str


ClearanceCommand = FileAirspace | AskDesk | AnswerAtc
