"""Evaluations on simulated ecosystems: days, steps done once, and what figures are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from loomline.commands import evaluate
from loomline.commands.main import app
from loomline.errors import LoomlineError
from loomline.jobs import find_job
from loomline.settings import PROJECT_ROOT
from models.calibration import ReliabilityBin
from models.early_warning import evaluation as of_warning
from models.early_warning.declared import load_early_warning
from models.early_warning.specification import Specification
from models.evaluations import early_warning, machine_health, own_homes, simulated_lakes
from models.evaluations.evaluation import Evaluation, Figure, exact
from models.evaluations.machine_health import as_frame
from models.evaluations.simulated_lakes import Ecosystem, kept_rows, once, steps_on_last_day
from models.evaluations.split_figures import calibration_figures, of_split
from models.machine_health.declared import NAIVE
from models.machine_health.evaluation import BASE_RATE, HAZARD
from models.machine_health.machine_dates import machine_dates, sundays
from models.metrics import Estimate
from simulator.calendar import date_of
from tests.unit.made_up_hazards import ecosystem as firms
from tests.unit.made_up_machines import day, fleet

YEAR = Ecosystem(seed=2, enterprises=1000, days=366)
QUICK = replace(machine_health.SPECIFICATION, inverse_penalties=(1.0,))


def test_an_ecosystem_ends_on_the_day_on_which_the_simulator_ends_it() -> None:
    for days in (1, 20, 366):
        assert replace(YEAR, days=days).last_day == date_of(days - 1)
    assert YEAR.last_day == date(2020, 6, 30)


def test_month_ends_go_from_september_to_the_last_one_that_was_simulated() -> None:
    every = YEAR.month_ends
    assert (len(every), every[0], every[-1]) == (10, date(2019, 9, 30), date(2020, 6, 30))
    assert replace(YEAR, days=365).month_ends == every[:-1]
    assert replace(YEAR, days=91).month_ends == ()
    assert replace(YEAR, days=92).month_ends == (date(2019, 9, 30),)


def test_ecosystems_of_an_evaluation_have_folders_of_their_own() -> None:
    for evaluation in (early_warning, machine_health):
        named = [one.name for one in (*evaluation.TRAINED, *evaluation.UNSEEN)]
        assert len(named) == len(set(named)) == 2
    assert YEAR.name == "seed_2_1000_enterprises_366_days"


def test_steps_are_jobs_that_there_are_and_features_come_last_at_each_month_end() -> None:
    steps = early_warning.steps(YEAR)
    assert steps[: len(early_warning.JOBS)] == steps_on_last_day(YEAR, early_warning.JOBS)
    rest = steps[len(early_warning.JOBS) :]
    assert rest == tuple(("window_features", end) for end in YEAR.month_ends)
    for job, _ in (*steps, *machine_health.steps(YEAR)):
        assert find_job(job).name == job


def test_a_step_that_is_noted_is_not_done_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes, did = tmp_path / "done.txt", []
    for _ in range(2):
        once(notes, "land 2020-06-30", lambda: did.append("land"))
        once(notes, "land 2020-06-3", lambda: did.append("another"))
    assert did == ["land", "another"]
    assert notes.read_text(encoding="utf-8") == "land 2020-06-30\nland 2020-06-3\n"
    assert capsys.readouterr().err.count("land 2020-06-30 ... 0 s") == 1


def test_a_step_that_fails_is_not_noted(tmp_path: Path) -> None:
    def fail() -> None:
        raise LoomlineError("It failed.")

    with pytest.raises(LoomlineError, match="It failed"):
        once(tmp_path / "done.txt", "land 2020-06-30", fail)
    assert not (tmp_path / "done.txt").exists()


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person would have typed, instead of doing it; no engine is started or read."""
    typed: list[str] = []

    def run(arguments: list[str], _settings: object) -> None:
        typed.append(" ".join(arguments[:4]))
        if arguments[0] == "simulate":
            files = Path(arguments[arguments.index("--out") + 1]) / "files"
            for name in ("bank", "weather", "telemetry"):
                (files / name).mkdir(parents=True, exist_ok=True)
        if arguments[:2] == ["run", "identity"] and typed.count(typed[-1]) == 1:
            raise LoomlineError("Killed.")

    monkeypatch.setattr(own_homes, "run_command", run)
    monkeypatch.setattr(simulated_lakes, "run_command", run)
    monkeypatch.setattr(simulated_lakes, "start_engine", lambda _settings: typed.append("engine"))
    return typed


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path, commands: list[str]) -> None:
    small = Ecosystem(seed=5, enterprises=20, days=100, dropped=("weather", "no_such_folder"))
    steps = early_warning.steps(small)
    with (
        pytest.raises(LoomlineError, match="Killed"),
        simulated_lakes.simulated_lake(tmp_path, small, steps),
    ):
        pytest.fail("the lake is not complete")
    kept = sorted(path.name for path in (tmp_path / "ecosystem" / "files").iterdir())
    assert kept == ["bank", "telemetry"]
    assert commands[0] == "simulate --enterprises 20 --out"
    assert commands[-1] == "run identity --date 2019-10-08"
    commands.append("again")
    with simulated_lakes.simulated_lake(tmp_path, small, steps) as settings:
        assert settings.home == tmp_path / "home"
    assert commands[commands.index("again") + 1 :] == [
        "run identity --date 2019-10-08",
        "run daily_state --date 2019-10-08",
        "run window_features --date 2019-09-30",
        "engine",
    ]


def test_rows_that_were_kept_need_no_lake(tmp_path: Path, commands: list[str]) -> None:
    rows = pd.DataFrame({"machine_id": ["M1", "M2"], "day": [date(2020, 1, 1), None]})
    rows.to_parquet(tmp_path / f"{YEAR.name}.parquet", index=False)
    found = kept_rows(tmp_path, YEAR, (), lambda _context: pytest.fail("the lake was read"))
    pd.testing.assert_frame_equal(found, rows)
    assert commands == []


def test_a_figure_says_its_split_and_a_bin_what_was_predicted() -> None:
    (figure,) = of_split("out of time", [Figure("all", "AUC 90 days", 7, exact(0.5))])
    assert figure == Figure("out of time, all", "AUC 90 days", 7, exact(0.5))
    bins = [
        ReliabilityBin(1, 40, 1, 0.01234, 0.025, 0.004, 0.129),
        ReliabilityBin(2, 41, 20, 0.4, 0.488, 0.343, 0.635),
    ]
    found = calibration_figures("all", "distressed within 90 days", bins)
    assert [one.metric for one in found] == [
        "distressed within 90 days, bin 1 of 2, predicted 0.0123",
        "distressed within 90 days, bin 2 of 2, predicted 0.4000",
    ]
    assert [one.rows for one in found] == [40, 41]
    assert found[0].estimate == Estimate(0.025, 0.004, 0.129)


@pytest.fixture
def machines(tmp_path: Path) -> Path:
    """A folder with the rows of both ecosystems of machine health, made up."""
    own = tmp_path / machine_health.NAME
    own.mkdir()
    pairs = zip((*machine_health.TRAINED, *machine_health.UNSEEN), (31, 32), strict=True)
    for one, seed in pairs:
        dates = machine_dates(fleet(seed), sundays(day(300), QUICK), QUICK)
        as_frame(dates).to_parquet(own / f"{one.name}.parquet", index=False)
    return tmp_path


@pytest.mark.usefixtures("commands")
def test_machine_health_has_every_figure_of_every_split_from_the_kept_rows(
    machines: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine_health, "SPECIFICATION", QUICK)
    figures = {(one.model, one.metric): one for one in machine_health.run(machines)}
    said = capsys.readouterr().err
    for split in ("out of time", "out of enterprise", "unseen seed"):
        for model in (HAZARD, *NAIVE):
            assert (f"{split}, {model}", "AUC 7 days") in figures
        assert (f"{split}, {BASE_RATE}", "Brier 30 days") in figures
        bins = [
            one
            for (model, metric), one in figures.items()
            if model == f"{split}, {HAZARD}" and metric.startswith("failed within 30 days, bin")
        ]
        assert len(bins) == QUICK.calibration_bins
        assert sum(one.rows for one in bins) == figures[f"{split}, {HAZARD}", "AUC 30 days"].rows
        assert f"{split}, chosen in training: " in said
    assert "80 machines" in said and "20 owners" in said


def test_early_warning_names_its_splits_and_says_what_it_can_not_measure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dates, _ = firms(8, firms=40)
    others, _ = firms(9, firms=40)
    ranking = Figure("all", "AUC 90 days", 9, exact(0.8))
    bins = (ReliabilityBin(1, 9, 1, 0.1, 0.111, 0.02, 0.435),)

    def measured(name: str, make_split: Callable[[], object], *_: object) -> of_warning.Measured:
        make_split()
        if name == "out of chain":
            return of_warning.Measured(name, "3 chains, 5 are needed")
        return of_warning.Measured(name, "", (ranking,), reliability=bins, settings=("C 0.1",))

    monkeypatch.setattr(early_warning, "measure", measured)
    declared = load_early_warning(PROJECT_ROOT / "catalog")
    figures = early_warning.all_figures(dates, others, declared, Specification())
    calibration = "distressed within 90 days, bin 1 of 1, predicted 0.1000"
    assert [(one.model, one.metric) for one in figures] == [
        (f"{split}, all", metric)
        for split in ("out of time", "unseen seed")
        for metric in ("AUC 90 days", calibration)
    ]
    said = capsys.readouterr().err
    assert "out of chain is not measured: 3 chains, 5 are needed." in said
    assert "unseen seed, chosen in training: C 0.1." in said


def _kept_firms(path: Path, seed: int, covariates: list[str]) -> None:
    dates, _ = firms(seed, firms=30)
    noise = np.random.default_rng(seed).normal(size=(len(dates.as_of_date), len(covariates)))
    rows = pd.DataFrame(noise, columns=covariates)
    for name in (*early_warning.TEXTS, *early_warning.DATES):
        rows[name] = getattr(dates, name)
    # As a lake without any distress gives it.
    rows["distress_date"] = None
    rows.assign(is_by_customer=True, crossing_ratio=0.125).to_parquet(path, index=False)


def test_firms_of_two_ecosystems_are_kept_apart_and_chains_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = load_early_warning(PROJECT_ROOT / "catalog")
    ecosystems = (*early_warning.TRAINED, *early_warning.UNSEEN)
    for seed, one in enumerate(ecosystems):
        _kept_firms(tmp_path / f"{one.name}.parquet", seed, list(declared.feature_names))
    found = early_warning.read_all(tmp_path, ecosystems, declared)
    assert len(np.unique(found.enterprise_id)) == 60
    assert {name.partition("/")[0] for name in found.chain} == {one.name for one in ecosystems}
    assert np.isnat(found.distress_date).all()
    said = capsys.readouterr().err
    assert said.count("trees of main customers; 12.5% of the money traded") == 2


def test_kept_rows_without_a_covariate_are_refused_with_a_remedy(tmp_path: Path) -> None:
    declared = load_early_warning(PROJECT_ROOT / "catalog")
    (one,) = early_warning.TRAINED
    _kept_firms(tmp_path / f"{one.name}.parquet", 1, list(declared.feature_names[1:]))
    with pytest.raises(LoomlineError, match=f"no {declared.feature_names[0]}.* Delete"):
        early_warning.read_all(tmp_path, (one,), declared)


def test_an_evaluation_that_makes_its_own_data_runs_in_the_home_and_says_how_long_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {"early_warning", "machine_health"} <= set(evaluate.evaluation_names())
    folders: list[Path] = []
    printed: list[tuple[object, ...]] = []

    def run(folder: Path) -> tuple[Figure, ...]:
        folders.append(folder)
        return (Figure("out of time, all", "AUC 90 days", 9, exact(0.8)),)

    own = Evaluation("early_warning", "Who?", None, run, takes="about an hour and a half")
    monkeypatch.setattr(early_warning, "EVALUATION", own)
    monkeypatch.setenv("LOOMLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        evaluate, "print_rows", lambda _columns, rows, _format: printed.extend(rows)
    )
    arguments = ["evaluate", "early_warning", "--data", str(tmp_path / "nowhere")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert folders == [tmp_path / "home" / "evaluations"]
    assert "the first time takes about an hour and a half" in result.stderr
    (row,) = printed
    assert row[:4] == ("out of time, all", "AUC 90 days", 9, 0.8)
