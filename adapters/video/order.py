"""What a site and its video processes say to each other.

    -> one line of JSON: all streams the process is to take in, whole          standard input
    <- length, kind, flags, slot, epoch, then the message                      descriptor 3

A picture's message is what viewers are sent; the site reads no more of it than the head before it. A report is JSON,
once a second; KLV packets are messages for viewers too, and read here (looking.py).
"""

import struct
from dataclasses import dataclass

import msgspec

from adapters.video.recording.recorder import RecordingReport, RecordOrder
from adapters.video.recording.settings import RecordingSettings
from dispatch.video_kinds import VideoSource
from protocols.gb28181.sdp import Setup

TO_SITE = 3  # descriptor; standard output is for nobody
MAX_ORDER_BYTES = 1 << 20
MAX_MESSAGE_BYTES = 5 << 20  # a unit has at most 4 MiB
_LENGTH = struct.Struct("!I")
HEAD = struct.Struct("!BBHI")
REPORT, PICTURE, KLV = 0, 1, 2
KEY = 1


class StreamOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stream to take in. `epoch`: the first number for its pictures, beyond those that were used before."""

    slot: int
    source: VideoSource
    host: str = ""
    group: str = ""
    port: int = 0
    url: str = ""
    user: str = ""
    password: str = ""
    ssrc: int = 0  # gb28181: what is listened to, how, and from whom
    setup: Setup = Setup.UDP
    peer: str = ""
    peer_port: int = 0
    latency_ms: int = 0
    ffmpeg: str = ""
    epoch: int = 1


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a process."""

    streams: tuple[StreamOrder, ...] = ()
    recording: RecordingSettings | None = None
    records: tuple[RecordOrder, ...] = ()


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream does. `reason` empty: pictures come. Counts are totals since the process took it on.

    `listening`: of gb28181, a device may begin to send.
    """

    slot: int
    reason: str = ""
    listening: bool = False
    codec: str = ""
    width: int = 0
    height: int = 0
    counts: dict[str, int] = {}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Of a process, each second."""

    streams: tuple[StreamReport, ...] = ()
    recording: RecordingReport = RecordingReport()


@dataclass(frozen=True, slots=True, kw_only=True)
class FromChild:
    """One message of a process."""

    kind: int
    key: bool
    slot: int
    epoch: int
    body: bytes


class BrokenPipe(Exception):
    """What comes is no row of messages."""


_orders = msgspec.json.Decoder(Order)
_reports = msgspec.json.Decoder(Report)


def order_line(order: msgspec.Struct) -> bytes:
    """As it goes into the pipe."""
    return msgspec.json.encode(order) + b"\n"


def read_order(line: bytes) -> Order:
    """Raises msgspec.DecodeError."""
    return _orders.decode(line)


def read_report(body: bytes) -> Report:
    """Raises msgspec.DecodeError."""
    return _reports.decode(body)


def framed(kind: int, slot: int, epoch: int, body: bytes, *, key: bool = False) -> bytes:
    """A message as it goes into the pipe."""
    return _LENGTH.pack(HEAD.size + len(body)) + HEAD.pack(kind, KEY if key else 0, slot, epoch) + body


class Deframer:
    """Cuts what comes out of the pipe into messages. Holds one message at most."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[FromChild]:
        """Whole messages, in order. Raises BrokenPipe."""
        held = self._held
        held += data
        made, at = [], 0
        while len(held) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(held, at)
            if not HEAD.size <= length <= MAX_MESSAGE_BYTES:
                raise BrokenPipe(f"a message of {length} bytes")
            begin, end = at + _LENGTH.size, at + _LENGTH.size + length
            if len(held) < end:
                break
            kind, flags, slot, epoch = HEAD.unpack_from(held, begin)
            body = bytes(memoryview(held)[begin + HEAD.size : end])
            made.append(FromChild(kind=kind, key=bool(flags & KEY), slot=slot, epoch=epoch, body=body))
            at = end
        del held[:at]
        return made
