"""Papers for the double: a whole mission of the rules' own test, answered by the code that answers in a real site."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qs

from adapters.papers import answers
from adapters.papers.ledger import Ledger
from adapters.papers.questions import Question
from dispatch.alert_records import AlertTally
from dispatch.papers.case import Case, fold_case
from dispatch.papers.chain import Paper, canonical, papers
from protocols import kpis_csv
from tests.dispatch.papers.flown import whole

JSON, PDF, CSV = "application/json", "application/pdf", "text/csv"


class _Told:
    """What the answers ask a ledger, of one mission whatever incident is named."""

    def __init__(self) -> None:
        scene = whole()
        self.case = Case.empty("36", "")
        for recorded in scene.journal:
            self.case = fold_case(self.case, recorded)
        self.world = self.case.world
        self.tallies: list[AlertTally] = []
        self._papers = papers("36", scene.incident_id, scene.journal)

    def papers(self, _: str) -> tuple[Paper, ...]:
        return self._papers


@cache
def _ledger() -> Ledger:
    return cast(Ledger, _Told())


def answer(path: str, query: str, role: str) -> tuple[str, bytes] | None:
    """Content type and body of a papers' door; None for any other path."""
    parts = path.split("/")
    asked: dict[str, Any] = {name: values[0] for name, values in parse_qs(query).items()}
    question = Question(
        what="list",
        role=role,
        kind=parts[3] if len(parts) > 3 else "",
        tasking=asked.get("tasking", ""),
        request=asked.get("request", ""),
        revision=int(asked.get("revision", 0)),
        begin=asked.get("from", ""),
        end=asked.get("to", ""),
        drill=asked.get("drill") == "true",
        now=datetime(2026, 11, 24, 5, 0, tzinfo=UTC).isoformat(),
    )
    match parts:
        case ["incidents", _, "documents"]:
            return JSON, answers.listed(_ledger(), question)
        case ["incidents", _, "documents", _]:
            return JSON, answers.document(_ledger(), question)
        case ["incidents", _, "documents", _, "pdf"]:
            return PDF, answers.printed(_ledger(), question, "江西省航空救援指挥调度中心")
        case ["kpis"]:
            return JSON, canonical(answers.figures(_ledger(), question))
        case ["kpis.csv"]:
            return CSV, kpis_csv.write(answers.figures(_ledger(), question))
        case ["fallback-sheet"]:
            return PDF, answers.fallback(_ledger(), question, "江西省航空救援指挥调度中心")
    return None
