"""What is asked of water, of findings and of hours; part of dispatch/commands.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.drop_kinds import WaterAct
from dispatch.drop_records import TrackEvent
from dispatch.geo import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterTold:
    """One load as told. None or empty: by the finding it confirms, else now, and as the order says."""

    act: WaterAct = WaterAct.DROP
    done_at: datetime | None = None
    litres: float | None = None
    position: Position | None = None
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWater:
    """Water was taken or dropped. Several at once are findings confirmed together."""

    tasking_id: str
    loads: tuple[WaterTold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectWater:
    """A load was otherwise, or was not. `load_id`: its id, or the key under which the caller recorded it."""

    tasking_id: str
    load_id: str
    version_seen: int
    reason: str
    done_at: datetime | None = None
    litres: float | None = None
    strike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTrackEvents:
    """The site's own: what the track has shown since the last note."""

    tasking_id: str
    events: tuple[TrackEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectTrackEvents:
    """These did not happen."""

    tasking_id: str
    event_ids: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignHours:
    """The caller signs what stands under this digest."""

    tasking_id: str
    digest: str


DropCommand = RecordWater | CorrectWater | NoteTrackEvents | RejectTrackEvents | SignHours
