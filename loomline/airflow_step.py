"""What a task of a DAG does: run one job for the business day on which its run falls."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from loomline.errors import EngineError, LoomlineError
from loomline.runner import run_job
from loomline.settings import Settings, load_settings


def as_of_date() -> date:
    """The business day on which the present run's logical date falls."""
    run = get_current_context()["dag_run"]
    return (run.logical_date or run.run_after).astimezone(load_settings().business_zone).date()


def data_folder() -> Path | None:
    """The folder in the run's configuration, `{"data": "/folder"}`, else in `LOOMLINE_DATA`."""
    run = get_current_context()["dag_run"]
    folder = (run.conf or {}).get("data") or os.environ.get("LOOMLINE_DATA")
    return Path(folder) if folder else None


def run_step(
    job: str, data: Path | None, settings: Settings, say: Callable[[str], None] = print
) -> None:
    """Run one job; a lost engine is worth another try, what a person has to mend is not."""
    try:
        run_job(job, as_of_date(), data, settings, say)
    except EngineError:
        raise
    except LoomlineError as error:
        raise AirflowFailException(str(error)) from error
