"""Answers about the desk's day: pages of the logbook, the book as CSV and PDF, the record of a handover."""

import csv
import io
from datetime import datetime
from typing import Any

from adapters.papers.ledger import Ledger
from adapters.papers.logbook import BookLine, BookQuery, Logbook
from adapters.papers.press import Colophon, press
from adapters.papers.questions import Question
from dispatch.errors import Refused, Unknown
from dispatch.kinds import Role
from dispatch.papers import handover_record, words
from dispatch.papers.chain import canonical, plain
from dispatch.papers.form import Cell, Form, Grid, Table
from dispatch.papers.handover_record import HandoverPaper

MOST_CSV = 50_000  # lines of one file; a busy month
MOST_PRINTED = 3_000  # lines of one print, some hundred pages; a shift has tens
_SECURITY: dict[Role, bool | None] = {Role.SECADMIN: True, Role.AUDITOR: None}  # others: the desk's lines


def _query(question: Question, limit: int, *, oldest_first: bool) -> BookQuery:
    return BookQuery(
        begin=datetime.fromisoformat(question.begin) if question.begin else None,
        end=datetime.fromisoformat(question.end) if question.end else None,
        incident_id=question.incident_id,
        person=question.person,
        text=question.text,
        security=_SECURITY.get(question.as_role, False),
        after=question.after,
        limit=limit,
        oldest_first=oldest_first,
    )


def told(book: Logbook, question: Question) -> bytes:
    """One page of the book."""
    lines = book.ask(_query(question, question.limit, oldest_first=question.oldest_first))
    more = len(lines) > question.limit
    shown = lines[: question.limit]
    return canonical({"items": [plain(each) for each in shown], "next": str(shown[-1].seq) if more else None})


def _all(book: Logbook, question: Question, most: int) -> list[BookLine]:
    lines = book.ask(_query(question, most, oldest_first=True))
    if len(lines) > most:
        raise Refused("TOO_MUCH", f"more than {most} lines; ask for a shorter time", field="from")
    return lines


def written(book: Logbook, question: Question) -> bytes:
    """The book as CSV, Beijing time, oldest first; a cell never begins like a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(
        (
            "row",
            "time_beijing",
            "account",
            "name",
            "role",
            "kind",
            "line",
            "line_en",
            "incident",
            "tasking",
            "aircraft",
            "note",
            "corrects",
            "corrected_by",
        )
    )
    for each in _all(book, question, MOST_CSV):
        cells = (
            each.actor, each.name, each.role, each.kind, each.zh, each.en, each.incident_id, each.tasking_id,
            each.aircraft_id, each.note_id, each.corrects, each.corrected_by,
        )  # fmt: skip
        writer.writerow((each.seq, words.moment(each.at), *map(_harmless, cells)))
    return b"\xef\xbb\xbf" + out.getvalue().encode()  # a spreadsheet would take it for GBK


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell


def printed(ledger: Ledger, question: Question, issuer: str) -> bytes:
    """The book of a time as PDF."""
    lines = _all(ledger.book, question, MOST_PRINTED)
    begin, end, now = (datetime.fromisoformat(each) for each in (question.begin, question.end, question.now))
    span = f"{words.moment(begin)} 至 {words.moment(end)}"
    form = Form(
        title="值班日志",
        sections=(
            Grid(
                title="概况",
                cells=(
                    Cell(key="site", label="单位", text=f"{issuer}（{ledger.world.site}）"),
                    Cell(key="lines", label="条目", text=f"{len(lines)} 条"),
                    Cell(key="span", label="时段", text=span, wide=True),
                ),
            ),
            Table(
                title="记事",
                heads=("时间", "谁", "内容", "行号"),
                rows=tuple(
                    (words.moment(each.at)[5:], _who(each), _what(each), f"#{each.seq}") for each in lines
                ),
                widths=(0.17, 0.18, 0.55, 0.1),
            ),
        ),
        notes=("除留言外，各条由日志事实生成；留言不改，有误另记更正。",),
    )
    world = ledger.world
    number = f"{world.site}-{begin + words.BEIJING:%Y%m%d-%H%M}-RZB"
    colophon = Colophon(
        issuer=issuer,
        number=number,
        right=f"打印 {words.moment(now)}",
        foot=f"日志 {world.site} #{world.seq}",
    )
    return press(form, colophon)


def _who(line: BookLine) -> str:
    roles = {str(role): word for role, word in words.ROLE.items() if role is not None}
    return f"{line.name or line.actor}\n{roles.get(line.role, line.role)}"


def _what(line: BookLine) -> str:
    return f"{line.zh}（已由 {line.corrected_by} 更正）" if line.corrected_by else line.zh


def _paper(ledger: Ledger, question: Question) -> tuple[HandoverPaper, tuple[HandoverPaper, ...]]:
    revisions = ledger.handover_papers(question.handover_id)
    if not revisions:
        raise Unknown("id", "no record is written before the outgoing desk has signed")
    if question.revision > len(revisions):
        raise Unknown("revision", f"there are {len(revisions)}")
    return revisions[question.revision - 1], revisions


def handover(ledger: Ledger, question: Question) -> bytes:
    """The record of a handover as data: the revision asked for, and the list of all."""
    paper, revisions = _paper(ledger, question)
    header: dict[str, Any] = plain(paper)
    return canonical(
        {
            **header,
            "form": handover_record.form(paper.content),
            "revisions": [
                {name: getattr(each, name) for name in ("revision", "seq", "made_at", "digest", "previous")}
                for each in revisions
            ],
        }
    )


def handover_printed(ledger: Ledger, question: Question, issuer: str) -> bytes:
    """The record of a handover as PDF."""
    paper, _ = _paper(ledger, question)
    colophon = Colophon(
        issuer=issuer,
        number=paper.number,
        right=f"第 {paper.revision} 版　{words.moment(paper.made_at)}",
        foot=f"日志 {paper.site} #{paper.seq}　SHA-256 {paper.digest[:32]}",
    )
    return press(handover_record.form(paper.content), colophon)
