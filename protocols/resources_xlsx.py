"""Resources as an Excel workbook (.xlsx): the same tables as resources_csv.py, in a sheet.

A workbook is a zip of XML that strangers send: sizes are checked before anything is unpacked, formulas and merged
cells are faults by line and column, because what they show is not what they hold.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from dispatch.errors import Malformed
from dispatch.records import Resource
from protocols.resources_csv import MAX_ROWS, BadTable, Fault, read_rows
from protocols.resources_table import table_of

if (
    TYPE_CHECKING
):  # openpyxl is a tenth of a server's start; it is imported when a workbook first comes or goes
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MAX_BYTES = 8 << 20  # a province's aircraft and water points are some hundred kilobytes
MAX_UNPACKED_BYTES = 64 << 20
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MAX_COLUMNS = 200
_WIDTH = 18  # characters; wide enough for a name


def read_workbook(kind: str, raw: bytes, site: str) -> tuple[Resource, ...]:
    """Every row of the workbook's only filled sheet (or the one named like `kind`) as a record of `site`.

    Raises BadTable with every fault, or Malformed(file) for bytes that are no workbook or are too large.
    """
    from openpyxl import load_workbook

    table_of(kind)
    _check_size(raw)
    try:
        book = load_workbook(io.BytesIO(raw), data_only=False, keep_links=False)
    except Exception:  # openpyxl lets through whatever its zip and XML readers raise
        raise Malformed("file", "is not an Excel workbook (.xlsx)") from None
    sheet = _sheet(book, kind)
    faults = [
        Fault(line=area.min_row, column="", detail=f"{area.coord} is merged; split it and fill every cell")
        for area in sheet.merged_cells.ranges
    ]
    if faults:
        raise BadTable(tuple(faults), len(faults))
    return read_rows(kind, _rows(sheet), site)


def _check_size(raw: bytes) -> None:
    if len(raw) > MAX_BYTES:
        raise Malformed("file", f"larger than {MAX_BYTES} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            unpacked = sum(each.file_size for each in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Malformed("file", "is not an Excel workbook (.xlsx)") from None
    if unpacked > MAX_UNPACKED_BYTES:
        raise Malformed("file", f"unpacks to {unpacked} bytes, at most {MAX_UNPACKED_BYTES}")


def _sheet(book: "Workbook", kind: str) -> "Worksheet":
    filled = [one for one in book.worksheets if one.max_row > 1 or one.cell(1, 1).value is not None]
    named = [one for one in filled if one.title == kind]
    if len(named or filled) != 1:
        raise Malformed("file", f"has {len(filled)} filled sheets; one of them must be called {kind}")
    sheet = (named or filled)[0]
    if sheet.max_row > MAX_ROWS + 1 or sheet.max_column > _MAX_COLUMNS:
        raise Malformed("file", f"reaches to {sheet.dimensions}; at most {MAX_ROWS} rows")
    return sheet


def _rows(sheet: "Worksheet") -> Iterator[tuple[int, list[str]]]:
    width = 0
    for line, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(cell, line) for cell in row]
        if line == 1:
            while cells and not cells[-1]:
                cells.pop()
            width = len(cells)
        yield line, cells if len(cells) < width or any(cells[width:]) else cells[:width]


def _text(cell: Any, line: int) -> str:
    value = cell.value
    if cell.data_type in ("f", "e"):
        what = "is a formula; paste its value" if cell.data_type == "f" else f"is an error, {value}"
        raise BadTable((Fault(line=line, column=cell.column_letter, detail=what),), 1)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        midnight = value.hour == value.minute == value.second == 0
        return f"{value:%Y-%m-%d}" if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def write_workbook(kind: str, records: Iterable[Resource]) -> bytes:
    """A workbook of one sheet called `kind`, all cells text; `read_workbook` reads it back to equal records."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    table = table_of(kind)
    book = Workbook(write_only=False)
    book.remove(book.worksheets[0])
    sheet: Worksheet = book.create_sheet(kind)
    names = [column.name for column in table.columns]
    sheet.append(names)
    for number, name in enumerate(names, start=1):
        sheet.cell(1, number).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = max(_WIDTH, len(name) + 2)
    sheet.freeze_panes = "A2"
    for line, record in enumerate(records, start=2):
        cells = table.cells(record)
        for number, name in enumerate(names, start=1):
            cell = sheet.cell(line, number)
            cell.value = cells[name] or None
            cell.data_type = "s" if cells[name] else "n"  # a text that begins with = stays text
            cell.number_format = "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
