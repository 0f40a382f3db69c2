"""The DAG `ecosystem_daily`: one more simulated day, from its machines' messages to the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, chain, task
from airflow.sdk.exceptions import AirflowFailException

from loomline.airflow_step import as_of_date, data_folder, run_step
from loomline.broker.gateway import start_gateway
from loomline.broker.servers import start_brokers
from loomline.contracts.catalogue import sources_of_files
from loomline.jobs import DAILY_JOBS
from loomline.settings import load_settings
from simulator.follow import send_up_to, simulate_up_to
from streaming.arrival import arrivals

ABOUT = """
One more day of a simulated ecosystem, as of the logical date: the days up to it are simulated, its
machines send what they have not sent yet over MQTT and OPC UA through the gateway into Kafka, its
files are landed, and every daily job runs.

- **Folder**: that of `loomline simulate`, in the run's configuration, `{"data": "/folder"}`, else
  in `LOOMLINE_DATA`.
- **Rerun**: a day that was simulated is not simulated again, and one that was sent is not sent
  again.
"""


def _folder() -> Path:
    folder = data_folder()
    if folder is None:
        raise AirflowFailException(
            "No simulated ecosystem was named: say one in the run's configuration or in "
            "LOOMLINE_DATA; `loomline simulate` makes one."
        )
    return folder


def simulate(say: Callable[[str], None] = print) -> None:
    """Simulate the days that are missing up to the run's date."""
    days = simulate_up_to(_folder(), as_of_date())
    say(f"simulate     {as_of_date()}  {days:>10,} days more")


def send(say: Callable[[str], None] = print) -> None:
    """Send what the machines say up to the run's date, through real brokers."""
    settings = load_settings()
    start_brokers(settings)
    start_gateway(settings)
    with arrivals(settings) as count_arrived:
        sent = send_up_to(settings, _folder(), as_of_date(), count_arrived)
    say(f"send         {as_of_date()}  {sent:>10,} messages to Kafka")


def step(job: str, say: Callable[[str], None] = print) -> None:
    """Run one job; what machines say comes by messages alone."""
    settings = load_settings()
    files_only = settings.taking(sources_of_files(settings.catalog))
    run_step(job, _folder() / "files", files_only, say)


with DAG(
    dag_id="ecosystem_daily",
    description="One more simulated day: messages, files, gated tables, marts, scores, report.",
    doc_md=ABOUT,
    schedule=None,
    start_date=datetime(2019, 7, 1),
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    tags=["risk", "simulated"],
) as dag:
    chain(
        task(simulate)(),
        task(send)(),
        *(task(task_id=job.name, doc_md=job.description)(step)(job.name) for job in DAILY_JOBS),
    )
