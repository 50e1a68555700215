"""Solver processes: queue, priorities, cancelling, crashes and hangs, with real processes and real pipes."""

import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from adapters.metrics import Metrics
from adapters.planner import pool as pool_module
from adapters.planner.pool import WAITING, Phase, Pool, Priority, Run
from adapters.planner.worker import Worker
from dispatch.errors import Busy, Refused
from tests.adapters.planner.scripted import ANSWER, PLAN
from tests.adapters.scale.waiting import reactor, until

Opened = Callable[..., Pool]


@pytest_twisted.async_yield_fixture  # type: ignore[untyped-decorator]
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    """Makes pools whose processes follow a script; stopped at the end."""
    pools: list[Pool] = []

    def make(*words: str, size: int = 1) -> Pool:
        command = (sys.executable, "-m", "tests.adapters.planner.scripted", str(tmp_path / "diary"), *words)
        pool = Pool(size, Metrics(), reactor, changed=lambda: None, make=partial(Worker, command=command))
        pools.append(pool)
        pool.start()
        return pool

    yield make
    for pool in pools:
        await pool.stop()


def ask(pool: Pool, priority: Priority = Priority.ASKED, **more: Any) -> Run:
    """A run whose problem nobody reads."""
    return pool.ask(b"{}", seconds=0.2, priority=priority, title=None, **more)


def count(pool: Pool, outcome: str) -> float:
    """How many runs ended so."""
    value = pool._outcomes.labels(outcome)._value.get()
    return float(value)


@pytest_twisted.ensureDeferred
async def test_a_run_is_answered_and_its_process_goes_on_to_the_next(opened: Opened) -> None:
    """One process, two runs, in the order in which they came."""
    pool = opened("answer")
    first, second = ask(pool), ask(pool)
    assert (first.phase, second.phase) == (Phase.SOLVING, Phase.WAITING)
    found = await first.answer
    assert (found.answer, found.kept_score, found.cut) == (ANSWER, 8.0, False)
    await second.answer
    assert pool.workers[0].deaths == 0
    assert not pool.runs


@pytest_twisted.ensureDeferred
async def test_a_persons_run_comes_before_the_sites_own(opened: Opened) -> None:
    """The watch's run is ended at what it has found, and the person's goes next although others came earlier."""
    pool = opened("slow", "answer")
    watch = ask(pool, Priority.WATCH)
    await until(lambda: watch.score == 8.5 and watch.bound == 5.0)
    wondering = ask(pool, Priority.WATCH)
    person = ask(pool)
    order: list[str] = []
    for run, name in ((watch, "watch"), (person, "person"), (wondering, "wondering")):
        run.answer.addCallback(lambda found, name=name: order.append(name) or found)
    await wondering.answer
    assert order == ["watch", "person", "wondering"]
    assert (count(pool, "cancelled"), count(pool, "done")) == (1, 2)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("word", ["crash", "nonsense"])
async def test_a_process_that_dies_costs_one_try(opened: Opened, word: str) -> None:
    """The same run is given to its successor."""
    pool = opened(word, "answer")
    found = await ask(pool).answer
    assert found.answer == ANSWER
    assert pool.workers[0].deaths == 1


@pytest_twisted.ensureDeferred
async def test_a_problem_that_kills_two_processes_is_given_up_and_said_so(opened: Opened) -> None:
    """It must not kill them for ever; the next run is served."""
    pool = opened("crash", "crash", "answer")
    with pytest.raises(Refused) as caught:
        await ask(pool).answer
    assert caught.value.code == "SOLVER_FAILED"
    assert (await ask(pool).answer).answer == ANSWER
    assert pool.workers[0].deaths == 2


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("word", ["tell-crash", "tell-hang"])
async def test_the_last_plan_told_survives_a_crash_and_a_hang(
    opened: Opened, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is answered with it, and the answer says that it was cut short."""
    monkeypatch.setattr(pool_module, "LATE_S", 1.0)
    pool = opened(word, "answer")
    found = await ask(pool, seed=3).answer
    assert found.cut
    assert (found.answer["plan"], found.answer["score"], found.answer["bound"]) == (PLAN, {"score": 8.5}, 5.0)
    assert (await ask(pool).answer).answer == ANSWER
    assert (count(pool, "cut"), pool.workers[0].deaths) == (1, 1)


@pytest_twisted.ensureDeferred
async def test_a_hang_without_a_plan_is_ended_and_tried_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent process is not waited for beyond its time."""
    monkeypatch.setattr(pool_module, "LATE_S", 1.0)
    pool = opened("hang", "answer")
    assert (await ask(pool).answer).answer == ANSWER


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_read_is_refused_with_the_field(opened: Opened) -> None:
    """It is not tried again: it would be as wrong."""
    pool = opened("wrong", "answer")
    with pytest.raises(Refused, match=r"aircraft\[0\]\.fuel_kg is negative"):
        await ask(pool).answer
    assert pool.workers[0].deaths == 0


@pytest_twisted.ensureDeferred
async def test_a_full_queue_says_busy_at_once(opened: Opened) -> None:
    """And takes again once there is room."""
    pool = opened("slow", "answer")
    running = ask(pool)
    waiting = [ask(pool) for _ in range(WAITING)]
    with pytest.raises(Busy):
        ask(pool)
    await until(lambda: running.score is not None)
    pool.cancel(running)
    await running.answer
    for run in waiting:
        await run.answer
    await ask(pool).answer


@pytest_twisted.ensureDeferred
async def test_a_run_that_waits_can_be_given_up(opened: Opened) -> None:
    """It never reaches a process."""
    pool = opened("slow", "answer")
    running, waiting = ask(pool), ask(pool)
    pool.cancel(waiting)
    with pytest.raises(Refused, match="CANCELLED"):
        await waiting.answer
    await until(lambda: running.score is not None)
    pool.cancel(running)
    assert (await running.answer).answer == ANSWER


@pytest_twisted.ensureDeferred
async def test_stopping_answers_everyone_and_leaves_no_process(opened: Opened) -> None:
    """Also a process that hangs."""
    pool = opened("tell-hang")
    running, waiting = ask(pool), ask(pool)
    await until(lambda: running.score is not None)
    pid = pool.workers[0].pid
    stopped = pool.stop()
    for run in (running, waiting):
        with pytest.raises(Busy):
            await run.answer
    await stopped
    assert not Path(f"/proc/{pid}").exists()
