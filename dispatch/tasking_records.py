"""What an order says, how it was amended, and where a flight went instead: records beside `records.Tasking`.

Every field here has one of the same name in protocols/schema/records.proto.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import AmendmentState, DiversionCause, PlaceKind, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Where the ways out and home turn, in order; none: straight."""

    out: tuple[Position, ...] = ()
    back: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an order says and an amendment may change; the fields of a tasking of the same names."""

    base_id: str  # to land at
    water_point_id: str  # empty: no water
    hospital_id: str  # empty: none
    incident_position: Position  # the target, within the incident
    take_off_at: datetime
    on_scene_at: datetime
    land_at: datetime
    drops: int
    remark: str
    turns: Turns | None = None  # None: of a version that did not say; as they were, unless a place is another


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """One change of an order (变更). `before` holds for the crew until it has acknowledged `after`."""

    number: int  # 1 is the first of its tasking
    at: datetime
    by: str
    role: Role | None
    reason: str
    changed: tuple[str, ...]  # names of the Terms that are others
    before: Terms
    after: Terms
    state: AmendmentState
    request_id: str = ""  # what ATC is asked because of it; empty: nothing it was asked before changes
    answered_at: datetime | None = None
    answered_by: str = ""
    answer_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Where a flight goes, or has come down, instead of its base. `persons_*` None: nobody has said."""

    kind: PlaceKind
    place_id: str  # empty: a position only
    name: str  # as the place was called then
    position: Position
    cause: DiversionCause | None = None
    persons_well: int | None = None
    persons_hurt: int | None = None
    incident_id: str = ""  # what an emergency landing made


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedAct:
    """An act that was refused, and how often until `last_at`. `subject` is what it was tried on, the last time."""

    actor: str
    role: Role
    operator_id: str
    act: str  # the door's name, or the command's over the socket
    subject: str
    code: str
    detail: str
    first_at: datetime
    last_at: datetime
    count: int
