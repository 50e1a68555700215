"""What is asked of consultations; part of dispatch/commands.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import Role
from dispatch.room_records import RoomFile, Stroke


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoom:
    """A room for an incident of ours; one at a time."""

    incident_id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteRoles:
    """These of our own people may come too."""

    room_id: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteSite:
    """A partner may come; the incident is shared with it already."""

    room_id: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveRoom:
    """The site itself: hand what we had put in to a partner that the owner has invited."""

    room_id: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteReached:
    """The site itself: the line to a site in the room is open again."""

    room_id: str
    site: str
    lost_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterRoom:
    """I am here."""

    room_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Text, a file, or both."""

    room_id: str
    text: str
    reply_to: str = ""
    file: RoomFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawStroke:
    """A mark on the shared map."""

    room_id: str
    stroke: Stroke


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoStroke:
    """Take back a mark of one's own."""

    room_id: str
    entry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRoom:
    """I have read up to this entry."""

    room_id: str
    entry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutVote:
    """A question to everybody in the room."""

    room_id: str
    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CastVote:
    """My answer."""

    room_id: str
    vote_id: str
    option: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision:
    """What is decided; `vote_id` and `option`: by which answer to which vote."""

    room_id: str
    text: str
    vote_id: str = ""
    option: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConference:
    """Have the conference system call; `offered`: which of our pictures it may show."""

    room_id: str
    offered: tuple[str, ...]
    call_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRoom:
    """The consultation is over."""

    room_id: str
    summary: str


TakesPart = EnterRoom | Say | DrawStroke | UndoStroke | PutVote | CastVote | RecordDecision
RoomCommand = (
    OpenRoom
    | InviteRoles
    | InviteSite
    | GiveRoom
    | NoteReached
    | EnterRoom
    | Say
    | DrawStroke
    | UndoStroke
    | ReadRoom
    | PutVote
    | CastVote
    | RecordDecision
    | CallConference
    | CloseRoom
)
