"""What is asked of incident airspace; part of dispatch/commands.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundFound:
    """What the edge found of the ground in a working ring. `highest_m` None: nothing of it is known."""

    highest_m: float | None
    unknown_share: float
    obstacle_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficWish:
    """What a person wants otherwise than the rule says. None: the rule, or what stands."""

    call_m: float | None = None
    hold_m: float | None = None
    working_m: float | None = None
    speed_mps: float | None = None
    most_at_work: int | None = None
    ground_m: float | None = None  # highest in the working ring, by hand
    frequency: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeTrafficArea:
    """Incident airspace for an incident, by the rule and its ongoing taskings."""

    incident_id: str
    wish: TrafficWish = TrafficWish()
    ground: GroundFound | None = None  # None: the site has no fit terrain


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendTrafficArea:
    """It is to be otherwise. `lay_out`: centre, ground, entries and circuits anew, for the incident as it is now."""

    area_id: str
    version_seen: int
    wish: TrafficWish = TrafficWish()
    lay_out: bool = False
    ground: GroundFound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawTrafficArea:
    """It counts no more, and why."""

    area_id: str
    version_seen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordIntrusion:
    """A drone was seen in the airspace of an incident."""

    incident_id: str
    seen_at: datetime
    position: Position
    seen_by: str
    height_m: float | None = None
    height_datum: AltitudeDatum | None = None
    heading_deg: float | None = None
    operator: str = ""
    track_id: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearIntrusion:
    """It is confirmed gone; `reason` says how that is known."""

    intrusion_id: str
    version_seen: int
    reason: str


TrafficCommand = MakeTrafficArea | AmendTrafficArea | WithdrawTrafficArea | RecordIntrusion | ClearIntrusion
