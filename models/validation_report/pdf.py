"""The report as PDF, by ReportLab: pure Python, so that it works wherever the package installs.

WeasyPrint would have rendered the page itself, but needs Pango, a library of the system that a
fresh machine may lack. Latin text is in DejaVu Sans, which comes with matplotlib and is embedded.
No Chinese font comes with anything that is installed, so Chinese is written in STSong-Light, one of
the character collections that the PDF standard lets a reader supply: readers show it with a Chinese
font of their own. Where a reader has none, its place stays empty, and nothing is lost: all Chinese
in the report says what the English beside it says.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from matplotlib import get_data_path
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from models.validation_report.document import Chart, Column, Document, Figure, Section, Table, Words

LATIN, BOLD, CHINESE = "DejaVuSans", "DejaVuSans-Bold", "STSong-Light"
INK, SOFT, LINE = HexColor("#1f2a33"), HexColor("#5d6b76"), HexColor("#dfe4e8")
MARGIN = 14 * mm
WIDTH = landscape(A4)[0] - 2 * MARGIN
CHART_WIDTH, CELL_PADDING = WIDTH * 0.48, 3.0
FIGURES_A_LINE, MOST_HEADING_LINES = 4, 2
# Ideographs, their punctuation, and full-width forms.
CHINESE_RUN = re.compile("([\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+)")


def _style(name: str, size: float, **options: Any) -> ParagraphStyle:
    defaults = {"fontName": LATIN, "textColor": INK, "leading": 1.35 * size, "splitLongWords": 1}
    return ParagraphStyle(name, fontSize=size, **{**defaults, **options})


BODY = _style("body", 8.5, spaceAfter=4)
TITLE = _style("title", 20, fontName=BOLD, spaceAfter=8)
HEADING = _style("heading", 14, fontName=BOLD, spaceBefore=16, spaceAfter=4)
SMALL_HEADING = _style("small heading", 9.5, fontName=BOLD, spaceBefore=8, spaceAfter=3)
POINT = _style("point", 8.5, leftIndent=10, bulletIndent=0, spaceAfter=2)
NOTE = _style("note", 7.5, textColor=SOFT, spaceBefore=3)
LARGE = _style("large", 15, fontName=BOLD)
CELL = _style("cell", 7)
NUMBER_CELL = _style("number cell", 7, alignment=2)
HEAD_CELL = _style("head cell", 7, fontName=BOLD)
NUMBER_HEAD_CELL = _style("number head cell", 7, fontName=BOLD, alignment=2)


@cache
def _register_fonts() -> None:
    folder = Path(get_data_path()) / "fonts" / "ttf"
    for name in (LATIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(LATIN, normal=LATIN, bold=BOLD, italic=LATIN, boldItalic=BOLD)
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


def _marked(text: str) -> str:
    """The text escaped, its Chinese in a font that has it."""
    return CHINESE_RUN.sub(rf'<font name="{CHINESE}">\1</font>', escape(text))


def _both(words: Words) -> str:
    return f"{_marked(words.english)} {_marked(words.chinese)}"


def _cell(text: str, column: Column) -> Paragraph:
    return Paragraph(_marked(text), NUMBER_CELL if column.is_number else CELL)


def _head(column: Column) -> Paragraph:
    style = NUMBER_HEAD_CELL if column.is_number else HEAD_CELL
    return Paragraph(
        f"{_marked(column.heading.english)}<br/>{_marked(column.heading.chinese)}", style
    )


def _text_width(text: str, font: str) -> float:
    """The width of a text in a table, in points, its Chinese in the Chinese font."""
    return sum(
        pdfmetrics.stringWidth(run, CHINESE if CHINESE_RUN.fullmatch(run) else font, CELL.fontSize)
        for run in CHINESE_RUN.split(text)
    )


def _widths(table: Table) -> list[float]:
    """As wide as the widest text of each column; where that is too much, the widest ones give."""
    wanted, least = [], []
    for place, column in enumerate(table.columns):
        texts = [row[place] for row in table.rows]
        words = [*column.heading.english.split(), column.heading.chinese]
        heading = max(_text_width(word, BOLD) for word in words)
        heading = max(heading, _text_width(column.heading.english, BOLD) / MOST_HEADING_LINES)
        longest = max((_text_width(text, LATIN) for text in texts), default=0.0)
        frame = 2 * CELL_PADDING + 2
        least.append(heading + frame)
        wanted.append(max(heading, longest) + frame)
    ceiling = max(wanted)
    while sum(max(low, min(x, ceiling)) for x, low in zip(wanted, least, strict=True)) > WIDTH:
        ceiling -= 2
        if ceiling < min(least):
            break
    return [max(low, min(x, ceiling)) for x, low in zip(wanted, least, strict=True)]


def _table(table: Table) -> list[Flowable]:
    rows = [
        [_head(column) for column in table.columns],
        *(
            [_cell(text, column) for text, column in zip(row, table.columns, strict=True)]
            for row in table.rows
        ),
    ]
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("VALIGN", (0, 1), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), CELL_PADDING),
            ("RIGHTPADDING", (0, 0), (-1, -1), CELL_PADDING),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ]
    )
    grid = LongTable(rows, colWidths=_widths(table), repeatRows=1, style=style, hAlign="LEFT")
    title = Paragraph(_both(table.title), SMALL_HEADING)
    title.keepWithNext = True
    note = [Paragraph(_marked(table.note), NOTE)] if table.note else []
    return [title, grid, *note]


def _side_by_side(cells: list[list[Flowable]], a_line: int) -> LongTable:
    lines = [cells[start : start + a_line] for start in range(0, len(cells), a_line)]
    filled = [[*line, *([[]] * (a_line - len(line)))] for line in lines]
    style = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return LongTable(filled, colWidths=[WIDTH / a_line] * a_line, style=style, hAlign="LEFT")


def _chart(chart: Chart) -> list[Flowable]:
    picture = Image(io.BytesIO(chart.png))
    picture.drawHeight *= CHART_WIDTH / picture.drawWidth
    picture.drawWidth = CHART_WIDTH
    return [Paragraph(_both(chart.title), SMALL_HEADING), picture]


def _figure(figure: Figure) -> list[Flowable]:
    return [
        Paragraph(_both(figure.label), NOTE),
        Paragraph(_marked(figure.value), LARGE),
        Paragraph(_marked(figure.remark), NOTE),
    ]


def _section(section: Section) -> list[Flowable]:
    anchor = f'<a name="{escape(section.key)}"/>'
    opening: list[Flowable] = [
        Paragraph(anchor + _both(section.title), HEADING),
        Paragraph(_marked(section.introduction.english), BODY),
        Paragraph(_marked(section.introduction.chinese), BODY),
    ]
    if section.figures:
        opening.append(_side_by_side([_figure(x) for x in section.figures], FIGURES_A_LINE))
    parts: list[Flowable] = [KeepTogether(opening)]
    parts += [Paragraph(_marked(point), POINT, bulletText="•") for point in section.points]
    if section.charts:
        parts.append(_side_by_side([_chart(x) for x in section.charts], 2))
    for table in section.tables:
        parts += _table(table)
    return parts


def _footer(text: str) -> Callable[[Any, Any], None]:
    def draw(canvas: Any, _template: Any) -> None:
        canvas.setFont(LATIN, 6.5)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, 8 * mm, text)
        canvas.drawRightString(MARGIN + WIDTH, 8 * mm, str(canvas.getPageNumber()))

    return draw


def story(report: Document) -> list[Flowable]:
    """The parts of the document in their order, before they are set on pages."""
    _register_fonts()
    identity = [
        Paragraph(f"<b>{_both(label)}</b>: {_marked(text)}", BODY)
        for label, text in report.identity
    ]
    parts = [Paragraph(_both(report.title), TITLE), *identity, Spacer(0, 4)]
    for section in report.sections:
        parts += _section(section)
    return parts


def render_pdf(report: Document, footer: str) -> bytes:
    """The document as A4 pages; `footer` stands at the foot of each. Same input, same bytes."""
    parts = story(report)
    out = io.BytesIO()
    template = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"{report.title.english}: {', '.join(text for _, text in report.identity[:2])}",
        # No time and no random identity in the file.
        invariant=1,
    )
    template.build(parts, onFirstPage=_footer(footer), onLaterPages=_footer(footer))
    return out.getvalue()
