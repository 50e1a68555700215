"""The audit's questions and answers: acts that were refused, newest first."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from dispatch.errors import Malformed
from dispatch.kinds import Role
from dispatch.tasking_records import RefusedAct
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, Instant

DEFAULT_PERIOD = timedelta(days=1)
LONGEST = timedelta(days=366)
CURSOR_PATTERN = r"^([0-9]{1,18}~[0-9]{1,4})?" + END  # the row, and which of its acts was shown last
Name = Annotated[str, Meta(max_length=64)]


class AuditQuery(Body, frozen=True, kw_only=True):
    """Which period, `from` <= t < `to`, the last day when nothing is said; and only of whom, or of what."""

    from_: Instant | None = msgspec.field(name="from", default=None)
    to: Instant | None = None
    who: Name = ""
    role: Role | None = None
    act: Name = ""
    code: Name = ""
    cursor: Annotated[str, Meta(max_length=30, pattern=CURSOR_PATTERN)] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """Begin and end. Raises Malformed when there is nothing between them, or more than LONGEST."""
        end = (self.to or now + timedelta(seconds=1)).astimezone(UTC)
        begin = (self.from_ or end - DEFAULT_PERIOD).astimezone(UTC)
        if begin >= end:
            raise Malformed("to", "is not after `from`")
        if end - begin > LONGEST:
            raise Malformed("from", f"is more than {LONGEST.days} days before `to`")
        return begin, end

    def place(self) -> tuple[int, int] | None:
        """Row and act after which to go on; None: from the newest."""
        row, _, act = self.cursor.partition("~")
        return (int(row), int(act)) if row else None

    def wants(self, one: RefusedAct) -> bool:
        """Whether it was asked for."""
        return (
            (not self.who or one.actor == self.who)
            and (self.role is None or one.role is self.role)
            and (not self.act or one.act == self.act)
            and (not self.code or one.code == self.code)
        )


class AuditLine(Answered, frozen=True, kw_only=True):
    """One refused act, or several of the same kind within a short time. `seq` is the journal's row that keeps it."""

    seq: int
    who: str
    role: Role
    operator_id: str
    act: str
    subject: str
    code: str
    detail: str
    first_at: datetime
    last_at: datetime
    count: int

    @staticmethod
    def of(seq: int, one: RefusedAct) -> "AuditLine":
        """As the journal has it."""
        return AuditLine(
            seq=seq,
            who=one.actor,
            role=one.role,
            operator_id=one.operator_id,
            act=one.act,
            subject=one.subject,
            code=one.code,
            detail=one.detail,
            first_at=one.first_at,
            last_at=one.last_at,
            count=one.count,
        )
