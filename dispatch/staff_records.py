"""Who flies, under which rules, for whom and at which rate: operators, contracts, crew, equipment, duty rules.

Frozen records, as records.py; personal data is a name, a duty and a phone, and never leaves the site.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import CrewDuty, DutyMeasure, DutyPost


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A general-aviation operator (通航公司)."""

    id: str
    site: str
    name: str
    phone: str = ""  # of its dispatcher on duty
    certificate_until: datetime | None = None  # its operating certificate holds before this; None: not stated
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What an operator is paid, thousand CNY. The contract in force for an aircraft is the one that names its model."""

    id: str
    site: str
    name: str
    operator_id: str
    model: str = ""  # empty: all models of the operator
    hour_rate: float
    transit_hour_rate: float = 0.0  # ferry; 0: as hour_rate
    standby_day_rate: float = 0.0
    hours: float = 0.0  # contracted in its time; 0: not stated
    minimum_hours: float = 0.0  # paid at least for a tasking that flew; 0: as flown
    valid_from: datetime
    valid_until: datetime
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FlownDay:
    """What somebody flew and served on one day (Beijing), stated from the log book: before or outside this system."""

    day: str  # 2026-11-25
    flown_s: float
    duty_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewMember:
    """Somebody who flies or serves an aircraft."""

    id: str
    site: str
    name: str
    operator_id: str
    duty: CrewDuty
    phone: str = ""
    models: tuple[str, ...] = ()  # rated on, as Aircraft.model says it; empty: not stated
    licence_until: datetime | None = None
    medical_until: datetime | None = None
    aircraft_id: str = ""  # whose crew it is in now; empty: free
    duty_began_at: datetime | None = None  # None: off duty
    flown: tuple[FlownDay, ...] = ()
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """Buckets, winches, stretchers, pumps …: what stands ready at a base."""

    id: str
    site: str
    name: str
    kind: str
    base_id: str
    count: int
    usable_until: datetime | None = None  # inspection or shelf life; None: not stated
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRule:
    """A limit on flying or serving within a rolling span: a dated row with its source, changed by people, not by code."""

    id: str
    site: str
    name: str
    measure: DutyMeasure
    days: int  # 1: the present day (flight time) or the present turn of duty (duty time); else the last days together
    limit_s: float
    valid_from: datetime
    valid_until: datetime | None = None
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyShift:
    """Somebody on duty at a post from `begins_at` until `ends_at`, planned ahead: a row of the duty roster (值班表)."""

    id: str
    site: str
    name: str  # of the shift: 白班, 夜班 …
    post: DutyPost
    account: str
    base_id: str = ""  # of a base's desk
    begins_at: datetime
    ends_at: datetime
    phone: str = ""  # where they are reached while on duty
    note: str = ""
    cancelled: bool = False  # struck off; a row is never removed
    source: str
    version: int = 1
