"""The answers: lists of documents, one as JSON or PDF for those who may read it, key figures, the fallback sheet."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.papers.ledger import Ledger
from adapters.papers.press import Colophon, press
from adapters.papers.questions import Question
from dispatch.alert_kpis import of_alerts
from dispatch.errors import Malformed, Unknown
from dispatch.kpis import Kpis, measure
from dispatch.papers import words
from dispatch.papers.chain import Paper, canonical, form_of, plain
from dispatch.papers.fallback import sheet
from dispatch.papers.kinds import TITLES, DocumentKind, may_read

Key = tuple[DocumentKind, str, str]


def listed(ledger: Ledger, question: Question) -> bytes:
    """The newest revision of every document the caller may read: the alarm, tasking after tasking, the report."""
    newest: dict[Key, Paper] = {}
    for paper in _readable(ledger, question):
        newest[_key(paper)] = paper
    return canonical({"items": [_line(paper) for paper in sorted(newest.values(), key=_place)], "next": None})


def document(ledger: Ledger, question: Question) -> bytes:
    """One document: its revision asked for, with its content, its form and the list of its revisions."""
    paper, revisions = _one(ledger, question)
    return canonical(
        {
            **_line(paper),
            "previous": paper.previous,
            "content": paper.content,
            "form": form_of(paper.content),
            "revisions": [
                {
                    "revision": each.revision,
                    "seq": each.seq,
                    "made_at": each.made_at,
                    "digest": each.digest,
                    "previous": each.previous,
                }
                for each in revisions
            ],
        }
    )


def printed(ledger: Ledger, question: Question, issuer: str) -> bytes:
    """One document as PDF."""
    paper, _ = _one(ledger, question)
    colophon = Colophon(
        issuer=issuer,
        number=paper.number,
        right=f"第 {paper.revision} 版　{words.moment(paper.made_at)}",
        foot=f"日志 {paper.site} #{paper.seq}　SHA-256 {paper.digest[:32]}",
    )
    return press(form_of(paper.content), colophon)


def figures(ledger: Ledger, question: Question) -> Kpis:
    """The key figures of a period."""
    begin, end = (datetime.fromisoformat(each) for each in (question.begin, question.end))
    told = measure(ledger.case, begin, end, simulated=question.drill)
    alerts = of_alerts(ledger.tallies, begin, end, simulated=question.drill)
    return replace(told, kpis=(*told.kpis, *alerts))


def fallback(ledger: Ledger, question: Question, issuer: str) -> bytes:
    """The running operation as PDF."""
    now = datetime.fromisoformat(question.now)
    form = sheet(ledger.world, now, site_name=issuer)
    printed_at = words.moment(now)
    foot = f"日志 {ledger.world.site} #{ledger.world.seq}"
    number = f"{ledger.world.site}-{now + words.BEIJING:%Y%m%d-%H%M%S}"
    return press(form, Colophon(issuer=issuer, number=number, right=f"打印 {printed_at}", foot=foot))


_BEFORE_FLYING = frozenset({DocumentKind.ALARM_RECORD, DocumentKind.RUN_CARD})


def _place(paper: Paper) -> tuple[int, str, int, str]:
    """Where a document stands in a list."""
    kinds = list(DocumentKind)
    part = 1 if paper.tasking_id else 0 if paper.kind in _BEFORE_FLYING else 2
    tasking = paper.number.rpartition("-")[0] if paper.tasking_id else ""
    return part, tasking, kinds.index(paper.kind), paper.number


def _key(paper: Paper) -> Key:
    return paper.kind, paper.tasking_id, paper.request_id


def _readable(ledger: Ledger, question: Question) -> Iterable[Paper]:
    for paper in ledger.papers(question.incident_id):
        if may_read(paper.kind, question.as_role, question.operator_id, paper.operator_id):
            yield paper


def _line(paper: Paper) -> dict[str, Any]:
    """What a list says of a document."""
    door = f"/api/v1/incidents/{paper.incident_id}/documents/{paper.kind}"
    named = [f"tasking={paper.tasking_id}"] if paper.tasking_id else []
    named += [f"request={paper.request_id}"] if paper.request_id else []
    query = "&".join([*named, f"revision={paper.revision}"])
    header = plain(paper)
    del header["content"], header["previous"]
    return {
        **header,
        "title": form_of(paper.content).title,
        "links": {"json": f"{door}?{query}", "pdf": f"{door}/pdf?{query}"},
    }


def _one(ledger: Ledger, question: Question) -> tuple[Paper, Sequence[Paper]]:
    """The revision asked for and all of the same document. Raises Unknown, or Malformed where several are meant."""
    if question.kind not in TITLES:
        raise Unknown("kind", f"no document is called {question.kind[:64]!r}")
    found: dict[Key, list[Paper]] = {}
    for paper in _readable(ledger, question):
        meant = (
            paper.kind == question.kind
            and question.tasking in ("", paper.tasking_id)
            and question.request in ("", paper.request_id)
        )
        if meant:
            found.setdefault(_key(paper), []).append(paper)
    if not found:
        raise Unknown("kind", f"no {question.kind} has been written for this")
    if len(found) > 1:
        several = len({tasking for _, tasking, _ in found}) > 1
        raise Malformed("tasking" if several else "request", f"there are {len(found)} of them; name one")
    ((_, revisions),) = found.items()
    if not question.revision:
        return revisions[-1], revisions
    if question.revision > len(revisions):
        raise Unknown("revision", f"there are {len(revisions)}")
    return revisions[question.revision - 1], revisions
