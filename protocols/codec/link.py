"""Messages of `/link` and their bytes: the only reader of the link's generated code.

Values in, one binary frame out, and back. Whatever does not read raises Malformed with the field's path; what a
message means in the dialogue is left to link_session.py.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from google.protobuf.message import DecodeError

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role
from protocols.codec.common import enum_from_number, enum_to_number, from_us, to_us
from protocols.gen import link_pb2, tracks_pb2
from protocols.rows import Row

VERSION = 1  # of this dialogue; both ends speak the same or not at all
SUBPROTOCOL = "ganying-link.v1"
MAX_MESSAGE_BYTES = 4 << 20  # a frame above is refused unread
MAX_ROWS = 32  # in one batch: each is read and judged on arrival, about 0.1 ms, and 10 ms is the limit
MAX_TRACKS = 512  # in one message: more aircraft than ever flew at one incident
MAX_TEXT = 200  # characters of names, codes and details
_CODE = re.compile(r"^[A-Z][A-Z0-9_]{0,31}$")
_LARGEST = 2**63 - 1  # journal numbers are BIGINT in both databases


@dataclass(frozen=True, slots=True, kw_only=True)
class Greet:
    """Who speaks, how far it has our journal (`have` of `have_epoch`), and where its own ends (`head` of `epoch`)."""

    site: str
    name: str
    version: int
    agreement: str
    have: int
    have_epoch: str
    epoch: str
    head: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Every row in (after, through] that the receiver may have; what is missing in between was withheld."""

    after: int
    through: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Everything up to `through` is committed."""

    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTrack:
    """One aircraft as its site sees it. `age_ms` at the message's time, since the position was measured."""

    icao24: str
    position: Position
    age_ms: int
    altitude_m: float | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    callsign: str = ""
    squawk: str = ""
    on_ground: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTracks:
    """The sender's aircraft on shared incidents, now."""

    at: datetime
    tracks: tuple[LinkTrack, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Alive. `echo_us` is the `at_us` of the last beat received, `echo_age_us` how long ago that was; 0: none yet."""

    at_us: int
    echo_us: int
    echo_age_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The sender ends the link, and why."""

    code: str
    detail: str


Message = Greet | Batch | Ack | LinkTracks | Beat | Part


def encode(message: Message) -> bytes:
    """One binary frame."""
    wire = link_pb2.LinkMessage()
    match message:
        case Greet():
            _greet_out(message, wire.greet)
        case Batch():
            wire.batch.after, wire.batch.through = message.after, message.through
            wire.batch.SetInParent()
            for row in message.rows:
                _row_out(row, wire.batch.rows.add())
        case Ack():
            wire.ack.SetInParent()
            wire.ack.through = message.through
        case LinkTracks():
            wire.tracks.SetInParent()
            wire.tracks.at_us = to_us(message.at)
            for track in message.tracks:
                _track_out(track, wire.tracks.tracks.add())
        case Beat():
            wire.beat.SetInParent()
            wire.beat.at_us, wire.beat.echo_us = message.at_us, message.echo_us
            wire.beat.echo_age_us = message.echo_age_us
        case Part():
            wire.part.code, wire.part.detail = message.code, message.detail[:MAX_TEXT]
    return wire.SerializeToString()


def decode(data: bytes) -> Message:
    """The message in a frame. Raises Malformed."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise Malformed("message", f"{len(data)} bytes, at most {MAX_MESSAGE_BYTES}")
    wire = link_pb2.LinkMessage()
    try:
        wire.ParseFromString(data)
    except DecodeError as error:
        raise Malformed("message", f"not a link message: {error}") from None
    match wire.WhichOneof("body"):
        case "greet":
            return _greet_in(wire.greet)
        case "batch":
            return _batch_in(wire.batch)
        case "ack":
            return Ack(through=_number(wire.ack.through, "ack.through"))
        case "tracks":
            return _tracks_in(wire.tracks)
        case "beat":
            beat = wire.beat
            return Beat(at_us=beat.at_us, echo_us=beat.echo_us, echo_age_us=beat.echo_age_us)
        case "part":
            return _part_in(wire.part)
    raise Malformed("message", "says nothing this version knows")


def _greet_out(greet: Greet, wire: link_pb2.Greet) -> None:
    wire.SetInParent()
    wire.site, wire.name, wire.version = greet.site, greet.name, greet.version
    wire.agreement, wire.have, wire.have_epoch = greet.agreement, greet.have, greet.have_epoch
    wire.epoch, wire.head, wire.at_us = greet.epoch, greet.head, to_us(greet.at)


def _greet_in(wire: link_pb2.Greet) -> Greet:
    return Greet(
        site=_text(wire.site, "greet.site"),
        name=_text(wire.name, "greet.name"),
        version=wire.version,
        agreement=_text(wire.agreement, "greet.agreement"),
        have=_number(wire.have, "greet.have"),
        have_epoch=_text(wire.have_epoch, "greet.have_epoch"),
        epoch=_text(wire.epoch, "greet.epoch"),
        head=_number(wire.head, "greet.head"),
        at=from_us(wire.at_us, "greet.at"),
    )


def _part_in(wire: link_pb2.Part) -> Part:
    if not _CODE.match(wire.code):
        raise Malformed("part.code", f"{wire.code[:40]!r} is not a code")
    return Part(code=wire.code, detail=wire.detail[:MAX_TEXT])


def _row_out(row: Row, wire: link_pb2.Row) -> None:
    wire.seq, wire.at_us, wire.origin, wire.origin_seq = row.seq, to_us(row.at), row.origin, row.origin_seq
    wire.command_id, wire.part, wire.actor, wire.kind, wire.body = (
        row.command_id,
        row.part,
        row.actor,
        row.kind,
        row.body,
    )
    if row.role is not None:
        wire.role = enum_to_number(row.role)  # type: ignore[assignment]  # stubs want the wire enum


def _batch_in(wire: link_pb2.Batch) -> Batch:
    if len(wire.rows) > MAX_ROWS:
        raise Malformed("batch.rows", f"{len(wire.rows)} rows, at most {MAX_ROWS}")
    after = _number(wire.after, "batch.after")
    through = _number(wire.through, "batch.through")
    rows = tuple(_row_in(row, f"batch.rows[{index}].") for index, row in enumerate(wire.rows))
    if through < after or (through == after and rows):
        raise Malformed("batch.through", f"{through} does not follow {after}")
    seq, origin_seq = after, 0
    for index, row in enumerate(rows):
        if not seq < row.seq <= through:
            raise Malformed(
                f"batch.rows[{index}].seq", f"{row.seq} is not in order within ({after}, {through}]"
            )
        if row.origin_seq <= origin_seq:
            raise Malformed(
                f"batch.rows[{index}].origin_seq", f"{row.origin_seq} does not follow {origin_seq}"
            )
        seq, origin_seq = row.seq, row.origin_seq
    return Batch(after=after, through=through, rows=rows)


def _row_in(wire: link_pb2.Row, where: str) -> Row:
    role = None
    if wire.HasField("role"):
        role = cast(Role, enum_from_number(Role, wire.role, where + "role"))
    if wire.part > 0xFFFF:
        raise Malformed(where + "part", f"{wire.part} facts of one command")
    return Row(
        seq=_number(wire.seq, where + "seq"),
        at=from_us(wire.at_us, where + "at"),
        origin=_text(wire.origin, where + "origin"),
        origin_seq=_number(wire.origin_seq, where + "origin_seq"),
        command_id=_text(wire.command_id, where + "command_id"),
        part=wire.part,
        actor=_text(wire.actor, where + "actor"),
        role=role,
        kind=_text(wire.kind, where + "kind"),
        body=wire.body,
    )


def _track_out(track: LinkTrack, wire: tracks_pb2.Track) -> None:
    wire.address = int(track.icao24, 16)
    wire.lon_e7 = round(track.position.lon_deg * 10_000_000)
    wire.lat_e7 = round(track.position.lat_deg * 10_000_000)
    wire.age_ms = track.age_ms
    if track.altitude_m is not None and track.altitude_datum is not None:
        wire.altitude_m = track.altitude_m
        wire.datum = enum_to_number(track.altitude_datum)  # type: ignore[assignment]  # stubs want the wire enum
    for name in ("ground_speed_mps", "track_deg", "vertical_rate_mps"):
        value = getattr(track, name)
        if value is not None:
            setattr(wire, name, value)
    wire.callsign, wire.squawk = track.callsign, track.squawk
    wire.on_ground, wire.simulated = track.on_ground, track.simulated


def _tracks_in(wire: tracks_pb2.Tracks) -> LinkTracks:
    if len(wire.tracks) > MAX_TRACKS:
        raise Malformed("tracks", f"{len(wire.tracks)} tracks, at most {MAX_TRACKS}")
    tracks = tuple(_track_in(track, f"tracks[{index}].") for index, track in enumerate(wire.tracks))
    return LinkTracks(at=from_us(wire.at_us, "tracks.at"), tracks=tracks)


def _track_in(wire: tracks_pb2.Track, where: str) -> LinkTrack:
    if not 0 < wire.address <= 0xFFFFFF:
        raise Malformed(where + "address", f"{wire.address} is not a 24-bit address")
    datum = None
    if wire.HasField("altitude_m"):
        datum = cast(AltitudeDatum, enum_from_number(AltitudeDatum, wire.datum, where + "datum"))
    return LinkTrack(
        icao24=f"{wire.address:06x}",
        position=Position(lon_deg=wire.lon_e7 / 10_000_000, lat_deg=wire.lat_e7 / 10_000_000),
        age_ms=wire.age_ms,
        altitude_m=_finite(wire, "altitude_m", where),
        altitude_datum=datum,
        ground_speed_mps=_finite(wire, "ground_speed_mps", where),
        track_deg=_finite(wire, "track_deg", where),
        vertical_rate_mps=_finite(wire, "vertical_rate_mps", where),
        callsign=_text(wire.callsign, where + "callsign"),
        squawk=_text(wire.squawk, where + "squawk"),
        on_ground=wire.on_ground,
        simulated=wire.simulated,
    )


def _finite(wire: tracks_pb2.Track, name: str, where: str) -> float | None:
    if not wire.HasField(name):
        return None
    value = float(getattr(wire, name))
    if not math.isfinite(value):
        raise Malformed(where + name, f"{value} is not a number")
    return value


def _number(value: int, field: str) -> int:
    if value > _LARGEST:
        raise Malformed(field, f"{value} is not a journal number")
    return value


def _text(value: str, field: str) -> str:
    if len(value) > MAX_TEXT or "\0" in value:
        raise Malformed(field, f"more than {MAX_TEXT} characters, or a NUL")
    return value
