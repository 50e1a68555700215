"""Solver processes and the runs that wait for them.

A run is one problem on its way to an answer. Runs are taken by priority, then in the order in which they came. At
most WAITING wait; one more is told Busy. A person's run that finds every process taken ends the run of lowest
priority at what it has found. A run that has overrun its time, or whose process died, is answered with the last good
plan that was told; without one it is tried once more, then it fails with Refused(SOLVER_FAILED).
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import msgspec
import structlog
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall

from adapters.metrics import Metrics
from adapters.planner.talk import NOTHING, Better, Cancel, Done, Job, Proven, Word
from adapters.planner.worker import Worker
from dispatch.errors import Busy, Refused

log = structlog.get_logger()

WAITING = 8  # runs that may wait for a free process
TRIES = 2
REASONS_SHARE, MOST_REASONS_S = 0.3, 1.0  # of a run's seconds, after them
LATE_S = 10.0  # beyond twice its seconds: a busy machine, and the reasons of a province's plan


class Priority(IntEnum):
    """Who is served first."""

    ASKED = 0  # a person waits for a proposal
    WHAT_IF = 1  # a person wonders
    WATCH = 2  # the site looks whether the plan in force can be bettered


class Phase(IntEnum):
    """How far a run is."""

    WAITING = 1
    SOLVING = 2
    OVER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer of `optimizer/answer.py`. `cut`: the process was lost, and this is the last plan it told."""

    answer: Mapping[str, Any]
    kept_score: float | None = None
    cut: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """One problem on its way. `score` and `bound` are the best told so far."""

    id: int
    priority: Priority
    scenario: bytes
    previous: bytes | None
    changes: bytes | None
    seconds: float
    seed: int
    title: Any  # the asker's own: what the run is about
    began_s: float  # the reactor's clock
    phase: Phase = Phase.WAITING
    solving_s: float | None = None  # when a process took it
    score: float | None = None
    bound: float | None = None
    plans: int = 0  # how often a better one was told
    tries: int = 0
    cancelled: bool = False
    last: msgspec.Raw | None = None  # the last plan told, of the interchange format
    last_score: float | None = None
    answer: "Deferred[Found]" = field(default_factory=Deferred)
    worker: Worker | None = None
    deadline: IDelayedCall | None = None


class Pool:
    """The processes of one site. `changed` is called whenever a run's state is another one."""

    def __init__(
        self,
        size: int,
        metrics: Metrics,
        reactor: Any,
        *,
        changed: Callable[[], None],
        make: Callable[..., Worker] = Worker,
    ) -> None:
        self.runs: dict[int, Run] = {}  # waiting and under way, in the order in which they came
        self._reactor = reactor
        self._changed = changed
        self._ids = itertools.count(1)
        self._stopping = False
        self.workers = [
            make(
                f"solver-{n + 1}",
                heard=self._heard,
                died=self._died,
                alive=lambda _: self._serve(),
                reactor=reactor,
            )
            for n in range(size)
        ]
        self._taken: dict[Worker, Run] = {}
        self._outcomes = metrics.counter(
            "ganying_planner_runs", "Solver runs by how they ended", ("outcome",)
        )
        self._deaths = metrics.counter("ganying_planner_worker_deaths", "Solver processes that died")
        self._lasted = metrics.histogram("ganying_planner_run_seconds", "From asking to the answer")

    def start(self) -> None:
        """Make the processes."""
        for worker in self.workers:
            worker.start()

    def stop(self) -> "Deferred[Any]":
        """End the processes; what was asked fails with Busy."""
        self._stopping = True
        for run in list(self.runs.values()):
            self._fail(run, Busy(), "stopped")
        return DeferredList([worker.stop() for worker in self.workers])

    def ask(
        self,
        scenario: bytes,
        *,
        seconds: float,
        priority: Priority,
        title: Any,
        previous: bytes | None = None,
        changes: bytes | None = None,
        seed: int = 0,
    ) -> Run:
        """A new run; its `answer` fires with Found, or fails with Refused or Busy. Raises Busy if too many wait."""
        waiting = [run for run in self.runs.values() if run.phase is Phase.WAITING]
        if len(waiting) >= WAITING or self._stopping:
            self._outcomes.labels("busy").inc()
            raise Busy()
        run = Run(
            id=next(self._ids),
            priority=priority,
            scenario=scenario,
            previous=previous,
            changes=changes,
            seconds=seconds,
            seed=seed,
            title=title,
            began_s=self._reactor.seconds(),
        )
        self.runs[run.id] = run
        self._serve()
        if run.phase is Phase.WAITING:
            self._make_room(run)
        self._changed()
        return run

    def cancel(self, run: Run) -> None:
        """Think no longer: the run is answered with what it has found, or fails with Refused(CANCELLED)."""
        if run.phase is Phase.OVER or run.cancelled:
            return
        run.cancelled = True
        if run.worker is None:
            self._fail(run, Refused("CANCELLED", "the planner was told to stop before it began"), "cancelled")
        else:
            run.worker.say(Cancel(id=run.id))
        self._changed()

    def _make_room(self, run: Run) -> None:
        """End the least important run under way, if it is less important than this one."""
        least = max(self._taken.values(), key=lambda one: (one.priority, one.id), default=None)
        if least is not None and least.priority > run.priority:
            self.cancel(least)

    def _serve(self) -> None:
        for worker in self.workers:
            if worker in self._taken or not worker.ready or self._stopping:
                continue
            waiting = [run for run in self.runs.values() if run.phase is Phase.WAITING]
            if not waiting:
                return
            self._give(worker, min(waiting, key=lambda run: (run.priority, run.id)))

    def _give(self, worker: Worker, run: Run) -> None:
        self._taken[worker] = run
        run.phase, run.worker, run.tries = Phase.SOLVING, worker, run.tries + 1
        run.solving_s = self._reactor.seconds()
        run.deadline = self._reactor.callLater(2 * run.seconds + LATE_S, self._late, worker, run)
        worker.say(
            Job(
                id=run.id,
                scenario=msgspec.Raw(run.scenario),
                previous=NOTHING if run.previous is None else msgspec.Raw(run.previous),
                changes=NOTHING if run.changes is None else msgspec.Raw(run.changes),
                seconds=run.seconds,
                seed=run.seed,
                reasons_s=min(MOST_REASONS_S, REASONS_SHARE * run.seconds),
            )
        )
        self._changed()

    def _late(self, worker: Worker, run: Run) -> None:
        run.deadline = None
        worker.kill(f"run {run.id} took over {2 * run.seconds + LATE_S:.0f} s")

    def _heard(self, worker: Worker, word: Word) -> None:
        run = self._taken.get(worker)
        if run is None or word.job != run.id:
            return  # of a run that is over
        if isinstance(word, Better):
            run.plans += 1
            run.score = word.score
            if bytes(word.plan):
                run.last, run.last_score = word.plan, word.score
            self._changed()
        elif isinstance(word, Proven):
            run.bound = word.bound if run.bound is None else max(run.bound, word.bound)
            self._changed()
        elif isinstance(word, Done):
            self._leave(run)
            found = Found(answer=msgspec.json.decode(word.answer), kept_score=word.kept_score)
            self._answer(run, found, "cancelled" if run.cancelled else "done")
        else:
            log.error("the solver could not read its problem", field=word.field, detail=word.detail)
            self._leave(run)
            said = f"the planner could not use the situation ({word.field} {word.detail})".replace("( ", "(")
            self._fail(run, Refused("SOLVER_FAILED", said), "wrong")
        self._serve()

    def _died(self, worker: Worker, why: str) -> None:
        self._deaths.inc()
        run = self._taken.get(worker)
        if run is None:
            return
        self._leave(run)
        if run.last is not None and run.changes is None:  # a what-if's answer is more than its plan
            log.warning("a solver process was lost; its last plan is kept", run=run.id, why=why)
            self._answer(run, Found(answer=_last_words(run), cut=True), "cut")
        elif run.tries < TRIES and not run.cancelled:
            run.phase = Phase.WAITING
            self._serve()
            self._changed()
        else:
            self._fail(
                run,
                Refused("SOLVER_FAILED", "the planner gave no answer; ask again or task by hand"),
                "lost",
            )

    def _leave(self, run: Run) -> None:
        """Take a run from its process."""
        if run.worker is not None:
            del self._taken[run.worker]
        if run.deadline is not None:
            run.deadline.cancel()
        run.worker = run.deadline = None

    def _answer(self, run: Run, found: Found, outcome: str) -> None:
        self._over(run, outcome)
        run.answer.callback(found)

    def _fail(self, run: Run, error: Exception, outcome: str) -> None:
        if run.worker is not None:
            self._leave(run)
        self._over(run, outcome)
        run.answer.errback(error)

    def _over(self, run: Run, outcome: str) -> None:
        run.phase = Phase.OVER
        del self.runs[run.id]
        self._outcomes.labels(outcome).inc()
        self._lasted.observe(self._reactor.seconds() - run.began_s)
        self._changed()


def _last_words(run: Run) -> dict[str, Any]:
    """The answer of a run whose process was lost, from what it told: a plan without its reasons."""
    if run.last is None:
        raise AssertionError("nothing was told")
    return {
        "plan": msgspec.json.decode(run.last),
        "score": {"score": run.last_score},
        "human_score": 0.0,
        "explanation": {"incidents": []},
        "violations": [],
        "method": "cut",
        "iterations": 0,
        "seed": run.seed,
        "bound": run.bound,
    }
