"""Tables as Excel workbooks: what is written reads back; what only looks like a value is refused by its cell."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

import adapters.data
from dispatch.errors import Malformed
from dispatch.staff_records import CrewMember
from protocols.resources_csv import BadTable, read_table
from protocols.resources_table import COLUMNS
from protocols.resources_xlsx import read_workbook, write_workbook

JIANGXI = Path(adapters.data.__file__).parent / "jiangxi"
HEAD = ["id", "name", "operator_id", "duty", "licence_until", "source"]
ROW = ["C1", "王机长", "OP1", "captain", "2027-12-31", "test"]


def book(*rows: list[Any], merged: str = "", title: str = "crew", second: bool = False) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    if second:
        made.create_sheet("other").append(["x"])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", [kind for kind in COLUMNS if (JIANGXI / f"{kind}.csv").exists()])
def test_every_shipped_table_survives_being_a_workbook(kind: str) -> None:
    records = read_table(kind, (JIANGXI / f"{kind}.csv").read_text(encoding="utf-8"), "36")
    assert read_workbook(kind, write_workbook(kind, records), "36") == records


def test_a_sheet_as_people_make_it_is_read_numbers_dates_and_truths_as_what_they_are() -> None:
    (one,) = read_workbook("crew", book(HEAD, [*ROW[:4], date(2027, 12, 31), "test"]), "36")
    assert one == read_workbook("crew", book(HEAD, ROW), "36")[0]
    assert isinstance(one, CrewMember)
    assert one.licence_until is not None
    assert one.licence_until.isoformat() == "2027-12-31T16:00:00+00:00"  # through that day in Beijing


@pytest.mark.parametrize(
    ("raw", "line", "column", "said"),
    [
        (book(HEAD, [*ROW[:5], "=1+1"]), 2, "F", "formula"),
        (book(HEAD, ROW, merged="A2:B2"), 2, "", "A2:B2 is merged"),
        (book(HEAD, [*ROW[:3], "pilot", None, "test"]), 2, "duty", "not one of captain"),
        (book(HEAD, [*ROW, "more"]), 2, "", "7 cells"),
        (book([*HEAD, "rank"], [*ROW, "x"]), 1, "rank", "not a column"),
        (book(HEAD, ROW, ROW), 3, "id", "already on line 2"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(raw: bytes, line: int, column: str, said: str) -> None:
    with pytest.raises(BadTable) as caught:
        read_workbook("crew", raw, "36")
    fault = caught.value.faults[0]
    assert (fault.line, fault.column) == (line, column)
    assert said in fault.detail


def test_of_several_sheets_the_one_called_like_the_table_is_read() -> None:
    assert len(read_workbook("crew", book(HEAD, ROW, second=True), "36")) == 1
    with pytest.raises(Malformed, match="one of them must be called crew"):
        read_workbook("crew", book(HEAD, ROW, title="Sheet1", second=True), "36")


def test_a_zip_that_unpacks_to_gigabytes_is_refused_unread() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (65 << 20))
    with pytest.raises(Malformed, match="unpacks to"):
        read_workbook("crew", out.getvalue(), "36")


WHOLE = book(HEAD, ROW)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=40))
def test_any_damage_is_a_named_error(at: int, junk: bytes) -> None:
    try:
        read_workbook("crew", WHOLE[:at] + junk + WHOLE[at + len(junk) :], "36")
    except Malformed as error:
        assert error.field


def test_what_looks_like_a_formula_in_a_name_stays_text() -> None:
    (crew,) = read_workbook("crew", book(HEAD, ROW), "36")
    assert isinstance(crew, CrewMember)
    odd = CrewMember(**{name: getattr(crew, name) for name in crew.__slots__} | {"name": "=SUM(A1)"})
    assert read_workbook("crew", write_workbook("crew", (odd,)), "36") == (odd,)
