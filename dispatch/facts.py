"""What has happened: past tense, frozen, the journal's vocabulary. Never edited, only added to.

Each fact class has a protobuf message of the same name and fields in protocols/schema/facts.proto;
`fold.fold` is the only reader that changes state.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.account_facts import AccountFact
from dispatch.aid_facts import AidFact
from dispatch.airspace_facts import AirspaceFact
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
from dispatch.callout_facts import CalloutAdvanced, CalloutPhoned, CalloutQueued, CalloutReplied, TaskingShown
from dispatch.clearance_facts import AirspaceAnswered, AirspacePhoned, AirspaceQuestioned, ClearanceRuleSaved
from dispatch.closure_facts import ClosureFact
from dispatch.conference_facts import ConferenceFact
from dispatch.consent_facts import ConsentFact
from dispatch.device_facts import DeviceFact
from dispatch.drop_facts import (
    HoursSigned,
    TrackEventsNoted,
    TrackEventsRejected,
    WaterCorrected,
    WaterRecorded,
)
from dispatch.duty_facts import DutyFact
from dispatch.enrol_facts import EnrolFact
from dispatch.hazard_facts import HazardEnded, HazardTaken
from dispatch.incident_facts import IncidentFact
from dispatch.kinds import Role
from dispatch.resource_facts import ResourceFact
from dispatch.room_facts import RoomFact
from dispatch.run_card_facts import RunCardFact
from dispatch.search_facts import SearchAmended, SearchDrawn, SearchWithdrawn
from dispatch.staff_facts import StaffFact
from dispatch.tasking_facts import TaskingFact
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

Fact = (
    AccountFact
    | ResourceFact
    | StaffFact
    | RunCardFact
    | IncidentFact
    | TaskingFact
    | AirspaceFact
    | AirspacePhoned
    | AirspaceQuestioned
    | AirspaceAnswered
    | ClearanceRuleSaved
    | ClosureFact
    | DeviceFact
    | DutyFact
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
