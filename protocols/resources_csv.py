"""Resources as CSV: the tables people keep in a spreadsheet, read into records and written back.

One file holds one kind of resource. The first line names the columns, in any order; what a column means, its
unit and its range are in resources_table.py.

Reading is all or nothing per file: the answer holds either every row as a record or every fault with its line and
column, so that a spreadsheet is mended once and not row by row. Writing gives back what reading accepts.
Which rows are new, changed or the same is for whoever holds the world (adapters/cli/resources.py, the HTTP door).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.errors import Malformed
from dispatch.records import Resource
from protocols.cells import Table
from protocols.resources_table import table_of

MAX_TEXT_CHARS = 16 << 20  # a province has some thousand rows of some hundred characters
MAX_ROWS = 20_000
MAX_FAULTS = 200  # more are counted, not listed: the sender has the wrong file


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong: `line` as a text editor counts, `column` by its heading (empty: the whole line)."""

    line: int
    column: str
    detail: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.detail}"


class BadTable(Malformed):
    """The file is refused as a whole; `faults` says why, up to MAX_FAULTS, `total` how many there are."""

    def __init__(self, faults: tuple[Fault, ...], total: int) -> None:
        first = faults[0]
        more = f" (and {total - 1} more)" if total > 1 else ""
        super().__init__(f"line {first.line}.{first.column or 'row'}", f"{first.detail}{more}")
        self.faults = faults
        self.total = total


class _Faults:
    """Faults found so far, bounded: the first MAX_FAULTS are kept, the rest counted."""

    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.total = 0

    def add(self, line: int, column: str, detail: str) -> None:
        self.total += 1
        if len(self.kept) < MAX_FAULTS:
            self.kept.append(Fault(line=line, column=column, detail=detail))


def read_table(kind: str, text: str, site: str) -> tuple[Resource, ...]:
    """Every row of a CSV text as a record of `site`, version 1. Raises BadTable with every fault, or Malformed."""
    table_of(kind)
    if len(text) > MAX_TEXT_CHARS:
        raise Malformed("file", f"longer than {MAX_TEXT_CHARS} characters")
    return read_rows(kind, _lines(text), site)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise BadTable((Fault(line=rows.line_num, column="", detail=f"is not CSV: {error}"),), 1) from None


def read_rows(kind: str, lines: Iterable[tuple[int, list[str]]], site: str) -> tuple[Resource, ...]:
    """Rows of cells with their line, the heading first, as records of `site`, version 1. Raises BadTable."""
    table = table_of(kind)
    faults = _Faults()
    records: list[Resource] = []
    seen: dict[str, int] = {}
    rest = iter(lines)
    _, names = next(rest, (1, []))
    heading = _heading(table, [cell.strip() for cell in names], faults)
    try:
        for line, row in rest if not faults.total else ():
            if not any(cell.strip() for cell in row):
                continue
            if len(seen) >= MAX_ROWS:
                faults.add(line, "", f"more than {MAX_ROWS} rows")
                break
            record = _row(table, heading, row, line=line, site=site, faults=faults)
            if record is None:
                continue
            if record.id in seen:
                faults.add(line, "id", f"{record.id} was already on line {seen[record.id]}")
            seen.setdefault(record.id, line)
            records.append(record)
    except BadTable as bad:  # the reader of the lines could not go on
        for each in bad.faults:
            faults.add(each.line, each.column, each.detail)
    if faults.total:
        raise BadTable(tuple(faults.kept), faults.total)
    return tuple(records)


def read_cells(kind: str, cells: Mapping[str, str], site: str) -> Resource:
    """One row, its cells by column. Raises Malformed with the column."""
    columns = [column.name for column in table_of(kind).columns]
    unknown = next((name for name in cells if name not in columns), None)
    if unknown is not None:
        raise Malformed(f"cells.{unknown[:40]}", f"is not a column of {kind}")
    try:
        (record,) = read_rows(kind, ((1, columns), (2, [cells.get(name, "") for name in columns])), site)
    except BadTable as bad:
        raise Malformed(f"cells.{bad.faults[0].column}", bad.faults[0].detail) from None
    except ValueError:
        raise Malformed("cells", "are all empty") from None
    return record


def _heading(table: Table, names: list[str], faults: _Faults) -> list[str]:
    known = {column.name for column in table.columns}
    for name in names:
        if name not in known:
            faults.add(1, name[:40], f"is not a column of this table; it has {', '.join(sorted(known))}")
        elif names.count(name) > 1:
            faults.add(1, name, "appears twice")
    for column in table.columns:
        if column.required and column.name not in names:
            faults.add(1, column.name, "is missing")
    return names


def _row(
    table: Table, heading: list[str], row: list[str], *, line: int, site: str, faults: _Faults
) -> Resource | None:
    if len(row) != len(heading):
        faults.add(line, "", f"has {len(row)} cells, the heading has {len(heading)}")
        return None
    cells = dict(zip(heading, (cell.strip() for cell in row), strict=True))
    values: dict[str, Any] = {}
    before = faults.total
    for column in table.columns:
        cell = cells.get(column.name, "")
        if cell:
            try:
                values[column.name] = column.read(cell)
            except ValueError as error:
                faults.add(line, column.name, str(error))
        elif column.required:
            faults.add(line, column.name, "is empty")
        else:
            values[column.name] = column.default
    if faults.total > before:
        return None
    try:
        record: Resource = table.record(site=site, **table.build(values))
    except Malformed as fault:
        faults.add(line, fault.field.removeprefix("position."), fault.detail)
        return None
    return record


def write_table(kind: str, records: Iterable[Resource]) -> str:
    """CSV text with a heading, in the order given; `read_table` reads it back to equal records."""
    table = table_of(kind)
    names = [column.name for column in table.columns]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, extrasaction="ignore", lineterminator="\r\n")  # RFC 4180
    writer.writeheader()
    for record in records:
        writer.writerow(table.cells(record))
    return out.getvalue()
