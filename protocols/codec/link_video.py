"""What of video goes over a link: a stream asked for, its messages in pieces, how much came, and the end of it.

Nothing is judged here but what cannot be read: a piece that is too large or of a feed nobody asked for is for
protocols/link_video.py to name and to hold, so that it ends no link.
"""

import re
from dataclasses import dataclass

from dispatch.errors import Malformed
from dispatch.ids import check_id
from protocols.gen import link_pb2

PIECE_BYTES = 16_384  # half a second of a line of 256 kbit/s: an order waits no longer behind it
_CODE = re.compile(r"^[A-Z][A-Z0-9_]{0,31}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPull:
    """A stream of the other's is wanted as `feed`, or not any more."""

    feed: int
    stream_id: str
    stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPiece:
    """A piece of message `unit` of a feed, which has `size` bytes."""

    feed: int
    unit: int
    offset: int
    size: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTook:
    """So many bytes of pieces have come since the connection began."""

    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOver:
    """No pictures of a feed, or no more."""

    feed: int
    code: str


VideoWord = VideoPull | VideoPiece | VideoTook | VideoOver
WIRE_NAMES = ("video_pull", "video_piece", "video_took", "video_over")


def word_to_wire(word: VideoWord, wire: link_pb2.LinkMessage) -> None:
    """Fill the message."""
    match word:
        case VideoPull():
            wire.video_pull.feed, wire.video_pull.stream_id = word.feed, word.stream_id
            wire.video_pull.stop = word.stop
        case VideoPiece():
            piece = wire.video_piece
            piece.feed, piece.unit, piece.offset, piece.size = word.feed, word.unit, word.offset, word.size
            piece.key, piece.data = word.key, word.data
        case VideoTook():
            wire.video_took.SetInParent()
            wire.video_took.bytes = word.bytes
        case VideoOver():
            wire.video_over.feed, wire.video_over.code = word.feed, word.code


def word_from_wire(wire: link_pb2.LinkMessage, which: str) -> VideoWord:
    """The word of a link message that has one; `which` is the field's name. Raises Malformed."""
    if which == "video_pull":
        pull = wire.video_pull
        return VideoPull(
            feed=pull.feed, stream_id=check_id(pull.stream_id, "video_pull.stream_id"), stop=pull.stop
        )
    if which == "video_piece":
        piece = wire.video_piece
        return VideoPiece(
            feed=piece.feed,
            unit=piece.unit,
            offset=piece.offset,
            size=piece.size,
            key=piece.key,
            data=piece.data,
        )
    if which == "video_took":
        return VideoTook(bytes=wire.video_took.bytes)
    if not _CODE.match(wire.video_over.code):
        raise Malformed("video_over.code", f"{wire.video_over.code[:40]!r} is not a code")
    return VideoOver(feed=wire.video_over.feed, code=wire.video_over.code)
