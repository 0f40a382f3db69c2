"""Failures of machines within a week from their errors, replacements and earlier failures.

Protocol, results and reading: docs/evaluations/machine_events.md. A run takes under a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.arrays import Floats
from models.evaluations.evaluation import Evaluation, Figure
from models.evaluations.judging import estimate_difference
from models.evaluations.known_history import or_else
from models.evaluations.one_processor import on_one_processor
from models.evaluations.resampling import group_weights
from models.metrics import area_under_curve, brier_score, estimate

Moments = npt.NDArray[np.datetime64]

HORIZON_DAYS = 7
WINDOWS_DAYS = (1, 7, 30)
NO_FAILURE_YET_DAYS = 365.0
ERRORS = ("error1", "error2", "error3", "error4", "error5")
# Components of a machine are replaced on every 15th day only, as it turned out.
VISIT_EVERY_DAYS = 15
COMPONENTS = ("comp1", "comp2", "comp3", "comp4")
MODELS = ("model1", "model2", "model3", "model4")
# Of the hundred machines, every Monday.
RISKIEST = 10
SEED = 0

TRAINING_MONDAYS = pd.date_range("2015-02-02", "2015-08-24", freq="W-MON")
TEST_MONDAYS = pd.date_range("2015-09-07", "2015-12-21", freq="W-MON")
# Within training: settings are fitted up to the first date and compared from the second on.
FITTED_UNTIL, COMPARED_FROM = pd.Timestamp("2015-05-25"), pd.Timestamp("2015-06-08")


@dataclass(frozen=True)
class Events:
    """The machines and what happened to them.

    `errors`, `failures` and `replacements` have the columns machineID, datetime and kind;
    `machines` has machineID, model and age in years.
    """

    errors: pd.DataFrame
    failures: pd.DataFrame
    replacements: pd.DataFrame
    machines: pd.DataFrame


def read_events(folder: Path) -> Events:
    """The published files."""

    def happened(name: str, kind: str) -> pd.DataFrame:
        rows = pd.read_csv(folder / f"PdM_{name}.csv", parse_dates=["datetime"])
        return rows.rename(columns={kind: "kind"})

    return Events(
        errors=happened("errors", "errorID"),
        failures=happened("failures", "failure"),
        replacements=happened("maint", "comp"),
        machines=pd.read_csv(folder / "PdM_machines.csv").sort_values("machineID"),
    )


def count_before(times: Moments, moments: Moments, days: int) -> Floats:
    """Events in the last `days` before each moment, itself excluded; `times` are sorted."""
    since = np.searchsorted(times, moments - np.timedelta64(days, "D"), side="left")
    return (np.searchsorted(times, moments, side="left") - since).astype(float)


def days_since_last(times: Moments, moments: Moments, never: float) -> Floats:
    """Days from the last event before each moment to it, `never` where there was none."""
    last = np.searchsorted(times, moments, side="left") - 1
    if len(times) == 0:
        return np.full(len(moments), never)
    passed = (moments - times[np.maximum(last, 0)]) / np.timedelta64(1, "D")
    return np.where(last >= 0, passed, never)


def _times(rows: pd.DataFrame, machine: int, kind: str | None = None) -> Moments:
    chosen = rows["machineID"] == machine
    if kind is not None:
        chosen &= rows["kind"] == kind
    return np.sort(rows.loc[chosen, "datetime"].to_numpy(dtype="datetime64[ns]"))


def features_before(events: Events, mondays: pd.DatetimeIndex) -> pd.DataFrame:
    """Features of every machine on every Monday, machine by machine, from what was before it.

    Columns `machine`, `monday` and `fails` say what a row is of and what came of it; every other
    column is a feature.
    """
    moments = mondays.to_numpy(dtype="datetime64[ns]")
    parts = []
    for machine in events.machines.itertuples():
        number = int(str(machine.machineID))
        columns: dict[str, Any] = {"machine": number, "monday": mondays}
        errors = {kind: _times(events.errors, number, kind) for kind in ERRORS}
        errors["error"] = _times(events.errors, number)
        for kind, times in errors.items():
            for days in WINDOWS_DAYS:
                columns[f"{kind}_{days}_days"] = count_before(times, moments, days)
        worn = [
            days_since_last(_times(events.replacements, number, part), moments, np.nan)
            for part in COMPONENTS
        ]
        columns |= {f"{part}_days": days for part, days in zip(COMPONENTS, worn, strict=True)}
        columns["oldest_component_days"] = np.max(worn, axis=0)
        failures = _times(events.failures, number)
        columns["failure_days"] = days_since_last(failures, moments, NO_FAILURE_YET_DAYS)
        columns["failure_30_days"] = count_before(failures, moments, 30)
        columns["age_years"] = float(str(machine.age))
        columns |= {model: float(machine.model == model) for model in MODELS}
        later = (mondays + pd.Timedelta(days=HORIZON_DAYS)).to_numpy(dtype="datetime64[ns]")
        columns["fails"] = (count_before(failures, later, HORIZON_DAYS) > 0).astype(float)
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def feature_names(rows: pd.DataFrame) -> list[str]:
    """The columns that a model may see."""
    return [name for name in rows.columns if name not in ("machine", "monday", "fails")]


def errors_yesterday(training: pd.DataFrame, rows: pd.DataFrame) -> Floats:
    """The share that failed among training rows with as many errors on the day before: 0, 1, 2+."""
    bins = np.minimum(training["error_1_days"].to_numpy(), 2)
    outcome = training["fails"].to_numpy()
    # A bin without training rows says nothing: everybody's share.
    shares = [outcome[bins == x].mean() if (bins == x).any() else outcome.mean() for x in range(3)]
    return np.array(shares)[np.minimum(rows["error_1_days"].to_numpy(), 2).astype(int)]


def days_after_visit(rows: pd.DataFrame) -> Floats:
    """Whole days since the last day on which a component was, or could have been, replaced."""
    newest = rows[[f"{part}_days" for part in COMPONENTS]].min(axis=1).to_numpy()
    return np.floor(newest) % VISIT_EVERY_DAYS


def replacement_grid(training: pd.DataFrame, rows: pd.DataFrame) -> Floats:
    """The share that failed among training rows as many days after a visit."""
    shares = training["fails"].groupby(days_after_visit(training)).mean()
    share = pd.Series(days_after_visit(rows)).map(shares)
    return or_else(share, float(training["fails"].mean()))


def has_visit_due(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether a day of replacements lies within the horizon, (rows,)."""
    return days_after_visit(rows) + 1 + HORIZON_DAYS > VISIT_EVERY_DAYS


def _logistic(inverse_penalty: float) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=inverse_penalty, max_iter=1000))


def _boosting(leaves: int, rounds: int) -> Any:
    return HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=rounds,
        max_leaf_nodes=leaves,
        min_samples_leaf=20,
        l2_regularization=5.0,
        max_features=1 / 3,
        early_stopping=False,
        random_state=SEED,
    )


CANDIDATES: dict[str, tuple[Any, ...]] = {
    "logistic": tuple(_logistic(x) for x in (0.01, 0.1, 1.0)),
    "boosting": tuple(_boosting(x, rounds) for x in (4, 8) for rounds in (50, 100, 200)),
}


def chosen_setting(candidates: tuple[Any, ...], training: pd.DataFrame) -> Any:
    """The candidate, unfitted or not, with the smallest log loss on the later training Mondays."""
    names = feature_names(training)
    earlier = training[training["monday"] <= FITTED_UNTIL]
    later = training[training["monday"] >= COMPARED_FROM]

    def loss(candidate: Any) -> float:
        candidate.fit(earlier[names], earlier["fails"].astype(int))
        return float(log_loss(later["fails"], candidate.predict_proba(later[names])[:, 1]))

    return min(candidates, key=loss)


def predictions(training: pd.DataFrame, test: pd.DataFrame) -> dict[str, Floats]:
    """The probability of a failure of every test row, by model."""
    names = feature_names(training)
    found = {
        "base_rate": np.full(len(test), training["fails"].mean()),
        "errors_yesterday": errors_yesterday(training, test),
        "replacement_grid": replacement_grid(training, test),
    }
    for kind, candidates in CANDIDATES.items():
        model = chosen_setting(candidates, training)
        model.fit(training[names], training["fails"].astype(int))
        found[kind] = np.asarray(model.predict_proba(test[names])[:, 1])
    return found


def riskiest(probability: Floats, group: npt.NDArray[Any], places: int) -> Floats:
    """How much of a place among its group's `places` riskiest each row has, 0 to 1.

    Rows tied at the border share the places that are left.
    """
    share = np.zeros(len(probability))
    for value in np.unique(group):
        members = np.flatnonzero(group == value)
        border = np.sort(probability[members])[::-1][places - 1]
        above, tied = probability[members] > border, probability[members] == border
        share[members] = above + tied * (places - above.sum()) / tied.sum()
    return share


def precision(outcome: Floats, share: Floats, weights: Floats) -> Floats:
    """Failures among the places given, (samples,)."""
    return np.asarray(weights @ (share * outcome) / (weights @ share))


def recall(outcome: Floats, share: Floats, weights: Floats) -> Floats:
    """Failures that were given a place, among all failures, (samples,)."""
    return np.asarray(weights @ (share * outcome) / (weights @ outcome))


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """The figures of the protocol."""
    events = read_events(folder)
    training = features_before(events, TRAINING_MONDAYS)
    test = features_before(events, TEST_MONDAYS)
    outcome = test["fails"].to_numpy()
    weights = group_weights(test["machine"], SEED)
    found = predictions(training, test)
    is_due = has_visit_due(test)
    figures = []
    for model, probability in found.items():
        share = riskiest(probability, test["monday"].to_numpy(), RISKIEST)
        for metric, of, values in (
            ("AUC", area_under_curve, probability),
            ("Brier", brier_score, probability),
            ("precision of the riskiest tenth", precision, share),
            ("recall of the riskiest tenth", recall, share),
        ):
            figure = estimate(of, outcome, values[None, :], weights)
            figures.append(Figure(model, metric, len(test), figure))
        of_due = estimate(
            area_under_curve, outcome[is_due], probability[None, is_due], weights[:, is_due]
        )
        figures.append(Figure(model, "AUC, weeks with a visit due", int(is_due.sum()), of_due))
    gain = estimate_difference(
        area_under_curve, outcome, found["boosting"], found["logistic"], weights
    )
    figures.append(Figure("boosting less logistic", "AUC", len(test), gain))
    return tuple(figures)


EVALUATION = Evaluation(
    name="machine_events",
    question="Which machines fail within a week, as of each Monday, from their events alone?",
    folder="machine_events",
    run=run,
)
