"""Hands what is queued to the gateway: at once after a commit, and once a second for what waits its turn.

At most `AT_ONCE` requests are under way, oldest first, so that a slow gateway delays texts and nobody else. Each
outcome is a fact. Killed between the gateway's yes and our fact, the same id is sent again and the gateway knows it.

    try fails   -> again after 2, 4, 8 … 60 s, as the fact says; after `attempts` it has failed
    no report   -> failed after `report_within`; a report that comes later mends it
    not wanted  -> dropped: the page has shown it, or the tasking has changed, before its turn came
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from adapters.callout.gateway import Gateway, NotTaken, Taken
from adapters.callout.notices import ACTOR
from adapters.callout.settings import Settings
from adapters.clock import Clock
from adapters.desk import Desk
from adapters.metrics import Metrics
from dispatch.callout import wanted
from dispatch.callout_commands import AdvanceCallout
from dispatch.callout_kinds import CalloutAction, CalloutState
from dispatch.callout_records import Callout
from dispatch.commands import Ask
from dispatch.errors import Busy, GanyingError, NotStored
from dispatch.world import World

log = structlog.get_logger(__name__)

EVERY_S = 1.0
AT_ONCE = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0


class Sender:
    """One site's."""

    def __init__(
        self,
        *,
        desk: Desk,
        gateway: Gateway,
        settings: Settings,
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        self._desk, self._gateway, self._settings, self._clock = desk, gateway, settings, clock
        self._under_way: set[str] = set()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._loop = LoopingCall(self.look)
        self._loop.clock = reactor
        self._stopped = False
        self._seen: Any = None  # the call-outs that were looked at last
        self.last_why = ""  # of the last request that failed; empty: the last one was taken
        self._tries = metrics.counter("ganying_callout_tries", "Requests to the gateway", ("outcome",))
        self._waiting = metrics.gauge("ganying_callouts_queued", "Texts and calls that wait for the gateway")
        self._took = metrics.histogram("ganying_callout_try_seconds", "How long the gateway took to answer")

    def start(self) -> None:
        """Begin; what an earlier run left queued goes first."""
        self._unsubscribe = self._desk.subscribe(lambda world, _: self._commit(world))
        self._loop.start(EVERY_S, now=True).addErrback(_log_defect)

    def stop(self) -> None:
        """Hand over nothing more."""
        self._stopped = True
        self._unsubscribe()
        if self._loop.running:
            self._loop.stop()

    @property
    def queued(self) -> int:
        """How many wait."""
        return sum(1 for one in self._desk.world.callouts.values() if one.state is CalloutState.QUEUED)

    def _commit(self, world: World) -> None:
        if world.callouts is not self._seen:
            self.look()

    def look(self) -> None:
        """Send what may be sent, end what has waited too long for its report."""
        world, now = self._desk.world, self._clock()
        self._seen = world.callouts
        queued = [one for one in world.callouts.values() if one.state is CalloutState.QUEUED]
        self._waiting.set(len(queued))
        for one in sorted(queued, key=lambda one: (one.next_at, one.id)):
            if self._stopped or len(self._under_way) >= AT_ONCE:
                return
            if one.next_at <= now and one.id not in self._under_way:
                self._begin(one, now)
        for one in world.callouts.values():
            late = one.handed_at is not None and now - one.handed_at > self._settings.report_within
            if one.state is CalloutState.HANDED and late and one.id not in self._under_way:
                self._run(one.id, self._tell(one, CalloutAction.FAIL, "NO_REPORT"))

    def _begin(self, one: Callout, now: datetime) -> None:
        if not wanted(self._desk.world, one):
            self._run(one.id, self._tell(one, CalloutAction.DROP, "NOT_WANTED"))
        else:
            self._run(one.id, self._send(one, now))

    def _run(self, callout_id: str, work: Any) -> None:
        self._under_way.add(callout_id)
        done = Deferred.fromCoroutine(work)
        done.addErrback(_log_defect).addBoth(lambda _: self._under_way.discard(callout_id))

    async def _send(self, one: Callout, now: datetime) -> None:
        secret = self._desk.world.callout_secrets[one.id]
        outcome = await self._gateway.send(one, secret, int(now.timestamp()))
        self._took.observe((self._clock() - now).total_seconds())
        match outcome:
            case Taken():
                self.last_why = ""
                self._tries.labels("taken").inc()
                await self._tell(one, CalloutAction.HAND, "", gateway_id=outcome.gateway_id)
            case NotTaken():
                self.last_why = outcome.why
                self._tries.labels("not_taken").inc()
                await self._not_taken(one, outcome)

    async def _not_taken(self, one: Callout, outcome: NotTaken) -> None:
        attempts = one.attempts + 1
        log.info(
            "call-out not taken", callout=one.id, to=one.number_masked, why=outcome.why, attempts=attempts
        )
        if outcome.for_good or attempts >= self._settings.attempts:
            await self._tell(one, CalloutAction.FAIL, outcome.why)
            return
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempts - 1))
        again_at = self._clock() + timedelta(seconds=pause_s)
        await self._tell(one, CalloutAction.RETRY, outcome.why, next_at=again_at)

    async def _tell(
        self,
        one: Callout,
        action: CalloutAction,
        detail: str,
        *,
        gateway_id: str = "",
        next_at: datetime | None = None,
    ) -> None:
        """Write down what became of it. Not stored: the next look sends again, and the gateway knows the id."""
        command = AdvanceCallout(
            callout_id=one.id, action=action, detail=detail, gateway_id=gateway_id, next_at=next_at
        )
        key = f"{one.id}.{action}.{one.attempts}"
        try:
            await self._desk.ask(Ask(actor=ACTOR, role=None, command_id=key, command=command))
        except (Busy, NotStored) as error:
            log.warning("call-out's outcome not stored", callout=one.id, action=str(action), why=str(error))
        except GanyingError as error:  # a report was quicker than we
            log.info("call-out's outcome not taken", callout=one.id, action=str(action), why=error.code)


def _log_defect(failure: Failure) -> None:
    log.error("defect in the call-outs", traceback=failure.getTraceback())
