"""The DAG `rules_monthly`: the evidence of rules, after the last day of each month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable, chain, task

from loomline.airflow_step import run_step
from loomline.jobs import MONTHLY_JOBS
from loomline.settings import load_settings

ABOUT = """
What history says of each rule, and which rules a person might retire or add.

- **Date**: as of the logical date, the last day of a month.
- **Before it**: the rules of past month ends, by `risk_daily` or by `loomline backfill`.
- **Rerun**: it leaves the same tables however often it runs for a date.
"""
SETTINGS = load_settings()


def step(job: str, say: Callable[[str], None] = print) -> None:
    """Run one job."""
    run_step(job, None, load_settings(), say)


with DAG(
    dag_id="rules_monthly",
    description="Evidence of rules, and proposals to retire and to add, as of a month's last day.",
    doc_md=ABOUT,
    # The next morning, when the last day's files are in; a day back from there is that last day.
    schedule=CronTriggerTimetable(
        "0 6 1 * *", timezone=SETTINGS.time_zone, interval=timedelta(days=1)
    ),
    start_date=datetime(2016, 10, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    tags=["risk", "rules"],
) as dag:
    steps = [task(task_id=job.name, doc_md=job.description)(step)(job.name) for job in MONTHLY_JOBS]
    chain(*steps)
