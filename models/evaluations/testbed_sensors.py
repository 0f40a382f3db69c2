"""Anomalies in the telemetry of a testbed, by models that see the beginning of an experiment.

Protocol, results and reading: docs/evaluations/testbed_sensors.md. The scores are in
`testbed_scores`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_auc_score

from models.arrays import Floats
from models.evaluations.evaluation import Evaluation, Figure, Published, exact
from models.evaluations.one_processor import on_one_processor
from models.evaluations.resampling import unit_estimate
from models.evaluations.testbed_scores import SCORES, standardised, theoretical_alarms

Flags = npt.NDArray[np.bool_]
# Of counts (samples, 4), a figure of every sample.
Rate = Callable[[Floats], Floats]

# The first rows of a file, which a model is fitted to.
FITTED_ROWS = 400
PIECES = 7
AIMED_FALSE_ALARMS = 0.05
# Mean deviations from the first rows; 0.8 is that of normal values that stay where they were.
MOST_DRIFT = 3.0
# The score of these rows that a file's scores are measured by.
USUAL_SHARE = 0.99
SEED = 0
MISLABELLED = "other/2.csv"
LIMITS_MODEL = "t_squared_q_limits"
STEADY = ", steady sensors"
LEADERBOARD = (
    "Katser and Kozitsin, 2020, Skoltech Anomaly Benchmark 0.9, leaderboard in its README: {}"
)
# F1, false alarm rate, missed alarm rate in percent.
PUBLISHED = {
    LIMITS_MODEL: ("T-squared+Q (PCA-based)", 0.67, 13.95, 36.32),
    "t_squared_q": ("T-squared+Q (PCA-based)", 0.67, 13.95, 36.32),
    "robust_t_squared": ("T-squared", 0.56, 12.14, 52.56),
    "isolation_forest": ("Isolation forest", 0.40, 6.86, 72.09),
    "windowed_components": ("Conv-AE, the best", 0.79, 13.69, 17.77),
}


@dataclass(frozen=True)
class Experiment:
    """A file: its name, the readings (rows, sensors), and which rows are labelled (rows,)."""

    name: str
    readings: Floats
    is_anomaly: Flags
    begin: pd.Timestamp


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep=";", parse_dates=["datetime"])


def read_experiments(folder: Path) -> list[Experiment]:
    """The labelled files, in the order of their names."""
    found = []
    for path in sorted(folder.glob("*/*.csv")):
        rows = _read(path)
        if "anomaly" not in rows.columns:
            continue
        found.append(
            Experiment(
                name=path.relative_to(folder).as_posix(),
                readings=rows.drop(columns=["datetime", "anomaly", "changepoint"]).to_numpy(float),
                is_anomaly=rows["anomaly"].to_numpy() == 1,
                begin=rows["datetime"].min(),
            )
        )
    return found


def read_undisturbed(folder: Path, before: pd.Timestamp) -> list[Floats]:
    """The undisturbed run up to the first labelled experiment, in pieces of equal length."""
    rows = _read(folder / "anomaly-free" / "anomaly-free.csv")
    readings = rows.loc[rows["datetime"] < before].drop(columns="datetime").to_numpy(float)
    length = len(readings) // PIECES
    return [readings[i * length : (i + 1) * length] for i in range(PIECES)]


def steady_sensors(pieces: list[Floats]) -> Flags:
    """Sensors that stay near where they began although nothing disturbs them, (sensors,)."""
    away = [np.abs(standardised(x, FITTED_ROWS)[FITTED_ROWS:]).mean(axis=0) for x in pieces]
    return np.asarray(np.mean(away, axis=0) <= MOST_DRIFT)


def ratios(scores: Floats) -> Floats:
    """Scores by what is usual for the first rows of their file; a row without a score has 0."""
    usual = np.nanquantile(scores[:FITTED_ROWS], USUAL_SHARE)
    return np.nan_to_num(scores / usual, nan=0.0, posinf=np.inf)


def alarm_factor(pieces_scores: list[Floats]) -> float:
    """The ratio that undisturbed rows which no model was fitted to exceed as often as aimed at."""
    later = np.concatenate([ratios(scores)[FITTED_ROWS:] for scores in pieces_scores])
    return float(np.quantile(later, 1 - AIMED_FALSE_ALARMS))


def counts(is_anomaly: Flags, has_alarm: Flags) -> Floats:
    """True alarms, false alarms, misses and rightly quiet rows, (4,)."""
    return np.array(
        [
            np.sum(is_anomaly & has_alarm),
            np.sum(~is_anomaly & has_alarm),
            np.sum(is_anomaly & ~has_alarm),
            np.sum(~is_anomaly & ~has_alarm),
        ],
        dtype=float,
    )


def f1(total: Floats) -> Floats:
    """Harmonic mean of precision and recall of counts (samples, 4)."""
    true, false, missed = total[:, 0], total[:, 1], total[:, 2]
    return true / (true + (false + missed) / 2)


def false_alarm_rate(total: Floats) -> Floats:
    """Percent of undisturbed rows with an alarm, of counts (samples, 4)."""
    return 100 * total[:, 1] / (total[:, 1] + total[:, 3])


def missed_alarm_rate(total: Floats) -> Floats:
    """Percent of anomalous rows without an alarm, of counts (samples, 4)."""
    return 100 * total[:, 2] / (total[:, 0] + total[:, 2])


RATES: tuple[tuple[str, Rate], ...] = (
    ("F1", f1),
    ("FAR %", false_alarm_rate),
    ("MAR %", missed_alarm_rate),
)


def _published(model: str, metric: str) -> Published | None:
    model = model.removesuffix(STEADY)
    if model not in PUBLISHED:
        return None
    name, *values = PUBLISHED[model]
    value = values[[label for label, _ in RATES].index(metric)]
    return Published(value, LEADERBOARD.format(name), same_split=False)


def _rate(rate: Rate, of_file: Floats, weights: Floats) -> Floats:
    return rate(weights @ of_file)


def _alarm_figures(model: str, experiments: list[Experiment], alarms: list[Flags]) -> list[Figure]:
    """The three rates over all rows and over those after the fitted ones, and F1 less one file."""
    figures = []
    for part, first in (("all rows", 0), ("after row 400", FITTED_ROWS)):
        of_file = np.array(
            [
                counts(x.is_anomaly[first:], alarm[first:])
                for x, alarm in zip(experiments, alarms, strict=True)
            ]
        )
        rows = int(of_file.sum())
        for metric, rate in RATES:
            found = unit_estimate(partial(_rate, rate, of_file), len(of_file), SEED)
            published = _published(model, metric) if first == 0 else None
            figures.append(Figure(model, f"{metric}, {part}", rows, found, published))
        if first == 0:
            kept = of_file[[x.name != MISLABELLED for x in experiments]]
            found = unit_estimate(partial(_rate, f1, kept), len(kept), SEED)
            metric = f"F1, all rows without {MISLABELLED}"
            figures.append(Figure(model, metric, int(kept.sum()), found))
    return figures


def _area_figure(model: str, experiments: list[Experiment], scores: list[Floats]) -> Figure:
    areas = np.array(
        [
            roc_auc_score(x.is_anomaly[FITTED_ROWS:], ratios(score)[FITTED_ROWS:])
            for x, score in zip(experiments, scores, strict=True)
        ]
    )
    found = unit_estimate(lambda weights: weights @ areas / weights.sum(axis=1), len(areas), SEED)
    rows = sum(len(x.is_anomaly) - FITTED_ROWS for x in experiments)
    return Figure(model, "mean AUC of a file, after row 400", rows, found)


def _model_figures(
    suffix: str, experiments: list[Experiment], pieces: list[Floats]
) -> list[Figure]:
    """The figures of every model, whose name ends in the suffix."""
    limited = [theoretical_alarms(x.readings, FITTED_ROWS) for x in experiments]
    figures = _alarm_figures(LIMITS_MODEL + suffix, experiments, limited)
    for name, score in SCORES.items():
        model = name + suffix
        factor = alarm_factor([score(piece, FITTED_ROWS) for piece in pieces])
        figures.append(Figure(model, "alarm factor", PIECES, exact(factor)))
        scores = [score(x.readings, FITTED_ROWS) for x in experiments]
        alarms = [ratios(each) > factor for each in scores]
        figures += _alarm_figures(model, experiments, alarms)
        figures.append(_area_figure(model, experiments, scores))
    return figures


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """The figures of the protocol."""
    experiments = read_experiments(folder)
    pieces = read_undisturbed(folder, min(x.begin for x in experiments))
    always = [np.ones_like(x.is_anomaly) for x in experiments]
    figures = _alarm_figures("always", experiments, always)
    steady = steady_sensors(pieces)
    for suffix, sensors in (("", np.ones_like(steady)), (STEADY, steady)):
        seen = [replace(x, readings=x.readings[:, sensors]) for x in experiments]
        figures += _model_figures(suffix, seen, [piece[:, sensors] for piece in pieces])
    return tuple(figures)


EVALUATION = Evaluation(
    name="testbed_sensors",
    question="Is a row of telemetry an anomaly, to models shown the beginning of its experiment?",
    folder="testbed_sensors",
    run=run,
)
