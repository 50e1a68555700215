"""Spots that field clients put on the map, to the desk as reports to be looked at; nothing of it is ever confirmed here.

A spot that says what it said before is passed over: TAK clients repeat what stands. One that says something else joins
its own incident. New spots of one feed: NEW_IN_A_WINDOW at most, a flood is counted and not written down. A desk that
is busy is asked again, WAITING at most; full: the oldest goes, counted.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from adapters.clock import Clock
from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.incident_commands import TakeAlarms
from dispatch.kinds import AlarmFlag, Role
from dispatch.records import AlarmSource

REMEMBERED = 4_096  # spots; the one unheard longest is forgotten, and would join its incident again
NEW_IN_A_WINDOW = 30  # of one feed, changes of known ones too; a proposed figure
WINDOW = timedelta(minutes=10)
WAITING = 64
RETRY_S = 2.0

log = structlog.get_logger()


class FieldReports:
    """One site's. On the reactor thread."""

    def __init__(self, ask: Callable[[Ask], Any], *, clock: Clock, metrics: Any, reactor: Any) -> None:
        self._ask, self._clock, self._reactor = ask, clock, reactor
        self._known: OrderedDict[tuple[str, str], AlarmSource] = OrderedDict()  # by feed and uid
        self._taken: dict[str, deque[datetime]] = {}  # by feed: when
        self._waiting: deque[tuple[str, AlarmSource]] = deque()
        self._retry: Any = None
        self._number = 0
        self._counted = metrics.counter(
            "ganying_field_markers", "Spots of field clients, by what became of them", ("feed", "outcome")
        )

    def stop(self) -> None:
        """Ask no more."""
        if self._retry is not None and self._retry.active():
            self._retry.cancel()

    def take(self, alarm: AlarmSource) -> str:
        """A spot; what became of it: taken, repeated, too_many."""
        outcome = self._take(alarm)
        self._counted.labels(alarm.source, outcome).inc()
        return outcome

    def take_back(self, feed: str, own_id: str) -> None:
        """Whoever put it there has deleted it: said of the report."""
        known = self._known.get((feed, own_id))
        if known is not None and AlarmFlag.CANCELLED not in known.flags:
            flags = (*known.flags, AlarmFlag.CANCELLED)
            self.take(replace(known, flags=flags, observed_at=self._clock()))

    def _take(self, alarm: AlarmSource) -> str:
        key = (alarm.source, alarm.own_id)
        known = self._known.get(key)
        if known is not None and replace(known, observed_at=alarm.observed_at) == alarm:
            self._known.move_to_end(key)
            return "repeated"
        now = self._clock()
        taken = self._taken.setdefault(alarm.source, deque())
        while taken and now - taken[0] >= WINDOW:
            taken.popleft()
        if len(taken) >= NEW_IN_A_WINDOW:
            return "too_many"
        taken.append(now)
        self._known[key] = alarm
        self._known.move_to_end(key)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        self._number += 1
        self._tell(f"{int(now.timestamp() * 1_000_000)}-{self._number}", alarm)
        return "taken"

    def _tell(self, command_id: str, alarm: AlarmSource) -> None:
        ask = Ask(
            actor=f"feed:{alarm.source}",
            role=Role.GATEWAY,
            command_id=command_id,
            command=TakeAlarms(alarms=(alarm,)),
        )
        self._ask(ask).addErrback(self._not_taken, command_id, alarm)

    def _not_taken(self, failure: Any, command_id: str, alarm: AlarmSource) -> None:
        error = failure.value
        if isinstance(error, GanyingError) and error.code in ("BUSY", "NOT_STORED"):
            if len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self._counted.labels(alarm.source, "lost_while_busy").inc()
            self._waiting.append((command_id, alarm))
            if self._retry is None or not self._retry.active():
                self._retry = self._reactor.callLater(RETRY_S, self._again)
            return
        self._counted.labels(alarm.source, "refused").inc()
        if isinstance(error, GanyingError):
            log.warning("spot of a field client refused", feed=alarm.source, why=str(error))
        else:
            log.error("defect in taking a spot", traceback=failure.getTraceback())

    def _again(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for command_id, alarm in waiting:
            self._tell(command_id, alarm)
