"""Say how late open items will be paid, and how short suppliers will deliver."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, tables_of
from models.counterparties.inputs import (
    ORDER_LINE,
    ORDERED,
    ORDERED_QUERIES,
    OWED,
    OWED_QUERIES,
    RECEIVABLE,
    queries,
)
from models.counterparties.receivable_rows import receivable_rows
from models.counterparties.supplier_rows import supplier_rows
from models.made_tables import answers, write_made

RECEIVABLES, SUPPLIERS = "scores.receivable_expectation", "scores.supplier_expectation"
NOTHING = "no open receivable and no order to a supplier is known by then"


def _made(found: dict[str, pd.DataFrame], context: JobContext) -> dict[str, pa.Table]:
    """The rows of each table that has any."""
    made = {}
    if "items" in found and len(found["items"]):
        made[RECEIVABLES] = receivable_rows(found["items"], found["invoiced"], context.as_of_date)
    if "lines" in found and len(found["lines"]):
        made[SUPPLIERS] = supplier_rows(found["lines"], context.as_of_date)
    return {table: rows for table, rows in made.items() if rows.num_rows}


def run(context: JobContext) -> JobResult:
    """Write what is to be expected of debtors and suppliers as of the date.

    A table of which the date has no rows is not made.
    """
    spark = context.spark
    there = tables_of(spark, "silver")
    templates: dict[str, str] = {}
    for table, read, asked in (
        (RECEIVABLE, OWED, OWED_QUERIES),
        (ORDER_LINE, ORDERED, ORDERED_QUERIES),
    ):
        if table in there:
            create_tables(spark, context.catalog, read)
            templates |= asked
    found = answers(spark, queries(templates, context.as_of_end))
    made = _made(found, context)
    write_made(context, made, (RECEIVABLES, SUPPLIERS))
    counts = [f"{rows.num_rows} rows in {table}" for table, rows in made.items()]
    rows_in = sum(len(rows) for rows in found.values())
    return JobResult(
        rows_in, sum(rows.num_rows for rows in made.values()), ("; ".join(counts) or NOTHING,)
    )
