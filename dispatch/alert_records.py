"""What is recorded of alarms: what people have done about each, which nets keep still, what must outlive a restart.

Every record here has a message of the same name in protocols/schema/records.proto.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.alert_kinds import AlertDesk, InhibitionScope
from dispatch.geo import Position
from dispatch.kinds import AlertKind, Role
from dispatch.records import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAlert:
    """An alarm as a person saw it when they acted. `said`: its words on their screen, for the logbook."""

    alert_id: str
    kind: str  # of AlertKind, or the page's own word for what it works out itself
    severity: int  # alerts.RED, AMBER, INFO
    code: str = ""
    began_at: datetime | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHandling:
    """What people of one desk have done about one alarm. Holds only for `seen` or milder."""

    id: str  # handling_id
    desk: AlertDesk
    seen: SeenAlert
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_as: Role | None = None
    shelved_at: datetime | None = None
    shelved_until: datetime | None = None
    shelved_by: str = ""
    shelved_as: Role | None = None
    shelf_reason: str = ""
    ended_at: datetime | None = None  # nothing of it holds any more
    version: int = 1


def handling_id(desk: AlertDesk, alert_id: str) -> str:
    """The id under which the world keeps what a desk did about an alarm."""
    return f"{desk.value}/{alert_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetInhibition:
    """A net keeps still for a while (抑制): by whom, about what, why, until when. Its alarms are listed apart."""

    id: str
    site: str
    kind: AlertKind
    scope: InhibitionScope
    track_ids: tuple[str, ...] = ()  # two of a PAIR, in order of text; one of an AIRCRAFT
    names: tuple[str, ...] = ()  # how those were called
    volume_id: str = ""
    centre: Position | None = None
    radius_m: float = 0.0
    began_at: datetime
    until: datetime
    reason: str
    inhibited_by: str
    inhibited_as: Role
    lifted_at: datetime | None = None
    lifted_by: str = ""
    version: int = 1
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LatchedAlert:
    """An alarm that stays until somebody has acknowledged it, over a restart too. `returned_at`: over since then."""

    alert_id: str
    kind: AlertKind
    severity: int
    code: str = ""
    track_ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    began_at: datetime
    returned_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAlert:
    """An alarm is over, or is no more what was acknowledged."""

    alert_id: str
    ended_at: datetime
    graver: bool = False  # it goes on, and no shelf holds either


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCount:
    """Of one kind within a tally. `chattering`: how many of `begun` began to chatter."""

    kind: AlertKind
    begun: int
    chattering: int = 0
    shelved: int = 0  # acts of shelving


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTally:
    """What the nets cried out from `begin` to `end`. A flood: over the limit of new ones within ten minutes."""

    begin: datetime
    end: datetime
    counts: tuple[AlertCount, ...] = ()
    tens: int = 0  # spans of ten minutes looked at
    floods: int = 0  # of those
    most_in_ten: int = 0
    standing: int = 0  # going on at `end`
    shelved: int = 0  # of those
    suppressed: int = 0  # of those
    simulated: bool = False  # the site is a demonstration
