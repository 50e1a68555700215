"""The revisions of an incident's papers: which fact made which, each naming the digest of the one before.

`papers(site, incident_id, facts)` goes through the facts in journal order and writes a revision whenever a document
says something it did not say before. The result is a function of the facts alone: told again, it is the same to the
byte, and a journal that says otherwise makes another digest.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers import (
    alarm_record,
    field_record,
    fire_report,
    flight_log,
    flight_plan,
    run_card_sheet,
    settlement,
    task_order,
)
from dispatch.papers.alarm_record import AlarmRecord
from dispatch.papers.case import TALKED, Case, fold_case, subject_of
from dispatch.papers.field_record import FieldRecord
from dispatch.papers.fire_report import FireReport
from dispatch.papers.flight_log import FlightLog
from dispatch.papers.flight_plan import FlightPlan
from dispatch.papers.form import Form
from dispatch.papers.kinds import CODES, DocumentKind
from dispatch.papers.run_card_sheet import RunCardSheet
from dispatch.papers.settlement import Settlement
from dispatch.papers.task_order import TaskOrder
from dispatch.papers.words import BEIJING
from dispatch.records import Tasking

Content = (
    AlarmRecord | RunCardSheet | TaskOrder | FlightPlan | FireReport | FieldRecord | FlightLog | Settlement
)
FIRST = "0" * 64  # what the first revision names as the one before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One revision of one document. `seq` is the journal row that made it, `digest` its SHA-256, chained by `previous`."""

    kind: DocumentKind
    number: str
    site: str
    incident_id: str
    tasking_id: str  # empty: the incident's own
    request_id: str  # of a flight plan
    operator_id: str  # whose tasking it is; empty: the incident's own
    revision: int
    seq: int
    made_at: datetime
    previous: str
    digest: str
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    kind: DocumentKind
    number: str
    tasking_id: str = ""
    request_id: str = ""
    operator_id: str = ""
    content: Content


def papers(site: str, incident_id: str, recorded: Iterable[Recorded]) -> tuple[Paper, ...]:
    """Every revision of every paper of an incident, in the order in which they were made."""
    case = Case.empty(site, incident_id)
    made: list[Paper] = []
    newest: dict[tuple[DocumentKind, str, str], Paper] = {}
    for each in recorded:
        case = fold_case(case, each)
        subject = subject_of(each.fact)
        if subject is None:
            continue
        for draft in _field_record(case) if subject[0] in TALKED else _drafts(case):
            key = (draft.kind, draft.tasking_id, draft.request_id)
            before = newest.get(key)
            if before is None or before.content != draft.content:
                newest[key] = _revision(case, draft, before)
                made.append(newest[key])
    return tuple(made)


def _field_record(case: Case) -> Iterable[_Draft]:
    """After a row that changes no other document. A long record would be written whole for each receipt: it waits."""
    paper = field_record.derive(case) if len(case.world.uplinks) <= field_record.REVISED_LINES else None
    if paper is not None:
        kind = DocumentKind.FIELD_RECORD
        yield _Draft(kind=kind, number=f"{case.incident_id}-{CODES[kind]}", content=paper)


def _drafts(case: Case) -> Iterable[_Draft]:
    """What each document would say now, those that can be written."""
    own: tuple[tuple[DocumentKind, Content | None], ...] = (
        (DocumentKind.ALARM_RECORD, alarm_record.derive(case)),
        (DocumentKind.RUN_CARD, run_card_sheet.derive(case)),
        (DocumentKind.FIRE_REPORT, fire_report.derive(case)),
        (DocumentKind.FIELD_RECORD, field_record.derive(case)),
    )
    for kind, paper in own:
        if paper is not None:
            yield _Draft(kind=kind, number=f"{case.incident_id}-{CODES[kind]}", content=paper)
    for tasking in case.taskings():
        yield from _of_tasking(case, tasking)


def _of_tasking(case: Case, tasking: Tasking) -> Iterable[_Draft]:
    found: list[tuple[DocumentKind, Content | None]] = [
        (DocumentKind.TASK_ORDER, task_order.derive(case, tasking)),
        (DocumentKind.FLIGHT_LOG, flight_log.derive(case, tasking)),
        (DocumentKind.SETTLEMENT, settlement.derive(case, tasking)),
    ]
    for kind, content in found:
        if content is not None:
            number = _number(tasking, kind)
            yield _Draft(
                kind=kind,
                number=number,
                tasking_id=tasking.id,
                operator_id=tasking.operator_id,
                content=content,
            )
    for place, request in enumerate(flight_plan.own_requests(case, tasking), start=1):
        yield _Draft(
            kind=DocumentKind.FLIGHT_PLAN,
            number=f"{_number(tasking, DocumentKind.FLIGHT_PLAN)}{place}",
            tasking_id=tasking.id,
            request_id=request.id,
            operator_id=tasking.operator_id,
            content=flight_plan.derive(case, tasking, request),
        )


def _number(tasking: Tasking, kind: DocumentKind) -> str:
    """The tasking's number with the year it lacks, and the kind: 2026-GY-1124-01-RW."""
    began = tasking.history[0].at if tasking.history else tasking.take_off_at
    return f"{began + BEIJING:%Y}-{tasking.number}-{CODES[kind]}"


def _revision(case: Case, draft: _Draft, before: Paper | None) -> Paper:
    assert case.at is not None  # noqa: S101 (a fact was just folded)
    header: dict[str, Any] = {
        "kind": draft.kind,
        "number": draft.number,
        "site": case.world.site,
        "incident_id": case.incident_id,
        "tasking_id": draft.tasking_id,
        "request_id": draft.request_id,
        "operator_id": draft.operator_id,
        "revision": before.revision + 1 if before else 1,
        "seq": case.seq,
        "made_at": case.at,
        "previous": before.digest if before else FIRST,
        "content": draft.content,
    }
    return Paper(digest=hashlib.sha256(canonical(header)).hexdigest(), **header)


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: keys in order, nothing between, UTF-8, times in UTC to the microsecond."""
    text = json.dumps(
        plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def plain(value: Any) -> Any:
    """A value as JSON has it: dataclasses as objects, enums as their text, times as ISO-8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def form_of(content: Content) -> Form:
    """The form to print of any document."""
    match content:
        case AlarmRecord():
            return alarm_record.form(content)
        case RunCardSheet():
            return run_card_sheet.form(content)
        case TaskOrder():
            return task_order.form(content)
        case FlightPlan():
            return flight_plan.form(content)
        case FireReport():
            return fire_report.form(content)
        case FieldRecord():
            return field_record.form(content)
        case FlightLog():
            return flight_log.form(content)
        case Settlement():
            return settlement.form(content)
