"""An alarm of a forest-fire monitor (林火视频监控): JSON of our own, small enough to be made of any maker's.

    {"id": "0007-3321", "monitor": "YS-TOWER", "camera_id": "cam-7", "observed_at": "2026-11-24T03:00:00Z",
     "position": {"lon_deg": 115.1, "lat_deg": 28.9}, "datum": "gcj02", "accuracy_m": 300, "confidence": 0.93}

Either `position` says where the fire is, or `camera_position`, `bearing_deg` (true) and `range_m` do. `id` names the
alarm at its monitor: sent again with the same `id` it is the same alarm. `state` `cleared` takes it back. Everything
but the place may be left out; without `observed_at` the time is when it came. Confidence below LOW_BELOW is flagged.
"""

import math
from typing import Annotated, Literal

from msgspec import Meta

from dispatch.errors import Malformed
from dispatch.geo import EARTH_RADIUS_M, Position, position_from
from dispatch.kinds import AlarmFlag, AlarmKind, HorizontalDatum, IncidentKind
from dispatch.records import AlarmSource
from protocols.alarm_errors import Read
from protocols.json_alarms import in_utc, read_alarms
from protocols.json_doors import Body, Instant, Level, Line, Note, OptionalId, PositionBody

LOW_BELOW = (
    0.5  # our own choice (p): monitors state shares of certainty, and below an even chance it is a guess
)
RANGE_ERROR = 0.1  # of the range, where no accuracy is stated: a mast's bearing and range in hills (p)
MAX_RANGE_M = 50_000.0


class CameraAlarm(Body, frozen=True, kw_only=True):
    """One alarm of a monitor."""

    id: OptionalId = ""
    monitor: Annotated[str, Meta(max_length=64)] = ""
    camera_id: Annotated[str, Meta(max_length=64)] = ""
    observed_at: Instant | None = None
    position: PositionBody | None = None
    camera_position: PositionBody | None = None
    bearing_deg: Annotated[float, Meta(ge=0, le=360)] | None = None
    range_m: Annotated[float, Meta(gt=0, le=MAX_RANGE_M)] | None = None
    datum: HorizontalDatum = HorizontalDatum.WGS84
    accuracy_m: Annotated[float, Meta(ge=0, le=50_000)] | None = None
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    kind: IncidentKind = IncidentKind.FOREST_FIRE
    level: Level = 4
    code: Annotated[str, Meta(max_length=32, description="GB/T 35561")] = ""
    title: Line = ""
    place: Line = ""
    text: Note = ""
    state: Literal["alarm", "cleared"] = "alarm"


_PLACE = {"type": "object"}
# The description's condition beside the fields: a place, or a mast with bearing and range.
SHAPE = {
    "anyOf": [
        {"required": ["position"], "properties": {"position": _PLACE}},
        {
            "required": ["camera_position", "bearing_deg", "range_m"],
            "properties": {
                "camera_position": _PLACE,
                "bearing_deg": {"type": "number"},
                "range_m": {"type": "number"},
            },
        },
    ]
}


def parse(body: bytes) -> Read:
    """The alarms of a body. Raises Unreadable, Malformed, TooMuch."""
    return read_alarms(body, CameraAlarm, _alarm)


def _alarm(said: CameraAlarm) -> AlarmSource:
    position, radius_m = _place(said)
    words = (f"摄像机 {said.camera_id}" if said.camera_id else "", said.text)
    flags = {
        AlarmFlag.LOW_CONFIDENCE: said.confidence is not None and said.confidence < LOW_BELOW,
        AlarmFlag.CANCELLED: said.state == "cleared",
    }
    return AlarmSource(
        kind=AlarmKind.CAMERA,
        source=said.monitor or said.camera_id,
        own_id=said.id,
        observed_at=in_utc(said.observed_at, "observed_at"),
        position=position,
        radius_m=round(radius_m, 1),
        incident_kind=said.kind,
        level=said.level,
        code=said.code,
        title=(said.title.strip() or f"林火监控告警 {said.place or said.camera_id}").strip(),
        place=said.place.strip(),
        text="\n".join(word for word in words if word),
        flags=tuple(flag for flag, on in flags.items() if on),
        confidence=said.confidence,
    )


def _place(said: CameraAlarm) -> tuple[Position, float]:
    """Where it burns, WGS-84, and how far that may be off."""
    if said.position is not None:
        return position_from(said.position.lon_deg, said.position.lat_deg, said.datum), said.accuracy_m or 0.0
    if said.camera_position is None:
        raise Malformed("position", "is missing: either it, or camera_position with bearing_deg and range_m")
    if said.bearing_deg is None or said.range_m is None:
        raise Malformed(
            "bearing_deg" if said.bearing_deg is None else "range_m", "is missing beside camera_position"
        )
    mast = position_from(said.camera_position.lon_deg, said.camera_position.lat_deg, said.datum)
    off_m = said.range_m * RANGE_ERROR if said.accuracy_m is None else said.accuracy_m
    return _seen_from(mast, said.bearing_deg, said.range_m), off_m


def _seen_from(mast: Position, bearing_deg: float, range_m: float) -> Position:
    """Along a great circle on the mean sphere."""
    bearing, along = math.radians(bearing_deg), range_m / EARTH_RADIUS_M
    lat_a, lon_a = math.radians(mast.lat_deg), math.radians(mast.lon_deg)
    sine = math.sin(lat_a) * math.cos(along) + math.cos(lat_a) * math.sin(along) * math.cos(bearing)
    lat_b = math.asin(max(-1.0, min(1.0, sine)))
    across = math.sin(bearing) * math.sin(along) * math.cos(lat_a)
    lon_b = lon_a + math.atan2(across, math.cos(along) - math.sin(lat_a) * math.sin(lat_b))
    return Position(lon_deg=(math.degrees(lon_b) + 540.0) % 360.0 - 180.0, lat_deg=math.degrees(lat_b))
