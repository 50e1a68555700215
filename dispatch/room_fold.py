"""How facts about consultations change the world; fold.py calls these.

Rows of one site come in its order, rows of several sites in any: so everything here only grows or takes the larger,
and doing it twice changes nothing. A row about a room that is not known yet is kept until its invitation comes.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dispatch.facts import Recorded
from dispatch.room_facts import (
    RoomClosed,
    RoomConferenceCalled,
    RoomEntered,
    RoomEntryMade,
    RoomGiven,
    RoomOpened,
    RoomReadUpTo,
    RoomRolesInvited,
    RoomSiteInvited,
    RoomSiteReached,
    RoomStrokeUndone,
)
from dispatch.room_records import Room, RoomEntry, RoomPerson

if TYPE_CHECKING:
    from dispatch.world import World

LATE_S = 10  # what comes further behind than this is marked; a proposed figure


def _put(world: "World", table: str, record: Room | RoomPerson | RoomEntry) -> "World":
    if getattr(world, table).get(record.id) == record:
        return world
    return replace(
        world,
        **{table: getattr(world, table).set(record.id, record)},
        changed=world.changed.set((table, record.id), world.seq),
    )


def _opened(world: "World", _: Recorded, fact: RoomOpened) -> "World":
    return _with_room(world, fact.room)


def _with_room(world: "World", room: Room) -> "World":
    """The room with what is known of it from before: sites and roles are added up, an end stands."""
    present = world.rooms.get(room.id)
    if present is not None:
        room = replace(
            present,
            sites=tuple(sorted({*present.sites, *room.sites})),
            roles=tuple(sorted({*present.roles, *room.roles})),
        )
    if room == present:
        return world
    return _seen_anew(_put(world, "rooms", room), room.id)


def _seen_anew(world: "World", room_id: str) -> "World":
    """Everything in it is as if it had changed: there may be more who see it now, or more of it to be seen."""
    changed = world.changed.mutate()
    for table in ("room_people", "room_entries"):
        for each in getattr(world, table).values():
            if each.room_id == room_id:
                changed[table, each.id] = world.seq
    return replace(world, changed=changed.finish())


def _roles_invited(world: "World", _: Recorded, fact: RoomRolesInvited) -> "World":
    room = world.rooms.get(fact.room_id)
    if room is None:
        return world
    return _with_room(world, replace(room, roles=fact.roles))


def _site_invited(world: "World", recorded: Recorded, fact: RoomSiteInvited) -> "World":
    ours = recorded.origin == world.site
    room = fact.room if ours else replace(fact.room, roles=())
    since = world.room_since
    if ours and (room.id, fact.partner) not in since:
        since = since.set((room.id, fact.partner), world.seq)
    elif not ours and fact.partner == world.site:
        # we had put nothing in before: whoever is in the room has all of ours from here on
        for site in room.sites:
            if site != world.site and (room.id, site) not in since:
                since = since.set((room.id, site), world.seq)
    return _with_room(replace(world, room_since=since), room)


def _given(world: "World", recorded: Recorded, fact: RoomGiven) -> "World":
    if recorded.origin == world.site:
        key = (fact.room_id, fact.partner)
        if key in world.room_since:
            return world
        return replace(world, room_since=world.room_since.set(key, world.seq))
    for person in fact.people:
        world = _with_person(world, replace(person, name=""))
    for entry in fact.entries:
        world = _with_entry(world, entry, late_s=0)
    return world


def _entered(world: "World", recorded: Recorded, fact: RoomEntered) -> "World":
    name = recorded.actor if recorded.origin == world.site else ""
    return _with_person(_acted(world, recorded, fact.person.room_id), replace(fact.person, name=name))


def _with_person(world: "World", person: RoomPerson) -> "World":
    present = world.room_people.get(person.id)
    if present is None:
        return _put(world, "room_people", person)
    return _read(world, present, person.read_at, person.read_origin, person.read_origin_seq)


def _read_up_to(world: "World", recorded: Recorded, fact: RoomReadUpTo) -> "World":
    world = _acted(world, recorded, fact.room_id)
    person = world.room_people.get(fact.person_id)
    if person is None:
        return world
    return _read(world, person, fact.read_at, fact.read_origin, fact.read_origin_seq)


def _read(world: "World", person: RoomPerson, at: datetime | None, origin: str, seq: int) -> "World":
    if at is None:
        return world
    if person.read_at is not None and (at, origin, seq) <= (
        person.read_at,
        person.read_origin,
        person.read_origin_seq,
    ):
        return world
    return _put(world, "room_people", replace(person, read_at=at, read_origin=origin, read_origin_seq=seq))


def _acted(world: "World", recorded: Recorded, room_id: str) -> "World":
    """By our own clock: a partner whose clock is ahead would make everybody else late."""
    heard = world.room_heard.get(room_id)
    if recorded.origin != world.site or (heard is not None and heard >= recorded.at):
        return world
    return replace(world, room_heard=world.room_heard.set(room_id, recorded.at))


def _entry_made(world: "World", recorded: Recorded, fact: RoomEntryMade) -> "World":
    entry = replace(fact.entry, at=recorded.at, origin_seq=recorded.origin_seq)
    known = world.room_heard.get(entry.room_id)
    late = 0.0 if known is None or recorded.origin == world.site else (known - entry.at).total_seconds()
    world = _acted(world, recorded, entry.room_id)
    return _with_entry(world, entry, late_s=int(late) if late > LATE_S else 0)


def _with_entry(world: "World", entry: RoomEntry, late_s: int) -> "World":
    present = world.room_entries.get(entry.id)
    if present is not None:
        return _put(world, "room_entries", replace(present, undone_at=present.undone_at or entry.undone_at))
    key = (entry.room_id, entry.site)
    world = replace(world, room_counts=world.room_counts.set(key, world.room_counts.get(key, 0) + 1))
    return _put(world, "room_entries", replace(entry, late_s=late_s))


def _undone(world: "World", recorded: Recorded, fact: RoomStrokeUndone) -> "World":
    entry = world.room_entries.get(fact.entry_id)
    if entry is None or entry.undone_at is not None:
        return world
    return _put(world, "room_entries", replace(entry, undone_at=recorded.at))


def _closed(world: "World", recorded: Recorded, fact: RoomClosed) -> "World":
    room = world.rooms.get(fact.room_id)
    if room is None or room.closed_at is not None:
        return world
    return _put(world, "rooms", replace(room, closed_at=recorded.at, summary=fact.summary))


FOLDS: dict[type, Callable[..., Any]] = {
    RoomOpened: _opened,
    RoomRolesInvited: _roles_invited,
    RoomSiteInvited: _site_invited,
    RoomGiven: _given,
    RoomEntered: _entered,
    RoomEntryMade: _entry_made,
    RoomStrokeUndone: _undone,
    RoomReadUpTo: _read_up_to,
    RoomSiteReached: lambda world, recorded, fact: _acted(world, recorded, fact.room_id),
    RoomConferenceCalled: lambda world, _, __: world,  # in the journal and the logbook
    RoomClosed: _closed,
}
