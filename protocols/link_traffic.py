"""Classes of traffic on a link: what its bytes are counted to."""

from protocols.codec import link
from protocols.codec.link import (
    Ack,
    Batch,
    FileAsk,
    FilePart,
    LinkColumns,
    LinkTracks,
    PastAsk,
    PastLeftOut,
    PastPart,
    RoomHands,
    Unknown,
    VideoOver,
    VideoPiece,
    VideoPull,
    VideoTook,
    WordPassed,
)
from protocols.link_lanes import Lane


def traffic_of(message: link.Message) -> str:
    """The class of traffic a message counts to."""
    match message:
        case Batch(lane=number) | Ack(lane=number):
            return Lane(number).name.lower() if number in [int(lane) for lane in Lane] else "unknown"
        case LinkTracks() | LinkColumns():
            return "tracks"
        case PastAsk() | PastPart() | PastLeftOut() | WordPassed(word=PastAsk() | PastPart()):
            return "history"
        case RoomHands() | FileAsk() | FilePart() | WordPassed():
            return "rooms"
        case VideoPull() | VideoPiece() | VideoTook() | VideoOver():
            return "video"
        case Unknown():
            return "unknown"
    return "control"
