"""What a site has agreed to show a partner, and what a partner has shown it, as it is kept.

Every field here has one of the same name in protocols/schema/records.proto. Metres, seconds, aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.consent_kinds import ConsentState, DataLabel, LabelledTable, ObjectClass, WithheldField
from dispatch.geo import Position
from dispatch.kinds import AircraftKind, Capability, IncidentKind, Role
from dispatch.records import Step
from dispatch.traffic_area_records import TrafficArea
from dispatch.volume_records import Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTerms:
    """One class of object that may leave, and what is left out of it."""

    object_class: ObjectClass
    withheld: tuple[WithheldField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTerms:
    """What the owner lets leave to one partner.

    The area is for what goes by itself (incidents and tracks near the border): `band_m` from the border between the
    two sites' grounds, or inside `area` where that is given; neither: nothing goes by itself. What a person shares
    in so many words is bound by the classes and the time, not by the area.
    """

    agreement: str  # the paper's own name or number
    classes: tuple[ClassTerms, ...]
    band_m: float = 0.0
    area: tuple[Position, ...] = ()  # corners, the last one not repeated; empty: the band
    valid_from: datetime
    valid_until: datetime | None = None  # None: until it is revoked
    track_every_s: float = 5.0  # no aircraft's position leaves more often
    relay: bool = False  # the partner may pass it on to its own partners
    video_for_s: float = (
        0.0  # a request for video is granted at once, for so long at most; 0: people decide each
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """A site that is reached over a partner, and the agreement that both configurations name."""

    site: str
    agreement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One revision of what `site` lets leave to `partner`; consent.py has its rules."""

    id: str
    site: str  # who gives
    partner: str  # who gets
    revision: int  # counted per partner from 1
    terms: ConsentTerms
    state: ConsentState
    proposed_at: datetime
    proposed_by: str
    proposed_as: Role
    signed_at: datetime | None = None
    signed_by: str = ""
    signed_as: Role | None = None
    ended_at: datetime | None = None
    reason: str = ""  # why it was withdrawn or revoked
    version: int = 1
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummary:
    """What a partner is told of an incident near its border, no more."""

    incident_id: str
    site: str
    kind: IncidentKind
    level: int
    title: str
    place: str
    position: Position
    elevation_m: float
    state: str
    reported_at: datetime
    life_at_risk: bool
    border_m: float | None = None  # from the place to the partner's ground; None: not known
    spread_m: float = 0.0  # predicted radius an hour on, fires only
    simulated: bool = False
    version: int  # of the incident


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedAircraft:
    """An aircraft as a partner may know it: what it can do, where, ready when. No crew, no operator, no cost."""

    aircraft_id: str
    name: str
    model: str
    kind: AircraftKind
    base_id: str
    base_name: str
    base_position: Position | None = None
    capabilities: tuple[Capability, ...] = ()
    water_l: float = 0.0
    seats: int = 0
    ready: bool
    ready_at: datetime | None = None  # None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceOffer:
    """What a partner has, as of `at`."""

    site: str
    at: datetime
    aircraft: tuple[OfferedAircraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JointAirspace:
    """A partner's airspace of a joint incident: information only, its own ATC approves it."""

    incident_id: str
    site: str
    at: datetime
    areas: tuple[TrafficArea, ...] = ()
    volumes: tuple[Volume, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """So many rows of one class."""

    object_class: str  # an ObjectClass, or "agreement" for consents and receipts themselves
    rows: int
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReceipt:
    """The holder's word that the copies are gone. `digest`: SHA-256 over origin number and hash of each row, in order."""

    id: str
    site: str  # who held the copies
    partner: str  # whose they were
    consent_id: str
    at: datetime
    counts: tuple[ClassCount, ...]
    rows: int
    digest: str
    through: int  # the holder's journal row up to which it looked


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRecord:
    """A record that never leaves, and why. `label` None: the label was taken off."""

    table: LabelledTable
    record_id: str
    label: DataLabel | None
    reason: str
    at: datetime
    by: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRow:
    """A row that a partner has committed: its journal number here, and what of it left."""

    seq: int
    kind: str
    object_class: str
    bytes: int
    sha256: str  # of the body as it left
    derived: bool  # left in another form than it has here
