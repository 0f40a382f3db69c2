"""`loomline simulate`: what a person at the command line sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from loomline.commands.main import app
from loomline.errors import LoomlineError

ARGUMENTS = ["simulate", "--enterprises", "20", "--seed", "9", "--out"]


def test_a_run_says_how_far_it_is_and_can_go_on(tmp_path: Path) -> None:
    runner = CliRunner()
    first = runner.invoke(app, [*ARGUMENTS, str(tmp_path), "--days", "2"])
    assert first.exit_code == 0
    assert "2019-07-02  day 1  2 of 2 done" in first.output
    more = runner.invoke(app, [*ARGUMENTS, str(tmp_path), "--days", "1", "--from-day", "2"])
    assert "2019-07-03  day 2  1 of 1 done" in more.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "files",
        "invented.txt",
        "state",
        "truth",
    ]


def test_other_parameters_than_the_folder_s_are_refused_with_a_remedy(tmp_path: Path) -> None:
    runner = CliRunner()
    runner.invoke(app, [*ARGUMENTS, str(tmp_path), "--days", "1"])
    dense = [*ARGUMENTS, str(tmp_path), "--days", "1", "--from-day", "1", "--full-density"]
    result = runner.invoke(app, dense)
    assert isinstance(result.exception, LoomlineError)
    assert "density SPARSE" in result.exception.message
    with pytest.raises(LoomlineError, match="another folder"):
        raise result.exception


def test_help_says_what_the_folder_gets() -> None:
    output = CliRunner().invoke(app, ["simulate", "--help"]).output
    for word in ("files", "state", "truth", "--from-day", "--full-density"):
        assert word in output
