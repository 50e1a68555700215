"""The logbook's index in the papers' process: the line of each row, in a private SQLite table, asked by time and tie.

It is made anew from the journal whenever the process starts and belongs to nobody else: SQLite spills what its cache
does not hold to an unnamed file, so a journal of years costs no memory. A page of a hundred thousand lines takes
milliseconds; a search through their texts some tens.
"""

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from dispatch.facts import Recorded
from dispatch.papers import words
from dispatch.papers.log_lines import told
from dispatch.world import World

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CACHE_KIB = 16_384
_COLUMNS = (
    "seq, at_us, actor, name, role, kind, zh, en, incident_id, tasking_id, aircraft_id, note_id, corrects"
)
_TABLE = f"""
CREATE TABLE lines (seq INTEGER PRIMARY KEY, at_us INTEGER, actor TEXT, name TEXT, role TEXT, kind TEXT, zh TEXT,
  en TEXT, incident_id TEXT, tasking_id TEXT, aircraft_id TEXT, note_id TEXT, corrects TEXT, security INTEGER);
CREATE INDEX by_time ON lines (at_us, seq);
CREATE INDEX by_incident ON lines (incident_id, seq) WHERE incident_id <> '';
PRAGMA cache_size = -{_CACHE_KIB};
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookQuery:
    """What is asked; empty and None: everything. `security`: which lines, None both."""

    begin: datetime | None = None
    end: datetime | None = None
    incident_id: str = ""
    person: str = ""
    text: str = ""
    security: bool | None = False
    after: int = 0
    limit: int = 100
    oldest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLine:
    """One line as it is told. `name` is the person's as it was then, `corrected_by` a later note's id."""

    seq: int
    at: datetime
    actor: str
    name: str
    role: str
    kind: str
    zh: str
    en: str
    incident_id: str
    tasking_id: str
    aircraft_id: str
    note_id: str
    corrects: str
    corrected_by: str = ""


class Logbook:
    """Lines by row number."""

    def __init__(self) -> None:
        self._lines = sqlite3.connect("")  # private, on disk where memory does not do
        self._lines.executescript(_TABLE)

    def add(self, world: World, recorded: Recorded) -> None:
        """The line of a row that has just been folded into `world`; rows come in order."""
        line = told(world, recorded)
        if line is None:
            return
        account = world.accounts.get(recorded.actor) if recorded.role is not None else None
        self._lines.execute(
            f"INSERT OR REPLACE INTO lines ({_COLUMNS}, security) VALUES ({', '.join('?' * 14)})",  # noqa: S608 (our own names)
            (
                recorded.seq,
                int((recorded.at - _EPOCH) / timedelta(microseconds=1)),
                recorded.actor,
                account.display_name if account else "",
                words.ROLE[recorded.role] if recorded.role is None else str(recorded.role),
                line.kind,
                line.zh,
                line.en,
                line.incident_id,
                line.tasking_id,
                line.aircraft_id,
                line.note_id,
                line.corrects,
                line.security,
            ),
        )

    def ask(self, query: BookQuery) -> list[BookLine]:
        """The lines asked for, at most `limit` and one more where there are more."""
        where, values = _conditions(query)
        order = "ASC" if query.oldest_first else "DESC"
        found = self._lines.execute(
            f"SELECT {_COLUMNS} FROM lines WHERE {where} ORDER BY seq {order} LIMIT ?",  # noqa: S608 (our own names)
            (*values, query.limit + 1),
        ).fetchall()
        lines = [_line(row) for row in found]
        later = self._corrections([each.note_id for each in lines if each.note_id])
        return [_corrected(each, later) for each in lines]

    def _corrections(self, notes: list[str]) -> dict[str, str]:
        if not notes:
            return {}
        marks = ", ".join("?" * len(notes))
        rows = self._lines.execute(
            f"SELECT corrects, note_id FROM lines WHERE kind = 'NoteAdded' AND corrects IN ({marks})",  # noqa: S608 (only marks)
            notes,
        )
        return dict(rows.fetchall())


def _line(row: tuple[object, ...]) -> BookLine:
    names = [name.strip() for name in _COLUMNS.split(",")]
    values = dict(zip(names, row, strict=True))
    at_us = values.pop("at_us")
    return BookLine(at=_EPOCH + timedelta(microseconds=int(str(at_us))), **values)  # type: ignore[arg-type]  # as the table was made


def _corrected(line: BookLine, later: dict[str, str]) -> BookLine:
    return replace(line, corrected_by=later[line.note_id]) if line.note_id in later else line


def _conditions(query: BookQuery) -> tuple[str, list[object]]:
    """The SQL condition with marks, and their values."""
    parts, values = ["1"], list[object]()

    def must(condition: str, *found: object) -> None:
        parts.append(condition)
        values.extend(found)

    if query.begin is not None:
        must("at_us >= ?", int((query.begin - _EPOCH) / timedelta(microseconds=1)))
    if query.end is not None:
        must("at_us < ?", int((query.end - _EPOCH) / timedelta(microseconds=1)))
    if query.incident_id:
        must("incident_id = ?", query.incident_id)
    if query.security is not None:
        must("security = ?", int(query.security))
    if query.person:
        must("(actor = ? OR instr(lower(name), ?) > 0)", query.person, query.person.lower())
    if query.text:
        must("(instr(lower(zh), ?) > 0 OR instr(lower(en), ?) > 0)", *[query.text.lower()] * 2)
    if query.after:
        must("seq > ?" if query.oldest_first else "seq < ?", query.after)
    return " AND ".join(parts), values
