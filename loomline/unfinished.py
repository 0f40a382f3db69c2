"""Files whose rows a job has begun to write, so that a rerun knows what a kill has left.

A job that writes the rows of many files into many tables can't do it in one commit. It notes the
files in `ops.unfinished_file`, appends their rows, says in a table of its own that it is done with
them, and takes the note away. A note that is still there at the next start names rows that may
stand in some tables and not in others: they are taken out before anything is written again.
Without a kill nothing has to be looked for, however long the history is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from loomline.job import JobContext
from loomline.lake import append_rows, create_tables, remove_rows, rows_frame, sql_literal

UNFINISHED = "ops.unfinished_file"

# A file of a source: name of the source, sha256 of the file.
SourceFile = tuple[str, str]


def by_source(files: Iterable[SourceFile]) -> dict[str, list[str]]:
    """Hashes of files by their source, both in order."""
    hashes = defaultdict(list)
    for source, sha256 in sorted(files):
        hashes[source].append(sha256)
    return dict(hashes)


def left_unfinished(context: JobContext, job: str) -> set[SourceFile]:
    """The files that an earlier run of the job has begun and not finished."""
    create_tables(context.spark, context.catalog, (UNFINISHED,))
    rows = context.spark.table(UNFINISHED).where(f"job = {sql_literal(job)}").collect()
    return {(row["source"], row["file_sha256"]) for row in rows}


def begin(context: JobContext, job: str, files: set[SourceFile]) -> None:
    """Note the files, unless they are noted, before the first of their rows is written."""
    new = files - left_unfinished(context, job)
    rows = [(job, source, sha256) for source, sha256 in sorted(new)]
    append_rows(rows_frame(context.spark, context.catalog, UNFINISHED, rows), UNFINISHED)


def finish(context: JobContext, job: str) -> None:
    """Take the job's notes away."""
    remove_rows(context.spark, UNFINISHED, f"job = {sql_literal(job)}")
