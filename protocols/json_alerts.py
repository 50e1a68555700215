"""Alarms over HTTP: what goes on with how it stands, acts of people on it, nets that keep still."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from dispatch import alarm_handling, alert_commands
from dispatch.alert_kinds import HandlingState, InhibitionScope
from dispatch.alert_records import SeenAlert
from dispatch.geo import position_from
from dispatch.kinds import AlertKind, HorizontalDatum
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, Instant, OptionalId, PageQuery, PositionBody, Version, Why

# as tracks are named: `icao24:780abc`, `radar:025/007/1234`, `cot:ANDROID-…`; two of them with `|` between
ALERT_ID_PATTERN = r"[^\x00-\x20\x7f?#%\\/<>][^\x00-\x20\x7f?#%\\<>]{0,199}"
TrackId = Annotated[
    str, Meta(min_length=1, max_length=alarm_handling.MAX_ID, pattern=r"^[^\x00-\x1f\x7f]+" + END)
]
Severity = Annotated[int, Meta(ge=1, le=3, description="1 red, 2 amber, 3 for information")]
Code = Annotated[str, Meta(max_length=alarm_handling.MAX_CODE)]
Said = Annotated[
    str,
    Meta(max_length=alarm_handling.MAX_SAID, description="the alarm's words on the screen, for the logbook"),
]
Minutes = Annotated[int, Meta(ge=1, le=1440)]
Reach = Annotated[float, Meta(ge=0, le=1_000_000)]
Names = Annotated[tuple[Annotated[str, Meta(max_length=120)], ...], Meta(max_length=2)]


class AlertAnswer(Answered, frozen=True, kw_only=True):
    """Something the picture cries out. `severity` 1 red, 2 amber, 3 for information; `state` is for the caller's desk."""

    id: str
    kind: str
    severity: int
    code: str
    track_ids: list[str]
    source: str
    began_at: datetime
    figures: dict[str, float]
    about: str  # how the volume, closure, obstacle or tasking is called
    tasking_id: str
    incident_id: str
    volume_id: str
    closure_id: str
    flags: list[str]
    lead_s: float | None  # until it happens; 0: it has
    state: HandlingState
    chattering: bool
    returned_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    shelved_until: datetime | None
    shelved_by: str
    shelf_reason: str
    inhibited_by: str


class AlertSeen(Body, frozen=True, kw_only=True):
    """I have seen it, as this. 409 CHANGED where it is graver by now."""

    severity: Severity
    code: Code = ""
    began_at: Instant | None = None
    said: Said = ""


class AlertShelf(AlertSeen, frozen=True, kw_only=True):
    """Put it away for some minutes; how many at most goes by severity: 409 TOO_LONG."""

    minutes: Minutes
    reason: Why


class AlertBack(Body, frozen=True, kw_only=True):
    """Take it back out."""


class InhibitionBody(Body, frozen=True, kw_only=True):
    """A net keeps still for some minutes about a pair or one of `track_ids`, a volume, or a circle.

    `alert_id`: the alarm from which it is asked, of `severity` and `code`; it is acknowledged with it.
    """

    kind: AlertKind
    scope: InhibitionScope
    minutes: Minutes
    reason: Why
    track_ids: Annotated[tuple[TrackId, ...], Meta(max_length=2)] = ()
    names: Names = ()
    volume_id: OptionalId = ""
    centre: PositionBody | None = None
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    radius_m: Reach = 0.0
    alert_id: Annotated[str, Meta(max_length=alarm_handling.MAX_ID)] = ""
    severity: Severity | None = None
    code: Code = ""
    said: Said = ""

    def command(self, seen: SeenAlert | None) -> alert_commands.InhibitNet:
        """The command; `seen` is the alarm named by `alert_id`."""
        centre = self.centre
        return alert_commands.InhibitNet(
            kind=self.kind,
            scope=self.scope,
            minutes=self.minutes,
            reason=self.reason,
            track_ids=self.track_ids,
            names=self.names,
            volume_id=self.volume_id,
            centre=None
            if centre is None
            else position_from(centre.lon_deg, centre.lat_deg, self.coordinates),
            radius_m=self.radius_m,
            seen=seen,
        )


class InhibitionLift(Body, frozen=True, kw_only=True):
    """Let the net speak again before its time, and why."""

    version: Version
    reason: Why

    def command(self, inhibition_id: str) -> alert_commands.LiftInhibition:
        """The command for one inhibition."""
        return alert_commands.LiftInhibition(
            inhibition_id=inhibition_id, version_seen=self.version, reason=self.reason
        )


class InhibitionQuery(PageQuery, frozen=True, kw_only=True):
    """`over`: with those that have run out or were lifted within a week."""

    over: bool = False
