"""What is asked about alarms; part of dispatch/commands.py."""

from dataclasses import dataclass

from dispatch.alert_kinds import InhibitionScope
from dispatch.alert_records import AlertTally, EndedAlert, LatchedAlert, SeenAlert
from dispatch.geo import Position
from dispatch.kinds import AlertKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlert:
    """I have seen it. `returned`: it is over by now."""

    seen: SeenAlert
    returned: bool = False
    inhibited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelveAlert:
    """Put it away for some minutes, with a reason."""

    seen: SeenAlert
    minutes: int
    reason: str
    returned: bool = False
    inhibited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnshelveAlert:
    """Take it back out."""

    alert_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitNet:
    """Let a net keep still about something for some minutes. `seen`: the alarm from which it is asked, acknowledged with it."""

    kind: AlertKind
    scope: InhibitionScope
    minutes: int
    reason: str
    track_ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    volume_id: str = ""
    centre: Position | None = None
    radius_m: float = 0.0
    seen: SeenAlert | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftInhibition:
    """Let a net speak again."""

    inhibition_id: str
    version_seen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAlerts:
    """The site's own: which alarms stay until acknowledged, and which are over."""

    latched: tuple[LatchedAlert, ...] = ()
    ended: tuple[EndedAlert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAlerts:
    """The site's own: what was cried out within a while."""

    tally: AlertTally


AlertCommand = (
    AcknowledgeAlert | ShelveAlert | UnshelveAlert | InhibitNet | LiftInhibition | NoteAlerts | CountAlerts
)
