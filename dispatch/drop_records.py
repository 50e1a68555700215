"""Water taken and dropped, what a track has shown of a flight, and who signed the hours: records beside `records.Tasking`.

Every field here has one of the same name in protocols/schema/records.proto.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.device_records import ActStamp
from dispatch.drop_kinds import WaterAct, WaterSource
from dispatch.flight_phase import FlightEventKind
from dispatch.geo import Position
from dispatch.kinds import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterChange:
    """One correction of a load (更正): what it said before, and why it was changed."""

    at: datetime
    by: str
    role: Role | None
    reason: str
    before_at: datetime
    before_litres: float
    struck: bool = False  # this change struck it out


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterLoad:
    """One pick-up (取水) or drop (投水) as it is known now. One that is struck out counts nowhere and stays to be read."""

    id: str
    act: WaterAct
    sortie: int  # which flight of its tasking, 1 for the first
    at: datetime
    litres: float
    position: Position | None = None  # None: nobody knows
    source: WaterSource
    event_id: str = ""  # the finding of the track that it confirms
    key: str = ""  # of the command that recorded it: by this its own phone knows it again
    recorded_at: datetime
    by: str
    role: Role | None
    stamp: ActStamp | None = None
    struck: bool = False
    version: int = 1
    changes: tuple[WaterChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursSignature:
    """Who signed hours and drops (时间签认), and what they came to. `voided_at`: they have changed since."""

    role: Role  # BASE for the station, OPERATOR for the company
    by: str
    at: datetime
    digest: str  # hours.hours_of
    air_s: float
    drops: int
    litres: float
    stamp: ActStamp | None = None
    voided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFigure:
    """One figure that a finding stands on, its unit in the name."""

    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackEvent:
    """A finding of flight_phase.py, kept until people have answered it. `confidence` orders and is no probability."""

    id: str
    sortie: int  # Tasking.sortie then
    kind: FlightEventKind
    at: datetime
    position: Position
    confidence: float
    why: tuple[EventFigure, ...] = ()
    rejected_at: datetime | None = None
    rejected_by: str = ""
