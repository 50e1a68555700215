"""What the world holds: frozen records, shared by commands, facts and views.

Times are aware UTC datetimes, positions WGS-84, everything else SI with the unit in the name.
`version` counts the changes of one record; an edit names the version it saw.
Every field here has one of the same name in protocols/schema/records.proto.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.aid_limit_records import AidRule
from dispatch.clearance_records import ClearanceRule, PhoneAnswer, RequestClock, RequestQuestion
from dispatch.device_records import ActStamp
from dispatch.drop_records import HoursSignature, WaterLoad
from dispatch.geo import Position
from dispatch.kinds import (
    AircraftKind,
    AirspaceKind,
    AirspaceState,
    AlarmFlag,
    AlarmKind,
    AltitudeDatum,
    Capability,
    ClosureKind,
    FuelModel,
    FuelType,
    IncidentKind,
    IncidentState,
    PlanState,
    RefusalReason,
    Role,
    TaskingState,
    TaskKind,
    ThingKind,
    TimerKind,
    WaterMode,
)
from dispatch.obstacle_records import Obstacle
from dispatch.run_card_records import AppliedCard, RunCard
from dispatch.staff_records import Contract, CrewMember, DutyRule, DutyShift, Equipment, Operator
from dispatch.tasking_records import Amendment, Elsewhere
from dispatch.weather_records import Minimum


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a record's history: who did what, when, and why."""

    at: datetime
    actor: str
    role: Role | None  # None: the system's own clock
    action: str
    state: str
    reason: str = ""
    stamp: ActStamp | None = None  # how it came from a device


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may sign in. Never leaves the site."""

    name: str
    display_name: str
    roles: tuple[Role, ...]
    password_hash: str  # Argon2id, with its parameters
    totp_sealed: bytes = b""  # second-factor secret, sealed with the site's key; empty: not enrolled
    operator_id: str = ""  # whose taskings an operator sees
    disabled: bool = False
    scripted: bool = False  # a marked demonstration account that a script acts for
    version: int = 1
    alarm_kinds: tuple[AlarmKind, ...] = ()  # what a gateway may hand over; none named: all
    password_set_at: datetime | None = None  # kept by the fold: when the hash became another one
    must_change: bool = False  # the password is a one-time one that somebody else knows
    phone: str = ""  # reached there when no page is open
    phone_gateway: bool = False  # brings replies and reports of phones, and no alarms unless kinds are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in under one role. Only the token's SHA-256 is kept."""

    token_digest: str
    account: str
    role: Role
    opened_at: datetime
    expires_at: datetime
    device_id: str = ""  # of a phone that signs; empty: none
    address: str = ""  # where it was opened from
    must_change: bool = False  # nothing but a new password is taken: a one-time one, or one that is too old
    locked_at: datetime | None = None  # since when it takes no acts: nobody had touched the desk for long


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLock:
    """Too many wrong tries for an account from one address: neither may try before `until`."""

    account: str
    address: str
    tries: int
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPoint:
    """Litres that can be lifted at a density altitude."""

    density_altitude_m: float
    litres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterGear:
    """Bucket, snorkel tank or scoop."""

    mode: WaterMode
    capacity_l: float
    fill_s: float
    drop_s: float
    min_depth_m: float
    lift: tuple[LiftPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aircraft:
    """A rescue aircraft with what the planner must know."""

    id: str  # registration, B-70K3
    site: str
    name: str  # call name on the map, 赣鹰01
    model: str
    kind: AircraftKind
    operator_id: str
    icao24: str  # six lower-case hex digits; empty: no transponder known
    home_base_id: str
    at_base_id: str  # empty: in the air
    serviceable: bool
    unserviceable_reason: str = ""
    cruise_mps: float
    loaded_mps: float
    fuel_type: FuelType
    fuel_capacity_kg: float
    fuel_kg: float
    burn_kgps: float
    turnaround_s: float
    min_runway_m: float
    slots: int
    water: WaterGear | None
    seats: int
    cargo_kg: float
    capabilities: tuple[Capability, ...]
    max_wind_mps: float
    min_visibility_m: float
    flown_today_s: float = 0.0
    duty_ends_at: datetime | None = None
    cost_per_hour: float
    source: str
    simulated: bool = False
    version: int = 1
    certificate_until: datetime | None = None  # airworthy before this; None: not stated
    inspection_due_at: datetime | None = None  # flies no more from then on until inspected; None: not stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """An airport, station or pad where aircraft stand and refuel."""

    id: str
    site: str
    name: str
    position: Position
    elevation_m: float
    runway_m: float  # 0: helicopters only
    fuels: tuple[FuelType, ...]
    refuel_points: int
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonDepth:
    """Depth of a water point in some months of the year, both ends in; 11 to 2 goes over the new year."""

    from_month: int
    until_month: int
    depth_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterPoint:
    """Where water is taken."""

    id: str
    site: str
    name: str
    position: Position
    elevation_m: float
    modes: tuple[WaterMode, ...]
    depth_m: float
    max_aircraft: int
    source: str
    version: int = 1
    seasons: tuple[SeasonDepth, ...] = ()  # where none of them holds, depth_m does
    ban: str = ""  # why no water may be taken (drinking water, fish); empty: it may
    ban_from: datetime | None = None  # None: always has been
    ban_until: datetime | None = None  # None: until lifted


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingSite:
    """A pad without fuel: a field, a roof, a dyke."""

    id: str
    site: str
    name: str
    position: Position
    elevation_m: float
    surface: str
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which keys are one real thing (identity.py)."""

    id: str
    site: str
    name: str  # how it is called on the map
    thing_kind: ThingKind | None
    keys: tuple[str, ...]  # scheme:value; of one identity only
    apart: tuple[str, ...] = ()  # keys that people have said are not this thing
    aircraft_id: str = ""  # of the fleet; empty: not one of ours
    note: str = ""
    retired: bool = False
    version: int = 1
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hospital:
    """Where patients are handed over."""

    id: str
    site: str
    name: str
    position: Position
    elevation_m: float
    source: str
    version: int = 1


Resource = (
    Aircraft
    | Base
    | WaterPoint
    | LandingSite
    | Hospital
    | Obstacle
    | Operator
    | Contract
    | CrewMember
    | Equipment
    | DutyRule
    | Minimum
    | DutyShift
    | RunCard
    | ClearanceRule
    | AidRule
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FireStated:
    """What people have said of a fire; None: nobody has, and the planner's model or starting values stand in."""

    at: datetime  # when the last of it was said
    demand_l: float | None = None
    growth_lps: float | None = None
    wind_mps: float | None = None  # at 10 m, in the open
    fuel: FuelModel | None = None
    slope_deg: float | None = None
    area_m2: float | None = None  # burnt or burning
    dead_moisture: float | None = None  # of dead fuel, share of its dry weight
    demand_at: datetime | None = None  # the demand is as of then
    size_at: datetime | None = None  # the area, or the level where no area is said, is as of then


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmArea:
    """Where an alarm holds: a closed ring of at least four points, or with `radius_m` a circle round the only one."""

    points: tuple[Position, ...]
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSource:
    """One alarm as a source gave it, kept with the incident that it made or joined."""

    kind: AlarmKind
    source: str  # who says it: the sender, the satellite, the monitor, the gateway
    own_id: str  # the source's own name for it: with `kind` and `source` it names one alarm
    observed_at: datetime | None = None  # None: the source does not say; once taken in, when it came
    received_at: datetime | None = None  # None: not taken in yet
    expires_at: datetime | None = None
    position: Position
    radius_m: float = 0.0  # how far from the position the thing may be, or half a pixel's diagonal
    areas: tuple[AlarmArea, ...] = ()
    incident_kind: IncidentKind
    level: int
    code: str = ""  # of the event, as it came
    title: str
    place: str = ""
    text: str = ""
    flags: tuple[AlarmFlag, ...] = ()
    confidence: float | None = None  # 0 to 1, where the source says one
    follows: tuple[str, ...] = ()  # own ids of alarms that this one updates or cancels
    reported_by: str = ""  # the account that handed it over
    times: int = 1  # how often it came


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleDuplicate:
    """Another incident that might be the same thing. People merge; nothing else does."""

    incident_id: str
    distance_m: float
    apart_s: float  # between the two, as they were last observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What has happened and where. `level` 1 is Ⅰ (特别重大), 4 is Ⅳ (一般)."""

    id: str
    site: str
    kind: IncidentKind
    code: str = ""  # GB/T 35561, kept as it came
    level: int
    title: str
    place: str
    position: Position
    stated_datum: str = "wgs84"
    elevation_m: float
    reported_at: datetime
    reported_by: str
    state: IncidentState
    life_at_risk: bool
    demand_l: float  # water owed when reported, fires only
    growth_lps: float
    wind_mps: float
    visibility_m: float
    note: str = ""
    merged_into: str = ""
    shared_with: tuple[str, ...] = ()
    simulated: bool = False
    version: int = 1
    history: tuple[Step, ...] = ()
    fire: FireStated | None = None  # None: no fire, or one of which only its level is known
    sources: tuple[AlarmSource, ...] = ()  # alarms it was made of; none: a person reported it
    possible_duplicates: tuple[PossibleDuplicate, ...] = ()  # as of the last alarm, nearest first
    flags: tuple[AlarmFlag, ...] = ()  # what is still to be minded of its alarms
    verified_by: str = ""  # the named person who vouches for an unverified report
    verified_at: datetime | None = None
    people: int | None = None  # to be lifted out or looked for, stated by hand; None: not stated
    run_card: AppliedCard | None = None  # None: none was applied yet
    moved_at: datetime | None = None  # when its position was last corrected


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One aircraft's first sortie for one incident, within a proposal."""

    aircraft_id: str
    incident_id: str
    base_id: str  # where it lands afterwards
    water_point_id: str  # empty: no water
    hospital_id: str  # empty: none
    take_off_at: datetime
    on_scene_at: datetime  # first drop of a fire, arrival of a task
    land_at: datetime
    drops: int
    litres_per_drop: float
    litres_per_hour: float
    cost: float  # thousand CNY
    task: TaskKind | None = None  # None: of a version that did not say
    out_turns: tuple[
        Position, ...
    ] = ()  # on the way out and home, where it turns to keep clear of closed airspace
    back_turns: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an aircraft is, or is not, proposed for an incident. `code` is stable, `text` is for people, in
    Chinese; `text_en` the same in English where it says more than the code."""

    incident_id: str
    aircraft_id: str
    chosen: bool
    code: str
    text: str
    on_scene_at: datetime | None = None
    litres_per_hour: float = 0.0
    cost: float = 0.0
    # Who or what would be next, and what the score and its terms would then be more (worse) or less; None: not found out.
    runner_up_aircraft_id: str = ""
    runner_up_incident_id: str = ""
    difference: float | None = None
    life_weighted_minutes: float = 0.0
    fire_weighted_kl_hours: float = 0.0
    cost_difference: float = 0.0  # thousand CNY
    task: TaskKind | None = None  # None: of the incident whichever task
    text_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A proposal of the planner: drafts of taskings with their reasons."""

    id: str
    site: str
    created_at: datetime
    requested_by: str
    incident_ids: tuple[str, ...]
    assignments: tuple[Assignment, ...]
    reasons: tuple[Reason, ...]
    state: PlanState
    score: float
    human_score: float  # the nearest-first rule on the same scenario
    solve_s: float
    solver: str
    seed: int
    interchange: bytes = b""  # the plan in the interchange format, UTF-8 JSON
    version: int = 1
    bound: float | None = None  # proven: no plan that keeps the rules scores less; None: not looked for
    conditions: bytes = (
        b""  # what a person made a condition of it, JSON as optimizer/what_if.py has it; empty: nothing
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A clock that runs on a tasking. `escalated_at` is set once it has passed unmet; nothing else follows by itself."""

    kind: TimerKind
    started_at: datetime
    due_at: datetime
    escalated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasking:
    """A task order (飞行任务书) to one aircraft."""

    id: str
    site: str
    number: str  # GY-1124-01, for radio and paper
    incident_id: str
    incident_title: str
    incident_position: Position
    plan_id: str
    aircraft_id: str
    aircraft_icao24: str
    operator_id: str
    base_id: str
    water_point_id: str
    hospital_id: str
    take_off_at: datetime
    on_scene_at: datetime
    land_at: datetime
    drops: int
    litres_per_drop: float
    state: TaskingState
    airspace_request_ids: tuple[str, ...] = ()
    timers: tuple[Timer, ...] = ()
    refusal: RefusalReason | None = None
    sortie: int = 1
    simulated: bool = False
    version: int = 1
    history: tuple[Step, ...] = ()
    crew_ids: tuple[str, ...] = ()  # everybody who was in its crew at a take-off
    task: TaskKind | None = None  # None: of a version that did not say
    people: int = 0  # to be lifted out of the incident, as of the order's draft; 0: nobody is lifted
    landing_site_id: str = ""  # the pad at the scene; empty: none
    shown_version: int = 0  # the newest that an open page of its operator has shown
    shown_at: datetime | None = None
    out_turns: tuple[Position, ...] = ()  # base to water, or to the scene: turns round closed airspace
    back_turns: tuple[Position, ...] = ()  # the same on the last way, home
    remark: str = ""
    amendments: tuple[Amendment, ...] = ()  # what is in force stands in the fields above
    elsewhere: Elsewhere | None = None  # where its flight goes, or has come down, instead of its base
    water: tuple[WaterLoad, ...] = ()  # taken and dropped, in the order in which it was told
    signatures: tuple[HoursSignature, ...] = ()  # of its hours and drops, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Airspace:
    """A 4-D block: a circle round a point and the corridor to it, between two heights, for a time."""

    centre: Position
    radius_m: float
    corridor_from: Position
    corridor_half_width_m: float
    floor_m: float
    ceiling_m: float
    datum: AltitudeDatum
    active_from: datetime
    active_until: datetime
    out_turns: tuple[Position, ...] = ()  # corners of the corridor out, in order; none: straight
    back_turns: tuple[Position, ...] = ()  # of the corridor home
    transit_floor_m: float | None = None  # of the corridors, where they lie at other heights than the circle
    transit_ceiling_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """ATC's changed offer, to be accepted by the applicant before it expires. It names only what it changes."""

    ceiling_m: float | None
    active_from: datetime | None
    active_until: datetime | None
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceRequest:
    """What ATC is asked for. Only ATC's act approves."""

    id: str
    site: str
    kind: AirspaceKind
    tasking_id: str
    incident_id: str
    aircraft_id: str
    airspace: Airspace
    filed_at: datetime
    answer_due_at: datetime
    state: AirspaceState
    approved_by: str = ""
    counter: Counter | None = None
    simulated: bool = False
    version: int = 1
    history: tuple[Step, ...] = ()
    flight_at: datetime | None = None  # the take-off it is for; None: of a version that did not say
    clocks: tuple[RequestClock, ...] = ()  # the governing one first
    phone: PhoneAnswer | None = None  # how ATC's approval was heard, if by telephone
    questions: tuple[RequestQuestion, ...] = ()
    reason: str = ""  # the applicant's words


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Where a closure is: a circle, or a ring whose sides are straight in longitude and latitude."""

    ring: tuple[Position, ...] = ()  # counter-clockwise, the last corner is the first; empty: a circle
    centre: Position | None = None  # None: a ring
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Airspace that nobody of ours flies through for a time (禁飞区, 临时管制). closure.py has its rules."""

    id: str
    site: str
    name: str
    kind: ClosureKind
    outline: Outline
    floor_m: float
    ceiling_m: float
    datum: AltitudeDatum  # of both heights, MSL or AGL
    active_from: datetime
    active_until: datetime
    reason: str
    source: str  # whose word it is: a notice, a telephone call, a named unit
    declared_at: datetime
    declared_by: str
    declared_as: Role
    large: bool = False  # the declarer has said that so much is meant
    lifted_at: datetime | None = None
    version: int = 1
    history: tuple[Step, ...] = ()
