"""Which of our rows about consultations a partner may have, and which of a partner's we take in.

Ours go to every site that is in the room, from the row on with which it came; what was put in before goes to it in
RoomGiven. A partner's are taken if the room is theirs or ours and they are in it, and if everything in them is their
own. A third site's word may overtake the owner's invitation: of a room that we do not know to have that site, so much
is kept unseen until the owner has said so. In our own rooms there is no doubt who is in them.
"""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from dispatch import consent_policy, room_checks
from dispatch.consent_kinds import LabelledTable
from dispatch.errors import Refused
from dispatch.facts import Recorded
from dispatch.room_facts import (
    RoomClosed,
    RoomEntered,
    RoomEntryMade,
    RoomGiven,
    RoomReadUpTo,
    RoomSiteInvited,
    RoomStrokeUndone,
)
from dispatch.room_records import RoomEntry, RoomFile, RoomPerson
from dispatch.world import World

OBJECT_CLASS = "messages"  # in an agreement
# In one fact: it is read and judged in one go on arrival, and 10 ms is the limit.
GIVEN_AT_ONCE, POINTS_AT_ONCE = 20, 500
MOST_PEOPLE = 200  # of one site in one room
MOST_SITES = 32  # in one room
MOST_UNSEEN = 500  # entries of a site kept for a room that we do not know it in
_SITE = re.compile(r"^[0-9]{2}(-[A-Z0-9]{1,8})?\Z")
_ANY_ID = re.compile(r"^[0-9]{2}(-[A-Z0-9]{1,8})?-[A-Z]{3}-[0-9A-Z]{1,26}\Z")


def given(world: World, room_id: str, partner: str) -> Iterator[RoomGiven]:
    """What we have put into a room, for a site that comes now; at least one fact, so that it is known to be done."""
    people = tuple(
        _nameless(each)
        for each in world.room_people.values()
        if each.room_id == room_id and each.site == world.site
    )
    entries = sorted(
        (each for each in world.room_entries.values() if each.room_id == room_id and each.site == world.site),
        key=lambda each: each.origin_seq,
    )
    parts: list[list[RoomEntry]] = [[]]
    for entry in entries:
        points = sum(map(_points, parts[-1])) + _points(entry)
        if len(parts[-1]) >= GIVEN_AT_ONCE or (parts[-1] and points > POINTS_AT_ONCE):
            parts.append([])
        parts[-1].append(entry)
    for number, part in enumerate(parts):
        yield RoomGiven(
            room_id=room_id, partner=partner, people=people if number == 0 else (), entries=tuple(part)
        )


def _points(entry: RoomEntry) -> int:
    return 0 if entry.stroke is None else len(entry.stroke.points)


def _nameless(person: RoomPerson) -> RoomPerson:
    return RoomPerson(
        id=person.id,
        room_id=person.room_id,
        site=person.site,
        role=person.role,
        came_at=person.came_at,
        read_at=person.read_at,
        read_origin=person.read_origin,
        read_origin_seq=person.read_origin_seq,
    )


def file_named(world: World, room_id: str, sha256: str, site: str) -> RoomFile | None:
    """The file of this hash as an entry of `site` names it in a room."""
    for entry in world.room_entries.values():
        if entry.room_id == room_id and entry.site == site and entry.said is not None:
            named = entry.said.file
            if named is not None and named.sha256 == sha256:
                return named
    return None


def files_named(world: World) -> frozenset[str]:
    """The hashes of all files that an entry of any room names."""
    said = (entry.said for entry in world.room_entries.values())
    return frozenset(each.file.sha256 for each in said if each is not None and each.file is not None)


def file_for(world: World, room_id: str, sha256: str, *, partner: str, now: datetime) -> RoomFile:
    """A file of ours that `partner` asks for. Raises Refused: NOT_IN_ROOM, NO_FILE, NO_CONSENT."""
    room = world.rooms.get(room_id)
    if room is None or partner not in room.sites:
        raise Refused("NOT_IN_ROOM", f"site {partner} is not in room {room_id}", field="room_id")
    named = file_named(world, room_id, sha256, world.site)
    if named is None:
        raise Refused("NO_FILE", "no entry of ours in this room names it", field="sha256")
    terms = consent_policy.terms_towards(world, partner, now)
    left_out = None if terms is None else consent_policy.withheld(terms, OBJECT_CLASS)
    if left_out is None or left_out:  # a file cannot be had without what is left out of it
        raise Refused("NO_CONSENT", "what is agreed does not let files leave", field="partner")
    if consent_policy.labelled(world, LabelledTable.INCIDENTS, room.incident_id):
        raise Refused("NO_CONSENT", "the incident has a label", field="room_id")
    return named


def passing_file(world: World, room_id: str, sha256: str, *, site: str, now: datetime) -> RoomFile | None:
    """A file of `site` that passes here for another, if we might have asked for it ourselves; None: not to be kept."""
    room = world.rooms.get(room_id)
    if room is None or world.site not in room.sites or site not in room.sites:
        return None
    terms = consent_policy.terms_from(world, site, now)
    if terms is None or consent_policy.withheld(terms, OBJECT_CLASS) != ():
        return None
    return file_named(world, room_id, sha256, site)


def owed(world: World) -> Iterator[tuple[str, str]]:
    """Rooms of others, each with a site in it that has not been given ours yet."""
    for room in world.rooms.values():
        if room.site != world.site and world.site in room.sites:
            for site in room.sites:
                if site != world.site and (room.id, site) not in world.room_since:
                    yield room.id, site


def _since(room_id_of: Callable[[Any], str]) -> Callable[[World, Recorded], Collection[str]]:
    def told(world: World, recorded: Recorded) -> Collection[str]:
        room_id = room_id_of(recorded.fact)
        room = world.rooms.get(room_id)
        if room is None:
            return ()
        since = ((site, world.room_since.get((room_id, site))) for site in room.sites)
        return [site for site, row in since if row is not None and row <= recorded.seq]

    return told


def _invited(world: World, recorded: Recorded) -> Collection[str]:
    fact: Any = recorded.fact
    return {fact.partner, *_since(lambda each: each.room.id)(world, recorded)}


# fact -> the sites that may have a row of ours
TOLD: dict[type, Callable[[World, Recorded], Collection[str]]] = {
    RoomSiteInvited: _invited,
    RoomGiven: lambda _, recorded: (getattr(recorded.fact, "partner", ""),),
    RoomEntered: _since(lambda fact: fact.person.room_id),
    RoomEntryMade: _since(lambda fact: fact.entry.room_id),
    RoomStrokeUndone: _since(lambda fact: fact.room_id),
    RoomReadUpTo: _since(lambda fact: fact.room_id),
    RoomClosed: _since(lambda fact: fact.room_id),
}


@lru_cache(maxsize=64)
def _own_id(origin: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(origin)}-[A-Z]{{3}}-[0-9A-Z]{{1,26}}\Z")


def is_own(origin: str, entity_id: str) -> bool:
    """Whether an id is one that a site makes."""
    return bool(_own_id(origin).match(entity_id))


def _own(origin: str, entity_id: str, field: str) -> None:
    if not is_own(origin, entity_id):
        raise Refused("NOT_OWNER", f"{entity_id[:80]!r} is not site {origin}'s", field=field)


def _member(world: World, room_id: str, origin: str, field: str) -> None:
    """Raises Refused(NOT_IN_ROOM) where `origin` is not in the room, as far as that can be known here."""
    room = world.rooms.get(room_id)
    if room is not None and origin in room.sites:
        return
    ours = _own_id(world.site).match(room_id)
    if ours or not _ANY_ID.match(room_id) or _unseen(world, origin) >= MOST_UNSEEN:
        raise Refused("NOT_IN_ROOM", f"site {origin} is not in room {room_id[:80]!r}", field=field)


def _unseen(world: World, origin: str) -> int:
    return sum(
        count
        for (room_id, site), count in world.room_counts.items()
        if site == origin and (room_id not in world.rooms or origin not in world.rooms[room_id].sites)
    )


def _check_invited(world: World, fact: RoomSiteInvited, origin: str) -> None:
    room = fact.room
    _own(origin, room.id, "room.id")
    _own(origin, room.incident_id, "room.incident_id")
    if room.site != origin or origin not in room.sites or fact.partner not in room.sites:
        raise Refused("NOT_OWNER", f"room {room.id} is not site {origin}'s", field="room.site")
    # who else is invited may come in one batch with our own invitation, and is judged before that is folded
    if world.site not in {fact.partner, *room.sites} and room.id not in world.rooms:
        raise Refused("NOT_FOR_US", f"site {fact.partner} was invited", field="partner")
    if len(room.sites) > MOST_SITES or not all(_SITE.match(site) for site in room.sites):
        raise Refused("NOT_PLAUSIBLE", f"sites are at most {MOST_SITES} site ids", field="room.sites")
    try:
        room_checks.text(room.title, "room.title", room_checks.MAX_LABEL)
    except Refused as error:
        raise Refused("NOT_PLAUSIBLE", error.detail, field=error.field) from None


def _check_given(world: World, fact: RoomGiven, origin: str) -> None:
    if fact.partner != world.site:
        raise Refused("NOT_FOR_US", f"it was given to site {fact.partner}", field="partner")
    _member(world, fact.room_id, origin, "room_id")
    if len(fact.people) > MOST_PEOPLE or len(fact.entries) > GIVEN_AT_ONCE:
        raise Refused(
            "NOT_PLAUSIBLE", f"over {MOST_PEOPLE} people or {GIVEN_AT_ONCE} entries", field="people"
        )
    for person in fact.people:
        _person(world, person, fact.room_id, origin)
    for entry in fact.entries:
        _entry(world, entry, fact.room_id, origin)


def _check_entered(world: World, fact: RoomEntered, origin: str) -> None:
    _member(world, fact.person.room_id, origin, "person.room_id")
    _person(world, fact.person, fact.person.room_id, origin)


def _person(world: World, person: RoomPerson, room_id: str, origin: str) -> None:
    _own(origin, person.id, "person.id")
    if person.site != origin or person.room_id != room_id:
        raise Refused("NOT_OWNER", f"person {person.id} is not site {origin}'s here", field="person.site")
    if person.name:
        raise Refused("NOT_PLAUSIBLE", "names of people stay at home", field="person.name")
    there = sum(1 for each in world.room_people.values() if (each.room_id, each.site) == (room_id, origin))
    if there >= MOST_PEOPLE and person.id not in world.room_people:
        raise Refused("ROOM_FULL", f"{there} people of site {origin}", field="person.id")


def _check_made(world: World, fact: RoomEntryMade, origin: str) -> None:
    _member(world, fact.entry.room_id, origin, "entry.room_id")
    _entry(world, fact.entry, fact.entry.room_id, origin)


def _entry(world: World, entry: RoomEntry, room_id: str, origin: str) -> None:
    _own(origin, entry.id, "entry.id")
    _own(origin, entry.person_id, "entry.person_id")
    if entry.site != origin or entry.room_id != room_id:
        raise Refused("NOT_OWNER", f"entry {entry.id} is not site {origin}'s here", field="entry.site")
    if world.room_counts.get((room_id, origin), 0) >= room_checks.MOST_ENTRIES:
        raise Refused("ROOM_FULL", f"{room_checks.MOST_ENTRIES} entries of site {origin}", field="entry.id")
    try:
        room_checks.entry(entry)
    except Refused as error:
        raise Refused("NOT_PLAUSIBLE", error.detail, field=error.field) from None


def _check_undone(world: World, fact: RoomStrokeUndone, origin: str) -> None:
    _member(world, fact.room_id, origin, "room_id")
    _own(origin, fact.entry_id, "entry_id")
    entry = world.room_entries.get(fact.entry_id)
    if entry is not None and (entry.site != origin or entry.room_id != fact.room_id):
        raise Refused("NOT_OWNER", f"mark {entry.id} is not site {origin}'s here", field="entry_id")
    if entry is not None and entry.stroke is None:
        raise Refused("NOT_PLAUSIBLE", "what was said is not taken back", field="entry_id")


def _check_read(world: World, fact: RoomReadUpTo, origin: str) -> None:
    _member(world, fact.room_id, origin, "room_id")
    _own(origin, fact.person_id, "person_id")


def _check_closed(_: World, fact: RoomClosed, origin: str) -> None:
    _own(origin, fact.room_id, "room_id")


# fact -> raises Refused unless a partner may say this
RECEIVED: dict[type, Callable[[World, Any, str], None]] = {
    RoomSiteInvited: _check_invited,
    RoomGiven: _check_given,
    RoomEntered: _check_entered,
    RoomEntryMade: _check_made,
    RoomStrokeUndone: _check_undone,
    RoomReadUpTo: _check_read,
    RoomClosed: _check_closed,
}
