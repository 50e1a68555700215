"""Messages of `/link` and their bytes; rows are read in link_rows.py. Nobody else reads the link's generated code.

Values in, one binary frame out, and back. Whatever does not read raises Malformed with the field's path; what a
message means in the dialogue is left to link_session.py.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import DecodeError

from dispatch.errors import Malformed
from protocols.codec import link_past
from protocols.codec.common import from_us, to_us
from protocols.codec.link_columns import LinkColumns, columns_from_wire, columns_to_wire
from protocols.codec.link_passed import (
    FarPastWord,
    FarWord,
    SiteWord,
    WordPassed,
    passed_from_wire,
    passed_to_wire,
)
from protocols.codec.link_past import PastAsk, PastLeftOut, PastPart, PastWord
from protocols.codec.link_renewal import (
    CertificateAsk,
    CertificateGiven,
    renewal_from_wire,
    renewal_to_wire,
)
from protocols.codec.link_rooms import (
    FileAsk,
    FilePart,
    RoomHands,
    word_from_wire,
    word_to_wire,
)
from protocols.codec.link_rows import (
    MAX_ROWS,
    MAX_TEXT,
    Batch,
    LinkRow,
    batch_from_wire,
    batch_to_wire,
    number_from_wire,
    text_from_wire,
)
from protocols.codec.link_track import LinkTrack, track_from_wire, track_to_wire
from protocols.codec.link_video import WIRE_NAMES, VideoOver, VideoPiece, VideoPull, VideoTook, VideoWord
from protocols.codec.link_video import word_from_wire as video_from_wire
from protocols.codec.link_video import word_to_wire as video_to_wire
from protocols.gen import link_pb2, tracks_pb2

__all__ = [
    "MAX_ROWS",
    "MAX_TEXT",
    "Batch",
    "CertificateAsk",
    "CertificateGiven",
    "FarPastWord",
    "FarWord",
    "FileAsk",
    "FilePart",
    "LinkColumns",
    "LinkRow",
    "LinkTrack",
    "PastAsk",
    "PastLeftOut",
    "PastPart",
    "PastWord",
    "RoomHands",
    "SiteWord",
    "VideoOver",
    "VideoPiece",
    "VideoPull",
    "VideoTook",
    "VideoWord",
    "WordPassed",
]  # what link_rows.py reads, by the name it always had

VERSION = 1  # of this dialogue; both ends speak the same or not at all
MINOR = 1  # what a minor adds, an older one passes over
SUBPROTOCOL = "ganying-link.v1"
MAX_MESSAGE_BYTES = 4 << 20  # a frame above is refused unread
MAX_TRACKS = 512  # in one message: more aircraft than ever flew at one incident
MAX_CAPABILITIES = 64
MAX_LANES = 16  # named in a Greet; those we do not know are passed over
_CODE = re.compile(r"^[A-Z][A-Z0-9_]{0,31}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneAt:
    """Where one lane stands: how far the greeter has the other's, and where its own ends."""

    lane: int
    have: int
    have_epoch: str
    head: int
    credit: int = 0  # batches that may be under way to the greeter; 0: four


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
    minor: int = 0
    capabilities: tuple[str, ...] = ()
    lanes: tuple[LaneAt, ...] = ()  # empty: a minor 0, whose only lane stands at have, have_epoch and head


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Everything of a lane up to `through` is committed."""

    through: int
    lane: int = 0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A message of a newer minor: passed over and counted."""

    size: int


RoomWord = SiteWord | WordPassed
Word = RoomWord | CertificateAsk | CertificateGiven | VideoWord
Message = Greet | Batch | Ack | LinkTracks | LinkColumns | Beat | Word | PastWord | Part | Unknown


def encode(message: Message) -> bytes:
    """One binary frame."""
    wire = link_pb2.LinkMessage()
    match message:
        case Greet():
            _greet_out(message, wire.greet)
        case Batch():
            batch_to_wire(message, wire.batch)
        case Ack():
            wire.ack.SetInParent()
            wire.ack.through, wire.ack.lane = message.through, message.lane
        case LinkTracks():
            wire.tracks.SetInParent()
            wire.tracks.at_us = to_us(message.at)
            for track in message.tracks:
                track_to_wire(track, wire.tracks.tracks.add())
        case LinkColumns():
            columns_to_wire(message, wire.columns)
        case Beat():
            wire.beat.SetInParent()
            wire.beat.at_us, wire.beat.echo_us = message.at_us, message.echo_us
            wire.beat.echo_age_us = message.echo_age_us
        case RoomHands() | FileAsk() | FilePart():
            word_to_wire(message, wire)
        case (
            PastAsk()
            | PastPart()
            | PastLeftOut()
            | CertificateAsk()
            | CertificateGiven()
            | VideoPull()
            | VideoPiece()
            | VideoTook()
            | VideoOver()
        ):
            _answered_out(message, wire)
        case WordPassed():
            passed_to_wire(message, wire.word_passed)
        case Part():
            wire.part.code, wire.part.detail = message.code, message.detail[:MAX_TEXT]
        case Unknown():
            raise TypeError("what is not known cannot be said")
    return wire.SerializeToString()


def _answered_out(
    message: PastWord | CertificateAsk | CertificateGiven | VideoWord, wire: link_pb2.LinkMessage
) -> None:
    """Questions and their answers."""
    match message:
        case PastAsk() | PastPart() | PastLeftOut():
            link_past.word_to_wire(message, wire)
        case CertificateAsk() | CertificateGiven():
            renewal_to_wire(message, wire)
        case _:
            video_to_wire(message, wire)


_WORDS: dict[str | None, Callable[[link_pb2.LinkMessage, str], Message]] = {
    **dict.fromkeys(("room_hands", "file_ask", "file_part"), word_from_wire),
    **dict.fromkeys(("certificate_ask", "certificate_given"), renewal_from_wire),
    **dict.fromkeys(link_past.WIRE_NAMES, link_past.word_from_wire),
    **dict.fromkeys(WIRE_NAMES, video_from_wire),
}


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
            return batch_from_wire(wire.batch)
        case "ack":
            return Ack(through=number_from_wire(wire.ack.through, "ack.through"), lane=wire.ack.lane)
        case "tracks":
            return _tracks_in(wire.tracks)
        case "columns":
            return columns_from_wire(wire.columns)
        case "beat":
            beat = wire.beat
            return Beat(at_us=beat.at_us, echo_us=beat.echo_us, echo_age_us=beat.echo_age_us)
        case "part":
            return _part_in(wire.part)
        case which if which in _WORDS:
            return _WORDS[which](wire, which)
        case "word_passed" if wire.word_passed.WhichOneof("word") is not None:
            return passed_from_wire(wire.word_passed)
    if not data:
        raise Malformed("message", "is empty")
    return Unknown(size=len(data))


def _greet_out(greet: Greet, wire: link_pb2.Greet) -> None:
    wire.SetInParent()
    wire.site, wire.name, wire.version = greet.site, greet.name, greet.version
    wire.agreement, wire.have, wire.have_epoch = greet.agreement, greet.have, greet.have_epoch
    wire.epoch, wire.head, wire.at_us = greet.epoch, greet.head, to_us(greet.at)
    wire.version_minor = greet.minor
    wire.capabilities.extend(greet.capabilities)
    for at in greet.lanes:
        wire.lanes.add(lane=at.lane, have=at.have, have_epoch=at.have_epoch, head=at.head, credit=at.credit)


def _greet_in(wire: link_pb2.Greet) -> Greet:
    return Greet(
        site=text_from_wire(wire.site, "greet.site"),
        name=text_from_wire(wire.name, "greet.name"),
        version=wire.version,
        agreement=text_from_wire(wire.agreement, "greet.agreement"),
        have=number_from_wire(wire.have, "greet.have"),
        have_epoch=text_from_wire(wire.have_epoch, "greet.have_epoch"),
        epoch=text_from_wire(wire.epoch, "greet.epoch"),
        head=number_from_wire(wire.head, "greet.head"),
        at=from_us(wire.at_us, "greet.at"),
        minor=wire.version_minor,
        capabilities=_capabilities_in(wire),
        lanes=_lanes_in(wire),
    )


def _capabilities_in(wire: link_pb2.Greet) -> tuple[str, ...]:
    if len(wire.capabilities) > MAX_CAPABILITIES:
        raise Malformed("greet.capabilities", f"{len(wire.capabilities)}, at most {MAX_CAPABILITIES}")
    return tuple(text_from_wire(each, "greet.capabilities") for each in wire.capabilities)


def _lanes_in(wire: link_pb2.Greet) -> tuple[LaneAt, ...]:
    if len(wire.lanes) > MAX_LANES:
        raise Malformed("greet.lanes", f"{len(wire.lanes)}, at most {MAX_LANES}")
    lanes = tuple(
        LaneAt(
            lane=each.lane,
            have=number_from_wire(each.have, f"greet.lanes[{index}].have"),
            have_epoch=text_from_wire(each.have_epoch, f"greet.lanes[{index}].have_epoch"),
            head=number_from_wire(each.head, f"greet.lanes[{index}].head"),
            credit=each.credit,
        )
        for index, each in enumerate(wire.lanes)
    )
    if len({each.lane for each in lanes}) != len(lanes):
        raise Malformed("greet.lanes", "one lane twice")
    return lanes


def _part_in(wire: link_pb2.Part) -> Part:
    if not _CODE.match(wire.code):
        raise Malformed("part.code", f"{wire.code[:40]!r} is not a code")
    return Part(code=wire.code, detail=wire.detail[:MAX_TEXT])


def _tracks_in(wire: tracks_pb2.Tracks) -> LinkTracks:
    if len(wire.tracks) > MAX_TRACKS:
        raise Malformed("tracks", f"{len(wire.tracks)} tracks, at most {MAX_TRACKS}")
    tracks = tuple(track_from_wire(track, f"tracks[{index}].") for index, track in enumerate(wire.tracks))
    return LinkTracks(at=from_us(wire.at_us, "tracks.at"), tracks=tracks)
