"""The clock that runs on taskings, run cards, shifts and handovers: once a second it tells the desk which times have passed.

It decides nothing. The command's key is the timer itself, so that a restart never escalates twice. With the same beat
it has noted what tracks have shown, under the name of the last finding, and what became of alarms, under a digest of it.
"""

from collections.abc import Callable, Iterable
from hashlib import md5
from zlib import crc32

import structlog
from twisted.internet import task
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.desk import Desk
from dispatch import aid, card_clocks, handover, shift_ends
from dispatch.aid_commands import ReceiveAid
from dispatch.alert_commands import CountAlerts, NoteAlerts
from dispatch.clocks import due_timers
from dispatch.commands import Ask, Command
from dispatch.drop_commands import NoteTrackEvents
from dispatch.errors import GanyingError

log = structlog.get_logger()

EVERY_S = 1.0


class Timers:
    """Escalates what is due. At most one escalation per timer is under way at a time."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        reactor: IReactorTime,
        notes: Callable[[], Iterable[NoteTrackEvents]],
        alerts: Callable[[], Iterable[NoteAlerts | CountAlerts]] = tuple,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._notes = notes
        self._alerts = alerts
        self._asked: set[str] = set()
        self._loop = task.LoopingCall(self._tick)
        self._loop.clock = reactor

    def start(self) -> None:
        """Begin ticking."""
        self._loop.start(EVERY_S, now=False)

    def stop(self) -> None:
        """Stop ticking."""
        if self._loop.running:
            self._loop.stop()

    def _tick(self) -> None:
        now, world = self._clock(), self._desk.world
        for timer in due_timers(world, now):
            self._ask(timer, f"{timer.tasking_id}.{timer.timer}.{timer.due_at:%m%dT%H%M%S}")
        for late in handover.due(world, now):
            self._ask(late, f"{late.handover_id}.due")
        for line in card_clocks.due(world, now):
            self._ask(line, f"{line.incident_id}.{line.key}.{line.due_at:%m%dT%H%M%S}")
        for missed in shift_ends.due(world, now):
            who = crc32("\0".join(missed.shift_ids).encode())
            self._ask(missed, f"shift.{missed.ended_at:%Y%m%dT%H%M}.{who:08x}")
        for one in aid.due(world, now):
            what = "received" if isinstance(one, ReceiveAid) else str(one.clock)
            self._ask(one, f"{one.request_id}.{what}")
        for note in self._notes():
            self._ask(note, f"{note.events[-1].id}.{len(note.events)}")
        for alerts in self._alerts():
            self._ask(alerts, f"alerts.{md5(repr(alerts).encode(), usedforsecurity=False).hexdigest()}")

    def _ask(self, command: Command, key: str) -> None:
        if key in self._asked:
            return
        self._asked.add(key)
        answer = self._desk.ask(Ask(actor="clock", role=None, command_id=key[-64:], command=command))
        answer.addCallbacks(lambda _: None, self._refused, errbackArgs=(key,)).addBoth(self._done, key)

    def _refused(self, failure: Failure, key: str) -> None:
        """A person was quicker, or the journal is down: the next tick looks again."""
        if isinstance(failure.value, GanyingError):
            log.info("timer not escalated", timer=key, why=str(failure.value))
        else:
            log.error("defect in a timer", timer=key, traceback=failure.getTraceback())

    def _done(self, _result: object, key: str) -> None:
        self._asked.discard(key)
