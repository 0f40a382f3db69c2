"""Remaining life of engines from their telemetry (NASA C-MAPSS, FD001), without neural networks.

Protocol, results and reading: docs/evaluations/engine_runs.md. A run takes two minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from models.arrays import Floats
from models.evaluations.engine_features import (
    LONGEST_LIFE,
    EngineRun,
    engine_features,
    feature_columns,
    informative_sensors,
    read_test_runs,
    read_training_runs,
)
from models.evaluations.engine_similarity import fit_similarity
from models.evaluations.evaluation import Evaluation, Figure, Published
from models.evaluations.one_processor import on_one_processor
from models.evaluations.resampling import unit_estimate
from models.metrics import Estimate

FIRST_CYCLE = 30
EVERY = 3
FOLDS = 5
CUTS_AN_ENGINE = 10
FOLD_SEED, CUT_SEED, BOOTSTRAP_SEED = 0, 1, 2
EARLY_SCALE, LATE_SCALE = 13, 10

# A model's name and the setting, in words of the protocol.
Setting = tuple[str, str]
Predictions = dict[Setting, Floats]

CAPPED, AS_GIVEN = "truth capped at 125", "truth as given"
PUBLISHED = {
    CAPPED: Published(
        10.43,
        "two-task network, mean of 5 seeds: Gradient-Aware Multi-Task Learning for Predictive "
        "Maintenance, book-ai.org; whether its truth was capped is not known to us",
        same_split=True,
    ),
    AS_GIVEN: Published(
        16.14,
        "LSTM: Zheng, Ristovski, Farahat and Gupta, 2017, IEEE ICPHM; whether its truth was capped "
        "is not known to us",
        same_split=True,
    ),
}
BASELINES = ("constant", "age_only")
# Boosting without what was since the first cycle: to see what that is worth, not to be chosen.
WITHOUT_HISTORY = "boosting_without_history"


def _boosting(leaves: int) -> Any:
    return HistGradientBoostingRegressor(
        learning_rate=0.05,
        max_iter=300,
        max_leaf_nodes=leaves,
        min_samples_leaf=20,
        l2_regularization=5.0,
        max_features=1 / 3,
        early_stopping=False,
        random_state=FOLD_SEED,
    )


def _extra_trees(rows_a_leaf: int) -> Any:
    return ExtraTreesRegressor(
        200, max_features=1 / 3, min_samples_leaf=rows_a_leaf, random_state=FOLD_SEED
    )


def _ridge(penalty: float) -> Any:
    return make_pipeline(StandardScaler(), Ridge(alpha=penalty))


def _support_vectors(cost: float) -> Any:
    return make_pipeline(StandardScaler(), SVR(C=cost, epsilon=5))


REGRESSIONS: dict[Setting, Callable[[], Any]] = {
    ("constant", ""): DummyRegressor,
    ("age_only", ""): LinearRegression,
    **{("ridge", f"penalty {x}"): partial(_ridge, x) for x in (10, 100, 1000, 10000)},
    **{("support_vectors", f"C {x}"): partial(_support_vectors, x) for x in (10, 50)},
    **{("boosting", f"{x} leaves"): partial(_boosting, x) for x in (6, 16)},
    (WITHOUT_HISTORY, "16 leaves"): partial(_boosting, 16),
    **{("extra_trees", f"{x} rows a leaf"): partial(_extra_trees, x) for x in (3, 10)},
}
STRETCHES, WIDTHS = (30, 60, 100), (0.01, 0.02, 0.05)


def _similarity_setting(stretch: int, width: float) -> Setting:
    return "similarity", f"stretch {stretch}, width {width}"


ALL_SETTINGS: tuple[Setting, ...] = (
    *REGRESSIONS,
    *(_similarity_setting(stretch, width) for stretch in STRETCHES for width in WIDTHS),
)


def predictions(
    training: Sequence[EngineRun], cut: Sequence[Floats], settings: Sequence[Setting]
) -> Predictions:
    """Life left after the last cycle of each of the `cut` engines' sensors, (engines,), by setting.

    Everything is fitted to the training engines.
    """
    sensors, life, features = [], [], []
    for run in training:
        cycles = np.arange(FIRST_CYCLE - 1, len(run.sensors), EVERY)
        sensors.append(run.sensors[cycles])
        life.append(run.life_left[cycles])
        features.append(engine_features(run.sensors)[cycles])
    target = np.concatenate(life)
    chosen = informative_sensors(np.concatenate(sensors), target)
    rows = np.concatenate(features)
    last = np.array([engine_features(x)[-1] for x in cut])
    count = training[0].sensors.shape[1]
    special = {
        "age_only": np.array([rows.shape[1] - 1]),
        WITHOUT_HISTORY: feature_columns(chosen, count, with_history=False),
    }
    columns = feature_columns(chosen, count)
    found: Predictions = {}
    for setting in settings:
        if setting in REGRESSIONS:
            used = special.get(setting[0], columns)
            model = REGRESSIONS[setting]().fit(rows[:, used], target)
            found[setting] = model.predict(last[:, used])
    similar = fit_similarity(training, chosen)
    for stretch in STRETCHES:
        wanted = [x for x in WIDTHS if _similarity_setting(stretch, x) in settings]
        if wanted:
            each = np.array([similar.estimates(x, stretch, wanted) for x in cut])
            for number, width in enumerate(wanted):
                found[_similarity_setting(stretch, width)] = each[:, number]
    return {x: np.clip(values, 0, LONGEST_LIFE) for x, values in found.items()}


def cut_cycles(runs: Sequence[EngineRun]) -> list[Floats]:
    """The cycles after which each training engine is cut to be like a test engine, (cuts,)."""
    generator = np.random.default_rng(CUT_SEED)
    return [
        generator.integers(FIRST_CYCLE, len(run.sensors), CUTS_AN_ENGINE).astype(float)
        for run in runs
    ]


def out_of_fold(runs: Sequence[EngineRun]) -> tuple[Predictions, Floats]:
    """What models said of cut training engines that they were not fitted to, and the truth.

    Arrays are (engines, cuts).
    """
    cuts = cut_cycles(runs)
    truth = np.array([run.life_left[x.astype(int) - 1] for run, x in zip(runs, cuts, strict=True)])
    found: Predictions = {x: np.zeros(truth.shape) for x in ALL_SETTINGS}
    for kept, left_out in KFold(FOLDS, shuffle=True, random_state=FOLD_SEED).split(truth):
        cut = [runs[i].sensors[: int(cycle)] for i in left_out for cycle in cuts[i]]
        of_fold = predictions([runs[i] for i in kept], cut, ALL_SETTINGS)
        for setting, values in of_fold.items():
            found[setting][left_out] = values.reshape(len(left_out), -1)
    return found, truth


def root_mean_square(error: Floats) -> float:
    """Of errors in cycles, of any shape."""
    return float(np.sqrt(np.mean(error**2)))


def asymmetric_penalty(error: Floats) -> Floats:
    """What an estimate less the truth costs, late more than early (Saxena and others, 2008)."""
    scaled = np.where(error < 0, -error / EARLY_SCALE, error / LATE_SCALE)
    return np.expm1(scaled)


def best_settings(found: Predictions, truth: Floats) -> list[Setting]:
    """The setting of each model with the smallest root mean squared error."""
    models = list(dict.fromkeys(model for model, _ in found))
    return [
        min(
            (x for x in found if x[0] == model),
            key=lambda x: root_mean_square(found[x] - truth),
        )
        for model in models
    ]


def may_be_chosen(model: str) -> bool:
    """Neither a baseline nor there for comparison."""
    return model not in (*BASELINES, WITHOUT_HISTORY)


def with_average(found: Predictions) -> Predictions:
    """One setting a model, and the plain mean of the models that may be chosen."""
    parts = [values for (model, _), values in found.items() if may_be_chosen(model)]
    return {**found, ("average", ""): np.mean(parts, axis=0)}


def _rmse(error: Floats) -> Estimate:
    squares = (error**2).reshape(len(error), -1).mean(axis=1)
    return unit_estimate(
        lambda weights: np.sqrt(weights @ squares / weights.sum(axis=1)),
        len(squares),
        BOOTSTRAP_SEED,
    )


def _total(penalties: Floats, weights: Floats) -> Floats:
    return np.asarray(weights @ penalties)


def _test_figures(model: str, predicted: Floats, true_life: Floats) -> list[Figure]:
    figures = []
    for name, truth in ((CAPPED, np.minimum(true_life, LONGEST_LIFE)), (AS_GIVEN, true_life)):
        error = predicted - truth
        score = unit_estimate(
            partial(_total, asymmetric_penalty(error)), len(error), BOOTSTRAP_SEED
        )
        published = None if model.startswith(BASELINES) else PUBLISHED[name]
        figures.append(Figure(model, f"RMSE, {name}", len(error), _rmse(error), published))
        figures.append(Figure(model, f"NASA score, {name}", len(error), score))
    return figures


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """The figures of the protocol; the chosen model is the one marked so."""
    training = read_training_runs(folder)
    tried, truth = out_of_fold(training)
    settings = best_settings(tried, truth)
    validated = with_average({x: tried[x] for x in settings})
    chosen = min(
        (x for x in validated if may_be_chosen(x[0])),
        key=lambda x: root_mean_square(validated[x] - truth),
    )

    test = read_test_runs(folder)
    predicted = with_average(predictions(training, [x.sensors for x in test], settings))
    true_life = np.array([x.left_at_end for x in test], dtype=float)
    figures = []
    for setting in validated:
        words = ", ".join(part for part in setting if part)
        model = f"{words} (chosen)" if setting == chosen else words
        error = validated[setting] - truth
        figures.append(Figure(model, "RMSE, cross-validated", error.size, _rmse(error)))
        figures += _test_figures(model, predicted[setting], true_life)
    return tuple(figures)


EVALUATION = Evaluation(
    name="engine_runs",
    question="How many cycles does an engine have left, from its telemetry so far?",
    folder="engine_runs",
    run=run,
)
