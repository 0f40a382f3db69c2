"""Notices as the rows of a sheet, so that the workbook says what the page says."""

from __future__ import annotations

from reports.answers import Answer
from reports.kinds import LONG_TEXT, SEVERITY
from reports.parts import Column, Notice, Table, Words

COLUMNS = (
    Column("severity", Words("Severity", "级别"), SEVERITY),
    Column("english", Words("What", "英文说明"), LONG_TEXT),
    Column("chinese", Words("In Chinese", "中文说明"), LONG_TEXT),
    Column("source", Words("Source", "来源")),
)


def merged(sources: tuple[Answer, ...], rows: tuple[dict[str, object], ...]) -> Answer:
    """Rows that were made of several answers, with the SQL and the tables of all."""
    versions = {table: v for answer in sources for table, v in answer.versions.items()}
    missing = dict.fromkeys(table for answer in sources for table in answer.missing)
    sql = ";\n\n".join(dict.fromkeys(answer.sql for answer in sources))
    return Answer(sql, rows, versions, tuple(missing))


def notice_table(
    title: Words, sheet: str, notices: tuple[Notice, ...], sources: tuple[Answer, ...], empty: Words
) -> Table:
    """The table of a section's notices, for the workbook only."""
    rows: tuple[dict[str, object], ...] = tuple(
        {
            "severity": notice.severity,
            "english": notice.text.english,
            "chinese": notice.text.chinese,
            "source": notice.source,
        }
        for notice in notices
    )
    return Table(title, sheet, COLUMNS, merged(sources, rows), empty, on_page=False)
