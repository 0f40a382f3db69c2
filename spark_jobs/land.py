"""Job `land`: new source files into bronze, every value as it stood, each content once.

Reads the folder (or the one file) it is given; writes `bronze.<source>`, `bronze.landed_file`,
`ops.unfinished_file`, `ops.seen_file`, and `quality.quarantine` for files that had to be refused.

A file is first copied under the sha256 of its bytes and then read from the copy. An archive that
no contract names is looked into, and what contracts name in it is landed, each member as a file of
its own (`loomline.archives` has the rule). A file that lies where it was landed from and has not
changed since is passed over (`loomline.seen`). All new files of a source are appended to bronze in
one Delta commit, and listed in `bronze.landed_file` after it. A kill in between leaves a note of
unlisted files, whose rows the rerun takes out and writes again. A file that was read by an older
format of its contract is read again.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from loomline.archives import is_archive, open_archive
from loomline.contracts.catalogue import contracts_for, format_version, load_contracts
from loomline.contracts.model import Contract
from loomline.errors import FileRefused, LoomlineError
from loomline.job import JobContext, JobResult
from loomline.lake import (
    append_rows,
    column_list,
    create_tables,
    in_condition,
    remove_rows,
    replace_rows,
    rows_frame,
    sql_literal,
    table_exists,
)
from loomline.sample.apart import refuse_mixture
from loomline.seen import Trace, load_seen, note_seen, patterns_version, trace
from loomline.side_by_side import side_by_side
from loomline.staging import LandedCopy, StagedFile, copy_unchanged, stage_file
from loomline.unfinished import SourceFile, begin, by_source, finish, left_unfinished

JOB = "land"
LANDED_FILE = "bronze.landed_file"
QUARANTINE = "quality.quarantine"


def source_files(data: Path) -> list[Path]:
    """The files below a folder, or the one file, in the order of their names."""
    if data.is_file():
        return [data]
    if not data.is_dir():
        raise LoomlineError(
            f"{data} is no file or folder.", "Say a folder that holds source files."
        )
    return sorted(path for path in data.rglob("*") if path.is_file())


def _relative(path: Path, data: Path) -> str:
    return str(path.relative_to(data.parent if data.is_file() else data))


class Listed(NamedTuple):
    """A landed file: its name, and the version of the format by which it was read."""

    source_file: str
    format_version: str


def _landed(spark: SparkSession) -> dict[SourceFile, Listed]:
    columns = ("source", "file_sha256", *Listed._fields)
    rows = spark.table(LANDED_FILE).select(*columns).collect()
    return {(source, sha256): Listed(*rest) for source, sha256, *rest in rows}


def _refuse(
    context: JobContext, contract: Contract, name: str, sha256: str, error: FileRefused
) -> None:
    source_is_it = f"source = {sql_literal(contract.source)} and line_number = 0 and "
    row = (
        *(contract.source, contract.target, name, sha256, 0, 1, "refused"),
        *([f"file: {error.message}"], "", None),
    )
    condition = source_is_it + in_condition("file_sha256", [sha256])
    replace_rows(
        rows_frame(context.spark, context.catalog, QUARANTINE, [row]), QUARANTINE, condition
    )


def _take_out(context: JobContext, files: set[SourceFile]) -> None:
    """Take out of bronze the rows that a killed run has left of files that it did not list."""
    for source, hashes in by_source(files).items():
        if table_exists(context.spark, f"bronze.{source}"):
            remove_rows(context.spark, f"bronze.{source}", in_condition("file_sha256", hashes))


def _bronze_rows(context: JobContext, source: str, staged: list[StagedFile]) -> DataFrame:
    # The schema is given, so that the engine need not ask each file.
    schema = column_list(context.catalog, f"bronze.{source}")
    return context.spark.read.schema(schema).parquet(*[str(file.path) for file in staged])


def _listing(
    context: JobContext, staged: dict[str, list[StagedFile]], formats: dict[str, str]
) -> DataFrame:
    rows: list[tuple[object, ...]] = [
        (
            *(source, file.copy.sha256, file.source_file, file.copy.size_bytes),
            *(file.row_count, list(file.header), list(file.unmapped_columns), file.landed_at),
            formats[source],
        )
        for source, files in staged.items()
        for file in files
    ]
    return rows_frame(context.spark, context.catalog, LANDED_FILE, rows)


def _write_all(
    context: JobContext, staged: dict[str, list[StagedFile]], formats: dict[str, str]
) -> None:
    """Append the staged files to bronze, the sources side by side, and list them."""
    begin(context, JOB, _pairs(staged))
    create_tables(context.spark, context.catalog, [f"bronze.{source}" for source in staged])
    side_by_side(
        lambda source: append_rows(
            _bronze_rows(context, source, staged[source]), f"bronze.{source}"
        ),
        staged,
    )
    append_rows(_listing(context, staged, formats), LANDED_FILE)
    _withdraw_refusals(context.spark, _names(staged))
    finish(context, JOB)


def _write_again(
    context: JobContext, staged: dict[str, list[StagedFile]], formats: dict[str, str]
) -> None:
    """Put the staged files in the place of what an older format has read of the same bytes.

    After a kill the rest is still listed by its older format, and the rerun reads it again.
    """
    for source, files in staged.items():
        of_files = in_condition("file_sha256", [file.copy.sha256 for file in files])
        replace_rows(_bronze_rows(context, source, files), f"bronze.{source}", of_files)
        of_source = f"source = {sql_literal(source)} and {of_files}"
        replace_rows(_listing(context, {source: files}, formats), LANDED_FILE, of_source)
    _withdraw_refusals(context.spark, _names(staged))


def _pairs(staged: dict[str, list[StagedFile]]) -> set[SourceFile]:
    return {(source, file.copy.sha256) for source, files in staged.items() for file in files}


def _only(
    staged: dict[str, list[StagedFile]], wanted: set[SourceFile]
) -> dict[str, list[StagedFile]]:
    """Those of the staged files that are wanted, by source."""
    chosen = {
        source: [file for file in files if (source, file.copy.sha256) in wanted]
        for source, files in staged.items()
    }
    return {source: files for source, files in chosen.items() if files}


def _names(staged: dict[str, list[StagedFile]]) -> set[tuple[str, str]]:
    return {(source, file.source_file) for source, files in staged.items() for file in files}


def _new_column_notes(spark: SparkSession, staged: dict[str, list[StagedFile]]) -> list[str]:
    """A note for each file with columns that no earlier file of its source has had."""
    headers = spark.table(LANDED_FILE).where(in_condition("source", staged))
    columns = headers.select("source", F.explode("header").alias("name")).distinct().collect()
    known: dict[str, set[str]] = defaultdict(set)
    for row in columns:
        known[row["source"]].add(row["name"])
    notes = []
    for source, files in staged.items():
        for file in files:
            new = [name for name in file.unmapped_columns if name not in known[source]]
            if new and known[source]:
                notes.append(
                    f"{source}: {file.source_file} has new columns, kept in bronze and not mapped: "
                    + ", ".join(new)
                )
            known[source].update(file.header)
    return notes


def _withdraw_refusals(spark: SparkSession, landed: set[tuple[str, str]]) -> None:
    """Take the refusals of files out of quarantine that have landed by now, under the same name.

    `landed` has the source and the name of each.
    """
    refused = spark.table(QUARANTINE).where("disposition = 'refused'").collect()
    again = [
        f"(source = {sql_literal(source)} and source_file = {sql_literal(name)})"
        for source, name in sorted({(row["source"], row["source_file"]) for row in refused})
        if (source, name) in landed
    ]
    if again:
        remove_rows(spark, QUARANTINE, f"line_number = 0 and ({' or '.join(again)})")


def _unmatched_note(data: Path, unmatched: Iterable[Path]) -> str | None:
    folders = Counter(str(path.parent.relative_to(data)) for path in unmatched)
    if not folders:
        return None
    listed = ", ".join(f"{folder} ({count})" for folder, count in sorted(folders.items()))
    return f"no contract for {folders.total()} files: {listed}"


def run(context: JobContext) -> JobResult:
    """Land what is new in the folder of source files.

    Raises:
        LoomlineError: a file was refused; the others are landed all the same.
    """
    spark, data = context.spark, context.data
    create_tables(spark, context.catalog, (LANDED_FILE, QUARANTINE))
    if data is None:
        return JobResult(0, 0, ("no folder of source files was given; nothing to land",))
    # A contract's file patterns reach up to the folders above the one that is given.
    data = data.resolve()
    every = load_contracts(context.catalog)
    contracts = {name: every[name] for name in every if context.settings.takes(name)}
    formats = {source: format_version(contract) for source, contract in contracts.items()}
    listed = _landed(spark)
    if noted := left_unfinished(context, JOB):
        _take_out(context, noted - listed.keys())
        done = noted & listed.keys()
        _withdraw_refusals(spark, {(file[0], listed[file].source_file) for file in done})
        finish(context, JOB)
    landed = {
        file for file, found in listed.items() if found.format_version == formats.get(file[0])
    }
    staging = context.settings.staging
    shutil.rmtree(staging, ignore_errors=True)
    staged: dict[str, list[StagedFile]] = defaultdict(list)
    refused: list[str] = []
    unmatched: list[Path] = []
    again = 0

    def stage(copy: LandedCopy, name: str, contract: Contract) -> None:
        nonlocal again
        if (contract.source, copy.sha256) in landed:
            again += 1
            return
        try:
            file = stage_file(copy, name, contract, staging / contract.source)
        except FileRefused as error:
            _refuse(context, contract, name, copy.sha256, error)
            refused.append(str(error))
        else:
            staged[contract.source].append(file)
            landed.add((contract.source, copy.sha256))

    def matches(path: Path) -> bool:
        return bool(contracts_for(contracts, path))

    def copies_of(path: Path) -> list[tuple[LandedCopy, str, Path]]:
        """The copies of a file or an archive's members, their names, and where contracts look."""
        name = _relative(path, data)
        if matches(path):
            return [(copy_unchanged(path, context.settings.landing), name, path)]
        if not is_archive(path):
            return []
        members = open_archive(path, matches, context.settings.landing)
        return [(member.copy, f"{name}/{member.name}", member.path) for member in members]

    patterns, seen = patterns_version(contracts), load_seen(context)
    traces: dict[Path, Trace | None] = {}
    paths = []
    for path in source_files(data):
        traces[path] = now = trace(path, patterns)
        before = seen.get(now) if now is not None else None
        if before is not None and before <= landed:
            again += len(before)
        else:
            paths.append(path)
    newly_seen: list[tuple[Trace, frozenset[SourceFile]]] = []
    sources = {contract.source for path in paths for contract in contracts_for(contracts, path)}
    refuse_mixture(context.settings, data, sources)
    for path in paths:
        try:
            copies = copies_of(path)
        except FileRefused as error:
            refused.append(str(error))
            continue
        if not copies:
            unmatched.append(path)
        found = [(copy, name, contracts_for(contracts, place)) for copy, name, place in copies]
        more = {contract.source for _, _, wanted in found for contract in wanted} - sources
        if more:
            sources |= more
            refuse_mixture(context.settings, data, sources)
        for copy, name, wanted in found:
            for contract in wanted:
                stage(copy, name, contract)
        pairs = frozenset((x.source, copy.sha256) for copy, _, wanted in found for x in wanted)
        stood, now = traces[path], trace(path, patterns)
        # A file that is refused is read again, and so is one that changed meanwhile.
        if stood is not None and stood == now and pairs <= landed and seen.get(stood) != pairs:
            newly_seen.append((stood, pairs))
    new_columns: list[str] = []
    if staged:
        new_columns = _new_column_notes(spark, staged)
        if new := _only(staged, _pairs(staged) - listed.keys()):
            _write_all(context, new, formats)
        if outdated := _only(staged, _pairs(staged) & listed.keys()):
            _write_again(context, outdated, formats)
    note_seen(context, newly_seen)
    shutil.rmtree(staging, ignore_errors=True)

    if refused:
        raise LoomlineError(
            f"{len(refused)} of the files were refused: "
            + " ".join([*refused, *(f"{note}." for note in new_columns)]),
            "What is right was landed. A refused file is in quality.quarantine, but for one that "
            "could not be copied: it stays where it is, to be landed again.",
        )
    rows = sum(file.row_count for files in staged.values() for file in files)
    notes = [
        f"{sum(len(files) for files in staged.values())} new files, {again} landed before",
        *new_columns,
        _unmatched_note(data if data.is_dir() else data.parent, unmatched),
    ]
    return JobResult(rows, rows, tuple(note for note in notes if note))
