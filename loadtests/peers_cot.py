"""Cursor-on-Target beside takproto: the shared events as XML, and as the protobuf that takproto itself makes of them.

takproto reads XML with Python's ElementTree and protobuf by its own message classes; both end in one TakMessage, which
is laid beside our lines. What TAK writes for "not known" (9999999) is no value on either side.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from math import isnan
from typing import Any

import takproto  # type: ignore[import-untyped]  # ships no stubs
from takproto.functions import xml2message  # type: ignore[import-untyped]  # the same

from loadtests.peers_compared import DATA, Comparison, Fields, Why, decoded
from protocols.cot_event import UNKNOWN_FROM_M

COT = DATA / "cot"
# what `ganying decode` prints: 1e-7 of a degree, millimetres, milliseconds, thousandths
PRINTED = {
    "lat": 0.5e-7 + 1e-12,
    "lon": 0.5e-7 + 1e-12,
    "height": 0.5e-3 + 1e-9,
    "circular_error": 0.5e-3 + 1e-9,
    "linear_error": 0.5e-3 + 1e-9,
    "speed": 0.5e-3 + 1e-9,
    "course": 0.5e-3 + 1e-9,
}
_WHYS = (
    Why(
        name="an event without a type",
        fields=frozenset(("read",)),
        because="ours refuses it by name (MALFORMED, field type): what it is of cannot be told. takproto leaves the type empty",
        holds=lambda pair: pair.line.get("field") == "type" and not pair.told["type"],
    ),
    Why(
        name="NaN",
        fields=frozenset(("height", "circular_error", "linear_error")),
        because="a client wrote NaN for heights and errors it does not know: no value in ours, a NaN in takproto",
        one_sided=True,
        holds=lambda pair: pair.ours is None and isnan(pair.theirs),
    ),
)


def _ms(text: str | None) -> int | None:
    return None if text is None else round(datetime.fromisoformat(text).timestamp() * 1000)


def _ours(line: Fields) -> dict[str, Any]:
    return {
        "uid": line["uid"],
        "type": line["type"],
        "how": line.get("how"),
        "made": _ms(line["time"]),
        "start": _ms(line["start"]),
        "stale": _ms(line["stale"]),
        "lat": line["lat_deg"],
        "lon": line["lon_deg"],
        "height": line["altitude_m"],
        "circular_error": line.get("circular_error_m"),
        "linear_error": line.get("linear_error_m"),
        "callsign": line.get("contact"),
        "group": line.get("group"),
        "role": line.get("role"),
        "battery": line.get("battery_percent"),
        "app": line.get("app"),
        "speed": line.get("ground_speed_mps"),
        "course": line.get("track_deg"),
    }


def _known(value_m: float) -> float | None:
    return None if value_m >= UNKNOWN_FROM_M else value_m


def _theirs(event: Any, *, moves: bool) -> dict[str, Any]:
    detail = event.detail
    track = detail.track if detail.HasField("track") and moves else None
    return {
        "uid": event.uid,
        "type": event.type,
        "how": event.how or None,
        "made": event.sendTime,
        "start": event.startTime,
        "stale": event.staleTime,
        "lat": event.lat,
        "lon": event.lon,
        "height": _known(event.hae),
        "circular_error": _known(event.ce),
        "linear_error": _known(event.le),
        "callsign": detail.contact.callsign or None,
        "group": detail.group.name or None,
        "role": detail.group.role or None,
        "battery": detail.status.battery if detail.HasField("status") else None,
        "app": f"{detail.takv.platform} {detail.takv.version}".strip() or None,
        "speed": None if track is None else track.speed,
        "course": None if track is None else track.course,
    }


def _beside(recording: str, peer: str, lines: list[Any], messages: list[Any]) -> Comparison:
    ran = Comparison(recording=recording, peer=peer, whys=_WHYS, within=PRINTED)
    for line, message in zip(lines, messages, strict=True):
        event = message.cotEvent
        told = {"type": event.type}
        if "error" in line:
            ran.message({"read": False}, {"read": True}, line=line, told=told)
            continue
        # a place on the map does not move: motion is printed of things only
        theirs = _theirs(event, moves=line["kind"] == "thing")
        ran.message(_ours(line), theirs, line=line, told=told)
    return ran


def all_cot() -> Iterator[Comparison]:
    """Everything of this file."""
    events: list[dict[str, Any]] = json.loads((COT / "cot_events.json").read_text())
    encoded = [event["xml"].encode() for event in events]
    lines = decoded("cot", data=b"\n".join(encoded))
    yield _beside("cot_events.json", "takproto (XML)", lines, [xml2message(text) for text in encoded])

    whole = [event["xml"].encode() for event in events if event["type"] is not None]
    frames = [bytes(takproto.xml2proto(text, takproto.TAKProtoVer.STREAM)) for text in whole]
    lines = decoded("cot", data=b"".join(frames))
    parsed = [takproto.parse_proto(bytearray(frame)) for frame in frames]
    yield _beside("cot_events.json", "takproto (protobuf it made)", lines, parsed)

    vector = json.loads((COT / "tak_protocol_v1_vectors.json").read_text())
    name = "tak_protocol_v1_vectors.json"
    yield _beside(
        name,
        "takproto (XML)",
        decoded("cot", data=vector["xml"].encode()),
        [xml2message(vector["xml"].encode())],
    )
    for form in ("mesh", "stream"):
        frame = bytes.fromhex(vector[f"{form}_hex"])
        told = takproto.parse_proto(bytearray(frame))
        yield _beside(name, f"takproto ({form} form)", decoded("cot", data=frame), [told])
