"""Parameters of the safety nets as CSV: `net,name,value,phase,where,valid_from,source`, one row a line.

`phase` and `where` may be empty. Units are SI. A row that cannot be read is refused with its line.
"""

import csv
import io
from datetime import date

from dispatch.errors import Malformed
from dispatch.safety.parameters import Phase, Row

COLUMNS = ("net", "name", "value", "phase", "where", "valid_from", "source")
MOST_ROWS, MOST_CHARACTERS = 2_000, 1_000_000


def read(text: str) -> tuple[Row, ...]:
    """All rows. Raises Malformed with line and column."""
    if len(text) > MOST_CHARACTERS:
        raise Malformed("file", f"{len(text)} characters, at most {MOST_CHARACTERS}")
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    rows: list[Row] = []
    try:
        header = next(lines, [])
        if tuple(each.strip() for each in header) != COLUMNS:
            raise Malformed("line 1", f"the columns are {','.join(COLUMNS)}")
        for cells in lines:
            said = [cell.strip() for cell in cells]
            rows += [_row(said, lines.line_num)] if any(said) else []
    except csv.Error as error:
        raise Malformed(f"line {lines.line_num}", str(error)) from None
    if len(rows) > MOST_ROWS:
        raise Malformed("file", f"{len(rows)} rows, at most {MOST_ROWS}")
    return tuple(rows)


def _row(cells: list[str], line: int) -> Row:
    if len(cells) != len(COLUMNS):
        raise Malformed(f"line {line}", f"{len(cells)} cells, there are {len(COLUMNS)} columns")
    net, name, value, phase, where, valid_from, source = cells
    try:
        figure = float(value)
    except ValueError:
        raise Malformed(f"line {line}, value", f"{value[:40]!r} is no number") from None
    if phase and phase not in set(Phase):
        raise Malformed(f"line {line}, phase", f"{phase[:40]!r} is not one of {', '.join(Phase)}")
    try:
        since = date.fromisoformat(valid_from)
    except ValueError:
        raise Malformed(f"line {line}, valid_from", f"{valid_from[:40]!r} is no date") from None
    return Row(
        net=net,
        name=name,
        value=figure,
        phase=Phase(phase) if phase else None,
        where=where,
        valid_from=since,
        source=source,
    )
