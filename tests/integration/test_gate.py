"""The gates on the engine: what is found is written down, and what is critical stops the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from itertools import takewhile

import pytest

from loomline.airflow_home import run_dag, run_log_path
from loomline.errors import GateFailed, LoomlineError
from loomline.job import JobContext, JobResult
from loomline.jobs import DAILY_JOBS
from tests.integration.conftest import AS_OF_DATE, RunJob

LATER = date(2021, 1, 2)
PLANTED = "planted"


@contextmanager
def planted(lake: JobContext, table: str, changes: dict[str, str]) -> Iterator[None]:
    """A copy of one row with other values, known on `LATER`; taken away again at the end.

    It belongs to no landed file, so that nothing but its values is wrong.
    """
    changes = {
        "event_at": "timestamp'2021-01-01 00:00:00Z'",
        "known_at": "timestamp'2021-01-02 00:00:00Z'",
        "source": f"'{PLANTED}'",
        "file_sha256": f"'{PLANTED}'",
    } | changes
    columns = [
        f"{changes[column]} as {column}" if column in changes else column
        for column in lake.spark.table(table).columns
    ]
    lake.spark.sql(f"insert into {table} select {', '.join(columns)} from {table} limit 1")
    try:
        yield
    finally:
        lake.spark.sql(f"delete from {table} where source = '{PLANTED}'")


def wrong_total(lake: JobContext) -> AbstractContextManager[None]:
    return planted(
        lake,
        "silver.invoice",
        {"invoice_number": "'planted'", "issue_date": "date'2021-01-01'", "total_cny": "-99999.99"},
    )


def results(lake: JobContext, gate: str, as_of_date: date) -> list[tuple[str, str, bool]]:
    rows = lake.spark.table("quality.validation_result").where(
        f"gate = '{gate}' and as_of_date = date'{as_of_date}'"
    )
    return sorted((row["table_name"], row["expectation"], row["is_met"]) for row in rows.collect())


@pytest.fixture(scope="module")
def passed(lake: JobContext, run: RunJob) -> JobResult:
    """The gate's result for the sample as it is."""
    return run("gate_silver")


@pytest.fixture(scope="module")
def reconciled_later(lake: JobContext, run: RunJob) -> None:
    """Nothing but what a test plants is wrong on `LATER`."""
    run("reconcile", LATER)


def test_a_sound_lake_passes_and_every_expectation_is_on_record(
    lake: JobContext, passed: JobResult
) -> None:
    found = results(lake, "silver", AS_OF_DATE)
    assert len(found) == passed.rows_out
    assert passed.rows_in > lake.spark.table("silver.invoice").count()


def test_data_docs_show_every_table_and_ask_nothing_of_the_network(
    lake: JobContext, passed: JobResult
) -> None:
    pages = lake.settings.home / "great_expectations" / "uncommitted" / "data_docs" / "local_site"
    for table, _, _ in results(lake, "silver", AS_OF_DATE):
        assert list((pages / "validations" / table.replace(".", "/")).rglob("*.html")), table
    for page in pages.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "http:" not in text and "https:" not in text and "<script" not in text, page


def test_a_rerun_leaves_the_same_results_though_a_row_known_later_is_wrong(
    lake: JobContext, run: RunJob, passed: JobResult
) -> None:
    before = results(lake, "silver", AS_OF_DATE)
    with wrong_total(lake):
        assert run("gate_silver", AS_OF_DATE) == passed
    assert results(lake, "silver", AS_OF_DATE) == before


def test_a_critical_failure_names_table_expectation_count_and_where_to_look(
    lake: JobContext, run: RunJob, reconciled_later: None
) -> None:
    with wrong_total(lake), pytest.raises(GateFailed) as stopped:
        run("gate_silver", LATER)
    message = str(stopped.value)
    assert "silver.invoice: column values to be between amount_gap_cny" in message
    assert "found 1 row" in message
    assert "index.html" in message
    broken = [table for table, _, is_met in results(lake, "silver", LATER) if not is_met]
    assert "silver.invoice" in broken


def test_a_warning_is_told_and_lets_the_run_go_on(
    lake: JobContext, run: RunJob, reconciled_later: None
) -> None:
    with planted(lake, "silver.credit_record", {"rating": "'Z'"}):
        notes = run("gate_silver", LATER).notes
    told = [note for note in notes if "silver.credit_record: column values" in note]
    assert len(told) == 1
    assert told[0].endswith("(found 1 row, such as Z)")


def test_a_failed_gate_stops_the_dag_before_anything_downstream(lake: JobContext) -> None:
    shown: list[str] = []
    with wrong_total(lake), pytest.raises(LoomlineError) as stopped:
        run_dag(lake.settings, "risk_daily", LATER, lake.data, shown.append)
    assert str(stopped.value).startswith("gate_silver: The silver gate for 2021-01-02 stopped")
    before_gate = takewhile(lambda job: job.name != "gate_silver", DAILY_JOBS)
    assert [line.split()[0] for line in shown if str(LATER) in line] == [
        job.name for job in before_gate
    ]
    runs = lake.spark.table("ops.job_runs").where(f"as_of_date = date'{LATER}'").collect()
    assert ("gate_silver", "failed") in {(row["job"], row["status"]) for row in runs}
    assert "features" not in {row["job"] for row in runs}
    assert "Traceback" not in str(stopped.value)
    assert "DAG TEST" in run_log_path(lake.settings, "risk_daily", LATER).read_text(
        encoding="utf-8"
    )
