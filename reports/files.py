"""The files of a report: their names, and how they come into their place at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from reports.page import render_page
from reports.report import Report
from reports.workbook import write_workbook

# A file's name has at most 255 bytes; the ending, and the mark of an unfinished one, need some.
LONGEST_NAME, DIGEST = 120, 16


def file_name(subject: str) -> str:
    """The name of the report of a subject, safe for any file system and different for each."""
    safe = quote(subject, safe="")
    if len(safe) > LONGEST_NAME:
        digest = hashlib.sha256(subject.encode()).hexdigest()[:DIGEST]
        safe = f"{safe[: LONGEST_NAME - DIGEST - 1]}-{digest}"
    return f"{safe}-report"


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write the page and the workbook of a report, in place of earlier ones; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    page, workbook = (folder / f"{report.name}.{ending}" for ending in ("html", "xlsx"))
    text = render_page(report)
    replace_file(page, lambda path: path.write_text(text, encoding="utf-8"))
    replace_file(workbook, lambda path: write_workbook(report, path))
    return page, workbook


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside `path` and put it in its place at once; a failure leaves the old one."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
