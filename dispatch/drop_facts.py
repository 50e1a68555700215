"""What happened with water, findings and hours; part of the vocabulary of dispatch/facts.py.

Who it was stands in the row's header, never in the body: partners see the body (partner.py).
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.drop_records import HoursSignature, TrackEvent, WaterLoad
from dispatch.records import Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterRecorded:
    """Water was taken or dropped. `timers`: of its tasking, anew where the crew spoke."""

    tasking_id: str
    load: WaterLoad
    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterCorrected:
    """A load is so now."""

    tasking_id: str
    load_id: str
    version: int
    sortie: int
    at: datetime
    litres: float
    struck: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursSigned:
    """Hours and drops were signed."""

    tasking_id: str
    signature: HoursSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackEventsNoted:
    """What a track has shown. Never leaves the site."""

    tasking_id: str
    events: tuple[TrackEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackEventsRejected:
    """Somebody says that these did not happen. Never leaves the site."""

    tasking_id: str
    event_ids: tuple[str, ...]
    reason: str
