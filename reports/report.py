"""A report before it becomes a page or a workbook: what it is of, and its sections in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from reports.parts import Section, Table, Words


@dataclass(frozen=True)
class Report:
    """A report: what it is of, the date, when it was made, and its sections in order.

    `subject` is the enterprise or trade that it is of, empty for a report of all. `name` is that of
    its files, without the ending.
    """

    title: Words
    subject: str
    name: str
    as_of_date: date
    generated_at: datetime
    sections: tuple[Section, ...]

    @property
    def heading(self) -> str:
        """Title and subject in English, as a document's own title."""
        return f"{self.title.english} {self.subject}".strip()

    @property
    def tables(self) -> tuple[tuple[Section, Table], ...]:
        """Every table with its section."""
        return tuple((section, table) for section in self.sections for table in section.tables)
