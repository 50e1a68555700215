"""terminals.csv: which JT/T 808 terminals may report, and what they are on. A spreadsheet people keep.

    number,name,thing_kind,registration,callsign,terminal_id,auth_code
    13912345678,保障车1,vehicle,赣A12345,,,
    13912345679,直升机7015,helicopter,B-70Q1,YS7015,,

`number` is the terminal's (终端手机号), with or without leading zeros; all else may be empty. The first line names the
columns, in any order. Reading is all or nothing, with every fault by line and column (protocols/resources_csv.py).
"""

import csv
import io
import re
from dataclasses import dataclass

from dispatch.kinds import ThingKind
from protocols.resources_csv import BadTable, Fault

COLUMNS = ("number", "name", "thing_kind", "registration", "callsign", "terminal_id", "auth_code")
MAX_TEXT_CHARS = 4 << 20
MAX_ROWS = 20_000
MAX_CELL_CHARS = 64
MAX_FAULTS = 50  # more are counted, not listed
_NUMBER = re.compile(r"[0-9a-f]{1,20}")
_AUTH_CODE = re.compile(r"[!-~]{1,64}")  # printable ASCII without blanks: no terminal mistakes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """One terminal. With `auth_code` it is set up by hand and need not register."""

    number: str  # without leading zeros, as in its key
    name: str = ""
    thing_kind: ThingKind = ThingKind.VEHICLE
    registration: str = ""  # plate or aircraft registration
    callsign: str = ""
    terminal_id: str = ""
    auth_code: str = ""
    listed: bool = True  # in the file; else let in by accept_unknown


def short(number: str) -> str:
    """A terminal's number without leading zeros, so that 2013's 12 and 2019's 20 digits name one terminal."""
    return number.lstrip("0") or "0"


def read(text: str) -> dict[str, Terminal]:
    """The file's terminals by short number. Raises BadTable with the faults."""
    faults: list[Fault] = []
    found: dict[str, Terminal] = {}
    total = 0
    try:
        if len(text) > MAX_TEXT_CHARS:
            raise csv.Error(f"longer than {MAX_TEXT_CHARS} characters")
        rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        heading = [cell.strip() for cell in next(rows, [])]
        new = _heading_faults(heading)
        for row in rows if not new else ():
            if not any(cell.strip() for cell in row):
                continue
            terminal, wrong = _terminal(heading, row, rows.line_num)
            if terminal.number in found:
                wrong.append(Fault(line=rows.line_num, column="number", detail="it is listed twice"))
            if len(found) >= MAX_ROWS:
                raise csv.Error(f"more than {MAX_ROWS} rows")
            found[terminal.number] = terminal
            total += len(wrong)
            faults += wrong[: max(0, MAX_FAULTS - len(faults))]
        total += len(new)
        faults += new
    except csv.Error as error:
        total += 1
        faults.append(Fault(line=1, column="", detail=str(error)))
    if faults:
        raise BadTable(tuple(faults), total)
    return found


def _heading_faults(heading: list[str]) -> list[Fault]:
    faults = [
        Fault(line=1, column=name[:40], detail=f"is none of {', '.join(COLUMNS)}")
        for name in heading
        if name not in COLUMNS
    ]
    if len(set(heading)) != len(heading):
        faults.append(Fault(line=1, column="", detail="a column is named twice"))
    if "number" not in heading:
        faults.append(Fault(line=1, column="number", detail="is missing"))
    return faults[:MAX_FAULTS]


def _terminal(heading: list[str], row: list[str], line: int) -> tuple[Terminal, list[Fault]]:
    cells = dict(zip(heading, (cell.strip() for cell in row), strict=False))
    faults = [
        Fault(line=line, column=name, detail="more than 64 characters, or one that cannot be shown")
        for name, cell in cells.items()
        if len(cell) > MAX_CELL_CHARS or not cell.isprintable()
    ]
    if len(row) > len(heading) and any(cell.strip() for cell in row[len(heading) :]):
        faults.append(Fault(line=line, column="", detail="more cells than the first line names"))
    number = cells.get("number", "").lower()
    if not _NUMBER.fullmatch(number):
        faults.append(Fault(line=line, column="number", detail=f"{number[:30]!r} is not 1 to 20 digits"))
    kind = cells.get("thing_kind") or ThingKind.VEHICLE
    if kind not in tuple(ThingKind):
        faults.append(
            Fault(line=line, column="thing_kind", detail=f"{kind[:30]!r} is none of {', '.join(ThingKind)}")
        )
        kind = ThingKind.VEHICLE
    code = cells.get("auth_code", "")
    if code and not _AUTH_CODE.fullmatch(code):
        faults.append(Fault(line=line, column="auth_code", detail="not 1 to 64 letters, digits or signs"))
    terminal = Terminal(
        number=short(number),
        name=cells.get("name", ""),
        thing_kind=ThingKind(kind),
        registration=cells.get("registration", ""),
        callsign=cells.get("callsign", ""),
        terminal_id=cells.get("terminal_id", ""),
        auth_code=code,
    )
    return terminal, faults
