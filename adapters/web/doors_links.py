"""Doors of links and consents: the link page, what leaves to whom, labels, and the audit of what crossed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from adapters.link.past_policy import instant
from adapters.link.past_site import PastTold
from adapters.store.journal import Period
from adapters.web.lists import newest_first, page
from adapters.web.site import LinkState
from adapters.web.table import Call, Door
from dispatch import access, consent, consent_policy, partner
from dispatch.consent_commands import RevokeConsent, SignConsent
from dispatch.consent_facts import ConsentProposed, RowsSent
from dispatch.consent_kinds import ConsentState
from dispatch.consent_records import Beyond, Consent, LabelledRecord
from dispatch.errors import Forbidden, Unknown
from dispatch.views import NO_OPERATIONS
from protocols.codec.facts import KINDS, decode
from protocols.json_answers import Page
from protocols.json_links import (
    ClassFlow,
    ConsentProposal,
    ConsentQuery,
    ConsentRevocation,
    ConsentSigning,
    ConsentWithdrawal,
    HistoryEnded,
    HistoryFetched,
    HistoryServed,
    JointAirspaceAnswer,
    LabelBody,
    LabelsAnswer,
    LinkAnswer,
    LinkHistory,
    LinkRow,
    LinkRowQuery,
    LinksAnswer,
    RefusedCount,
    TrafficCount,
)
from protocols.link_past import US, FetchTold
from protocols.link_past_serve import ServeTold
from protocols.rows import EPOCH, Sealed

RECEIPTS_SHOWN = 5
ROWS_AT_ONCE = 200
MOST_ROWS = 4_000  # read for one answer; what lies beyond comes with the next cursor
PAST_THE_END = 2**63 - 1


def _require(call: Call) -> None:
    if call.who.session.role not in consent.SEE:
        raise Forbidden(f"links and consents are for {', '.join(sorted(consent.SEE))}")


async def _links(call: Call) -> LinksAnswer:
    _require(call)
    return LinksAnswer(items=[_link(call, each) for each in call.site.links()])


def _link(call: Call, link: LinkState) -> LinkAnswer:
    world, now = call.site.desk.world, call.site.clock()
    given = consent_policy.in_force(world, link.site)
    proposed = next(
        (each for each in consent_policy.given_to(world, link.site) if each.state is ConsentState.PROPOSED),
        None,
    )
    taken = next(
        (
            each
            for each in world.consents.values()
            if each.site == link.site and each.state is ConsentState.IN_FORCE
        ),
        None,
    )
    operational = call.who.session.role not in NO_OPERATIONS
    receipts = [each for each in world.consent_book.receipts if link.site in (each.site, each.partner)]
    return LinkAnswer(
        site=link.site,
        name=link.name,
        state=link.state,
        reason=link.reason,
        lag_ms=link.lag_ms,
        queue=link.queue,
        skew_ms=link.skew_ms,
        down_since=link.down_since,
        heard_age_s=link.heard_age_s,
        agreement=link.agreement,
        version=link.version,
        capabilities=list(link.capabilities),
        detail=link.detail,
        via=link.via,
        held=link.held,
        traffic=[
            TrafficCount(
                traffic=name, bytes_out=link.bytes_out.get(name, 0), bytes_in=link.bytes_in.get(name, 0)
            )
            for name in sorted({*link.bytes_out, *link.bytes_in})
        ],
        flows=[ClassFlow(**each) for each in link.flows],
        refused=[RefusedCount(code=code, count=count) for code, count in sorted(link.refused.items())],
        history=None if link.past is None else _history(link.past),
        ended=consent_policy.terms_towards(world, link.site, now) is None,
        given=given,
        proposed=proposed,
        taken=taken,
        offer=world.consent_book.offers.get(link.site) if operational else None,
        receipts=receipts[-RECEIPTS_SHOWN:][::-1],
    )


def _history(told: PastTold) -> LinkHistory:
    fetched, served = told.fetched, told.served
    return LinkHistory(
        wanted=told.wanted,
        fetched=HistoryFetched(
            state=fetched.state,
            **_span(fetched),
            missing_s=round(fetched.missing_us / US, 1),
            rows=fetched.rows,
            bytes=fetched.bytes,
            pace=round(fetched.pace, 2),
            code=fetched.code,
            ended=[
                HistoryEnded(
                    begins=instant(each.from_us), ends=instant(each.to_us), code=each.code, rows=each.rows
                )
                for each in fetched.ended
            ],
        ),
        served=HistoryServed(
            state=served.state, **_span(served), rows=served.rows, bytes=served.bytes, code=served.code
        ),
    )


def _span(told: FetchTold | ServeTold) -> dict[str, datetime | None]:
    """Begin, end and how far; nothing where there is no such time."""
    marks = (told.from_us, told.to_us, told.through_us)
    known = told.to_us > 0
    return {
        name: instant(mark) if known else None
        for name, mark in zip(("begins", "ends", "through"), marks, strict=True)
    }


async def _list(call: Call) -> Any:
    _require(call)
    query: ConsentQuery = call.query
    found = (
        each
        for each in call.site.desk.world.consents.values()
        if not query.partner or query.partner in (each.site, each.partner)
    )
    return page(found, lambda each: newest_first(each.signed_at or each.proposed_at, each.id), query)


def _one(call: Call, consent_id: str) -> Consent:
    found = call.site.desk.world.consents.get(consent_id)
    if found is None:
        raise Unknown("id", f"no consent {consent_id}")
    return found


async def _get(call: Call) -> Consent:
    _require(call)
    return _one(call, call.path["id"])


async def _propose(call: Call) -> Consent:
    answer = await call.site.desk.ask(call.ask(call.body.command(call.site.clock())))
    made = next(r.fact.consent for r in answer.recorded if isinstance(r.fact, ConsentProposed))
    return _one(call, made.id)


async def _change(call: Call) -> Consent:
    command = call.body.command(call.path["id"])
    given = call.site.desk.world.consents.get(call.path["id"])
    if given is not None and isinstance(command, SignConsent | RevokeConsent):
        beyond = tuple(
            Beyond(site=each.site, agreement=each.agreement)
            for each in call.site.links()
            if each.via == given.partner
        )
        command = replace(command, beyond=beyond)
    await call.site.desk.ask(call.ask(command))
    return _one(call, call.path["id"])


async def _labels(call: Call) -> LabelsAnswer:
    _require(call)
    kept = call.site.desk.world.labels.values()
    return LabelsAnswer(items=sorted(kept, key=lambda each: each.at, reverse=True)[:500])


async def _label(call: Call) -> LabelledRecord:
    body: LabelBody = call.body
    await call.site.desk.ask(call.ask(body.command()))
    return call.site.desk.world.labels[str(body.table), body.id]


async def _airspace(call: Call) -> JointAirspaceAnswer:
    if call.who.session.role in NO_OPERATIONS:
        raise Forbidden("airspace is for those who have to do with flying")
    kept = call.site.desk.world.consent_book.airspace.values()
    return JointAirspaceAnswer(items=sorted(kept, key=lambda each: (each.site, each.incident_id)))


async def _rows(call: Call) -> Page[LinkRow]:
    if call.who.session.role not in access.SEE_AUDIT:
        raise Forbidden(f"the audit is for {', '.join(sorted(access.SEE_AUDIT))}")
    query: LinkRowQuery = call.query
    return await (_sent(call, query) if query.direction == "sent" else _received(call, query))


async def _sent(call: Call, query: LinkRowQuery) -> Page[LinkRow]:
    row_seq, _, shown = query.cursor.partition("~")
    before = int(row_seq) + 1 if row_seq else PAST_THE_END
    passed = int(shown or -1)
    period = Period(kind=RowsSent.__name__, begin=EPOCH, end=call.site.clock() + timedelta(days=1))
    found: list[LinkRow] = []
    for _ in range(MOST_ROWS // ROWS_AT_ONCE):
        rows = await call.site.desk.own_rows(period, before, ROWS_AT_ONCE)
        for row in rows:
            fact = decode(row.kind, row.body)
            if not isinstance(fact, RowsSent) or (query.partner and fact.partner != query.partner):
                continue
            for number, each in enumerate(reversed(fact.rows)):
                if row_seq and row.seq == int(row_seq) and number <= passed:
                    continue
                if query.object_class and each.object_class != query.object_class:
                    continue
                found.append(
                    LinkRow(
                        at=row.at,
                        partner=fact.partner,
                        direction="sent",
                        seq=each.seq,
                        origin_seq=each.seq,
                        kind=each.kind,
                        object_class=each.object_class,
                        bytes=each.bytes,
                        sha256=each.sha256,
                        derived=each.derived,
                        purged=False,
                        noted_by=row.seq,
                    )
                )
                if len(found) >= query.limit:
                    return Page(items=found, next=f"{row.seq}~{number}")
        if len(rows) < ROWS_AT_ONCE:
            return Page(items=found, next=None)
        before = rows[-1].seq
    return Page(items=found, next=f"{before}~9999")


async def _received(call: Call, query: LinkRowQuery) -> Page[LinkRow]:
    row_seq = query.cursor.partition("~")[0]
    before = int(row_seq) if row_seq else PAST_THE_END
    found: list[LinkRow] = []
    for _ in range(MOST_ROWS // ROWS_AT_ONCE):
        rows = await call.site.desk.received_rows(query.partner, before, ROWS_AT_ONCE)
        for sealed in rows:
            line = _received_row(sealed)
            if not query.object_class or line.object_class == query.object_class:
                found.append(line)
            if len(found) >= query.limit:
                return Page(items=found, next=f"{sealed.row.seq}~0")
        if len(rows) < ROWS_AT_ONCE:
            return Page(items=found, next=None)
        before = rows[-1].row.seq
    return Page(items=found, next=f"{before}~0")


def _received_row(sealed: Sealed) -> LinkRow:
    row = sealed.row
    kind = KINDS.get(row.kind)
    return LinkRow(
        at=row.at,
        partner=row.origin,
        direction="received",
        seq=row.seq,
        origin_seq=row.origin_seq,
        kind=row.kind,
        object_class="" if kind is None else partner.class_of(kind),
        bytes=len(row.body),
        sha256=sealed.body_sha256.hex(),
        derived=False,
        purged=sealed.body_missing,
        noted_by=row.seq,
    )


DOORS = (
    Door(
        method="GET",
        path="/links",
        name="listLinks",
        text="Every partner's link: state, lag, queue, what crossed by class, what was refused, what is agreed, receipts.",
        handler=_links,
        answers=LinksAnswer,
        statuses=(403,),
    ),
    Door(
        method="GET",
        path="/consents",
        name="listConsents",
        text="Revisions of what leaves to partners and of what they let us have, newest first.",
        handler=_list,
        query=ConsentQuery,
        answers=Page[Consent],
        statuses=(403,),
    ),
    Door(
        method="POST",
        path="/consents",
        name="proposeConsent",
        text="Write what a partner may have (duty chief). It holds once another person has signed it.",
        handler=_propose,
        takes=ConsentProposal,
        answers=Consent,
        status=201,
    ),
    Door(
        method="GET",
        path="/consents/<id:id>",
        name="getConsent",
        text="One revision with its history.",
        handler=_get,
        answers=Consent,
        statuses=(403,),
    ),
    Door(
        method="POST",
        path="/consents/<id:id>/sign",
        name="signConsent",
        text="The second signature, by an administrator of security or of the system: it replaces what was in force.",
        handler=_change,
        takes=ConsentSigning,
        answers=Consent,
    ),
    Door(
        method="POST",
        path="/consents/<id:id>/withdraw",
        name="withdrawConsent",
        text="Take a proposal back, with a reason.",
        handler=_change,
        takes=ConsentWithdrawal,
        answers=Consent,
    ),
    Door(
        method="POST",
        path="/consents/<id:id>/revoke",
        name="revokeConsent",
        text="Nothing leaves from now on; the partner, and sites reached over it, purge their copies and send receipts.",
        handler=_change,
        takes=ConsentRevocation,
        answers=Consent,
    ),
    Door(
        method="GET",
        path="/labels",
        name="listLabels",
        text="Records with a label: they never leave, whatever is agreed.",
        handler=_labels,
        answers=LabelsAnswer,
        statuses=(403,),
    ),
    Door(
        method="POST",
        path="/labels",
        name="labelRecord",
        text="Say that a record never leaves (military, key facility, personal …), or with null that it may again.",
        handler=_label,
        takes=LabelBody,
        answers=LabelledRecord,
    ),
    Door(
        method="GET",
        path="/partner-airspace",
        name="listPartnerAirspace",
        text="Partners' airspace of joint incidents, as information: each side's ATC approves its own.",
        handler=_airspace,
        answers=JointAirspaceAnswer,
        statuses=(403,),
    ),
    Door(
        method="GET",
        path="/audit/links",
        name="listLinkRows",
        text="Rows that were sent to partners or received from them, by class, with journal numbers. For the auditor.",
        handler=_rows,
        query=LinkRowQuery,
        answers=Page[LinkRow],
        statuses=(403, 503),
    ),
)
