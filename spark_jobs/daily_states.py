"""Job `daily_state`: every measure of the feature families, by day and by when it became known.

Reads the canonical tables that `catalog/families` names; writes `features.daily_state`. A row of a
table adds its value to its day when it is known, and takes it back when it is superseded, so that
the state as of any date is a sum. Only what a table has got and lost since the last run is added;
the rows of a run say which versions of the table they are of, and are written in one commit.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from decimal import Decimal

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.declarations import digest
from loomline.errors import CatalogueError
from loomline.families.catalogue import load_families
from loomline.families.measured import step_structs
from loomline.families.model import Measure
from loomline.job import JobContext, JobResult
from loomline.lake import (
    append_rows,
    changed_rows,
    create_tables,
    replace_rows,
    rows_frame,
    seen_version,
    sql_literal,
    table_version,
    tables_of,
)
from loomline.tables import table_declaration

DAILY_STATE = "features.daily_state"
# How the row ends that says of a span that it was summed, should nothing have changed in it.
SUMMED = ("", "", "", date(1970, 1, 1), date(1970, 1, 1), Decimal(0))
# The day by whose end an instant has come: its last instant is the next midnight.
BUSINESS_DATE = "to_date(from_utc_timestamp({instant} - interval 1 microsecond, '{zone}'))"


def measures_by_table(context: JobContext) -> dict[str, list[Measure]]:
    """The measures of all families, by the canonical table whose rows they sum."""
    of_table: dict[str, list[Measure]] = defaultdict(list)
    for family in load_families(context.catalog):
        for measure in family.measures:
            of_table[measure.table].append(measure)
    return of_table


def rules_version(measures: list[Measure]) -> str:
    """A digest of all that decides what a table's rows add."""
    parts = ("name", "code", "spelling", "ids_of", "day", "value", "where", "until")
    declared = [[getattr(measure, part) for part in parts] for measure in measures]
    return digest(json.dumps(declared), 12)


def steps(rows: DataFrame, measures: list[Measure], zone: str) -> DataFrame:
    """What signed rows of a canonical table add: firm, measure, event_date, known_date, delta."""
    known, ended = (
        BUSINESS_DATE.format(instant=instant, zone=zone)
        for instant in ("known_at", "superseded_at")
    )
    has_system = "code_system" in rows.columns
    values = [struct for one in measures for struct in step_structs(one, has_system, zone)]
    turns = (
        f"filter(array(struct({known} as known_date, sign as turn), "
        f"struct({ended} as known_date, -sign as turn)), x -> x.known_date is not null)"
    )
    each = rows.selectExpr(
        f"explode({turns}) as turn",
        f"array({', '.join(values)}) as measured",
    )
    each = each.selectExpr("turn.*", "inline(measured)")
    sums = each.where(
        "value is not null and event_date is not null and enterprise_code is not null"
    ).groupBy("code_system", "enterprise_code", "measure", "event_date", "known_date")
    total = F.sum(F.col("value") * F.col("turn")).cast("decimal(28,6)")
    return sums.agg(total.alias("delta")).where("delta <> 0")


def _seen(context: JobContext) -> dict[tuple[str, str], int]:
    """The last version of each table that is in the state, by table and rules."""
    state = context.spark.table(DAILY_STATE).groupBy("table_name", "rules")
    rows = state.agg(F.max("until_version").alias("until")).collect()
    return {(row["table_name"], row["rules"]): row["until"] for row in rows}


def _bring_up_to_date(
    context: JobContext, table: str, measures: list[Measure], seen: dict[tuple[str, str], int]
) -> int:
    """Add what has become of a table; returns the rows that came or went."""
    rules = rules_version(measures)
    after, until = seen.get((table, rules)), table_version(context.spark, table, context.warehouse)
    if until is None or after == until:
        return 0
    after = seen_version(after, until)
    changed = changed_rows(context.spark, table, after, until)
    try:
        found = steps(changed, measures, context.settings.time_zone)
        _ = found.schema
    except AnalysisException as error:
        raise CatalogueError(
            f"A measure of {table} in {context.catalog / 'families'} does not hold: "
            f"{error.getMessage()}.",
            "Correct its SQL and run the job again.",
        ) from error
    span = {"table_name": table, "rules": rules, "after_version": after, "until_version": until}
    columns = table_declaration(context.catalog, DAILY_STATE).columns
    mark = (*span.values(), *SUMMED)
    marked = found.select(
        *(F.lit(value).cast(columns[name].type).alias(name) for name, value in span.items()), "*"
    ).unionByName(rows_frame(context.spark, context.catalog, DAILY_STATE, [mark]))
    if after is None:
        replace_rows(marked, DAILY_STATE, f"table_name = {sql_literal(table)}")
    else:
        append_rows(marked, DAILY_STATE)
    return changed.count()


def run(context: JobContext) -> JobResult:
    """Bring the state of every table with measures up to its present version."""
    spark, of_table = context.spark, measures_by_table(context)
    create_tables(spark, context.catalog, (DAILY_STATE,))
    there, seen = tables_of(spark, "silver"), _seen(context)
    rows = sum(
        _bring_up_to_date(context, table, measures, seen)
        for table, measures in of_table.items()
        if table in there
    )
    missing = sorted(of_table.keys() - there)
    notes = (f"no rows yet: {', '.join(missing)}",) if missing else ()
    return JobResult(rows, spark.table(DAILY_STATE).count(), notes)
