"""The desk's day over HTTP: who is on duty, the roster with what is doubtful, handovers, the logbook."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dispatch import duty_commands, handover, logbook
from dispatch.duty_records import Handover, HandoverChange, HandoverItem
from dispatch.errors import Refused
from dispatch.kinds import DutyPost, HandoverState
from dispatch.shifts import RosterFinding
from protocols.json_answers import Answered
from protocols.json_doors import Body, Instant, OptionalId, Version

MOST_DAYS = 92  # of one roster or book that is asked for
ItemKey = Annotated[str, Meta(min_length=1, max_length=400)]
Remarks = Annotated[str, Meta(max_length=handover.MAX_REMARKS)]
NoteText = Annotated[str, Meta(min_length=1, max_length=logbook.MAX_NOTE, pattern=r"\S")]
Words = Annotated[str, Meta(max_length=80)]
Cursor = Annotated[str, Meta(pattern=r"^([0-9]{1,15})?$(?!\n)")]
_BEIJING = timedelta(hours=8)


def _period(begin: datetime, end: datetime | None, usual: timedelta) -> tuple[datetime, datetime]:
    """Begin and end in UTC. Raises Refused where there is nothing between them, or more than MOST_DAYS."""
    try:
        begin = begin.astimezone(UTC)
        end = (end or begin + usual).astimezone(UTC)
    except OverflowError:
        raise Refused("TIMES", "is at the end of time", field="from") from None
    if not timedelta(0) < end - begin <= timedelta(days=MOST_DAYS):
        raise Refused("TIMES", f"is not within {MOST_DAYS} days after `from`", field="to")
    return begin, end


class RosterQuery(Body, frozen=True, kw_only=True):
    """`from` <= t < `to`; a week from today (Beijing) when nothing is said."""

    from_: Instant | None = msgspec.field(name="from", default=None)
    to: Instant | None = None

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """Begin and end. Raises Refused."""
        today = (now + _BEIJING).replace(hour=0, minute=0, second=0, microsecond=0) - _BEIJING
        return _period(self.from_ or today, self.to, timedelta(days=7))


class ShiftLine(Answered, frozen=True, kw_only=True):
    """A shift with the name of who serves it."""

    id: str
    name: str
    post: DutyPost
    account: str
    display_name: str
    base_id: str
    base_name: str
    begins_at: datetime
    ends_at: datetime
    phone: str
    note: str
    cancelled: bool
    version: int


class HandoverBrief(Answered, frozen=True, kw_only=True):
    """A handover under way, as every desk is told of it."""

    id: str
    state: HandoverState
    opened_by: str
    opened_name: str
    due_at: datetime
    late: bool
    items: int
    unread: int


class DutyAnswer(Answered, frozen=True, kw_only=True):
    """Who is on duty now, who comes next, and what is not handed over. `missed`: shifts that ended with no handover."""

    on_duty: list[ShiftLine]
    coming: list[ShiftLine]
    handover: HandoverBrief | None
    missed: list[ShiftLine]


class RosterAnswer(Answered, frozen=True, kw_only=True):
    """The plan of a time, what is doubtful about it, and who may be put where."""

    begin: datetime
    end: datetime
    items: list[ShiftLine]
    findings: list[RosterFinding]
    people: dict[str, str]
    may_save: bool


class HandoverAnswer(Answered, frozen=True, kw_only=True):
    """A handover, what is open or otherwise by now, and what the caller has not read. `names` are of accounts."""

    handover: Handover
    present: list[HandoverItem]
    changes: list[HandoverChange]
    unread: list[str]
    names: dict[str, str]


class HandoverOpening(Body, frozen=True, kw_only=True):
    """Begin to hand over."""

    remarks: Remarks = ""


class HandoverSigning(Body, frozen=True, kw_only=True):
    """Sign as who goes, or as who comes."""

    version: Version
    remarks: Remarks = ""


class HandoverReading(Body, frozen=True, kw_only=True):
    """Items that were read."""

    keys: Annotated[tuple[ItemKey, ...], Meta(min_length=1, max_length=300)]


class HandoverWithdrawal(Body, frozen=True, kw_only=True):
    """Why it will not be."""

    version: Version
    reason: Annotated[str, Meta(min_length=1, max_length=handover.MAX_REASON, pattern=r"\S")]


class RecordQuery(Body, frozen=True, kw_only=True):
    """`revision`: an older one of a record; 0: the newest."""

    revision: Annotated[int, Meta(ge=0, le=1000)] = 0


class NoteBody(Body, frozen=True, kw_only=True):
    """A note into the logbook."""

    text: NoteText
    incident_id: OptionalId = ""
    tasking_id: OptionalId = ""
    aircraft_id: OptionalId = ""
    corrects: OptionalId = ""
    for_next: bool = False

    def command(self) -> duty_commands.AddNote:
        """The command."""
        return duty_commands.AddNote(
            text=self.text,
            incident_id=self.incident_id,
            tasking_id=self.tasking_id,
            aircraft_id=self.aircraft_id,
            corrects=self.corrects,
            for_next=self.for_next,
        )


class BookFilter(Body, frozen=True, kw_only=True):
    """`from` <= t < `to`; `person`: an account or part of a name; `text`: in either language."""

    from_: Instant | None = msgspec.field(name="from", default=None)
    to: Instant | None = None
    incident: OptionalId = ""
    person: Words = ""
    text: Words = ""

    def asked(self) -> dict[str, Any]:
        """What is asked of the book."""
        return {
            "begin": self.from_.isoformat() if self.from_ else "",
            "end": self.to.isoformat() if self.to else "",
            "incident_id": self.incident,
            "person": self.person,
            "text": self.text,
        }


class BookQuery(BookFilter, frozen=True, kw_only=True):
    """A page of the book; `cursor` is `next` of the page before."""

    order: Literal["newest", "oldest"] = "newest"
    cursor: Cursor = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class PrintQuery(Body, frozen=True, kw_only=True):
    """The time to print; today (Beijing) when nothing is said."""

    from_: Instant | None = msgspec.field(name="from", default=None)
    to: Instant | None = None

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """Begin and end. Raises Refused."""
        today = (now + _BEIJING).replace(hour=0, minute=0, second=0, microsecond=0) - _BEIJING
        return _period(self.from_ or today, self.to, timedelta(days=1))


class BookEntry(Answered, frozen=True, kw_only=True):
    """One line: `zh` and `en` say the same; `seq` is the row of the journal that it tells."""

    seq: int
    at: datetime
    actor: str
    name: str
    role: str
    kind: str
    zh: str
    en: str
    incident_id: str
    tasking_id: str
    aircraft_id: str
    note_id: str
    corrects: str
    corrected_by: str


class BookPage(Answered, frozen=True, kw_only=True):
    """A page of the book; `next` None: no more."""

    items: list[BookEntry]
    next: str | None


class HandoverDocument(Answered, frozen=True, kw_only=True):
    """The record of a handover: derived, immutable; `previous` is the digest of the revision before."""

    number: str
    site: str
    handover_id: str
    revision: int
    seq: int
    made_at: datetime
    previous: str
    digest: str
    content: dict[str, Any]
    form: dict[str, Any]
    revisions: list[dict[str, Any]]
