"""What is asked of the site: imperative, frozen. `decide.decide` turns each into facts or refuses it.

Commands have passed the edge already: types and ranges hold, ids exist or not.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.aid_commands import AidCommand
from dispatch.alert_commands import (
    AcknowledgeAlert,
    CountAlerts,
    InhibitNet,
    LiftInhibition,
    NoteAlerts,
    ShelveAlert,
    UnshelveAlert,
)
from dispatch.callout_commands import (
    AdvanceCallout,
    AnswerCallout,
    MarkPhoned,
    QueueCallouts,
    ReportShown,
    TakeReply,
)
from dispatch.clearance_commands import AnswerAtc, AskDesk, FileAirspace
from dispatch.clearance_records import PhoneAnswer
from dispatch.conference_commands import ConferenceCommand
from dispatch.consent_commands import ConsentCommand
from dispatch.device_records import ActStamp
from dispatch.drop_commands import (
    CorrectWater,
    NoteTrackEvents,
    RecordWater,
    RejectTrackEvents,
    SignHours,
)
from dispatch.duty_records import HandoverItem
from dispatch.enrol_commands import EnrolCommand
from dispatch.geo import Position
from dispatch.hazard_commands import EndHazard, TakeHazard
from dispatch.kinds import (
    AirspaceAction,
    AltitudeDatum,
    ClosureKind,
    DiversionCause,
    FuelModel,
    IncidentAction,
    IncidentKind,
    PlaceKind,
    RefusalReason,
    Role,
    TaskingAction,
    TimerKind,
)
from dispatch.records import (
    Account,
    AlarmSource,
    Assignment,
    Counter,
    Identity,
    Outline,
    Reason,
    Resource,
    Session,
    SignInLock,
)
from dispatch.room_commands import RoomCommand
from dispatch.run_card_records import TaskWant
from dispatch.search_commands import AmendSearch, DrawSearch, WithdrawSearch
from dispatch.tasking_records import RefusedAct, Turns
from dispatch.traffic_area_commands import (
    AmendTrafficArea,
    ClearIntrusion,
    MakeTrafficArea,
    RecordIntrusion,
    WithdrawTrafficArea,
)
from dispatch.uplink_commands import UplinkCommand
from dispatch.video_commands import VideoCommand
from dispatch.video_share_commands import VideoShareCommand
from dispatch.volume_commands import AmendVolume, ImportVolumes, SaveVolume, WithdrawVolumes
from dispatch.weather_commands import EnterWeather


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAccount:
    """Create or change an account; `version_seen` 0 creates."""

    account: Account
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Record a sign-in whose factors the edge has checked; on a phone that signs, with its key."""

    session: Session
    device_name: str = ""
    public_key: bytes = b""  # of `session.device_id`; empty: no device


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """Sign out."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDevice:
    """End a phone: lost, stolen, put away."""

    device_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessions:
    """End sessions of an account at once: all of them, or the one whose digest begins with `session`."""

    account: str
    reason: str
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSession:
    """Let a session take no acts until its password is typed again. One's own, or the site's clock asks."""

    token_digest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCrew:
    """Say who flies an aircraft from now on. `versions_seen` are of the aircraft's crew before and after, by id."""

    aircraft_id: str
    crew_ids: tuple[str, ...]
    versions_seen: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockSession:
    """Record that the edge has checked the password again."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """One's own new password; every other session of the account ends. `token_digest` is the session that asks."""

    password_hash: str
    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSignIn:
    """Record that an account may not be tried from an address for a while."""

    lock: SignInLock


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbarSignIn:
    """Let an account be tried again before its time."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResource:
    """Create or change one resource; `version_seen` 0 creates."""

    resource: Resource
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveIdentity:
    """Create (an empty id, `version_seen` 0) or change an identity."""

    identity: Identity
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIncident:
    """A new incident. Omitted figures are filled from the kind and level (incident.py)."""

    kind: IncidentKind
    level: int
    title: str
    place: str
    position: Position
    stated_datum: str = "wgs84"
    code: str = ""
    elevation_m: float | None = None
    life_at_risk: bool | None = None
    demand_l: float | None = None
    growth_lps: float | None = None
    wind_mps: float | None = None
    visibility_m: float | None = None
    note: str = ""
    simulated: bool = False
    fuel: FuelModel | None = None
    slope_deg: float | None = None
    area_m2: float | None = None
    dead_moisture: float | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateIncident:
    """What is known better now. None: as before."""

    incident_id: str
    version_seen: int
    level: int | None = None
    title: str | None = None
    life_at_risk: bool | None = None
    demand_l: float | None = None  # owed now; a fire's only, as the next
    growth_lps: float | None = None
    wind_mps: float | None = None
    visibility_m: float | None = None
    note: str | None = None
    fuel: FuelModel | None = None
    slope_deg: float | None = None
    area_m2: float | None = None
    dead_moisture: float | None = None
    people: int | None = None
    clear: tuple[str, ...] = ()  # figures of a fire (fire.FIRE_FIGURES) that nobody stands by any more


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectIncident:
    """What was reported is not so. None: as before. Over 500 m away its height is the default, unless stated."""

    incident_id: str
    version_seen: int
    reason: str
    kind: IncidentKind | None = None
    title: str | None = None
    place: str | None = None
    position: Position | None = None
    stated_datum: str = "wgs84"
    elevation_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnIncident:
    """Advance an incident."""

    incident_id: str
    action: IncidentAction
    version_seen: int
    reason: str = ""
    merge_into: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRunCard:
    """Apply a run card to an incident. `county` and `border_m` are where the edge finds its place (GB/T 2260, metres
    from the site's border). `tasks` None: the card's own. Another card than the proposed one, or other tasks: `reason`."""

    incident_id: str
    card_id: str
    version_seen: int
    county: str = ""
    border_m: float | None = None
    tasks: tuple[TaskWant, ...] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickCardItem:
    """Tick off a line of an applied card, or open it again; `version_seen` is the line's."""

    incident_id: str
    key: str
    done: bool
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateCardClock:
    """The clock's own command: the clock of an open line of an applied card has passed."""

    incident_id: str
    key: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAlarms:
    """Alarms of one body, as they were read: each becomes a candidate, or joins the incident that it repeats."""

    alarms: tuple[AlarmSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyIncident:
    """A named person vouches for an unverified report; `note` says how (called back, seen on a camera …)."""

    incident_id: str
    version_seen: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareIncident:
    """Show an incident, its taskings and their aircraft to a partner site."""

    incident_id: str
    partner: str
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposePlan:
    """The planner's answer, brought back as a command."""

    requested_by: str
    incident_ids: tuple[str, ...]
    assignments: tuple[Assignment, ...]
    reasons: tuple[Reason, ...]
    score: float
    human_score: float
    solve_s: float
    solver: str
    seed: int
    interchange: bytes
    bound: float | None = None
    conditions: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPlan:
    """Adopt a proposal, or only the named aircraft of it."""

    plan_id: str
    version_seen: int
    aircraft_ids: tuple[str, ...] = ()  # empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereto:
    """A place by its id, or a position."""

    kind: PlaceKind
    place_id: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnTasking:
    """Advance a tasking. `refusal` is required for refuse; `reason` for recall, turn_back, expire, decline."""

    tasking_id: str
    action: TaskingAction
    version_seen: int
    reason: str = ""
    refusal: RefusalReason | None = None
    done_at: datetime | None = None  # when it was done in the field, if sent later
    amendment: int = 0  # which is acknowledged or declined
    to: Whereto | None = None  # of divert, technical_stop, emergency_land
    cause: DiversionCause | None = None  # of the same three
    persons_well: int | None = None  # on board, of emergency_land
    persons_hurt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendTasking:
    """Change an order that has not landed. None: as before; empty: none any more."""

    tasking_id: str
    version_seen: int
    reason: str
    base_id: str | None = None
    water_point_id: str | None = None
    hospital_id: str | None = None
    incident_position: Position | None = None
    take_off_at: datetime | None = None
    on_scene_at: datetime | None = None
    land_at: datetime | None = None
    drops: int | None = None
    remark: str | None = None
    turns: Turns | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRefusals:
    """The site's own command: keep what it has refused."""

    refused: tuple[RefusedAct, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnAirspace:
    """Advance an airspace request. `counter` is required for counter."""

    request_id: str
    action: AirspaceAction
    version_seen: int
    reason: str = ""
    counter: Counter | None = None  # of phone: what ATC changed in saying yes; its expiry says nothing
    phone: PhoneAnswer | None = None  # of phone


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateTimer:
    """The clock's own command: a timer has passed."""

    tasking_id: str
    timer: TimerKind
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHandover:
    """Begin the handover of one's shift. `observed`: what the site sees besides its records (links, services)."""

    remarks: str
    observed: tuple[HandoverItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignHandover:
    """Sign as the one who goes; the open items are gathered anew."""

    handover_id: str
    version_seen: int
    remarks: str
    observed: tuple[HandoverItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHandoverItems:
    """Tick items as read, as the one who comes."""

    handover_id: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeHandover:
    """Sign as the one who comes."""

    handover_id: str
    version_seen: int
    remarks: str = ""
    observed: tuple[HandoverItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawHandover:
    """End a handover that will not be."""

    handover_id: str
    version_seen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateHandover:
    """The clock's own command: a shift is over and not handed over."""

    handover_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateMissedHandover:
    """The clock's own command: shifts have ended and nobody opened a handover."""

    shift_ids: tuple[str, ...]
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """Write into the logbook. `corrects` names an older note that this one puts right; `for_next`: for the next shift."""

    text: str
    incident_id: str = ""
    tasking_id: str = ""
    aircraft_id: str = ""
    corrects: str = ""
    for_next: bool = False


OneDeskCommand = (
    SaveAccount
    | OpenSession
    | CloseSession
    | RevokeDevice
    | AssignCrew
    | EndSessions
    | LockSession
    | UnlockSession
    | ChangePassword
    | BarSignIn
    | UnbarSignIn
    | SaveResource
    | SaveIdentity
    | ReportIncident
    | UpdateIncident
    | CorrectIncident
    | ActOnIncident
    | ShareIncident
    | ApplyRunCard
    | TickCardItem
    | EscalateCardClock
    | TakeAlarms
    | VerifyIncident
    | ProposePlan
    | AdoptPlan
    | ActOnTasking
    | AmendTasking
    | NoteRefusals
    | ActOnAirspace
    | FileAirspace
    | AskDesk
    | AnswerAtc
    | DeclareClosure
    | AmendClosure
    | LiftClosure
    | EscalateTimer
    | OpenHandover
    | SignHandover
    | ReadHandoverItems
    | TakeHandover
    | WithdrawHandover
    | EscalateHandover
    | EscalateMissedHandover
    | AddNote
    | QueueCallouts
    | AdvanceCallout
    | MarkPhoned
    | AnswerCallout
    | TakeReply
    | ReportShown
    | RecordWater
    | CorrectWater
    | NoteTrackEvents
    | RejectTrackEvents
    | SignHours
    | DrawSearch
    | AmendSearch
    | WithdrawSearch
    | MakeTrafficArea
    | AmendTrafficArea
    | WithdrawTrafficArea
    | RecordIntrusion
    | ClearIntrusion
    | EnterWeather
    | TakeHazard
    | EndHazard
    | ImportVolumes
    | SaveVolume
    | AmendVolume
    | WithdrawVolumes
    | AcknowledgeAlert
    | ShelveAlert
    | UnshelveAlert
    | InhibitNet
    | LiftInhibition
    | NoteAlerts
    | CountAlerts
    | ConsentCommand
)
Command = (
    OneDeskCommand
    | RoomCommand
    | AidCommand
    | EnrolCommand
    | VideoCommand
    | VideoShareCommand
    | ConferenceCommand
    | UplinkCommand
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A command with who asks, under which role, and the key that makes a retry the same ask.

    `role` is None for the site itself (its clock, its planner, its command line).
    `command_id` is 1 to 64 characters, chosen by the caller, unique per actor.
    """

    actor: str
    role: Role | None
    command_id: str
    command: Command
    operator_id: str = ""  # of the account, for the scope of operators
    device_id: str = ""  # of the session: its acts are signed
    stamp: ActStamp | None = None  # how it came from a device; no part of what makes a retry the same ask
