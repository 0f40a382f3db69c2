"""Job `land`: new source files into bronze, every value as it stood, each content once.

Reads the folder (or the one file) it is given; writes `bronze.<source>`, `bronze.landed_file`, and
`quality.quarantine` for files that had to be refused.

A file is first copied under the sha256 of its bytes and then read from the copy. All new files of a
source go into bronze in one Delta commit that replaces the rows of those very files, and are listed
in `bronze.landed_file` after it: a kill in between leaves unlisted rows, which the rerun replaces.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from pyspark.sql import SparkSession

from loomline.contracts.catalogue import contracts_for, load_contracts
from loomline.contracts.model import Contract
from loomline.errors import FileRefused, LoomlineError
from loomline.job import JobContext, JobResult
from loomline.lake import create_table, in_condition, remove_rows, replace_rows, sql_literal
from loomline.sample.apart import refuse_mixture
from loomline.staging import LandedCopy, StagedFile, copy_unchanged, stage_file
from loomline.tables import table_declaration

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


def _landed(spark: SparkSession) -> set[tuple[str, str]]:
    rows = spark.table(LANDED_FILE).select("source", "file_sha256").collect()
    return {(row["source"], row["file_sha256"]) for row in rows}


def _insert(
    context: JobContext, table: str, rows: list[tuple[object, ...]], condition: str
) -> None:
    declared = table_declaration(context.catalog, table).columns
    schema = ", ".join(f"{name} {column.type}" for name, column in declared.items())
    replace_rows(context.spark.createDataFrame(rows, schema), table, condition)


def _refuse(
    context: JobContext, contract: Contract, name: str, sha256: str, error: FileRefused
) -> None:
    source_is_it = f"source = {sql_literal(contract.source)} and line_number = 0 and "
    row = (
        *(contract.source, contract.target, name, sha256, 0, "refused"),
        *([f"file: {error.message}"], "", None),
    )
    condition = source_is_it + in_condition("file_sha256", [sha256])
    _insert(context, QUARANTINE, [row], condition)


def _write(context: JobContext, contract: Contract, staged: list[StagedFile]) -> None:
    create_table(context.spark, context.catalog, contract.bronze_table)
    frame = context.spark.read.parquet(*[str(file.path) for file in staged])
    hashes = [file.copy.sha256 for file in staged]
    replace_rows(frame, contract.bronze_table, in_condition("file_sha256", hashes))


def _list(context: JobContext, staged: dict[str, list[StagedFile]]) -> None:
    rows: list[tuple[object, ...]] = [
        (
            *(source, file.copy.sha256, file.source_file, file.copy.size_bytes),
            *(file.row_count, list(file.header), list(file.unmapped_columns), file.landed_at),
        )
        for source, files in staged.items()
        for file in files
    ]
    if rows:
        of_sources = [_of_source(source, files) for source, files in staged.items()]
        _insert(context, LANDED_FILE, rows, " or ".join(of_sources))


def _of_source(source: str, files: list[StagedFile]) -> str:
    hashes = in_condition("file_sha256", [file.copy.sha256 for file in files])
    return f"(source = {sql_literal(source)} and {hashes})"


def _withdraw_refusals(spark: SparkSession, staged: dict[str, list[StagedFile]]) -> None:
    """Take the refusals of files out of quarantine that have landed by now, under the same name."""
    refused = spark.table(QUARANTINE).where("disposition = 'refused'").collect()
    names = {(row["source"], row["source_file"]) for row in refused}
    landed = [(source, file.source_file) for source, files in staged.items() for file in files]
    again = [
        f"(source = {sql_literal(source)} and source_file = {sql_literal(name)})"
        for source, name in landed
        if (source, name) in names
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
    create_table(spark, context.catalog, LANDED_FILE)
    create_table(spark, context.catalog, QUARANTINE)
    if data is None:
        return JobResult(0, 0, ("no folder of source files was given; nothing to land",))
    # A contract's file patterns reach up to the folders above the one that is given.
    data = data.resolve()
    contracts, landed = load_contracts(context.catalog), _landed(spark)
    staging = context.settings.home / "lake" / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    staged: dict[str, list[StagedFile]] = defaultdict(list)
    refused: list[str] = []
    unmatched: list[Path] = []
    again = 0

    def stage(copy: LandedCopy, name: str, contract: Contract) -> None:
        try:
            file = stage_file(copy, name, contract, staging / contract.source)
        except FileRefused as error:
            _refuse(context, contract, name, copy.sha256, error)
            refused.append(str(error))
        else:
            staged[contract.source].append(file)
            landed.add((contract.source, copy.sha256))

    matched = {path: contracts_for(contracts, path) for path in source_files(data)}
    refuse_mixture(context.settings, {one.source for found in matched.values() for one in found})
    for path, found in matched.items():
        if not found:
            unmatched.append(path)
            continue
        name = _relative(path, data)
        try:
            copy = copy_unchanged(path, context.settings.landing)
        except FileRefused as error:
            refused.append(str(error))
            continue
        for contract in found:
            if (contract.source, copy.sha256) in landed:
                again += 1
            else:
                stage(copy, name, contract)
    for source, files in staged.items():
        _write(context, contracts[source], files)
    _list(context, staged)
    _withdraw_refusals(spark, staged)
    shutil.rmtree(staging, ignore_errors=True)

    if refused:
        raise LoomlineError(
            f"{len(refused)} of the files were refused: " + " ".join(refused),
            "What is right was landed. A refused file is in quality.quarantine, but for one that "
            "could not be copied: it stays where it is, to be landed again.",
        )
    rows = sum(file.row_count for files in staged.values() for file in files)
    notes = [
        f"{sum(len(files) for files in staged.values())} new files, {again} landed before",
        _unmatched_note(data if data.is_dir() else data.parent, unmatched),
    ]
    return JobResult(rows, rows, tuple(note for note in notes if note))
