"""The clock that runs on taskings: once a second it tells the desk which timers have passed.

It decides nothing. The command's key is the timer itself, so that a restart never escalates twice.
"""

import structlog
from twisted.internet import task
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.desk import Desk
from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.tasking import due_timers

log = structlog.get_logger()

EVERY_S = 1.0


class Timers:
    """Escalates what is due. At most one escalation per timer is under way at a time."""

    def __init__(self, desk: Desk, clock: Clock, reactor: IReactorTime) -> None:
        self._desk = desk
        self._clock = clock
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
        for due in due_timers(self._desk.world, self._clock()):
            key = f"{due.tasking_id}.{due.timer}.{due.due_at:%m%dT%H%M%S}"
            if key in self._asked:
                continue
            self._asked.add(key)
            answer = self._desk.ask(Ask(actor="clock", role=None, command_id=key[-64:], command=due))
            answer.addCallbacks(lambda _: None, self._refused, errbackArgs=(key,)).addBoth(self._done, key)

    def _refused(self, failure: Failure, key: str) -> None:
        """A person was quicker, or the journal is down: the next tick looks again."""
        if isinstance(failure.value, GanyingError):
            log.info("timer not escalated", timer=key, why=str(failure.value))
        else:
            log.error("defect in a timer", timer=key, traceback=failure.getTraceback())

    def _done(self, _result: object, key: str) -> None:
        self._asked.discard(key)
