"""Job `report`: the reports of the date that everybody reads, as HTML pages and XLSX workbooks."""

from __future__ import annotations

from datetime import datetime

from loomline.job import JobContext, JobResult
from reports.answers import Lake
from reports.dates import lake_of, mart_dates
from reports.files import write_report
from reports.group import ecosystem, trade
from reports.group.questions import TRADES
from reports.portfolio.report import build_report
from reports.report import Report
from reports.trades import load_trade_names
from reports.wanted import TRADES_FOLDER


def run(context: JobContext) -> JobResult:
    """Write the portfolio, the ecosystem and all trade reports below `<home>/reports/<date>`.

    They take the place of earlier ones. Where the marts have no rows of the date, only the
    portfolio report is written, which says so. `rows_in` is the number of rows read, `rows_out` the
    number of rows in the reports' tables. A second run for the same tables differs in the time of
    generation only.
    """
    now = datetime.now(context.settings.business_zone)
    folder = context.settings.reports / context.as_of_date.isoformat()
    portfolio = Lake(context.spark, context.as_of_date, {}, context.warehouse)
    made: list[tuple[Lake, Report]] = [(portfolio, build_report(portfolio, now))]
    notes = [str(path) for path in write_report(made[0][1], folder)]
    if context.as_of_date in mart_dates(context):
        lake, names = lake_of(context), load_trade_names(context.catalog)
        made.append((lake, ecosystem.build_report(lake, now, names)))
        notes += [str(path) for path in write_report(made[-1][1], folder)]
        trades = [row["trade"] for row in lake.ask(TRADES).rows]
        for one in trades:
            lake = lake_of(context, trade=one)
            made.append((lake, trade.build_report(lake, now, names)))
            write_report(made[-1][1], folder / TRADES_FOLDER)
        notes.append(f"{len(trades)} trade reports in {folder / TRADES_FOLDER}")
    return JobResult(
        rows_in=sum(len(answer.rows) for lake, _ in made for answer in lake.answers),
        rows_out=sum(len(table.answer.rows) for _, one in made for _, table in one.tables),
        notes=tuple(notes),
    )
