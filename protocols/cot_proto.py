"""CoT as TAK protocol version 1: a protobuf message read into a CotEvent, and one written.

The message has fields for six elements of the detail and carries all others as text. A sender uses a field only where
the element has just the attributes of it, and if an element is in both places its text counts (ATAK-CIV,
commoncommo/core/impl/protobuf/protocol.txt and detail.proto). Framing is cot_stream.py's.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from google.protobuf.message import DecodeError

from dispatch.errors import Malformed
from protocols import cot_xml
from protocols.cot_event import (
    EVENT_BYTES,
    TEXT_LENGTH,
    UNKNOWN_M,
    App,
    CotEvent,
    Detail,
    known_m,
)
from protocols.gen import cot_pb2

_LAST_MS = 253_402_300_799_999  # the end of the year 9999, the last that ISO-8601 writes in four digits


def parse(payload: bytes) -> CotEvent | None:
    """The event in a message without its frame; None where it only says which versions its sender reads.

    Raises Malformed.
    """
    if len(payload) > EVENT_BYTES:
        raise Malformed("event", f"is over {EVENT_BYTES} bytes")
    message = cot_pb2.CotMessage()
    try:
        message.ParseFromString(payload)
    except DecodeError:
        raise Malformed("event", "is no TAK protocol message") from None
    if not message.HasField("event"):
        if not message.HasField("control"):
            raise Malformed("event", "is missing")
        return None
    body = message.event
    return CotEvent(
        uid=body.uid,
        type=body.type[:TEXT_LENGTH],
        how=body.how[:TEXT_LENGTH],
        made_s=_time_s(body.made_ms, "time"),
        start_s=_time_s(body.start_ms, "start"),
        stale_s=_time_s(body.stale_ms, "stale"),
        lat_deg=body.lat_deg,
        lon_deg=body.lon_deg,
        hae_m=known_m(body.hae_m),
        circular_error_m=known_m(body.circular_error_m),
        linear_error_m=known_m(body.linear_error_m),
        access=body.access[:TEXT_LENGTH],
        operation=body.operation[:TEXT_LENGTH],
        detail=_detail(body.detail) if body.HasField("detail") else Detail(),
    )


def _time_s(at_ms: int, field: str) -> float:
    if not 0 < at_ms <= _LAST_MS:
        raise Malformed(field, "is missing" if at_ms == 0 else f"{at_ms} ms is beyond the year 9999")
    return at_ms / 1000


def _detail(message: cot_pb2.CotDetail) -> Detail:
    if not message.xml.strip():
        return replace(Detail(), **_fields(message, frozenset()))
    element = cot_xml.parse_detail(message.xml)
    in_text = frozenset(child.tag for child in element)
    return replace(cot_xml.detail_of(element), **_fields(message, in_text))


def _fields(message: cot_pb2.CotDetail, in_text: frozenset[str]) -> dict[str, Any]:
    """What the fields say, of elements that are not in the text."""
    said: dict[str, Any] = {}
    if message.HasField("contact") and "contact" not in in_text:
        said["callsign"] = message.contact.callsign.strip()[:TEXT_LENGTH]
        said["endpoint"] = message.contact.endpoint[:TEXT_LENGTH]
    if message.HasField("group") and "__group" not in in_text:
        said["group"], said["role"] = message.group.name[:TEXT_LENGTH], message.group.role[:TEXT_LENGTH]
    if message.HasField("precision") and "precisionlocation" not in in_text:
        said["point_source"] = message.precision.point_source[:TEXT_LENGTH]
        said["height_source"] = message.precision.height_source[:TEXT_LENGTH]
    if message.HasField("status") and "status" not in in_text:
        percent = message.status.battery_percent
        said["battery_percent"] = percent if percent <= 100 else None
    if message.HasField("app") and "takv" not in in_text:
        app = message.app
        names = ("device", "platform", "os", "version")
        said["app"] = App(**{name: getattr(app, name)[:TEXT_LENGTH] for name in names})
    if message.HasField("motion") and "track" not in in_text:
        speed_mps, course_deg = message.motion.speed_mps, message.motion.course_deg
        said["speed_mps"] = None if math.isnan(speed_mps) else speed_mps
        said["course_deg"] = None if math.isnan(course_deg) else course_deg
    return said


def write(event: CotEvent) -> bytes:
    """The message of an event, without a frame."""
    body = cot_pb2.CotBody(
        type=event.type,
        access=event.access,
        operation=event.operation,
        uid=event.uid,
        made_ms=round(event.made_s * 1000),
        start_ms=round(event.start_s * 1000),
        stale_ms=round(event.stale_s * 1000),
        how=event.how,
        lat_deg=event.lat_deg,
        lon_deg=event.lon_deg,
        hae_m=_written(event.hae_m),
        circular_error_m=_written(event.circular_error_m),
        linear_error_m=_written(event.linear_error_m),
        detail=_detail_message(event.detail),
    )
    return cot_pb2.CotMessage(event=body).SerializeToString(deterministic=True)


def _written(value_m: float | None) -> float:
    return UNKNOWN_M if value_m is None else value_m


def _detail_message(detail: Detail) -> cot_pb2.CotDetail:
    fields = dict(_whole(detail))
    message = cot_pb2.CotDetail(xml="".join(cot_xml.children(detail, leave_out=frozenset(fields))))
    for field in fields.values():
        getattr(message, _FIELD_OF[type(field)]).CopyFrom(field)
    return message


_FIELD_OF = {
    cot_pb2.CotContact: "contact",
    cot_pb2.CotGroup: "group",
    cot_pb2.CotPrecision: "precision",
    cot_pb2.CotStatus: "status",
    cot_pb2.CotApp: "app",
    cot_pb2.CotMotion: "motion",
}


def _whole(detail: Detail) -> Iterator[tuple[str, Any]]:
    """The elements that have all that their field has, by name."""
    if detail.callsign:
        yield "contact", cot_pb2.CotContact(endpoint=detail.endpoint, callsign=detail.callsign)
    if detail.group and detail.role:
        yield "__group", cot_pb2.CotGroup(name=detail.group, role=detail.role)
    if detail.point_source and detail.height_source:
        yield (
            "precisionlocation",
            cot_pb2.CotPrecision(point_source=detail.point_source, height_source=detail.height_source),
        )
    if detail.battery_percent is not None:
        yield "status", cot_pb2.CotStatus(battery_percent=detail.battery_percent)
    app = detail.app
    if app is not None and app.device and app.platform and app.os and app.version:
        fields = cot_pb2.CotApp(device=app.device, platform=app.platform, os=app.os, version=app.version)
        yield "takv", fields
    if detail.speed_mps is not None and detail.course_deg is not None:
        yield "track", cot_pb2.CotMotion(speed_mps=detail.speed_mps, course_deg=detail.course_deg)
