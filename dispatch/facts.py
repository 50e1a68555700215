"""What has happened: past tense, frozen, the journal's vocabulary. Never edited, only added to.

Each fact class has a protobuf message of the same name and fields in protocols/schema/facts.proto;
`world.fold` is the only reader that changes state.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.aid_facts import AidFact
from dispatch.alert_facts import (
    AlertAcknowledged,
    AlertsCounted,
    AlertsEnded,
    AlertShelved,
    AlertsLatched,
    AlertUnshelved,
    InhibitionLifted,
    NetInhibited,
)
from dispatch.callout_facts import (
    CalloutAdvanced,
    CalloutPhoned,
    CalloutQueued,
    CalloutReplied,
    TaskingShown,
)
from dispatch.clearance_facts import (
    AirspaceAnswered,
    AirspacePhoned,
    AirspaceQuestioned,
    ClearanceRuleSaved,
)
from dispatch.conference_facts import ConferenceFact
from dispatch.consent_facts import ConsentFact
from dispatch.device_records import ActStamp
from dispatch.drop_facts import (
    HoursSigned,
    TrackEventsNoted,
    TrackEventsRejected,
    WaterCorrected,
    WaterRecorded,
)
from dispatch.duty_records import Handover, HandoverChange, HandoverItem, LogNote
from dispatch.enrol_facts import EnrolFact
from dispatch.geo import Position
from dispatch.hazard_facts import HazardEnded, HazardTaken
from dispatch.kinds import (
    AirspaceAction,
    AirspaceState,
    AlarmFlag,
    IncidentAction,
    IncidentKind,
    IncidentState,
    RefusalReason,
    Role,
    TaskingAction,
    TaskingState,
    TimerKind,
)
from dispatch.obstacle_records import Obstacle
from dispatch.records import (
    Account,
    Aircraft,
    AirspaceRequest,
    AlarmSource,
    Base,
    Closure,
    Counter,
    FireStated,
    Hospital,
    Identity,
    Incident,
    LandingSite,
    Plan,
    PossibleDuplicate,
    Session,
    SignInLock,
    Tasking,
    Timer,
    WaterPoint,
)
from dispatch.room_facts import RoomFact
from dispatch.run_card_records import AppliedCard, RunCard
from dispatch.search_facts import SearchAmended, SearchDrawn, SearchWithdrawn
from dispatch.staff_records import Contract, CrewMember, DutyRule, DutyShift, Equipment, Operator
from dispatch.tasking_records import Amendment, Elsewhere, RefusedAct
from dispatch.traffic_area_facts import (
    IntrusionCleared,
    IntrusionRecorded,
    TrafficAreaAmended,
    TrafficAreaMade,
    TrafficAreaWithdrawn,
)
from dispatch.uplink_facts import UplinkFact
from dispatch.video_facts import VideoFact
from dispatch.video_share_facts import VideoShareFact
from dispatch.volume_facts import VolumeSaved, VolumesImported, VolumeWithdrawn
from dispatch.weather_facts import MinimaOverridden, MinimumSaved, WeatherEntered


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSaved:
    """An account as it now is. `changed` names the fields that are others; of a new account none."""

    account: Account
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """Somebody signed in."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    """Somebody signed out."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded:
    """Sessions of an account were ended by somebody, or by the site, at once."""

    account: str
    token_digests: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLocked:
    """A session takes no acts until its password is typed again."""

    token_digest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUnlocked:
    """The password was typed again."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLocked:
    """Signing in to an account from one address is barred for a while."""

    lock: SignInLock


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInUnlocked:
    """The bars of an account were lifted before their time."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AircraftSaved:
    """An aircraft as it now is."""

    aircraft: Aircraft


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSaved:
    """A base as it now is."""

    base: Base


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterPointSaved:
    """A water point as it now is."""

    water_point: WaterPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingSiteSaved:
    """A landing site as it now is."""

    landing_site: LandingSite


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalSaved:
    """A hospital as it now is."""

    hospital: Hospital


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleSaved:
    """An obstacle as it now is."""

    obstacle: Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySaved:
    """An identity as it now is."""

    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSaved:
    """An operator as it now is."""

    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSaved:
    """A contract as it now is."""

    contract: Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewMemberSaved:
    """Somebody of a crew as it now is."""

    crew_member: CrewMember


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentSaved:
    """Equipment as it now is."""

    equipment: Equipment


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRuleSaved:
    """A duty rule as it now is."""

    duty_rule: DutyRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCardSaved:
    """A run card as it now is."""

    run_card: RunCard


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCardApplied:
    """A run card was applied to an incident: the proposed one, or another choice with a reason."""

    incident_id: str
    version: int
    card: AppliedCard


@dataclass(frozen=True, slots=True, kw_only=True)
class CardItemTicked:
    """A line of an applied card was ticked off, or is open again. `version` is the line's."""

    incident_id: str
    key: str
    version: int
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardClockEscalated:
    """The clock of an open line of an applied card passed at `due_at`. People are told; nothing is decided for them."""

    incident_id: str
    key: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported:
    """A new incident, whole."""

    incident: Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAdvanced:
    """An incident took a step of its lifecycle."""

    incident_id: str
    action: IncidentAction
    state: IncidentState
    version: int
    reason: str = ""
    merged_into: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUpdated:
    """More is known of an incident; every value as it is now. `changed` names those that are others."""

    incident_id: str
    version: int
    changed: tuple[str, ...]
    level: int
    title: str
    life_at_risk: bool
    demand_l: float
    growth_lps: float
    wind_mps: float
    visibility_m: float
    note: str
    fire: FireStated | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCorrected:
    """What was reported of an incident was not so; every value as it is now. `changed` names those that are others."""

    incident_id: str
    version: int
    changed: tuple[str, ...]
    reason: str
    kind: IncidentKind
    title: str
    place: str
    position: Position
    stated_datum: str
    elevation_m: float
    life_at_risk: bool
    demand_l: float
    growth_lps: float
    wind_mps: float
    fire: FireStated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsJoined:
    """Alarms that are of an incident already known, or came with one that was merged; it keeps them as sources."""

    incident_id: str
    version: int
    sources: tuple[AlarmSource, ...]
    flags: tuple[AlarmFlag, ...]  # of the incident, as they are now
    possible_duplicates: tuple[PossibleDuplicate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentVerified:
    """The person who did this vouches for an unverified report."""

    incident_id: str
    version: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentShared:
    """An incident is shown to a partner from here on; carries it and its taskings as they are now."""

    partner: str
    incident: Incident
    taskings: tuple[Tasking, ...]
    requests: tuple[AirspaceRequest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProposed:
    """A proposal, whole."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAdopted:
    """Taskings were made of a proposal."""

    plan_id: str
    version: int
    aircraft_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskingAdopted:
    """A new tasking, whole, waiting for the duty chief."""

    tasking: Tasking


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskingAdvanced:
    """A tasking took a step of its lifecycle. `timers` are those that run from now on."""

    tasking_id: str
    action: TaskingAction
    state: TaskingState
    version: int
    timers: tuple[Timer, ...]
    reason: str = ""
    refusal: RefusalReason | None = None
    done_at: datetime | None = None
    amendment: int = 0  # of acknowledge and decline: which
    elsewhere: Elsewhere | None = None  # of divert, technical_stop and emergency_land


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskingAmended:
    """An order is changed. The crew has yet to acknowledge it; until then what was in force before holds."""

    tasking_id: str
    version: int
    amendment: Amendment
    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActsRefused:
    """Acts that were refused: nothing came of them, and it is kept who tried."""

    refused: tuple[RefusedAct, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerEscalated:
    """A timer passed unmet. People are told; nothing is decided for them."""

    tasking_id: str
    timer: TimerKind
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceFiled:
    """A request to ATC, whole."""

    request: AirspaceRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceAdvanced:
    """A request took a step of its lifecycle."""

    request_id: str
    action: AirspaceAction
    state: AirspaceState
    version: int
    reason: str = ""
    counter: Counter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureDeclared:
    """Airspace is closed, whole."""

    closure: Closure


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureAmended:
    """A closure as it now is. `changed` names the fields that are others."""

    closure: Closure
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureLifted:
    """A closure ended before its time."""

    closure_id: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEnrolled:
    """Somebody signed in on a phone that signs; its key is known from here on."""

    device_id: str
    account: str
    name: str
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRevoked:
    """A phone was lost or put away: its key and its sessions (SessionClosed beside this) end."""

    device_id: str
    reason: str
    token_digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActStamped:
    """The act before this in the same command came from a device; so it came. Stays at this site."""

    stamp: ActStamp
    tasking_id: str = ""
    water_ids: tuple[str, ...] = ()  # loads that came so
    hours: bool = False  # the signature of its hours came so


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyShiftSaved:
    """A shift of the duty roster as it now is."""

    shift: DutyShift


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverOpened:
    """The outgoing desk began a handover, whole."""

    handover: Handover


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverSigned:
    """Who goes has signed, with the open items as they are now."""

    handover_id: str
    version: int
    items: tuple[HandoverItem, ...]
    left_out: int
    remarks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverItemsRead:
    """Items were read by whoever did this."""

    handover_id: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverTaken:
    """Who comes has signed: the shift is handed over. `changes`: what was otherwise by then."""

    handover_id: str
    version: int
    changes: tuple[HandoverChange, ...]
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverWithdrawn:
    """A handover that will not be."""

    handover_id: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverEscalated:
    """The shift is over and nobody has taken it. People are told; nothing is decided for them."""

    handover_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverMissed:
    """Shifts ended and nobody had opened a handover. People are told; nothing is decided for them."""

    shift_ids: tuple[str, ...]
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Somebody wrote into the logbook."""

    note: LogNote


Fact = (
    AccountSaved
    | SessionOpened
    | SessionClosed
    | SessionsEnded
    | SessionLocked
    | SessionUnlocked
    | SignInLocked
    | SignInUnlocked
    | AircraftSaved
    | BaseSaved
    | WaterPointSaved
    | LandingSiteSaved
    | HospitalSaved
    | ObstacleSaved
    | OperatorSaved
    | ContractSaved
    | CrewMemberSaved
    | EquipmentSaved
    | DutyRuleSaved
    | RunCardSaved
    | RunCardApplied
    | CardItemTicked
    | CardClockEscalated
    | IdentitySaved
    | IncidentReported
    | IncidentAdvanced
    | IncidentUpdated
    | IncidentCorrected
    | AlarmsJoined
    | IncidentVerified
    | IncidentShared
    | PlanProposed
    | PlanAdopted
    | TaskingAdopted
    | TaskingAdvanced
    | TaskingAmended
    | ActsRefused
    | TimerEscalated
    | AirspaceFiled
    | AirspaceAdvanced
    | AirspacePhoned
    | AirspaceQuestioned
    | AirspaceAnswered
    | ClearanceRuleSaved
    | ClosureDeclared
    | ClosureAmended
    | ClosureLifted
    | DeviceEnrolled
    | DeviceRevoked
    | ActStamped
    | DutyShiftSaved
    | HandoverOpened
    | HandoverSigned
    | HandoverItemsRead
    | HandoverTaken
    | HandoverWithdrawn
    | HandoverEscalated
    | HandoverMissed
    | NoteAdded
    | CalloutQueued
    | CalloutAdvanced
    | CalloutPhoned
    | CalloutReplied
    | TaskingShown
    | WaterRecorded
    | WaterCorrected
    | HoursSigned
    | TrackEventsNoted
    | TrackEventsRejected
    | SearchDrawn
    | SearchAmended
    | SearchWithdrawn
    | TrafficAreaMade
    | TrafficAreaAmended
    | TrafficAreaWithdrawn
    | IntrusionRecorded
    | IntrusionCleared
    | WeatherEntered
    | MinimumSaved
    | MinimaOverridden
    | HazardTaken
    | HazardEnded
    | VolumesImported
    | VolumeSaved
    | VolumeWithdrawn
    | AlertAcknowledged
    | AlertShelved
    | AlertUnshelved
    | NetInhibited
    | InhibitionLifted
    | AlertsLatched
    | AlertsEnded
    | AlertsCounted
    | ConsentFact
    | EnrolFact
    | RoomFact
    | AidFact
    | VideoFact
    | VideoShareFact
    | ConferenceFact
    | UplinkFact
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A fact with its row's header: its place in this site's journal, whose it is, and who did it.

    `seq` numbers every row of this site's journal; `origin_seq` numbers the origin site's own rows.
    """

    seq: int
    at: datetime
    origin: str
    origin_seq: int
    command_id: str
    part: int
    actor: str
    role: Role | None
    fact: Fact
