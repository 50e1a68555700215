"""Batches on their way to a desk: order holds whatever the desk does, and the partner's rows do not crowd out asks."""

from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock as Turns

from adapters.link import received
from adapters.link.intake import RETRY_S, Intake
from adapters.store.receiving import Received
from dispatch.errors import Busy, NotStored, Refused
from protocols.link_lanes import Lane
from protocols.link_outputs import Deliver
from protocols.link_relay import routes
from tests.adapters.desks import EPOCH_43, open_desk, partner_rows, report

HOUSE = received.House(routes=routes("36", [("43", "", False)]), seals=None, known=frozenset({"43"}))


class FickleDesk:
    """Takes batches that join, as a desk does; says no when told to."""

    def __init__(self) -> None:
        self.have = 0
        self.waiting: list[tuple[Received, Deferred[int]]] = []
        self.full = False

    def receive_lane(self, job: Received) -> Deferred[int]:
        deferred: Deferred[int] = Deferred()
        if self.full:
            deferred.errback(Busy())
        else:
            self.waiting.append((job, deferred))
        return deferred

    def commit(self, *, stored: bool) -> None:
        """One transaction with everything that waits."""
        turn, self.waiting = self.waiting, []
        for job, deferred in turn:
            if not stored:
                deferred.errback(NotStored("no space left on device"))
            elif job.after != self.have:
                deferred.errback(Refused("GAP", f"after {job.after}, we have {self.have}", field="after"))
            else:
                self.have = job.through
                deferred.callback(self.have)


def _batch(number: int) -> Deliver:
    return Deliver(conversation=1, lane=Lane.ORDERS, epoch="e", after=number - 1, through=number, rows=())


@given(st.lists(st.sampled_from(["add", "commit", "fail", "full", "room", "later"]), max_size=60))
def test_whatever_the_desk_does_batches_are_taken_once_and_in_order(acts: list[str]) -> None:
    desk: Any = FickleDesk()
    turns = Turns()
    taken: list[int] = []
    failed: list[Any] = []
    intake = Intake(
        desk=desk,
        house=HOUSE,
        site="43",
        clock=lambda: datetime(2026, 11, 24, tzinfo=UTC),
        call_later=turns.callLater,
        taken=lambda batch, _job, _found: taken.append(batch.through),
        failed=lambda batch, failure: failed.append((batch.through, failure.value)),
        held_up=lambda: None,
    )
    added = 0
    for act in [*acts, "room"]:
        match act:
            case "add":
                added += 1
                intake.add(_batch(added))
            case "commit" | "fail":
                desk.commit(stored=act == "commit")
            case "full" | "room":
                desk.full = act == "full"
            case "later":
                turns.advance(RETRY_S)
    for _ in range(4):
        turns.advance(RETRY_S)
        desk.commit(stored=True)
    assert failed == []
    assert taken == list(range(1, added + 1))
    assert not intake.busy


@pytest_twisted.ensureDeferred
async def test_an_ask_goes_before_what_a_partner_has_waiting(journal_url: str) -> None:
    """And the partner's rows go on with it, some in each turn."""
    async with open_desk(journal_url) as desk:
        numbers = range(1, 301)
        batches = [
            desk.receive("43", EPOCH_43, 10 * (number - 1), 10 * number, partner_rows(number))
            for number in numbers
        ]
        ask = desk.ask(report(1))
        order: list[str] = []
        ask.addCallback(lambda answer: order.append("ask") or answer)
        batches[-1].addCallback(lambda have: order.append("last") or have)
        await gatherResults([ask, *batches])
        assert order == ["ask", "last"]
        assert desk.cursor("43").have == 3000


@pytest_twisted.ensureDeferred
async def test_a_batch_is_judged_as_if_those_before_it_were_committed(journal_url: str) -> None:
    """Several wait for one transaction; each judge sees the rows of the one before."""
    seen: list[int] = []

    async with open_desk(journal_url) as desk:

        def job(number: int) -> Received:
            made = Received(
                partner="43",
                epoch=EPOCH_43,
                after=10 * (number - 1),
                through=10 * number,
                rows=tuple(partner_rows(number)),
            )

            def judge(world: Any) -> Received:
                seen.append(len(world.incidents))
                return made

            return Received(
                partner=made.partner,
                epoch=made.epoch,
                after=made.after,
                through=made.through,
                rows=(),
                judge=judge,
            )

        await gatherResults([desk.receive_lane(job(number)) for number in (1, 2, 3)])
        assert seen == [0, 1, 2]
        assert desk.cursor("43").have == 30


@pytest.fixture
def journal_url(tmp_path: Any) -> str:
    """SQLite is enough: nothing here is about the database."""
    return f"sqlite:///{tmp_path / 'journal.sqlite'}"
