"""Records, tracks and alerts as fragments: each encoded once, as the bytes of its repeated field, then joined per console.

A protobuf message may be written as any concatenation of its fields, so a message is a short header and a join. The
rows and labels that a Tracks message is joined of are track_states.py's and track_labels.py's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch import records
from dispatch.kinds import SourceKind
from protocols.codec.common import enum_to_number, to_message, to_us
from protocols.codec.wire import LENGTH_DELIMITED, entry, tag, varint
from protocols.gen import client_pb2, tracks_pb2

_RECORDS = client_pb2.Records.DESCRIPTOR.fields_by_name
_BODY = client_pb2.ServerMessage.DESCRIPTOR.fields_by_name
_TRACKS = tracks_pb2.Tracks.DESCRIPTOR.fields_by_name
_TABLE_TAGS = {name: tag(field.number, LENGTH_DELIMITED) for name, field in _RECORDS.items()}
_RECORDS_TAG = tag(_BODY["records"].number, LENGTH_DELIMITED)
_TRACKS_TAG = tag(_BODY["tracks"].number, LENGTH_DELIMITED)
_STATES_TAG, _SOURCES_TAG, _LOST_TAG, _LEFT_TAG = (
    tag(_TRACKS[name].number, LENGTH_DELIMITED) for name in ("states", "sources", "lost", "left")
)


def record_fragment(table: str, record: Any) -> bytes:
    """A record as one entry of Records. A plan travels without its interchange bytes: consoles never read them."""
    if isinstance(record, records.Plan):
        record = replace(record, interchange=b"")
    return entry(_TABLE_TAGS[table], to_message(record).SerializeToString())


def records_message(*, after: int, through: int, whole: bool, fragments: Iterable[bytes]) -> bytes:
    """Everything that changed in (after, through], or everything there is."""
    head = client_pb2.Records(after=after, through=through, whole=whole).SerializeToString()
    body = b"".join((head, *fragments))
    return _RECORDS_TAG + varint(len(body)) + body


def source_fragment(place: int, name: str, kind: SourceKind) -> bytes:
    """A source as one entry of Tracks."""
    number = enum_to_number(kind)
    wire = tracks_pb2.TrackSource(place=place, name=name, kind=number)  # type: ignore[arg-type]  # wants the wire enum
    return entry(_SOURCES_TAG, wire.SerializeToString())


def tracks_message(
    *,
    from_tick: int,
    to_tick: int,
    at: datetime,
    whole: bool,
    states: Sequence[bytes | memoryview],
    fragments: Sequence[bytes | memoryview],
    lost: bytes,
    left: bytes,
) -> list[bytes | memoryview]:
    """What changed in (from_tick, to_tick], as pieces for one join.

    `states` are slices of rows, `fragments` labels and sources; `lost` and `left` are numbers, four bytes each.
    """
    pieces: list[bytes | memoryview] = [
        tracks_pb2.Tracks(
            from_tick=from_tick, to_tick=to_tick, at_us=to_us(at), whole=whole
        ).SerializeToString()
    ]
    if states:
        pieces += (_STATES_TAG, varint(sum(map(len, states))), *states)
    pieces += fragments
    for field, numbers in ((_LOST_TAG, lost), (_LEFT_TAG, left)):
        if numbers:
            pieces += (field, varint(len(numbers)), numbers)
    return [_TRACKS_TAG, varint(sum(map(len, pieces))), *pieces]
