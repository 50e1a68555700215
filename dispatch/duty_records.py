"""The desk's day: shift handovers with what they hand over, and notes of the logbook. Frozen records, as records.py.

Nothing of these leaves the site.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import HandoverChangeKind, HandoverItemKind, HandoverState
from dispatch.records import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverItem:
    """One open thing that is handed over.

    `key` is the same for the same thing from one gathering to the next. `state` and `detail` are codes of its kind
    (a state, a timer, a rule) or texts that people wrote; `at` is the time that matters next, or when it was.
    """

    key: str
    kind: HandoverItemKind
    record_id: str
    title: str
    state: str = ""
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRead:
    """Who has read which item, and when."""

    account: str
    key: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverChange:
    """What was otherwise when the incoming desk signed; of a thing that is gone, as it was."""

    kind: HandoverChangeKind
    item: HandoverItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A shift handover (交接班), from its opening to both signatures.

    `since` is when the shift began, `due_at` when it ends: past it an unfinished handover is cried out.
    `left_out` counts open things beyond those that are listed.
    """

    id: str
    site: str
    state: HandoverState
    opened_at: datetime
    opened_by: str
    since: datetime
    due_at: datetime
    items: tuple[HandoverItem, ...]
    left_out: int = 0
    remarks: str = ""
    signed_at: datetime | None = None
    signed_by: str = ""
    reads: tuple[HandoverRead, ...] = ()
    taken_at: datetime | None = None
    taken_by: str = ""
    taken_remarks: str = ""
    changes: tuple[HandoverChange, ...] = ()
    escalated_at: datetime | None = None
    version: int = 1
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNote:
    """A free note of the logbook (值班日志); never edited: a later one names it in `corrects` and puts it right."""

    id: str
    site: str
    at: datetime
    author: str
    text: str
    incident_id: str = ""
    tasking_id: str = ""
    aircraft_id: str = ""
    corrects: str = ""
    for_next: bool = False  # to be read by who takes the next shift
