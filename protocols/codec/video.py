"""Messages of `/ws/video` and their bytes: the only reader of the video dialogue's generated code.

A picture's message is made once, by the worker that took it in, and sent on as it is to whoever watches.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.protobuf.message import DecodeError

from dispatch.errors import Malformed
from dispatch.ids import check_id
from dispatch.video_kinds import VideoState
from protocols.codec.common import enum_to_number, to_us
from protocols.gen import video_pb2
from protocols.klv import Footprint, KlvFrame
from protocols.video_sets import PictureFormat
from protocols.video_ts import KlvPacket
from protocols.video_units import VideoUnit

SUBPROTOCOL = "ganying-video.v1"
MAX_ASK_BYTES = 4_096
MAX_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoHello:
    """Who."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoWatch:
    """Send this stream."""

    stream_id: str
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUnwatch:
    """Send it no more."""

    stream_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPing:
    """The viewer's clock, to be sent back."""

    at_us: int


VideoSaid = VideoHello | VideoWatch | VideoUnwatch | VideoPing


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStanding:
    """How a stream does. `counts`: faults and totals since its worker began."""

    stream_id: str
    slot: int
    state: VideoState
    since: datetime
    reason: str = ""
    viewers: int = 0
    fps: float = 0.0
    kbps: float = 0.0
    format: PictureFormat | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KlvOfStream:
    """What came beside the pictures of a stream: whole packets, as sent. `arrived_us` by the site's clock."""

    slot: int
    epoch: int
    pts_us: int | None
    arrived_us: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOfStream:
    """An access unit out of a message; microseconds on the stream's own clock."""

    epoch: int
    key: bool
    pts_us: int
    dts_us: int
    data: bytes
    codec: str = ""  # of key units


def decode(data: bytes) -> VideoSaid:
    """What a viewer says. Raises Malformed."""
    wire = video_pb2.VideoAsk()
    try:
        wire.ParseFromString(data)
    except DecodeError as error:
        raise Malformed("message", f"not a viewer's message: {error}") from None
    match wire.WhichOneof("body"):
        case "hello":
            if len(wire.hello.token) > MAX_TEXT:
                raise Malformed("hello.token", "is too long")
            return VideoHello(token=wire.hello.token)
        case "watch":
            if len(wire.watch.purpose) > MAX_TEXT:
                raise Malformed("watch.purpose", f"is over {MAX_TEXT} characters")
            return VideoWatch(
                stream_id=check_id(wire.watch.stream_id, "watch.stream_id"), purpose=wire.watch.purpose
            )
        case "unwatch":
            return VideoUnwatch(stream_id=check_id(wire.unwatch.stream_id, "unwatch.stream_id"))
        case "ping":
            return VideoPing(at_us=wire.ping.at_us)
        case _:
            raise Malformed("message", "says nothing")


def picture(slot: int, seq: int, unit: VideoUnit, arrived_us: int) -> bytes:
    """One access unit."""
    told = video_pb2.VideoTold()
    wire = told.picture
    wire.slot, wire.epoch, wire.seq, wire.key = slot, unit.epoch, seq, unit.key
    wire.pts_us, wire.dts_us, wire.arrived_us, wire.data = unit.pts_us, unit.dts_us, arrived_us, unit.data
    _put_format(wire, unit.format)
    return told.SerializeToString()


def klv(slot: int, packet: KlvPacket, arrived_us: int) -> bytes:
    """KLV beside the pictures."""
    told = video_pb2.VideoTold()
    wire = told.klv
    wire.slot, wire.epoch, wire.arrived_us, wire.data = slot, packet.epoch, arrived_us, packet.data
    if packet.pts_us is not None:
        wire.pts_us = packet.pts_us
    return told.SerializeToString()


def read_klv(told: bytes) -> KlvOfStream:
    """KLV as a worker of ours told it."""
    wire = video_pb2.VideoTold.FromString(told).klv
    return KlvOfStream(
        slot=wire.slot,
        epoch=wire.epoch,
        pts_us=wire.pts_us if wire.HasField("pts_us") else None,
        arrived_us=wire.arrived_us,
        data=wire.data,
    )


def read_format(told: bytes) -> tuple[str, int, int]:
    """Codec, width and height that a picture's message of ours tells; empty where it is no key unit."""
    wire = video_pb2.VideoTold.FromString(told).picture.format
    return wire.codec, wire.width, wire.height


def read_picture(told: bytes) -> PictureOfStream:
    """A picture as a worker of ours told it."""
    wire = video_pb2.VideoTold.FromString(told).picture
    return PictureOfStream(
        epoch=wire.epoch,
        key=wire.key,
        pts_us=wire.pts_us,
        dts_us=wire.dts_us,
        data=wire.data,
        codec=wire.format.codec,
    )


def look(of: KlvOfStream, frame: KlvFrame, seen: Footprint) -> bytes:
    """Where the camera looks."""
    told = video_pb2.VideoTold()
    wire = told.look
    wire.slot, wire.epoch, wire.arrived_us = of.slot, of.epoch, of.arrived_us
    if of.pts_us is not None:
        wire.pts_us = of.pts_us
    if frame.time_utc is not None:
        wire.said_us = to_us(frame.time_utc)
    for name, place in (("sensor", seen.sensor), ("centre", seen.centre), ("target", seen.target)):
        if place is not None:
            made = getattr(wire, name)
            made.lon_deg, made.lat_deg = place
    for lon_deg, lat_deg in seen.corners or ():
        wire.corners.add(lon_deg=lon_deg, lat_deg=lat_deg)
    wire.corners_by, wire.reason = str(seen.corners_by or ""), str(seen.reason or "")
    wire.level, wire.cut = seen.level, seen.cut
    numbers = {
        "sensor_altitude_m": frame.sensor_altitude_m,
        "centre_elevation_m": seen.centre_elevation_m,
        "slant_range_m": frame.slant_range_m,
        "off_deg": seen.off_deg,
    }
    for name, number in numbers.items():
        if number is not None:
            setattr(wire, name, number)
    return told.SerializeToString()


def recorded(told: Iterable[bytes], from_us: int, through_us: int, next_us: int | None) -> bytes:
    """A part of a recording."""
    wire = video_pb2.VideoRecorded(told=told, from_us=from_us, through_us=through_us)
    if next_us is not None:
        wire.next_us = next_us
    return wire.SerializeToString()


def welcome(*, site: str, account: str, display_name: str, at: datetime) -> bytes:
    """The answer to VideoHello."""
    told = video_pb2.VideoTold()
    told.welcome.site, told.welcome.account = site, account
    told.welcome.display_name, told.welcome.at_us = display_name, to_us(at)
    return told.SerializeToString()


def pong(at_us: int, now: datetime) -> bytes:
    """The answer to VideoPing."""
    told = video_pb2.VideoTold()
    told.pong.at_us, told.pong.server_us = at_us, to_us(now)
    return told.SerializeToString()


class Standings:
    """How streams do at one moment, for many viewers: each stream's part of the message is made once.

    Parts are messages of their own that stand one behind the other: repeated fields of a message that comes in parts add
    up (protobuf, encoding of embedded messages).
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[video_pb2.VideoTold, bytes]] = {}

    def message(self, all_of: Iterable[VideoStanding], left_out: Mapping[int, int]) -> bytes:
        """To one viewer. `left_out` by slot: of those it watches."""
        parts = [_NO_STANDINGS]
        for each in all_of:
            made = self._made.get(each.slot)
            if made is None:
                told = _standing(each)
                made = self._made[each.slot] = told, told.SerializeToString()
            told, part = made
            if each.slot in left_out:
                wire = told.standings.streams[0]
                wire.watched, wire.left_out = True, left_out[each.slot]
                part = told.SerializeToString()
            parts.append(part)
        return b"".join(parts)


def _no_standings() -> bytes:
    told = video_pb2.VideoTold()
    told.standings.SetInParent()
    return told.SerializeToString()


_NO_STANDINGS = _no_standings()


def _standing(each: VideoStanding) -> video_pb2.VideoTold:
    told = video_pb2.VideoTold()
    wire = told.standings.streams.add()
    wire.stream_id, wire.slot, wire.reason = each.stream_id, each.slot, each.reason
    wire.state = enum_to_number(each.state)  # type: ignore[assignment]  # wants the wire enum
    wire.since_us = to_us(each.since)
    wire.viewers, wire.fps, wire.kbps = each.viewers, each.fps, each.kbps
    _put_format(wire, each.format)
    for name, count in sorted(each.counts.items()):
        wire.counts.add(name=name, count=count)
    return told


def refused(stream_id: str, code: str, detail: str) -> bytes:
    """A stream that may not be watched."""
    told = video_pb2.VideoTold()
    told.refused.stream_id, told.refused.code, told.refused.detail = stream_id, code, detail
    return told.SerializeToString()


def failure(code: str, detail: str) -> bytes:
    """The last message."""
    told = video_pb2.VideoTold()
    told.failure.code, told.failure.detail = code, detail
    return told.SerializeToString()


def _put_format(wire: Any, made: PictureFormat | None) -> None:
    if made is not None:
        wire.format.codec, wire.format.width, wire.format.height = made.codec, made.width, made.height
