"""Messages for viewers that a partner's site made, made fit for viewers of this one.

Slots and epochs are numbers of the site that shows the picture, times are by its clock. Nothing else is touched: the
access unit is the one that the camera's site took in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from dispatch.errors import Malformed
from protocols.gen import video_pb2
from protocols.video_sets import PictureFormat
from protocols.websocket_frame import message_of

_MOST_CODEC = 64


def _tag(field: int) -> bytes:
    number = field << 3 | 2  # length-delimited
    return bytes((number & 0x7F | 0x80, number >> 7))


_PICTURE = _tag(602)
_LOOK = _tag(607)


def is_picture(frame: bytes) -> bool:
    """Whether a viewer's WebSocket frame carries an access unit."""
    return message_of(frame)[:2] == _PICTURE


def is_look(frame: bytes) -> bool:
    """Whether it says where the camera looks."""
    return message_of(frame)[:2] == _LOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """A message as viewers here are sent it. `epoch` is the partner's, `format` told with each key picture."""

    message: bytes
    picture: bool
    key: bool
    epoch: int
    format: PictureFormat | None


def relayed(told: bytes, *, slot: int, epoch_of: Callable[[int], int], ahead_us: int, now_us: int) -> Relayed:
    """A partner's message with our `slot`, `epoch_of(its epoch)`, and its time less `ahead_us`, never beyond `now_us`.

    Raises Malformed for whatever is no picture and no look.
    """
    wire = video_pb2.VideoTold()
    try:
        wire.ParseFromString(told)
    except DecodeError as error:
        raise Malformed("video", f"no message for viewers: {error}") from None
    which = wire.WhichOneof("body")
    if which == "look":
        part: Any = wire.look
        look, key, made = wire.look, False, None
        if len(look.corners) not in (0, 4):
            raise Malformed("video.look.corners", f"{len(look.corners)}, not 0 or 4")
        places = (look.sensor, look.centre, look.target, *look.corners)
        if not all(abs(each.lon_deg) <= 180 and abs(each.lat_deg) <= 90 for each in places):
            raise Malformed("video.look", "is not longitude, latitude in degrees")
    elif which == "picture":
        if not wire.picture.data:
            raise Malformed("video.picture.data", "is empty")
        if len(wire.picture.format.codec) > _MOST_CODEC:
            raise Malformed("video.picture.format", "no codec has such a name")
        part, key = wire.picture, wire.picture.key
        named = wire.picture.format
        made = PictureFormat(codec=named.codec, width=named.width, height=named.height) if key else None
    else:
        raise Malformed("video", f"{which or 'nothing'} does not come from a partner")
    epoch = part.epoch
    part.slot, part.epoch = slot, epoch_of(epoch)
    part.arrived_us = min(part.arrived_us - ahead_us, now_us)
    return Relayed(
        message=wire.SerializeToString(), picture=which == "picture", key=key, epoch=epoch, format=made
    )
