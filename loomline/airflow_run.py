"""The process of one DAG run: progress on standard output, the failure on standard error.

Started by `airflow_home.run_dag` with the date and the log file as arguments. Airflow writes to the
streams that it finds when it is imported, so it is imported while both lead to the log.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from loomline.airflow_home import DAG_ID, airflow_folder
from loomline.errors import LoomlineError
from loomline.settings import PROJECT_ROOT, Settings, load_settings

if TYPE_CHECKING:
    from airflow.sdk import DAG


class Failures:
    """The tasks that failed, each with the error that ended it, in the order of the failures."""

    def __init__(self, progress: TextIO) -> None:
        """Retries are announced on `progress`."""
        self._progress = progress
        self.errors: list[tuple[str, BaseException]] = []

    def failed(self, context: dict[str, Any]) -> None:
        """Airflow calls this when a task has failed for good."""
        self.errors.append((context["ti"].task_id, context["exception"]))

    def retried(self, context: dict[str, Any]) -> None:
        """Airflow calls this when a task has failed and will be tried again."""
        name, error = context["ti"].task_id, first_line(context["exception"])
        print(f"{name:<12} failed and is tried again: {error}", file=self._progress, flush=True)


def first_line(error: BaseException) -> str:
    """The message of an error a person can act on, else its type and the first line."""
    text = str(error).strip()
    if isinstance(error, LoomlineError) or type(error).__name__ == "AirflowFailException":
        return text
    return f"{type(error).__name__}: {text.splitlines()[0] if text else ''}"


def prepare_database(settings: Settings) -> None:
    """Create or migrate Airflow's database, once for each version of Airflow."""
    import airflow
    from airflow.utils.db import initdb

    prepared = airflow_folder(settings) / "prepared_for_version"
    if not prepared.exists() or prepared.read_text() != airflow.__version__:
        initdb()
        prepared.write_text(airflow.__version__)


def load_dag() -> DAG:
    """The DAG from its file.

    Raises:
        LoomlineError: the file does not load.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(PROJECT_ROOT / "dags" / f"{DAG_ID}.py", load_op_links=False)
    if bag.import_errors:
        raise LoomlineError(f"The DAG does not load: {'; '.join(bag.import_errors.values())}")
    return bag.dags[DAG_ID]


def run(as_of_date: date, progress: TextIO) -> list[tuple[str, BaseException]]:
    """Run the DAG for a date; the failed tasks with their errors, none if all went well."""
    settings, failures = load_settings(), Failures(progress)
    prepare_database(settings)
    dag = load_dag()
    for step in dag.tasks:
        step.on_failure_callback = [failures.failed]
        step.on_retry_callback = [failures.retried]
    logical_date = datetime.combine(as_of_date, time.min, settings.business_zone)
    with redirect_stdout(progress):
        dag_run = dag.test(logical_date=logical_date)
    if dag_run.state != "success" and not failures.errors:
        raise LoomlineError(f"The run of {DAG_ID} for {as_of_date} ended as {dag_run.state}.")
    return failures.errors


def main(as_of_date: str, log: str) -> int:
    """Run the DAG; 0 if every task succeeded, else 1 with the failures on standard error."""
    progress, problems = sys.stdout, sys.stderr
    progress.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with Path(log).open("a", encoding="utf-8") as log_file:
        with redirect_stdout(log_file), redirect_stderr(log_file):
            try:
                errors = run(date.fromisoformat(as_of_date), progress)
            except LoomlineError as error:
                errors = [(DAG_ID, error)]
    for name, error in errors:
        print(f"{name}: {first_line(error)}", file=problems)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
