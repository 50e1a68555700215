"""Incident airspace as it is kept: the Fire Traffic Area (现场交通区) and drones that were seen in it.

Every field here has one of the same name in protocols/schema/records.proto. SI units, degrees true.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role
from dispatch.records import Step
from dispatch.search_kinds import Turn
from dispatch.traffic_area_kinds import GroundBasis, TrafficLayerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRules:
    """A dated row of defaults; it is carried into what was made of it."""

    valid_from: datetime
    source: str
    call_m: float  # first call
    hold_m: float  # nobody goes further in without contact: hold here
    working_m: float
    helicopter_m: float  # heights of the stack above the highest ground
    manoeuvre_m: float
    orbit_m: float
    control_m: float
    media_m: float
    rounding_m: float  # heights are rounded up to whole multiples
    speed_mps: float  # indicated, nobody faster inside the holding ring
    trail_m: float  # between two aircraft on one circuit
    zone_m: float  # radius of dip and drop zones
    lane_m: float  # the ways of a circuit keep this far right of the straight line
    merge_deg: float  # entries closer than this are one
    most_at_work: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficLayer:
    """A height of the stack: metres QNH. `turn`: to which side it circles; None: not said."""

    kind: TrafficLayerKind
    above_m: float  # of the rule, above the highest ground
    altitude_m: float
    turn: Turn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPoint:
    """Where one comes in and holds, on the holding ring. `name`: one of 16 directions as seen from the scene."""

    name: str
    bearing_deg: float
    position: Position
    base_ids: tuple[str, ...] = ()  # whose aircraft come that way; none: one of the four cardinal ones


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficZone:
    """A dip or drop zone: room for one."""

    name: str
    centre: Position
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """The one way round between a water point and the fire, keeping right."""

    name: str
    water_point_id: str
    water_point_name: str
    dip: TrafficZone
    drop: TrafficZone
    loop: tuple[Position, ...]  # as flown, from the dip zone and back to it
    length_m: float
    in_trail: int  # how many fit on it at the least distance
    crosses: tuple[str, ...] = ()  # other circuits whose way it crosses outside a shared zone
    leaves_ring: bool = False  # its dip zone is not wholly within the working ring


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficArea:
    """The incident airspace of one incident; traffic_area.py has its rules."""

    id: str
    site: str
    incident_id: str
    centre: Position
    rules: TrafficRules
    call_m: float
    hold_m: float
    working_m: float
    speed_mps: float
    most_at_work: int
    frequency: str
    remark: str
    ground_m: float  # highest in the working ring, MSL
    ground_basis: GroundBasis
    ground_unknown_share: float  # of the working ring, of which no fit terrain is known
    obstacle_m: float | None = None  # the highest known top in it, MSL
    layers: tuple[TrafficLayer, ...] = ()
    entries: tuple[EntryPoint, ...] = ()
    circuits: tuple[Circuit, ...] = ()
    made_at: datetime
    made_by: str
    made_as: Role
    withdrawn_at: datetime | None = None
    version: int = 1
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrusion:
    """A drone that was seen in the airspace of an incident; open until somebody confirms that it is gone."""

    id: str
    site: str
    incident_id: str
    seen_at: datetime
    position: Position
    height_m: float | None = None
    height_datum: AltitudeDatum | None = None
    heading_deg: float | None = None
    operator: str = ""  # who flies it; empty: not known
    seen_by: str
    track_id: str = ""  # empty: not on the picture
    note: str = ""
    recorded_at: datetime
    recorded_by: str
    cleared_at: datetime | None = None
    version: int = 1
    history: tuple[Step, ...] = ()
