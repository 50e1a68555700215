"""HTTP bodies: JSON bytes in, commands out. One struct per body, strict.

A field nobody knows, a wrong type or a figure out of range raises Malformed with the field's path
(`position.lat_deg`); bytes that are not JSON at all raise Unreadable. The routes that use these bodies, and the
status codes of the errors, are adapters/web's; what is answered is json_answers.py.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from dispatch import commands, incident_commands, records, tasking_commands
from dispatch.errors import GanyingError, Malformed
from dispatch.geo import Position, position_from
from dispatch.kinds import (
    AirspaceAction,
    FuelModel,
    HorizontalDatum,
    IncidentAction,
    IncidentKind,
    RefusalReason,
    Role,
    TaskingAction,
)

T = TypeVar("T")

MAX_BODY_BYTES = 65_536  # the largest body of any door but a CSV import; a plan request is under 4 kB

_INT32 = 2_147_483_647  # versions travel as int32 on the binary wire
END = r"$(?!\n)"  # in Python `$` alone also matches before a last line break
_ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
ID_PATTERN = rf"^{_ID}{END}"
OPTIONAL_ID_PATTERN = rf"^({_ID})?{END}"
Version = Annotated[int, Meta(ge=1, le=_INT32, description="the version of the record that the caller saw")]
VersionOrNone = Annotated[int, Meta(ge=0, le=_INT32, description="the version seen; 0 for a new record")]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=ID_PATTERN)]
OptionalId = Annotated[str, Meta(max_length=64, pattern=OPTIONAL_ID_PATTERN)]
Line = Annotated[str, Meta(max_length=120)]
Note = Annotated[str, Meta(max_length=2000)]
Remark = Annotated[str, Meta(max_length=500)]  # reasons; tasking.MAX_REASON
Why = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S", description="a reason is required")]
Level = Annotated[int, Meta(ge=1, le=4, description="1 = Ⅰ (特别重大) to 4 = Ⅳ (一般)")]
FireFigure = Literal[
    "demand_l", "growth_lps", "wind_mps", "fuel", "slope_deg", "area_m2", "dead_moisture"
]  # fire.FIRE_FIGURES
People = Annotated[int, Meta(ge=0, le=10_000, description="to be lifted out or looked for")]
Amount = Annotated[float, Meta(ge=0, le=1e9)]
Speed = Annotated[float, Meta(ge=0, le=400)]
Height = Annotated[float, Meta(ge=-500, le=20_000)]
# the sort key of the last item: microseconds and an id, or an id alone
CURSOR_PATTERN = r"^(([0-9]{1,18}~)?[A-Za-z0-9][A-Za-z0-9._:-]{0,63})?" + END
_LON = r"-?(180(\.0{1,9})?|(1[0-7][0-9]|[0-9]{1,2})(\.[0-9]{1,9})?)"
_LAT = r"-?(90(\.0{1,9})?|[0-8]?[0-9](\.[0-9]{1,9})?)"
BBOX_PATTERN = rf"^({_LON},{_LAT},{_LON},{_LAT})?" + END
Instant = Annotated[datetime, Meta(tz=True)]


class Unreadable(GanyingError):
    """The body is not JSON in UTF-8; there is no field to name."""

    def __init__(self, detail: str) -> None:
        super().__init__("UNREADABLE", detail)


class Body(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a caller sends: nothing but the named fields."""


class PositionBody(Body, frozen=True, kw_only=True):
    """A coordinate as stated; its datum stands beside it in the body that holds it."""

    lon_deg: Annotated[float, Meta(ge=-180, le=180)]
    lat_deg: Annotated[float, Meta(ge=-90, le=90)]


class DeviceKey(Body, frozen=True, kw_only=True):
    """A phone that signs its acts: ECDSA P-256, uncompressed point in base64 (protocols/act_signature.py)."""

    public_key: Annotated[str, Meta(min_length=88, max_length=88)]
    name: Line = ""


class SignIn(Body, frozen=True, kw_only=True):
    """Password, second factor where the site asks for it, and the role where the account has several.

    `device`: acts of this session on taskings are signed by it.
    """

    account: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    code: Annotated[str, Meta(max_length=16)] = ""
    role: Role | None = None
    device: DeviceKey | None = None


class IncidentReport(Body, frozen=True, kw_only=True):
    """A new incident. Figures that are left out are filled from kind and level."""

    kind: IncidentKind
    level: Level
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
    position: PositionBody
    datum: HorizontalDatum = HorizontalDatum.WGS84
    place: Line = ""
    code: Annotated[str, Meta(max_length=32, description="GB/T 35561")] = ""
    elevation_m: Height | None = None
    life_at_risk: bool | None = None
    demand_l: Amount | None = None
    growth_lps: Amount | None = None
    wind_mps: Speed | None = None
    visibility_m: Amount | None = None
    note: Note = ""
    simulated: bool = False
    fuel: FuelModel | None = None
    slope_deg: Annotated[float, Meta(ge=0, le=60)] | None = None
    area_m2: Annotated[float, Meta(gt=0, le=1e10)] | None = None
    dead_moisture: (
        Annotated[float, Meta(ge=0.01, le=0.6, description="of dead fuel, share of its dry weight")] | None
    ) = None
    people: People | None = None

    def command(self) -> incident_commands.ReportIncident:
        """The command; a coordinate in GCJ-02 becomes WGS-84 here."""
        return incident_commands.ReportIncident(
            kind=self.kind,
            level=self.level,
            title=self.title,
            place=self.place,
            position=position_from(self.position.lon_deg, self.position.lat_deg, self.datum),
            stated_datum=self.datum.value,
            code=self.code,
            elevation_m=self.elevation_m,
            life_at_risk=self.life_at_risk,
            demand_l=self.demand_l,
            growth_lps=self.growth_lps,
            wind_mps=self.wind_mps,
            visibility_m=self.visibility_m,
            note=self.note,
            simulated=self.simulated,
            fuel=self.fuel,
            slope_deg=self.slope_deg,
            area_m2=self.area_m2,
            dead_moisture=self.dead_moisture,
            people=self.people,
        )


class IncidentUpdate(Body, frozen=True, kw_only=True):
    """What is known better now; what is left out stays. Fuel, slope, area, moisture, demand and growth: a fire's only.

    `demand_l` is what is owed now, and overrules the model as `growth_lps` does. `clear` takes figures of a fire back:
    the model or the starting values of its level stand in again.
    """

    version: Version
    level: Level | None = None
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")] | None = None
    life_at_risk: bool | None = None
    demand_l: Amount | None = None
    growth_lps: Amount | None = None
    wind_mps: Speed | None = None
    visibility_m: Amount | None = None
    note: Note | None = None
    fuel: FuelModel | None = None
    slope_deg: Annotated[float, Meta(ge=0, le=60)] | None = None
    area_m2: Annotated[float, Meta(gt=0, le=1e10)] | None = None
    dead_moisture: (
        Annotated[float, Meta(ge=0.01, le=0.6, description="of dead fuel, share of its dry weight")] | None
    ) = None
    people: People | None = None
    clear: Annotated[
        tuple[FireFigure, ...], Meta(max_length=7, description="nobody stands by these now")
    ] = ()

    def command(self, incident_id: str) -> incident_commands.UpdateIncident:
        """The command for one incident."""
        values = {name: getattr(self, name) for name in self.__struct_fields__ if name != "version"}
        return incident_commands.UpdateIncident(incident_id=incident_id, version_seen=self.version, **values)


class IncidentCorrection(Body, frozen=True, kw_only=True):
    """What was reported is not so, and why; what is left out stays. Over 500 m away the height is the default, unless said."""

    version: Version
    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
    kind: IncidentKind | None = None
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")] | None = None
    place: Line | None = None
    position: PositionBody | None = None
    datum: HorizontalDatum = HorizontalDatum.WGS84
    elevation_m: Height | None = None

    def command(self, incident_id: str) -> incident_commands.CorrectIncident:
        """The command; a coordinate in GCJ-02 becomes WGS-84 here."""
        at = self.position
        return incident_commands.CorrectIncident(
            incident_id=incident_id,
            version_seen=self.version,
            reason=self.reason,
            kind=self.kind,
            title=self.title,
            place=self.place,
            position=None if at is None else position_from(at.lon_deg, at.lat_deg, self.datum),
            stated_datum=self.datum.value,
            elevation_m=self.elevation_m,
        )


class IncidentAct(Body, frozen=True, kw_only=True):
    """One step of an incident; `merge_into` for merge."""

    version: Version
    reason: Remark = ""
    merge_into: OptionalId = ""

    def command(self, incident_id: str, action: IncidentAction) -> incident_commands.ActOnIncident:
        """The command for one incident."""
        return incident_commands.ActOnIncident(
            incident_id=incident_id,
            action=action,
            version_seen=self.version,
            reason=self.reason,
            merge_into=self.merge_into,
        )


class IncidentActWithReason(IncidentAct, frozen=True, kw_only=True):
    """A step that must say why."""

    reason: Why


class IncidentMerge(IncidentAct, frozen=True, kw_only=True):
    """Merging names the incident it goes into."""

    merge_into: Id


class IncidentShare(Body, frozen=True, kw_only=True):
    """Show an incident to a partner site."""

    version: Version
    partner: Annotated[str, Meta(min_length=1, max_length=16)]

    def command(self, incident_id: str) -> incident_commands.ShareIncident:
        """The command for one incident."""
        return incident_commands.ShareIncident(
            incident_id=incident_id, partner=self.partner, version_seen=self.version
        )


class IncidentVerification(Body, frozen=True, kw_only=True):
    """A named person vouches for a report; `note` says how it was verified."""

    version: Version
    note: Why

    def command(self, incident_id: str) -> incident_commands.VerifyIncident:
        """The command for one incident."""
        return incident_commands.VerifyIncident(
            incident_id=incident_id, version_seen=self.version, note=self.note
        )


class PlanRequest(Body, frozen=True, kw_only=True):
    """Which incidents to plan for; none named: all that can be planned for."""

    incident_ids: Annotated[tuple[Id, ...], Meta(max_length=200)] = ()


class WhatIfRequest(Body, frozen=True, kw_only=True):
    """Changes to the situation, each an object with its `kind` and the fields of its kind (docs/planning.md)."""

    changes: Annotated[tuple[dict[str, Any], ...], Meta(min_length=1, max_length=20)]


class PlanAdoption(Body, frozen=True, kw_only=True):
    """Adopt a proposal, or only the named aircraft of it."""

    version: Version
    aircraft_ids: Annotated[tuple[Id, ...], Meta(max_length=200)] = ()

    def command(self, plan_id: str) -> tasking_commands.AdoptPlan:
        """The command for one plan."""
        return tasking_commands.AdoptPlan(
            plan_id=plan_id, version_seen=self.version, aircraft_ids=self.aircraft_ids
        )


class TaskingAct(Body, frozen=True, kw_only=True):
    """One step of a tasking; `refusal` for refuse, `done_at` where it was done before it could be sent."""

    version: Version
    reason: Remark = ""
    refusal: RefusalReason | None = None
    done_at: Instant | None = None

    def command(self, tasking_id: str, action: TaskingAction) -> tasking_commands.ActOnTasking:
        """The command for one tasking."""
        return tasking_commands.ActOnTasking(
            tasking_id=tasking_id,
            action=action,
            version_seen=self.version,
            reason=self.reason,
            refusal=self.refusal,
            done_at=self.done_at,
        )


class TaskingActWithReason(TaskingAct, frozen=True, kw_only=True):
    """A step that must say why."""

    reason: Why


class TaskingRefusal(TaskingAct, frozen=True, kw_only=True):
    """Refusing names one of the six reasons; free text may follow."""

    refusal: RefusalReason


class CounterBody(Body, frozen=True, kw_only=True):
    """ATC's changed offer; what is left out stays as it was filed."""

    ceiling_m: Height | None = None
    active_from: Instant | None = None
    active_until: Instant | None = None
    reason: Note
    expires_at: Instant

    def record(self) -> records.Counter:
        """The record."""
        return records.Counter(
            ceiling_m=self.ceiling_m,
            active_from=self.active_from,
            active_until=self.active_until,
            reason=self.reason,
            expires_at=self.expires_at,
        )


class AirspaceAct(Body, frozen=True, kw_only=True):
    """One step of an airspace request; `counter` for counter."""

    version: Version
    reason: Remark = ""
    counter: CounterBody | None = None

    def command(self, request_id: str, action: AirspaceAction) -> commands.ActOnAirspace:
        """The command for one request."""
        return commands.ActOnAirspace(
            request_id=request_id,
            action=action,
            version_seen=self.version,
            reason=self.reason,
            counter=self.counter.record() if self.counter else None,
        )


class AirspaceActWithReason(AirspaceAct, frozen=True, kw_only=True):
    """A step that must say why."""

    reason: Why


class AirspaceCounter(AirspaceAct, frozen=True, kw_only=True):
    """ATC's counter-offer."""

    counter: CounterBody


class Nothing(Body, frozen=True, kw_only=True):
    """No body, or an empty object."""


class NoQuery(Body, frozen=True, kw_only=True):
    """No query parameters."""


class PageQuery(Body, frozen=True, kw_only=True):
    """Which part of a list."""

    cursor: Annotated[str, Meta(max_length=90, pattern=CURSOR_PATTERN)] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class TrackQuery(Body, frozen=True, kw_only=True):
    """Which tracks: inside west,south,east,north in degrees."""

    bbox: Annotated[str, Meta(max_length=120, pattern=BBOX_PATTERN)] = ""
    limit: Annotated[int, Meta(ge=1, le=5000)] = 5000

    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north; None for everywhere. Nothing is inside where south is above north."""
        if not self.bbox:
            return None
        west, south, east, north = (float(part) for part in self.bbox.split(","))
        return west, south, east, north


class TrackIdQuery(Body, frozen=True, kw_only=True):
    """Which thing."""

    id: Annotated[str, Meta(min_length=1, max_length=120)]


_MISSING = re.compile(r"^Object missing required field `([^`]*)`(?: - at `\$\.?(.*)`)?$")
_EXTRA = re.compile(r"^Object contains unknown field `(.*?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_AT = re.compile(r"^(.*) - at `\$\.?(.*)`$", re.DOTALL)


def _located(message: str) -> Malformed:
    """The library's sentence with the path moved to `field`."""
    for pattern, sentence in ((_MISSING, "is missing"), (_EXTRA, "is not a field of this body")):
        found = pattern.match(message)
        if found:
            parent = found[2] or ""
            return Malformed(f"{parent}.{found[1]}".lstrip(".")[:200], sentence)
    found = _AT.match(message)
    return Malformed(found[2], found[1]) if found else Malformed("", message)


def read(body: bytes, cls: type[T]) -> T:
    """The body as `cls`; an empty body counts as `{}`. Raises Unreadable or Malformed."""
    body = body or b"{}"
    try:
        return msgspec.json.decode(body, type=cls)
    except msgspec.ValidationError as error:
        if "got `float`" in str(error):
            return _read_whole(body, cls)
        raise _located(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}"[:300]) from None


def _read_whole(body: bytes, cls: type[T]) -> T:
    """Once more with 3.0 read as 3: to JSON both are the same number, to the strict reader they are not."""
    try:
        return msgspec.convert(_whole(msgspec.json.decode(body)), cls)
    except msgspec.ValidationError as error:
        raise _located(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}"[:300]) from None


def _whole(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case _:
            return value


def read_query(values: dict[str, str], cls: type[T]) -> T:
    """Query parameters as `cls`; numbers may be text here. Raises Malformed."""
    try:
        return msgspec.convert(values, cls, strict=False)
    except msgspec.ValidationError as error:
        raise _located(str(error)) from None


def position_of(body: PositionBody, datum: HorizontalDatum = HorizontalDatum.WGS84) -> Position:
    """A WGS-84 position from a body."""
    return position_from(body.lon_deg, body.lat_deg, datum)
