"""A form drawn as PDF, A4, with the Chinese font inside and every text extractable.

The same form and colophon make the same bytes: no clock, no chance (reportlab's `invariant`), so that a paper can be
compared by its digest. About 0.1 s to load the font once, then some 30 ms a page: never on the reactor.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

import adapters.data
from dispatch.papers.form import Form, Grid, Signature
from dispatch.papers.form import Table as Rows

FONT_FILE = Path(adapters.data.__file__).parent / "fonts" / "NotoSansSC-Regular.ttf"
FONT = "NotoSansSC"
SPACES = "\u00a0　"  # kept as they are; a Paragraph would join ordinary ones
MISSING = "〓"  # printed for a character the font does not have

MARGIN = 17 * mm
TOP, BOTTOM = 34 * mm, 20 * mm  # room for head and colophon
WIDTH = A4[0] - 2 * MARGIN
HEADED = 32 * mm  # room for a heading, the heads of its table and a row of three lines
LABELS = 0.14  # share of the width that a label takes
INK, RULE, SHADE = HexColor(0x111111), HexColor(0x444444), HexColor(0xF0F0F0)
DRILL = HexColor(0xB00020)

BY_HAND = "{0}年{1}月{1}日{1}时{1}分".format("\u00a0" * 12, "\u00a0" * 6)

_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=9.5, leading=13.5, wordWrap="CJK", textColor=INK)
_LABEL = ParagraphStyle("label", parent=_TEXT, fontSize=9, textColor=HexColor(0x333333))
_HEAD = ParagraphStyle("head", parent=_LABEL, alignment=TA_CENTER)
_SECTION = ParagraphStyle("section", parent=_TEXT, fontSize=10.5, leading=15, spaceBefore=8, spaceAfter=3)
_NOTE = ParagraphStyle("note", parent=_TEXT, fontSize=8.5, leading=12, textColor=HexColor(0x333333))


@dataclass(frozen=True, slots=True, kw_only=True)
class Colophon:
    """What stands around the form: who issues it, its number, and how it is found in the journal."""

    issuer: str
    number: str
    right: str  # beside the number: the revision, or when it was printed
    foot: str  # below everything


def press(form: Form, colophon: Colophon) -> bytes:
    """The form as PDF."""
    _load()
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=TOP,
        bottomMargin=BOTTOM,
        title=f"{form.title} {colophon.number}",
        author=colophon.issuer,
        subject=colophon.right,
        creator="Ganying",
        invariant=1,
    )
    page.build(list(_story(form)), canvasmaker=_counted(form, colophon))
    return out.getvalue()


def _load() -> None:
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, str(FONT_FILE)))


def _printable(text: str) -> str:
    """The text with what the font lacks shown as missing; line breaks kept, other control characters gone."""
    glyphs = pdfmetrics.getFont(FONT).face.charToGlyph  # type: ignore[attr-defined]  # a TTFont has a face
    return "".join(
        each if each == "\n" or ord(each) in glyphs else MISSING
        for each in text
        if each == "\n" or each.isprintable() or each in SPACES
    )


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_printable(text)).replace("\n", "<br/>"), style)


def _story(form: Form) -> list[Flowable]:
    story: list[Flowable] = []
    for section in form.sections:
        title = _paragraph(section.title, _SECTION)
        body = _grid(section) if isinstance(section, Grid) else _rows(section)
        # a heading never stands alone at the foot of a page; a long table may break
        short = isinstance(section, Grid) and len(section.cells) < 24
        story += [KeepTogether([title, body])] if short else [CondPageBreak(HEADED), title, body]
    if form.notes:
        story.append(Spacer(1, 3 * mm))
        story += [_paragraph(f"注：{note}", _NOTE) for note in form.notes]
    if form.signatures:
        story.append(KeepTogether([Spacer(1, 6 * mm), _signatures(form.signatures)]))
    return story


_LINES: list[Any] = [
    ("GRID", (0, 0), (-1, -1), 0.5, RULE),
    ("BOX", (0, 0), (-1, -1), 1.0, RULE),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 2.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
]


def _grid(section: Grid) -> Table:
    """Two label-value pairs to a row; a wide one, or one that would stand alone before a wide one, takes the row."""
    rows: list[list[Any]] = []
    spans: list[Any] = []
    cells = list(section.cells)
    while cells:
        first = cells.pop(0)
        pair = cells.pop(0) if cells and not first.wide and not cells[0].wide else None
        row: list[Any] = [_paragraph(first.label, _LABEL), _paragraph(first.text, _TEXT)]
        if pair is None:
            spans.append(("SPAN", (1, len(rows)), (3, len(rows))))
            row += ["", ""]
        else:
            row += [_paragraph(pair.label, _LABEL), _paragraph(pair.text, _TEXT)]
            spans.append(("BACKGROUND", (2, len(rows)), (2, len(rows)), SHADE))
        rows.append(row)
    widths = [WIDTH * LABELS, WIDTH * (0.5 - LABELS)] * 2
    style = [*_LINES, ("BACKGROUND", (0, 0), (0, -1), SHADE), *spans]
    return Table(rows, colWidths=widths, style=style)


def _rows(section: Rows) -> Table:
    heads = [_paragraph(head, _HEAD) for head in section.heads]
    body: list[list[Any]] = [[_paragraph(text, _TEXT) for text in row] for row in section.rows]
    if not body:
        body = [[_paragraph("无", _TEXT), *([""] * (len(heads) - 1))]]
    style = [*_LINES, ("BACKGROUND", (0, 0), (-1, 0), SHADE)]
    return Table(
        [heads, *body], colWidths=[WIDTH * share for share in section.widths], style=style, repeatRows=1
    )


def _signatures(signatures: tuple[Signature, ...]) -> Table:
    """One box beside the other: who, the recorded name, room to sign, and the time."""
    width = WIDTH / len(signatures)
    row = [
        [
            _paragraph(f"{each.label}：{each.name}", _TEXT),
            Spacer(1, 9 * mm),
            _paragraph(each.at or BY_HAND, _NOTE),
        ]
        for each in signatures
    ]
    lines = [*_LINES, ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return Table([row], colWidths=[width] * len(signatures), style=lines)


def _counted(form: Form, colophon: Colophon) -> type[Canvas]:
    """A canvas that draws head and foot when all pages are known, so that each says of how many it is one."""

    class Counted(Canvas):
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, **named)  # type: ignore[arg-type]  # handed through
            self._kept: list[dict[str, object]] = []

        def showPage(self) -> None:  # noqa: N802 (reportlab's name)
            self._kept.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # not in the stubs

        def save(self) -> None:
            for number, kept in enumerate(self._kept, start=1):
                self.__dict__.update(kept)
                _frame(self, form, colophon, number, len(self._kept))
                super().showPage()
            super().save()

    return Counted


def _frame(canvas: Canvas, form: Form, colophon: Colophon, page: int, pages: int) -> None:
    width, height = A4
    canvas.saveState()
    canvas.setFillColor(INK)
    canvas.setStrokeColor(INK)
    canvas.setFont(FONT, 9.5)
    canvas.drawCentredString(width / 2, height - 14 * mm, _printable(colophon.issuer))
    _bold(canvas, form.title, width / 2, height - 23 * mm, 18)
    canvas.setFont(FONT, 9)
    canvas.drawString(MARGIN, height - 31 * mm, _printable(f"编号：{colophon.number}"))
    canvas.drawRightString(width - MARGIN, height - 31 * mm, _printable(colophon.right))
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, 15 * mm, width - MARGIN, 15 * mm)
    canvas.setFont(FONT, 7.5)
    canvas.drawString(MARGIN, 11 * mm, _printable(colophon.foot))
    canvas.drawRightString(width - MARGIN, 11 * mm, f"第 {page} 页 共 {pages} 页")
    if form.drill:
        _stamp(canvas)
    canvas.restoreState()


def _bold(canvas: Canvas, text: str, x: float, y: float, size: float) -> None:
    """A title in the one font there is, its outlines drawn thicker."""
    line = canvas.beginText()
    line.setFont(FONT, size)
    line.setTextRenderMode(2)
    canvas.setLineWidth(size / 36)
    line.setTextOrigin(x - pdfmetrics.stringWidth(_printable(text), FONT, size) / 2, y)
    line.textOut(_printable(text))
    line.setTextRenderMode(0)
    canvas.drawText(line)


def _stamp(canvas: Canvas) -> None:
    """演练 in the head in red, and faintly across the page."""
    width, height = A4
    canvas.setFillColor(DRILL)
    canvas.setStrokeColor(DRILL)
    canvas.setLineWidth(1.2)
    canvas.roundRect(width - MARGIN - 22 * mm, height - 25 * mm, 22 * mm, 10 * mm, 2 * mm)
    canvas.setFont(FONT, 16)
    canvas.drawCentredString(width - MARGIN - 11 * mm, height - 22 * mm, "演 练")
    canvas.setFillColor(Color(0.7, 0, 0.1, alpha=0.06))
    canvas.setFont(FONT, 130)
    canvas.translate(width / 2, height / 2 - 30 * mm)
    canvas.rotate(35)
    canvas.drawCentredString(0, 0, "演练")
