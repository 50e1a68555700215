"""A drawn paper, read back by another program: its text, its pages, its fonts, and that it is always the same."""

import re
from dataclasses import replace

import pypdfium2
import pytest

from adapters.papers.press import MISSING, Colophon, press
from dispatch.kinds import IncidentAction
from dispatch.papers.chain import form_of, papers
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.papers.kinds import TITLES, DocumentKind
from tests.dispatch.papers.flown import Fought, whole
from tests.dispatch.papers.test_field_record import told

COLOPHON = Colophon(
    issuer="江西省航空救援指挥调度中心", number="2026-GY-1124-01-RW", right="第 2 版", foot="日志 #7"
)


def read(pdf: bytes) -> list[str]:
    """The text of each page."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def test_every_document_prints_its_title_number_and_cells() -> None:
    scene, field = whole(), Fought()
    told(field)
    field.incident(IncidentAction.CONTAIN)
    last = {
        paper.kind: paper for each in (field, scene) for paper in papers("36", each.incident_id, each.journal)
    }
    for kind in DocumentKind:
        form = form_of(last[kind].content)
        (text,) = read(press(form, replace(COLOPHON, number=last[kind].number)))
        flat = re.sub(r"\s", "", text)
        assert TITLES[kind][:4] in flat
        assert last[kind].number in flat
        for section in form.sections:
            for cell in section.cells if isinstance(section, Grid) else ():
                assert re.sub(r"\s", "", cell.label + cell.text) in flat, cell


def test_the_same_paper_is_the_same_file_and_another_is_not() -> None:
    form = Form(
        title="飞行日志",
        sections=(Grid(title="任务", cells=(Cell(key="a", label="航空器", text="赣鹰01"),)),),
    )
    other = replace(COLOPHON, right="第 3 版")
    assert press(form, COLOPHON) == press(form, COLOPHON)
    assert press(form, COLOPHON) != press(form, other)


def test_a_long_table_goes_on_over_pages_each_of_which_says_which_it_is() -> None:
    rows = tuple((str(n), "三爪仑林火" * 3) for n in range(120))
    table = Table(title="明细", heads=("次", "事件"), rows=rows, widths=(0.2, 0.8))
    pages = read(press(Form(title="飞行日志", sections=(table,)), COLOPHON))
    assert len(pages) > 1
    for number, text in enumerate(pages, start=1):
        assert f"第 {number} 页 共 {len(pages)} 页" in text
        assert "次" in text  # the heads again


@pytest.mark.parametrize(
    "hostile", ["<b>&amp;</b>", "<img src='file:///etc/passwd'/>", "a\x00b\x1b[2J", "\U0002ffff"]
)
def test_what_people_typed_is_printed_as_text(hostile: str) -> None:
    form = Form(
        title="火情接报单", sections=(Grid(title="接报", cells=(Cell(key="n", label="内容", text=hostile),)),)
    )
    (text,) = read(press(form, COLOPHON))
    shown = "".join(
        each if ord(each) < 0x20000 else MISSING
        for each in hostile
        if each.isprintable() or ord(each) > 0xFFFF
    )
    if hostile != "\U0002ffff":
        assert shown in text


def test_a_rare_character_of_a_village_is_printed_and_one_nobody_drew_is_marked() -> None:
    form = Form(
        title="火情接报单",
        sections=(Grid(title="接报", cells=(Cell(key="n", label="地点", text="磜下塅𠀋村"),)),),
    )
    (text,) = read(press(form, COLOPHON))
    assert f"磜下塅{MISSING}村" in text


def test_a_drill_says_so_and_a_signature_names_who_acted() -> None:
    form = Form(title="飞行日志", sections=(), signatures=(Signature(label="机长", name="李明"),), drill=True)
    (text,) = read(press(form, COLOPHON))
    assert text.count("演练") + text.count("演 练") == 2
    assert "机长：李明" in text


def test_the_font_travels_with_the_paper() -> None:
    cells = (Cell(key="a", label="航空器", text="赣鹰01"),)
    pdf = press(Form(title="飞行日志", sections=(Grid(title="任务", cells=cells),)), COLOPHON)
    assert b"/FontFile2" in pdf
    assert b"NotoSansSC" in pdf


@pytest.mark.parametrize("rows", range(20, 40))
def test_no_heading_stands_alone_at_the_foot_of_a_page(rows: int) -> None:
    def table(title: str, count: int) -> Table:
        return Table(title=title, heads=("次", "事件"), rows=(("1", "火"),) * count, widths=(0.2, 0.8))

    pages = read(press(Form(title="飞行日志", sections=(table("甲表", rows), table("乙表", 1))), COLOPHON))
    (page,) = [text for text in pages if "乙表" in text]
    assert "火" in page.partition("乙表")[2]
