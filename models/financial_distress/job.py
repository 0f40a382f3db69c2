"""Say how near to distress every enterprise is by its newest statement."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, tables_of
from models.financial_distress.distress_rows import distress_rows
from models.financial_distress.inputs import READ, STATEMENT, statements_query
from models.made_tables import answers, write_made

DISTRESS = "scores.financial_distress"
NO_STATEMENTS = "no financial statement is known by then"


def distress_note(rows: pa.Table) -> str:
    """How many rows of `scores.financial_distress` are of each zone and outcome, for the screen."""

    def count(column: str, value: str) -> int:
        return int(pc.sum(pc.equal(rows[column], value)).as_py() or 0)

    zones = ", ".join(f"{count('zone', zone)} {zone}" for zone in ("distress", "grey", "safe"))
    return (
        f"Altman's Z'' of {rows.num_rows} enterprises: {zones}; {count('outcome', 'missing')} "
        f"lack something, {count('outcome', 'implausible')} can't be right"
    )


def run(context: JobContext) -> JobResult:
    """Write Z'' of the newest statement of every enterprise, or why it has none.

    A date without statements has no rows.
    """
    spark = context.spark
    if STATEMENT not in tables_of(spark, "silver"):
        write_made(context, {}, (DISTRESS,))
        return JobResult(0, 0, (NO_STATEMENTS,))
    create_tables(spark, context.catalog, READ)
    query = statements_query(context.as_of_date, context.as_of_end)
    statements = answers(spark, {"statements": query})["statements"]
    made = {}
    if len(statements):
        made[DISTRESS] = distress_rows(statements, context.as_of_date)
    write_made(context, made, (DISTRESS,))
    note = distress_note(made[DISTRESS]) if made else NO_STATEMENTS
    return JobResult(len(statements), len(statements), (note,))
