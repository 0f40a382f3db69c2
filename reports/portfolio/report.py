"""The portfolio report of a date."""

from __future__ import annotations

from datetime import datetime

from reports.answers import Lake
from reports.parts import Words
from reports.portfolio import (
    attention,
    calibration,
    change,
    concentration,
    grades,
    headline,
    monitoring,
    quality,
    riskiest,
    versions,
)
from reports.report import Report

TITLE = Words("Portfolio report", "组合风险报告")
NAME = "portfolio-report"
# The last one lists the tables that the others read.
SECTIONS = (
    headline,
    attention,
    grades,
    riskiest,
    calibration,
    monitoring,
    concentration,
    change,
    quality,
    versions,
)


def build_report(lake: Lake, generated_at: datetime) -> Report:
    """Read the lake and put the report of its date together."""
    sections = tuple(module.build(lake) for module in SECTIONS)
    return Report(TITLE, "", NAME, lake.as_of_date, generated_at, sections)
