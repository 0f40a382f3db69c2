"""Job `conform`: bronze rows into canonical silver rows, or into quarantine with every reason.

Reads `bronze.*`; writes the silver tables that contracts name, `quality.quarantine`,
`quality.dead_letter`, `ops.conformed_file` and `ops.unfinished_file`.

Files are conformed once for each version of their contract; when a contract changes, so are those
of every source of its canonical table. The new files of a source are done together, or in the order
in which they landed where they are of very many lines; the tables side by side, those with few new
rows first. Rows are appended; the files are marked as conformed last. A kill anywhere leaves a note
of unmarked files, whose rows the rerun takes out and writes again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.classifying import (
    CLOSED,
    CONFORMED,
    DUPLICATE,
    QUARANTINED,
    classify_rows,
    possible_rivals,
)
from loomline.contracts.catalogue import (
    PROVENANCE_COLUMNS,
    contract_version,
    load_contracts,
    readers_of,
)
from loomline.contracts.model import Contract
from loomline.declarations import catalogue_error
from loomline.engine.session import FEW_ROWS
from loomline.job import JobContext, JobResult
from loomline.lake import (
    LOG_PREFIX,
    append_rows,
    create_tables,
    in_condition,
    kept,
    remove_rows,
    rows_frame,
    same_values,
    sql_literal,
    table_exists,
)
from loomline.parsing import parse_rows
from loomline.ranges import reach_columns, reach_condition
from loomline.side_by_side import few_rows_first
from loomline.tables import table_declaration
from loomline.unfinished import SourceFile, begin, by_source, finish, left_unfinished

JOB = "conform"
QUARANTINE = "quality.quarantine"
DEAD_LETTER = "quality.dead_letter"
CONFORMED_FILE = "ops.conformed_file"
LANDED_FILE = "bronze.landed_file"
# A table of more rows is no small one, however few are new.
FEW_STANDING = 50_000
# The engine keeps some kilobytes on disk for a line while it is conformed: a line of telemetry may
# be three rows, each kept twice.
LINES_AT_ONCE = 3_000_000


def versions_of(contracts: dict[str, Contract]) -> dict[str, str]:
    """The present version of each contract, by source."""
    return {
        source: contract_version(contract, readers_of(contracts, contract))
        for source, contract in contracts.items()
    }


def stale_sources(
    context: JobContext, contracts: dict[str, Contract], versions: dict[str, str]
) -> dict[str, set[str]]:
    """The sources whose rows must all be conformed again, and the tables that have rows of theirs.

    They are those of a canonical table with a changed contract, or one that has moved to another
    table: rows of the others may have been set aside as repeats of rows that no longer stand.
    """
    columns = ("source", "contract_version", "target_table")
    marks = context.spark.table(CONFORMED_FILE).select(*columns).distinct().collect()
    tables = {source: {contract.target} for source, contract in contracts.items()}
    changed = set()
    for source, version, target in marks:
        if source in contracts:
            tables[source].add(target)
            if versions[source] != version:
                changed |= tables[source]
    return {source: found for source, found in tables.items() if found & changed}


def files_to_conform(
    context: JobContext, contracts: dict[str, Contract], versions: dict[str, str]
) -> dict[SourceFile, int]:
    """The landed files that the present version of a contract has not conformed, and their rows.

    They are by source, and those of a source in the order in which they landed: of two sources
    that are new in one run and say the same, the rows of the same one are set aside each time.
    """
    spark = context.spark
    present = spark.createDataFrame(
        [(source, contracts[source].landed_as, versions[source]) for source in contracts],
        "source string, landed_as string, contract_version string",
    )
    done = spark.table(CONFORMED_FILE).join(present, ["source", "contract_version"], "semi")
    landed_files = spark.table(LANDED_FILE).withColumnRenamed("source", "landed_as")
    # Nobody has counted the records of a log.
    is_log = F.col("source_file").startswith(LOG_PREFIX)
    row_count = F.when(is_log, FEW_ROWS + 1).otherwise(F.col("row_count")).alias("row_count")
    columns = ("source", "file_sha256", row_count, "landed_at")
    landed = landed_files.join(present, "landed_as").select(*columns)
    rows = landed.join(done, ["source", "file_sha256"], "anti").collect()
    rows.sort(key=lambda row: (row["source"], row["landed_at"], row["file_sha256"]))
    return {(row["source"], row["file_sha256"]): row["row_count"] for row in rows}


def _landed_counts(context: JobContext) -> dict[str, int]:
    """The rows of all files that have been landed, by the source that has the files."""
    counts = context.spark.table(LANDED_FILE).groupBy("source").agg(F.sum("row_count"))
    return {source: count or 0 for source, count in counts.collect()}


def _take_out(
    context: JobContext,
    contracts: dict[str, Contract],
    files: set[SourceFile],
    stale: dict[str, set[str]],
) -> None:
    """Take out what a killed run has left of files, and all that stale sources have written."""
    tables = {**stale}
    conditions = {source: f"source = {sql_literal(source)}" for source in stale}
    for source, hashes in by_source(file for file in files if file[0] not in stale).items():
        tables[source] = {contracts[source].target}
        of_files = in_condition("file_sha256", hashes)
        conditions[source] = f"source = {sql_literal(source)} and {of_files}"
    of_table = defaultdict(list)
    for source, condition in conditions.items():
        for table in (*tables[source], DEAD_LETTER, CONFORMED_FILE):
            of_table[table].append(f"({condition})")
        # A file that `land` has refused was never conformed.
        of_table[QUARANTINE].append(f"({condition} and disposition <> 'refused')")
    # The marks last: a kill on the way leaves the sources stale.
    for table in sorted(of_table, key=lambda name: name == CONFORMED_FILE):
        if table_exists(context.spark, table):
            remove_rows(context.spark, table, " or ".join(of_table[table]))


def check_expressions(catalog: Path, contract: Contract, rows: DataFrame) -> None:
    """Raise a `CatalogueError` at the first SQL expression of a contract that does not hold.

    `rows` have the columns of the canonical table and `landed_at`.
    """
    path = catalog / "sources" / f"{contract.source}.yml"
    expressions: list[tuple[tuple[str | int, ...], str]] = [
        ((part, name, "sql"), mapping.sql)
        for part in ("working_columns", "columns")
        for name, mapping in getattr(contract, part).items()
        if mapping.sql is not None
    ]
    expressions += [(("rules", n, "sql"), rule.sql) for n, rule in enumerate(contract.rules)]
    for where, sql in expressions:
        try:
            _ = rows.select(F.expr(sql)).schema
        except ParseException as error:
            raise catalogue_error(path, where, f"is no SQL: {sql}") from error
        except AnalysisException as error:
            raise catalogue_error(path, where, f"does not hold: {error.getMessage()}") from error


def at_once(hashes: Iterable[str], lines: dict[str, int]) -> Iterator[list[str]]:
    """Files in their order, some at a time: of `LINES_AT_ONCE` lines at most, or one of more."""
    some: list[str] = []
    count = 0
    for sha256 in hashes:
        if some and count + lines[sha256] > LINES_AT_ONCE:
            yield some
            some, count = [], 0
        some.append(sha256)
        count += lines[sha256]
    if some:
        yield some


@dataclass(frozen=True)
class Conformed:
    """What became of the rows of some files of a source.

    `counts` are rows by disposition; `set_aside` are those that go to quarantine, as that table has
    them, kept by the engine.
    """

    contract: Contract
    counts: dict[str, int]
    set_aside: DataFrame | None

    @property
    def landed_count(self) -> int:
        """Rows of the files."""
        return sum(self.counts.values())

    @property
    def conformed_count(self) -> int:
        """Rows that went to silver."""
        return self.counts.get(CONFORMED, 0)


def _set_aside(contract: Contract, rows: DataFrame) -> DataFrame:
    name = contract.control_total
    total = F.col(name) if name is not None else F.lit(None)
    aside = rows.where(~F.col("disposition").isin(CONFORMED, CLOSED))
    columns = (
        *("source", F.lit(contract.target).alias("target_table"), "source_file"),
        *("file_sha256", "line_number", "item_number", "disposition", "reasons", "raw_text"),
        total.cast("decimal(22,4)").alias("control_total"),
    )
    return kept(aside.select(*columns))


def _close_versions(contract: Contract, rows: DataFrame) -> None:
    """Write the end of the rows of silver that a new version has ended."""
    closed = rows.where(F.col("disposition") == CLOSED)
    closed = closed.select(*PROVENANCE_COLUMNS, "known_at", "superseded_at").alias("closed")
    # Delta opens only files with rows that were known when those were.
    moment = ("known_at",)
    (reach,) = closed.agg(*reach_columns(closed, moment)).collect()
    near = reach_condition(reach, moment, dict(closed.dtypes), contract.target)
    same_row = same_values(contract.target, "closed", PROVENANCE_COLUMNS)
    merge = closed.mergeInto(contract.target, near & same_row)
    merge.whenMatched().update({"superseded_at": F.col("closed.superseded_at")}).merge()


def _conform_source(
    context: JobContext, contracts: dict[str, Contract], contract: Contract, hashes: list[str]
) -> Conformed:
    """Conform some new files of a source; their rows that hold are in silver afterwards."""
    spark, table = context.spark, table_declaration(context.catalog, contract.target)
    bronze = spark.table(contract.bronze_table).where(in_condition("file_sha256", hashes))
    silver = spark.table(contract.target)
    try:
        parsed = parse_rows(bronze, contract, table, readers_of(contracts, contract))
        _ = parsed.schema
    except AnalysisException:
        named = silver.withColumns({"landed_at": F.current_timestamp(), "raw_text": F.lit("")})
        working = [
            F.lit(None).cast(str(mapping.type)).alias(name)
            for name, mapping in contract.working_columns.items()
        ]
        check_expressions(context.catalog, contract, named.select("*", *working))
        raise
    rivals = None
    if not silver.isEmpty():
        # Kept, since the rows are read for their ranges first.
        parsed = kept(parsed)
        rivals = possible_rivals(silver, parsed, contract.key or table.key)
    # Kept, since the rows are read once for each table that they go to.
    rows = kept(classify_rows(parsed, contract, table, rivals))
    counts = {
        row["disposition"]: row["count"] for row in rows.groupBy("disposition").count().collect()
    }
    if counts.pop(CLOSED, 0):
        _close_versions(contract, rows)
    if counts.get(CONFORMED):
        append_rows(rows.where(F.col("disposition") == CONFORMED), contract.target)
    has_aside = counts.keys() - {CONFORMED}
    return Conformed(contract, counts, _set_aside(contract, rows) if has_aside else None)


def _conform_target(
    context: JobContext, contracts: dict[str, Contract], files: dict[str, dict[str, int]]
) -> list[Conformed]:
    """Conform the sources of one table, one after the other: each looks at the others' rows.

    `files` are the lines of the new files of each source, by hash.
    """
    return [
        _conform_source(context, contracts, contracts[source], some)
        for source, lines in files.items()
        for some in at_once(lines, lines)
    ]


def _write_quarantine(done: list[Conformed]) -> None:
    aside = [one.set_aside for one in done if one.set_aside is not None]
    if aside:
        append_rows(reduce(DataFrame.unionByName, aside), QUARANTINE)


def run(context: JobContext) -> JobResult:
    """Conform every landed file that its contract's present version has not seen."""
    spark, contracts = context.spark, load_contracts(context.catalog)
    create_tables(spark, context.catalog, (QUARANTINE, DEAD_LETTER, CONFORMED_FILE, LANDED_FILE))
    versions = versions_of(contracts)
    stale = stale_sources(context, contracts, versions)
    files = files_to_conform(context, contracts, versions)
    noted = left_unfinished(context, JOB)
    left = noted & files.keys()
    if left or stale:
        _take_out(context, contracts, left, stale)
        files = files_to_conform(context, contracts, versions)
    if noted:
        finish(context, JOB)
    if not files:
        return JobResult(0, 0)
    begin(context, JOB, set(files))
    by_target: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    rows: dict[str, int] = defaultdict(int)
    for (source, sha256), lines in files.items():
        target = contracts[source].target
        by_target[target][source][sha256] = lines
        rows[target] += lines
    # What a few new rows repeat or end is looked for among all that stand.
    standing = _landed_counts(context)
    for target in by_target:
        sources = {one.landed_as for one in contracts.values() if one.target == target}
        if sum(standing.get(source, 0) for source in sources) > FEW_STANDING:
            rows[target] += FEW_ROWS
    create_tables(spark, context.catalog, by_target)
    of_targets = few_rows_first(
        spark,
        lambda target: _conform_target(context, contracts, by_target[target]),
        list(by_target),
        [rows[target] for target in by_target],
    )
    done = [one for of_target in of_targets for one in of_target]
    _write_quarantine(done)
    marks = [
        (source, sha256, versions[source], contracts[source].target)
        for source, sha256 in sorted(files)
    ]
    append_rows(rows_frame(spark, context.catalog, CONFORMED_FILE, marks), CONFORMED_FILE)
    finish(context, JOB)
    return _result(done, len(files))


def _result(done: list[Conformed], file_count: int) -> JobResult:
    duplicates = sum(one.counts.get(DUPLICATE, 0) for one in done)
    quarantined: dict[str, int] = defaultdict(int)
    for one in done:
        quarantined[one.contract.source] += one.counts.get(QUARANTINED, 0)
    sources = f"{file_count} files of {len(quarantined)} sources"
    notes = [f"{sources}; {duplicates:,} duplicates set aside"]
    notes += [
        f"{source}: {count:,} rows quarantined"
        for source, count in sorted(quarantined.items())
        if count
    ]
    landed = sum(one.landed_count for one in done)
    return JobResult(landed, sum(one.conformed_count for one in done), tuple(notes))
