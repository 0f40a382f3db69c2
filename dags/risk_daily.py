"""The DAG `risk_daily`: every daily job, one after the other, for one as-of date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, chain, task

from loomline.airflow_step import data_folder, run_step
from loomline.jobs import DAILY_JOBS
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


def step(job: str, say: Callable[[str], None] = print) -> None:
    """Run one job on the files of the run's folder."""
    run_step(job, data_folder(), load_settings(), say)


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
    steps = [task(task_id=job.name, doc_md=job.description)(step)(job.name) for job in DAILY_JOBS]
    chain(*steps)
