"""The files of a report, whatever model it is of, and how they get to the run of the model."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import mlflow

from models.registry import VALIDATION_REPORT, VALIDATION_REPORT_FILE
from models.validation_report.document import Document
from models.validation_report.page import render_page
from models.validation_report.pdf import render_pdf

FOLDER, PAGE = VALIDATION_REPORT_FILE.split("/")
PDF, DATA = "report.pdf", "findings.json"


def _plain(value: object) -> object:
    """The value with None for every number that JSON has no word for, and days as texts."""
    if isinstance(value, Mapping):
        return {key: _plain(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(x) for x in value]
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def plain_json(content: Mapping[str, object]) -> str:
    """What a report says, for programs; a number that is none becomes null."""
    return json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def files_of(report: Document, content: str) -> dict[str, bytes]:
    """Page, PDF and findings by file name; the PDF names the hash of the page on every sheet.

    `content` is what `plain_json` gave of the findings.
    """
    page = render_page(report).encode()
    footer = f"Same content as {PAGE}, SHA-256 {hashlib.sha256(page).hexdigest()}"
    return {PAGE: page, PDF: render_pdf(report, footer), DATA: content.encode()}


def log_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """Log a report to the active run, tag the run, and return the tag for the model's versions."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        mlflow.log_artifacts(folder, FOLDER)
    tags = {VALIDATION_REPORT: hashlib.sha256(files[PAGE]).hexdigest()}
    mlflow.set_tags(tags)
    return tags
