"""The whole report of a date, before it becomes a page or a workbook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from reports import (
    attention,
    calibration,
    change,
    concentration,
    grades,
    headline,
    quality,
    riskiest,
    versions,
)
from reports.answers import Lake
from reports.parts import Section, Table, Words

TITLE = Words("Portfolio report", "组合风险报告")
# The last one lists the tables that the others read.
SECTIONS = (
    headline,
    attention,
    grades,
    riskiest,
    calibration,
    concentration,
    change,
    quality,
    versions,
)


@dataclass(frozen=True)
class Report:
    """A report: the date that it is of, when it was made, and its sections in order."""

    as_of_date: date
    generated_at: datetime
    sections: tuple[Section, ...]

    @property
    def tables(self) -> tuple[tuple[Section, Table], ...]:
        """Every table with its section."""
        return tuple((section, table) for section in self.sections for table in section.tables)


def build_report(lake: Lake, generated_at: datetime) -> Report:
    """Read the lake and put the report of its date together."""
    sections = tuple(module.build(lake) for module in SECTIONS)
    return Report(lake.as_of_date, generated_at, sections)
