"""One report that a person asks for: of an enterprise, a score, a trade, or the ecosystem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import reports.enterprise.report
import reports.group.ecosystem
import reports.group.trade
import reports.score.report
from loomline.job import JobContext
from reports.answers import Lake, Parameter
from reports.dates import lake_of
from reports.files import write_report
from reports.report import Report
from reports.trades import load_trade_names

ENTERPRISES_FOLDER, TRADES_FOLDER, SCORES_FOLDER = "enterprises", "trades", "scores"


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


def write_score(
    context: JobContext,
    enterprise: str,
    differing_columns: Sequence[str],
    versions: Mapping[str, int],
) -> tuple[Path, Path]:
    """Write why an enterprise had its score on the date; the paths of page and workbook.

    `differing_columns` are the columns of the score that a replay made otherwise, `versions` the
    Delta versions of the features that the scoring run read.

    Raises:
        LoomlineError: the enterprise has no score as of the date.
    """
    parameters: dict[str, Parameter] = {
        "enterprise_id": enterprise,
        "as_of_end": context.as_of_end,
        "vectors_version": str(versions["features.enterprise_feature"]),
        "names_version": str(versions["features.feature_name"]),
    }
    lake = Lake(context.spark, context.as_of_date, parameters, context.warehouse)
    made = reports.score.report.build_report(lake, differing_columns, _now(context))
    return _write(context, made, SCORES_FOLDER)


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
