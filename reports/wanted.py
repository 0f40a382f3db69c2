"""One report that a person asks for: of an enterprise, of a trade, or of the ecosystem."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import reports.enterprise.report
import reports.group.ecosystem
import reports.group.trade
from loomline.job import JobContext
from reports.dates import lake_of
from reports.files import write_report
from reports.report import Report
from reports.trades import load_trade_names

ENTERPRISES_FOLDER, TRADES_FOLDER = "enterprises", "trades"


def _write(context: JobContext, report: Report, folder: str = "") -> tuple[Path, Path]:
    return write_report(report, context.settings.reports / f"{context.as_of_date}" / folder)


def _now(context: JobContext) -> datetime:
    return datetime.now(context.settings.business_zone)


def write_enterprise(context: JobContext, enterprise: str) -> tuple[Path, Path]:
    """Write the report of an enterprise as of the date; the paths of page and workbook.

    Raises:
        LoomlineError: the marts have no rows of the date, or none of the enterprise.
    """
    lake = lake_of(context, enterprise_id=enterprise)
    made = reports.enterprise.report.build_report(
        lake, _now(context), load_trade_names(context.catalog)
    )
    return _write(context, made, ENTERPRISES_FOLDER)


def write_trade(context: JobContext, trade: str) -> tuple[Path, Path]:
    """Write the report of a trade as of the date; the paths of page and workbook.

    Raises:
        LoomlineError: the marts have no rows of the date, or no enterprise has the trade.
    """
    lake = lake_of(context, trade=trade)
    made = reports.group.trade.build_report(lake, _now(context), load_trade_names(context.catalog))
    return _write(context, made, TRADES_FOLDER)


def write_ecosystem(context: JobContext) -> tuple[Path, Path]:
    """Write the report of the whole ecosystem as of the date; the paths of page and workbook.

    Raises:
        LoomlineError: the marts have no rows of the date.
    """
    made = reports.group.ecosystem.build_report(
        lake_of(context), _now(context), load_trade_names(context.catalog)
    )
    return _write(context, made)
