"""The auditor's door: what was refused to whom, from the journal."""

from adapters.store.journal import Period
from adapters.web.table import Call, Door
from dispatch import access
from dispatch.errors import Forbidden
from dispatch.tasking_facts import ActsRefused
from protocols.codec.facts import decode
from protocols.json_answers import Page
from protocols.json_audit import AuditLine, AuditQuery

ROWS_AT_ONCE = 200  # read from the journal in one go
MOST_ROWS = 5_000  # read for one answer; what lies beyond comes with the next cursor
PAST_THE_END = 2**63 - 1


async def _audit(call: Call) -> Page[AuditLine]:
    if call.who.session.role not in access.SEE_AUDIT:
        raise Forbidden(f"the audit is for {', '.join(sorted(access.SEE_AUDIT))}")
    query: AuditQuery = call.query
    begin, end = query.period(call.site.clock())
    period = Period(kind=ActsRefused.__name__, begin=begin, end=end)
    place = query.place()
    before, shown = (PAST_THE_END, -1) if place is None else (place[0] + 1, place[1])
    found: list[AuditLine] = []
    for _ in range(MOST_ROWS // ROWS_AT_ONCE):
        rows = await call.site.desk.own_rows(period, before, ROWS_AT_ONCE)
        for row in rows:
            fact = decode(row.kind, row.body)
            acts = fact.refused if isinstance(fact, ActsRefused) else ()
            passed = shown if place is not None and row.seq == place[0] else -1
            for number, one in enumerate(acts):
                if number <= passed or not query.wants(one):
                    continue
                found.append(AuditLine.of(row.seq, one))
                if len(found) >= query.limit:
                    return Page(items=found, next=f"{row.seq}~{number}")
        if len(rows) < ROWS_AT_ONCE:
            return Page(items=found, next=None)
        before = rows[-1].seq
    return Page(items=found, next=f"{before}~9999")


DOORS = (
    Door(
        method="GET",
        path="/audit",
        name="listRefusedActs",
        text=(
            "Acts that were refused: who, under which role, what, on what, the code, when and how often; newest first."
            " For the auditor."
        ),
        handler=_audit,
        query=AuditQuery,
        answers=Page[AuditLine],
        statuses=(403, 503),
    ),
)
