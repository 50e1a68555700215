"""The desk's alarm board as metrics: standing, unacknowledged, shelved, suppressed, by kind and priority.

Standing is everything that is told of now. Unacknowledged includes what is over and waits to be acknowledged.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from adapters.metrics import Metrics
from dispatch.alert_board import board
from dispatch.alert_kinds import AlertDesk, HandlingState
from dispatch.alerts import AMBER, INFO, RED, Alert
from dispatch.kinds import AlertKind
from dispatch.world import World

PRIORITIES = {RED: "red", AMBER: "amber", INFO: "info"}
_COUNTED = {
    "standing": frozenset(HandlingState),
    "unacknowledged": frozenset({HandlingState.UNACKNOWLEDGED, HandlingState.RETURNED}),
    "shelved": frozenset({HandlingState.SHELVED}),
    "suppressed": frozenset({HandlingState.SUPPRESSED}),
}


class AlarmBoard:
    """One site's gauges; every kind and priority is there from the start, at 0."""

    def __init__(self, metrics: Metrics) -> None:
        self._gauges = {
            name: metrics.gauge(f"ganying_alarms_{name}", f"Alarms {name} at the desk", ("kind", "priority"))
            for name in _COUNTED
        }
        for gauge in self._gauges.values():
            for kind in AlertKind:
                for priority in PRIORITIES.values():
                    gauge.labels(kind.value, priority)
        self._said: Counter[tuple[str, AlertKind, int]] = Counter()

    def count(self, alerts: Iterable[Alert], world: World | None, now: datetime) -> None:
        """Say how it stands; only what changed is set."""
        handlings = {} if world is None else world.alert_handlings
        said: Counter[tuple[str, AlertKind, int]] = Counter()
        for (kind, severity, state), count in board(alerts, handlings, now, AlertDesk.DISPATCH).items():
            for name, states in _COUNTED.items():
                if state in states:
                    said[name, kind, severity] += count
        for key in said.keys() | self._said.keys():
            if said[key] != self._said[key]:
                name, kind, severity = key
                self._gauges[name].labels(kind.value, PRIORITIES[severity]).set(said[key])
        self._said = said
