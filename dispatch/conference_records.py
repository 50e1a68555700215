"""What a conference system may pull of a consultation (会商引接), and what it pulls. Stays at the site that offers it.

Every field here has one of the same name in protocols/schema/records.proto. Aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import Role

MAP = "map"  # the id of the room's map among the sources; streams have their own


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceSource:
    """One picture that is offered: a stream's, or the room's map. `reason`: why it was taken back, a person's or a code."""

    id: str  # the stream's, or MAP
    name: str
    taken_back_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferencePull:
    """The conference system takes a source. `address`: of its machine. `ended_at` None: it still does."""

    id: str
    source_id: str
    address: str
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceCall:
    """One call of the conference system and what it may pull for it, until `until` at the latest."""

    id: str
    site: str
    room_id: str
    called_at: datetime
    called_by: str
    called_as: Role
    until: datetime
    sources: tuple[ConferenceSource, ...] = ()
    pulls: tuple[ConferencePull, ...] = ()  # the newest; all stand in the journal
