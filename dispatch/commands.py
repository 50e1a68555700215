"""What is asked of the site: imperative, frozen. `decide.decide` turns each into facts or refuses it.

Commands have passed the edge already: types and ranges hold, ids exist or not.
"""

from dataclasses import dataclass

from dispatch.account_commands import AccountCommand
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
from dispatch.closure_commands import ClosureCommand
from dispatch.conference_commands import ConferenceCommand
from dispatch.consent_commands import ConsentCommand
from dispatch.device_records import ActStamp
from dispatch.drop_commands import CorrectWater, NoteTrackEvents, RecordWater, RejectTrackEvents, SignHours
from dispatch.duty_commands import DutyCommand
from dispatch.enrol_commands import EnrolCommand
from dispatch.hazard_commands import EndHazard, TakeHazard
from dispatch.incident_commands import IncidentCommand
from dispatch.kinds import AirspaceAction, Role
from dispatch.records import Counter
from dispatch.resource_commands import ResourceCommand
from dispatch.room_commands import RoomCommand
from dispatch.run_card_commands import RunCardCommand
from dispatch.search_commands import AmendSearch, DrawSearch, WithdrawSearch
from dispatch.tasking_commands import TaskingCommand
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
class ActOnAirspace:
    """Advance an airspace request. `counter` is required for counter."""

    request_id: str
    action: AirspaceAction
    version_seen: int
    reason: str = ""
    counter: Counter | None = None  # of phone: what ATC changed in saying yes; its expiry says nothing
    phone: PhoneAnswer | None = None  # of phone


OneDeskCommand = (
    AccountCommand
    | TaskingCommand
    | ResourceCommand
    | IncidentCommand
    | RunCardCommand
    | ActOnAirspace
    | FileAirspace
    | AskDesk
    | AnswerAtc
    | ClosureCommand
    | DutyCommand
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
