"""The desk's promises to one caller and to those who watch: on disk, in the world, answered, told, in this order."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import gatherResults

from adapters.desk import QUEUE, Answer, Desk
from adapters.store.database import StoreError
from adapters.store.journal import Store
from dispatch.commands import Ask
from dispatch.decide import decide
from dispatch.errors import Busy, Forbidden, KeyReused, Malformed, NotStored, Unknown
from dispatch.facts import Recorded
from dispatch.kinds import Role
from dispatch.world import World
from protocols.chain import verify, verify_heads
from tests.adapters.desks import KEY, Clock, open_desk, outcome, report, titles, until


@pytest_twisted.ensureDeferred
async def test_an_answered_command_is_in_the_world_and_on_disk(journal_url: str) -> None:
    """When the answer comes, the row is committed and the world has it."""
    async with open_desk(journal_url) as desk:
        answer = await desk.ask(report(1))
        reader = Store.read(journal_url, "36")
        assert reader is not None
        assert [row.kind for row in reader.rows_after(0, 10)] == ["IncidentReported"]
        reader.close()
        assert titles(desk) == ["1号火场"]
        assert (answer.through, answer.repeated) == (1, False)
        assert [made.actor for made in answer.recorded] == ["diaodu"]


@pytest_twisted.ensureDeferred
async def test_a_restart_folds_the_same_world(journal_url: str) -> None:
    """The world after a restart equals the one before, row numbers and all."""
    async with open_desk(journal_url) as desk:
        await gatherResults([desk.ask(report(number)) for number in range(150)])
        before, through, epoch = desk.world, desk.through, desk.epoch
    async with open_desk(journal_url) as desk:
        assert desk.world == before
        assert (desk.through, desk.epoch) == (through, epoch)
        assert desk.findings == ()
        assert (await desk.ask(report(1000))).through == through + 1


@pytest_twisted.ensureDeferred
async def test_a_retried_command_gets_its_first_answer(journal_url: str) -> None:
    """Now and after a restart: the same facts, none new; in the same batch too."""
    async with open_desk(journal_url) as desk:
        first, twin = await gatherResults([desk.ask(report(1)), desk.ask(report(1))])
        assert (first.repeated, twin.repeated) == (False, True)
        assert twin.recorded == first.recorded
    async with open_desk(journal_url) as desk:
        again = await desk.ask(report(1))
        assert again == Answer(recorded=first.recorded, through=1, repeated=True)
        assert desk.through == 1
        assert desk.tally.repeated == 1


@pytest_twisted.ensureDeferred
async def test_a_key_with_another_body_is_refused(journal_url: str) -> None:
    """KEY_REUSED; another actor's same key is another key."""
    async with open_desk(journal_url) as desk:
        await desk.ask(report(1))
        assert isinstance(await outcome(desk.ask(report(1, title="别的火"))), KeyReused)
        other = await desk.ask(report(1, actor="zhangsan", title="别的火"))
        assert not other.repeated
        assert desk.through == 2


@pytest_twisted.ensureDeferred
async def test_a_refused_command_takes_nothing_with_it(journal_url: str) -> None:
    """Its neighbours in the batch are recorded; its key is not remembered."""
    async with open_desk(journal_url) as desk:
        results = await gatherResults(
            [
                outcome_of(desk, report(1)),
                outcome_of(desk, report(2, role=Role.ATC)),
                outcome_of(desk, report(3)),
            ]
        )
        assert isinstance(results[1], Forbidden)
        assert titles(desk) == ["1号火场", "3号火场"]
        assert not (await desk.ask(report(2))).repeated


def outcome_of(desk: Desk, ask: Ask) -> Any:
    """An ask whose error is a value."""
    return desk.ask(ask).addErrback(lambda failure: failure.value)


@pytest_twisted.ensureDeferred
async def test_a_defect_in_one_rule_fails_only_its_caller(journal_url: str) -> None:
    """An unexpected exception reaches the caller as itself; the batch goes on."""

    def decide_with_defect(world: World, ask: Ask, now: Any, partners: frozenset[str] = frozenset()) -> Any:
        if ask.command_id == "key-2":
            raise ZeroDivisionError("a defect")
        return decide(world, ask, now, partners)

    async with open_desk(journal_url, decide=decide_with_defect) as desk:
        results = await gatherResults([outcome_of(desk, report(number)) for number in (1, 2, 3)])
        assert isinstance(results[1], ZeroDivisionError)
        assert titles(desk) == ["1号火场", "3号火场"]
        assert desk.tally.defects == 1


@pytest_twisted.ensureDeferred
async def test_a_full_queue_answers_busy_at_once(journal_url: str) -> None:
    """Everything that was taken is recorded, everything else is told Busy before anything is written."""
    async with open_desk(journal_url) as desk:
        answers = [outcome_of(desk, report(number)) for number in range(QUEUE + 200)]
        refused = [answer for answer in answers if answer.called]
        results = await gatherResults(answers)
        busy = [result for result in results if isinstance(result, Busy)]
        assert len(busy) == len(refused) == desk.tally.busy > 0
        assert len(desk.world.incidents) == QUEUE + 200 - len(busy)
        assert not (await desk.ask(report(QUEUE + 199))).repeated  # a Busy key may be tried again


@pytest_twisted.ensureDeferred
async def test_the_world_is_swapped_before_the_answer_and_the_answer_given_before_publishing(
    journal_url: str,
) -> None:
    """The order that callers and subscribers rely on."""
    seen: list[str] = []
    async with open_desk(journal_url) as desk:

        def told(world: World, facts: tuple[Recorded, ...]) -> None:
            seen.append(f"told {len(world.incidents)} {facts[-1].seq}")

        def answered(answer: Answer) -> Answer:
            seen.append(f"answered {len(desk.world.incidents)} {answer.through}")
            return answer

        desk.subscribe(told)
        await desk.ask(report(1)).addCallback(answered)
        await until(lambda: len(seen) == 2, "both")
        assert seen == ["answered 1 1", "told 1 1"]


@pytest_twisted.ensureDeferred
async def test_a_failing_subscriber_is_dropped_and_the_others_hear_everything(journal_url: str) -> None:
    """One watcher's defect costs nobody else a fact; one that left hears no more."""
    heard: list[int] = []
    calls: list[int] = []
    left: list[int] = []

    def failing(_world: World, facts: tuple[Recorded, ...]) -> None:
        calls.append(facts[0].seq)
        raise RuntimeError("a watcher's defect")

    async with open_desk(journal_url) as desk:
        desk.subscribe(failing)
        leave = desk.subscribe(lambda _, facts: left.extend(fact.seq for fact in facts))
        desk.subscribe(lambda _, facts: heard.extend(fact.seq for fact in facts))
        await desk.ask(report(1))
        await until(lambda: heard == [1], "the first fact")
        leave()
        await desk.ask(report(2))
        await until(lambda: len(heard) == 2, "both facts")
        assert (heard, calls, left) == ([1, 2], [1], [1])


@pytest_twisted.ensureDeferred
async def test_a_caller_that_gave_up_hides_nothing_from_the_others(journal_url: str) -> None:
    """A cancelled deferred is no reason to lose anybody's answer."""
    async with open_desk(journal_url) as desk:
        gone = desk.ask(report(1))
        gone.addErrback(lambda _: None)
        kept = desk.ask(report(2))
        gone.cancel()
        assert (await kept).through == 2
        assert titles(desk) == ["1号火场", "2号火场"]  # it was taken, so it is recorded


@pytest_twisted.ensureDeferred
async def test_a_clock_set_back_does_not_turn_time_back(journal_url: str) -> None:
    """Times in the journal never decrease, also after a restart."""
    clock = Clock()
    async with open_desk(journal_url, clock=clock) as desk:
        first = (await desk.ask(report(1))).recorded[0].at
        clock.now -= timedelta(hours=1)
        assert (await desk.ask(report(2))).recorded[0].at == first
    async with open_desk(journal_url, clock=clock) as desk:
        assert (await desk.ask(report(3))).recorded[0].at == first


@pytest.mark.parametrize("key", ["", "x" * 65, "a\x00b", "a\nb", "\ud800"])
@pytest_twisted.ensureDeferred
async def test_an_unusable_key_is_malformed_and_harms_nobody(journal_url: str, key: str) -> None:
    """Typed, named, alone."""
    async with open_desk(journal_url) as desk:
        good = report(1)
        bad = Ask(actor="diaodu", role=Role.DISPATCHER, command_id=key, command=good.command)
        error, answer = await gatherResults([outcome_of(desk, bad), outcome_of(desk, good)])
        assert isinstance(error, Malformed)
        assert error.field == "command_id"
        assert isinstance(answer, Answer)


@pytest_twisted.ensureDeferred
async def test_stopping_finishes_what_was_taken_and_signs_the_head(journal_url: str) -> None:
    """Nothing that waits is dropped, the last row is under a signed head, later asks are told NotStored."""
    async with open_desk(journal_url) as desk:
        answers = [desk.ask(report(number)) for number in range(100)]
        stopped = desk.stop()
        late = await outcome(desk.ask(report(1000)))
        results = await gatherResults(answers)
        await stopped
        assert isinstance(late, NotStored)
        assert results[-1].through == 100
    reader = Store.read(journal_url, "36")
    assert reader is not None
    heads = reader.heads()
    rows = [sealed for batch in reader.rows() for sealed in batch]
    reader.close()
    assert heads[-1].seq == 100
    assert list(verify(rows, heads=heads)) == []
    assert list(verify_heads(heads, KEY.public_key().public_bytes_raw(), site="36", epoch=reader.epoch)) == []


@pytest_twisted.ensureDeferred
async def test_only_one_desk_writes_a_journal(journal_url: str) -> None:
    """The second one is told so and leaves the first alone."""
    async with open_desk(journal_url) as desk:
        second = Desk(url=journal_url, site="36", key=KEY, clock=Clock())
        error = await outcome(second.start())
        assert isinstance(error, StoreError)
        assert error.code == "IN_USE"
        assert (await desk.ask(report(1))).through == 1


@pytest_twisted.ensureDeferred
async def test_another_sites_journal_is_refused(journal_url: str) -> None:
    """A wrong config must not write into somebody else's history."""
    async with open_desk(journal_url) as desk:
        await desk.ask(report(1))
    error = await outcome(Desk(url=journal_url, site="43", key=KEY, clock=Clock()).start())
    assert isinstance(error, StoreError)
    assert error.code == "OTHER_SITE"


@pytest_twisted.ensureDeferred
async def test_rows_are_read_in_order_and_in_portions(journal_url: str) -> None:
    """What links and history read."""
    async with open_desk(journal_url) as desk:
        await gatherResults([desk.ask(report(number)) for number in range(10)])
        rows = await desk.rows_after(3, 4)
        assert [row.seq for row in rows] == [4, 5, 6, 7]
        assert await desk.rows_after(10, 4) == []
        error = await outcome(desk.ask(report(11, role=None)))
        assert not isinstance(error, Unknown)
