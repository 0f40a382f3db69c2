"""Jobs of one home run one at a time."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from loomline.runner import alone
from loomline.settings import Settings


def test_a_second_job_of_a_home_says_that_it_waits_and_then_runs(tmp_path: Path) -> None:
    settings, waits, has_run = Settings(home=tmp_path / "home"), Event(), Event()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        waits.set()

    def second() -> None:
        with alone(settings, say):
            has_run.set()

    with alone(settings, said.append):
        thread = Thread(target=second)
        thread.start()
        assert waits.wait(10)
        assert not has_run.is_set()
    assert has_run.wait(10)
    thread.join()
    assert said == [f"waiting for another job in {settings.home}"]


def test_jobs_of_two_homes_do_not_wait_for_one_another(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        alone(Settings(home=tmp_path / "one"), said.append),
        alone(Settings(home=tmp_path / "other"), said.append),
    ):
        assert said == []
