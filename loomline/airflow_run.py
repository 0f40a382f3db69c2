"""The process of one DAG run: progress on standard output, the failure on standard error.

Started by `airflow_home.run_dag` with the DAG, the date and the log file as arguments. Both streams
lead to the log while Airflow runs; only the jobs' progress lines go to the real standard output.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from loomline.airflow_home import airflow_folder
from loomline.errors import LoomlineError
from loomline.settings import PROJECT_ROOT, Settings, load_settings

if TYPE_CHECKING:
    from airflow.sdk import DAG, Context


class Screen:
    """What the person at the screen sees of a run, and the tasks that failed with their errors."""

    def __init__(self, progress: TextIO) -> None:
        """Lines go to `progress` at once."""
        self._progress = progress
        self.errors: list[tuple[str, BaseException | str | None]] = []

    def say(self, line: str) -> None:
        """Show a line now."""
        print(line, file=self._progress, flush=True)

    def failed(self, context: Context) -> None:
        """Airflow calls this when a task has failed for good."""
        self.errors.append((context["ti"].task_id, context.get("exception")))

    def retried(self, context: Context) -> None:
        """Airflow calls this when a task has failed and will be tried again."""
        name, error = context["ti"].task_id, plainly(context.get("exception"))
        self.say(f"{name:<12} failed and is tried again: {error}")


def plainly(error: BaseException | str | None) -> str:
    """The message of an error that a person can act on, else its type and its first line."""
    text = str(error).strip()
    if isinstance(error, str | LoomlineError) or type(error).__name__ == "AirflowFailException":
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


def load_dag(name: str) -> DAG:
    """A DAG from its file.

    Raises:
        LoomlineError: the file does not load.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(PROJECT_ROOT / "dags" / f"{name}.py", load_op_links=False)
    if bag.import_errors:
        raise LoomlineError(f"The DAG does not load: {'; '.join(bag.import_errors.values())}")
    return bag.dags[name]


def run(name: str, as_of_date: date, screen: Screen) -> None:
    """Run a DAG for a date; the failed tasks are in `screen.errors`.

    Raises:
        LoomlineError: the DAG does not load, or the run ended without a result.
    """
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.utils.session import create_session

    settings = load_settings()
    prepare_database(settings)
    dag = load_dag(name)
    for step in dag.tasks:
        assert isinstance(step, PythonOperator)
        step.op_kwargs = {"say": screen.say}
        step.on_failure_callback = [screen.failed]
        step.on_retry_callback = [screen.retried]
    logical_date = datetime.combine(as_of_date, time.min, settings.business_zone)
    dag_run = dag.test(logical_date=logical_date)
    with create_session() as session:
        # Airflow takes the logical date for the start of such a run, and shows years as duration.
        session.merge(dag_run).start_date = dag_run.run_after
    if dag_run.state != "success" and not screen.errors:
        raise LoomlineError(f"The run of {name} for {as_of_date} ended as {dag_run.state}.")


def main(dag: str, as_of_date: str, log: str) -> int:
    """Run the DAG; 0 if every task succeeded, else 1 with the failures on standard error."""
    screen, problems = Screen(sys.stdout), sys.stderr
    with (
        Path(log).open("a", encoding="utf-8") as log_file,
        redirect_stdout(log_file),
        redirect_stderr(log_file),
    ):
        try:
            run(dag, date.fromisoformat(as_of_date), screen)
        except LoomlineError as error:
            screen.errors.append((dag, error))
    for name, ended_by in screen.errors:
        print(f"{name}: {plainly(ended_by)}", file=problems)
    return 1 if screen.errors else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
