"""Records and tracks as fragments: each encoded once, as the bytes of its repeated field, then joined per console.

A protobuf message may be written as any concatenation of its fields, so a message is a short header and a join.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch import records
from dispatch.kinds import SourceKind
from dispatch.tracks import Track
from protocols.codec.common import DEGREES_TO_WIRE, enum_to_number, to_message, to_us
from protocols.gen import client_pb2, tracks_pb2

_UINT32 = 2**32 - 1
_RECORDS = client_pb2.Records.DESCRIPTOR.fields_by_name
_BODY = client_pb2.ServerMessage.DESCRIPTOR.fields_by_name
_TRACK = tracks_pb2.Track.DESCRIPTOR.fields_by_name
_TRACKS = tracks_pb2.Tracks.DESCRIPTOR.fields_by_name


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _tag(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


_LENGTH_DELIMITED, _VARINT = 2, 0  # protobuf wire types
_TABLE_TAGS = {name: _tag(field.number, _LENGTH_DELIMITED) for name, field in _RECORDS.items()}
_RECORDS_TAG = _tag(_BODY["records"].number, _LENGTH_DELIMITED)
_TRACKS_TAG = _tag(_BODY["tracks"].number, _LENGTH_DELIMITED)
_TRACK_TAG = _tag(_TRACKS["tracks"].number, _LENGTH_DELIMITED)
_AGE_TAG = _tag(_TRACK["age_ms"].number, _VARINT)


def record_fragment(table: str, record: Any) -> bytes:
    """A record as one entry of Records. A plan travels without its interchange bytes: consoles never read them."""
    if isinstance(record, records.Plan):
        record = replace(record, interchange=b"")
    body = to_message(record).SerializeToString()
    return _TABLE_TAGS[table] + _varint(len(body)) + body


def records_message(*, after: int, through: int, whole: bool, fragments: Iterable[bytes]) -> bytes:
    """Everything that changed in (after, through], or everything there is."""
    head = client_pb2.Records(after=after, through=through, whole=whole).SerializeToString()
    body = b"".join((head, *fragments))
    return _RECORDS_TAG + _varint(len(body)) + body


def track_body(track: Track) -> bytes:
    """A track without its age, which depends on when it is sent. The track has a position."""
    if track.lon_deg is None or track.lat_deg is None:
        raise ValueError(f"{track.icao24} has no position")
    wire = tracks_pb2.Track(
        address=int(track.icao24, 16),
        lon_e7=round(track.lon_deg * DEGREES_TO_WIRE),
        lat_e7=round(track.lat_deg * DEGREES_TO_WIRE),
        source=track.source,
        source_kind=enum_to_number(track.source_kind),  # type: ignore[arg-type]  # stubs want the wire enum
        altitude_m=track.altitude_m,
        ground_speed_mps=track.ground_speed_mps,
        track_deg=track.track_deg,
        vertical_rate_mps=track.vertical_rate_mps,
        callsign=track.callsign,
        squawk=track.squawk,
        on_ground=track.on_ground,
        simulated=track.simulated,
        site=track.source if track.source_kind is SourceKind.PARTNER else "",
    )
    if track.altitude_m is not None and track.altitude_datum is not None:
        wire.datum = enum_to_number(track.altitude_datum)  # type: ignore[assignment]  # stubs want the wire enum
    return wire.SerializeToString()


def track_fragment(body: bytes, age_ms: int) -> bytes:
    """A track as one entry of Tracks, with its age as of the message."""
    age = _varint(max(0, min(age_ms, _UINT32)))
    return b"".join((_TRACK_TAG, _varint(len(body) + 1 + len(age)), body, _AGE_TAG, age))


def tracks_message(
    *, from_tick: int, to_tick: int, at: datetime, whole: bool, fragments: bytes, lost: Iterable[str]
) -> bytes:
    """What changed in (from_tick, to_tick]; `fragments` are joined already."""
    head = tracks_pb2.Tracks(
        from_tick=from_tick,
        to_tick=to_tick,
        at_us=to_us(at),
        whole=whole,
        lost=[int(icao24, 16) for icao24 in lost],
    ).SerializeToString()
    return b"".join((_TRACKS_TAG, _varint(len(head) + len(fragments)), head, fragments))
