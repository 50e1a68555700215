"""Doors of papers: documents as data and to print, key figures, the fallback sheet.

All are written by a process of their own (adapters/papers) from the journal.
"""

from typing import Any

from adapters.papers.papers import NoPaper
from adapters.papers.questions import Question
from adapters.web.lists import one
from adapters.web.problems import RETRY_AFTER_S, HttpError
from adapters.web.table import Call, Door, Handler
from dispatch import access
from dispatch.errors import Forbidden, Refused
from dispatch.kinds import Role
from dispatch.kpis import Kpis
from dispatch.papers.kinds import READERS, DocumentKind
from protocols.json_answers import Page
from protocols.json_papers import DocumentAnswer, DocumentQuery, DocumentWhole, KpiQuery

PDF = "application/pdf"


async def ask(call: Call, **question: Any) -> bytes:
    """An answer of the papers' process to this caller."""
    if call.site.papers is None:
        raise Refused("NO_PAPERS", "this site writes no papers")
    asked = Question(
        role=call.who.session.role.value,
        operator_id=call.who.account.operator_id,
        now=call.site.clock().isoformat(),
        **question,
    )
    try:
        return await call.site.papers.ask(asked)
    except NoPaper as error:
        raise HttpError(503, error.code, error.detail, headers={"Retry-After": str(RETRY_AFTER_S)}) from None


async def _list(call: Call) -> bytes:
    one(call, "incidents", call.path["id"])
    return await ask(call, what="list", incident_id=call.path["id"])


def _document(what: str) -> Handler:
    async def answer(call: Call) -> bytes:
        one(call, "incidents", call.path["id"])
        kind = call.path["kind"]
        if kind in READERS and call.who.session.role not in READERS[DocumentKind(kind)]:
            raise Forbidden(f"{kind} is for {', '.join(sorted(READERS[DocumentKind(kind)]))}")
        asked: DocumentQuery = call.query
        return await ask(
            call,
            what=what,
            incident_id=call.path["id"],
            kind=kind,
            tasking=asked.tasking,
            request=asked.request,
            revision=asked.revision,
        )

    return answer


def _figures(what: str) -> Handler:
    async def answer(call: Call) -> bytes:
        _require(call, access.SEE_KPIS, "key figures")
        asked: KpiQuery = call.query
        begin, end = asked.period(call.site.clock())
        return await ask(call, what=what, begin=begin.isoformat(), end=end.isoformat(), drill=asked.drill)

    return answer


async def _fallback(call: Call) -> bytes:
    _require(call, access.PRINT_FALLBACK, "the fallback sheet")
    return await ask(call, what="fallback")


def _require(call: Call, roles: frozenset[Role], what: str) -> None:
    if call.who.session.role not in roles:
        raise Forbidden(f"{what}: for {', '.join(sorted(roles))}")


_FAILS = (403, 404, 409, 503)

DOORS = (
    Door(
        method="GET",
        path="/incidents/<id:id>/documents",
        name="listDocuments",
        text="The documents of an incident that the caller may read, each in its newest revision.",
        handler=_list,
        answers=Page[DocumentAnswer],
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/incidents/<id:id>/documents/<id:kind>",
        name="getDocument",
        text=(
            "One document as data: alarm_record, task_order, flight_plan, fire_report, field_record, flight_log or settlement. Where"
            " there are several, `tasking` (and `request` for a flight plan) name one; `revision` an older one."
        ),
        handler=_document("document"),
        query=DocumentQuery,
        answers=DocumentWhole,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/incidents/<id:id>/documents/<id:kind>/pdf",
        name="printDocument",
        text="The same as PDF, A4, with its fonts inside.",
        handler=_document("pdf"),
        query=DocumentQuery,
        answers=bytes,
        sends=PDF,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/kpis",
        name="getKpis",
        text=(
            "Key figures of a period, `from` <= t < `to`, worked out anew from the journal; the last 30 days when nothing"
            " is said. `drill=true`: of drills instead of real operation. A figure that is null says why."
        ),
        handler=_figures("kpis"),
        query=KpiQuery,
        answers=Kpis,
        statuses=(403, 409, 503),
    ),
    Door(
        method="GET",
        path="/kpis.csv",
        name="getKpisCsv",
        text="The same as CSV for a spreadsheet.",
        handler=_figures("kpis_csv"),
        query=KpiQuery,
        answers=bytes,
        sends="text/csv; charset=utf-8",
        statuses=(403, 409, 503),
    ),
    Door(
        method="GET",
        path="/fallback-sheet",
        name="printFallbackSheet",
        text="The running operation on paper as PDF, to go on by hand.",
        handler=_fallback,
        answers=bytes,
        sends=PDF,
        statuses=(403, 409, 503),
    ),
)
