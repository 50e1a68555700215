"""What happened in consultations; part of the vocabulary of dispatch/facts.py. No names of people in any of them."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import Role
from dispatch.room_records import Room, RoomEntry, RoomPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOpened:
    """A room for an incident of ours."""

    room: Room


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRolesInvited:
    """Which of our own people may come, besides the desk; each site says so for itself, and it stays there."""

    room_id: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSiteInvited:
    """A partner may come; said by the owner to everybody in the room. `room` as it is with it."""

    room: Room
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomGiven:
    """What we had put in before `partner` came, or in so many parts; travels to it alone."""

    room_id: str
    partner: str
    people: tuple[RoomPerson, ...] = ()
    entries: tuple[RoomEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEntered:
    """Somebody of ours came in."""

    person: RoomPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEntryMade:
    """Something was said, drawn, put to the vote, voted or decided."""

    entry: RoomEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomStrokeUndone:
    """A mark of ours was taken back; it stays in the record."""

    room_id: str
    entry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomReadUpTo:
    """A person has read everything up to this place."""

    room_id: str
    person_id: str
    read_at: datetime
    read_origin: str
    read_origin_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomConferenceCalled:
    """The conference system was asked to call; what was offered to it."""

    room_id: str
    offered: tuple[str, ...]
    call_id: str = ""  # of what it may pull for it (conference.py); empty: nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSiteReached:
    """The line to a site in the room is open again, which it was not since `lost_at`; by our own clock, stays at home.

    What that site said meanwhile comes after this row, and so is known to be late though nobody here said a word.
    """

    room_id: str
    site: str
    lost_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomClosed:
    """The owner closed it; what was concluded."""

    room_id: str
    summary: str


RoomFact = (
    RoomOpened
    | RoomRolesInvited
    | RoomSiteInvited
    | RoomGiven
    | RoomEntered
    | RoomEntryMade
    | RoomStrokeUndone
    | RoomReadUpTo
    | RoomConferenceCalled
    | RoomSiteReached
    | RoomClosed
)
