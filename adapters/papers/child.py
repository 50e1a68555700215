"""The process that writes papers, so that neither reading a journal nor drawing a page holds up the site.

    python -m adapters.papers.child
    <- length (4 bytes, big end first), the setup as JSON           once
    -> length, {"ready": true}                                      when the journal has been read through

and then questions as JSON (`adapters/answering.py`).
"""

import json
import os
import sys
from typing import BinaryIO

from adapters.answering import NICE, answer_all, receive, say
from adapters.papers import answers, room_answers
from adapters.papers import book_answers as book
from adapters.papers.ledger import Ledger
from adapters.papers.questions import Question, Setup
from adapters.store.database import StoreError
from adapters.store.journal import Store
from dispatch.papers.chain import canonical
from protocols import kpis_csv


def serve(told: BinaryIO, said: BinaryIO) -> None:
    """Answer until the input ends."""
    first = receive(told)
    if first is None:
        return
    setup = Setup(**json.loads(first))
    store = Store.read(setup.url, setup.site)
    if store is None:
        raise StoreError("NO_JOURNAL", "there is no journal yet")
    ledger = Ledger(store, setup.site)
    ledger.catch_up()
    say(said, b'{"ready": true}')

    def answer(question: bytes) -> bytes:
        ledger.catch_up()
        return _answer(ledger, Question.read(json.loads(question)), setup)

    answer_all(told, said, answer)
    store.close()


def _answer(ledger: Ledger, question: Question, setup: Setup) -> bytes:  # noqa: PLR0912  # one line for each question
    match question.what:
        case "list":
            return answers.listed(ledger, question)
        case "document":
            return answers.document(ledger, question)
        case "pdf":
            return answers.printed(ledger, question, setup.issuer)
        case "kpis":
            return canonical(answers.figures(ledger, question))
        case "kpis_csv":
            return kpis_csv.write(answers.figures(ledger, question))
        case "logbook":
            return book.told(ledger.book, question)
        case "logbook_csv":
            return book.written(ledger.book, question)
        case "logbook_pdf":
            return book.printed(ledger, question, setup.issuer)
        case "handover":
            return book.handover(ledger, question)
        case "handover_pdf":
            return book.handover_printed(ledger, question, setup.issuer)
        case "room" | "room_pdf":
            return room_answers.answer(ledger, question, setup.issuer)
        case "fallback":
            return answers.fallback(ledger, question, setup.issuer)
        case _:
            raise ValueError(question.what)


def main() -> int:
    """Until the input ends."""
    os.nice(NICE)
    serve(sys.stdin.buffer, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
