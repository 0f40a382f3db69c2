"""The DAG is the job list and nothing else; Airflow stays in the home and on loopback."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from loomline.airflow_home import airflow_environment
from loomline.job import Job
from loomline.jobs import DAILY_JOBS, MONTHLY_JOBS, OTHER_TABLES, WRITTEN_BY_PEOPLE
from loomline.settings import PROJECT_ROOT, Settings

DAGS = PROJECT_ROOT / "dags"
# Run beside the tests: Airflow reads its home from the environment when it is imported.
SHOW_DAG = """
import json, runpy, sys
dag = runpy.run_path(sys.argv[1])["dag"]
tasks = {one.task_id: sorted(one.downstream_task_ids) for one in dag.topological_sort()}
retries = {one.task_id: one.retries for one in dag.tasks}
print(json.dumps({
    "dag_id": dag.dag_id, "tasks": tasks, "retries": retries,
    "max_active_runs": dag.max_active_runs, "catchup": dag.catchup, "doc": dag.doc_md,
}))
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", airflow_port=18999)


def overlaps(read: str, written: str) -> bool:
    return fnmatch(written, read) or fnmatch(read, written)


@pytest.mark.parametrize(
    ("name", "before", "jobs"),
    [
        ("risk_daily", [], DAILY_JOBS),
        ("ecosystem_daily", ["simulate", "send"], DAILY_JOBS),
        ("rules_monthly", [], MONTHLY_JOBS),
    ],
)
def test_a_dag_is_the_job_list_in_order_with_retries(
    settings: Settings, name: str, before: list[str], jobs: tuple[Job, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW_DAG, str(DAGS / f"{name}.py")],
        env=airflow_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout.splitlines()[-1])
    names = [*before, *(job.name for job in jobs)]
    assert shown["dag_id"] == name
    assert list(shown["tasks"]) == names
    assert list(shown["tasks"].values()) == [[name] for name in names[1:]] + [[]]
    assert all(shown["retries"][one] > 0 for one in names)
    assert shown["max_active_runs"] == 1
    assert shown["catchup"] is False
    assert "logical date" in shown["doc"]


def test_the_daily_dag_imports_only_airflow_and_the_core() -> None:
    tree = ast.parse((DAGS / "risk_daily.py").read_text(encoding="utf-8"))
    modules = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    foreign = {
        module
        for module in modules
        if module and module.split(".")[0] not in ("airflow", *sys.stdlib_module_names)
    }
    assert foreign == {"loomline.airflow_step", "loomline.jobs", "loomline.settings"}


def test_no_job_reads_a_table_before_a_job_has_written_it() -> None:
    written = [*OTHER_TABLES, *WRITTEN_BY_PEOPLE]
    for job in (*DAILY_JOBS, *MONTHLY_JOBS):
        for read in job.reads:
            assert any(overlaps(read, table) for table in written), (job.name, read)
        written += job.writes


def test_nothing_downstream_reads_a_layer_before_its_gate_has_passed() -> None:
    names = [job.name for job in DAILY_JOBS]
    first_reader = {
        layer: next(
            index
            for index, job in enumerate(DAILY_JOBS)
            if names.index(maker) < index
            and not job.name.startswith("gate_")
            and any(fnmatch(read, f"{layer}.*") for read in job.reads)
        )
        for layer, maker in (("silver", "reconcile"), ("scores", "dimensions"), ("marts", "marts"))
    }
    for layer, index in first_reader.items():
        assert names.index(f"gate_{layer}") < index, layer


def test_airflow_stays_in_its_home_and_on_loopback(settings: Settings) -> None:
    environment = airflow_environment(settings, Path("files"))
    assert environment["AIRFLOW_HOME"] == str(settings.home / "airflow")
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert environment["LOOMLINE_HOME"] == str(settings.home)
    assert environment["LOOMLINE_DATA"] == str(Path("files").absolute())
