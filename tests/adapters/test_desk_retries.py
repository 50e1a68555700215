"""Any interleaving of commands, retries, refusals and restarts: nothing twice, nothing lost, nothing out of order."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from twisted.internet.defer import Deferred, gatherResults

from adapters.store import tables
from adapters.store.clerk import Answer, Clerk
from adapters.store.journal import Store
from dispatch.decide import decide
from dispatch.errors import Forbidden, KeyReused
from dispatch.fold import fold
from dispatch.kinds import Role
from protocols.chain import verify
from protocols.rows import Sealed
from tests.adapters.desks import KEY, Clock, open_desk, pause, report
from tests.postgres import Postgres

Step = tuple[int, str, str, Role]  # which key, whose, with which body, under which role

STEP = st.tuples(
    st.integers(1, 12),
    st.sampled_from(["diaodu", "zhangsan"]),
    st.sampled_from(["", "", "另一处"]),  # now and then the same key with another body
    st.sampled_from([Role.DISPATCHER, Role.DISPATCHER, Role.ATC]),  # ATC may not report
)
LIVES = st.lists(
    st.lists(st.lists(STEP, max_size=8), max_size=6), min_size=1, max_size=3
)  # of batches of steps


def emptied(url: str) -> str:
    """The same database, empty again: hypothesis runs many examples in one test."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in (*tables.metadata.tables, "alembic_version"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    engine.dispose()
    return url


def check(asked: list[tuple[Step, Any]], rows: list[Sealed]) -> None:
    """Every answered ask has exactly its own rows; a retry has the first one's; nothing else is in the journal."""
    firsts: dict[tuple[int, str], tuple[str, Answer]] = {}
    for (number, actor, title, role), got in asked:
        key = (number, actor)
        if isinstance(got, Answer) and not got.repeated:
            assert key not in firsts
            firsts[key] = (title, got)
        elif isinstance(got, Answer):
            assert firsts[key][0] == title
            assert got.recorded == firsts[key][1].recorded
        elif isinstance(got, KeyReused):
            assert firsts[key][0] != title
        else:
            assert isinstance(got, Forbidden)
            assert role is Role.ATC
            assert key not in firsts
    recorded = sorted(made.seq for _, answer in firsts.values() for made in answer.recorded)
    assert recorded == [sealed.row.seq for sealed in rows] == list(range(1, len(rows) + 1))
    assert list(verify(rows)) == []


def ask_of(step: Step) -> Any:
    """The step's ask."""
    number, actor, title, role = step
    return report(number, actor=actor, title=title, role=role)


def settle_all(url: str, lives: list[list[list[Step]]]) -> None:
    """Run the batches through the writer, life by life, and check what is left."""
    asked: list[tuple[Step, Any]] = []
    rows: list[Sealed] = []
    for batches in lives:
        store = Store(url, "36")
        clerk = Clerk(store=store, key=KEY, clock=Clock(), decide=decide, fold=fold, partners=frozenset())
        clerk.open()
        for batch in batches:
            outcome = clerk.settle([ask_of(step) for step in batch])
            asked += zip(batch, outcome.answers, strict=True)
        rows = [sealed for portion in store.rows() for sealed in portion]
        store.close()
    check(asked, rows)


# Two tests, not one with a parameter: pytest-twisted 1.14 wraps a hypothesis test once per parameter and then calls
# the wrapper of the parameter before.
any_batching = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@any_batching
@given(lives=LIVES)
def test_nothing_twice_and_nothing_lost_on_sqlite(tmp_path: Path, lives: list[list[list[Step]]]) -> None:
    """Batches of any size and content, with restarts between."""
    settle_all(emptied(f"sqlite:///{tmp_path / 'journal.sqlite'}"), lives)


@any_batching
@given(lives=LIVES)
def test_nothing_twice_and_nothing_lost_on_postgresql(
    postgres: Postgres, lives: list[list[list[Step]]]
) -> None:
    """The same."""
    settle_all(emptied(postgres.url("postgres")), lives)


def steps_of(seed: int, count: int) -> Iterator[Step]:
    """A burst in which every key comes several times."""
    draw = random.Random(seed)
    for _ in range(count):
        title = draw.choice(["", "", "另一处"])
        role = draw.choice([Role.DISPATCHER, Role.DISPATCHER, Role.ATC])
        yield draw.randint(1, count // 4), draw.choice(["diaodu", "zhangsan"]), title, role


@pytest.mark.parametrize("seed", range(3))
@pytest_twisted.ensureDeferred
async def test_nothing_twice_and_nothing_lost_however_asks_arrive(journal_url: str, seed: int) -> None:
    """Bursts over the reactor: asks that come while others are decided, answered and published."""
    asked: list[tuple[Step, Any]] = []
    draw = random.Random(seed)
    for life in range(2):
        async with open_desk(journal_url) as desk:
            pending: list[Deferred[Any]] = []
            for step in steps_of(seed * 2 + life, 200):
                answer = desk.ask(ask_of(step))
                answer.addErrback(lambda failure: failure.value)
                answer.addCallback(lambda got, step=step: asked.append((step, got)))
                pending.append(answer)
                if draw.random() < 0.05:
                    await pause(0)
            await gatherResults(pending)
            rows = [sealed for portion in desk._store.rows() for sealed in portion]
    check(asked, rows)


@pytest_twisted.ensureDeferred
async def test_a_caller_that_asks_again_while_it_is_answered_waits_its_turn(journal_url: str) -> None:
    """One batch at a time: what is asked during the answers is decided after them, and stopping waits for it."""
    async with open_desk(journal_url) as desk:
        chained = [
            desk.ask(report(number)).addCallback(lambda _, number=number: desk.ask(report(100 + number)))
            for number in range(10)
        ]
        answers = await gatherResults(chained)
        assert sorted(answer.through for answer in answers) == list(range(11, 21))
    reader = Store.read(journal_url, "36")
    assert reader is not None
    assert reader.heads()[-1].seq == 20
    reader.close()
