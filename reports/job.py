"""Job `report`: the portfolio report of the date, as HTML page and XLSX workbook."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from loomline.job import JobContext, JobResult
from reports.answers import Lake
from reports.page import render_page
from reports.report import build_report
from reports.workbook import write_workbook

PAGE, WORKBOOK = "portfolio-report.html", "portfolio-report.xlsx"


def run(context: JobContext) -> JobResult:
    """Write `<home>/reports/<date>/portfolio-report.html` and `.xlsx`, in place of earlier ones.

    `rows_in` is the number of rows read, `rows_out` the number of rows in the report's tables. A
    second run for the same tables differs in the time of generation only.
    """
    lake = Lake(context.spark, context.as_of_date)
    now = datetime.now(context.settings.business_zone)
    report = build_report(lake, now)
    folder = context.settings.reports / context.as_of_date.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    page = render_page(report)
    replace_file(folder / PAGE, lambda path: path.write_text(page, encoding="utf-8"))
    replace_file(folder / WORKBOOK, lambda path: write_workbook(report, path))
    return JobResult(
        rows_in=sum(len(answer.rows) for answer in lake.answers),
        rows_out=sum(len(table.answer.rows) for _, table in report.tables),
        notes=(str(folder / PAGE), str(folder / WORKBOOK)),
    )


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside `path` and put it in its place at once; a failure leaves the old one."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
