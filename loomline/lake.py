"""Delta tables of the lake: create as declared, replace a part in one commit, ask for versions."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from pathlib import Path
from urllib.parse import unquote, urlparse

from pyspark import StorageLevel
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from loomline.errors import LoomlineError
from loomline.side_by_side import side_by_side
from loomline.tables import table_declaration

# How the name of a log of Kafka begins among landed files, where a file has its path.
LOG_PREFIX = "kafka/"
# The table property with which Delta tells the rows that a commit added and removed.
CHANGE_FEED = "delta.enableChangeDataFeed"
APPEND_ONLY = "delta.appendOnly"
# The table property with which Delta marks a row of a file as gone, and lets the file be.
DELETION_VECTORS = "delta.enableDeletionVectors"
KEPT_BY = ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration")
KEPT_DAYS = 3660


def sql_literal(value: str | date | datetime) -> str:
    """A value as a Spark SQL literal; datetimes must be UTC."""
    if isinstance(value, datetime):
        return f"timestamp'{value:%Y-%m-%d %H:%M:%S}Z'"
    if isinstance(value, date):
        return f"date'{value:%Y-%m-%d}'"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def known_condition(as_of_end: datetime, alias: str = "") -> str:
    """The SQL condition of the rows of silver that stood by an instant, as it was known then.

    `alias` is that of their table, where a query has several.
    """
    end, of = sql_literal(as_of_end), f"{alias}." if alias else ""
    return f"{of}known_at <= {end} and ({of}superseded_at is null or {of}superseded_at > {end})"


def quoted(name: str) -> str:
    """A column or table name in backquotes, dots kept as separators of a table name."""
    return ".".join(f"`{part.replace('`', '``')}`" for part in name.split("."))


def tables_of(spark: SparkSession, schema: str) -> set[str]:
    """The full names of a schema's tables and views; none where there is no schema."""
    if not spark.catalog.databaseExists(schema):
        return set()
    rows = spark.sql(f"show tables in {quoted(schema)}").collect()
    # The session's own temporary views are listed with every schema, and are in none.
    return {f"{schema}.{row['tableName']}" for row in rows if not row["isTemporary"]}


def remove_unfinished_tables(spark: SparkSession, schema: str) -> None:
    """Remove what a kill in the middle of `create table` leaves: a folder that no table owns.

    Delta would refuse to create the table for as long as the folder is there. Its log has at most
    the commit of the creation; a folder with more is never touched.

    Raises:
        LoomlineError: there is such a folder.
    """
    warehouse = Path(unquote(urlparse(spark.conf.get("spark.sql.warehouse.dir")).path))
    known = tables_of(spark, schema)
    for folder in (warehouse / f"{schema}.db").glob("*"):
        if f"{schema}.{folder.name}" in known:
            continue
        if len([*folder.glob("_delta_log/*.json")]) > 1:
            raise LoomlineError(
                f"{folder} holds rows, but the metastore knows no table {schema}.{folder.name}.",
                "Restore the home's lake/metastore and lake/warehouse from one backup.",
            )
        shutil.rmtree(folder)


def _create_statement(catalog: Path, name: str) -> str:
    table = table_declaration(catalog, name)
    columns = ", ".join(
        f"{quoted(column)} {declared.type}{' not null' if declared.required else ''} "
        f"comment {sql_literal(declared.description)}"
        for column, declared in table.columns.items()
    )
    layout = f"partitioned by ({', '.join(table.partition_by)})" if table.partition_by else ""
    if table.cluster_by:
        layout = f"cluster by ({', '.join(table.cluster_by)})"
    properties = {CHANGE_FEED: str(table.keeps_changes).lower()}
    if table.append_only:
        properties[APPEND_ONLY] = "true"
    if table.ends_rows:
        properties[DELETION_VECTORS] = "true"
    if table.keeps_versions:
        # Without them Delta forgets what happened 30 days ago, and deletes what a week ago.
        properties |= dict.fromkeys(KEPT_BY, f"'interval {KEPT_DAYS} days'")
    listed = ", ".join(f"{key} = {value}" for key, value in properties.items())
    return (
        f"create table if not exists {quoted(name)} ({columns}) using delta {layout} "
        f"comment {sql_literal(table.description)} tblproperties ({listed})"
    )


def _is_created(spark: SparkSession, statement: str) -> bool:
    """Create a table; whether its folder was free of what a kill in the middle has left."""
    try:
        spark.sql(statement)
    except AnalysisException as error:
        if error.getCondition() != "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION":
            raise
        return False
    return True


def align_layout(spark: SparkSession, catalog: Path, name: str) -> None:
    """Give a table that was made by an older declaration the layout that is declared now."""
    table = table_declaration(catalog, name)
    found = spark.sql(f"describe detail {quoted(name)}").collect()[0]
    if tuple(found["clusteringColumns"]) != table.cluster_by:
        clustered = f"({', '.join(table.cluster_by)})" if table.cluster_by else "none"
        spark.sql(f"alter table {quoted(name)} cluster by {clustered}")
    if table.keeps_changes and found["properties"].get(CHANGE_FEED) != "true":
        spark.sql(f"alter table {quoted(name)} set tblproperties ({CHANGE_FEED} = true)")


def create_tables(spark: SparkSession, catalog: Path, names: Iterable[str]) -> None:
    """Create those of the declared tables that are missing, and their schemas."""
    wanted = dict.fromkeys(names)
    for schema in dict.fromkeys(name.partition(".")[0] for name in wanted):
        there = tables_of(spark, schema)
        missing = [name for name in wanted if name.startswith(f"{schema}.") and name not in there]
        if not missing:
            continue
        spark.sql(f"create schema if not exists {quoted(schema)}")
        statements = [_create_statement(catalog, name) for name in missing]
        if not all(side_by_side(lambda one: _is_created(spark, one), statements)):
            # Only now: no other creation is in its middle.
            remove_unfinished_tables(spark, schema)
            for statement in statements:
                spark.sql(statement)


def column_list(catalog: Path, name: str) -> str:
    """The columns of a declared table with their types, as SQL."""
    columns = table_declaration(catalog, name).columns
    return ", ".join(f"{quoted(column)} {declared.type}" for column, declared in columns.items())


def rows_frame(
    spark: SparkSession, catalog: Path, name: str, rows: Sequence[tuple[object, ...]]
) -> DataFrame:
    """Rows as a frame of a declared table's columns, in their order."""
    return spark.createDataFrame(list(rows), column_list(catalog, name))


def kept(frame: DataFrame) -> DataFrame:
    """The rows of a frame as they are now, kept by the engine for as long as the result is used.

    They are kept as bytes: a million rows as objects are a gigabyte that Java looks through again
    and again.
    """
    return frame.localCheckpoint(storageLevel=StorageLevel.MEMORY_AND_DISK)


def append_rows(frame: DataFrame, name: str) -> None:
    """Add rows to a table in one Delta commit, which looks at none of its rows."""
    frame.select(*frame.sparkSession.table(name).columns).writeTo(name).append()


def replace_rows(frame: DataFrame, name: str, condition: str) -> None:
    """Put the rows of `frame` in the place of the table's rows for which `condition` holds.

    One Delta commit, so that a kill leaves either the old rows or the new ones, and a rerun leaves
    what the first run would have left. Delta refuses a frame with a row outside the condition.
    """
    columns = frame.sparkSession.table(name).columns
    # Not saveAsTable: it rewrites the metastore's entry with every commit.
    frame.select(*columns).writeTo(name).overwrite(F.expr(condition))


def same_values(left: str, right: str, columns: Iterable[str]) -> Column:
    """The condition that rows of two tables or aliases have the same values in some columns."""
    same = [F.col(f"{left}.{column}") == F.col(f"{right}.{column}") for column in columns]
    return reduce(lambda one, other: one & other, same)


def put_differences(
    fresh: DataFrame, before: DataFrame, name: str, key: Sequence[str], within: str
) -> None:
    """Put rows in the place of those `before`, which stand in the table, in one commit.

    Only what differs is written, so that the change feed tells no more than has changed. Both
    frames have all columns of the table and no two rows of one key; they are read several times.
    Delta opens only files with rows for which `within` holds, a condition on columns that bear the
    table's name; it must hold of all rows of both frames.
    """
    columns = fresh.sparkSession.table(name).columns
    fresh, before = fresh.select(*columns), before.select(*columns)
    changed = fresh.subtract(before).withColumn("is_gone", F.lit(False))
    gone = before.join(fresh, list(key), "left_anti").withColumn("is_gone", F.lit(True))
    rows = changed.unionByName(gone).alias("fresh")
    values = {quoted(column): F.col(f"fresh.{column}") for column in columns}
    merge = rows.mergeInto(name, F.expr(within) & same_values(name, "fresh", key))
    merge = merge.whenMatched(F.col("fresh.is_gone")).delete().whenMatched().update(values)
    merge.whenNotMatched(~F.col("fresh.is_gone")).insert(values).merge()


def write_once(
    spark: SparkSession,
    catalog: Path,
    name: str,
    rows: Sequence[tuple[object, ...]],
    condition: str,
) -> None:
    """Write rows that can't change, those for which `condition` holds, unless they are there."""
    if spark.table(name).where(condition).isEmpty():
        replace_rows(rows_frame(spark, catalog, name, rows), name, condition)


def remove_rows(spark: SparkSession, name: str, condition: str) -> None:
    """Take the rows for which `condition` holds out of a table, in one Delta commit."""
    replace_rows(spark.table(name).where("false"), name, condition)


def clear_rows(spark: SparkSession, name: str, condition: str) -> None:
    """Take the rows for which `condition` holds out of a table; without any there is no commit."""
    if not spark.table(name).where(condition).isEmpty():
        remove_rows(spark, name, condition)


def relation(name: str, versions: Mapping[str, int] | None = None) -> str:
    """A table in the `from` of a query: as it is, or as it was at its Delta version of `versions`.

    Of a table without a version there the query finds no row: it was not there then.
    """
    if versions is None:
        return quoted(name)
    if name not in versions:
        return f"(select * from {quoted(name)} where false)"
    return f"{quoted(name)} version as of {versions[name]}"


def rows_at(spark: SparkSession, name: str, version: int) -> DataFrame:
    """The rows of a table as they were at one of its Delta versions."""
    return spark.sql(f"select * from {relation(name, {name: version})}")


def seen_version(seen: int | None, version: int) -> int | None:
    """The last version of a table that was seen; None where the table has begun anew since."""
    return None if seen is None or seen > version else seen


def changed_rows(spark: SparkSession, name: str, after: int | None, until: int) -> DataFrame:
    """Rows that a table has got and lost between two of its Delta versions, with their `sign`.

    `sign` is 1 for a row that came and -1 for one that went; a row that changed is there twice.
    With `after` None these are all rows of the table. Rows that were only moved from file to file
    are not among them.
    """
    if after is None:
        return rows_at(spark, name, until).withColumn("sign", F.lit(1))
    reader = spark.read.option("readChangeFeed", "true").option("startingVersion", str(after + 1))
    changes = reader.option("endingVersion", str(until)).table(name)
    came = F.col("_change_type").isin("insert", "update_postimage")
    changes = changes.withColumn("sign", F.when(came, 1).otherwise(-1))
    return changes.drop("_change_type", "_commit_version", "_commit_timestamp")


def in_condition(column: str, values: Iterable[str]) -> str:
    """The SQL condition that a text column has one of the values; none of them: false."""
    listed = ", ".join(sql_literal(value) for value in values)
    return f"{quoted(column)} in ({listed})" if listed else "false"


def table_exists(spark: SparkSession, name: str) -> bool:
    """Whether the engine's metastore has the table or view."""
    return bool(spark.catalog.tableExists(name))


def table_version(spark: SparkSession, name: str, warehouse: Path | None = None) -> int | None:
    """The Delta version of the table now; None where it does not exist or is a view.

    With the `warehouse` of a home's own engine the version is read off the names of the table's
    commits, since asking the engine takes half a second a table.
    """
    if warehouse is not None:
        schema, _, table = name.partition(".")
        commits = (warehouse / f"{schema}.db" / table / "_delta_log").glob("*.json")
        return max((int(commit.stem) for commit in commits if commit.stem.isdigit()), default=None)
    try:
        latest = spark.sql(f"describe history {quoted(name)} limit 1").collect()
        return int(latest[0]["version"])
    except AnalysisException:
        return None
