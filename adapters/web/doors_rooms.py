"""Doors of consultations (协同会商): rooms, what is put into them, their files, their minutes."""

from typing import Any

from twisted.internet.threads import deferToThread

from adapters.web.doors_papers import PDF, ask
from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door, Handler
from dispatch import room
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.room_facts import RoomEntered, RoomEntryMade, RoomOpened
from dispatch.room_records import Room, RoomEntry, RoomPerson
from protocols.json_answers import Page
from protocols.json_doors import PageQuery
from protocols.json_rooms import (
    MinutesAnswer,
    RoomClosing,
    RoomDecision,
    RoomDraft,
    RoomEntering,
    RoomFileAnswer,
    RoomFileQuery,
    RoomInvitation,
    RoomQuery,
    RoomReading,
    RoomSaying,
    RoomStroke,
    RoomUndoing,
    RoomVoice,
    RoomVote,
    RoomWhole,
)

LOOKS, LOOK_EVERY_S = 20, 0.25  # a partner's file is waited for so long, then the caller asks again


async def _list(call: Call) -> Any:
    query: RoomQuery = call.query
    found = (
        each
        for each in shown(call, "rooms")
        if (query.closed or each.closed_at is None)
        and (not query.incident_id or each.incident_id == query.incident_id)
    )
    return page(found, lambda each: newest_first(each.opened_at, each.id), query)


async def _open(call: Call) -> Room:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made = next(r.fact.room for r in answer.recorded if isinstance(r.fact, RoomOpened))
    return call.site.desk.world.rooms.get(made.id, made)


async def _one(call: Call) -> RoomWhole:
    found = one(call, "rooms", call.path["id"])
    people = sorted(
        (each for each in shown(call, "room_people") if each.room_id == found.id),
        key=lambda each: (each.came_at, each.id),
    )
    conference = call.site.conference is not None
    return RoomWhole(room=found, people=people, conference=conference)


async def _entries(call: Call) -> Any:
    found = one(call, "rooms", call.path["id"])
    entries = (each for each in shown(call, "room_entries") if each.room_id == found.id)
    return page(entries, lambda each: newest_first(each.at, each.id), call.query)


async def _change(call: Call) -> Any:
    """Invite, close: the room as it is then."""
    one(call, "rooms", call.path["id"])
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "rooms", call.path["id"])


async def _put(call: Call) -> Any:
    """Say, draw, put to the vote, vote, decide: the entry."""
    one(call, "rooms", call.path["id"])
    command = call.body.command(call.path["id"])
    named = getattr(command, "file", None)
    if named is not None:
        kept = await deferToThread(call.site.room_files.bytes_of, named.sha256)
        if kept is None or len(kept) != named.size:
            raise Refused("NO_FILE", "hand the file over first", field="file.sha256")
    answer = await call.site.desk.ask(call.ask(command))
    made = next(r.fact.entry for r in answer.recorded if isinstance(r.fact, RoomEntryMade))
    return call.site.desk.world.room_entries.get(made.id, made)


async def _undo(call: Call) -> Any:
    one(call, "rooms", call.path["id"])
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return call.site.desk.world.room_entries[call.body.entry_id]


async def _present(call: Call) -> Any:
    """Enter, read: the caller as a person of the room."""
    one(call, "rooms", call.path["id"])
    answer = await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    found = room.person_of(call.site.desk.world, call.path["id"], call.who.account.name)
    entered = (r.fact.person for r in answer.recorded if isinstance(r.fact, RoomEntered))
    return found if found is not None else next(entered)


async def _hand_over(call: Call) -> RoomFileAnswer:
    found = one(call, "rooms", call.path["id"])
    if call.who.session.role not in room.roles_in(found):
        raise Forbidden("you do not take part in this consultation")
    if found.closed_at is not None:
        raise Refused("NOT_NOW", f"room {found.id} is closed", field="room_id")
    kind = _kind_of(call.query.name)
    try:
        digest = await deferToThread(call.site.room_files.keep, call.raw, kind)
    except Malformed as error:  # well sent, and no such file
        raise Refused("BAD_FILE", error.detail, field=error.field) from None
    return RoomFileAnswer(sha256=digest, name=call.query.name, media_type=kind, size=len(call.raw))


_ENDINGS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "csv": "text/csv",
    "json": "application/json",
}


def _kind_of(name: str) -> str:
    kind = _ENDINGS.get(name.rpartition(".")[2].lower())
    if kind is None:
        raise Refused("BAD_FILE", f"a name ends in one of {', '.join(_ENDINGS)}", field="name")
    return kind


async def _file(call: Call) -> bytes:
    """Bytes of a file that an entry of this room names; always as a download, whatever they are."""
    found = one(call, "rooms", call.path["id"])
    digest = call.path["file"]
    naming = [
        (each, each.said.file)
        for each in shown(call, "room_entries")
        if each.room_id == found.id
        and each.said is not None
        and each.said.file is not None
        and each.said.file.sha256 == digest
    ]
    kept = await deferToThread(call.site.room_files.bytes_of, digest) if naming else None
    if kept is not None:
        return kept
    over_links = call.site.rooms_over_links
    entry, named = next((one for one in naming if one[0].site != call.site.desk.world.site), (None, None))
    if entry is None or named is None or over_links is None:
        raise Unknown("file", "no such file here")
    got, size = over_links.fetch(entry, named)
    for _ in range(LOOKS):  # most come at once: nobody need ask twice for them
        await over_links.pause(LOOK_EVERY_S)
        kept = await deferToThread(call.site.room_files.bytes_of, digest)
        if kept is not None:
            return kept
        got, size = over_links.fetch(entry, named)
    raise Refused("FILE_UNDER_WAY", f"{got} of {size} bytes are here; ask again", field="file")


def _minutes(what: str) -> Handler:
    async def answer(call: Call) -> bytes:
        one(call, "rooms", call.path["id"])
        return await ask(call, what=what, room_id=call.path["id"])

    return answer


def _post(path: str, name: str, text: str, handler: Handler, *, takes: type, answers: Any) -> Door:
    return Door(
        method="POST",
        path=f"/rooms/<id:id>/{path}",
        name=name,
        text=text,
        handler=handler,
        takes=takes,
        answers=answers,
        statuses=(403, 404, 409),
    )


DOORS = (
    Door(
        method="GET",
        path="/rooms",
        name="listRooms",
        text="Consultations the caller may see, newest first; `closed` adds those that are over.",
        handler=_list,
        query=RoomQuery,
        answers=Page[Room],
    ),
    Door(
        method="POST",
        path="/rooms",
        name="openRoom",
        text="Open a consultation for an incident of this site; one at a time.",
        handler=_open,
        takes=RoomDraft,
        answers=Room,
        status=201,
    ),
    Door(
        method="GET",
        path="/rooms/<id:id>",
        name="getRoom",
        text="One consultation and who has been in it. Of partners' people there are site and role, no names.",
        handler=_one,
        answers=RoomWhole,
    ),
    Door(
        method="GET",
        path="/rooms/<id:id>/entries",
        name="listRoomEntries",
        text=(
            "What was put in, newest first; the order of a room is by `at`, `site`, `origin_seq`, the same at every site."
            " `late_s` > 0: it came so far behind what was known here."
        ),
        handler=_entries,
        query=PageQuery,
        answers=Page[RoomEntry],
    ),
    _post(
        "invite",
        "inviteToRoom",
        "Invite a partner site (the owner) or roles of this site.",
        _change,
        takes=RoomInvitation,
        answers=Room,
    ),
    _post(
        "enter",
        "enterRoom",
        "Be in it; whoever acts enters by that.",
        _present,
        takes=RoomEntering,
        answers=RoomPerson,
    ),
    _post(
        "say", "sayInRoom", "Say something, with a file or not.", _put, takes=RoomSaying, answers=RoomEntry
    ),
    _post("draw", "drawInRoom", "Draw a mark on the shared map.", _put, takes=RoomStroke, answers=RoomEntry),
    _post(
        "undo",
        "undoInRoom",
        "Take back a mark of one's own; it stays in the record.",
        _undo,
        takes=RoomUndoing,
        answers=RoomEntry,
    ),
    _post(
        "read",
        "readRoom",
        "Say up to which entry one has read.",
        _present,
        takes=RoomReading,
        answers=RoomPerson,
    ),
    _post("votes", "putToVote", "Put a question to the vote.", _put, takes=RoomVote, answers=RoomEntry),
    _post(
        "voice",
        "voteInRoom",
        "Answer a vote; of several answers the last counts.",
        _put,
        takes=RoomVoice,
        answers=RoomEntry,
    ),
    _post(
        "decide",
        "decideInRoom",
        "Write down a decision with who agreed, by the answers of its vote as they are now.",
        _put,
        takes=RoomDecision,
        answers=RoomEntry,
    ),
    _post(
        "close",
        "closeRoom",
        "End it, with what was concluded; the owner.",
        _change,
        takes=RoomClosing,
        answers=Room,
    ),
    Door(
        method="POST",
        path="/rooms/<id:id>/files",
        name="handOverRoomFile",
        text="Hand over a file of at most 2 MiB to be named in a message; partners in the room may fetch it.",
        handler=_hand_over,
        query=RoomFileQuery,
        raw=("application/octet-stream",),
        answers=RoomFileAnswer,
        statuses=(403, 404, 409, 503),
    ),
    Door(
        method="GET",
        path="/rooms/<id:id>/files/<id:file>",
        name="getRoomFile",
        text=(
            "The bytes of a file that a message of the room names. A partner's is fetched when it is asked for the first"
            " time: 409 FILE_UNDER_WAY until it is here, FILE_NOT_REACHED where its site is not linked, FILE_REFUSED."
        ),
        handler=_file,
        answers=bytes,
        sends="application/octet-stream",
        statuses=(403, 404, 409, 503),
    ),
    Door(
        method="GET",
        path="/rooms/<id:id>/minutes",
        name="getRoomMinutes",
        text="The minutes as data, from the journal.",
        handler=_minutes("room"),
        answers=MinutesAnswer,
        statuses=(403, 404, 409, 503),
    ),
    Door(
        method="GET",
        path="/rooms/<id:id>/minutes/pdf",
        name="printRoomMinutes",
        text="The minutes as PDF, A4, with the fonts inside.",
        handler=_minutes("room_pdf"),
        answers=bytes,
        sends=PDF,
        statuses=(403, 404, 409, 503),
    ),
)
