"""What happened with alarms; part of the vocabulary of dispatch/facts.py. None of it leaves the site.

Who it was stands in the row's header.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.alert_kinds import AlertDesk
from dispatch.alert_records import AlertTally, EndedAlert, LatchedAlert, NetInhibition, SeenAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAcknowledged:
    """Somebody has seen an alarm and takes it in hand."""

    desk: AlertDesk
    seen: SeenAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertShelved:
    """An alarm is put away for a while; what was acknowledged of it holds no more once it comes back."""

    desk: AlertDesk
    seen: SeenAlert
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertUnshelved:
    """An alarm is taken back out before its time."""

    desk: AlertDesk
    alert_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetInhibited:
    """A net keeps still for a while."""

    inhibition: NetInhibition


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitionLifted:
    """A net speaks again before its time."""

    inhibition_id: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsLatched:
    """Alarms that stay until acknowledged, each as it now is. The site's own."""

    alerts: tuple[LatchedAlert, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsEnded:
    """Alarms are over, or have become graver: what was acknowledged of them holds no more. The site's own."""

    alerts: tuple[EndedAlert, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsCounted:
    """What the nets cried out within a while, for the key figures. The site's own."""

    tally: AlertTally
