"""What happens to the roster, the handover and the logbook."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.duty_records import Handover, HandoverChange, HandoverItem, LogNote
from dispatch.staff_records import DutyShift


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyShiftSaved:
    """A shift of the duty roster as it now is."""

    shift: DutyShift


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverOpened:
    """The outgoing desk began a handover, whole."""

    handover: Handover


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverSigned:
    """Who goes has signed, with the open items as they are now."""

    handover_id: str
    version: int
    items: tuple[HandoverItem, ...]
    left_out: int
    remarks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverItemsRead:
    """Items were read by whoever did this."""

    handover_id: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverTaken:
    """Who comes has signed: the shift is handed over. `changes`: what was otherwise by then."""

    handover_id: str
    version: int
    changes: tuple[HandoverChange, ...]
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverWithdrawn:
    """A handover that will not be."""

    handover_id: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverEscalated:
    """The shift is over and nobody has taken it. People are told; nothing is decided for them."""

    handover_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverMissed:
    """Shifts ended and nobody had opened a handover. People are told; nothing is decided for them."""

    shift_ids: tuple[str, ...]
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Somebody wrote into the logbook."""

    note: LogNote


DutyFact = (
    DutyShiftSaved
    | HandoverOpened
    | HandoverSigned
    | HandoverItemsRead
    | HandoverTaken
    | HandoverWithdrawn
    | HandoverEscalated
    | HandoverMissed
    | NoteAdded
)
