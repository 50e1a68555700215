"""The papers' doors in JSON: which document is asked for, and how lists and documents are answered."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from dispatch.errors import Malformed
from dispatch.papers.form import Cell, Signature
from dispatch.papers.kinds import DocumentKind
from protocols.json_answers import Answered
from protocols.json_doors import Body, Instant, OptionalId

DEFAULT_PERIOD = timedelta(days=30)
LONGEST = timedelta(days=3700)  # ten years
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)


class DocumentQuery(Body, frozen=True, kw_only=True):
    """Which of several: of a tasking, of one of its airspace requests, and which revision (0: the newest)."""

    tasking: OptionalId = ""
    request: OptionalId = ""
    revision: Annotated[int, Meta(ge=0, le=100_000)] = 0


class KpiQuery(Body, frozen=True, kw_only=True):
    """Which period: `from` <= t < `to`; the last 30 days when nothing is said. Drills or real operation, never both."""

    from_: Instant | None = msgspec.field(name="from", default=None)
    to: Instant | None = None
    drill: bool = False

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """Begin and end. Raises Malformed when there is nothing between them, or more than LONGEST."""
        end = self.to or now
        begin = self.from_ or max(end, EARLIEST + DEFAULT_PERIOD) - DEFAULT_PERIOD
        if begin >= end:
            raise Malformed("to", "is not after `from`")
        if end - begin > LONGEST:
            raise Malformed("from", f"is more than {LONGEST.days} days before `to`")
        return begin.astimezone(UTC), end.astimezone(UTC)


class DocumentLinks(Answered, frozen=True, kw_only=True):
    """Where this revision is found, as data and to print."""

    json: str
    pdf: str


class DocumentAnswer(Answered, frozen=True, kw_only=True):
    """A document's newest revision. `seq` is the journal row that made it."""

    kind: DocumentKind
    title: str
    number: str
    site: str
    incident_id: str
    tasking_id: str  # empty: the incident's own
    request_id: str  # of a flight plan
    operator_id: str
    revision: int
    seq: int
    made_at: datetime
    digest: str
    links: DocumentLinks


class RevisionAnswer(Answered, frozen=True, kw_only=True):
    """One revision; `previous` is the digest of the one before, zeros for the first."""

    revision: int
    seq: int
    made_at: datetime
    digest: str
    previous: str


class SectionAnswer(Answered, frozen=True, kw_only=True):
    """A part of a form: labelled `cells`, or `rows` under `heads` with the shares of the width that each takes."""

    title: str
    cells: tuple[Cell, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[float, ...] = ()


class FormAnswer(Answered, frozen=True, kw_only=True):
    """A form as it is printed: what stands in which cell, under its Chinese label."""

    title: str
    sections: list[SectionAnswer]
    signatures: list[Signature]
    notes: list[str]
    drill: bool


class DocumentWhole(DocumentAnswer, frozen=True, kw_only=True):
    """A revision with what it says: `content` as data, `form` as it is printed, and all its revisions.

    `digest` is the SHA-256 of the JSON of all fields of the header, `previous` and `content`, keys sorted and nothing
    between them; dispatch/papers/chain.py writes it.
    """

    previous: str
    content: dict[str, Any]
    form: FormAnswer
    revisions: list[RevisionAnswer]
