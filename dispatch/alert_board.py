"""How many alarms stand on a desk's board now, by kind, priority and state: for the metrics and who watches a site."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from dispatch.alert_kinds import AlertDesk, HandlingState
from dispatch.alert_records import AlertHandling, handling_id
from dispatch.alert_states import state_of
from dispatch.alerts import Alert
from dispatch.kinds import AlertKind

Board = Counter[tuple[AlertKind, int, HandlingState]]


def board(
    alerts: Iterable[Alert], handlings: Mapping[str, AlertHandling], now: datetime, desk: AlertDesk
) -> Board:
    """By kind, severity and how each stands with this desk."""
    return Counter(
        (
            one.kind,
            one.severity,
            state_of(
                one.severity,
                one.code,
                handlings.get(handling_id(desk, one.id)),
                now,
                returned=one.returned_at_s is not None,
                inhibited=bool(one.inhibited_by),
            ),
        )
        for one in alerts
    )
