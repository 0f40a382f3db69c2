"""What a report is made of; page and PDF are two views of it, so that they can't disagree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The same words in English and in Chinese."""

    english: str
    chinese: str


@dataclass(frozen=True)
class Column:
    """A column's heading; numbers line up on the right."""

    heading: Words
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    """A table of texts, one tuple a row in the order of the columns; `note` stands below it."""

    title: Words
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """The same drawing as SVG text for the page and as PNG for the PDF, and what it shows."""

    title: Words
    svg: str
    png: bytes


@dataclass(frozen=True)
class Figure:
    """A headline figure: its label, its text and a remark."""

    label: Words
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Section:
    """A section; `key` is its anchor on the page, `points` are sentences of a list."""

    key: str
    title: Words
    introduction: Words
    figures: tuple[Figure, ...] = ()
    points: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Document:
    """A whole report; `identity` says which model it is of, label by label."""

    title: Words
    identity: tuple[tuple[Words, str], ...]
    sections: tuple[Section, ...]
