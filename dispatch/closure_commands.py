"""What is asked about closed air."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import AltitudeDatum, ClosureKind
from dispatch.records import Outline


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareClosure:
    """Close airspace. `active_from` None: from now on. `large`: it is meant to cover more than a county."""

    name: str
    kind: ClosureKind
    outline: Outline
    floor_m: float
    ceiling_m: float
    datum: AltitudeDatum
    active_until: datetime
    reason: str
    source: str
    active_from: datetime | None = None
    large: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendClosure:
    """Change a closure that is not over. None: as before."""

    closure_id: str
    version_seen: int
    name: str | None = None
    kind: ClosureKind | None = None
    outline: Outline | None = None
    floor_m: float | None = None
    ceiling_m: float | None = None
    datum: AltitudeDatum | None = None
    active_from: datetime | None = None
    active_until: datetime | None = None
    reason: str | None = None
    source: str | None = None
    large: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftClosure:
    """Open the airspace again before its time."""

    closure_id: str
    version_seen: int
    reason: str


ClosureCommand = DeclareClosure | AmendClosure | LiftClosure
