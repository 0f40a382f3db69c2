"""Jobs `maintain` and `maintain_plan`: retention, compaction and clean-up of the tables that grow.

Both look at the tables that `catalog/tables` declares a `cluster_by` or a `retention` for, and at
the bronze tables of their sources. Of the others, those of many files are compacted; their old
versions are kept. `maintain_plan` says what `maintain` would do and does nothing.

Lines of a canonical table's sources are let go together with all that was made of them. They are
first noted in `ops.unfinished_file` and `ops.retired_file`: after a kill anywhere the rerun goes on
from there. The days of machines that lose readings are marked final in their rollup before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from pyspark.sql import Row
from pyspark.sql import functions as F

from loomline.errors import LoomlineError
from loomline.job import JobContext, JobResult
from loomline.lake import (
    align_layout,
    changed_rows,
    create_tables,
    quoted,
    remove_rows,
    same_values,
    sql_literal,
    table_exists,
    tables_of,
)
from loomline.side_by_side import side_by_side
from loomline.tables import Retention, load_tables
from loomline.unfinished import UNFINISHED, begin, finish, left_unfinished
from spark_jobs.retention import (
    RETIRED,
    OldLines,
    find_old_lines,
    note_retired,
    noted_lines,
    remove_lines,
    retiring_sources,
    rows_condition,
)
from spark_jobs.rollup_figures import MACHINE_DAY, reading_date

JOB = "maintain"
TELEMETRY, DAY = "silver.telemetry", "silver.telemetry_day"
MARK = "ops.rollup_mark"
# Files above this size can't be passed over finely enough by a read of one machine's day.
FILE_BYTES = 64 << 20
# Tables get files day by day in these schemas, a file a commit at least: so many in seven weeks.
GROWING_SCHEMAS = ("bronze", "silver", "ops", "quality")
MANY_FILES = 50
# Versions stay readable for so long; the job rollup must have looked at them by then.
VERSION_HOURS = 7 * 24
ROLLUP_DAYS = 6


@dataclass(frozen=True)
class Plan:
    """What is to be let go: lines of the sources of telemetry; conditions of rows, by table."""

    lines: list[OldLines]
    old_rows: dict[str, str]


def _retentions(context: JobContext) -> dict[str, Retention]:
    """How long the rows of a table are kept, by the tables that exist."""
    declared = load_tables(context.catalog)
    return {
        name: table.retention
        for name, table in declared.items()
        if table.retention is not None and table_exists(context.spark, name)
    }


def _tables(context: JobContext) -> list[str]:
    """The tables that are looked after whatever their size, by name."""
    declared = load_tables(context.catalog)
    names = [name for name, table in declared.items() if table.cluster_by or table.retention]
    there = [name for name in names if table_exists(context.spark, name)]
    bronze = [f"bronze.{source}" for name in there for source in retiring_sources(context, name)]
    return [*there, *bronze]


def _cutoff(context: JobContext, days: int) -> datetime:
    """The end of the business day so many days before the as-of date."""
    return context.settings.as_of_end(context.as_of_date - timedelta(days=days))


def _refuse_unsafe(context: JobContext) -> None:
    """Raise a `LoomlineError` while another job still needs what would be let go or rewritten."""
    if context.as_of_date > datetime.now(context.settings.business_zone).date():
        raise LoomlineError(
            f"{context.as_of_date} is still to come: nothing is old by a day that may be a slip.",
            "Say a date up to today.",
        )
    others = context.spark.table(UNFINISHED).where(f"job <> {sql_literal(JOB)}")
    cut_off = sorted({row["job"] for row in others.select("job").distinct().collect()})
    if cut_off:
        raise LoomlineError(
            f"The job {cut_off[0]} was cut off and still needs what it has begun.",
            f"Run {cut_off[0]} again first.",
        )


def _refuse_behind(context: JobContext, cutoff: datetime) -> None:
    """Raise a `LoomlineError` if readings to be let go are not in the rollups yet."""
    spark = context.spark
    behind = LoomlineError(
        "The rollups do not know all telemetry that would be let go.", "Run rollup first."
    )
    marks = spark.table(MARK).where(f"table_name = {sql_literal(TELEMETRY)}").collect()
    mark = marks[0]["table_version"] if marks else 0
    history = spark.sql(f"describe history {TELEMETRY}").select("version", "timestamp")
    later = history.where(F.col("version") > mark)
    if later.isEmpty():
        return
    overdue = later.where(f"timestamp < current_timestamp() - interval {ROLLUP_DAYS} days")
    if not marks or not overdue.isEmpty():
        raise behind
    newest = later.agg(F.max("version")).collect()[0][0]
    unknown = changed_rows(spark, TELEMETRY, mark, newest).where("sign > 0")
    if not unknown.where(F.col("known_at") < F.expr(sql_literal(cutoff))).isEmpty():
        raise behind


def _plan(context: JobContext) -> Plan:
    """Find what is to be let go.

    Raises:
        LoomlineError: another job must run first.
    """
    create_tables(context.spark, context.catalog, (UNFINISHED, RETIRED, MARK))
    _refuse_unsafe(context)
    lines: list[OldLines] = []
    old_rows = {}
    for name, retention in _retentions(context).items():
        if name == TELEMETRY:
            cutoff = _cutoff(context, retention.days)
            _refuse_behind(context, cutoff)
            lines = find_old_lines(context, name, retention.column, cutoff)
        else:
            first_kept = context.as_of_date - timedelta(days=retention.days)
            old_rows[name] = f"{quoted(retention.column)} <= {sql_literal(first_kept)}"
    return Plan(lines, old_rows)


def _mark_final(context: JobContext, lines: list[OldLines]) -> None:
    """Mark the days of machines final that lose readings with the lines."""
    rows = context.spark.table(TELEMETRY).where(rows_condition(lines))
    day = reading_date("device_time", context.settings.time_zone).alias("reading_date")
    machine_days = rows.select("code_system", "machine_code", day).distinct().alias("retired")
    merge = machine_days.mergeInto(DAY, same_values(DAY, "retired", MACHINE_DAY))
    merge.whenMatched().update({"is_final": F.lit(True)}).merge()


def _let_go(context: JobContext, lines: list[OldLines]) -> None:
    if lines:
        _mark_final(context, lines)
        remove_lines(context, TELEMETRY, lines)
    finish(context, JOB)


def _detail(context: JobContext, name: str) -> Row:
    return context.spark.sql(f"describe detail {quoted(name)}").collect()[0]


def _may_have_many_files(context: JobContext, name: str) -> bool:
    """Whether the folder of a table has many files; that of another engine is not looked into."""
    if context.warehouse is None:
        return True
    schema, _, table = name.partition(".")
    files = (context.warehouse / f"{schema}.db" / table).glob("*.parquet")
    return len(list(islice(files, MANY_FILES + 1))) > MANY_FILES


def _scattered(context: JobContext, others: list[str]) -> dict[str, Row]:
    """The tables but for the `others` that have many files, by name, with Delta's detail of each.

    Not those in partitions: they have a file for each, whatever is done.
    """
    there = {name for schema in GROWING_SCHEMAS for name in tables_of(context.spark, schema)}
    looked_at = sorted(there - set(others))
    names = [name for name in looked_at if _may_have_many_files(context, name)]
    details = side_by_side(lambda name: _detail(context, name), names)
    return {
        name: detail
        for name, detail in zip(names, details, strict=True)
        if detail["numFiles"] > MANY_FILES and not detail["partitionColumns"]
    }


def _sizes(detail: Row) -> str:
    return f"{detail['numFiles']:,} files of {detail['sizeInBytes'] / 1e6:,.1f} MB"


def _compact(context: JobContext, name: str) -> None:
    """Write small files together, in a commit that changes no row."""
    context.spark.sql(f"optimize {quoted(name)}").collect()


def _looked_after(context: JobContext, name: str) -> str:
    """Compact a table, delete its old versions, and say what it was and is."""
    before = _sizes(_detail(context, name))
    align_layout(context.spark, context.catalog, name)
    _compact(context, name)
    context.spark.sql(f"vacuum {quoted(name)} retain {VERSION_HOURS} hours").collect()
    return f"{name}: {before}, now {_sizes(_detail(context, name))}"


def _retention_notes(context: JobContext, plan: Plan) -> list[str]:
    """What is to be let go, a note a source and table."""
    notes = []
    for source in sorted({one.source for one in plan.lines}):
        of_source = [one for one in plan.lines if one.source == source]
        line_count = sum(one.line_count for one in of_source)
        row_count = sum(one.row_count for one in of_source)
        notes.append(
            f"bronze.{source}: {line_count:,} lines of {len(of_source):,} files are old, "
            f"with {row_count:,} rows of {TELEMETRY}"
        )
    for name, condition in plan.old_rows.items():
        count = context.spark.table(name).where(condition).count()
        if count:
            notes.append(f"{name}: {count:,} rows are old")
    return notes


def run_plan(context: JobContext) -> JobResult:
    """Say what `maintain` would let go, rewrite and delete."""
    plan = _plan(context)
    notes = _retention_notes(context, plan)

    def looked_at(name: str) -> str:
        vacuum = f"vacuum {quoted(name)} retain {VERSION_HOURS} hours dry run"
        deleted = len(context.spark.sql(vacuum).collect())
        return f"{name}: {_sizes(_detail(context, name))}; {deleted:,} files of old versions"

    tables = _tables(context)
    notes += side_by_side(looked_at, tables)
    notes += [
        f"{name}: {_sizes(detail)}, to be compacted"
        for name, detail in _scattered(context, tables).items()
    ]
    return JobResult(0, 0, tuple(notes))


def run(context: JobContext) -> JobResult:
    """Let old lines and rows go, compact tables, and delete files of old versions.

    Raises:
        LoomlineError: another job must run first.
    """
    spark = context.spark
    create_tables(spark, context.catalog, (UNFINISHED, RETIRED, MARK))
    left = left_unfinished(context, JOB)
    if left:
        _let_go(context, [x for x in noted_lines(context) if (x.source, x.file_sha256) in left])
    plan = _plan(context)
    notes = _retention_notes(context, plan)
    if plan.lines:
        begin(context, JOB, {(one.source, one.file_sha256) for one in plan.lines})
        note_retired(context, plan.lines)
        _let_go(context, plan.lines)
    for name, condition in plan.old_rows.items():
        remove_rows(spark, name, condition)
    spark.conf.set("spark.databricks.delta.optimize.maxFileSize", str(FILE_BYTES))
    tables = _tables(context)
    notes += side_by_side(lambda name: _looked_after(context, name), tables)
    for name, detail in _scattered(context, tables).items():
        _compact(context, name)
        notes.append(f"{name}: {_sizes(detail)}, now {_sizes(_detail(context, name))}")
    let_go = sum(one.line_count for one in plan.lines)
    return JobResult(let_go, 0, tuple(notes))
