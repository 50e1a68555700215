"""A solver process: `python -m adapters.planner.child`, one job after the other, said in lines (talk.py).

It starts with everything imported, so that a job's first plan is there in a fraction of a second. A thread reads
the orders, so that a Cancel is heard while the solver thinks. When the site goes, however it went, standard input
ends, and the process with it.
"""

import gc
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO

import msgspec

from adapters.planner.talk import (
    NOTHING,
    Better,
    Cancel,
    Done,
    Job,
    Proven,
    Unreadable,
    Word,
    Wrong,
    line_of,
    read_order,
)
from dispatch.errors import Malformed
from optimizer.answer import answer
from optimizer.bound import proves_quickly
from optimizer.check import inspect
from optimizer.kept import kept_score
from optimizer.plan import Plan, read_plan
from optimizer.problem import Problem, parse
from optimizer.score import Score
from optimizer.solve import solve
from optimizer.stop import FirstOf, MaxSeconds, Stop
from optimizer.wonder import wonder

NICENESS = 5  # the site's reactor comes first
MAX_MEMORY_BYTES = 3 << 30  # of address space: a runaway dies here and not the machine
BASE_SHARE = 0.35  # of a what-if's time goes to the plan as things stand
PASSES = 40  # the bound rises no more after these
TELL_PLAN_EVERY_S = 0.3  # a better plan is kept by the site in case this process dies
TELL_SCORE_EVERY_S = 0.1

Say = Callable[[Word], None]


class Cancelled:
    """A stop that a Cancel reaches."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def __call__(self, done: int) -> bool:  # noqa: ARG002 - a Stop is asked with the iterations done
        """Whether the site has had enough."""
        return self.event.is_set()


def work(job: Job, say: Say, cancelled: Cancelled) -> None:
    """Solve one job and say how it goes; always ends with Done or Wrong."""
    try:
        done = (_wonder if bytes(job.changes) else _plan)(job, say, cancelled)
    except Malformed as error:
        say(Wrong(job=job.id, field=error.field, detail=error.detail))
    except MemoryError:
        say(Wrong(job=job.id, field="", detail="out of memory"))
    except Exception as error:  # a defect costs one job, and is told with its kind
        say(Wrong(job=job.id, field="", detail=f"{type(error).__name__}: {error}"))
    else:
        say(done)


def _plan(job: Job, say: Say, cancelled: Cancelled) -> Done:
    problem = parse(msgspec.json.decode(job.scenario))
    previous = read_plan(problem, msgspec.json.decode(job.previous)) if bytes(job.previous) else None
    listener = _Listener(job.id, say)
    result = solve(
        problem,
        _stop(job.seconds, cancelled),
        job.seed,
        previous,
        lambda plan, score: listener(problem, plan, score),
        passes=PASSES if proves_quickly(problem) else 0,
        hear_bound=lambda bound: say(Proven(job=job.id, bound=bound)),
    )
    kept = kept_score(problem, previous or Plan(timelines={}))
    said = msgspec.Raw(msgspec.json.encode(answer(problem, result, job.seed, _after(job.reasons_s))))
    return Done(job=job.id, answer=said, kept_score=kept)


def _wonder(job: Job, say: Say, cancelled: Cancelled) -> Done:
    said = wonder(
        msgspec.json.decode(job.scenario),
        msgspec.json.decode(job.changes),
        msgspec.json.decode(job.previous) if bytes(job.previous) else None,
        stops=(
            partial(_stop, BASE_SHARE * job.seconds, cancelled),
            partial(_stop, (1.0 - BASE_SHARE) * job.seconds, cancelled),
        ),
        seed=job.seed,
        listen=_Listener(job.id, say),
        enough=lambda: True,
    )
    return Done(job=job.id, answer=msgspec.Raw(msgspec.json.encode(said)))


def _after(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds have passed since now."""
    until_s = time.monotonic() + seconds
    return lambda: time.monotonic() >= until_s


def _stop(seconds: float, cancelled: Cancelled) -> Stop:
    return FirstOf(stops=(MaxSeconds(seconds, time.monotonic), cancelled))


class _Listener:
    """Tells of better plans: every score that is TELL_SCORE_EVERY_S after the last, now and then with the plan."""

    def __init__(self, job: int, say: Say) -> None:
        self._job, self._say = job, say
        self._plan_at_s = self._score_at_s = float("-inf")

    def __call__(self, problem: Problem, plan: Plan, score: Score) -> None:
        now_s = time.monotonic()
        if now_s - self._score_at_s < TELL_SCORE_EVERY_S:
            return
        self._score_at_s = now_s
        body = NOTHING
        if now_s - self._plan_at_s >= TELL_PLAN_EVERY_S and not inspect(problem, plan).violations:
            self._plan_at_s = now_s
            body = msgspec.Raw(msgspec.json.encode(plan.to_json(problem)))
        self._say(Better(job=self._job, score=round(score.total, 3), plan=body))


class _Orders:
    """Jobs in their order, from a thread that reads standard input."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._stops: dict[int, Cancelled] = {}
        self._answered = 0  # the last job's id; they rise
        self._lock = threading.Lock()

    def stop_for(self, job_id: int) -> Cancelled:
        """The stop of a job, made by whoever comes first, its work or its Cancel."""
        with self._lock:
            return self._stops.setdefault(job_id, Cancelled())

    def forget(self, job_id: int) -> None:
        """It is answered."""
        with self._lock:
            self._answered = job_id
            self._stops = {each: stop for each, stop in self._stops.items() if each > job_id}

    def read(self, source: BinaryIO) -> None:
        """Until the site goes: then so do we, whatever is being thought about."""
        for line in source:
            try:
                order = read_order(line)
            except Unreadable as error:
                print(f"unreadable order: {error}", file=sys.stderr)
                break
            if isinstance(order, Cancel):
                if order.id > self._answered:
                    self.stop_for(order.id).event.set()
            else:
                self.jobs.put(order)
        os._exit(0)


def main() -> int:
    """Run until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to all; the site ends us
    os.nice(NICENESS)
    with suppress(ValueError, OSError):  # a limit that is lower already
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints goes to the log and not between our lines
    orders = _Orders()
    gc.freeze()
    threading.Thread(target=orders.read, args=(sys.stdin.buffer,), daemon=True).start()

    def say(word: Word) -> None:
        told.write(line_of(word))
        told.flush()

    while True:
        job = orders.jobs.get()
        work(job, say, orders.stop_for(job.id))
        orders.forget(job.id)
        gc.collect()


if __name__ == "__main__":
    sys.exit(main())
