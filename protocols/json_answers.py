"""What HTTP doors answer: records and small structs out, JSON bytes back, and the schemas that openapi.json shows.

Bodies that come in are json_doors.py's and json_resources.py's.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from dispatch import records
from dispatch.drop_records import TrackEvent
from dispatch.flight_phase import FlightEventKind
from dispatch.flight_watch import Findings, kept
from dispatch.ground_height import NoHeight
from dispatch.kinds import AltitudeDatum, Emergency, PlanState, Role, TaskingAction, ThingKind
from dispatch.planner_run import PlannerRun
from dispatch.records import Tasking

T = TypeVar("T")


class Answered(Struct, kw_only=True, frozen=True):
    """What the server sends: may gain fields."""


class SessionAnswer(Answered, frozen=True, kw_only=True):
    """Who is signed in, under which role, until when. `token` only in the answer that opens the session."""

    account: str
    display_name: str
    role: Role
    roles: list[Role]
    operator_id: str
    expires_at: datetime
    locked: bool  # looks on and does not act until the password is typed again
    must_change: bool  # does nothing but set a new password
    idle_lock_s: int  # untouched for so long it locks; 0: never


class SessionOpenedAnswer(SessionAnswer, frozen=True, kw_only=True):
    """The one answer that carries the token."""

    token: str
    device_id: str = ""  # of a phone that signs
    device_seq: int = 0  # the last of its acts that the site has


class PlanAnswer(Answered, frozen=True, kw_only=True):
    """A proposal with its reasons; `interchange` is the plan in the interchange format."""

    id: str
    site: str
    created_at: datetime
    requested_by: str
    incident_ids: list[str]
    assignments: list[records.Assignment]
    reasons: list[records.Reason]
    state: PlanState
    score: float
    human_score: float
    solve_s: float
    solver: str
    seed: int
    interchange: Any
    version: int
    bound: float | None
    conditions: list[Any]  # what a person made a condition of it, kept by later proposals

    @classmethod
    def of(cls, plan: records.Plan) -> "PlanAnswer":
        """A plan as JSON shows it."""
        values = {name: getattr(plan, name) for name in cls.__struct_fields__}
        values["interchange"] = msgspec.json.decode(plan.interchange) if plan.interchange else None
        values["conditions"] = msgspec.json.decode(plan.conditions) if plan.conditions else []
        return cls(**values)


class WhatIfAnswer(Answered, frozen=True, kw_only=True):
    """What a proposal would be with changes, as a difference to one without them; nothing is recorded.

    `difference`: `score` and `terms` with `before` and `after` (smaller is better), and the `incidents` and `aircraft`
    that differ. `real`: it can be made a proposal, by its `id`, for as long as the site remembers it.
    """

    id: str
    changes: list[Any]
    difference: Any
    assignments: list[records.Assignment]
    violations: list[Any]
    score: float
    human_score: float
    real: bool


class PlannerRunsAnswer(Answered, frozen=True, kw_only=True):
    """What the planner thinks about now, in the order in which it was asked."""

    items: list[PlannerRun]

    @classmethod
    def of(cls, runs: Iterable[PlannerRun]) -> "PlannerRunsAnswer":
        """Runs as JSON shows them."""
        return cls(items=list(runs))


class Point(Answered, frozen=True, kw_only=True):
    """GeoJSON: longitude, latitude."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class TrackProperties(Answered, frozen=True, kw_only=True):
    """What is known of one aircraft beside its place."""

    icao24: str  # empty: none known
    keys: list[str]  # under which its sources know it
    callsign: str
    registration: str
    name: str
    thing_kind: ThingKind | None
    age_s: float
    freshness: str
    source: str  # the one whose position stands
    source_kind: str
    sources: int  # that hear it now
    accuracy_m: float | None  # radius that holds the true position with 95 %
    altitude_m: float | None
    altitude_datum: AltitudeDatum | None
    height_above_ground_m: float | None  # over fit terrain, or as the aircraft measures it itself
    height_within_m: float | None  # what that may be off by
    height_reason: NoHeight | None  # why there is none
    ground_speed_mps: float | None
    track_deg: float | None
    vertical_rate_mps: float | None
    squawk: str
    emergency: Emergency | None
    on_ground: bool
    simulated: bool
    doubts: list[str]
    site: str


class SourceTrackAnswer(Answered, frozen=True, kw_only=True):
    """What one source says of a thing."""

    source: str
    source_kind: str
    key: str
    heard_age_s: float
    position_age_s: float | None
    position: Point | None
    accuracy_m: float | None
    altitude_m: float | None
    altitude_datum: AltitudeDatum | None
    chosen: bool


class TrackFeature(Answered, frozen=True, kw_only=True):
    """One aircraft."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: Point
    properties: TrackProperties


class TrackCollection(Answered, frozen=True, kw_only=True):
    """Every aircraft that is followed now."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[TrackFeature]
    at: datetime
    more: bool  # there are more than were asked for


class Page(Answered, Generic[T], frozen=True, kw_only=True):
    """Part of a list; `next` is the cursor of the following part, null at the end."""

    items: list[T]
    next: str | None


class TrackFinding(Answered, frozen=True, kw_only=True):
    """What was read off a track. `confidence` 0 to 1 orders findings; `why` holds the figures, units in names.

    `answer`: open until a person has confirmed or rejected it; of take-off, scene and landing the step is the answer.
    """

    id: str
    sortie: int
    kind: FlightEventKind
    at: datetime
    lon_deg: float
    lat_deg: float
    confidence: float
    why: dict[str, float]
    answer: Literal["open", "confirmed", "rejected"]

    @staticmethod
    def of(event: TrackEvent, confirmed: frozenset[str] = frozenset()) -> "TrackFinding":
        """One finding."""
        answer: Literal["open", "confirmed", "rejected"] = "open" if event.rejected_at is None else "rejected"
        return TrackFinding(
            id=event.id,
            sortie=event.sortie,
            kind=event.kind,
            at=event.at,
            lon_deg=event.position.lon_deg,
            lat_deg=event.position.lat_deg,
            confidence=event.confidence,
            why={each.name: each.value for each in event.why},
            answer="confirmed" if event.id in confirmed else answer,
        )


class TrackFindingsAnswer(Answered, frozen=True, kw_only=True):
    """Of all sorties; the counts are of the present one. `proposed` is what `action` would stand on, null: nothing is."""

    items: list[TrackFinding]
    drops: int
    water_pick_ups: int
    action: TaskingAction | None
    proposed: TrackFinding | None

    @staticmethod
    def of(findings: Findings, tasking: Tasking, noted: tuple[TrackEvent, ...]) -> "TrackFindingsAnswer":
        """As the watch and the journal have them."""
        known = {each.id for each in noted}
        fresh = (kept(tasking, event) for event in findings.events)
        told = (*noted, *(each for each in fresh if each.id not in known))
        confirmed = frozenset(each.event_id for each in tasking.water if each.event_id and not each.struck)
        proposed = findings.proposed
        return TrackFindingsAnswer(
            items=[TrackFinding.of(event, confirmed) for event in told],
            drops=findings.count(FlightEventKind.DROP),
            water_pick_ups=findings.count(FlightEventKind.WATER_PICK_UP),
            action=findings.action,
            proposed=None if proposed is None else TrackFinding.of(kept(tasking, proposed)),
        )


class PartnerAnswer(Answered, frozen=True, kw_only=True):
    """A partner site and the state of the link to it."""

    site: str
    name: str
    state: str
    lag_ms: int
    queue: int
    skew_ms: int


class FeedAnswer(Answered, frozen=True, kw_only=True):
    """A feed of positions and how it does."""

    name: str
    kind: str
    state: str
    messages: int
    errors: int
    heard_age_s: float | None
    simulated: bool


class SourceAnswer(Answered, frozen=True, kw_only=True):
    """A feed with all it counts; totals since start."""

    name: str
    kind: str
    transport: str
    address: str
    state: str
    simulated: bool
    heard_age_s: float | None
    bytes: int
    messages: int
    valid: int
    errors: int
    errors_by_code: dict[str, int]
    messages_by_kind: dict[str, int]
    positions: int
    positions_refused: int
    repeats: int
    dropped: int
    backlog_bytes: int
    connections: int
    refused_connections: int
    rate_per_s: float
    tracks: int
    clock: str
    clock_off_s: float | None
    last_error: str


class ArchiveAnswer(Answered, frozen=True, kw_only=True):
    """How the archive does: `ok`, `off`, `full` (no room on the disk) or `down`."""

    state: str
    written_age_s: float | None
    queued_rows: int
    dropped_rows: int


class ServiceAnswer(Answered, frozen=True, kw_only=True):
    """Another part of the site: a broker, a worker."""

    name: str
    kind: str
    state: Literal["ok", "degraded", "down"]


class HealthAnswer(Answered, frozen=True, kw_only=True):
    """Whether the server can do its work; holds nothing that a stranger may not know."""

    status: Literal["ok", "degraded"]
    site: str
    version: str
    journal: str
    journal_seq: int
    at: datetime
    feeds: list[FeedAnswer]
    archive: ArchiveAnswer | None = None
    services: list[ServiceAnswer] = []


class GuideAccount(Answered, frozen=True, kw_only=True):
    """A demonstration account; loopback only."""

    account: str
    password: str
    role: str
    display_name: str


class GuideAnswer(Answered, frozen=True, kw_only=True):
    """What a newcomer needs for the demonstration."""

    accounts: list[GuideAccount]


class ImportedRow(Answered, frozen=True, kw_only=True):
    """A row of an import that was not taken, and why; `line` 1 is the heading."""

    line: int
    id: str
    code: str
    field: str
    detail: str


class ImportAnswer(Answered, frozen=True, kw_only=True):
    """What an import did."""

    saved: int
    failed: list[ImportedRow]


class Problem(Answered, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. `code` is stable; `field` names what was wrong; `version` is the present one where the caller's was stale."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str = ""
    version: int | None = None
    roles: list[Role] | None = None  # ROLE_REQUIRED: those to choose from
    faults: list[ImportedRow] | None = None  # BAD_TABLE: everything that is wrong with it


def _public(value: Any) -> Any:
    if isinstance(value, bytes):
        raise TypeError("bytes never travel in JSON answers")
    return value


_encoder = msgspec.json.Encoder(enc_hook=_public)


def write(answer: Any) -> bytes:
    """An answer as JSON: enums as their text, times as ISO-8601 with Z."""
    return _encoder.encode(answer)


def schemas(types: list[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """JSON schemas of `types`, and the components they refer to."""
    refs, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return list(refs), components
