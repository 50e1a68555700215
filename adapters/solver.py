"""The planner's door: world in, proposal recorded. Solving happens in a process of its own (`ganying plan`).

world -> optimizer.situation -> child process -> optimizer.proposal -> ProposePlan at the desk.
At most `workers` children run and at most WAITING more requests wait; beyond that the answer is Busy. A child that
runs over its time is killed and the answer is Refused(SOLVER_FAILED): nothing was recorded.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any

import structlog
from twisted.internet.defer import Deferred, DeferredSemaphore, fail, inlineCallbacks
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall, IReactorProcess, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.config import PlannerSection
from adapters.desk import Desk
from dispatch.commands import Ask, ProposePlan
from dispatch.errors import Busy, Refused
from dispatch.facts import PlanProposed
from optimizer.proposal import assignments, reasons
from optimizer.situation import Scenario, Situation, situation

log = structlog.get_logger()

WAITING = 8  # proposals that may wait for a free solver; one more is told Busy
MAX_ANSWER = 16 * 1024 * 1024  # bytes of a child's answer; a province's plan has some hundred thousand
GRACE_S = 20.0  # a busy machine may start Python slowly


class Planner:
    """Makes proposals for a running site."""

    def __init__(self, desk: Desk, config: PlannerSection, clock: Clock, reactor: "IReactorProcess") -> None:
        self._desk = desk
        self._config = config
        self._clock = clock
        self._reactor = reactor
        self._free = DeferredSemaphore(config.workers)
        self._under_way = 0

    def propose(self, incident_ids: tuple[str, ...], requested_by: str) -> "Deferred[str]":
        """Solve for the named incidents (none: all that wait) and record it; the new plan's id.

        Fails with Refused (NOTHING_TO_PLAN, NOT_CONFIRMED, SOLVER_FAILED), Unknown, Busy or NotStored.
        """
        if self._under_way >= self._config.workers + WAITING:
            return fail(Busy())
        self._under_way += 1
        done: Deferred[str] = self._free.run(self._propose, incident_ids, requested_by)
        return done.addBoth(self._leave)

    def _leave(self, result: Any) -> Any:
        self._under_way -= 1
        return result

    @inlineCallbacks
    def _propose(self, incident_ids: tuple[str, ...], requested_by: str) -> Any:
        began = time.monotonic()
        asked: Situation = yield deferToThread(
            situation,
            self._desk.world,
            incident_ids,
            self._clock(),
            assume_daylight=self._config.assume_daylight,
        )
        answer: Mapping[str, Any] = yield self._solve(asked.scenario)
        if answer["violations"]:
            log.error("the plan breaks rules", violations=answer["violations"][:5])
            raise Refused("SOLVER_FAILED", "no legal plan was found; task by hand")
        command = ProposePlan(
            requested_by=requested_by,
            incident_ids=asked.incident_ids,
            assignments=assignments(asked.scenario, answer["plan"]),
            reasons=reasons(asked.scenario, answer["explanation"]) + asked.left_out + asked.fires,
            score=float(answer["score"]["score"]),
            human_score=float(answer["human_score"]),
            solve_s=time.monotonic() - began,
            solver=str(answer["plan"].get("solver", "ganying")),
            seed=int(answer["seed"]),
            interchange=json.dumps(answer["plan"], ensure_ascii=False).encode(),
            bound=None if answer["bound"] is None else float(answer["bound"]),
        )
        ask = Ask(actor="planner", role=None, command_id=secrets.token_hex(16), command=command)
        stored = yield self._desk.ask(ask)
        fact = stored.recorded[0].fact
        if not isinstance(fact, PlanProposed):
            raise TypeError(f"the desk answered a proposal with {type(fact).__name__}")
        return fact.plan.id

    def _solve(self, scenario: Scenario) -> "Deferred[Mapping[str, Any]]":
        child = _Child(json.dumps(scenario).encode())
        arguments = [sys.executable, "-m", "adapters.cli.plan", "-", "--out", "-", "--explain"]
        arguments += ["--seconds", str(self._config.seconds)]
        # one thread for numpy's libraries: the reactor keeps a core to itself
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        self._reactor.spawnProcess(child, sys.executable, arguments, environment)
        child.limit(self._reactor, 3 * self._config.seconds + GRACE_S)
        return child.answer


class _Child(ProcessProtocol):
    """One solver run: the scenario goes in on stdin, the answer comes back as one JSON object on stdout."""

    def __init__(self, scenario: bytes) -> None:
        self.answer: Deferred[Mapping[str, Any]] = Deferred()
        self._scenario = scenario
        self._out = bytearray()
        self._said = bytearray()
        self._limit: IDelayedCall | None = None

    def limit(self, reactor: Any, seconds: float) -> None:
        """Kill the child if it takes longer."""
        clock: IReactorTime = reactor
        self._limit = clock.callLater(seconds, self._kill)

    def _kill(self) -> None:
        self._limit = None
        try:
            if self.transport is not None:
                self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            log.info("solver ended as its time ran out")

    def connectionMade(self) -> None:  # noqa: N802 - twisted's name
        """Hand over the scenario."""
        if self.transport is not None:
            self.transport.write(self._scenario)
            self.transport.closeStdin()

    def outReceived(self, data: bytes) -> None:  # noqa: N802 - twisted's name
        """Collect the answer, up to MAX_ANSWER."""
        self._out += data
        if len(self._out) > MAX_ANSWER:
            self._kill()

    def errReceived(self, data: bytes) -> None:  # noqa: N802 - twisted's name
        """Keep the last words for the log."""
        self._said = (self._said + data)[-2000:]

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 - twisted's name
        """Answer, or say that solving failed."""
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        try:
            answer = json.loads(bytes(self._out)) if isinstance(reason.value, ProcessDone) else None
        except ValueError:  # cut off, or not JSON
            answer = None
        if not isinstance(answer, dict):
            log.error("solver failed", why=reason.getErrorMessage(), said=self._said.decode(errors="replace"))
            self.answer.errback(
                Refused("SOLVER_FAILED", "the planner gave no answer; ask again or task by hand")
            )
            return
        self.answer.callback(answer)
