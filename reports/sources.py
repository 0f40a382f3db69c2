"""Where the figures of a report come from: every table that it read, its version and the dates."""

from __future__ import annotations

import re

from reports.answers import Answer, Lake
from reports.kinds import IDENTITY
from reports.parts import Column, Section, Table, Words

DATE_LITERAL = re.compile(r"date'(\d{4}-\d\d-\d\d)'")
COLUMNS = (
    Column("table_name", Words("Table", "表")),
    Column("version", Words("Delta version", "Delta版本"), IDENTITY),
    Column("dates", Words("As-of dates asked for", "查询截至日")),
)


def tables_read(lake: Lake) -> Table:
    """Every table that the report has read, with its Delta version at that moment.

    To be built last: it lists the tables of every question that was asked before.
    """
    versions = {
        table: version
        for answer in lake.answers
        for table, version in answer.versions.items()
        if version is not None
    }
    dates: dict[str, set[str]] = {table: set() for table in versions}
    for answer in lake.answers:
        for table in answer.versions.keys() & dates.keys():
            dates[table] |= set(DATE_LITERAL.findall(answer.sql))
    rows = tuple(
        {"table_name": table, "version": version, "dates": ", ".join(sorted(dates[table]))}
        for table, version in sorted(versions.items())
    )
    sql = ";\n".join(f"describe history {table} limit 1" for table in sorted(versions))
    found: dict[str, int | None] = dict(versions)
    return Table(
        Words("Tables that this report read", "本报告读取的表"),
        "Tables read",
        COLUMNS,
        Answer(sql, rows, found),
        Words("No table of the report exists yet.", "报告所需的表尚不存在。"),
    )


def sources_section(lake: Lake) -> Section:
    """The last section of a report: where each figure comes from."""
    return Section(
        key="sources",
        title=Words("Where the figures come from", "数据来源"),
        introduction=Words(
            "Below each table stands the SQL that gives its rows, with table and as-of date. Any "
            "figure can be read again as it was: add “version as of N” to a table's name.",
            "每张表下附取数 SQL（含表名与截至日）。表名后加 “version as of N” 可重查当时版本。",
        ),
        tables=(tables_read(lake),),
    )
