"""Consultation (协同会商): a room for an incident, where people of several sites talk, draw and decide.

The site of the incident owns the room: it opens and closes it and invites partners. Whatever is put in belongs to its
author's site, under an id that site makes, and goes from there to every site in the room. Whoever acts in a room
enters it by that. What is asked here is judged; what partners send is judged in room_sharing.py.
"""

from datetime import datetime

from dispatch import access, ids, room_checks
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import IncidentState, Role
from dispatch.room_commands import (
    CallConference,
    CastVote,
    CloseRoom,
    DrawStroke,
    EnterRoom,
    GiveRoom,
    InviteRoles,
    InviteSite,
    NoteReached,
    OpenRoom,
    PutVote,
    ReadRoom,
    RecordDecision,
    RoomCommand,
    Say,
    TakesPart,
    UndoStroke,
)
from dispatch.room_facts import (
    RoomClosed,
    RoomConferenceCalled,
    RoomEntered,
    RoomEntryMade,
    RoomOpened,
    RoomReadUpTo,
    RoomRolesInvited,
    RoomSiteInvited,
    RoomSiteReached,
    RoomStrokeUndone,
)
from dispatch.room_kinds import RoomEntryKind
from dispatch.room_records import (
    Agreement,
    Ballot,
    Decision,
    Room,
    RoomEntry,
    RoomPerson,
    Saying,
    Voice,
    place,
)
from dispatch.room_sharing import given
from dispatch.world import World

_K = RoomEntryKind
_OVER = frozenset({IncidentState.CLOSED, IncidentState.DISMISSED, IncidentState.MERGED})
# Companies and other systems have no place in a consultation; an auditor reads and says nothing.
INVITED = frozenset({Role.OBSERVER, Role.BASE, Role.ATC, Role.OPERATOR})
MAX_TITLE, MAX_SUMMARY = 80, 2_000
_ID_OF = {_K.SAID: "MSG", _K.DRAWN: "STR", _K.VOTE: "VOT", _K.VOICE: "VOC", _K.DECISION: "DEC"}


def decide(
    world: World, ask: Ask, command: RoomCommand, now: datetime, partners: frozenset[str]
) -> tuple[Fact, ...]:
    """What comes of it. Raises Forbidden, Unknown or Refused."""
    match command:
        case OpenRoom():
            return _open(world, ask, command, now)
        case GiveRoom():
            access.require_site(ask, "handing a room's entries to a partner")
            room = _room(world, command.room_id)
            if command.partner not in room.sites or (room.id, command.partner) in world.room_since:
                raise Refused("ALREADY", f"site {command.partner} has them or is not in it", field="partner")
            return tuple(given(world, room.id, command.partner))
        case NoteReached():
            access.require_site(ask, "noting that a partner is reached again")
            room = _open_room(world, command.room_id)
            if command.site not in room.sites:
                raise Refused("NOT_IN_ROOM", f"site {command.site} is not in it", field="site")
            return (RoomSiteReached(room_id=room.id, site=command.site, lost_at=command.lost_at),)
        case InviteRoles() | InviteSite() | CloseRoom() | CallConference():
            return _lead(world, ask, command, partners)
        case ReadRoom():
            return _read(world, ask, command, now)
        case _:
            return _take_part(world, ask, command, now)


def _open(world: World, ask: Ask, command: OpenRoom, now: datetime) -> tuple[Fact, ...]:
    access.require(ask, access.OPEN_ROOM, "opening a consultation")
    incident = world.incidents.get(command.incident_id)
    if incident is None:
        raise Unknown("incident_id", f"no incident {command.incident_id}")
    if incident.site != world.site:
        raise Refused("NOT_OWNER", f"site {incident.site} opens it", field="incident_id")
    if incident.state in _OVER:
        raise Refused("NOT_NOW", f"incident {incident.id} is {incident.state}", field="incident_id")
    for each in world.rooms.values():
        if each.incident_id == incident.id and each.site == world.site and each.closed_at is None:
            raise Refused("EXISTS", f"room {each.id} is open for it", field="incident_id")
    room = Room(
        id=ids.derive(world.site, "ROM", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        incident_id=incident.id,
        title=room_checks.text(command.title, "title", MAX_TITLE),
        opened_at=now,
        opened_as=ask.role or Role.DISPATCHER,
        sites=(world.site,),
        simulated=incident.simulated,
    )
    person = _person(world.site, room.id, ask, now)
    return RoomOpened(room=room), RoomEntered(person=person)


def _lead(
    world: World,
    ask: Ask,
    command: InviteRoles | InviteSite | CloseRoom | CallConference,
    partners: frozenset[str],
) -> tuple[Fact, ...]:
    access.require(ask, access.OPEN_ROOM, "leading a consultation")
    room = _open_room(world, command.room_id)
    match command:
        case InviteRoles():
            if not command.roles or set(command.roles) - INVITED:
                raise Refused("ROLES", f"are some of {', '.join(sorted(INVITED))}", field="roles")
            if not set(command.roles) - set(room.roles):
                raise Refused("NOTHING_CHANGED", "they are invited already", field="roles")
            return (RoomRolesInvited(room_id=room.id, roles=tuple(sorted(set(command.roles)))),)
        case CallConference():
            return (RoomConferenceCalled(room_id=room.id, offered=command.offered, call_id=command.call_id),)
        case InviteSite():
            return _invite(world, room, command.partner, partners)
        case CloseRoom():
            _require_owner(world, room)
            return (
                RoomClosed(
                    room_id=room.id, summary=room_checks.text(command.summary, "summary", MAX_SUMMARY)
                ),
            )


def _invite(world: World, room: Room, site: str, partners: frozenset[str]) -> tuple[Fact, ...]:
    _require_owner(world, room)
    if site not in partners:
        raise Unknown("partner", f"no partner {site}")
    if site in room.sites:
        raise Refused("ALREADY", f"site {site} is in it", field="partner")
    if (room.incident_id, site) not in world.shared:
        raise Refused("NOT_SHARED", f"share the incident with site {site} first", field="partner")
    # our own roles are nobody's business; the guest invites its own
    shown = Room(
        id=room.id,
        site=room.site,
        incident_id=room.incident_id,
        title=room.title,
        opened_at=room.opened_at,
        opened_as=room.opened_as,
        sites=tuple(sorted({*room.sites, site})),
        simulated=room.simulated,
    )
    return RoomSiteInvited(room=shown, partner=site), *given(world, room.id, site)


def _read(world: World, ask: Ask, command: ReadRoom, now: datetime) -> tuple[Fact, ...]:
    room = _room(world, command.room_id)
    _require_in(room, ask)
    entry = world.room_entries.get(command.entry_id)
    if entry is None or entry.room_id != room.id:
        raise Unknown("entry_id", f"no entry {command.entry_id}")
    present = person_of(world, room.id, ask.actor)
    person = present or _person(world.site, room.id, ask, now)
    read = (person.read_at, person.read_origin, person.read_origin_seq)
    if person.read_at is not None and place(entry) <= read:
        raise Refused("ALREADY", "it is read", field="entry_id")
    fact = RoomReadUpTo(
        room_id=room.id,
        person_id=person.id,
        read_at=entry.at,
        read_origin=entry.site,
        read_origin_seq=entry.origin_seq,
    )
    return (fact,) if present is not None else (RoomEntered(person=person), fact)


def _take_part(world: World, ask: Ask, command: TakesPart, now: datetime) -> tuple[Fact, ...]:
    room = _open_room(world, command.room_id)
    _require_in(room, ask)
    present = person_of(world, room.id, ask.actor)
    person = present or _person(world.site, room.id, ask, now)
    came: tuple[Fact, ...] = () if present is not None else (RoomEntered(person=person),)
    match command:
        case EnterRoom():
            if present is not None:
                raise Refused("ALREADY", "you are in it", field="room_id")
            return came
        case UndoStroke():
            return *came, _undo(world, room, person, command)
    if world.room_counts.get((room.id, world.site), 0) >= room_checks.MOST_ENTRIES:
        raise Refused(
            "ROOM_FULL", f"{room_checks.MOST_ENTRIES} entries of this site are in it", field="room_id"
        )
    return *came, RoomEntryMade(entry=_entry(world, ask, command, person, now))


def _undo(world: World, room: Room, person: RoomPerson, command: UndoStroke) -> RoomStrokeUndone:
    entry = world.room_entries.get(command.entry_id)
    if entry is None or entry.room_id != room.id or entry.kind is not _K.DRAWN:
        raise Unknown("entry_id", f"no mark {command.entry_id} in this room")
    if entry.site != world.site or entry.person_id != person.id:
        raise Refused("NOT_OWNER", "only whoever drew a mark takes it back", field="entry_id")
    if entry.undone_at is not None:
        raise Refused("ALREADY", "it is taken back", field="entry_id")
    return RoomStrokeUndone(room_id=room.id, entry_id=entry.id)


def _entry(world: World, ask: Ask, command: RoomCommand, person: RoomPerson, now: datetime) -> RoomEntry:
    room = world.rooms[person.room_id]
    said = stroke = ballot = voice = decision = None
    match command:
        case Say():
            kind = _K.SAID
            said = room_checks.saying(Saying(text=command.text, reply_to=command.reply_to, file=command.file))
            if said.reply_to:
                _entry_in(world, room, said.reply_to, "reply_to")
        case DrawStroke():
            kind, stroke = _K.DRAWN, room_checks.stroke(command.stroke)
        case PutVote():
            kind = _K.VOTE
            ballot = room_checks.ballot(Ballot(question=command.question, options=command.options))
        case CastVote():
            kind, voice = _K.VOICE, Voice(vote_id=command.vote_id, option=command.option)
            _option(world, room, command.vote_id, command.option)
        case RecordDecision():
            access.require(ask, access.OPEN_ROOM, "recording a decision")
            kind, decision = _K.DECISION, room_checks.decision(_decision(world, room, command))
        case _:
            raise AssertionError(command)
    return RoomEntry(
        id=ids.derive(world.site, _ID_OF[kind], f"{ask.actor}\0{ask.command_id}"),
        room_id=room.id,
        site=world.site,
        person_id=person.id,
        kind=kind,
        at=now,
        said=said,
        stroke=stroke,
        ballot=ballot,
        voice=voice,
        decision=decision,
    )


def _decision(world: World, room: Room, command: RecordDecision) -> Decision:
    if not command.vote_id:
        return Decision(text=command.text)
    ballot = _option(world, room, command.vote_id, command.option)
    voices = counted(world, room.id, command.vote_id)
    agreed = sorted(
        (person for person, option in voices.items() if option == command.option),
        key=lambda each: (each.site, each.id),
    )
    return Decision(
        text=command.text,
        vote_id=command.vote_id,
        option=command.option,
        agreed=tuple(Agreement(person_id=each.id, site=each.site, role=each.role) for each in agreed),
        tally=tuple(list(voices.values()).count(option) for option in range(len(ballot.options))),
    )


def counted(world: World, room_id: str, vote_id: str) -> dict[RoomPerson, int]:
    """Everybody's last answer to a vote, of those who are in the room."""
    last: dict[str, RoomEntry] = {}
    for entry in world.room_entries.values():
        if entry.room_id == room_id and entry.voice is not None and entry.voice.vote_id == vote_id:
            present = last.get(entry.person_id)
            if present is None or place(present) < place(entry):
                last[entry.person_id] = entry
    people = ((world.room_people.get(person_id), entry) for person_id, entry in last.items())
    return {person: entry.voice.option for person, entry in people if person is not None and entry.voice}


def person_of(world: World, room_id: str, account: str) -> RoomPerson | None:
    """Who an account of ours is in a room."""
    for person in world.room_people.values():
        if person.room_id == room_id and person.site == world.site and person.name == account:
            return person
    return None


def roles_in(room: Room) -> frozenset[Role]:
    """Which of our own roles take part: the desk, and whom it has invited."""
    return access.OPEN_ROOM | set(room.roles)


def _person(site: str, room_id: str, ask: Ask, now: datetime) -> RoomPerson:
    return RoomPerson(
        id=ids.derive(site, "PER", f"{room_id}\0{ask.actor}\0{ask.command_id}"),
        room_id=room_id,
        site=site,
        role=ask.role or Role.DISPATCHER,
        came_at=now,
    )


def _room(world: World, room_id: str) -> Room:
    room = world.rooms.get(room_id)
    if room is None or world.site not in room.sites:
        raise Unknown("room_id", f"no room {room_id}")
    return room


def _open_room(world: World, room_id: str) -> Room:
    room = _room(world, room_id)
    if room.closed_at is not None:
        raise Refused("NOT_NOW", f"room {room_id} is closed", field="room_id")
    return room


def _require_in(room: Room, ask: Ask) -> None:
    if ask.role not in roles_in(room):
        raise Forbidden(f"this consultation is for {', '.join(sorted(roles_in(room)))}")


def _require_owner(world: World, room: Room) -> None:
    if room.site != world.site:
        raise Refused("NOT_OWNER", f"the room is site {room.site}'s", field="room_id")


def _entry_in(world: World, room: Room, entry_id: str, field: str) -> RoomEntry:
    entry = world.room_entries.get(entry_id)
    if entry is None or entry.room_id != room.id:
        raise Unknown(field, f"no entry {entry_id} in this room")
    return entry


def _option(world: World, room: Room, vote_id: str, option: int) -> Ballot:
    entry = _entry_in(world, room, vote_id, "vote_id")
    if entry.ballot is None:
        raise Unknown("vote_id", f"{vote_id} is no vote")
    if not 0 <= option < len(entry.ballot.options):
        raise Refused("OPTION", f"{option} is not one of {len(entry.ballot.options)}", field="option")
    return entry.ballot
