"""Files that were landed from where they lie, so that a folder that grows is not read anew.

A file counts as seen while the system says of it what it said when it was landed: the same file of
the disk, of the same size, changed last at the same moments. The system itself sets the last of
them whenever a file's bytes, name or rights change, so that no program can give a changed file the
old one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from loomline.contracts.model import Contract
from loomline.declarations import digest
from loomline.job import JobContext
from loomline.lake import append_rows, create_tables, rows_frame
from loomline.unfinished import SourceFile

SEEN_FILE = "ops.seen_file"
# A change within the same tick of the system's clock would leave no trace.
TICK_NS = 2_000_000_000


@dataclass(frozen=True)
class Trace:
    """What the system says of a file, in whole, and the contracts that it was held against."""

    path: str
    state: str


def patterns_version(contracts: Mapping[str, Contract]) -> str:
    """A hash that changes when other contracts, or files of other names, are to be landed."""
    patterns = sorted((source, contract.files or ()) for source, contract in contracts.items())
    return digest(repr(patterns))


def trace(path: Path, patterns: str) -> Trace | None:
    """The trace of a file now; None of one that is gone, or has changed only just now."""
    try:
        found = path.stat()
    except OSError:
        return None
    if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < TICK_NS:
        return None
    parts = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return Trace(os.fspath(path), " ".join([patterns, *map(str, parts)]))


def load_seen(context: JobContext) -> dict[Trace, frozenset[SourceFile]]:
    """What became of each file that was seen, by its trace."""
    create_tables(context.spark, context.catalog, (SEEN_FILE,))
    landed: dict[Trace, set[SourceFile]] = {}
    for row in context.spark.table(SEEN_FILE).collect():
        of_trace = landed.setdefault(Trace(row["path"], row["state"]), set())
        of_trace.add((row["source"], row["file_sha256"]))
    return {trace: frozenset(files) for trace, files in landed.items()}


def note_seen(context: JobContext, seen: Iterable[tuple[Trace, frozenset[SourceFile]]]) -> None:
    """Note files that are landed by now, and as what."""
    rows = [
        (trace.path, trace.state, source, sha256)
        for trace, files in seen
        for source, sha256 in sorted(files)
    ]
    if rows:
        append_rows(rows_frame(context.spark, context.catalog, SEEN_FILE, rows), SEEN_FILE)
