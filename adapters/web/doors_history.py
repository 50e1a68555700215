"""Doors of the past: reports out of the archive, for other programs and for the console's replay.

Whoever may see tracks may see where they were; administrators see neither. Questions are answered in processes of
their own (adapters/archive), a page at a time.
"""

from typing import Any

from adapters.archive.columns import SCHEMA
from adapters.archive.query import Answer, Query
from adapters.archive.reader import FORMS
from adapters.archive.readers import Form, NoAnswer
from adapters.web.problems import RETRY_AFTER_S, HttpError
from adapters.web.table import Call, Door
from dispatch.errors import Refused
from dispatch.views import NO_OPERATIONS
from protocols.json_history import US_PER_S, HistoryColumnsQuery, HistoryPage, HistoryQuery

COLUMNS = "application/x-protobuf"


async def _answer(call: Call, form: Form) -> bytes:
    asked: HistoryQuery = call.query
    from_us, to_us = asked.span_us(call.site.clock())
    if call.who.session.role in NO_OPERATIONS:
        return FORMS[form](Answer(rows=SCHEMA.empty_table(), next=""))
    ids, addresses = asked.things()
    query = Query(
        from_us=from_us,
        to_us=to_us,
        bounds=asked.bounds(),
        ids=ids,
        addresses=addresses,
        step_us=round(asked.step_s * US_PER_S),
        limit=asked.limit,
        cursor=asked.cursor,
    )
    if call.site.archive is None:
        raise Refused("NO_ARCHIVE", "this site keeps no archive")
    try:
        return await call.site.archive.ask(query, form)
    except NoAnswer as error:
        raise HttpError(503, error.code, error.detail, headers={"Retry-After": str(RETRY_AFTER_S)}) from None


async def _history(call: Call) -> Any:
    return await _answer(call, "json")


async def _columns(call: Call) -> Any:
    return await _answer(call, "columns")


DOORS = (
    Door(
        method="GET",
        path="/history",
        name="listHistory",
        text=(
            "Archived reports, `from` <= made < `to`, in order of time: every one, or with `step_s` one row for each"
            " thing in each step. The last hour when no time is given."
        ),
        handler=_history,
        query=HistoryQuery,
        answers=HistoryPage,
        statuses=(409, 503),
    ),
    Door(
        method="GET",
        path="/history/columns",
        name="listHistoryColumns",
        text="The same as columns in one protobuf message, HistoryColumns of protocols/schema/history.proto.",
        handler=_columns,
        query=HistoryColumnsQuery,
        answers=bytes,
        sends=COLUMNS,
        statuses=(409, 503),
    ),
)
