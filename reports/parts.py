"""What a report is made of: sections with figures, tables and charts, each with its source.

Page and workbook are two views of the same parts, so that they can't disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.answers import Answer
from reports.kinds import TEXT, Kind


@dataclass(frozen=True)
class Words:
    """The same words in English and in Chinese."""

    english: str
    chinese: str


@dataclass(frozen=True)
class Column:
    """A column of a table: the name in the rows, the heading, the kind of its values.

    `bar` draws a bar under each number, in proportion to the largest. `reasons` marks a column
    whose values are lists of reasons with points.
    """

    name: str
    heading: Words
    kind: Kind = TEXT
    bar: bool = False
    reasons: bool = False


@dataclass(frozen=True)
class Table:
    """A table over the rows of an answer.

    `sheet` names the workbook's sheet, at most 31 characters; `on_page` tells whether the page
    shows the table too; `empty` says what it means that there are no rows.
    """

    title: Words
    sheet: str
    columns: tuple[Column, ...]
    answer: Answer
    empty: Words
    on_page: bool = True


@dataclass(frozen=True)
class Figure:
    """A headline figure: its label, its text, its unit or a remark."""

    label: Words
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawn chart: SVG text and what it shows."""

    title: Words
    svg: str


@dataclass(frozen=True)
class Notice:
    """Something that a reader should act on, or a change.

    `severity` is critical, warning or note; of a change worse, better or other.
    """

    severity: str
    text: Words
    source: str


@dataclass(frozen=True)
class Section:
    """A section of the report; `key` is its anchor on the page.

    `nothing` is said where there are no notices; None for a section that never has any. `sources`
    are the answers behind figures, notices and charts; a table names its own.
    """

    key: str
    title: Words
    introduction: Words
    figures: tuple[Figure, ...] = ()
    notices: tuple[Notice, ...] = ()
    nothing: Words | None = None
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    sources: tuple[Answer, ...] = ()
