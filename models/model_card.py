"""The model card: what a person must know before believing the model, in Markdown."""

from __future__ import annotations

from datetime import date

import pandas as pd

from models.metrics import Estimate
from models.scorecard import CENTS_PER_POINT
from models.specification import FEATURE_SETS, PRODUCTION_FEATURE_SET, Specification
from models.training import Trained
from models.training_set import TrainingSet
from models.validation import PERMUTED

FIGURE_NAMES = {
    "auc": "AUC",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "ks": "KS",
    PERMUTED: "AUC, permuted labels",
}


def _cell(figure: Estimate) -> str:
    return f"{figure.value:.3f} [{figure.lower:.3f}, {figure.upper:.3f}]"


def figures_table(trained: Trained) -> str:
    """Every figure with its interval, as a Markdown table."""
    header = "| Estimator | Features | " + " | ".join(FIGURE_NAMES.values()) + " |"
    lines = [header, "| --- " * (len(FIGURE_NAMES) + 2) + "|"]
    for found in trained.validated:
        cells = " | ".join(_cell(found.figures[name]) for name in FIGURE_NAMES)
        lines.append(f"| {found.estimator} | {found.feature_set} | {cells} |")
    return "\n".join(lines)


def _calibration_table(trained: Trained) -> str:
    lines = [
        "| Bin | Firms | Defaults | Mean predicted | Observed [95 % interval] |",
        "| --- | --- | --- | --- | --- |",
    ]
    for x in trained.reliability:
        observed = f"{x.observed_default_ratio:.3f} [{x.lower:.3f}, {x.upper:.3f}]"
        lines.append(
            f"| {x.bin} | {x.enterprise_count} | {x.default_count} "
            f"| {x.mean_pd_ratio:.3f} | {observed} |"
        )
    return "\n".join(lines)


def _points_table(trained: Trained, names: pd.DataFrame) -> str:
    described = names.set_index("feature")
    lines = ["| Feature | Bin | Points |", "| --- | --- | --- |"]
    lines.append(f"| *base* | | {trained.scorecard.base_cents / CENTS_PER_POINT:.2f} |")
    for feature in trained.scorecard.features:
        row = described.loc[feature.feature]
        text = f"{feature.feature}: {row.description_en.lower()} ({row.unit})"
        for position, cents in enumerate(feature.point_cents):
            label = feature.bin_label(position)
            lines.append(f"| {text} | {label} | {cents / CENTS_PER_POINT:+.2f} |")
        lines.append(f"| {text} | missing | {feature.missing_cents / CENTS_PER_POINT:+.2f} |")
    return "\n".join(lines)


def _stability_table(trained: Trained, specification: Specification) -> str:
    used = trained.of("scorecard", PRODUCTION_FEATURE_SET).out_of_fold.used_features
    fits = specification.folds * specification.repeats
    lines = ["| Feature | Share of training parts that chose it |", "| --- | --- |"]
    lines += [f"| {name} | {count / fits:.0%} |" for name, count in used.most_common(10)]
    return "\n".join(lines)


def _said_of_horizon(training_set: TrainingSet) -> str:
    if training_set.window is None:
        return (
            "What counts is whether a default was known by the training date, and not when it "
            "happened: the\n  probability has no stated horizon, and invoices from after a default "
            "may be among those that the\n  features were computed from."
        )
    return (
        f"The features are those of {training_set.window.begins}, and what counts is a default of "
        f"a bank's loan\n  within the twelve months after: one year, with its economy. Firms "
        "without a loan then are not in it."
    )


def model_card(
    trained: Trained,
    training_set: TrainingSet,
    names: pd.DataFrame,
    specification: Specification,
    trained_as_of: date,
    feature_version: str,
) -> str:
    """The card of the champion, beside its challenger.

    `names` has the columns of `features.feature_name`.
    """
    firms, defaults = len(training_set.outcome), training_set.default_count
    auc = {name: trained.of("scorecard", name).figures["auc"] for name in FEATURE_SETS}
    calibration = trained.calibration
    return f"""# Default probability: scorecard

Trained as of {trained_as_of} on {firms} firms with a known outcome, {defaults} of them defaulted
{training_set.in_words}.
Features version {feature_version}. Champion: a scorecard on optimal monotone bins. Challenger:
gradient-boosted trees, monotone in each feature whose direction is clear in the firms they are
fitted to (rank test, p-value of {specification.direction_p_value:g} or less), free in the others.

## What it is for
Rank small firms by the risk of default from their value-added-tax invoices, and give a probability
and reasons that a credit officer can check. It supports a decision; it is not one.

## What it must not be used for
Firms without invoices, other trades or countries than those of the training data, prices or limits
without a margin for the uncertainty below, and proof that a single firm will default.

## How good it is
Mean over {specification.repeats} repeats of stratified {specification.folds}-fold cross-validation.
Bins, choice of features, coefficients and calibration are made anew in every training part. In
brackets the 95 % interval: percentiles of {specification.bootstrap_samples:,} bootstrap samples of
firms within defaulted and other firms, one sample for all repeats. For permuted labels: the mean
and the central 95 % of {specification.permutations} permutations; near 0.5 is right.

{figures_table(trained)}

`all` has also the features that depend on the length or the end of the recorded history. A default
can itself be why a history is short or ends, so they partly record the outcome. The registered
model uses `{PRODUCTION_FEATURE_SET}`: AUC {auc["without_history"].value:.3f} against
{auc["all"].value:.3f} with them.

## Calibration
Firms by mean out-of-fold probability; intervals by Wilson.

{_calibration_table(trained)}

Calibrated log-odds = {calibration.intercept:.3f} + {calibration.slope:.3f} x raw log-odds (Platt
scaling on out-of-fold scores). A slope below 1 says how far the raw model is overconfident.

## The card
A score of {specification.reference_score:.0f} stands for {specification.reference_odds:.0f} good
firms to one bad; {specification.points_to_double_odds:.0f} more points double the odds. A missing
value gets the points of a firm with the portfolio's own odds.

{_points_table(trained, names)}

## How steady the choice of features is
{_stability_table(trained, specification)}

## What it can't say
- {defaults} defaults are few: the intervals above are wide, and a model within them could be much
  worse or better.
- The bank's rating is not used: it was given with the outcome in view.
- The default rate of the training firms, {defaults / firms:.1%}, is that of firms that a bank chose
  to rate or to lend to. Nothing says that the other firms default as often; their probabilities
  rest on that.
- {_said_of_horizon(training_set)}
- There is no later sample: the figures are of firms left out, not of a time left out.
"""
