"""What is asked about the handover and the logbook."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.duty_records import HandoverItem


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHandover:
    """Begin the handover of one's shift. `observed`: what the site sees besides its records (links, services)."""

    remarks: str
    observed: tuple[HandoverItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignHandover:
    """Sign as the one who goes; the open items are gathered anew."""

    handover_id: str
    version_seen: int
    remarks: str
    observed: tuple[HandoverItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHandoverItems:
    """Tick items as read, as the one who comes."""

    handover_id: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeHandover:
    """Sign as the one who comes."""

    handover_id: str
    version_seen: int
    remarks: str = ""
    observed: tuple[HandoverItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawHandover:
    """End a handover that will not be."""

    handover_id: str
    version_seen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateHandover:
    """The clock's own command: a shift is over and not handed over."""

    handover_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateMissedHandover:
    """The clock's own command: shifts have ended and nobody opened a handover."""

    shift_ids: tuple[str, ...]
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """Write into the logbook. `corrects` names an older note that this one puts right; `for_next`: for the next shift."""

    text: str
    incident_id: str = ""
    tasking_id: str = ""
    aircraft_id: str = ""
    corrects: str = ""
    for_next: bool = False


DutyCommand = (
    OpenHandover
    | SignHandover
    | ReadHandoverItems
    | TakeHandover
    | WithdrawHandover
    | EscalateHandover
    | EscalateMissedHandover
    | AddNote
)
