"""Resources over HTTP: one body per kind (fleet.TABLES).

A body holds every field of the record except `site` and `version`, which the site sets; `version_seen` 0 creates.
Tables of many at once are protocols/resources_csv.py's.
"""

from dataclasses import fields
from typing import Annotated, Any

from msgspec import Meta

from dispatch import (
    aid_limit_records,
    aid_rules,
    clearance_records,
    deadline,
    incident,
    obstacle,
    obstacle_records,
    records,
    run_card,
    run_card_records,
    staff_records,
    weather_records,
)
from dispatch.aid_kinds import AidClock
from dispatch.clearance_kinds import RuleMark
from dispatch.kinds import (
    AircraftKind,
    AirspaceKind,
    Capability,
    CrewDuty,
    DutyMeasure,
    DutyPost,
    FuelType,
    IncidentKind,
    ItemSort,
    LiftTo,
    NoticeTrigger,
    ObstacleKind,
    TaskKind,
    WaterMode,
)
from dispatch.weather_kinds import MinimumMeasure
from protocols.json_doors import (
    END,
    Amount,
    Body,
    Height,
    Id,
    Instant,
    Line,
    Note,
    OptionalId,
    PositionBody,
    Speed,
    VersionOrNone,
    position_of,
)

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Count = Annotated[int, Meta(ge=0, le=10_000)]
Month = Annotated[int, Meta(ge=1, le=12)]
Phone = Annotated[str, Meta(max_length=40, pattern=r"^[0-9+() -]*" + END)]
Limit = Annotated[str, Meta(max_length=20, pattern="^" + deadline.PATTERN + END)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]


class LiftPointBody(Body, frozen=True, kw_only=True):
    """Litres that can be lifted at a density altitude."""

    density_altitude_m: Height
    litres: Amount


class WaterGearBody(Body, frozen=True, kw_only=True):
    """Bucket, snorkel tank or scoop."""

    mode: WaterMode
    capacity_l: Amount
    fill_s: Amount
    drop_s: Amount
    min_depth_m: Amount
    lift: Annotated[tuple[LiftPointBody, ...], Meta(max_length=32)] = ()

    def record(self) -> records.WaterGear:
        """The record."""
        return records.WaterGear(
            mode=self.mode,
            capacity_l=self.capacity_l,
            fill_s=self.fill_s,
            drop_s=self.drop_s,
            min_depth_m=self.min_depth_m,
            lift=tuple(
                records.LiftPoint(density_altitude_m=p.density_altitude_m, litres=p.litres) for p in self.lift
            ),
        )


class ResourceBody(Body, frozen=True, kw_only=True):
    """What every resource has."""

    id: Id
    name: Name
    source: Note = ""
    version_seen: VersionOrNone = 0


class AircraftBody(ResourceBody, frozen=True, kw_only=True):
    """An aircraft."""

    model: Line
    kind: AircraftKind
    operator_id: OptionalId = ""
    icao24: Annotated[str, Meta(pattern="^([0-9a-f]{6})?" + END)] = ""
    home_base_id: Id
    at_base_id: OptionalId = ""
    serviceable: bool = True
    unserviceable_reason: Line = ""
    cruise_mps: Annotated[float, Meta(gt=0, le=400)]
    loaded_mps: Annotated[float, Meta(gt=0, le=400)]
    fuel_type: FuelType
    fuel_capacity_kg: Positive
    fuel_kg: Amount
    burn_kgps: Positive
    turnaround_s: Amount
    min_runway_m: Amount = 0
    slots: Count = 1
    water: WaterGearBody | None = None
    seats: Count = 0
    cargo_kg: Amount = 0
    capabilities: Annotated[tuple[Capability, ...], Meta(max_length=16)] = ()
    max_wind_mps: Speed
    min_visibility_m: Amount
    flown_today_s: Amount = 0
    duty_ends_at: Instant | None = None
    cost_per_hour: Amount = 0
    simulated: bool = False
    certificate_until: Instant | None = None
    inspection_due_at: Instant | None = None


class PlaceBody(ResourceBody, frozen=True, kw_only=True):
    """A resource with a place."""

    position: PositionBody
    elevation_m: Height


class BaseBody(PlaceBody, frozen=True, kw_only=True):
    """A base."""

    runway_m: Amount = 0
    fuels: Annotated[tuple[FuelType, ...], Meta(max_length=8)] = ()
    refuel_points: Count = 0


class SeasonDepthBody(Body, frozen=True, kw_only=True):
    """Depth in some months, both ends in."""

    from_month: Month
    until_month: Month
    depth_m: Amount

    def record(self) -> records.SeasonDepth:
        """The record."""
        return records.SeasonDepth(
            from_month=self.from_month, until_month=self.until_month, depth_m=self.depth_m
        )


class WaterPointBody(PlaceBody, frozen=True, kw_only=True):
    """A water point."""

    modes: Annotated[tuple[WaterMode, ...], Meta(min_length=1, max_length=8)]
    depth_m: Amount
    max_aircraft: Count = 1
    seasons: Annotated[tuple[SeasonDepthBody, ...], Meta(max_length=12)] = ()
    ban: Line = ""
    ban_from: Instant | None = None
    ban_until: Instant | None = None


class LandingSiteBody(PlaceBody, frozen=True, kw_only=True):
    """A landing site."""

    surface: Line = ""


class HospitalBody(PlaceBody, frozen=True, kw_only=True):
    """A hospital."""


class ObstacleBody(ResourceBody, frozen=True, kw_only=True):
    """An obstacle: one point or those of a line; its height above the ground, its top, or both."""

    kind: ObstacleKind
    points: Annotated[tuple[PositionBody, ...], Meta(min_length=1, max_length=obstacle.MOST_POINTS)]
    height_m: Annotated[float, Meta(gt=0, le=obstacle.MOST_HEIGHT_M)] | None = None
    top_m: Height | None = None
    lighted: bool | None = None


class OperatorBody(ResourceBody, frozen=True, kw_only=True):
    """An operator."""

    phone: Phone = ""
    certificate_until: Instant | None = None


class ContractBody(ResourceBody, frozen=True, kw_only=True):
    """A contract; rates in thousand CNY."""

    operator_id: Id
    model: Line = ""
    hour_rate: Amount
    transit_hour_rate: Amount = 0
    standby_day_rate: Amount = 0
    minimum_hours: Annotated[float, Meta(ge=0, le=24)] = 0
    hours: Amount = 0
    valid_from: Instant
    valid_until: Instant


class FlownDayBody(Body, frozen=True, kw_only=True):
    """A day of the log book."""

    day: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}" + END)]
    flown_s: Annotated[float, Meta(ge=0, le=86_400)]
    duty_s: Annotated[float, Meta(ge=0, le=86_400)] = 0

    def record(self) -> staff_records.FlownDay:
        """The record."""
        return staff_records.FlownDay(day=self.day, flown_s=self.flown_s, duty_s=self.duty_s)


class CrewMemberBody(ResourceBody, frozen=True, kw_only=True):
    """Somebody of a crew."""

    operator_id: Id
    duty: CrewDuty
    phone: Phone = ""
    models: Annotated[tuple[Line, ...], Meta(max_length=32)] = ()
    licence_until: Instant | None = None
    medical_until: Instant | None = None
    aircraft_id: OptionalId = ""
    duty_began_at: Instant | None = None
    flown: Annotated[tuple[FlownDayBody, ...], Meta(max_length=400)] = ()


class EquipmentBody(ResourceBody, frozen=True, kw_only=True):
    """Equipment at a base."""

    kind: Line
    base_id: Id
    count: Annotated[int, Meta(ge=0, le=100_000)]
    usable_until: Instant | None = None


class DutyRuleBody(ResourceBody, frozen=True, kw_only=True):
    """A limit within a rolling span."""

    measure: DutyMeasure
    days: Annotated[int, Meta(ge=1, le=400)]
    limit_s: Annotated[float, Meta(ge=60, le=40_000_000)]
    valid_from: Instant
    valid_until: Instant | None = None


class ClearanceRuleBody(ResourceBody, frozen=True, kw_only=True):
    """By when a kind of request is filed and answered, and whether a release needs it. Limits: `60min`, `1d 15:00`."""

    kind: AirspaceKind
    emergency: bool
    unmanned: bool = False
    needed: bool = False
    agreement: Line = ""
    file_by: Limit = ""
    answer_by: Limit = ""
    least_answer_s: Annotated[float, Meta(ge=0, le=86_400)] = 0
    mark: RuleMark
    valid_from: Instant
    valid_until: Instant | None = None


OptionalSite = Annotated[str, Meta(pattern=r"^([0-9]{2}(-[A-Z0-9]{1,8})?)?" + END, max_length=11)]


class AidRuleBody(ResourceBody, frozen=True, kw_only=True):
    """How long a step of mutual aid may take. `partner` empty: with every partner that no row names."""

    clock: AidClock
    partner: OptionalSite = ""
    within_s: Annotated[float, Meta(ge=aid_rules.LEAST_S, le=aid_rules.MOST_S)]
    valid_from: Instant
    valid_until: Instant | None = None


class MinimumBody(ResourceBody, frozen=True, kw_only=True):
    """A limit on the weather. None: of any aircraft, task, light."""

    measure: MinimumMeasure
    limit: Annotated[float, Meta(ge=0, le=1_000_000)]
    hard: bool
    aircraft_kind: AircraftKind | None = None
    task: TaskKind | None = None
    night: bool | None = None
    valid_from: Instant
    valid_until: Instant | None = None


class ShiftBody(ResourceBody, frozen=True, kw_only=True):
    """A row of the duty roster."""

    post: DutyPost
    account: Id
    base_id: OptionalId = ""
    begins_at: Instant
    ends_at: Instant
    phone: Phone = ""
    note: Line = ""
    cancelled: bool = False


class CardItemBody(Body, frozen=True, kw_only=True):
    """A line that a person ticks off; `threshold` in the trigger's unit (m², s, m, persons)."""

    sort: ItemSort
    text: Annotated[str, Meta(min_length=1, max_length=run_card.MOST_TEXT, pattern=r"\S")]
    within_s: Amount | None = None
    trigger: NoticeTrigger = NoticeTrigger.ALWAYS
    threshold: Annotated[float, Meta(ge=0, le=run_card.MOST_THRESHOLD)] = 0

    def record(self) -> run_card_records.CardItem:
        """The record."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return run_card_records.CardItem(**values)


class TaskWantBody(Body, frozen=True, kw_only=True):
    """One kind of task that is wanted."""

    kind: TaskKind
    needs: Annotated[tuple[Capability, ...], Meta(max_length=16)] = ()
    aircraft_kinds: Annotated[tuple[AircraftKind, ...], Meta(max_length=4)] = ()
    visits: Annotated[int, Meta(ge=1, le=run_card.MOST_VISITS)] = 1
    stay_s: Annotated[float, Meta(ge=0, le=run_card.MOST_S)] = 0
    people: Annotated[int, Meta(ge=0, le=incident.MAX_PEOPLE)] = 0
    lift_to: LiftTo | None = None
    cargo_kg: Annotated[float, Meta(ge=0, le=20_000)] = 0
    continuous: bool = False
    needs_pad: bool = False
    pad_within_m: Annotated[float, Meta(ge=0, le=20_000)] = 0

    def record(self) -> run_card_records.TaskWant:
        """The record."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return run_card_records.TaskWant(**values)


TasksBody = Annotated[tuple[TaskWantBody, ...], Meta(min_length=1, max_length=run_card.MOST_TASKS)]


class RunCardBody(ResourceBody, frozen=True, kw_only=True):
    """A preset for incidents of a kind."""

    kind: IncidentKind
    level: Annotated[int, Meta(ge=0, le=4)] = 0
    area: Annotated[str, Meta(max_length=6, pattern=r"^([0-9]{2}){0,3}" + END)] = ""
    tasks: TasksBody
    items: Annotated[tuple[CardItemBody, ...], Meta(max_length=run_card.MOST_ITEMS)] = ()
    radius_m: Annotated[float, Meta(ge=run_card.LEAST_RADIUS_M, le=run_card.MOST_RADIUS_M)]
    ceiling_m: Annotated[float, Meta(ge=run_card.LEAST_CEILING_M, le=run_card.MOST_CEILING_M)]
    valid_from: Instant
    valid_until: Instant | None = None


KINDS: dict[str, tuple[type[ResourceBody], type[Any]]] = {
    "aircraft": (AircraftBody, records.Aircraft),
    "bases": (BaseBody, records.Base),
    "water_points": (WaterPointBody, records.WaterPoint),
    "landing_sites": (LandingSiteBody, records.LandingSite),
    "hospitals": (HospitalBody, records.Hospital),
    "obstacles": (ObstacleBody, obstacle_records.Obstacle),
    "operators": (OperatorBody, staff_records.Operator),
    "contracts": (ContractBody, staff_records.Contract),
    "crew": (CrewMemberBody, staff_records.CrewMember),
    "equipment": (EquipmentBody, staff_records.Equipment),
    "duty_rules": (DutyRuleBody, staff_records.DutyRule),
    "minima": (MinimumBody, weather_records.Minimum),
    "shifts": (ShiftBody, staff_records.DutyShift),
    "run_cards": (RunCardBody, run_card_records.RunCard),
    "clearance_rules": (ClearanceRuleBody, clearance_records.ClearanceRule),
    "aid_rules": (AidRuleBody, aid_limit_records.AidRule),
}


def record(body: ResourceBody, site: str) -> records.Resource:
    """The record that a body describes, at the version after the one seen."""
    cls = next(made for shape, made in KINDS.values() if shape is type(body))
    values = {"site": site, "version": body.version_seen + 1}
    for field in fields(cls):
        if field.name not in values:
            values[field.name] = _value(getattr(body, field.name))
    made: records.Resource = cls(**values)
    return made


def _value(item: Any) -> Any:
    if isinstance(item, PositionBody):
        return position_of(item)
    if isinstance(item, (WaterGearBody, SeasonDepthBody, FlownDayBody, CardItemBody, TaskWantBody)):
        return item.record()
    if isinstance(item, tuple):
        return tuple(_value(each) for each in item)
    return item
