"""How the runs of the planner do, as consoles are told: at most TELL_EVERY_S apart, all of them each time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from adapters.clock import Clock
from adapters.planner.pool import Phase, Pool, Run
from dispatch.kinds import PlannerCause
from dispatch.planner_run import PlannerRun

TELL_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a run is about."""

    incident_ids: tuple[str, ...]
    requested_by: str
    cause: PlannerCause


def state_of(run: Run, now: datetime, now_s: float) -> PlannerRun:
    """A run as it is told. `now` and the reactor's `now_s` are the same moment."""
    subject: Subject = run.title
    since_s = now_s - run.began_s
    return PlannerRun(
        id=run.id,
        incident_ids=subject.incident_ids,
        requested_by=subject.requested_by,
        cause=subject.cause,
        began_at=datetime.fromtimestamp(now.timestamp() - since_s, tz=now.tzinfo),
        solving=run.phase is Phase.SOLVING,
        seconds=run.seconds,
        score=run.score,
        bound=run.bound,
        plans=run.plans,
        stopping=run.cancelled,
    )


class Progress:
    """Tells subscribers of the runs of a pool."""

    def __init__(self, clock: Clock, reactor: Any) -> None:
        self._clock = clock
        self._reactor = reactor
        self._pool: Pool | None = None
        self._subscribers: list[Callable[[], None]] = []
        self._next: IDelayedCall | None = None

    def watch(self, pool: Pool) -> None:
        """The pool to tell of."""
        self._pool = pool

    def runs(self) -> tuple[PlannerRun, ...]:
        """All runs, in the order in which they came."""
        if self._pool is None:
            return ()
        now, now_s = self._clock(), self._reactor.seconds()
        return tuple(state_of(run, now, now_s) for run in self._pool.runs.values())

    def subscribe(self, told: Callable[[], None]) -> Callable[[], None]:
        """`told` is called after changes; what is returned ends it."""
        self._subscribers.append(told)
        return lambda: self._subscribers.remove(told)

    def changed(self) -> None:
        """Something about a run is other than before."""
        if self._next is None:
            self._next = self._reactor.callLater(TELL_EVERY_S, self._tell)

    def stop(self) -> None:
        """Tell nobody any more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _tell(self) -> None:
        self._next = None
        for told in tuple(self._subscribers):
            told()
