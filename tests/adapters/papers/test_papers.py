"""The site's end of the papers' process, with time in hand: who waits too long is told, and nothing is kept for them."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from adapters.papers import ledger
from adapters.papers.papers import WAIT_S, WAITING, NoPaper, Papers
from adapters.papers.questions import Question, Setup
from dispatch.papers.log_lines import _LINES

ASKED = Question(what="list", role="dispatcher", incident_id="36-INC-1")


class Machine(Clock):
    """Time that a test moves, and processes that only start."""

    def __init__(self) -> None:
        super().__init__()
        self.started = 0

    def spawnProcess(self, *_: Any) -> None:  # noqa: N802 (Twisted's name)
        self.started += 1


def told(papers: Papers) -> list[Exception]:
    """Ask; where the failure will be found."""
    failures: list[Exception] = []
    papers.ask(ASKED).addErrback(lambda failure: failures.append(failure.value))
    return failures


def test_who_asks_while_a_long_journal_is_read_is_told_to_ask_again_and_one_process_is_started() -> None:
    machine = Machine()
    papers = Papers(Setup(url="sqlite://", site="36", issuer="x"), machine)
    first, second = told(papers), told(papers)
    machine.advance(WAIT_S - 1)
    assert (first, second, machine.started) == ([], [], 1)
    machine.advance(2)
    assert [type(each) for each in (*first, *second)] == [NoPaper, NoPaper]


def test_one_question_too_many_is_refused_at_once_and_room_comes_back() -> None:
    machine = Machine()
    papers = Papers(Setup(url="sqlite://", site="36", issuer="x"), machine)
    waiting = [told(papers) for _ in range(WAITING)]
    assert [each.code for each in told(papers)] == ["PAPERS_BUSY"]  # type: ignore[attr-defined]  # a NoPaper
    machine.advance(WAIT_S + 1)
    assert all(waiting)
    assert told(papers) == []


def test_a_stopped_site_answers_everybody() -> None:
    machine = Machine()
    papers = Papers(Setup(url="sqlite://", site="36", issuer="x"), machine)
    waiting = told(papers)
    papers.stop()
    assert len(waiting) == 1
    assert len(told(papers)) == 1
    assert machine.getDelayedCalls() == []


@pytest.mark.parametrize("field", ["incident_id", "kind", "tasking"])
def test_a_question_crosses_the_pipe_unchanged(field: str) -> None:
    asked = Question(what="pdf", role="auditor", revision=3, **{field: "山火"})
    assert Question.read(asked.as_json()) == asked


def test_the_ledger_reads_every_fact_that_the_book_tells() -> None:
    told = {cls.__name__ for cls in _LINES}
    assert told <= set(ledger.KINDS)
