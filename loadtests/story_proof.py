"""What proves the story: papers, key figures, logbook, audit, and the journal row by row with its chain verified.

An act is found in the journal by its actor and its Idempotency-Key, and must have made the facts that the story says,
in that order; a refused one must have made none, and must stand in a row of refusals with its door, role and code.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from loadtests.story_book import Book, Deed
from loadtests.story_papers import figures, logbook, papers
from loadtests.story_stage import Stage
from tests.journeys.running import wait_for

NOT_AUDITED = frozenset({"PASSWORD_CHANGE_REQUIRED"})  # the session, not the act, was turned away
AUDIT_WITHIN_S = 40.0  # repeats are counted and written every 30 s
Kind = tuple[str, str, str, str]


def prove(book: Book, stage: Stage, fire: str, folder: Path) -> list[str]:
    """All of it; what is to be printed. What does not hold becomes a fault."""
    paper_lines = papers(book, stage, fire, folder)
    figure_lines = figures(book, stage)
    book_lines = logbook(book, stage, fire)
    refusals = _audited(book, stage)
    book.check(stage.site.stop() == 0, "the site stops cleanly")
    rows = _journal(stage, folder)
    for deed in book.deeds:
        _find(book, deed, rows)
    verdict = stage.site.command("journal", "verify", ok=False)
    book.check(verdict.returncode == 0 and "clean" in verdict.stdout, f"verify: {verdict.stdout}")
    acts = sum(bool(deed.facts) for deed in book.deeds)
    return [
        "| paper | number | revision | row | PDF | read on it |",
        "|---|---|---|---|---|---|",
        *paper_lines,
        "",
        "| key figure | unit | site | by hand | n |",
        "|---|---|---|---|---|",
        *figure_lines,
        "",
        f"{acts} acts with their facts in the journal; {refusals} refused acts, all in the audit; "
        f"{len(paper_lines)} papers as data and PDF; {book_lines} lines of the incident in the logbook; "
        f"{len(rows)} rows: {verdict.stdout.strip()}",
    ]


def _audited(book: Book, stage: Stage) -> int:
    """Each kind of refusal is in the audit as often as the story met it, but for what a kill took the count of."""
    book.begin("审计")
    book.refused(stage.anquan, "安全管理员看审计", "audit", None, "FORBIDDEN", method="GET")
    doors = _doors(stage)
    wanted = Counter(_kind(deed, doors) for deed in book.deeds if deed.code and deed.code not in NOT_AUDITED)

    def found() -> Counter[Kind] | None:
        told = _audit(stage)
        return told if not wanted.keys() - told.keys() else None

    try:
        told = wait_for(found, "every refusal in the audit", AUDIT_WITHIN_S)
    except AssertionError:
        told = _audit(stage)
    for kind in sorted(wanted.keys() - told.keys()):
        book.check(False, f"not in the audit: {' '.join(kind)}")
    return wanted.total()


def _audit(stage: Stage) -> Counter[Kind]:
    told: Counter[Kind] = Counter()
    cursor = ""
    while True:
        page = stage.shenji.get(f"audit?limit=500&cursor={cursor}")
        for each in page["items"]:
            told[each["who"], each["role"], each["act"], each["code"]] += each["count"]
        cursor = page["next"] or ""
        if not cursor:
            return told


def _doors(stage: Stage) -> list[tuple[str, "re.Pattern[str]", str]]:
    """Method, path and name of every door, the most literal first."""
    told = stage.shenji.get("openapi.json")["paths"]
    found = []
    for path in sorted(told, key=lambda one: one.count("{")):
        form = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path.removeprefix("/api/v1").lstrip("/")))
        found += [
            (method.upper(), form, row["operationId"])
            for method, row in told[path].items()
            if "operationId" in row
        ]
    return found


def _kind(deed: Deed, doors: list[tuple[str, "re.Pattern[str]", str]]) -> Kind:
    method, _, path = deed.door.partition(" ")
    name = next((name for verb, form, name in doors if verb == method and form.fullmatch(path)), path)
    deed.subject = name
    return (deed.who, deed.role, name, deed.code)


def _journal(stage: Stage, folder: Path) -> list[dict[str, Any]]:
    listing = stage.site.command("journal", "list", "--json").stdout
    (folder / "journal.jsonl").write_text(listing)
    return [json.loads(line) for line in listing.splitlines()]


def _find(book: Book, deed: Deed, rows: list[dict[str, Any]]) -> None:
    """The rows that an act became."""
    own = [row for row in rows if deed.key and row["command_id"].partition(":")[0] == deed.key]
    if deed.code:
        book.check(not own, f"{deed.what} was refused and has rows")
        kept = [row["seq"] for row in rows if row["kind"] == "ActsRefused" and _tells(row["fact"], deed)]
        deed.rows, deed.kinds = tuple(kept[-1:]), ("ActsRefused",) if kept else ()
        return
    mine = [row for row in own if row["actor"] == (deed.actor or deed.who)]
    deed.rows = tuple(row["seq"] for row in mine)
    deed.kinds = tuple(row["kind"] for row in mine)
    lacking = Counter(deed.facts) - Counter(deed.kinds)
    book.check(not lacking, f"{deed.what}: the journal has {deed.kinds}, not {tuple(lacking)}")


def _tells(fact: Any, deed: Deed) -> bool:
    return any(
        (one["actor"], one["role"], one["act"], one["code"]) == (deed.who, deed.role, deed.subject, deed.code)
        for one in fact["refused"]
    )


def table(book: Book, *, brief: bool = False) -> str:
    """The story, step by step; `brief`: what was refused as counts by code."""
    lines = ["| | step | who | role | answer | row | facts |", "|---|---|---|---|---|---|---|"]
    for number, deed in enumerate(book.deeds, start=1):
        if brief and deed.code:
            continue
        rows = f"{deed.rows[0]}" + (f"–{deed.rows[-1]}" if len(deed.rows) > 1 else "") if deed.rows else ""
        lines.append(
            f"| {number} | {deed.chapter} · {deed.what} | {deed.who} | {deed.role} | {deed.status} {deed.said} "
            f"| {rows} | {' '.join(dict.fromkeys(deed.kinds))} |"
        )
    refused = Counter((deed.status, deed.code) for deed in book.deeds if deed.code)
    if brief:
        lines += ["", "Refused: " + ", ".join(f"{s} {c} × {n}" for (s, c), n in sorted(refused.items()))]
    return "\n".join(lines)
