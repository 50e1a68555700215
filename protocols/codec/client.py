"""Messages of `/ws` and their bytes: the only reader of the console dialogue's generated code.

What a client sends becomes values. Of what it is sent, records and tracks are client_fragments.py's, the rest is
here. The dialogue is client_session.py's.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from google.protobuf.message import DecodeError

from dispatch import commands, incident_commands, records, tasking_commands
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.geo import position_from
from dispatch.ids import check_id
from dispatch.kinds import (
    AirspaceAction,
    HorizontalDatum,
    IncidentAction,
    IncidentKind,
    RefusalReason,
    Role,
    TaskingAction,
)
from protocols.codec.client_view import RoomGesture, Viewport, gesture_in, viewport_in
from protocols.codec.common import (
    DEGREES_TO_WIRE,
    enum_from_number,
    enum_to_number,
    from_us,
    to_us,
)
from protocols.gen import client_pb2

SUBPROTOCOL = "ganying.v1"
MAX_MESSAGE_BYTES = 65_536  # from a client; its largest command is under 4 kB
MAX_TEXT = 2_000  # characters of any text; the rules have shorter limits of their own
MAX_IDS = 200
_UINT32 = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Who, and from where on. `resume_after` 0: from nothing."""

    token: str
    resume_after: int
    epoch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """What the map shows; None: everywhere."""

    viewport: Viewport | None
    tracks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command with its key; `wrong` instead of a command when it could not be read."""

    command_id: str
    command: commands.Command | None
    wrong: Malformed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """The client's clock, to be sent back."""

    at_us: int


Received = Hello | Subscribe | Asked | Ping | RoomGesture


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A feed in the status line."""

    name: str
    kind: str
    state: str
    messages: int
    errors: int
    heard_age_ms: int | None
    simulated: bool
    transport: str = ""
    address: str = ""
    bytes: int = 0
    valid: int = 0
    errors_by_code: tuple[tuple[str, int], ...] = ()
    messages_by_kind: tuple[tuple[str, int], ...] = ()
    positions: int = 0
    positions_refused: int = 0
    repeats: int = 0
    dropped: int = 0
    backlog_bytes: int = 0
    connections: int = 0
    refused_connections: int = 0
    rate_per_s: float = 0.0
    tracks: int = 0
    clock: str = ""
    clock_off_ms: int | None = None
    last_error: str = ""
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLine:
    """A partner in the status line."""

    site: str
    name: str
    state: str
    lag_ms: int
    queue: int
    skew_ms: int
    tracks: int = 0
    heard_age_ms: int | None = None
    down_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """Another part of the site in the status line."""

    name: str
    kind: str
    state: str
    detail: str
    figures: tuple[tuple[str, float], ...]


def decode(data: bytes) -> Received:
    """What a client says. Raises Malformed."""
    wire = client_pb2.ClientMessage()
    try:
        wire.ParseFromString(data)
    except DecodeError as error:
        raise Malformed("message", f"not a client message: {error}") from None
    match wire.WhichOneof("body"):
        case "hello":
            hello = wire.hello
            return Hello(
                token=_text(hello.token, "hello.token"),
                resume_after=hello.resume_after,
                epoch=_text(hello.epoch, "hello.epoch"),
            )
        case "subscribe":
            return _subscribe_in(wire.subscribe)
        case "command":
            return _command_in(wire.command)
        case "room_gesture":
            return gesture_in(wire.room_gesture)
        case "ping":
            return Ping(at_us=wire.ping.at_us)
    raise Malformed("message", "says nothing this version knows")


def _subscribe_in(wire: client_pb2.Subscribe) -> Subscribe:
    if not wire.HasField("viewport"):
        return Subscribe(viewport=None, tracks=wire.tracks)
    return Subscribe(viewport=viewport_in(wire.viewport, "subscribe.viewport"), tracks=wire.tracks)


def _command_in(wire: client_pb2.Command) -> Asked:
    """A key that cannot be used raises; anything else wrong is answered under the key."""
    key = wire.command_id
    if not 1 <= len(key) <= 64 or not all(" " <= letter <= "~" for letter in key):
        raise Malformed("command.command_id", "is not 1 to 64 printable ASCII characters")
    kind = wire.WhichOneof("ask")
    try:
        if kind is None:
            raise Malformed("command", "asks nothing this version knows")
        return Asked(command_id=key, command=_ASKS[kind](getattr(wire, kind)))
    except Malformed as error:
        return Asked(command_id=key, command=None, wrong=error)


def _report(wire: client_pb2.ReportIncident) -> incident_commands.ReportIncident:
    if not wire.HasField("position"):
        raise Malformed("position", "is missing")
    datum = HorizontalDatum.WGS84
    if wire.datum:
        datum = cast(HorizontalDatum, enum_from_number(HorizontalDatum, wire.datum, "datum"))
    position = position_from(
        wire.position.lon_e7 / DEGREES_TO_WIRE, wire.position.lat_e7 / DEGREES_TO_WIRE, datum
    )
    return incident_commands.ReportIncident(
        kind=cast(IncidentKind, enum_from_number(IncidentKind, wire.kind, "kind")),
        level=wire.level,
        title=_text(wire.title, "title"),
        place=_text(wire.place, "place"),
        position=position,
        stated_datum=datum.value,
        life_at_risk=wire.life_at_risk if wire.HasField("life_at_risk") else None,
        note=_text(wire.note, "note"),
    )


def _act_on_incident(wire: client_pb2.ActOnIncident) -> incident_commands.ActOnIncident:
    return incident_commands.ActOnIncident(
        incident_id=check_id(wire.incident_id, "incident_id"),
        action=cast(IncidentAction, enum_from_number(IncidentAction, wire.action, "action")),
        version_seen=wire.version_seen,
        reason=_text(wire.reason, "reason"),
        merge_into=check_id(wire.merge_into, "merge_into") if wire.merge_into else "",
    )


def _share_incident(wire: client_pb2.ShareIncident) -> incident_commands.ShareIncident:
    return incident_commands.ShareIncident(
        incident_id=check_id(wire.incident_id, "incident_id"),
        partner=check_id(wire.partner, "partner"),
        version_seen=wire.version_seen,
    )


def _adopt_plan(wire: client_pb2.AdoptPlan) -> tasking_commands.AdoptPlan:
    if len(wire.aircraft_ids) > MAX_IDS:
        raise Malformed("aircraft_ids", f"more than {MAX_IDS}")
    return tasking_commands.AdoptPlan(
        plan_id=check_id(wire.plan_id, "plan_id"),
        version_seen=wire.version_seen,
        aircraft_ids=tuple(check_id(each, "aircraft_ids") for each in wire.aircraft_ids),
    )


def _act_on_tasking(wire: client_pb2.ActOnTasking) -> tasking_commands.ActOnTasking:
    refusal = None
    if wire.HasField("refusal"):
        refusal = cast(RefusalReason, enum_from_number(RefusalReason, wire.refusal, "refusal"))
    return tasking_commands.ActOnTasking(
        tasking_id=check_id(wire.tasking_id, "tasking_id"),
        action=cast(TaskingAction, enum_from_number(TaskingAction, wire.action, "action")),
        version_seen=wire.version_seen,
        reason=_text(wire.reason, "reason"),
        refusal=refusal,
        done_at=from_us(wire.done_at_us, "done_at") if wire.HasField("done_at_us") else None,
        amendment=wire.amendment,
    )


def _act_on_airspace(wire: client_pb2.ActOnAirspace) -> commands.ActOnAirspace:
    return commands.ActOnAirspace(
        request_id=check_id(wire.request_id, "request_id"),
        action=cast(AirspaceAction, enum_from_number(AirspaceAction, wire.action, "action")),
        version_seen=wire.version_seen,
        reason=_text(wire.reason, "reason"),
        counter=_counter(wire.counter) if wire.HasField("counter") else None,
    )


def _counter(wire: Any) -> records.Counter:
    ceiling_m = wire.ceiling_m if wire.HasField("ceiling_m") else None
    if ceiling_m is not None and not (math.isfinite(ceiling_m) and -500 <= ceiling_m <= 20_000):
        raise Malformed("counter.ceiling_m", f"{ceiling_m} is not a height in metres")
    return records.Counter(
        ceiling_m=ceiling_m,
        active_from=_instant(wire, "active_from"),
        active_until=_instant(wire, "active_until"),
        reason=_text(wire.reason, "counter.reason"),
        expires_at=from_us(wire.expires_at_us, "counter.expires_at"),
    )


def _instant(wire: Any, name: str) -> datetime | None:
    return from_us(getattr(wire, f"{name}_us"), f"counter.{name}") if wire.HasField(f"{name}_us") else None


def _text(value: str, field: str) -> str:
    if len(value) > MAX_TEXT or "\0" in value:
        raise Malformed(field, f"more than {MAX_TEXT} characters, or a NUL")
    return value


_ASKS: dict[str, Any] = {
    "report_incident": _report,
    "act_on_incident": _act_on_incident,
    "share_incident": _share_incident,
    "adopt_plan": _adopt_plan,
    "act_on_tasking": _act_on_tasking,
    "act_on_airspace": _act_on_airspace,
}


# From the site to the client


def welcome(
    *,
    site: str,
    site_name: str,
    account: str,
    display_name: str,
    role: Role,
    operator_id: str,
    at: datetime,
    epoch: str,
    demonstration: bool,
    version: str,
    run: int = 0,
) -> bytes:
    """The first message of a session."""
    message = client_pb2.ServerMessage()
    message.welcome.site, message.welcome.site_name = site, site_name
    message.welcome.account, message.welcome.display_name = account, display_name
    message.welcome.role = enum_to_number(role)  # type: ignore[assignment]  # stubs want the wire enum
    message.welcome.operator_id, message.welcome.at_us = operator_id, to_us(at)
    message.welcome.epoch, message.welcome.version = epoch, version
    message.welcome.demonstration, message.welcome.run = demonstration, run
    return message.SerializeToString()


def accepted(command_id: str, through: int, ids: Iterable[str]) -> bytes:
    """A command that is durable, with the ids it made."""
    message = client_pb2.ServerMessage()
    message.answer.command_id, message.answer.accepted = command_id, True
    message.answer.through = through
    message.answer.ids.extend(ids)
    return message.SerializeToString()


def rejected(command_id: str, error: GanyingError) -> bytes:
    """A command that left no trace, and why."""
    message = client_pb2.ServerMessage()
    message.answer.command_id, message.answer.code = command_id, error.code
    message.answer.detail, message.answer.field = error.detail, error.field
    if isinstance(error, Refused) and error.version is not None:
        message.answer.version = error.version
    return message.SerializeToString()


def failure(code: str, detail: str) -> bytes:
    """The last message of a session."""
    message = client_pb2.ServerMessage()
    message.failure.code, message.failure.detail = code, detail
    return message.SerializeToString()


def pong(at_us: int, server_at: datetime) -> bytes:
    """The client's clock back, and ours."""
    message = client_pb2.ServerMessage()
    message.pong.at_us, message.pong.server_at_us = at_us, to_us(server_at)
    return message.SerializeToString()


# of a FeedLine, carried under the same name
_FEED_PLAIN = (
    "transport",
    "address",
    "bytes",
    "valid",
    "positions",
    "positions_refused",
    "repeats",
    "dropped",
    "backlog_bytes",
    "connections",
    "refused_connections",
    "rate_per_s",
    "tracks",
    "clock",
    "last_error",
)


def status(
    at: datetime,
    feeds: Iterable[FeedLine],
    links: Iterable[LinkLine],
    tracks: int,
    services: Iterable[ServiceLine] = (),
    *,
    volumes_at: int = 0,
) -> bytes:
    """Once a second, the same for everybody."""
    message = client_pb2.ServerMessage()
    message.status.at_us, message.status.tracks = to_us(at), tracks
    message.status.volumes_at = volumes_at
    for feed in feeds:
        line = message.status.feeds.add()
        line.name, line.kind, line.state, line.simulated = feed.name, feed.kind, feed.state, feed.simulated
        line.messages, line.errors = feed.messages, feed.errors
        if feed.heard_age_ms is not None:
            line.heard_age_ms = min(feed.heard_age_ms, _UINT32)
        if feed.heard_at is not None:
            line.heard_at_us = to_us(feed.heard_at)
        for name in _FEED_PLAIN:
            setattr(line, name, getattr(feed, name))
        for name, count in feed.errors_by_code:
            line.errors_by_code.add(name=name, count=count)
        for name, count in feed.messages_by_kind:
            line.messages_by_kind.add(name=name, count=count)
        if feed.clock_off_ms is not None:
            line.clock_off_ms = feed.clock_off_ms
    for link in links:
        row = message.status.links.add()
        row.site, row.name, row.state = link.site, link.name, link.state
        row.lag_ms, row.queue, row.skew_ms = min(link.lag_ms, _UINT32), link.queue, link.skew_ms
        row.tracks = link.tracks
        if link.heard_age_ms is not None:
            row.heard_age_ms = min(link.heard_age_ms, _UINT32)
        if link.down_since is not None:
            row.down_since_us = to_us(link.down_since)
    for service in services:
        part = message.status.services.add()
        part.name, part.kind, part.state, part.detail = (
            service.name,
            service.kind,
            service.state,
            service.detail,
        )
        for name, value in service.figures:
            part.figures.add(name=name, value=value)
    return message.SerializeToString()
