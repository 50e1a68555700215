"""Consultation as it is kept: rooms, who is in them, and what was put in.

A room is of its incident's site, an entry and a person are of their author's. Names of people are in the journal of
their own site alone; at partners the site and the role stand for them. Everything here is put together from facts
that may come in any order between sites (room_fold.py): what is kept grows and never depends on who was heard first,
but for `late_s`, which says just that.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import Role
from dispatch.room_kinds import RoomEntryKind, RoomSymbol, StrokeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A consultation on one incident. `sites`: who is in it, the owner too; `roles`: of our own people, besides the desk."""

    id: str
    site: str
    incident_id: str
    title: str
    opened_at: datetime
    opened_as: Role
    sites: tuple[str, ...]
    roles: tuple[Role, ...] = ()
    closed_at: datetime | None = None
    summary: str = ""  # 会商结论, with the closing
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPerson:
    """Somebody in a room. `name` is known at home alone. `read_*`: the entry up to which this person has read."""

    id: str
    room_id: str
    site: str
    role: Role
    came_at: datetime
    name: str = ""
    read_at: datetime | None = None
    read_origin: str = ""
    read_origin_seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFile:
    """A file that is named in a message; its bytes are kept by their hash, not in the journal."""

    sha256: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Text, in answer to an entry or not."""

    text: str
    reply_to: str = ""
    file: RoomFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A mark on the map; WGS-84. It is meant for `valid_from` to `valid_until`, where that is said."""

    kind: StrokeKind
    points: tuple[Position, ...]
    text: str = ""
    symbol: RoomSymbol | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """A question and what may be answered."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One person's answer; of several of one person the last counts."""

    vote_id: str
    option: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Who agreed: the person's id, which only its own site can give a name to, its site and role."""

    person_id: str
    site: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, by which vote if any, and who had agreed when it was written down. `tally`: by option."""

    text: str
    vote_id: str = ""
    option: int = -1
    agreed: tuple[Agreement, ...] = ()
    tally: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEntry:
    """One thing put into a room; exactly the part of its kind is there.

    Its place is by (`at`, `site`, `origin_seq`), the same at every site whenever it came. `late_s`: how far behind
    our own people's last act in the room it came, in whole seconds; 0: in time.
    """

    id: str
    room_id: str
    site: str
    person_id: str
    kind: RoomEntryKind
    at: datetime
    origin_seq: int = 0
    said: Saying | None = None
    stroke: Stroke | None = None
    ballot: Ballot | None = None
    voice: Voice | None = None
    decision: Decision | None = None
    undone_at: datetime | None = None
    late_s: int = 0


def place(entry: RoomEntry) -> tuple[datetime, str, int]:
    """Where an entry stands among the others of its room."""
    return entry.at, entry.site, entry.origin_seq
