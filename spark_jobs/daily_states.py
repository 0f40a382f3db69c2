"""Job `daily_state`: every measure of the feature families, by day and by when it became known.

Reads the canonical tables that `catalog/families` names; writes `features.daily_state`. A row of a
table adds its value to its day when it is known, and takes it back when it is superseded, so that
the state as of any date is a sum; what is let go for its age alone stays in it. Only what a table
has got and lost since the last run is added; the rows of a run say which versions of the table they
are of, and are written in one commit.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.declarations import digest
from loomline.engine.session import FEW_ROWS, few_rows
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
    table_exists,
    table_version,
    tables_of,
)
from loomline.tables import table_declaration
from spark_jobs.retention import RETIRED

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


def rules_version(measures: Sequence[Measure]) -> str:
    """A digest of all that decides what a table's rows add."""
    parts = ("name", "code", "spelling", "ids_of", "day", "value", "where", "until")
    declared = [
        [getattr(measure, part) for part in parts]
        # Not of the others, so that what was summed before there were such stays.
        + ([measure.code_is] if measure.code_is == "machine" else [])
        for measure in measures
    ]
    return digest(json.dumps(declared), 12)


def steps(rows: DataFrame, measures: Sequence[Measure], zone: str) -> DataFrame:
    """What signed rows of a canonical table add: firm, measure, event_date, known_date, delta."""
    known, ended = (
        BUSINESS_DATE.format(instant=instant, zone=zone)
        for instant in ("known_at", "superseded_at")
    )
    has_system = "code_system" in rows.columns
    values = [struct for one in measures for struct in step_structs(one, has_system, zone)]
    turns = (
        f"array(struct({known} as known_date, sign as turn), "
        f"struct({ended} as known_date, -sign as turn))"
    )
    each = rows.selectExpr(
        f"explode({turns}) as turn",
        f"array({', '.join(values)}) as measured",
    ).where("turn.known_date is not null")
    each = each.selectExpr("turn.*", "inline(measured)")
    sums = each.where(
        "value is not null and event_date is not null and enterprise_code is not null"
    ).groupBy("code_system", "enterprise_code", "measure", "event_date", "known_date")
    total = F.sum(F.col("value") * F.col("turn")).cast("decimal(28,6)")
    return sums.agg(total.alias("delta")).where("delta <> 0")


@dataclass(frozen=True)
class Span:
    """What a table has got and lost since the state has seen it: versions, or all without any."""

    table: str
    measures: Sequence[Measure]
    after: int | None
    until: int

    def changes(self, context: JobContext) -> DataFrame:
        """The rows that came and went, but those that were only let go for their age."""
        changed = changed_rows(context.spark, self.table, self.after, self.until)
        has_retention = table_declaration(context.catalog, self.table).retention is not None
        if self.after is None or not has_retention or not table_exists(context.spark, RETIRED):
            return changed
        # What was measured stays in the state when its lines are let go.
        lines = context.spark.table(RETIRED).select("source", "file_sha256", "through_line")
        let_go = (
            (F.col("sign") == -1)
            & (F.col("changed.source") == F.col("lines.source"))
            & (F.col("changed.file_sha256") == F.col("lines.file_sha256"))
            & (F.col("line_number") <= F.col("through_line"))
        )
        return changed.alias("changed").join(F.broadcast(lines.alias("lines")), let_go, "left_anti")


def _spans(context: JobContext, of_table: Mapping[str, Sequence[Measure]]) -> list[Span]:
    """The tables that have changed, or whose measures have, since they were summed."""
    spark, there = context.spark, tables_of(context.spark, "silver")
    marks = spark.table(DAILY_STATE).where("measure = ''").groupBy("table_name", "rules")
    rows = marks.agg(F.max("until_version").alias("until")).collect()
    seen = {(row["table_name"], row["rules"]): row["until"] for row in rows}
    spans = []
    for table, measures in of_table.items():
        until = table_version(spark, table, context.warehouse) if table in there else None
        after = seen.get((table, rules_version(measures)))
        if until is not None and after != until:
            spans.append(Span(table, measures, seen_version(after, until), until))
    return spans


def _added(context: JobContext, span: Span) -> DataFrame:
    """The rows that a span adds to the state, the one that says so among them.

    Raises:
        CatalogueError: the SQL of a measure does not hold on the table.
    """
    try:
        found = steps(span.changes(context), span.measures, context.settings.time_zone)
        _ = found.schema
    except AnalysisException as error:
        raise CatalogueError(
            f"A measure of {span.table} in {context.catalog / 'families'} does not hold: "
            f"{error.getMessage()}.",
            "Correct its SQL and run the job again.",
        ) from error
    said = {
        "table_name": span.table,
        "rules": rules_version(span.measures),
        "after_version": span.after,
        "until_version": span.until,
    }
    columns = table_declaration(context.catalog, DAILY_STATE).columns
    mark = (*said.values(), *SUMMED)
    return found.select(
        *(F.lit(value).cast(columns[name].type).alias(name) for name, value in said.items()), "*"
    ).unionByName(rows_frame(context.spark, context.catalog, DAILY_STATE, [mark]))


def _changed_count(context: JobContext, spans: Sequence[Span]) -> int:
    """How many rows came and went in all spans."""
    counts = [span.changes(context).agg(F.count("*").alias("rows")) for span in spans]
    return sum(row["rows"] for row in reduce(DataFrame.union, counts).collect()) if counts else 0


def run(context: JobContext) -> JobResult:
    """Bring the state of every table with measures up to its present version."""
    spark, of_table = context.spark, measures_by_table(context)
    create_tables(spark, context.catalog, (DAILY_STATE,))
    spans = _spans(context, of_table)
    for span in spans:
        if span.after is None:
            of_whole = f"table_name = {sql_literal(span.table)}"
            replace_rows(_added(context, span), DAILY_STATE, of_whole)
    changed = [span for span in spans if span.after is not None]
    rows = _changed_count(context, spans)
    if changed:
        # In one query and one commit: of a day of most tables there is little.
        added = reduce(DataFrame.unionByName, (_added(context, span) for span in changed))
        with few_rows(spark) if rows <= FEW_ROWS else nullcontext():
            append_rows(added, DAILY_STATE)
    missing = sorted(of_table.keys() - tables_of(spark, "silver"))
    notes = (f"no rows yet: {', '.join(missing)}",) if missing else ()
    return JobResult(rows, spark.table(DAILY_STATE).count(), notes)
