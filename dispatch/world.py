"""Everything a site knows as facts, as one immutable value; `fold.fold` is the only way it changes. Lookups are plain maps
by id.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from immutables import Map

from dispatch.aid_limit_records import AidRule
from dispatch.aid_records import AidAlarm, AidOffer, AidRequest
from dispatch.alert_records import AlertHandling, LatchedAlert, NetInhibition
from dispatch.callout_records import Callout, CalloutReply, CalloutSecret
from dispatch.clearance_records import ClearanceRule
from dispatch.conference_records import ConferenceCall
from dispatch.consent_book import ConsentBook
from dispatch.consent_records import Consent, LabelledRecord
from dispatch.device_records import Device
from dispatch.drop_records import TrackEvent
from dispatch.duty_records import Handover, LogNote
from dispatch.enrol_records import Invitation, JoinedSite
from dispatch.facts import Recorded
from dispatch.hazard_records import Hazard
from dispatch.kinds import TaskingState
from dispatch.obstacle_records import Obstacle
from dispatch.records import (
    Account,
    Aircraft,
    AirspaceRequest,
    Base,
    Closure,
    Hospital,
    Identity,
    Incident,
    LandingSite,
    Plan,
    Session,
    SignInLock,
    Step,
    Tasking,
    WaterPoint,
)
from dispatch.room_records import Room, RoomEntry, RoomPerson
from dispatch.run_card_records import RunCard
from dispatch.search_records import Search
from dispatch.staff_records import Contract, CrewMember, DutyRule, DutyShift, Equipment, Operator
from dispatch.traffic_area_records import Intrusion, TrafficArea
from dispatch.uplink_records import Uplink
from dispatch.video_records import VideoClip, VideoStream
from dispatch.video_share_records import PartnerViewing, ShownVideo, VideoGrant, VideoRequest
from dispatch.volume_records import Volume
from dispatch.weather_records import Minimum, WeatherReport

ONGOING = frozenset(
    {
        TaskingState.PENDING,
        TaskingState.ORDERED,
        TaskingState.ACCEPTED,
        TaskingState.PREPARING,
        TaskingState.RELEASED,
        TaskingState.AIRBORNE,
        TaskingState.WORKING,
        TaskingState.RETURNING,
        TaskingState.STOPPED,
    }
)  # an aircraft with a tasking in one of these is not free


IN_THE_AIR = frozenset({TaskingState.AIRBORNE, TaskingState.WORKING, TaskingState.RETURNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All records by id, as of journal row `seq`. `changed[table, id]` is the row that last touched a record."""

    site: str
    seq: int = 0
    at: datetime | None = None
    accounts: Map[str, Account] = field(default_factory=Map)
    sessions: Map[str, Session] = field(default_factory=Map)
    devices: Map[str, Device] = field(default_factory=Map)
    sign_in_locks: Map[tuple[str, str], SignInLock] = field(default_factory=Map)  # (account, address)
    aircraft: Map[str, Aircraft] = field(default_factory=Map)
    bases: Map[str, Base] = field(default_factory=Map)
    water_points: Map[str, WaterPoint] = field(default_factory=Map)
    landing_sites: Map[str, LandingSite] = field(default_factory=Map)
    hospitals: Map[str, Hospital] = field(default_factory=Map)
    obstacles: Map[str, Obstacle] = field(default_factory=Map)
    identities: Map[str, Identity] = field(default_factory=Map)
    operators: Map[str, Operator] = field(default_factory=Map)
    contracts: Map[str, Contract] = field(default_factory=Map)
    crew: Map[str, CrewMember] = field(default_factory=Map)
    equipment: Map[str, Equipment] = field(default_factory=Map)
    duty_rules: Map[str, DutyRule] = field(default_factory=Map)
    minima: Map[str, Minimum] = field(default_factory=Map)
    weather: Map[str, WeatherReport] = field(default_factory=Map)  # entered by hand
    hazards: Map[str, Hazard] = field(default_factory=Map)
    run_cards: Map[str, RunCard] = field(default_factory=Map)
    clearance_rules: Map[str, ClearanceRule] = field(default_factory=Map)
    aid_rules: Map[str, AidRule] = field(default_factory=Map)
    incidents: Map[str, Incident] = field(default_factory=Map)
    plans: Map[str, Plan] = field(default_factory=Map)
    taskings: Map[str, Tasking] = field(default_factory=Map)
    requests: Map[str, AirspaceRequest] = field(default_factory=Map)
    closures: Map[str, Closure] = field(default_factory=Map)
    searches: Map[str, Search] = field(default_factory=Map)  # withdrawn ones too
    traffic_areas: Map[str, TrafficArea] = field(default_factory=Map)  # withdrawn ones too
    intrusions: Map[str, Intrusion] = field(default_factory=Map)  # cleared ones too
    shifts: Map[str, DutyShift] = field(default_factory=Map)
    handovers: Map[str, Handover] = field(default_factory=Map)  # the unfinished and the last finished ones
    missed_handovers: Map[str, datetime] = field(default_factory=Map)  # shift -> when it was cried out
    notes: Map[str, LogNote] = field(default_factory=Map)  # the newest; the journal has all
    callouts: Map[str, Callout] = field(default_factory=Map)
    callout_secrets: Map[str, CalloutSecret] = field(default_factory=Map)  # shown to nobody
    callout_replies: Map[str, tuple[CalloutReply, ...]] = field(default_factory=Map)  # by number, the last
    track_events: Map[str, tuple[TrackEvent, ...]] = field(default_factory=Map)  # by tasking, until settled
    alarms: Map[str, str] = field(default_factory=Map)  # alarm_key of every source -> its incident
    shared: Map[tuple[str, str], int] = field(default_factory=Map)  # (incident, partner) -> row from which on
    changed: Map[tuple[str, str], int] = field(default_factory=Map)
    consents: Map[str, Consent] = field(default_factory=Map)  # ours and partners'
    invitations: Map[str, Invitation] = field(default_factory=Map)  # ended ones too
    joined_sites: Map[str, JoinedSite] = field(
        default_factory=Map
    )  # partners by invitation; shut out ones too
    labels: Map[tuple[str, str], LabelledRecord] = field(default_factory=Map)  # (table, id)
    consent_book: ConsentBook = field(default_factory=ConsentBook)
    volumes: Map[str, Volume] = field(default_factory=Map)  # withdrawn ones too
    volumes_at: int = 0  # the row that last touched one
    alert_handlings: Map[str, AlertHandling] = field(default_factory=Map)
    net_inhibitions: Map[str, NetInhibition] = field(default_factory=Map)  # those over, for a week
    latched_alerts: Map[str, LatchedAlert] = field(default_factory=Map)  # by alert, until acknowledged
    rooms: Map[str, Room] = field(default_factory=Map)
    room_people: Map[str, RoomPerson] = field(default_factory=Map)
    room_entries: Map[str, RoomEntry] = field(default_factory=Map)
    room_since: Map[tuple[str, str], int] = field(
        default_factory=Map
    )  # (room, partner) -> our row from which on
    room_counts: Map[tuple[str, str], int] = field(default_factory=Map)  # (room, site) -> entries
    room_heard: Map[str, datetime] = field(default_factory=Map)  # room -> when we acted in it last
    conference_calls: Map[str, ConferenceCall] = field(default_factory=Map)  # with sources to be pulled

    video_streams: Map[str, VideoStream] = field(default_factory=Map)  # removed ones too
    video_clips: Map[str, VideoClip] = field(default_factory=Map)
    video_told: Map[str, tuple[ShownVideo, ...]] = field(default_factory=Map)  # partner -> what it was shown
    shown_videos: Map[str, ShownVideo] = field(default_factory=Map)  # partners' streams
    video_requests: Map[str, VideoRequest] = field(default_factory=Map)  # of ours, and partners' to us
    video_grants: Map[str, VideoGrant] = field(default_factory=Map)
    video_answers: Map[str, str] = field(default_factory=Map)  # request -> its grant
    video_viewings: Map[str, PartnerViewing] = field(default_factory=Map)  # that last
    uplinks: Map[str, Uplink] = field(default_factory=Map)
    uplinks_waiting: Map[str, str] = field(default_factory=Map)  # to teams, not delivered yet -> the team
    uplink_times: Map[str, tuple[datetime, ...]] = field(default_factory=Map)  # by sender: when, lately
    aid_requests: Map[str, AidRequest] = field(default_factory=Map)  # of ours, and partners' to us
    aid_offers: Map[str, AidOffer] = field(default_factory=Map)
    aid_alarms: Map[str, AidAlarm] = field(default_factory=Map)

    @staticmethod
    def empty(site: str) -> "World":
        """A site before its first fact."""
        return World(site=site)

    def ongoing_tasking(self, aircraft_id: str) -> Tasking | None:
        """Our tasking that keeps an aircraft busy, if any. A partner's says nothing about ours."""
        for tasking in self.taskings.values():
            own = tasking.site == self.site
            if own and tasking.aircraft_id == aircraft_id and tasking.state in ONGOING:
                return tasking
        return None


_NAMES = tuple(each.name for each in fields(World))


_VALUES = attrgetter(*_NAMES)


_SETTERS = tuple((name, getattr(World, name).__set__) for name in _NAMES)


def with_changes(world: World, **changes: Any) -> World:
    """As dataclasses.replace, in a quarter of its time: each fact makes two worlds, and one has sixty fields."""
    made: World = object.__new__(World)
    for (name, put), value in zip(_SETTERS, _VALUES(world), strict=True):
        put(made, changes.get(name, value))
    return made


def put(world: World, table: str, key: str, record: Any) -> World:
    """With a record of a table set, and that it changed with this row."""
    return with_changes(
        world,
        **{table: getattr(world, table).set(key, record)},
        changed=world.changed.set((table, key), world.seq),
    )


def step_of(
    recorded: Recorded, action: str, state: str, reason: str = "", at: datetime | None = None
) -> Step:
    """A line of a record's history."""
    return Step(
        at=at or recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=str(action),  # plain text, as it is once it has travelled
        state=str(state),
        reason=reason,
    )


def alarm_key(kind: str, source: str, own_id: str) -> str:
    """Names one alarm of one source."""
    return f"{kind}\0{source}\0{own_id}"


UP = frozenset({"take_off", "resume"})  # steps that bring an aircraft into the air


DOWN = frozenset({"land", "technical_stop", "emergency_land"})  # and back onto the ground
