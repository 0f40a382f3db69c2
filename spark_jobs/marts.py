"""Build and test the dbt marts as of a date, and write their documentation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from loomline.engine.server import engine_status
from loomline.errors import EngineError, LoomlineError
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, remove_unfinished_tables, sql_literal
from loomline.settings import PROJECT_ROOT, Settings
from spark_jobs.known_telemetry import write_known_days

DBT_PROJECT = PROJECT_ROOT / "dbt"
# Before the first training there are no scores, and the marts are built without them.
SCORE_TABLES = (
    *("scores.credit_score", "scores.master_scale", "scores.early_warning"),
    *("scores.indicator", "scores.indicator_state", "scores.watch_list"),
    *("scores.dimension", "scores.dimension_value", "features.data_trust"),
)
# Not every lake has sources of machines or links of firms, and the marts are built without them.
SILVER_TABLES = (
    "silver.enterprise_link",
    "silver.machine",
    "silver.site",
    "silver.production_output",
    "silver.machine_event",
    "silver.maintenance",
    "silver.telemetry",
    "silver.telemetry_day",
)
# Unit tests check the SQL on made-up rows, so they belong to `make test` and not to a daily run.
BUILD = ("build", "--exclude-resource-type", "unit_test")
UNIT_TESTS = ("test", "--select", "test_type:unit")
FAILED = ("error", "fail", "runtime error")
ENGINE_CHECK_SECONDS = 2
NAMED_FAILURES = 5

# An entry of dbt's run_results.json: unique_id, status, message, relation_name and more.
NodeResult = dict[str, Any]


def dbt_folder(settings: Settings) -> Path:
    """Folder of what dbt writes: target (compiled SQL, results, documentation) and logs."""
    return settings.home / "dbt"


def dbt_command(settings: Settings, as_of_date: date, command: tuple[str, ...]) -> list[str]:
    """The command line of a dbt run for a date, in this interpreter's environment."""
    as_of_end = f"{settings.as_of_end(as_of_date):%Y-%m-%d %H:%M:%SZ}"
    variables = {
        "as_of_date": as_of_date.isoformat(),
        "as_of_end": as_of_end,
        "time_zone": settings.time_zone,
    }
    return [
        *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors"),
        *command,
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(dbt_folder(settings) / "target")),
        *("--log-path", str(dbt_folder(settings) / "logs")),
        *("--vars", json.dumps(variables)),
    ]


def failure_texts(results: list[NodeResult]) -> list[str]:
    """A text for each model or test that failed: its kind, its name and what dbt said."""
    texts = []
    for result in results:
        if result["status"] in FAILED:
            # test.project.name.hash, model.project.name, unit_test.project.model.name
            kind, _, *names = result["unique_id"].split(".")
            name = names[1] if kind == "unit_test" else names[0]
            lines = [line.strip() for line in (result["message"] or "").splitlines()]
            said = " ".join(line for line in lines if line)[:300]
            texts.append(f"{kind} {name}: {said}")
    return texts


def _wait(process: subprocess.Popen[bytes], settings: Settings) -> int:
    """Wait until dbt ends; its exit code.

    A Spark Connect client whose engine is gone keeps asking for ten minutes, so the engine is
    watched here.
    """
    while True:
        try:
            return process.wait(timeout=ENGINE_CHECK_SECONDS)
        except subprocess.TimeoutExpired:
            if not settings.spark_remote and engine_status(settings).process_id is None:
                raise EngineError(
                    "The engine ended while dbt was building the marts.",
                    "Run the job again: it starts the engine and replaces what was half-built.",
                ) from None


def run_dbt(settings: Settings, as_of_date: date, command: tuple[str, ...]) -> list[NodeResult]:
    """Run dbt in a process of its own and return the result of every model and test.

    Its own process, because dbt keeps global state and logging of its own, and takes the Spark
    session from the environment.

    Raises:
        LoomlineError: a model or a test failed, each named, or dbt could not begin.
        EngineError: the engine ended meanwhile.
    """
    results_path = dbt_folder(settings) / "target" / "run_results.json"
    console_path = dbt_folder(settings) / "logs" / "console.log"
    console_path.parent.mkdir(parents=True, exist_ok=True)
    results_path.unlink(missing_ok=True)
    with console_path.open("wb") as console:
        process = subprocess.Popen(
            dbt_command(settings, as_of_date, command),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env={**os.environ, "SPARK_REMOTE": settings.remote},
        )
        try:
            exit_code = _wait(process, settings)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    results: list[NodeResult] = []
    if results_path.exists():
        results = json.loads(results_path.read_text(encoding="utf-8"))["results"]
    if exit_code == 0:
        return results
    remedy = f"Look at {console_path} and at dbt.log beside it."
    failures = failure_texts(results)
    if failures:
        named = "; ".join(failures[:NAMED_FAILURES])
        raise LoomlineError(f"dbt found {len(failures)} failures for {as_of_date}: {named}", remedy)
    tail = "\n".join(console_path.read_text(errors="replace").splitlines()[-8:])
    raise LoomlineError(f"dbt {command[0]} could not run for {as_of_date}.", f"{remedy}\n{tail}")


def run_docs(context: JobContext) -> JobResult:
    """Write dbt's documentation of the marts as one self-contained page.

    Raises:
        LoomlineError: dbt could not write it.
    """
    run_dbt(context.settings, context.as_of_date, ("docs", "generate", "--static"))
    return JobResult(0, 0, (str(dbt_folder(context.settings) / "target" / "static_index.html"),))


def mart_tables(results: list[NodeResult]) -> list[str]:
    """The mart tables among the results of a dbt build, as `marts.name`."""
    names = [(result["relation_name"] or "").replace("`", "") for result in results]
    return sorted(name for name in names if name.startswith("marts."))


def _mart_row_counts(context: JobContext, tables: list[str]) -> dict[str, int]:
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    counts = " union all ".join(
        f"select '{table}' as name, count(*) as row_count from {table} where {condition}"
        for table in tables
    )
    return {row["name"]: int(row["row_count"]) for row in context.spark.sql(counts).collect()}


def _known_invoices(context: JobContext) -> int:
    count = "coalesce(sum(valid_invoice_count + voided_invoice_count), 0) as invoice_count"
    trade = context.spark.table("marts.enterprise_monthly_trade")
    dated = trade.where(f"as_of_date = {sql_literal(context.as_of_date)}")
    return int(dated.selectExpr(count).collect()[0]["invoice_count"])


def prepare(context: JobContext) -> None:
    """Make what the models read and no other job has made."""
    create_tables(context.spark, context.catalog, (*SCORE_TABLES, *SILVER_TABLES))
    for schema in ("intermediate", "marts"):
        context.spark.sql(f"create schema if not exists {schema}")
        remove_unfinished_tables(context.spark, schema)
    write_known_days(context)


def run(context: JobContext) -> JobResult:
    """Replace the date's rows in every mart table, each in one commit, and test them.

    `rows_in` are the invoices known by the date, `rows_out` the date's rows in the marts.

    Raises:
        LoomlineError: a model or a test failed.
    """
    prepare(context)
    results = run_dbt(context.settings, context.as_of_date, BUILD)
    statuses = Counter(result["status"] for result in results)
    counts = _mart_row_counts(context, mart_tables(results))
    notes = [f"dbt: {statuses['success']} models built, {statuses['pass']} data tests passed"]
    notes += [f"warning: {result['unique_id']}" for result in results if result["status"] == "warn"]
    if not counts["marts.portfolio_scores"]:
        notes.append("there is no score of this date, so the portfolio marts have none")
    return JobResult(_known_invoices(context), sum(counts.values()), tuple(notes))
