"""Doors of the desk's day: on duty now, the roster, shift handover, the logbook."""

from collections.abc import Iterator
from typing import Any

from adapters.web.doors_papers import PDF, ask
from adapters.web.lists import newest_first, page
from adapters.web.site import Site
from adapters.web.status_line import sources
from adapters.web.table import Call, Door, Handler
from dispatch import access, handover, shift_ends, shifts
from dispatch.duty_commands import (
    OpenHandover,
    ReadHandoverItems,
    SignHandover,
    TakeHandover,
    WithdrawHandover,
)
from dispatch.duty_facts import HandoverOpened, NoteAdded
from dispatch.duty_records import Handover, HandoverItem, LogNote
from dispatch.errors import Forbidden, Unknown
from dispatch.kinds import DutyPost, HandoverItemKind, HandoverState, Role
from dispatch.staff_records import DutyShift
from protocols.json_answers import Page
from protocols.json_doors import PageQuery
from protocols.json_duty import (
    BookFilter,
    BookPage,
    BookQuery,
    DutyAnswer,
    HandoverAnswer,
    HandoverBrief,
    HandoverDocument,
    HandoverOpening,
    HandoverReading,
    HandoverSigning,
    HandoverWithdrawal,
    NoteBody,
    PrintQuery,
    RecordQuery,
    RosterAnswer,
    RosterQuery,
    ShiftLine,
)


def _require(call: Call, roles: frozenset[Role], what: str) -> None:
    if call.who.session.role not in roles:
        raise Forbidden(f"{what}: for {', '.join(sorted(roles))}")


def _line(site: Site, shift: DutyShift) -> ShiftLine:
    world = site.desk.world
    account, base = world.accounts.get(shift.account), world.bases.get(shift.base_id)
    carried = {name: getattr(shift, name) for name in ShiftLine.__struct_fields__ if hasattr(shift, name)}
    return ShiftLine(
        **carried,
        display_name=account.display_name if account else shift.account,
        base_name=base.name if base else "",
    )


def _name(site: Site, account: str) -> str:
    found = site.desk.world.accounts.get(account)
    return found.display_name if found else account


async def _duty(call: Call) -> DutyAnswer:
    _require(call, access.SEE_DUTY, "who is on duty")
    site = call.site
    world, now = site.desk.world, site.clock()
    open_one = handover.unfinished(world)
    brief = None
    if open_one is not None:
        reads = handover.unread(open_one, call.who.account.name)
        brief = HandoverBrief(
            id=open_one.id,
            state=open_one.state,
            opened_by=open_one.opened_by,
            opened_name=_name(site, open_one.opened_by),
            due_at=open_one.due_at,
            late=open_one.due_at <= now,
            items=len(open_one.items),
            unread=len(reads),
        )
    return DutyAnswer(
        on_duty=[_line(site, each) for each in shifts.on_duty(world, now)],
        coming=[_line(site, each) for each in shifts.coming(world, now)],
        handover=brief,
        missed=[_line(site, each) for each in shift_ends.missed(world)],
    )


async def _roster(call: Call) -> RosterAnswer:
    _require(call, access.SEE_DUTY, "the roster")
    asked: RosterQuery = call.query
    world = call.site.desk.world
    begin, end = asked.period(call.site.clock())
    order = list(DutyPost)
    found = [
        each
        for each in world.shifts.values()
        if each.site == world.site and each.begins_at < end and begin < each.ends_at
    ]
    found.sort(key=lambda each: (each.begins_at, order.index(each.post), each.base_id, each.account))
    may_save = call.who.session.role in access.SAVE_SHIFT
    wanted = frozenset[Role]().union(*shifts.ROLES_OF.values())
    people = {
        each.name: each.display_name
        for each in world.accounts.values()
        if may_save and not each.disabled and wanted & set(each.roles)
    }
    return RosterAnswer(
        begin=begin,
        end=end,
        items=[_line(call.site, each) for each in found],
        findings=shifts.findings(world, begin, end),
        people=people,
        may_save=may_save,
    )


def observed(site: Site) -> tuple[HandoverItem, ...]:
    """Links, sources and services that are not well now: what a handover tells and the world does not hold."""

    def item(kind: str, key: str, name: str, state: str) -> HandoverItem:
        return HandoverItem(
            key=f"{HandoverItemKind.LINK}:{kind}:{key}",
            kind=HandoverItemKind.LINK,
            record_id=key,
            title=name,
            state=state,
            detail=kind,
        )

    def found() -> Iterator[HandoverItem]:
        for link in site.links():
            if link.state != "live":
                yield item("link", link.site, link.name, link.state)
        for feed in sources(site):
            if feed.state == "down":
                yield item("feed", feed.name, feed.name, feed.state)
        for service in site.services():
            if service.state != "ok":
                yield item("service", service.name, service.name, service.state)

    return tuple(found())


def _answer(call: Call, one: Handover) -> HandoverAnswer:
    """The handover with what is open by now; of one that is over nothing is gathered any more."""
    site, world, now = call.site, call.site.desk.world, call.site.clock()
    seen = observed(site)
    present = handover.gathered(world, one, now, seen)[0] if one.state is HandoverState.OPEN else ()
    changes = (
        handover.changed_since_signed(world, one, now, seen)
        if one.state is HandoverState.SIGNED
        else one.changes
    )
    accounts = {one.opened_by, one.signed_by, one.taken_by, *(each.account for each in one.reads)} - {""}
    accounts |= {item.detail for item in (*one.items, *present) if item.kind is HandoverItemKind.NOTE}
    return HandoverAnswer(
        handover=one,
        present=list(present),
        changes=list(changes),
        unread=list(handover.unread(one, call.who.account.name)),
        names={account: _name(site, account) for account in sorted(accounts)},
    )


def _known(call: Call) -> Handover:
    _require(call, access.SEE_DUTY, "handovers")
    found = call.site.desk.world.handovers.get(call.path["id"])
    if found is None:
        raise Unknown("id", f"no handover {call.path['id']}")
    return found


async def _handovers(call: Call) -> Any:
    _require(call, access.SEE_DUTY, "handovers")
    records = call.site.desk.world.handovers.values()
    return page(records, lambda each: newest_first(each.opened_at, each.id), call.query)


async def _one(call: Call) -> HandoverAnswer:
    return _answer(call, _known(call))


async def _open(call: Call) -> HandoverAnswer:
    body: HandoverOpening = call.body
    command = OpenHandover(remarks=body.remarks, observed=observed(call.site))
    answer = await call.site.desk.ask(call.ask(command))
    made = next(r.fact.handover for r in answer.recorded if isinstance(r.fact, HandoverOpened))
    return _answer(call, call.site.desk.world.handovers.get(made.id, made))


async def _act(call: Call, command: Any) -> HandoverAnswer:
    await call.site.desk.ask(call.ask(command))
    return _answer(call, call.site.desk.world.handovers[call.path["id"]])


async def _sign(call: Call) -> HandoverAnswer:
    body: HandoverSigning = call.body
    return await _act(
        call,
        SignHandover(
            handover_id=call.path["id"],
            version_seen=body.version,
            remarks=body.remarks,
            observed=observed(call.site),
        ),
    )


async def _read(call: Call) -> HandoverAnswer:
    return await _act(call, ReadHandoverItems(handover_id=call.path["id"], keys=call.body.keys))


async def _take(call: Call) -> HandoverAnswer:
    body: HandoverSigning = call.body
    return await _act(
        call,
        TakeHandover(
            handover_id=call.path["id"],
            version_seen=body.version,
            remarks=body.remarks,
            observed=observed(call.site),
        ),
    )


async def _withdraw(call: Call) -> HandoverAnswer:
    body: HandoverWithdrawal = call.body
    return await _act(
        call,
        WithdrawHandover(handover_id=call.path["id"], version_seen=body.version, reason=body.reason),
    )


def _record(what: str) -> Handler:
    async def record(call: Call) -> bytes:
        _require(call, access.SEE_DUTY, "handovers")
        return await ask(call, what=what, handover_id=call.path["id"], revision=call.query.revision)

    return record


async def _book(call: Call) -> bytes:
    _require(call, access.SEE_LOGBOOK, "the logbook")
    asked: BookQuery = call.query
    return await ask(
        call,
        what="logbook",
        after=int(asked.cursor or 0),
        limit=asked.limit,
        oldest_first=asked.order == "oldest",
        **asked.asked(),
    )


async def _book_csv(call: Call) -> bytes:
    _require(call, access.SEE_LOGBOOK, "the logbook")
    return await ask(call, what="logbook_csv", **call.query.asked())


async def _book_pdf(call: Call) -> bytes:
    _require(call, access.SEE_LOGBOOK, "the logbook")
    begin, end = call.query.period(call.site.clock())
    return await ask(call, what="logbook_pdf", begin=begin.isoformat(), end=end.isoformat())


async def _note(call: Call) -> LogNote:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made: LogNote = next(r.fact.note for r in answer.recorded if isinstance(r.fact, NoteAdded))
    return made


_FAILS = (403, 409, 503)

DOORS = (
    Door(
        method="GET",
        path="/duty",
        name="getDuty",
        text="Who is on duty now and next, and the handover under way.",
        handler=_duty,
        answers=DutyAnswer,
    ),
    Door(
        method="GET",
        path="/roster",
        name="getRoster",
        text=(
            "The duty roster of a time (a week from today when nothing is said) with what is doubtful: GAP, DOUBLE_POST,"
            " DUTY_HOURS, WRONG_ROLE, ACCOUNT_DISABLED. Rows are changed as resources/shifts."
        ),
        handler=_roster,
        query=RosterQuery,
        answers=RosterAnswer,
        statuses=(409,),
    ),
    Door(
        method="GET",
        path="/handovers",
        name="listHandovers",
        text="Shift handovers, newest first: those under way and the last ninety.",
        handler=_handovers,
        query=PageQuery,
        answers=Page[Handover],
        statuses=(403,),
    ),
    Door(
        method="POST",
        path="/handovers",
        name="openHandover",
        text="Begin to hand over one's shift; the site gathers what is open. 409 HANDOVER_OPEN: one is under way.",
        handler=_open,
        takes=HandoverOpening,
        answers=HandoverAnswer,
        status=201,
    ),
    Door(
        method="GET",
        path="/handovers/<id:id>",
        name="getHandover",
        text="One handover: its items, what is open or otherwise by now, what the caller has not read.",
        handler=_one,
        answers=HandoverAnswer,
    ),
    Door(
        method="POST",
        path="/handovers/<id:id>/sign",
        name="signHandover",
        text="Sign as the one who goes, who opened it; the open items are gathered anew.",
        handler=_sign,
        takes=HandoverSigning,
        answers=HandoverAnswer,
    ),
    Door(
        method="POST",
        path="/handovers/<id:id>/read",
        name="readHandoverItems",
        text="Tick items as read, as the one who comes.",
        handler=_read,
        takes=HandoverReading,
        answers=HandoverAnswer,
    ),
    Door(
        method="POST",
        path="/handovers/<id:id>/take",
        name="takeHandover",
        text="Sign as the one who comes. 409 OWN_HANDOVER: one's own; UNREAD_ITEMS: not all are read.",
        handler=_take,
        takes=HandoverSigning,
        answers=HandoverAnswer,
    ),
    Door(
        method="POST",
        path="/handovers/<id:id>/withdraw",
        name="withdrawHandover",
        text="End a handover that will not be: who opened it, or the duty chief.",
        handler=_withdraw,
        takes=HandoverWithdrawal,
        answers=HandoverAnswer,
    ),
    Door(
        method="GET",
        path="/handovers/<id:id>/document",
        name="getHandoverDocument",
        text="The record of a handover (交接班记录) as data, from the first signature on; `revision` an older one.",
        handler=_record("handover"),
        query=RecordQuery,
        answers=HandoverDocument,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/handovers/<id:id>/document/pdf",
        name="printHandoverDocument",
        text="The same as PDF.",
        handler=_record("handover_pdf"),
        query=RecordQuery,
        answers=bytes,
        sends=PDF,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/logbook",
        name="getLogbook",
        text="The logbook, derived from the journal: one line a fact, and the notes. For the desk; secadmin: accounts.",
        handler=_book,
        query=BookQuery,
        answers=BookPage,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/logbook.csv",
        name="getLogbookCsv",
        text="The same as CSV, oldest first, at most 50,000 lines (409 TOO_MUCH).",
        handler=_book_csv,
        query=BookFilter,
        answers=bytes,
        sends="text/csv; charset=utf-8",
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/logbook.pdf",
        name="printLogbook",
        text="The logbook of a shift or a day as PDF.",
        handler=_book_pdf,
        query=PrintQuery,
        answers=bytes,
        sends=PDF,
        statuses=_FAILS,
    ),
    Door(
        method="POST",
        path="/logbook/notes",
        name="addNote",
        text="Write into the logbook; a note is never edited, `corrects` names the one that this puts right.",
        handler=_note,
        takes=NoteBody,
        answers=LogNote,
        status=201,
    ),
)
