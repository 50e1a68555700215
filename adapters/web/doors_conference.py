"""Doors of the conference system: called for a consultation with sources it may pull, which they are, taken back."""

from typing import Any

from adapters.rooms.conference import Conference
from adapters.web.lists import one
from adapters.web.table import Call, Door, Handler
from dispatch import access, conference, ids
from dispatch.conference_commands import OfferSources, TakeBackSources
from dispatch.conference_facts import ConferenceSourcesOffered
from dispatch.conference_records import ConferenceCall
from dispatch.errors import Forbidden, Refused, Unknown
from dispatch.room_commands import CallConference
from dispatch.room_records import Room
from protocols.json_conference import ConferenceAnswer, ConferenceCalling, SourcesBack

NOTHING_PULLED = "this site offers nothing to be pulled"


async def _call(call: Call) -> Room:
    """What it may pull is in the journal before it is told where; if the call does not come about, it is taken back."""
    found: Room = one(call, "rooms", call.path["id"])
    system = _system(call)
    if call.who.session.role not in access.OPEN_ROOM:
        raise Forbidden("calling a conference is for the desk")
    asked = call.ask(CallConference(room_id=found.id, offered=system.offered))
    offered = await _offer(call, found, system) if call.body.streams or call.body.map else None
    account = call.who.account
    call_id = ids.derive(found.site, "CNF", f"{asked.actor}\0{asked.command_id}")
    if offered is not None:
        call_id = offered.id
        names = (*system.offered, *(each.name for each in offered.sources))
        asked = call.ask(CallConference(room_id=found.id, offered=names, call_id=call_id))
    try:
        await system.call(found, account.display_name or account.name, call_id, offered)
    except Refused as error:
        if offered is not None:
            back = TakeBackSources(call_id=call_id, reason=error.code)
            await call.site.desk.ask(call.ask(back, ":back"))
        raise
    await call.site.desk.ask(asked)  # what did not come about is not written down
    return found


def _system(call: Call) -> Conference:
    if call.site.conference is None:
        raise Refused("NO_CONFERENCE", "this site has no conference system", field="conference")
    return call.site.conference


async def _offer(call: Call, found: Room, system: Conference) -> ConferenceCall:
    if system.pulled is None:
        raise Refused("NO_SOURCES", NOTHING_PULLED, field="streams")
    command = OfferSources(
        room_id=found.id,
        streams=tuple(call.body.streams),
        with_map=call.body.map,
        valid_s=system.pulled.valid.total_seconds(),
    )
    answer = await call.site.desk.ask(call.ask(command, ":offer"))
    made = next(r.fact.call for r in answer.recorded if isinstance(r.fact, ConferenceSourcesOffered))
    if all(each.taken_back_at is not None for each in call.site.desk.world.conference_calls[made.id].sources):
        raise Refused("NOT_NOW", "this call came to nothing: ask anew, with another key", field="streams")
    return made


async def _sources(call: Call) -> ConferenceAnswer:
    found: Room = one(call, "rooms", call.path["id"])
    world, now = call.site.desk.world, call.site.clock()
    if call.who.session.role not in access.SEE_SOURCES:
        raise Forbidden("what the conference system may pull is for the desk")
    calls = sorted(
        (each for each in world.conference_calls.values() if each.room_id == found.id),
        key=lambda each: (each.called_at, each.id),
        reverse=True,
    )
    over = [
        each.id
        for each in calls
        if all(conference.why_not(world, each.id, source.id, now) for source in each.sources)
    ]
    pulled = call.site.conference is not None and call.site.conference.pulled is not None
    offerable = list(conference.offerable(world, now)) if pulled else []
    return ConferenceAnswer(pulled=pulled, offerable=offerable, calls=calls, over=over)


async def _take_back(call: Call) -> ConferenceCall:
    found: Room = one(call, "rooms", call.path["id"])
    present = call.site.desk.world.conference_calls.get(call.path["call"])
    if present is None or present.room_id != found.id:
        raise Unknown("call", "no such call in this consultation")
    await call.site.desk.ask(call.ask(call.body.command(present.id)))
    return call.site.desk.world.conference_calls[present.id]


def _door(path: str, name: str, text: str, handler: Handler, **more: Any) -> Door:
    return Door(
        path=f"/rooms/<id:id>/{path}", name=name, text=text, handler=handler, statuses=(403, 404, 409), **more
    )


DOORS = (
    _door(
        "call",
        "callConference",
        "Have the conference system call; it may pull `streams` and the `map` for this call alone. 409 NO_CONFERENCE where"
        " there is none, NO_SOURCES where nothing can be pulled.",
        _call,
        method="POST",
        takes=ConferenceCalling,
        answers=Room,
    ),
    _door(
        "sources",
        "listConferenceSources",
        "What may be offered to the conference system, what it may pull and since when it does. For the desk, the auditor.",
        _sources,
        method="GET",
        answers=ConferenceAnswer,
    ),
    _door(
        "calls/<id:call>/take-back",
        "takeBackSources",
        "It may pull this no more, or nothing of this call; what is under way ends at once.",
        _take_back,
        method="POST",
        takes=SourcesBack,
        answers=ConferenceCall,
    ),
)
