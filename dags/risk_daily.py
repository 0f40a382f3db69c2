"""The DAG `risk_daily`: every daily job, one after the other, for one as-of date."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, CronDataIntervalTimetable, chain, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from loomline.errors import EngineError, LoomlineError
from loomline.jobs import DAILY_JOBS
from loomline.runner import run_job
from loomline.settings import load_settings

ABOUT = """
Raw files in, gated tables, marts, scores and a report out, as of the logical date.

- **Files**: the folder in the run's configuration, `{"data": "/folder"}`, else in `LOOMLINE_DATA`.
- **Rerun and backfill**: every job leaves the same tables however often it runs for a date, and
  a run for an old date reads only what was known then.
- **When a task fails**: a lost engine is started again and the job tried again; what a person has
  to mend (a failed gate, a refused file) ends the run at once. Nothing downstream runs.
"""
ZONE = load_settings().time_zone


def run_step(job: str, say: Callable[[str], None] = print) -> None:
    """Run one job for the business day on which the run's logical date falls."""
    run = get_current_context()["dag_run"]
    as_of_date = (
        (run.logical_date or run.run_after).astimezone(load_settings().business_zone).date()
    )
    folder = (run.conf or {}).get("data") or os.environ.get("LOOMLINE_DATA")
    try:
        run_job(job, as_of_date, Path(folder) if folder else None, say=say)
    except EngineError:
        raise
    except LoomlineError as error:
        raise AirflowFailException(str(error)) from error


with DAG(
    dag_id="risk_daily",
    description="Raw files to gated tables, marts, scores and a report, as of one date.",
    doc_md=ABOUT,
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone=ZONE),
    start_date=datetime(2016, 10, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    tags=["risk"],
) as dag:
    steps = {
        job.name: task(task_id=job.name, doc_md=job.description)(run_step) for job in DAILY_JOBS
    }
    chain(*(step(name) for name, step in steps.items()))
