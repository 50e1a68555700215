"""A report from the public (公众报警), handed over by the platform that took the call or the message: JSON of our own.

    {"id": "12345-20261124-0031", "kind": "forest_fire", "title": "后山起火", "position": {"lon_deg": 115.1, "lat_deg": 28.9},
     "datum": "gcj02", "place": "渣津镇", "text": "烟很大", "contact": "138…", "observed_at": "2026-11-24T02:58:00Z"}

Needed are `title` and `position`. Every such report is unverified: nothing goes on before a named person vouches for it
(VerifyIncident). `contact` is for the one who calls back; it never leaves the site.
"""

from typing import Annotated

from msgspec import Meta

from dispatch.geo import position_from
from dispatch.kinds import AlarmFlag, AlarmKind, HorizontalDatum, IncidentKind
from dispatch.records import AlarmSource
from protocols.alarm_errors import Read
from protocols.json_alarms import in_utc, read_alarms
from protocols.json_doors import Body, Instant, Level, Line, OptionalId, PositionBody


class PublicReport(Body, frozen=True, kw_only=True):
    """What somebody saw."""

    id: OptionalId = ""
    source: Annotated[str, Meta(max_length=64, description="the platform: 12345, 119, an app")] = ""
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
    position: PositionBody
    datum: HorizontalDatum = HorizontalDatum.WGS84
    accuracy_m: Annotated[float, Meta(ge=0, le=50_000)] = 0.0
    kind: IncidentKind = IncidentKind.OTHER
    level: Level = 4
    code: Annotated[str, Meta(max_length=32, description="GB/T 35561")] = ""
    place: Line = ""
    text: Annotated[str, Meta(max_length=1900)] = ""
    contact: Annotated[str, Meta(max_length=60)] = ""
    observed_at: Instant | None = None


def parse(body: bytes) -> Read:
    """The reports of a body. Raises Unreadable, Malformed, TooMuch."""
    return read_alarms(body, PublicReport, _alarm)


def _alarm(said: PublicReport) -> AlarmSource:
    words = (said.text, f"联系方式 {said.contact}" if said.contact else "")
    return AlarmSource(
        kind=AlarmKind.PUBLIC_REPORT,
        source=said.source,
        own_id=said.id,
        observed_at=in_utc(said.observed_at, "observed_at"),
        position=position_from(said.position.lon_deg, said.position.lat_deg, said.datum),
        radius_m=said.accuracy_m,
        incident_kind=said.kind,
        level=said.level,
        code=said.code,
        title=said.title.strip(),
        place=said.place.strip(),
        text="\n".join(word for word in words if word),
        flags=(AlarmFlag.UNVERIFIED,),
    )
